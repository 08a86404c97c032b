/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * The device that stat(2) reports for a file. Together with its inode, it names the file. On most
 * file systems it is that of the superblock. Btrfs has one for each subvolume, and overlayfs
 * one for each file system that it lies over; both number inodes anew in each.
 *
 * The two file systems may be modules. The collector finds their types if they are loaded when it
 * starts. Types of modules cannot be cast to, so they are read by helpers.
 */
#ifndef RG_EBPF_DEVICE_H
#define RG_EBPF_DEVICE_H

#include "ebpf/read.h"

#define BTRFS_SUPER_MAGIC     0x9123683e
#define OVERLAYFS_SUPER_MAGIC 0x794c7630

#define BTRFS_VOLUME_INODE 256 /* of the directory that a subvolume begins with */

#define S_IFMT	0170000
#define S_IFDIR 0040000

/* Reads src->field of a module's type, or 0. */
#define RG_READ_MODULE(src, field)                                                                 \
	({                                                                                         \
		typeof((src)->field) _value = 0;                                                   \
		bpf_core_read(&_value, sizeof(_value), &(src)->field);                             \
		_value;                                                                            \
	})

static __always_inline __u32 rg_btrfs_device(struct inode *inode)
{
	struct btrfs_inode *at;
	struct btrfs_root *root;

	if (!bpf_core_field_exists(((struct btrfs_root *)0)->anon_dev))
		return 0;
	at = (void *)inode - bpf_core_field_offset(struct btrfs_inode, vfs_inode);
	root = RG_READ_MODULE(at, root);
	return RG_READ_MODULE(root, anon_dev);
}

/* The first of the directories that an overlay's inode was found in, but for the upper one. 6.5
 * "ovl: move ovl_entry into ovl_inode" made a list of it. */
static __always_inline struct ovl_layer *rg_lower_layer(struct ovl_inode *at)
{
	struct ovl_inode___old *old = (void *)at;
	struct ovl_entry *list;

	if (bpf_core_field_exists(at->oe)) {
		list = RG_READ_MODULE(at, oe);
		return RG_READ_MODULE(list, __lowerstack[0].layer);
	}
	return bpf_core_field_exists(old->lowerpath) ? RG_READ_MODULE(old, lowerpath.layer) : NULL;
}

static __always_inline __u32 rg_overlay_device(struct inode *inode, struct super_block *sb)
{
	struct ovl_fs *overlay = RG_READ(sb, s_fs_info);
	struct ovl_layer *layer;
	struct ovl_inode *at;
	struct ovl_sb *below;

	/* Directories, and overlays of one file system, or with numbers that say which it is, have
	 * the overlay's own device. */
	if (!bpf_core_field_exists(overlay->xino_mode) ||
	    (RG_READ(inode, i_mode) & S_IFMT) == S_IFDIR || RG_READ_MODULE(overlay, xino_mode) >= 0)
		return 0;
	at = (void *)inode - bpf_core_field_offset(struct ovl_inode, vfs_inode);
	/* A file that was copied up keeps the numbers of where it came from, if it can. */
	if (RG_READ_MODULE(at, __upperdentry) &&
	    !(RG_READ_MODULE(at, flags) >> bpf_core_enum_value(enum ovl_inode_flag, OVL_CONST_INO) &
	      1)) {
		below = RG_READ_MODULE(overlay, fs);
	} else {
		layer = rg_lower_layer(at);
		below = RG_READ_MODULE(layer, fs);
	}
	return RG_READ_MODULE(below, pseudo_dev);
}

/* Major and minor number in the kernel's encoding. */
static __noinline __u32 rg_device_of(struct inode *inode)
{
	struct super_block *sb = RG_READ(inode, i_sb);
	unsigned long magic = RG_READ(sb, s_magic);
	__u32 device = 0;

	if (magic == BTRFS_SUPER_MAGIC)
		device = rg_btrfs_device(inode);
	else if (magic == OVERLAYFS_SUPER_MAGIC)
		device = rg_overlay_device(inode, sb);
	return device ? device : RG_READ(sb, s_dev);
}

#endif /* RG_EBPF_DEVICE_H */

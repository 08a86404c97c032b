/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Most files are not watched, and that can be known before their paths are. Each watched prefix and
 * ending has left a mark in a Bloom filter with one hash function (rg_filter_mark). Here the way up
 * is only searched for marks, without a call and without a byte written. Names may change during
 * this walk, as during any other. A part can be anywhere in a path. With parts, nothing is known
 * before the path is.
 */
#ifndef RG_EBPF_PREFILTER_H
#define RG_EBPF_PREFILTER_H

#include "ebpf/path.h"

static __always_inline bool rg_is_marked(__u64 word, __u64 above)
{
	__u32 mark = rg_filter_mark(word, above);

	return rg_settings.filter_marks[mark >> 6 & (RG_FILTER_MARKS / 64 - 1)] >> (mark & 63) & 1;
}

/* Has the component whose name begins with `word` a mark, above *below? Else it is the next one
 * below. A name that could not be read counts as marked. */
static __always_inline bool rg_is_component_marked(__u64 word, __u64 *below)
{
	word &= rg_bytes_before(rg_zero_bytes(word));
	if (!word || rg_is_marked(*below, word))
		return true;
	*below = word;
	return false;
}

/* A name's end is looked for in this many words. Longer names count as marked. */
#define RG_TAIL_WORDS 5

/* Do a name's last bytes have a mark? */
static __always_inline bool rg_is_tail_marked(void *name)
{
	__u32 missing = 8 * (8 - rg_settings.filter_tail); /* bits of a word that are no tail */
	__u64 before = 0, word, zeros;
	__u32 bits;

	for (int i = 0; i < RG_TAIL_WORDS; i++) {
		if (8 * i >= rg_inline_name())
			break;
		word = RG_WORD(name + 8 * i);
		zeros = rg_zero_bytes(word);
		if (zeros) {
			bits = 8 * rg_count_bytes(rg_bytes_before(zeros));
			if (!i && bits + missing < 64) /* shorter than a tail */
				return true;
			if (bits)
				before = before >> bits | word << (64 - bits);
			return rg_is_marked(before >> (missing & 63), RG_HASH_ENDING);
		}
		before = word;
	}
	return true;
}

/* Components, and mounts between them, that are followed at most. */
#define RG_NEAR_STEPS 12

/* The address of a dentry's name, as rg_words_of() has it, or NULL. */
static __always_inline void *rg_name_words(struct dentry *dentry)
{
	return RG_TYPED ? rg_words_of(dentry) : rg_inline_words(dentry);
}

/* Goes on from a dentry of a mount, in kernels without typed reads: by one call of the helper for
 * each component and each mount, which takes less than half of what the path itself takes. */
static __noinline bool rg_may_be_watched_from(struct dentry *dentry, struct mount *mnt, __u64 below)
{
	struct dentry *parent;
	struct rg_mount_head at;
	__u64 word = 0;

	if (!rg_read_mount(mnt, &at))
		return true;
	for (int i = 0; i < RG_NEAR_STEPS; i++) {
		if (dentry == at.root) {
			if (at.parent == mnt)
				return rg_is_marked(below, 0) || !rg_is_in_namespace(mnt);
			dentry = at.mountpoint;
			mnt = at.parent;
			if (!rg_read_mount(mnt, &at))
				return true;
			continue;
		}
		if (!rg_read_component(dentry, &parent, &word) || parent == dentry)
			return true;
		if (rg_is_component_marked(word, &below))
			return true;
		dentry = parent;
	}
	return true;
}

/* Searches the way up within the file system, for a dentry whose type the verifier knows. */
static __noinline bool rg_may_be_watched_inside(struct dentry *dentry)
{
	struct super_block *sb = dentry->d_sb;
	struct dentry *top = sb->s_root, *parent;
	bool volumes = sb->s_magic == BTRFS_SUPER_MAGIC;
	__u64 below = 0;
	void *name;

	for (int i = 0; i < RG_NEAR_STEPS; i++) {
		if (dentry == top || (volumes && rg_is_volume(dentry, sb)))
			return rg_is_marked(below, 0);
		parent = dentry->d_parent;
		if (parent == dentry) /* no way up: no path within the file system is known */
			return false;
		name = rg_name_words(dentry);
		if (!name || rg_is_component_marked(RG_WORD(name), &below))
			return true;
		dentry = parent;
	}
	return true;
}

/* The same for a file without a type. */
static __noinline bool rg_may_be_watched_by_helpers(struct file *file)
{
	struct vfsmount *vfsmnt = RG_READ(file, f_path.mnt);
	struct dentry *dentry = RG_READ(file, f_path.dentry), *root = RG_READ(vfsmnt, mnt_root);
	struct super_block *sb = RG_READ(vfsmnt, mnt_sb);
	__u64 words[RG_TAIL_WORDS];

	if (rg_is_partial(root, RG_READ(sb, s_root), sb))
		return true;
	if (rg_settings.filter_tail) {
		if (dentry == root ||
		    bpf_probe_read_kernel(words, sizeof(words), RG_READ(dentry, d_name.name)) ||
		    rg_is_tail_marked(words))
			return true;
	}
	return rg_may_be_watched_from(dentry,
				      (void *)vfsmnt - bpf_core_field_offset(struct mount, mnt), 0);
}

/* False: the file is surely not watched. True also where that is not sure: too deep below the root,
 * and for objects that are in no directory. Without typed reads, only an argument of the program
 * has a type (`known`), and what lies above its mount has none. */
static __always_inline bool rg_may_be_watched(struct file *file, const bool known)
{
	struct dentry *dentry, *root, *parent;
	struct vfsmount *vfsmnt;
	struct mount *mnt, *up;
	__u64 below = 0;
	void *name;

	if (!rg_settings.filter_marked)
		return true;
	if (!(RG_TYPED || known))
		return rg_may_be_watched_by_helpers(file);
	/* A pointer that is loaded through a pointer of a known type has a known type, too. */
	if (!known)
		file = rg_as(struct file, file);
	dentry = file->f_path.dentry;
	vfsmnt = file->f_path.mnt;
	root = vfsmnt->mnt_root;
	mnt = (void *)vfsmnt - bpf_core_field_offset(struct mount, mnt);
	if (RG_TYPED)
		mnt = rg_as(struct mount, mnt);
	/* The root of a mount is named by what it is mounted on. */
	if (rg_settings.filter_tail) {
		if (dentry == root)
			return true;
		name = rg_name_words(dentry);
		if (!name || rg_is_tail_marked(name))
			return true;
	}
	if (rg_is_partial(root, vfsmnt->mnt_sb->s_root, vfsmnt->mnt_sb) &&
	    rg_may_be_watched_inside(dentry))
		return true;
	for (int i = 0; i < RG_NEAR_STEPS; i++) {
		if (dentry == root) {
			if (!RG_TYPED)
				return rg_may_be_watched_from(dentry, mnt, below);
			up = mnt->mnt_parent;
			if (up == mnt)
				return rg_is_marked(below, 0) || !rg_is_in_namespace(mnt);
			dentry = mnt->mnt_mountpoint;
			mnt = up;
			root = mnt->mnt.mnt_root;
			continue;
		}
		parent = dentry->d_parent;
		if (parent == dentry)
			return true;
		name = rg_name_words(dentry);
		if (!name || rg_is_component_marked(RG_WORD(name), &below))
			return true;
		dentry = parent;
	}
	return true;
}

#endif /* RG_EBPF_PREFILTER_H */

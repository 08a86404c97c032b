/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Differences between kernels: one function for each change, with the version of the kernel that
 * made the change. Code that does not apply is removed before a program runs.
 *
 * Two differences are elsewhere. RG_TYPED is in read.h, because everything here reads by it.
 * Programs that only some kernels can attach are in programs.def.
 */
#ifndef RG_EBPF_KERNEL_DIFFERENCES_H
#define RG_EBPF_KERNEL_DIFFERENCES_H

#include "ebpf/read.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct dentry___old {
	unsigned char d_iname[32];
};

struct kernfs_node___old {
	struct kernfs_node *parent;
};

struct delayed_filename {
	struct filename *__incomplete_filename;
};

struct io_open___delayed {
	struct delayed_filename filename;
};

struct io_rename___delayed {
	struct delayed_filename oldpath;
	struct delayed_filename newpath;
};

struct io_unlink___delayed {
	struct delayed_filename filename;
};

struct io_mkdir___delayed {
	struct delayed_filename filename;
};

struct io_link___delayed {
	struct delayed_filename oldpath;
	struct delayed_filename newpath;
};

struct io_xattr___delayed {
	struct delayed_filename filename;
};

struct io_fixed_file {
	unsigned long file_ptr;
};

struct io_file_table___old {
	struct io_fixed_file *files;
};

struct io_ring_ctx___old {
	struct io_file_table___old file_table;
	unsigned int nr_user_files;
};

struct file___old {
	struct callback_head f_rcuhead;
};

#pragma clang attribute pop

/* --- names within dentries -------------------------------------------------------
 *
 * 6.14 "dcache: back inline names with a struct-wrapped array of unsigned long": d_iname became
 * d_shortname. */

/* The address that a name's words can be loaded from. Most names lie within their dentry, and for
 * the verifier all do. */
static __always_inline void *rg_words_of(struct dentry *dentry)
{
	void *name = (void *)RG_READ(dentry, d_name.name);
	void *at;

	rg_opaque(name); /* else the compiler reads through it, and the result has no type */
	if (bpf_core_field_exists(dentry->d_shortname)) {
		name -= bpf_core_field_offset(struct dentry, d_shortname);
		at = rg_as(struct dentry, name)->d_shortname.string;
	} else {
		name -= bpf_core_field_offset(struct dentry___old, d_iname);
		at = ((struct dentry___old *)rg_as(struct dentry, name))->d_iname;
	}
	rg_opaque(at);
	return at;
}

/* The address of a name within its dentry, for a dentry whose type the verifier knows, or NULL: the
 * name is longer, and lies elsewhere. */
static __always_inline void *rg_inline_words(struct dentry *dentry)
{
	const void *name = dentry->d_name.name;
	void *at = dentry, *same;

	if (bpf_core_field_exists(dentry->d_shortname))
		at += bpf_core_field_offset(struct dentry, d_shortname);
	else
		at += bpf_core_field_offset(struct dentry___old, d_iname);
	rg_opaque(at);
	same = at;
	rg_opaque(same); /* else the compiler returns `name`, which has no type */
	return same == name ? at : NULL;
}

/* How many bytes can be loaded there. A field that does not exist has no size to ask for. So there
 * are branches, and the verifier sees only one of them. */
static __always_inline __u32 rg_inline_name(void)
{
	__u32 size;

	if (bpf_core_field_exists(((struct dentry *)0)->d_shortname)) {
		size = bpf_core_field_size(((struct dentry *)0)->d_shortname);
		rg_opaque(size);
	} else {
		size = bpf_core_field_size(((struct dentry___old *)0)->d_iname);
		rg_opaque(size);
	}
	return size;
}

/* Reads what a way up takes from a dentry with one call of the helper: its parent, and the first
 * eight bytes of its name. False: that cannot be read. For kernels without typed reads. */
static __always_inline bool rg_read_component(struct dentry *dentry, struct dentry **parent,
					      __u64 *word)
{
	__u32 first = bpf_core_field_offset(struct dentry, d_parent);
	__u32 pointer = bpf_core_field_offset(struct dentry, d_name.name) - first;
	__u32 inlined;
	__u8 head[64];
	void *name;

	if (!bpf_core_field_exists(((struct dentry___old *)0)->d_iname))
		return false;
	inlined = bpf_core_field_offset(struct dentry___old, d_iname) - first;
	if (pointer > sizeof(head) - 8 || inlined > sizeof(head) - 8 ||
	    bpf_probe_read_kernel(head, sizeof(head), (void *)dentry + first))
		return false;
	*parent = *(struct dentry **)head;
	name = *(void **)&head[pointer];
	if (name == (void *)dentry + first + inlined) {
		*word = *(__u64 *)&head[inlined];
		return true;
	}
	return !bpf_probe_read_kernel(word, sizeof(*word), name);
}

/* Three members of a mount that lie side by side. False: they do not here, or cannot be read. */
struct rg_mount_head {
	struct mount *parent;
	struct dentry *mountpoint;
	struct dentry *root;
};
static __always_inline bool rg_read_mount(struct mount *mnt, struct rg_mount_head *head)
{
	__u32 first = bpf_core_field_offset(struct mount, mnt_parent);

	return bpf_core_field_offset(struct mount, mnt_mountpoint) == first + 8 &&
	       bpf_core_field_offset(struct mount, mnt.mnt_root) == first + 16 &&
	       !bpf_probe_read_kernel(head, sizeof(*head), (void *)mnt + first);
}

/* --- cgroups --------------------------------------------------------------------- */

/* 6.15 "kernfs: Use RCU to access kernfs_node::parent": it became __parent. */
static __always_inline struct kernfs_node *rg_kernfs_parent(struct kernfs_node *kn)
{
	if (bpf_core_field_exists(kn->__parent))
		return RG_READ(kn, __parent);
	return RG_READ((struct kernfs_node___old *)kn, parent);
}

/* --- names that were asked for ----------------------------------------------------- */

/* Is the name from a caller's memory, and not made by the kernel itself? Linux 7.0 has no field for
 * that any more. */
static __always_inline bool rg_is_callers(struct filename *name)
{
	return !bpf_core_field_exists(name->uptr) || name->uptr;
}

/* --- files without a file system ----------------------------------------------------- */

#define ANON_INODE_FS_MAGIC 0x09041934

/* The first eight bytes of a text as a word. */
#define RG_NAME(text)                                                                              \
	({                                                                                         \
		__u64 _name;                                                                       \
		__builtin_memcpy(&_name, text, 8);                                                 \
		_name;                                                                             \
	})

static __always_inline __u64 rg_first_word(struct dentry *dentry)
{
	__u64 word = 0;

	bpf_probe_read_kernel(&word, sizeof(word), RG_READ(dentry, d_name.name));
	return word;
}

/* Did the kernel make the file under this name, of eight bytes with its NUL or without? Only the
 * kernel's own code names such files, so a caller cannot give another file in their place. The
 * addresses of their operations would say the same, but take a capability to know. */
static __always_inline bool rg_is_anonymous(struct file *file, __u64 name)
{
	return RG_READ(file, f_inode, i_sb, s_magic) == ANON_INODE_FS_MAGIC &&
	       rg_first_word(RG_READ(file, f_path.dentry)) == name;
}

/* --- tasks ----------------------------------------------------------------------- */

/* 6.3 made one __u64 of two __u32, which are the same bytes on a little-endian machine. */
#define rg_read_capabilities(cred, set) RG_READ_WORD(cred, set)

#define PID_FS_MAGIC 0x50494446

/* 6.9 "pidfd: add pidfs" gave pidfds a file system, and moved the pid from the file to its inode.
 * NULL: the file is no pidfd. */
static __always_inline struct pid *rg_pid_of_pidfd(struct file *file, struct inode *inode)
{
	if (RG_READ(inode, i_sb, s_magic) == PID_FS_MAGIC)
		return RG_READ(inode, i_private);
	return rg_is_anonymous(file, RG_NAME("[pidfd]")) ? RG_READ(file, private_data) : NULL;
}

/* The file that is to be closed by this entry of task_struct.task_works. 6.7 "file: convert to
 * SLAB_TYPESAFE_BY_RCU" renamed the field; before 6.1 it lay within a named union, and there the
 * result is NULL. */
static __always_inline struct file *rg_file_of_work(struct callback_head *work)
{
	if (bpf_core_field_exists(((struct file *)0)->f_task_work))
		return (void *)work - bpf_core_field_offset(struct file, f_task_work);
	if (bpf_core_field_exists(((struct file___old *)0)->f_rcuhead))
		return (void *)work - bpf_core_field_offset(struct file___old, f_rcuhead);
	return NULL;
}

#define SECCOMP_MODE_FILTER 2

/* Kernels without CONFIG_SECCOMP have no such field. */
static __always_inline bool rg_is_under_seccomp(struct task_struct *task)
{
	return bpf_core_field_exists(task->seccomp) && task->seccomp.mode == SECCOMP_MODE_FILTER;
}

/* Kernels without CONFIG_AUDIT have neither of these two fields. The value -1 means: not set. */
static __always_inline __u32 rg_login_uid(struct task_struct *task)
{
	return bpf_core_field_exists(task->loginuid) ? task->loginuid.val : (__u32)-1;
}

static __always_inline __u32 rg_audit_session(struct task_struct *task)
{
	return bpf_core_field_exists(task->sessionid) ? task->sessionid : (__u32)-1;
}

/* --- io_uring -------------------------------------------------------------------- */

/* Does a request to send hold a pointer to the peer's address in the caller's memory? 6.12 took the
 * pointer out, because the kernel has copied the address when the request is submitted. */
static __always_inline bool rg_request_has_address(void)
{
	return bpf_core_field_exists(((struct io_sr_msg *)0)->addr);
}

#define RG_FILE_POINTER (~7UL) /* the bits of file_ptr that are the pointer */

/* The file behind an index of the ring's own table, or NULL. 6.13 "io_uring/rsrc: get rid of
 * per-ring io_rsrc_node list" made the table one of pointers to nodes. */
static __always_inline struct file *rg_fixed_file(struct io_ring_ctx *ctx, __u32 index)
{
	struct io_ring_ctx___old *old = (void *)ctx;
	struct io_fixed_file *files;
	struct io_rsrc_node *node, **nodes;

	if (bpf_core_type_exists(struct io_fixed_file)) {
		files = RG_READ(old, file_table.files);
		if (index >= RG_READ(old, nr_user_files))
			return NULL;
		files = (void *)files + index * bpf_core_type_size(struct io_fixed_file);
		return (void *)(RG_READ(files, file_ptr) & RG_FILE_POINTER);
	}
	if (index >= RG_READ(ctx, file_table.data.nr))
		return NULL;
	nodes = RG_READ(ctx, file_table.data.nodes);
	node = rg_read_pointer(nodes + index);
	return (void *)(RG_READ(node, file_ptr) & RG_FILE_POINTER);
}

/* The kernel's own copy of a name, which the caller cannot change any more. 7.0 wrapped it in a
 * struct delayed_filename in every request that holds one. */
#define rg_name_of_request(request, type, field)                                                   \
	(bpf_core_type_exists(struct delayed_filename)                                             \
		 ? RG_READ((struct type##___delayed *)(request), field.__incomplete_filename)      \
		 : RG_READ((struct type *)(request), field))

#endif /* RG_EBPF_KERNEL_DIFFERENCES_H */

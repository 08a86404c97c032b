/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Files that a system call opened, wrote, named or changed, as the kernel knows them, with the
 * call's result. A descriptor leads to the object itself. A name is joined with the kernel's own
 * path of the directory where the name starts. Symlinks in a name may have led elsewhere. That
 * cannot be seen from here, and the record says so (RG_STR_LEXICAL).
 */
#ifndef RG_EBPF_FILE_H
#define RG_EBPF_FILE_H

#include "ebpf/call.h"
#include "ebpf/filter.h"
#include "ebpf/prefilter.h"
#include "ebpf/task.h"

#define FMODE_WRITE   0x2
#define FMODE_CREATED 0x100000
#define FICLONE	      0x40049409u
#define FICLONERANGE  0x4020940du
#define O_ACCMODE     3ULL
#define PROT_WRITE    0x2
#define MAP_SHARED    0x01
#define MAP_ANONYMOUS 0x20

/* Appends the path that rg_clean() left. */
static __always_inline void rg_put_clean(struct rg_scratch *s, struct rg_str *out)
{
	__u32 off = rg_offset(s), length = s->text_length;

	out->offset = off;
	rg_opaque(length);
	if (length > RG_PATH_MAX)
		return;
	bpf_probe_read_kernel(&s->record[off], length, &s->path[RG_CLEAN_AT]);
	out->length = length;
	s->used = off + length;
}

#define SB_NOUSER (1UL << 31)

/* Pipes, sockets, memfds and the like are most of what is written. Their file systems cannot be
 * mounted, so no path ever leads there. A file of any other file system is not nameless, even if no
 * path leads to it now: its mount may be unattached, or a handle opened it. */
static __always_inline bool rg_is_nameless(struct file *file)
{
	return RG_READ(file, f_inode, i_sb, s_flags) & SB_NOUSER;
}

/* The filter's verdict on an open file, and its path. */
static __always_inline int rg_judge_file(struct rg_scratch *s, struct rg_str *out,
					 struct file *file)
{
	struct path *path = (void *)file + bpf_core_field_offset(struct file, f_path);
	__u32 flags = rg_walk_here(s, path);
	bool empty = s->text >= RG_PATH_MAX;
	bool label = !empty && s->path[s->text & RG_PATH_MASK] != '/';
	int verdict;

	if ((flags & RG_STR_UNREADABLE) || label || (empty && (flags & RG_STR_DETACHED))) {
		rg_put_walked(s, out, flags);
		if (!rg_settings.watching || (flags & (RG_STR_UNREADABLE | RG_STR_TRUNCATED)))
			return RG_REPORT;
		return label || rg_is_nameless(file) ? RG_UNWATCHED : RG_REPORT;
	}
	verdict = rg_judge_here(s);
	/* A path without its head, or outside of every namespace, may mean any file. Such a file is
	 * never left out. */
	if (flags & (RG_STR_TRUNCATED | RG_STR_DETACHED))
		verdict = RG_REPORT;
	if (verdict == RG_REPORT)
		rg_put_walked(s, out, flags);
	return verdict;
}

/* Is the path where walks up end? The root of a process in no chroot is. Mounts stacked on the
 * namespace's root count as well. */
static __always_inline bool rg_is_top(struct path *path)
{
	struct dentry *dentry = RG_READ(path, dentry);
	struct vfsmount *vfsmnt = RG_READ(path, mnt);
	struct mount *mnt = (void *)vfsmnt - bpf_core_field_offset(struct mount, mnt), *up;

	for (int i = 0; i < 4; i++) {
		if (dentry != RG_READ(mnt, mnt.mnt_root))
			return false;
		up = RG_READ(mnt, mnt_parent);
		if (up == mnt)
			return true;
		dentry = RG_READ(mnt, mnt_mountpoint);
		mnt = up;
	}
	return false;
}

/* The filter's verdict on a name, and its path. A relative name starts from `dirfd`, an absolute
 * one from the process's root. */
static __noinline int rg_judge_name(struct rg_scratch *s, struct rg_str *out,
				    struct task_struct *task, __u64 name, __s32 dirfd)
{
	__u32 at = RG_PATH_MAX + 1, floor = 0;
	struct path *directory;
	bool absolute;
	long n;

	s->path[RG_PATH_MAX] = '/';
	n = bpf_probe_read_user_str(&s->path[RG_PATH_MAX + 1], RG_PATH_MAX, (void *)name);
	if (n < 0) {
		out->flags = RG_STR_UNREADABLE;
		return RG_REPORT;
	}
	if (n == 0) /* an empty name stands for `dirfd` itself */
		s->path[RG_PATH_MAX + 1] = 0;
	out->flags = RG_STR_LEXICAL;
	if (rg_is_longer((void *)name, n))
		out->flags |= RG_STR_TRUNCATED;
	absolute = s->path[RG_PATH_MAX + 1] == '/';
	directory = (void *)RG_READ(task, fs) + bpf_core_field_offset(struct fs_struct, root);
	if (!absolute)
		directory = rg_directory(task, dirfd);
	if (!absolute || !rg_is_top(directory)) {
		__u32 flags;

		if (!directory) {
			out->flags |= RG_STR_UNREADABLE;
			return RG_REPORT;
		}
		flags = rg_walk(s, directory);
		at = s->text;
		if (absolute) /* ".." does not lead out of a process's root */
			floor = s->depth;
		out->flags |= flags & ~RG_STR_DELETED;
		if (at < RG_PATH_MAX && s->path[at & RG_PATH_MASK] != '/')
			return RG_REPORT;
	}
	rg_clean(s, at, floor);
	if (s->endless)
		out->flags |= RG_STR_TRUNCATED;
	else
		rg_put_clean(s, out);
	if (out->flags & (RG_STR_UNREADABLE | RG_STR_TRUNCATED | RG_STR_DETACHED))
		return RG_REPORT;
	return rg_judge(s);
}

static __always_inline void rg_fill_object(struct rg_file *f, struct file *file)
{
	struct inode *inode = RG_READ(file, f_inode);

	f->inode = RG_READ(inode, i_ino);
	f->dev = RG_READ(inode, i_sb, s_dev);
	f->mode = RG_READ(inode, i_mode);
	f->owner_uid = RG_READ(inode, i_uid.val);
	f->owner_gid = RG_READ(inode, i_gid.val);
	f->flags |= RG_FILE_OBJECT;
	if (RG_READ(file, f_mode) & FMODE_CREATED)
		f->flags |= RG_FILE_CREATED;
}

/* old_mmap has its arguments in the caller's memory. */
static __noinline bool rg_read_old_mmap(struct rg_call_args *c)
{
	rg_memory_arg args[6];

	if (bpf_probe_read_user(args, sizeof(args), (const void *)c->args[0])) {
		if (c->result >= 0)
			rg_drop(RG_KIND_file_write,
				&rg_counters()->programs[RG_PROGRAM_sys_exit].errors);
		return false;
	}
	for (int i = 0; i < 6; i++)
		c->args[i] = args[i];
	c->args[5] >>= RG_OLD_MMAP_PAGE_SHIFT;
	c->call = RG_CALL_mmap;
	return true;
}

/* False: there is nothing to report. Otherwise *found is the open file that the call is about, or
 * NULL. Most calls take this way, so the function is inlined, and calls no helper where reads are
 * typed. */
static __always_inline bool rg_find_file(struct task_struct *task, struct rg_call_args *c,
					 struct file **found)
{
	const struct rg_call_layout *l;
	struct file *file;
	__s32 fd = -1;

	if (c->call == RG_CALL_old_mmap && !rg_read_old_mmap(c))
		return false;
	if (c->call == RG_CALL_ioctl && (__u32)c->args[1] != FICLONE &&
	    (__u32)c->args[1] != FICLONERANGE)
		return false;
	if (c->call == RG_CALL_mmap && (c->args[3] & (MAP_SHARED | MAP_ANONYMOUS)) != MAP_SHARED)
		return false;
	l = rg_layout_of(c->call);
	if (l->fd >= 0)
		fd = rg_arg(c, l->fd);
	else if (l->kind == RG_KIND_file_open)
		fd = c->result;
	file = rg_file_of(task, fd);
	*found = file;
	/* mprotect(2) can make a mapping writable later if the file is open for writing. */
	if (c->call == RG_CALL_mmap && !(c->args[2] & PROT_WRITE) &&
	    !(RG_READ(file, f_mode) & FMODE_WRITE))
		return false;
	l = rg_layout_of(c->call);
	if (!file) /* no descriptor; a failed open_by_handle_at has no name either */
		return l->fd < 0 && l->name >= 0;
	if (!rg_settings.watching)
		return true;
	if ((l->fd < 0 || !rg_is_nameless(file)) && rg_may_be_watched(file))
		return true;
	rg_count(&rg_counters()->kinds[rg_kind_of(c->call)].unwatched);
	return false;
}

static __noinline int file_call(struct task_struct *task, struct rg_call_args *c, struct file *file)
{
	const struct rg_call_layout *l = rg_layout_of(c->call);
	struct rg_str path = {}, path2 = {};
	__u32 kind = rg_kind_of(c->call);
	struct rg_scratch *s;
	struct rg_file *f;
	int verdict, other;

	s = rg_scratch_take(kind, RG_PROGRAM_sys_exit);
	if (!s)
		return 0;
	f = (struct rg_file *)s->record;
	s->used = sizeof(*f); /* the path comes first, behind the room for the body */
	if (file)
		verdict = rg_judge_file(s, &path, file);
	else if (c->call == RG_CALL_symlink || c->call == RG_CALL_symlinkat)
		verdict = RG_UNWATCHED; /* the text of a link is not its object */
	else
		verdict = rg_judge_name(s, &path, task, rg_arg(c, l->name),
					l->dirfd < 0 ? AT_FDCWD : (__s32)rg_arg(c, l->dirfd));
	if (kind == RG_KIND_file_rename) {
		other = rg_judge_name(s, &path2, task, rg_arg(c, l->name2),
				      l->dirfd2 < 0 ? AT_FDCWD : (__s32)rg_arg(c, l->dirfd2));
		if (other == RG_REPORT || verdict == RG_UNWATCHED)
			verdict = other;
	}
	if (verdict == RG_UNWATCHED) {
		rg_count(&rg_counters()->kinds[kind].unwatched);
		goto out;
	}
	if (verdict == RG_EXCLUDED) {
		rg_count(&rg_counters()->kinds[kind].excluded);
		goto out;
	}

	__builtin_memset(f, 0, sizeof(*f));
	f->path = path;
	f->path2 = path2;
	rg_fill_header(&f->hdr, kind, task);
	f->result = c->result;
	f->call = c->call;
	if (c->compat)
		f->flags |= RG_FILE_COMPAT;
	for (int i = 0; i < 6; i++)
		f->args[i] = l->keep >> i & 1 ? c->args[i] : 0;
	if (c->call == RG_CALL_openat2) {
		bpf_probe_read_user(&f->args[2], 24, (void *)c->args[2]);
		if (file) /* another thread may have changed the caller's struct since */
			f->args[2] =
				(f->args[2] & ~O_ACCMODE) | (RG_READ(file, f_flags) & O_ACCMODE);
	}
	if (file)
		rg_fill_object(f, file);
	if (l->name >= 0)
		rg_put_user_string(s, &f->name, (void *)rg_arg(c, l->name));
	if (l->name2 >= 0)
		rg_put_user_string(s, &f->name2, (void *)rg_arg(c, l->name2));
	rg_submit_kind(s, kind);
out:
	rg_scratch_put(s);
	return 0;
}

#endif /* RG_EBPF_FILE_H */

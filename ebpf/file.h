/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Files that were opened, written, named or changed, as the kernel knows them, with the result. The
 * record is built here for both layers: programs on the kernel's functions, and the program at the
 * exit of system calls.
 *
 * A function has the object itself, or the directory in which the kernel found a name. At the exit
 * of a call, a descriptor leads to the object. A name is joined with the kernel's own path of the
 * directory where the name starts. Symlinks in a name may have led elsewhere. That cannot be seen
 * there, and the record says so (RG_STR_LEXICAL).
 */
#ifndef RG_EBPF_FILE_H
#define RG_EBPF_FILE_H

#include "ebpf/call.h"
#include "ebpf/filter.h"
#include "ebpf/prefilter.h"
#include "ebpf/process_files.h"
#include "ebpf/task.h"

#define FMODE_CREATED 0x100000
#define O_CLOEXEC     02000000ULL
#define PROT_WRITE    0x2
#define MAP_SHARED    0x01
#define MAP_ANONYMOUS 0x20

#define FICLONE		  0x40049409u
#define FICLONERANGE	  0x4020940du
#define FS_IOC_SETFLAGS	  0x40086602u
#define FS_IOC32_SETFLAGS 0x40046602u
#define FS_IOC_FSSETXATTR 0x401c5820u

/* The argument of a record in the place of a descriptor that nobody named. */
#define RG_NO_DESCRIPTOR (-1)

#define SB_NOUSER (1UL << 31)

/* Pipes, sockets, memfds and the like are most of what is written. Their file systems cannot be
 * mounted, so no path ever leads there. A file of any other file system is not nameless, even if no
 * path leads to it now: its mount may be unattached, or a handle opened it. */
static __always_inline bool rg_is_nameless(struct file *file)
{
	return RG_READ(file, f_inode, i_sb, s_flags) & SB_NOUSER;
}

/* The filter's verdict on an object, and its path. */
static __always_inline int rg_judge_object(struct rg_scratch *s, struct rg_str *out,
					   struct path *path, bool nameless)
{
	__u32 flags = rg_walk(s, path);
	bool empty = s->text >= RG_PATH_MAX;
	bool label = !empty && s->path[s->text & RG_PATH_MASK] != '/';
	int verdict;

	if ((flags & RG_STR_UNREADABLE) || label || (empty && (flags & RG_STR_DETACHED))) {
		rg_put_walked(s, out, flags);
		if (!rg_settings.watching || (flags & (RG_STR_UNREADABLE | RG_STR_TRUNCATED)))
			return RG_REPORT;
		return label || nameless ? RG_UNWATCHED : RG_REPORT;
	}
	verdict = rg_judge(s);
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

/* A directory and a root above it have this many components and mounts between them at most. */
#define RG_ROOT_STEPS 24

/* Is the directory within the root? One that was opened before chroot(2) need not be. */
static __always_inline bool rg_is_within(struct path *directory, struct path *root)
{
	struct dentry *dentry = RG_READ(directory, dentry), *top = RG_READ(root, dentry);
	struct vfsmount *vfsmnt = RG_READ(directory, mnt), *top_mount = RG_READ(root, mnt);
	struct mount *mnt;

	for (int i = 0; i < RG_ROOT_STEPS; i++) {
		if (dentry == top && vfsmnt == top_mount)
			return true;
		if (dentry != RG_READ(vfsmnt, mnt_root)) {
			dentry = RG_READ(dentry, d_parent);
			continue;
		}
		mnt = (void *)vfsmnt - bpf_core_field_offset(struct mount, mnt);
		dentry = RG_READ(mnt, mnt_mountpoint);
		mnt = RG_READ(mnt, mnt_parent);
		vfsmnt = (void *)mnt + bpf_core_field_offset(struct mount, mnt);
	}
	return false;
}

/* How many components ".." leaves alone, for a name that starts from the directory in s->asked:
 * those of the process's root. The function is global, so that the verifier goes through it once.
 */
__noinline int rg_root_depth(struct rg_scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct path *root, *directory;
	__s32 dirfd;

	if (!s)
		return 0;
	dirfd = s->asked.dirfd;
	root = (void *)RG_READ(task, fs) + bpf_core_field_offset(struct fs_struct, root);
	if (rg_is_top(root)) /* most are */
		return 0;
	directory = rg_directory(task, dirfd);
	if (!directory || !rg_is_within(directory, root))
		return 0;
	rg_walk(s, root);
	return s->depth;
}

/* Judges the path that begins at s->path[at] and ends with a NUL. */
static __always_inline int rg_judge_joined(struct rg_scratch *s, struct rg_str *out, __u32 at,
					   __u32 floor)
{
	rg_clean(s, at, floor);
	if (s->endless)
		out->flags |= RG_STR_TRUNCATED;
	else
		rg_put_clean(s, out);
	if (out->flags & (RG_STR_UNREADABLE | RG_STR_TRUNCATED | RG_STR_DETACHED))
		return RG_REPORT;
	return rg_judge(s);
}

/* The filter's verdict on the name in s->asked, and its path. A relative name starts from `dirfd`,
 * an absolute one from the process's root. */
static __noinline int rg_judge_name(struct rg_scratch *s, struct rg_str *out,
				    struct task_struct *task)
{
	struct rg_asked *asked = &s->asked;
	__u32 at = RG_PATH_MAX + 1, floor = 0;
	struct path *directory;
	bool absolute, below;
	long n;

	s->path[RG_PATH_MAX] = '/';
	if (asked->kernel)
		n = bpf_probe_read_kernel_str(&s->path[RG_PATH_MAX + 1], RG_PATH_MAX, asked->name);
	else
		n = bpf_probe_read_user_str(&s->path[RG_PATH_MAX + 1], RG_PATH_MAX, asked->name);
	if (n < 0) {
		out->flags = RG_STR_UNREADABLE;
		return RG_REPORT;
	}
	if (n == 0) /* an empty name stands for `dirfd` itself */
		s->path[RG_PATH_MAX + 1] = 0;
	out->flags |= RG_STR_LEXICAL;
	if (!asked->kernel && rg_is_longer(asked->name, n))
		out->flags |= RG_STR_TRUNCATED;
	absolute = s->path[RG_PATH_MAX + 1] == '/';
	below = !absolute || asked->in_root;
	directory = (void *)RG_READ(task, fs) + bpf_core_field_offset(struct fs_struct, root);
	if (below)
		directory = rg_directory(task, asked->dirfd);
	if (below || !rg_is_top(directory)) {
		__u32 flags;

		if (!directory) {
			out->flags |= RG_STR_UNREADABLE;
			return RG_REPORT;
		}
		floor = rg_root_depth(s);
		flags = rg_walk(s, directory);
		at = s->text;
		if (absolute || asked->in_root) /* ".." does not lead out of the root */
			floor = s->depth;
		out->flags |= flags & ~RG_STR_DELETED;
		if (at < RG_PATH_MAX && s->path[at & RG_PATH_MASK] != '/')
			return RG_REPORT;
	}
	return rg_judge_joined(s, out, at, floor);
}

/* Reads the name of an entry to behind the path that a walk has left. */
static __always_inline bool rg_add_entry(struct rg_scratch *s, const void *name)
{
	s->path[RG_PATH_MAX] = '/';
	return bpf_probe_read_kernel_str(&s->path[RG_PATH_MAX + 1], 256, name) >= 0;
}

/* The filter's verdict on a name in a directory that the kernel has resolved, and its path. */
static __noinline int rg_judge_entry(struct rg_scratch *s, struct rg_str *out,
				     struct path *directory, const void *name)
{
	__u32 at;

	out->flags = rg_walk(s, directory) & ~RG_STR_DELETED;
	at = s->text;
	if (!rg_add_entry(s, name)) {
		out->flags |= RG_STR_UNREADABLE;
		return RG_REPORT;
	}
	if (at < RG_PATH_MAX && s->path[at & RG_PATH_MASK] != '/')
		return RG_REPORT;
	return rg_judge_joined(s, out, at, 0);
}

/* The verdict on a name that is not watched itself. */
static __always_inline int rg_judge_above(struct rg_scratch *s)
{
	int verdict;

	s->above = true;
	verdict = rg_judge(s);
	s->above = false;
	return verdict;
}

/* Walks from s->walk_from to the root of its file system, adds the name s->asked.name if there is
 * one, judges that path, and appends it, with s->fs as the offset of its rg_str. With
 * s->asked.makes, directories above something watched count. The function is global, so that the
 * verifier goes through it once. */
__noinline int rg_judge_inside(struct rg_scratch *s)
{
	struct rg_str within = {};
	int verdict = RG_REPORT;
	const void *entry;
	__u32 at;

	if (!s)
		return verdict;
	s->fs = 0;
	if (!rg_walk_inside(s, &within))
		return RG_UNWATCHED;
	entry = s->asked.name;
	at = s->text;
	if (!entry) {
		if (!(within.flags & (RG_STR_UNREADABLE | RG_STR_TRUNCATED)))
			verdict = rg_judge(s);
		rg_put_walked(s, &within, within.flags);
	} else if (rg_add_entry(s, entry)) {
		verdict = rg_judge_joined(s, &within, at, 0);
	} else {
		within.flags |= RG_STR_UNREADABLE;
	}
	if (verdict == RG_UNWATCHED && s->asked.makes)
		verdict = rg_judge_above(s);
	s->fs = rg_put_within(s, &within);
	return verdict;
}

/* The verdict of both paths of an object, or of an entry of a directory: whichever is watched is to
 * be reported. `path` leads to the object or the directory, NULL: only its name is known. */
static __always_inline int rg_judge_both(struct rg_scratch *s, struct rg_str *out,
					 struct path *path, const void *entry, bool makes,
					 int verdict)
{
	int other;

	/* An exclusion is left as it is where all else is reported. */
	if (!path || !s->partial || (!rg_settings.watching && verdict != RG_REPORT))
		return verdict;
	s->walk_from = path;
	s->asked.name = entry;
	s->asked.makes = makes;
	other = rg_judge_inside(s);
	out->fs = s->fs;
	if (verdict == RG_REPORT || other != RG_REPORT)
		return verdict;
	if (!entry)
		rg_put_walked(s, out, rg_walk(s, path));
	return RG_REPORT;
}

static __always_inline void rg_fill_object(struct rg_file *f, struct inode *inode)
{
	f->inode = RG_READ(inode, i_ino);
	f->dev = rg_device_of(inode);
	f->mode = RG_READ(inode, i_mode);
	f->owner_uid = RG_READ(inode, i_uid.val);
	f->owner_gid = RG_READ(inode, i_gid.val);
	f->flags |= RG_FILE_OBJECT;
}

/* --- the record ------------------------------------------------------------------ */

/* With either of these a name does not lead out of the directory that it starts from. */
#define RESOLVE_BENEATH 0x08
#define RESOLVE_IN_ROOT 0x10

/* The arguments of openat2 that are in the caller's memory, where another thread may have changed
 * them since. */
static __always_inline void rg_read_how(struct rg_file_act *a)
{
	struct file *file = a->file;

	bpf_probe_read_user(&a->c.args[2], 24, (void *)a->c.args[2]);
	if (a->function)
		a->c.args[2] = (a->c.args[2] & O_CLOEXEC) | a->open_flags;
	else if (file)
		a->c.args[2] = (a->c.args[2] & ~O_ACCMODE) | (RG_READ(file, f_flags) & O_ACCMODE);
}

#define NSEC_PER_USEC 1000

/* Fills in the arguments of a record of file_times, from the caller's memory. */
static __noinline void rg_read_times(struct rg_file_act *a, const struct rg_call_layout *l)
{
	const void *from = (const void *)rg_arg(&a->c, l->name + 1);
	bool narrow = a->c.compat && a->c.call != RG_CALL_utimensat_time64;
	__u32 size = a->c.call == RG_CALL_utime ? 2 : 4;
	__s64 *args = (__s64 *)a->c.args, times[4] = {};
	__s32 halves[4] = {};
	long failed;

	if (l->dirfd < 0)
		args[0] = args[3] = 0;
	if (!from) {
		a->flags |= RG_FILE_NOW;
	} else if (narrow) {
		failed = bpf_probe_read_user(halves, size * 4, from);
		for (int i = 0; i < 4; i++)
			times[i] = halves[i];
	} else {
		failed = bpf_probe_read_user(times, size * 8, from);
	}
	if (from && failed)
		a->flags |= RG_FILE_UNREADABLE;
	args[1] = times[0];
	args[2] = times[1];
	args[4] = times[2];
	args[5] = times[3];
	if (a->c.call == RG_CALL_utime) { /* whole seconds */
		args[4] = times[1];
		args[2] = 0;
	} else if (a->c.call == RG_CALL_utimes || a->c.call == RG_CALL_futimesat) {
		args[2] *= NSEC_PER_USEC;
		args[5] *= NSEC_PER_USEC;
	}
}

/* Does the same for file_flags. */
static __always_inline void rg_read_flags(struct rg_file_act *a)
{
	__u32 size = a->c.call == RG_CALL_file_setattr ? 8 : 4;
	const void *from = (const void *)a->c.args[2];

	a->c.args[2] = 0;
	if (bpf_probe_read_user(&a->c.args[2], size, from))
		a->flags |= RG_FILE_UNREADABLE;
}

/* Reads what a call points to. Returns the arguments that the record keeps, as in calls.def. The
 * function is global, so that the verifier goes through it once. */
__noinline int rg_read_pointed(struct rg_scratch *s)
{
	const struct rg_call_layout *l;
	struct rg_file_act *a;

	if (!s)
		return 0;
	a = &s->act;
	l = rg_layout_of(a->c.call);
	if (a->c.call == RG_CALL_openat2) {
		if (!(a->flags & RG_FILE_REQUESTED))
			rg_read_how(a);
		return l->keep | 0x1c;
	}
	if (l->kind == RG_KIND_file_times) {
		rg_read_times(a, l);
		return l->keep | 0x36;
	}
	if (l->kind == RG_KIND_file_flags) {
		rg_read_flags(a);
		return l->keep | 0x04;
	}
	return l->keep;
}

/* Is the first name the text of a symlink, and not the name of an object? */
static __always_inline bool rg_is_text(__u16 call)
{
	return call == RG_CALL_symlink || call == RG_CALL_symlinkat;
}

/* Does the call make, move or link names? */
static __always_inline bool rg_makes_name(const struct rg_call_layout *l)
{
	return l->kind == RG_KIND_file_rename || l->operation == RG_OPERATION_create;
}

/* The path of the object, or NULL: it is not known. */
static __always_inline struct path *rg_object_of(struct rg_file_act *a)
{
	struct path *object = a->object;
	struct file *file = a->file;

	return file ? (void *)file + bpf_core_field_offset(struct file, f_path) : object;
}

/* `asked`: where neither the object nor its directory is known, the name as it was asked for is. */
static __always_inline int rg_judge_first(struct rg_scratch *s, struct rg_str *out,
					  struct task_struct *task, struct rg_file_act *a,
					  const bool asked)
{
	struct path *object = rg_object_of(a);
	struct file *file = a->file;

	if (object)
		return rg_judge_object(s, out, object, file && rg_is_nameless(file));
	if (rg_is_text(a->c.call))
		return RG_UNWATCHED;
	if (a->dir)
		return rg_judge_entry(s, out, a->dir, a->entry);
	if (!asked)
		return RG_UNWATCHED;
	s->asked.name = a->name;
	s->asked.dirfd = a->dirfd;
	s->asked.kernel = !a->user;
	s->asked.in_root = a->c.call == RG_CALL_openat2 &&
			   (a->c.args[4] & (RESOLVE_BENEATH | RESOLVE_IN_ROOT));
	if (a->cut)
		out->flags = RG_STR_TRUNCATED;
	return rg_judge_name(s, out, task);
}

static __always_inline int rg_judge_second(struct rg_scratch *s, struct rg_str *out,
					   struct task_struct *task, struct rg_file_act *a,
					   const bool asked)
{
	if (a->dir2)
		return rg_judge_entry(s, out, a->dir2, a->entry2);
	if (!asked)
		return RG_UNWATCHED;
	s->asked.name = a->name2;
	s->asked.dirfd = a->dirfd2;
	s->asked.kernel = !a->user;
	s->asked.in_root = false;
	if (a->cut2)
		out->flags = RG_STR_TRUNCATED;
	return rg_judge_name(s, out, task);
}

static __always_inline int rg_make_file_record(struct rg_scratch *s, const bool asked)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rg_str path = {}, path2 = {};
	const struct rg_call_layout *l;
	struct rg_file_act *a;
	struct rg_file *f;
	/* Copies: RG_READ would relocate our own struct with the rest. */
	struct file *file;
	struct path *object;
	struct mount *mnt;
	int verdict, other;
	__u32 kind;
	bool makes;
	__u8 keep;

	if (!s)
		return 0;
	a = &s->act;
	l = rg_layout_of(a->c.call);
	kind = rg_kind_of(a->c.call);
	f = (struct rg_file *)s->record;
	s->used = sizeof(*f); /* the path comes first, behind the room for the body */
	keep = rg_read_pointed(s);
	s->walk.mnt = NULL;
	verdict = rg_judge_first(s, &path, task, a, asked);
	makes = rg_makes_name(l) && !rg_is_text(a->c.call);
	if (verdict == RG_UNWATCHED && makes)
		verdict = rg_judge_above(s);
	object = rg_object_of(a);
	verdict = object ? rg_judge_both(s, &path, object, NULL, makes, verdict)
			 : rg_judge_both(s, &path, a->dir, a->entry, makes, verdict);
	if (kind == RG_KIND_file_rename) {
		other = rg_judge_second(s, &path2, task, a, asked);
		if (other == RG_UNWATCHED)
			other = rg_judge_above(s);
		other = rg_judge_both(s, &path2, a->dir2, a->entry2, true, other);
		if (other == RG_REPORT || verdict == RG_UNWATCHED)
			verdict = other;
	}
	if (!rg_is_wanted(rg_settings.wanted, a->c.call))
		return 0;
	if (verdict == RG_UNWATCHED) {
		rg_count(&rg_counters()->kinds[kind].unwatched);
		return 0;
	}
	if (verdict == RG_EXCLUDED) {
		rg_count(&rg_counters()->kinds[kind].excluded);
		return 0;
	}

	__builtin_memset(f, 0, sizeof(*f));
	f->path = path;
	f->path2 = path2;
	rg_fill_header(&f->hdr, kind, task);
	if (a->flags & RG_FILE_REQUESTED)
		f->hdr.flags = 0;
	else if (a->function)
		f->hdr.flags = RG_HEADER_FUNCTION;
	else
		rg_mark_witness(&f->hdr);
	f->result = a->c.result;
	f->call = a->c.call;
	mnt = s->walk.mnt;
	f->ns_mnt = mnt ? rg_namespace_of(mnt) : RG_READ(task, nsproxy, mnt_ns, ns.inum);
	f->flags = a->flags;
	if (a->c.compat)
		f->flags |= RG_FILE_COMPAT;
	for (int i = 0; i < 6; i++)
		f->args[i] = keep >> i & 1 ? a->c.args[i] : 0;
	file = a->file;
	object = a->object;
	if (file) {
		rg_fill_object(f, RG_READ(file, f_inode));
		if (RG_READ(file, f_mode) & FMODE_CREATED)
			f->flags |= RG_FILE_CREATED;
	} else if (object) {
		rg_fill_object(f, RG_READ(object, dentry, d_inode));
	}
	if (l->name >= 0 && !(l->null_name && !a->name))
		rg_put_name(s, &f->name, a->name, a->user, a->cut);
	if (l->name2 >= 0)
		rg_put_name(s, &f->name2, a->name2, a->user, a->cut2);
	rg_submit_kind(s, kind);
	return 0;
}

/* These two build and submit the record of s->act. They are global, so that the verifier goes
 * through each once. */
__noinline int rg_file_record(struct rg_scratch *s)
{
	return rg_make_file_record(s, true);
}

/* The kernel holds the object, or the directories of the names: less for the verifier to go
 * through. */
__noinline int rg_held_record(struct rg_scratch *s)
{
	return rg_make_file_record(s, false);
}

/* Takes scratch memory for an act of the call, whose row says which kind of record it makes. NULL:
 * the memory is in use. */
static __always_inline struct rg_scratch *rg_act_begin(const struct rg_call_args *c,
						       enum rg_program program)
{
	struct rg_scratch *s = rg_scratch_take(rg_kind_of(c->call), program);

	if (!s)
		return NULL;
	__builtin_memset(&s->act, 0, sizeof(s->act));
	s->act.c = *c;
	s->text_length = 0;
	return s;
}

static __always_inline int rg_act_end(struct rg_scratch *s)
{
	rg_held_record(s);
	rg_scratch_put(s);
	return 0;
}

/* Ends an act that may be an open, which may be access to another process besides. */
static __always_inline int rg_open_end(struct rg_scratch *s)
{
	rg_file_record(s);
	if (rg_settings.process_files && rg_layout_of(s->act.c.call)->kind == RG_KIND_file_open)
		rg_process_file_record(s);
	rg_scratch_put(s);
	return 0;
}

/* --- at the exit of a call ---------------------------------------------------------- */

/* old_mmap has its arguments in the caller's memory. */
static __noinline bool rg_read_old_mmap(struct rg_call_args *c)
{
	rg_memory_arg args[6];

	if (bpf_probe_read_user(args, sizeof(args), (const void *)c->args[0])) {
		if (c->result >= 0)
			rg_drop(RG_KIND_file_write,
				&rg_counters()->programs[rg_call_program()].errors);
		return false;
	}
	for (int i = 0; i < 6; i++)
		c->args[i] = args[i];
	c->args[5] >>= RG_OLD_MMAP_PAGE_SHIFT;
	c->call = RG_CALL_mmap;
	return true;
}

/* ioctl(2) has requests of two kinds that are looked at. False: it is neither, or the plan does not
 * want it. */
static __always_inline bool rg_find_request(struct rg_call_args *c)
{
	switch ((__u32)c->args[1]) {
	case FICLONE:
	case FICLONERANGE:
		c->call = RG_CALL_ioctl;
		break;
	case FS_IOC32_SETFLAGS:
		if (!c->compat)
			return false;
		c->call = RG_CALL_ioctl_flags;
		break;
	case FS_IOC_SETFLAGS: /* the 32-bit table takes this number, too */
	case FS_IOC_FSSETXATTR:
		c->call = RG_CALL_ioctl_flags;
		break;
	default:
		return false;
	}
	return rg_is_wanted(rg_settings.exit_wanted, c->call);
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
	bool named, opens, wanted;

	if (c->call == RG_CALL_old_mmap && !rg_read_old_mmap(c))
		return false;
	if ((c->call == RG_CALL_ioctl || c->call == RG_CALL_ioctl_flags) && !rg_find_request(c))
		return false;
	if (c->call == RG_CALL_mmap && (c->args[3] & (MAP_SHARED | MAP_ANONYMOUS)) != MAP_SHARED)
		return false;
	l = rg_layout_of(c->call);
	named = l->name >= 0 && !(l->null_name && !rg_arg(c, l->name));
	opens = l->kind == RG_KIND_file_open;
	if (l->fd >= 0)
		fd = rg_arg(c, l->fd);
	else if (opens)
		fd = c->result;
	else if (l->null_name && !named)
		fd = rg_arg(c, l->dirfd);
	file = rg_file_of(task, fd);
	*found = file;
	/* mprotect(2) can make a mapping writable later if the file is open for writing. */
	if (c->call == RG_CALL_mmap && !(c->args[2] & PROT_WRITE) &&
	    !(RG_READ(file, f_mode) & FMODE_WRITE))
		return false;
	l = rg_layout_of(c->call);
	wanted = rg_is_wanted(rg_settings.exit_wanted, c->call);
	if (!file) /* no descriptor; a failed open_by_handle_at has no name either */
		return l->fd < 0 && named &&
		       (wanted || c->result == -EACCES || c->result == -EPERM ||
			(opens && c->result >= 0));
	if (opens && rg_may_be_process_file(file, false))
		return true;
	if (!wanted)
		return false;
	if (!rg_settings.watching)
		return true;
	if ((l->fd < 0 || !rg_is_nameless(file)) && rg_may_be_watched(file, false))
		return true;
	rg_count(&rg_counters()->kinds[rg_kind_of(c->call)].unwatched);
	return false;
}

static __always_inline int file_call(struct rg_call_args *c, struct file *file)
{
	const struct rg_call_layout *l = rg_layout_of(c->call);
	struct rg_scratch *s = rg_act_begin(c, rg_call_program());
	struct rg_file_act *a;

	if (!s)
		return 0;
	a = &s->act;
	a->file = file;
	a->user = true;
	if (l->name >= 0)
		a->name = (void *)rg_arg(c, l->name);
	if (l->name2 >= 0)
		a->name2 = (void *)rg_arg(c, l->name2);
	a->dirfd = l->dirfd < 0 ? AT_FDCWD : (__s32)rg_arg(c, l->dirfd);
	a->dirfd2 = l->dirfd2 < 0 ? AT_FDCWD : (__s32)rg_arg(c, l->dirfd2);
	return rg_open_end(s);
}

#endif /* RG_EBPF_FILE_H */

// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Files that are opened, where the kernel opens them. The result is the open file, or an error.
 */
#include "ebpf/function.h"

#define FMODE_EXEC  0x20 /* to be executed; that is seen as such */
#define EAGAIN	    11
#define O_NONBLOCK  04000
#define O_LARGEFILE 0100000 /* the kernel sets it for every 64-bit program */

/* `own`: the name came from the caller, and not from the kernel itself. */
static __always_inline int report_open(struct file *file, const struct open_flags *op, __s32 dirfd,
				       const void *name, struct path *root, bool own,
				       enum rg_program program)
{
	__u32 flags = op->open_flag & ~O_LARGEFILE;
	bool failed = rg_is_error(file);
	struct rg_file_act *a;
	struct rg_scratch *s;

	if (flags & FMODE_EXEC)
		return 0;
	if (!failed && rg_settings.watching && !rg_may_be_process_file(file, true) &&
	    !rg_may_be_watched(file, true)) {
		rg_count(&rg_counters()->kinds[RG_KIND_file_open].unwatched);
		return 0;
	}
	if (rg_skip(bpf_get_current_task_btf(), program))
		return 0;
	s = rg_function_act(program, RG_CALL_openat, RG_NR64_openat, failed ? (long)file : 0);
	if (!s)
		return 0;
	a = &s->act;
	if (a->flags & RG_FILE_IO_URING) {
		/* The first try must not wait. If it would have to, a second one follows. */
		if ((long)file == -EAGAIN && (flags & O_NONBLOCK)) {
			rg_scratch_put(s);
			return 0;
		}
		flags &= ~O_NONBLOCK;
	}
	if (rg_is_own_call(a) && !own) {
		a->flags = RG_FILE_KERNEL;
		a->c.call = RG_CALL_openat;
		a->c.compat = false;
	}
	a->open_flags = flags;
	if (!rg_is_own_call(a)) {
		a->c.args[0] = dirfd;
		a->c.args[2] = flags;
		a->c.args[3] = op->mode;
	}
	a->name = name;
	a->dirfd = dirfd;
	if (!failed) {
		a->file = file;
	} else if (root) {
		a->dir = root;
		a->entry = name;
	}
	return rg_open_end(s);
}

SEC("fexit/do_filp_open")
int BPF_PROG(rg_open, int dirfd, struct filename *name, const struct open_flags *op,
	     struct file *file)
{
	return report_open(file, op, dirfd, name->name, NULL, rg_is_callers(name), RG_PROGRAM_open);
}

/* By a handle, and by the kernel itself. */
SEC("fexit/do_file_open_root")
int BPF_PROG(rg_open_root, const struct path *root, const char *name, const struct open_flags *op,
	     struct file *file)
{
	bool own = rg_current_call() == RG_CALL_open_by_handle_at;

	return report_open(file, op, AT_FDCWD, name, (struct path *)root, own,
			   RG_PROGRAM_open_root);
}

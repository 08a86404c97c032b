/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Execs that failed. They are seen when the system call returns, the one place that knows every
 * reason for failure. An exec that fails after the old program is gone ends in a signal, and the
 * exit of the process reports that.
 */
#ifndef RG_EBPF_EXEC_FAILED_H
#define RG_EBPF_EXEC_FAILED_H

#include "ebpf/task.h"
#include "ebpf/call.h"
#include "ebpf/user_memory.h"

struct args_walk {
	struct rg_scratch *s;
	__u64 argv;
	__u32 bytes;
	__u16 flags;
	bool compat;
};

static long args_step(__u32 i, struct args_walk *w)
{
	__u64 arg = 0;
	__u32 off = rg_offset(w->s), room = RG_ARGS_MAX - w->bytes;
	long n;

	if (bpf_probe_read_user(&arg, w->compat ? 4 : 8, (const void *)w->argv)) {
		w->flags |= RG_STR_UNREADABLE;
		return 1;
	}
	w->argv += w->compat ? 4 : 8;
	if (!arg)
		return 1;
	rg_opaque(room);
	if (room == 0 || room > RG_ARGS_MAX) {
		w->flags |= RG_STR_TRUNCATED;
		return 1;
	}
	n = bpf_probe_read_user_str(&w->s->record[off], room, (const void *)arg);
	if (n < 0) {
		w->flags |= RG_STR_UNREADABLE;
		return 1;
	}
	if (n == 0) { /* the helper returns 0 for an empty string */
		w->s->record[off] = 0;
		n = 1;
	}
	w->bytes += n;
	w->s->used = off + n;
	/* A string that just fits looks like one that was cut. */
	if (n == room) {
		w->flags |= RG_STR_TRUNCATED;
		return 1;
	}
	return 0;
}

/* The directory that a relative name starts from: `dirfd`'s, or the working directory. */
static __always_inline void put_base(struct rg_scratch *s, struct rg_str *out,
				     struct task_struct *task, __s32 dirfd)
{
	struct path *path = rg_directory(task, dirfd);

	if (path)
		rg_put_path(s, out, path);
	else
		out->flags = RG_STR_UNREADABLE;
}

static __noinline int exec_failed(struct task_struct *task, struct rg_call_args *c)
{
	struct args_walk w = {};
	struct rg_exec_failed *e;
	struct rg_scratch *s;
	bool at = c->call == RG_CALL_execveat;
	__u32 off;

	s = rg_scratch_take(RG_KIND_exec_failed, rg_call_program());
	if (!s)
		return 0;
	e = (struct rg_exec_failed *)s->record;
	__builtin_memset(e, 0, sizeof(*e));
	s->used = sizeof(*e);
	rg_fill_header(&e->hdr, RG_KIND_exec_failed, task);
	rg_mark_witness(&e->hdr);
	e->result = c->result;
	e->dirfd = at ? c->args[0] : AT_FDCWD;
	e->at_flags = at ? c->args[4] : 0;
	e->source = at ? RG_EXEC_EXECVEAT : RG_EXEC_EXECVE;
	e->flags = c->compat ? RG_PROCESS_COMPAT : 0;

	off = rg_offset(s);
	s->record[off] = 0;
	rg_put_user_string(s, &e->filename, (const void *)(at ? c->args[1] : c->args[0]));
	if (s->record[off] != '/' && rg_settings.collect_cwd)
		put_base(s, &e->base, task, e->dirfd);
	if (rg_settings.collect_args) {
		w.s = s;
		w.argv = at ? c->args[2] : c->args[1];
		w.compat = c->compat;
		e->args.offset = rg_offset(s);
		if (w.argv && bpf_loop(RG_ARGS_MAX, args_step, &w, 0) == RG_ARGS_MAX)
			w.flags |= RG_STR_TRUNCATED;
		e->args.length = w.bytes;
		e->args.flags = w.flags;
	} else {
		e->flags |= RG_PROCESS_NO_ARGS;
	}
	rg_submit_exec_failed(s);
	rg_scratch_put(s);
	return 0;
}

#endif /* RG_EBPF_EXEC_FAILED_H */

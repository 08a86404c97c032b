// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Execs that failed: seen at the exit of the system call, the one place that
 * knows every reason for failure.
 *
 * Two ways to the same body. Classic tracepoints of execve and execveat run for
 * these two calls only, but still make the kernel take the traced path for every
 * call, and need tracefs to be attached. The raw sys_exit tracepoint needs
 * nothing and runs for every call of the host. An exec that fails after the old
 * program is gone ends in a signal: the process's exit tells.
 */
#include "ebpf/task.h"
#include "ebpf/user_memory.h"

#define NR_EXECVE	 59 /* x86-64 */
#define NR_EXECVEAT	 322
#define NR_IA32_EXECVE	 11
#define NR_IA32_EXECVEAT 358
#define AT_FDCWD	 -100

/* Arguments of the system call, whichever table it came through. */
struct exec_call {
	__u64 filename;
	__u64 argv;
	__s32 dirfd;
	__u32 at_flags;
	__u16 source;
	bool compat;
};

/* False: not an exec. */
static __always_inline bool read_call(struct exec_call *call, struct pt_regs *regs, bool compat)
{
	__u64 nr = regs->orig_ax;

	call->compat = compat;
	call->dirfd = AT_FDCWD;
	call->at_flags = 0;
	if (nr == (compat ? NR_IA32_EXECVE : NR_EXECVE)) {
		call->source = RG_EXEC_EXECVE;
		call->filename = compat ? (__u32)regs->bx : regs->di;
		call->argv = compat ? (__u32)regs->cx : regs->si;
		return true;
	}
	if (nr == (compat ? NR_IA32_EXECVEAT : NR_EXECVEAT)) {
		call->source = RG_EXEC_EXECVEAT;
		call->dirfd = compat ? regs->bx : regs->di;
		call->filename = compat ? (__u32)regs->cx : regs->si;
		call->argv = compat ? (__u32)regs->dx : regs->dx;
		call->at_flags = compat ? regs->di : regs->r8;
		return true;
	}
	return false;
}

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
	if (n <= 0) {
		w->flags |= RG_STR_UNREADABLE;
		return 1;
	}
	w->bytes += n;
	w->s->used = off + n;
	/* A string that just fits cannot be told from one that was cut. */
	if (n == room) {
		w->flags |= RG_STR_TRUNCATED;
		return 1;
	}
	return 0;
}

/* Where a relative name starts: the directory behind `dirfd`, or the working one. */
static __always_inline void put_base(struct rg_scratch *s, struct rg_str *out,
				     struct task_struct *task, __s32 dirfd)
{
	struct fdtable *fdt;
	struct file *file = NULL, **files;

	if (dirfd == AT_FDCWD) {
		void *fs = BPF_CORE_READ(task, fs);

		rg_put_path(s, out, fs + bpf_core_field_offset(struct fs_struct, pwd));
		return;
	}
	fdt = BPF_CORE_READ(task, files, fdt);
	files = BPF_CORE_READ(fdt, fd);
	if (dirfd >= 0 && dirfd < BPF_CORE_READ(fdt, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), files + dirfd);
	if (!file) {
		out->flags = RG_STR_UNREADABLE;
		return;
	}
	rg_put_path(s, out, (void *)file + bpf_core_field_offset(struct file, f_path));
}

static __always_inline int exec_failed(struct task_struct *task, struct pt_regs *regs, long result,
				       bool compat, enum rg_program program)
{
	struct args_walk w = {};
	struct rg_exec_failed *e;
	struct exec_call call;
	struct rg_scratch *s;
	char first = 0;
	__u32 off;
	long n;

	if (!read_call(&call, regs, compat) || rg_skip(task, program))
		return 0;
	s = rg_scratch_take(RG_KIND_exec_failed, program);
	if (!s)
		return 0;
	e = (struct rg_exec_failed *)s->record;
	__builtin_memset(e, 0, sizeof(*e));
	s->used = sizeof(*e);
	rg_fill_header(&e->hdr, RG_KIND_exec_failed, task);
	rg_pad_comm(e->hdr.comm);
	e->result = result;
	e->dirfd = call.dirfd;
	e->at_flags = call.at_flags;
	e->source = call.source;
	e->flags = compat ? RG_PROCESS_COMPAT : 0;

	off = rg_offset(s);
	e->filename.offset = off;
	n = bpf_probe_read_user_str(&s->record[off], RG_PATH_MAX, (const void *)call.filename);
	if (n <= 0) {
		e->filename.flags = RG_STR_UNREADABLE;
	} else {
		first = s->record[off];
		e->filename.length = n - 1;
		if (n == RG_PATH_MAX)
			e->filename.flags = RG_STR_TRUNCATED;
		s->used = off + n - 1;
	}
	if (first != '/' && rg_settings.collect_cwd)
		put_base(s, &e->base, task, call.dirfd);
	if (rg_settings.collect_args) {
		w.s = s;
		w.argv = call.argv;
		w.compat = compat;
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

static __always_inline int from_tracepoint(struct trace_event_raw_sys_exit *ctx,
					   enum rg_program program)
{
	struct task_struct *task;

	if (ctx->ret >= 0)
		return 0;
	task = bpf_get_current_task_btf();
	return exec_failed(task, (struct pt_regs *)bpf_task_pt_regs(task), ctx->ret, false,
			   program);
}

SEC("tp/syscalls/sys_exit_execve")
int rg_execve_exit(struct trace_event_raw_sys_exit *ctx)
{
	return from_tracepoint(ctx, RG_PROGRAM_execve_exit);
}

SEC("tp/syscalls/sys_exit_execveat")
int rg_execveat_exit(struct trace_event_raw_sys_exit *ctx)
{
	return from_tracepoint(ctx, RG_PROGRAM_execveat_exit);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(rg_sys_exit, struct pt_regs *regs, long ret)
{
	struct task_struct *task;

	/* For every system call of the host: leave as early as can be. */
	if (ret >= 0 || ret < -4095)
		return 0;
	task = bpf_get_current_task_btf();
	return exec_failed(task, regs, ret, task->thread_info.status & TS_COMPAT,
			   RG_PROGRAM_sys_exit);
}

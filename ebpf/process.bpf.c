// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Life of processes and threads: exec, fork, exit.
 */
#include "ebpf/call.h"
#include "ebpf/task.h"
#include "ebpf/user_memory.h"

struct rg_env_map rg_env_names SEC(".maps");
struct rg_credentials_map rg_credentials_of SEC(".maps");

/* Sources of the few execs that are not a plain execve. The key is the thread, and an entry lives
 * from prepare_exec until the exec is done. */
struct {
	int (*type)[BPF_MAP_TYPE_LRU_HASH];
	int (*max_entries)[1024];
	__u32 *key;
	__u32 *value; /* enum rg_exec_source | RG_EXEC_COMPAT */
} rg_exec_sources SEC(".maps");

#define RG_EXEC_COMPAT 0x100

/* Runs past the point of no return, but before the new program's personality is set up. That step
 * overwrites the system call number in the saved registers with execve's, whatever the number
 * was. */
static __always_inline int note_exec_source(struct task_struct *task, enum rg_program program)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	__u32 source = RG_EXEC_KERNEL, tid = task->pid;
	bool compat = rg_is_compat(task);
	__u32 nr = rg_call_number(regs);

	if (rg_skip(task, program))
		return 0;
	if (rg_is_call(nr, compat, execve))
		source = RG_EXEC_EXECVE;
	else if (rg_is_call(nr, compat, execveat))
		source = RG_EXEC_EXECVEAT;
	if (source == RG_EXEC_EXECVE && !compat) {
		/* The absence of an entry stands for this source. There may be a stale entry of an
		 * exec by this thread id that died on its way. */
		if (bpf_map_lookup_elem(&rg_exec_sources, &tid))
			bpf_map_delete_elem(&rg_exec_sources, &tid);
		return 0;
	}
	if (compat)
		source |= RG_EXEC_COMPAT;
	bpf_map_update_elem(&rg_exec_sources, &tid, &source, BPF_ANY);
	return 0;
}

/* Kernels since 6.10 have this tracepoint. */
SEC("tp_btf/sched_prepare_exec")
int BPF_PROG(rg_prepare_exec, struct task_struct *task, struct linux_binprm *bprm)
{
	return note_exec_source(task, RG_PROGRAM_prepare_exec);
}

/* Older kernels have the function, into which 6.10 put the tracepoint. */
SEC("fentry/begin_new_exec")
int BPF_PROG(rg_begin_new_exec, struct linux_binprm *bprm)
{
	return note_exec_source(bpf_get_current_task_btf(), RG_PROGRAM_begin_new_exec);
}

static __always_inline void exec_source(struct rg_process *p, __u32 tid)
{
	__u32 *noted = bpf_map_lookup_elem(&rg_exec_sources, &tid);

	p->source = rg_shared.source_known ? RG_EXEC_EXECVE : RG_EXEC_UNKNOWN;
	if (!noted)
		return;
	p->source = *noted & ~RG_EXEC_COMPAT;
	if (*noted & RG_EXEC_COMPAT)
		p->flags |= RG_PROCESS_COMPAT;
	bpf_map_delete_elem(&rg_exec_sources, &tid);
}

/* The tracepoint fires once per exec that worked. Credentials, memory and file are the new
 * program's by then, and nothing of the program has run. Execs that fail earlier are in
 * exec_failed.h. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(rg_exec, struct task_struct *task, int old_tid, struct linux_binprm *bprm)
{
	struct mm_struct *mm;
	struct rg_process *p;
	struct rg_scratch *s;
	const char *filename, *interp;

	/* This record has the new program's credentials, so those that an older call left are out
	 * of date. */
	bpf_task_storage_delete(&rg_credentials_of, task);
	if (rg_skip(task, RG_PROGRAM_exec))
		return 0;
	s = rg_scratch_take(RG_KIND_process_exec, RG_PROGRAM_exec);
	if (!s)
		return 0;
	p = (struct rg_process *)s->record;
	__builtin_memset(p, 0, sizeof(*p));
	s->used = sizeof(*p);
	exec_source(p, old_tid);

	rg_fill_header(&p->hdr, RG_KIND_process_exec, task);
	if (old_tid != p->hdr.tid)
		p->old_tid = old_tid;
	p->argc = bprm->argc;
	p->envc = bprm->envc;
	rg_fill_credentials(p, task);
	rg_fill_session(s, p, task);
	mm = task->mm;
	rg_fill_executable(s, p, RG_READ(mm, exe_file));
	rg_fill_directories(s, p, task);
	rg_fill_stdio(p, task);

	filename = bprm->filename;
	interp = bprm->interp;
	rg_put_string(s, &p->filename, filename, RG_PATH_MAX);
	if (interp != filename) /* a script: the kernel put its interpreter here */
		rg_put_string(s, &p->interpreter, interp, RG_INTERP_MAX);

	if (rg_settings.collect_args)
		rg_put_range(s, &p->args, RG_READ(mm, arg_start), RG_READ(mm, arg_end),
			     bpf_probe_read_user);
	else
		p->flags |= RG_PROCESS_NO_ARGS;
	if (rg_settings.collect_env)
		rg_put_env(s, &p->env, mm);
	else
		p->flags |= RG_PROCESS_NO_ENV;
	rg_submit_process_exec(s);
	rg_scratch_put(s);
	return 0;
}

/* Runs in the creator. The child is complete and has not run. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(rg_fork, struct task_struct *task, struct task_struct *child)
{
	bool thread = child->pid != child->tgid;
	enum rg_kind kind = thread ? RG_KIND_thread_start : RG_KIND_process_fork;
	struct cgroup *cgrp;
	struct rg_scratch *s;
	struct rg_fork *f;

	if (thread && !rg_settings.threads)
		return 0;
	if (rg_skip(task, RG_PROGRAM_fork))
		return 0;
	s = rg_scratch_take(kind, RG_PROGRAM_fork);
	if (!s)
		return 0;
	f = (struct rg_fork *)s->record;
	__builtin_memset(f, 0, sizeof(*f));
	s->used = sizeof(*f);
	rg_fill_header(&f->hdr, kind, task);
	f->child_start_ns = child->group_leader->start_boottime;
	f->child_pid = child->tgid;
	f->child_tid = child->pid;
	f->child_ppid = child->real_parent->tgid;
	f->child_parent_start_ns = child->real_parent->group_leader->start_boottime;
	f->child_ns_pid = rg_ns_pid(child, NULL);
	rg_put_comm(f->child_comm, child);
	cgrp = child->cgroups->dfl_cgrp;
	f->child_cgroup_id = cgrp->kn->id;
	if (f->child_cgroup_id != f->hdr.cgroup_id) /* CLONE_INTO_CGROUP */
		rg_put_cgroup(s, &f->child_cgroup, cgrp);
	if (thread)
		rg_submit_thread_start(s);
	else
		rg_submit_process_fork(s);
	rg_scratch_put(s);
	return 0;
}

#define SIGNAL_GROUP_EXIT 0x00000004

/* Runs in the thread that exits, which still has its credentials. Kernels before 6.16 do not say
 * whether this thread is the last one. `live` does, but two threads that exit at one instant may
 * both read zero. Therefore the analyzer counts the process once. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(rg_exit, struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	bool last = signal->live.counter == 0;
	enum rg_kind kind = last ? RG_KIND_process_exit : RG_KIND_thread_exit;
	struct rg_scratch *s;
	struct rg_exit *e;

	if (!last && !rg_settings.threads)
		return 0;
	if (rg_skip(task, RG_PROGRAM_exit))
		return 0;
	s = rg_scratch_take(kind, RG_PROGRAM_exit);
	if (!s)
		return 0;
	e = (struct rg_exit *)s->record;
	__builtin_memset(e, 0, sizeof(*e));
	s->used = sizeof(*e);
	rg_fill_header(&e->hdr, kind, task);
	e->task_start_ns = task->start_boottime;
	/* wait(2) will return the status of the process's first thread, unless the whole group was
	 * made to exit. */
	if (signal->flags & SIGNAL_GROUP_EXIT)
		e->status = signal->group_exit_code;
	else if (last)
		e->status = task->group_leader->exit_code;
	else
		e->status = task->exit_code;
	if (last)
		rg_submit_process_exit(s);
	else
		rg_submit_thread_exit(s);
	rg_scratch_put(s);
	return 0;
}

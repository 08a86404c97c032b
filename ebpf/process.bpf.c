// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Life of processes and threads: exec, fork, exit.
 */
#include "ebpf/call.h"
#include "ebpf/task.h"
#include "ebpf/user_memory.h"

struct rg_env_map rg_env_names SEC(".maps");
struct rg_credentials_map rg_credentials_of SEC(".maps");

/* Facts about an exec that can be had only before the old program is gone. */
struct rg_exec_note {
	__u32 source; /* enum rg_exec_source | RG_EXEC_COMPAT */
	__u32 scripts;
	struct file *script[RG_SCRIPTS_MAX];
};
#define RG_EXEC_COMPAT 0x100

/* Notes on the few execs that are not a plain execve of a binary. The key is the thread, and an
 * entry lives from prepare_exec until the exec is done. */
struct {
	int (*type)[BPF_MAP_TYPE_LRU_HASH];
	int (*max_entries)[1024];
	__u32 *key;
	struct rg_exec_note *value;
} rg_exec_notes SEC(".maps");

/* --- scripts --------------------------------------------------------------------
 *
 * The kernel opens a script, finds in it the interpreter to execute instead, opens that and puts
 * the script down. No program of ours runs between these steps. But a file that is put down is
 * closed only when the task returns to user mode. Until then the file stands in the task's list of
 * work, and nobody else closes it. Files that were opened to be executed bear a mark that open(2)
 * cannot give. All such files in the list, at this moment of an exec, are its scripts. None is in
 * the list when a task enters the kernel, and the dynamic linker is not put down yet. */
#define RG_FMODE_EXEC 0x20 /* __FMODE_EXEC: in f_flags since the kernel opened the file */
#define RG_WORKS_MAX  64

struct rg_works {
	struct callback_head *work;
	struct rg_exec_note *note;
};

static __always_inline void add_script(struct rg_exec_note *note, struct file *file)
{
	/* The list begins with the last one. */
	for (int i = RG_SCRIPTS_MAX - 1; i > 0; i--)
		note->script[i] = note->script[i - 1];
	note->script[0] = file;
	if (note->scripts < RG_SCRIPTS_MAX)
		note->scripts++;
}

static long add_script_of_work(__u32 i, struct rg_works *w)
{
	struct callback_head *work = w->work;
	struct file *file = rg_file_of_work(work);
	struct inode *inode = RG_READ(file, f_inode);

	if (!work || !file)
		return 1;
	/* Work that is not a file's has no inode that is that of its dentry. */
	if ((RG_READ(file, f_flags) & RG_FMODE_EXEC) && inode &&
	    inode == RG_READ(file, f_path.dentry, d_inode))
		add_script(w->note, file);
	w->work = RG_READ(work, next);
	return 0;
}

static __always_inline void note_scripts(struct task_struct *task, struct linux_binprm *bprm,
					 struct rg_exec_note *note)
{
	struct rg_works w = {task->task_works, note};

	bpf_loop(RG_WORKS_MAX, add_script_of_work, &w, 0);
	/* binfmt_misc may keep the file that it hands to its interpreter. */
	if (bprm->executable && note->scripts < RG_SCRIPTS_MAX) {
		for (int i = 0; i < RG_SCRIPTS_MAX; i++) {
			if (i == note->scripts)
				note->script[i] = bprm->executable;
		}
		note->scripts++;
	}
}

struct rg_script_step {
	struct rg_scratch *s;
	__u32 count;
};

static long put_script(__u32 i, struct rg_script_step *step)
{
	struct rg_scratch *s = step->s;
	struct rg_script *out;
	struct inode *inode;
	struct file *file;
	__u32 flags;

	if (i >= step->count || i >= RG_SCRIPTS_MAX)
		return 1;
	out = (struct rg_script *)(s->record + sizeof(struct rg_process)) + i;
	file = s->scripts[i];
	inode = RG_READ(file, f_inode);
	out->inode = RG_READ(inode, i_ino);
	out->mode = RG_READ(inode, i_mode);
	out->uid = RG_READ(inode, i_uid.val);
	out->gid = RG_READ(inode, i_gid.val);
	out->dev = rg_device_of(inode);
	flags = rg_walk(s, (void *)file + bpf_core_field_offset(struct file, f_path));
	/* The longest record has room for one long path and for short ones. */
	if (i > 0 && s->text < RG_PATH_MAX - RG_INTERP_MAX) {
		s->text = RG_PATH_MAX - RG_INTERP_MAX;
		flags |= RG_STR_TRUNCATED;
	}
	rg_put_walked(s, &out->path, flags);
	if (flags & RG_STR_MEMFD)
		out->flags |= RG_SCRIPT_MEMFD;
	if (RG_READ(inode, i_nlink) == 0 || (flags & RG_STR_DELETED))
		out->flags |= RG_SCRIPT_UNLINKED;
	return 0;
}

/* The table of scripts stands directly behind the body. */
static __always_inline void put_scripts(struct rg_scratch *s, struct rg_process *p, __u32 count)
{
	struct rg_script_step step = {s, count};

	if (!count || count > RG_SCRIPTS_MAX)
		return;
	__builtin_memset(p + 1, 0, RG_SCRIPTS_MAX * sizeof(struct rg_script));
	p->scripts = sizeof(*p);
	p->script_count = count;
	s->used = sizeof(*p) + count * sizeof(struct rg_script);
	bpf_loop(RG_SCRIPTS_MAX, put_script, &step, 0);
}

/* --- exec ----------------------------------------------------------------------- */

/* Runs past the point of no return, but before the new program's personality is set up. That step
 * overwrites the system call number in the saved registers with execve's, whatever the number
 * was. */
static __always_inline int note_exec(struct task_struct *task, struct linux_binprm *bprm,
				     enum rg_program program)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct rg_exec_note note = {.source = RG_EXEC_KERNEL};
	__u32 tid = task->pid;
	bool compat = rg_is_compat(task);
	__u32 nr = rg_call_number(regs);

	if (rg_skip(task, program))
		return 0;
	if (rg_is_call(nr, compat, execve))
		note.source = RG_EXEC_EXECVE;
	else if (rg_is_call(nr, compat, execveat))
		note.source = RG_EXEC_EXECVEAT;
	if (bprm->interp != bprm->filename)
		note_scripts(task, bprm, &note);
	if (note.source == RG_EXEC_EXECVE && !compat && !note.scripts) {
		/* The absence of an entry stands for this. There may be a stale entry of an exec
		 * by this thread id that died on its way. */
		if (bpf_map_lookup_elem(&rg_exec_notes, &tid))
			bpf_map_delete_elem(&rg_exec_notes, &tid);
		return 0;
	}
	if (compat)
		note.source |= RG_EXEC_COMPAT;
	bpf_map_update_elem(&rg_exec_notes, &tid, &note, BPF_ANY);
	return 0;
}

/* Kernels since 6.10 have this tracepoint. */
SEC("tp_btf/sched_prepare_exec")
int BPF_PROG(rg_prepare_exec, struct task_struct *task, struct linux_binprm *bprm)
{
	return note_exec(task, bprm, RG_PROGRAM_prepare_exec);
}

/* Older kernels have the function, into which 6.10 put the tracepoint. */
SEC("fentry/begin_new_exec")
int BPF_PROG(rg_begin_new_exec, struct linux_binprm *bprm)
{
	return note_exec(bpf_get_current_task_btf(), bprm, RG_PROGRAM_begin_new_exec);
}

/* Takes the note on the exec, and returns how many scripts are now in s->scripts. */
static __always_inline __u32 take_note(struct rg_scratch *s, struct rg_process *p, __u32 tid)
{
	struct rg_exec_note *note = bpf_map_lookup_elem(&rg_exec_notes, &tid);
	__u32 scripts;

	p->source = rg_shared.source_known ? RG_EXEC_EXECVE : RG_EXEC_UNKNOWN;
	if (!note)
		return 0;
	p->source = note->source & ~RG_EXEC_COMPAT;
	if (note->source & RG_EXEC_COMPAT)
		p->flags |= RG_PROCESS_COMPAT;
	scripts = note->scripts;
	for (int i = 0; i < RG_SCRIPTS_MAX; i++)
		s->scripts[i] = note->script[i];
	bpf_map_delete_elem(&rg_exec_notes, &tid);
	return scripts;
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
	put_scripts(s, p, take_note(s, p, old_tid));

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

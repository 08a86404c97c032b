// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * The processes that are alive when a session begins. The collector reads them from an iterator,
 * once per connection and without privilege.
 */
#include "ebpf/task.h"

/* One block suffices: the collector has one thread, so only one iterator runs at a time. */
struct rg_scratch_map rg_iter_scratch SEC(".maps");

/* Ended threads that a process can have before its first living one. Only the first thread stays
 * when it has ended; each other one is in the list until it is through with its end. */
#define RG_ENDED_MAX 64

/* Does the process have one record, and is it this thread's? It is the first thread's, unless that
 * has ended: then it has no memory, no folders and no namespaces, and its credentials are those of
 * its end. The next thread that lives has them all. */
static __always_inline bool rg_stands_for_process(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader, *thread;
	struct list_head *node = RG_READ(leader, thread_node.next);

	if (task->flags & PF_EXITING)
		return false;
	if (task->pid == task->tgid)
		return true;
	if (!(leader->flags & PF_EXITING))
		return false;
	for (int i = 0; i < RG_ENDED_MAX; i++) {
		thread = (void *)node - bpf_core_field_offset(struct task_struct, thread_node);
		if (!(RG_READ(thread, flags) & PF_EXITING))
			return RG_READ(thread, pid) == task->pid;
		node = RG_READ(thread, thread_node.next);
	}
	return false;
}

/* The iterator is not sleepable and reads no arguments. Reading another process's memory faults its
 * pages in, and the server of those pages, such as a FUSE daemon, could let the reader wait for
 * ever.
 *
 * The process may exec or exit meanwhile and free the objects that hang on its task. Therefore the
 * pointers are read again at the end: as long as a task holds them, their objects are alive. If
 * they have changed, the record holds only what hangs on no such object. */
SEC("iter/task")
int rg_task_iter(struct bpf_iter__task *ctx)
{
	struct rg_program_counters *c = &rg_counters()->programs[RG_PROGRAM_task_iter];
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct file *exe = NULL;
	struct nsproxy *nsproxy;
	struct mm_struct *mm;
	struct rg_process *p;
	struct rg_scratch *s;
	struct fs_struct *fs;
	__u32 zero = 0, size;

	if (!task || !rg_stands_for_process(task))
		return 0;
	rg_count(&c->runs);
	s = bpf_map_lookup_elem(&rg_iter_scratch, &zero);
	if (!s)
		return 0;
	p = (struct rg_process *)s->record;
	__builtin_memset(p, 0, sizeof(*p));
	s->used = sizeof(*p);

	mm = RG_READ(task, mm);
	fs = RG_READ(task, fs);
	nsproxy = RG_READ(task, nsproxy);
	if (mm)
		exe = RG_READ(mm, exe_file);

	rg_fill_header(&p->hdr, RG_KIND_process_snapshot, task);
	p->flags = RG_PROCESS_NO_ENV | RG_PROCESS_NO_ARGS;
	if (task->flags & PF_KTHREAD)
		p->flags |= RG_PROCESS_KERNEL_THREAD;
	rg_fill_credentials(p, task);
	rg_fill_session(s, p, task);
	rg_fill_directories(s, p, task);
	rg_fill_executable(s, p, exe);
	if (mm != RG_READ(task, mm) || fs != RG_READ(task, fs) ||
	    nsproxy != RG_READ(task, nsproxy) || (mm && exe != RG_READ(mm, exe_file))) {
		/* The bytes read may be anything. Left out, a process that changes all the time
		 * would count as ended. */
		__builtin_memset(p, 0, sizeof(*p));
		s->used = sizeof(*p);
		rg_fill_header(&p->hdr, RG_KIND_process_snapshot, task);
		p->flags = RG_PROCESS_NO_ENV | RG_PROCESS_NO_ARGS | RG_PROCESS_NO_CWD;
		rg_fill_credentials(p, task);
	}
	size = rg_finish(s);
	if (size > RG_RECORD_MAX)
		return 0;
	bpf_seq_write(seq, s->record, size);
	return 0;
}

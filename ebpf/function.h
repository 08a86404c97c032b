/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Programs on functions of the kernel. The function has the objects, and returns the result. The
 * rest is in the saved registers of the system call that the task is in: its number, and arguments
 * such as a descriptor. A call that the kernel never made reaches no function.
 */
#ifndef RG_EBPF_FUNCTION_H
#define RG_EBPF_FUNCTION_H

#include "ebpf/file.h"

#define PF_IO_WORKER   0x00000010
#define PF_USER_WORKER 0x00004000

#define NR_IO_URING_ENTER 426 /* on every architecture, and in every table */

/* The result of the function that has just returned, however many arguments it has. */
static __always_inline long rg_result(void *ctx)
{
	__u64 result = 0;

	bpf_get_func_ret(ctx, &result);
	return result;
}

/* The call that the task is in, or 0: none, or one that is not in calls.def. */
static __always_inline __u16 rg_current_call(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	__u32 nr = rg_call_number(regs);

	if (task->flags & (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER) || nr >= RG_CALL_NUMBERS)
		return 0;
	return rg_calls_by_number[rg_is_compat(task)][nr & (RG_NUMBER_ROW - 1)];
}

/* The task is in a call with the operation of `like`: its own call and arguments go to `c`. If it
 * is in another one, io_uring or the kernel itself does what `like` does (*flags say so), and the
 * caller fills in the arguments. False: the plan does not want it. */
static __always_inline bool rg_find_call(struct rg_call_args *c, __u16 *flags,
					 struct task_struct *task, __u16 like, __u32 like_number)
{
	struct pt_regs *regs;
	bool compat;
	__u32 nr;
	__u16 call;

	if (!(task->flags & (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER))) {
		regs = (struct pt_regs *)bpf_task_pt_regs(task);
		nr = rg_call_number(regs);
		compat = rg_is_compat(task);
		call = nr < RG_CALL_NUMBERS ? rg_calls_by_number[compat][nr & (RG_NUMBER_ROW - 1)]
					    : 0;
		/* Kind and operation: truncate(2) may copy a file up. */
		if (call && rg_layout_of(call)->operation == rg_layout_of(like)->operation &&
		    rg_layout_of(call)->kind == rg_layout_of(like)->kind) {
			c->call = call;
			c->compat = compat;
			rg_read_args(c, regs);
			return rg_settings.calls[compat][nr & (RG_CALL_NUMBERS - 1)];
		}
		*flags = nr == NR_IO_URING_ENTER ? RG_FILE_IO_URING : RG_FILE_KERNEL;
	} else {
		*flags = task->flags & PF_KTHREAD ? RG_FILE_KERNEL : RG_FILE_IO_URING;
	}
	c->call = like;
	return rg_settings.calls[0][like_number & (RG_CALL_NUMBERS - 1)];
}

/* Takes scratch memory for an act that a function has done. NULL: there is nothing to report. */
static __always_inline struct rg_scratch *rg_function_act(enum rg_program program, __u16 like,
							  __u32 like_number, long result)
{
	struct rg_call_args c;
	struct rg_scratch *s;
	__u16 flags = 0;

	__builtin_memset(&c, 0, sizeof(c));
	if (!rg_find_call(&c, &flags, bpf_get_current_task_btf(), like, like_number))
		return NULL;
	c.result = rg_result_seen(result);
	s = rg_act_begin(&c, program);
	if (!s)
		return NULL;
	s->act.flags = flags;
	s->act.function = true;
	return s;
}

/* Is it io_uring's or the kernel's own? Then the registers hold other arguments. */
static __always_inline bool rg_is_own_call(struct rg_file_act *a)
{
	return !(a->flags & (RG_FILE_IO_URING | RG_FILE_KERNEL));
}

#endif /* RG_EBPF_FUNCTION_H */

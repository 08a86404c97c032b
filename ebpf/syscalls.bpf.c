// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * System calls, when they return. By then the result is known, the arguments are still in the saved
 * registers, and the kernel has just read the memory that they point to.
 *
 * One program serves all calls. Where the host allows it, the program follows the kernel's own
 * function of each call that is looked at: other calls cost nothing, and nobody can make up a
 * result. Elsewhere it is on the raw tracepoint at the exit of all calls, which needs no tracefs
 * and sees both tables of system calls. A call that is not looked at costs a look into each table
 * there.
 */
#include "ebpf/call.h"
#include "ebpf/attributes.h"
#include "ebpf/behaviour.h"
#include "ebpf/exec_failed.h"
#include "ebpf/file.h"
#include "ebpf/function.h"
#include "ebpf/socket_calls.h"

/* `call` of that table has returned. */
static __always_inline int rg_call_returned(struct pt_regs *regs, long ret, __u16 call, bool compat)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *file = NULL;
	struct rg_call_args c;
	enum rg_handler handler;

	__builtin_memset(&c, 0, sizeof(c)); /* its padding too: global functions want it whole */
	c.call = call;
	c.compat = compat;
	c.result = rg_result_seen(ret);
	handler = rg_layout_of(call)->handler;
	if (handler == RG_HANDLER_exec_failed && ret >= 0)
		return 0;
	if (rg_skip(task, rg_call_program()))
		return 0;
	rg_read_args(&c, regs);
	switch (handler) {
	case RG_HANDLER_exec_failed:
		return exec_failed(task, &c);
	case RG_HANDLER_file:
		if (rg_is_attribute_reported(task, call))
			return 0;
		return rg_find_file(task, &c, &file) ? file_call(&c, file) : 0;
	case RG_HANDLER_network:
		return socket_call(task, &c);
	case RG_HANDLER_credentials:
		return rg_credentials_call(&c);
	case RG_HANDLER_behaviour:
		return rg_behaviour_call(&c);
	}
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(rg_sys_exit, struct pt_regs *regs, long ret)
{
	__u32 nr = rg_call_number(regs);
	struct task_struct *task;
	__u16 call;
	bool compat;

	if (nr >= RG_CALL_NUMBERS)
		return 0;
	/* Most calls are in neither table. They pay for this test alone, which calls nothing. */
	if (!(rg_settings.exit_calls[0][nr & (RG_CALL_NUMBERS - 1)] |
	      rg_settings.exit_calls[1][nr & (RG_CALL_NUMBERS - 1)]))
		return 0;
	task = bpf_get_current_task_btf();
	compat = rg_is_compat(task);
	if (rg_is_x32(regs) && (compat || ret == -ENOSYS))
		return 0; /* there is no such call */
	call = rg_settings.exit_calls[compat][nr & (RG_CALL_NUMBERS - 1)];
	return call ? rg_call_returned(regs, ret, call, compat) : 0;
}

/* The child of clone(2) and clone3(2) does not return from their functions. Its new namespaces
 * are reported by the child, because they are its own. */
SEC("?fexit/schedule_tail")
int BPF_PROG(rg_call_child)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs;
	struct rg_call_args c;
	__u32 nr;

	if (task->flags & (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER))
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	nr = rg_call_number(regs);
	__builtin_memset(&c, 0, sizeof(c));
	c.compat = rg_is_compat(task);
	if (!rg_is_call(nr, c.compat, clone) && !rg_is_call(nr, c.compat, clone3))
		return 0;
	c.call = rg_settings.exit_calls[c.compat][nr & (RG_CALL_NUMBERS - 1)];
	if (!c.call || rg_skip(task, RG_PROGRAM_call_child))
		return 0;
	rg_read_args(&c, regs);
	return rg_behaviour_call(&c);
}

/* A program on a function of the kernel is loaded once for each function. So what the collector
 * loads for each is <name>_function alone, which jumps to <name>: that is checked once. A jump
 * takes functions whose arguments have the same types and names. There are two kinds of them,
 * because the kernel calls the argument otherwise where a call may be left out of the build. Which
 * call it is comes from the function's own link, not from registers that a tracer may have changed
 * while the task was stopped in exec or clone. */
#define RG_CALL_PROGRAMS(name)                                                                     \
	struct {                                                                                   \
		int (*type)[BPF_MAP_TYPE_PROG_ARRAY];                                              \
		int (*max_entries)[1];                                                             \
		__u32 *key;                                                                        \
		__u32 *value;                                                                      \
	} name##_target SEC(".maps");                                                              \
                                                                                                   \
	SEC("?fexit/" RG_FUNCTION_OF_BPF)                                                          \
	int BPF_PROG(name, struct pt_regs *regs, long ret)                                         \
	{                                                                                          \
		__u64 cookie = bpf_get_attach_cookie(ctx);                                         \
                                                                                                   \
		return rg_call_returned(regs, ret, cookie & 255, cookie >> 8 & 1);                 \
	}                                                                                          \
                                                                                                   \
	SEC("?fexit/" RG_FUNCTION_OF_BPF)                                                          \
	int name##_function(void *ctx)                                                             \
	{                                                                                          \
		bpf_tail_call(ctx, &name##_target, 0);                                             \
		return 0;                                                                          \
	}
RG_CALL_PROGRAMS(rg_call)
RG_CALL_PROGRAMS(rg_call_other)

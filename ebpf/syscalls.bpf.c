// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * System calls, when they return. By then the result is known, the arguments are still in the saved
 * registers, and the kernel has just read the memory that they point to.
 *
 * One program serves all calls, on the raw tracepoint. The program needs no tracefs and sees both
 * tables of system calls. A call that is not looked at costs a look into each table.
 */
#include "ebpf/call.h"
#include "ebpf/behaviour.h"
#include "ebpf/exec_failed.h"
#include "ebpf/file.h"
#include "ebpf/socket_calls.h"

SEC("tp_btf/sys_exit")
int BPF_PROG(rg_sys_exit, struct pt_regs *regs, long ret)
{
	__u32 nr = rg_call_number(regs);
	struct file *file = NULL;
	struct task_struct *task;
	struct rg_call_args c;
	enum rg_handler handler;
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
	if (!call)
		return 0;
	__builtin_memset(&c, 0, sizeof(c)); /* its padding too: global functions want it whole */
	c.call = call;
	c.compat = compat;
	c.result = rg_result_seen(ret);
	handler = rg_layout_of(call)->handler;
	if (handler == RG_HANDLER_exec_failed && ret >= 0)
		return 0;
	if (rg_skip(task, RG_PROGRAM_sys_exit))
		return 0;
	rg_read_args(&c, regs);
	switch (handler) {
	case RG_HANDLER_exec_failed:
		return exec_failed(task, &c);
	case RG_HANDLER_file:
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

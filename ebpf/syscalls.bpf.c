// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * System calls, when they return: the result is known, the arguments are still in
 * the saved registers and what they point to has just been read by the kernel.
 *
 * One program for all of them, on the raw tracepoint: it needs no tracefs, sees
 * both system call tables, and costs a call that is not looked at one table
 * lookup.
 */
#include "ebpf/call.h"
#include "ebpf/exec_failed.h"
#include "ebpf/file.h"

SEC("tp_btf/sys_exit")
int BPF_PROG(rg_sys_exit, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rg_call_args c;
	__u64 nr = regs->orig_ax;

	if (nr >= RG_CALL_NUMBERS)
		return 0;
	c.compat = task->thread_info.status & TS_COMPAT;
	c.call = rg_settings.calls[c.compat][nr & (RG_CALL_NUMBERS - 1)];
	if (!c.call)
		return 0;
	c.result = ret;
	if (c.call <= RG_CALL_execveat && ret >= 0)
		return 0;
	if (rg_skip(task, RG_PROGRAM_sys_exit))
		return 0;
	rg_read_args(&c, regs);
	if (c.call <= RG_CALL_execveat)
		return exec_failed(task, &c);
	return file_call(task, &c);
}

/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * x86-64, with its tables of system calls: of 64-bit programs, of 32-bit ones (compat) and x32.
 */
#ifndef RG_EBPF_ARCH_X86_64_H
#define RG_EBPF_ARCH_X86_64_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
	unsigned long bp;
	unsigned long r8;
	unsigned long r9;
	unsigned long r10;
	unsigned long bx;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
};

struct thread_info {
	__u32 status;
};

#pragma clang attribute pop

#define TS_COMPAT 0x0002

/* Did the task's system call come through the table of 32-bit programs? This is a macro, so that
 * the load is from the task itself, whose type the verifier knows. */
#define rg_is_compat(task) (((task)->thread_info.status & TS_COMPAT) != 0)

/* __X32_SYSCALL_BIT: set in the numbers of the third table, x32, where the kernel has it
 * (Debian's do not). All but its last few numbers are the 64-bit table's. */
#define RG_X32_BIT 0x40000000u

/* The number of the call that the task is in. The kernel goes by the lower half of rax, and a
 * program may put anything into the upper half. */
static __always_inline __u32 rg_call_number(struct pt_regs *regs)
{
	return (__u32)regs->orig_ax & ~RG_X32_BIT;
}

static __always_inline bool rg_is_x32(struct pt_regs *regs)
{
	return (__u32)regs->orig_ax & RG_X32_BIT;
}

/* The kernel's entry code saved these registers, and a call cannot change them on its way. */
static __always_inline void rg_read_registers(__u64 args[6], struct pt_regs *regs, bool compat)
{
	args[0] = compat ? (__u32)regs->bx : regs->di;
	args[1] = compat ? (__u32)regs->cx : regs->si;
	args[2] = compat ? (__u32)regs->dx : regs->dx;
	args[3] = compat ? (__u32)regs->si : regs->r10;
	args[4] = compat ? (__u32)regs->di : regs->r8;
	args[5] = compat ? (__u32)regs->bp : regs->r9;
}

/* Programs for the functions of calls are checked with this one, as the kernel has it for certain.
 */
#define RG_FUNCTION_OF_BPF "__x64_sys_bpf"

/* socketcall and old_mmap have their arguments in the memory of a 32-bit program. The offset of
 * old_mmap counts bytes, that of the newer call counts pages. */
typedef __u32 rg_memory_arg;
#define RG_OLD_MMAP_PAGE_SHIFT 12

#endif /* RG_EBPF_ARCH_X86_64_H */

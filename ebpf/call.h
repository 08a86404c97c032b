/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * A system call that has returned, whichever table it came through, and what its
 * descriptors stand for.
 */
#ifndef RG_EBPF_CALL_H
#define RG_EBPF_CALL_H

#include "ebpf/descriptors.h"

#define AT_FDCWD -100

/* Set in the numbers of the third table, x32, where the kernel has it (Debian's do not): all but
 * its last few numbers are the 64-bit table's. */
#define RG_X32_BIT 0x40000000u

#define EINTR		      4
#define ENOSYS		      38
#define ERESTARTSYS	      512
#define ERESTART_RESTARTBLOCK 516

/* Of the call the task is in. The kernel goes by the lower half of rax; a program may put into the
 * upper one what it likes. */
static __always_inline __u32 rg_call_number(struct pt_regs *regs)
{
	return (__u32)regs->orig_ax & ~RG_X32_BIT;
}

struct rg_call_args {
	__u64 args[6];
	long result;
	__u16 call; /* enum rg_call */
	bool compat;
};

static __always_inline void rg_read_args(struct rg_call_args *c, struct pt_regs *regs)
{
	/* The kernel's entry code put them there; a call cannot change them on its way. */
	c->args[0] = c->compat ? (__u32)regs->bx : regs->di;
	c->args[1] = c->compat ? (__u32)regs->cx : regs->si;
	c->args[2] = c->compat ? (__u32)regs->dx : regs->dx;
	c->args[3] = c->compat ? (__u32)regs->si : regs->r10;
	c->args[4] = c->compat ? (__u32)regs->di : regs->r8;
	c->args[5] = c->compat ? (__u32)regs->bp : regs->r9;
}

/* The directory that relative names start from, or NULL. */
static __always_inline struct path *rg_directory(struct task_struct *task, __s32 dirfd)
{
	struct file *file;

	if (dirfd == AT_FDCWD)
		return (void *)RG_READ(task, fs) + bpf_core_field_offset(struct fs_struct, pwd);
	file = rg_file_of(task, dirfd);
	return file ? (void *)file + bpf_core_field_offset(struct file, f_path) : NULL;
}

#endif /* RG_EBPF_CALL_H */

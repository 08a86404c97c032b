// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * What system calls alone do not tell: modules by their name, and requests to
 * io_uring, which pass every system call hook by.
 */
#include "ebpf/call.h"
#include "ebpf/task.h"

#define NR_INIT_MODULE	      175 /* x86-64 */
#define NR_FINIT_MODULE	      313
#define NR_DELETE_MODULE      176
#define NR_IA32_INIT_MODULE   128
#define NR_IA32_FINIT_MODULE  350
#define NR_IA32_DELETE_MODULE 129

#define RG_MODULE_NAME_MAX 64

static __always_inline struct rg_conduct *begin(struct rg_scratch *s, enum rg_kind kind,
						struct task_struct *task)
{
	struct rg_conduct *r = (struct rg_conduct *)s->record;

	__builtin_memset(r, 0, sizeof(*r));
	s->used = sizeof(*r);
	rg_fill_header(&r->hdr, kind, task);
	rg_pad_comm(r->hdr.comm);
	return r;
}

/* The system call that the task is in, if it is about modules. */
static __always_inline __u16 module_call(struct rg_call_args *c, struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	__u64 nr = regs->orig_ax;

	if (task->flags & PF_KTHREAD)
		return 0;
	c->compat = task->thread_info.status & TS_COMPAT;
	rg_read_args(c, regs);
	if (nr == (c->compat ? NR_IA32_FINIT_MODULE : NR_FINIT_MODULE))
		return RG_CALL_finit_module;
	if (nr == (c->compat ? NR_IA32_INIT_MODULE : NR_INIT_MODULE))
		return RG_CALL_init_module;
	if (nr == (c->compat ? NR_IA32_DELETE_MODULE : NR_DELETE_MODULE))
		return RG_CALL_delete_module;
	return 0;
}

static __always_inline void put_module(struct rg_scratch *s, struct rg_conduct *r,
				       struct module *mod)
{
	rg_put_string(s, &r->name, (void *)mod + bpf_core_field_offset(struct module, name),
		      RG_MODULE_NAME_MAX);
}

/* In the loader, when the module is linked in and its init function has not run. */
SEC("tp_btf/module_load")
int BPF_PROG(rg_module_load, void *mod)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rg_call_args c = {};
	struct rg_conduct *r;
	struct rg_scratch *s;

	if (rg_skip(task, RG_PROGRAM_module_load))
		return 0;
	s = rg_scratch_take(RG_KIND_module_load, RG_PROGRAM_module_load);
	if (!s)
		return 0;
	r = begin(s, RG_KIND_module_load, task);
	r->call = module_call(&c, task);
	if (c.compat)
		r->flags |= RG_CONDUCT_COMPAT;
	put_module(s, r, mod);
	if (r->call == RG_CALL_finit_module) {
		struct file *file = rg_file_of(task, c.args[0]);

		r->args[0] = c.args[0];
		r->args[2] = c.args[2];
		rg_put_user_string(s, &r->name2, (void *)c.args[1]);
		if (file)
			rg_put_path(s, &r->path,
				    (void *)file + bpf_core_field_offset(struct file, f_path));
	} else if (r->call == RG_CALL_init_module) {
		r->args[1] = c.args[1];
		rg_put_user_string(s, &r->name2, (void *)c.args[2]);
	}
	rg_submit_module_load(s);
	rg_scratch_put(s);
	return 0;
}

/* When a module is taken apart: unloaded, or its init function has failed. */
SEC("tp_btf/module_free")
int BPF_PROG(rg_module_free, void *mod)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rg_call_args c = {};
	struct rg_conduct *r;
	struct rg_scratch *s;

	if (rg_skip(task, RG_PROGRAM_module_free))
		return 0;
	s = rg_scratch_take(RG_KIND_module_unload, RG_PROGRAM_module_free);
	if (!s)
		return 0;
	r = begin(s, RG_KIND_module_unload, task);
	r->call = module_call(&c, task);
	if (c.compat)
		r->flags |= RG_CONDUCT_COMPAT;
	if (r->call == RG_CALL_delete_module)
		r->args[1] = c.args[1];
	put_module(s, r, mod);
	rg_submit_module_unload(s);
	rg_scratch_put(s);
	return 0;
}

/* --- io_uring ----------------------------------------------------------------- */

/* From the kernel's user interface. */
#define IORING_OP_CONNECT   16
#define IORING_OP_OPENAT    18
#define IORING_OP_OPENAT2   28
#define IORING_OP_RENAMEAT  35
#define IORING_OP_UNLINKAT  36
#define IORING_OP_MKDIRAT   37
#define IORING_OP_SYMLINKAT 38
#define IORING_OP_LINKAT    39

/* The name as the kernel has copied it. */
static __always_inline void put_filename(struct rg_scratch *s, struct rg_str *out,
					 struct filename *filename)
{
	rg_put_string(s, out, BPF_CORE_READ(filename, name), RG_PATH_MAX);
}

/* In the thread that submits, or the kernel's that polls for it; the request is complete
 * and has not been carried out. Its result is in a ring of the program's own. */
static __always_inline int io_uring_request(void *request, enum rg_program program)
{
	struct task_struct *task = bpf_get_current_task_btf();
	/* No verifier's type: it changes with the kernel. */
	__u8 opcode = BPF_CORE_READ((struct io_kiocb *)request, opcode);
	struct rg_conduct *r;
	struct rg_scratch *s;

	if (opcode != IORING_OP_CONNECT && opcode != IORING_OP_OPENAT &&
	    opcode != IORING_OP_OPENAT2 &&
	    (opcode < IORING_OP_RENAMEAT || opcode > IORING_OP_LINKAT))
		return 0;
	if (rg_skip(task, program))
		return 0;
	s = rg_scratch_take(RG_KIND_io_uring_operation, program);
	if (!s)
		return 0;
	r = begin(s, RG_KIND_io_uring_operation, task);
	r->args[0] = opcode;
	switch (opcode) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2: {
		struct io_open *open = request;

		r->args[1] = BPF_CORE_READ(open, dfd);
		r->args[2] = BPF_CORE_READ(open, how.flags);
		put_filename(s, &r->name, BPF_CORE_READ(open, filename));
		break;
	}
	case IORING_OP_RENAMEAT: {
		struct io_rename *rename = request;

		r->args[1] = BPF_CORE_READ(rename, old_dfd);
		r->args[2] = BPF_CORE_READ(rename, flags);
		r->args[3] = BPF_CORE_READ(rename, new_dfd);
		put_filename(s, &r->name, BPF_CORE_READ(rename, oldpath));
		put_filename(s, &r->name2, BPF_CORE_READ(rename, newpath));
		break;
	}
	case IORING_OP_UNLINKAT: {
		struct io_unlink *unlink = request;

		r->args[1] = BPF_CORE_READ(unlink, dfd);
		r->args[2] = BPF_CORE_READ(unlink, flags);
		put_filename(s, &r->name, BPF_CORE_READ(unlink, filename));
		break;
	}
	case IORING_OP_MKDIRAT: {
		struct io_mkdir *mkdir = request;

		r->args[1] = BPF_CORE_READ(mkdir, dfd);
		put_filename(s, &r->name, BPF_CORE_READ(mkdir, filename));
		break;
	}
	case IORING_OP_SYMLINKAT:
	case IORING_OP_LINKAT: {
		struct io_link *link = request;

		r->args[1] = BPF_CORE_READ(link, old_dfd);
		r->args[2] = BPF_CORE_READ(link, flags);
		r->args[3] = BPF_CORE_READ(link, new_dfd);
		put_filename(s, &r->name, BPF_CORE_READ(link, oldpath));
		put_filename(s, &r->name2, BPF_CORE_READ(link, newpath));
		break;
	}
	default:
		break;
	}
	rg_submit_io_uring_operation(s);
	rg_scratch_put(s);
	return 0;
}

/* Since 6.3. */
SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(rg_io_uring_submit_req, void *request)
{
	return io_uring_request(request, RG_PROGRAM_io_uring_submit_req);
}

/* Its name before. */
SEC("tp_btf/io_uring_submit_sqe")
int BPF_PROG(rg_io_uring_submit_sqe, void *request)
{
	return io_uring_request(request, RG_PROGRAM_io_uring_submit_sqe);
}

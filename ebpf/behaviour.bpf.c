// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Kernel modules that are loaded and taken apart. The tracepoints know a module's name; the calls
 * that load one have an image or a descriptor instead.
 */
#include "ebpf/call.h"
#include "ebpf/task.h"

#define RG_MODULE_NAME_MAX 64

/* The call on modules that the task is in, or 0. The kernel may also load one on a thread of its
 * own. */
static __always_inline __u16 module_call(struct rg_call_args *c, struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	__u32 nr = rg_call_number(regs);

	if (task->flags & PF_KTHREAD)
		return 0;
	c->compat = rg_is_compat(task);
	rg_read_args(c, regs);
	if (rg_is_call(nr, c->compat, finit_module))
		return RG_CALL_finit_module;
	if (rg_is_call(nr, c->compat, init_module))
		return RG_CALL_init_module;
	if (rg_is_call(nr, c->compat, delete_module))
		return RG_CALL_delete_module;
	return 0;
}

static __always_inline void put_module(struct rg_scratch *s, struct rg_behaviour *r,
				       struct module *mod)
{
	rg_put_string(s, &r->name, (void *)mod + bpf_core_field_offset(struct module, name),
		      RG_MODULE_NAME_MAX);
}

/* The tracepoint fires in the loader: the module is linked in, and its init function has not
 * run. */
SEC("tp_btf/module_load")
int BPF_PROG(rg_module_load, void *mod)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rg_call_args c = {};
	struct rg_behaviour *r;
	struct rg_scratch *s;

	if (rg_skip(task, RG_PROGRAM_module_load))
		return 0;
	s = rg_scratch_take(RG_KIND_module_load, RG_PROGRAM_module_load);
	if (!s)
		return 0;
	r = rg_begin_behaviour(s, RG_KIND_module_load, task);
	r->call = module_call(&c, task);
	if (c.compat)
		r->flags |= RG_BEHAVIOUR_COMPAT;
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

/* The tracepoint fires when a module is taken apart. That happens also after its init function has
 * failed. */
SEC("tp_btf/module_free")
int BPF_PROG(rg_module_free, void *mod)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rg_call_args c = {};
	struct rg_behaviour *r;
	struct rg_scratch *s;

	if (rg_skip(task, RG_PROGRAM_module_free))
		return 0;
	s = rg_scratch_take(RG_KIND_module_unload, RG_PROGRAM_module_free);
	if (!s)
		return 0;
	r = rg_begin_behaviour(s, RG_KIND_module_unload, task);
	r->call = module_call(&c, task);
	if (c.compat)
		r->flags |= RG_BEHAVIOUR_COMPAT;
	if (r->call == RG_CALL_delete_module)
		r->args[1] = c.args[1];
	put_module(s, r, mod);
	rg_submit_module_unload(s);
	rg_scratch_put(s);
	return 0;
}

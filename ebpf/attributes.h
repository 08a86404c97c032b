/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Calls that change attributes of files. A name may lead to the file through symlinks, and another
 * thread may change what a descriptor stands for. So the object is taken where the kernel changes
 * it (file_attributes.bpf.c). An attempt that did not come so far is reported when the call
 * returns.
 */
#ifndef RG_EBPF_ATTRIBUTES_H
#define RG_EBPF_ATTRIBUTES_H

#include "ebpf/function.h"

/* The attribute that the thread's present call has changed. */
struct rg_attribute {
	struct path object; /* no dentry: nothing has been changed, or it is reported already */
	long result;
	const void *name; /* of an extended attribute, in the kernel's copy */
	__u64 size;	  /* of its value */
	__u32 flags;
	__u16 ring;    /* call that does the like of io_uring's request, or 0: there is none */
	bool reported; /* the record is made: the call's return has nothing to add */
	__u8 reserved;
	const void *ring_name; /* as the request has it */
};

struct {
	int (*type)[BPF_MAP_TYPE_TASK_STORAGE];
	int (*map_flags)[BPF_F_NO_PREALLOC];
	int *key;
	struct rg_attribute *value;
} rg_attribute_of SEC(".maps");

static __always_inline bool rg_changes_attributes(__u16 call)
{
	const struct rg_call_layout *l = rg_layout_of(call);

	/* ioctl(2) has one number for requests of two kinds. */
	return call == RG_CALL_ioctl || RG_CHANGES_ATTRIBUTES(l->kind, l->operation);
}

/* The attribute that the task is changing, or NULL: none that is to be reported. Fills in the call
 * and its arguments. */
static __always_inline struct rg_attribute *rg_find_change(struct rg_call_args *c)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rg_attribute *a;
	struct pt_regs *regs;
	__u64 create = 0;
	__u32 nr;

	if (!rg_settings.attributes_by_function)
		return NULL;
	if (!(task->flags & (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER))) {
		regs = (struct pt_regs *)bpf_task_pt_regs(task);
		nr = rg_call_number(regs);
		if (nr >= RG_CALL_NUMBERS)
			return NULL;
		c->compat = rg_is_compat(task);
		c->call = rg_settings.exit_calls[c->compat][nr & (RG_CALL_NUMBERS - 1)];
		if (c->call && rg_changes_attributes(c->call)) {
			rg_read_args(c, regs);
			create = BPF_LOCAL_STORAGE_GET_F_CREATE;
		} else if (nr != NR_IO_URING_ENTER) {
			return NULL;
		} else {
			c->call = 0;
		}
	}
	a = bpf_task_storage_get(&rg_attribute_of, task, NULL, create);
	if (!a || c->call)
		return a;
	c->compat = false;
	c->call = a->ring;
	return c->call ? a : NULL;
}

/* Ends the call's look-up. True: the call changed a file, and the record was made then. */
static __always_inline bool rg_is_attribute_reported(struct task_struct *task, __u16 call)
{
	struct rg_attribute *a;
	bool reported;

	if (!rg_settings.attributes_by_function || !rg_changes_attributes(call))
		return false;
	a = bpf_task_storage_get(&rg_attribute_of, task, NULL, 0);
	if (!a)
		return false;
	reported = a->reported;
	a->reported = false;
	a->object.dentry = NULL; /* an overlay may have changed a file below for another call */
	return reported;
}

#endif /* RG_EBPF_ATTRIBUTES_H */

// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * The right to write to a mount is given back. All calls that change names or attributes of files
 * end so, while they still hold the objects. The act is reported here, by one program
 * for names and one for descriptors.
 */
#include "ebpf/attributes.h"
#include "ebpf/naming.h"

/* The call that does what the ring was asked for. */
static __always_inline void put_ring_call(struct rg_call_args *c, struct rg_attribute *a,
					  const bool descriptor)
{
	c->call = descriptor ? RG_CALL_fsetxattr : RG_CALL_setxattr;
	c->args[0] = RG_NO_DESCRIPTOR;
	c->args[3] = a->size;
	c->args[4] = a->flags;
}

/* Reports the attribute that the task has changed on the mount. False: there is none. */
static __always_inline bool drop_attribute(struct vfsmount *mnt, const bool descriptor,
					   enum rg_program program)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct rg_call_layout *l;
	struct rg_call_args c = {};
	struct rg_attribute *kept;
	struct rg_file_act *a;
	struct rg_scratch *s;
	struct dentry *dentry;
	bool ring;

	if (!rg_find_change(&c, &ring, true))
		return false;
	kept = bpf_task_storage_get(&rg_attribute_of, task, NULL, 0);
	if (!kept)
		return false;
	dentry = kept->object.dentry;
	if (!dentry)
		return false;
	/* A file system that lies on others does the same to a file of theirs, by a mount that is
	 * in no namespace. */
	if (RG_READ(dentry, d_sb) != mnt->mnt_sb ||
	    !rg_is_in_namespace((void *)mnt - bpf_core_field_offset(struct mount, mnt))) {
		kept->object.dentry = NULL;
		return true;
	}
	if (rg_skip(task, program))
		goto end;
	if (ring)
		put_ring_call(&c, kept, descriptor);
	else if (c.call == RG_CALL_ioctl)
		c.call = RG_CALL_ioctl_flags;
	if (!rg_is_wanted(rg_settings.wanted, c.call))
		goto end;
	c.result = rg_result_seen(kept->result);
	kept->object.mnt = mnt;
	s = rg_act_begin(&c, program);
	if (!s)
		goto end;
	l = rg_layout_of(c.call);
	a = &s->act;
	a->function = true;
	a->object = &kept->object;
	if (ring) {
		a->flags = RG_FILE_IO_URING;
		a->name2 = kept->name;
	} else {
		a->user = true;
		if (l->name >= 0)
			a->name = (void *)rg_arg(&a->c, l->name);
		if (l->name2 >= 0)
			a->name2 = (void *)rg_arg(&a->c, l->name2);
	}
	rg_act_end(s);
end:
	kept->object.dentry = NULL;
	kept->reported = true;
	return true;
}

SEC("fentry/mnt_drop_write")
int BPF_PROG(rg_drop_write, struct vfsmount *mnt)
{
	if (drop_attribute(mnt, false, RG_PROGRAM_drop_write))
		return 0;
	return rg_naming_drop(RG_PROGRAM_drop_write);
}

SEC("fentry/mnt_drop_write_file")
int BPF_PROG(rg_drop_write_file, struct file *file)
{
	drop_attribute(file->f_path.mnt, true, RG_PROGRAM_drop_write_file);
	return 0;
}

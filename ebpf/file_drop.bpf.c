// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * The right to write to a mount is given back. Calls that have changed names or attributes of files
 * do so while they still hold the objects. The act is reported here, by one program for names and
 * one for descriptors.
 */
#include "ebpf/attributes.h"
#include "ebpf/naming.h"

/* Fills in what comes from the caller, or from the ring's request. */
static __always_inline void put_request(struct rg_file_act *a, struct rg_attribute *kept)
{
	const struct rg_call_layout *l = rg_layout_of(a->c.call);

	a->function = true;
	a->object = &kept->object;
	if (kept->ring) {
		a->flags = RG_FILE_IO_URING;
		a->name = kept->ring_name;
		a->name2 = kept->name;
		a->c.args[0] = RG_NO_DESCRIPTOR;
		a->c.args[3] = kept->size;
		a->c.args[4] = kept->flags;
		return;
	}
	a->user = true;
	if (l->name >= 0)
		a->name = (void *)rg_arg(&a->c, l->name);
	if (l->name2 >= 0)
		a->name2 = (void *)rg_arg(&a->c, l->name2);
}

/* Reports the attribute that the task has changed on the mount, if there is one. */
static __always_inline int drop_attribute(struct vfsmount *vfsmnt, enum rg_program program)
{
	struct mount *mnt = (void *)vfsmnt - bpf_core_field_offset(struct mount, mnt);
	struct rg_call_args c = {};
	struct rg_attribute *kept = rg_find_change(&c);
	struct rg_scratch *s;
	struct dentry *dentry;

	if (!kept)
		return 0;
	dentry = kept->object.dentry;
	kept->object.dentry = NULL;
	/* A file system that lies on others does the same to a file of theirs. A name that leads
	 * nowhere any more is looked up again. */
	if (!dentry || RG_READ(dentry, d_sb) != vfsmnt->mnt_sb || rg_is_internal(mnt) ||
	    kept->result == -ESTALE || rg_skip(bpf_get_current_task_btf(), program))
		return 0;
	kept->reported = !kept->ring;
	if (c.call == RG_CALL_ioctl)
		c.call = RG_CALL_ioctl_flags;
	if (!rg_is_wanted(rg_settings.wanted, c.call))
		return 0;
	c.result = rg_result_seen(kept->result);
	kept->object.mnt = vfsmnt;
	kept->object.dentry = dentry;
	s = rg_act_begin(&c, program);
	if (s) {
		put_request(&s->act, kept);
		rg_act_end(s);
	}
	kept->object.dentry = NULL;
	return 0;
}

SEC("fentry/mnt_drop_write")
int BPF_PROG(rg_drop_write, struct vfsmount *mnt)
{
	struct rg_naming *n = rg_naming_at(RG_NAMING_DONE);

	if (n)
		return rg_naming_drop(n, RG_PROGRAM_drop_write);
	return drop_attribute(mnt, RG_PROGRAM_drop_write);
}

SEC("fentry/mnt_drop_write_file")
int BPF_PROG(rg_drop_write_file, struct file *file)
{
	return drop_attribute(file->f_path.mnt, RG_PROGRAM_drop_write_file);
}

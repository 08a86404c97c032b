// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Attributes of files, where the kernel changes them. Each program is on the operation, which has
 * the object and the result, but no mount, and without that an object has no path. file_drop.bpf.c
 * makes the record. An operation that has to wait for others is tried again, and the last try
 * counts.
 */
#include "ebpf/attributes.h"

/* NULL: this is not to be reported. */
static __always_inline struct rg_attribute *keep_change(struct dentry *dentry, int result,
							const bool extended)
{
	struct rg_call_args c = {};
	struct rg_attribute *a;
	bool ring;

	if (!rg_find_change(&c, &ring, extended))
		return NULL;
	a = bpf_task_storage_get(&rg_attribute_of, bpf_get_current_task_btf(), NULL,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!a)
		return NULL;
	a->object.dentry = dentry;
	a->result = result;
	a->name = NULL;
	return a;
}

/* Mode, owner, times, length. */
SEC("fexit/notify_change")
int BPF_PROG(rg_attribute_change, void *idmap, struct dentry *dentry)
{
	keep_change(dentry, rg_result(ctx), false);
	return 0;
}

SEC("fexit/vfs_setxattr")
int BPF_PROG(rg_attribute_set, void *idmap, struct dentry *dentry, const char *name,
	     const void *value, __u64 size, int flags, int result)
{
	struct rg_attribute *a = keep_change(dentry, result, true);

	if (!a)
		return 0;
	a->name = name;
	a->size = size;
	a->flags = flags;
	return 0;
}

/* 6.2 "xattr: use posix acl api" took access lists away from the functions of other attributes. */
SEC("fexit/vfs_set_acl")
int BPF_PROG(rg_attribute_set_acl, void *idmap, struct dentry *dentry, const char *name)
{
	struct rg_attribute *a = keep_change(dentry, rg_result(ctx), true);

	if (!a)
		return 0;
	a->name = name;
	a->size = 0;
	a->flags = 0;
	return 0;
}

SEC("fexit/vfs_removexattr")
int BPF_PROG(rg_attribute_remove, void *idmap, struct dentry *dentry)
{
	keep_change(dentry, rg_result(ctx), false);
	return 0;
}

SEC("fexit/vfs_remove_acl")
int BPF_PROG(rg_attribute_remove_acl, void *idmap, struct dentry *dentry)
{
	keep_change(dentry, rg_result(ctx), false);
	return 0;
}

SEC("fexit/vfs_fileattr_set")
int BPF_PROG(rg_attribute_flags, void *idmap, struct dentry *dentry)
{
	keep_change(dentry, rg_result(ctx), false);
	return 0;
}

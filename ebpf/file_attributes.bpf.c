// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Attributes of files, where the kernel changes them. Each program is on the operation, which has
 * the object and the result, but no mount, and without that an object has no path. file_drop.bpf.c
 * makes the record. An operation that has to wait for others is tried again, and the last try
 * counts.
 */
#include "ebpf/attributes.h"

#define EOPNOTSUPP  95
#define ENOIOCTLCMD 515

static __always_inline struct rg_attribute *keep_change(struct dentry *dentry, int result)
{
	struct rg_call_args c = {};
	struct rg_attribute *a = rg_find_change(&c);

	if (!a)
		return NULL;
	a->object.dentry = dentry;
	a->result = result;
	a->name = NULL;
	return a;
}

static __always_inline int keep_value(struct dentry *dentry, int result, const char *name,
				      __u64 size, int flags)
{
	struct rg_attribute *a = keep_change(dentry, result);

	if (!a)
		return 0;
	a->name = name;
	a->size = size;
	a->flags = flags;
	return 0;
}

/* Mode, owner, times, length. */
SEC("fexit/notify_change")
int BPF_PROG(rg_attribute_change, void *idmap, struct dentry *dentry)
{
	keep_change(dentry, rg_result(ctx));
	return 0;
}

SEC("fexit/vfs_setxattr")
int BPF_PROG(rg_attribute_set, void *idmap, struct dentry *dentry, const char *name,
	     const void *value, __u64 size, int flags, int result)
{
	return keep_value(dentry, result, name, size, flags);
}

/* 6.2 "xattr: use posix acl api" took access lists away from the functions of other attributes. */
SEC("fexit/vfs_set_acl")
int BPF_PROG(rg_attribute_set_acl, void *idmap, struct dentry *dentry, const char *name)
{
	return keep_value(dentry, rg_result(ctx), name, 0, 0);
}

SEC("fexit/vfs_removexattr")
int BPF_PROG(rg_attribute_remove, void *idmap, struct dentry *dentry)
{
	keep_change(dentry, rg_result(ctx));
	return 0;
}

SEC("fexit/vfs_remove_acl")
int BPF_PROG(rg_attribute_remove_acl, void *idmap, struct dentry *dentry)
{
	keep_change(dentry, rg_result(ctx));
	return 0;
}

/* With these results ioctl(2) asks the file system itself, and its result counts. */
SEC("fexit/vfs_fileattr_set")
int BPF_PROG(rg_attribute_flags, void *idmap, struct dentry *dentry)
{
	int result = rg_result(ctx);

	if (result != -EOPNOTSUPP && result != -ENOIOCTLCMD)
		keep_change(dentry, result);
	return 0;
}

/* --- requests to io_uring ------------------------------------------------------------- */

static __always_inline int begin_request(__u16 like, __u16 like_number, const void *name)
{
	struct rg_attribute *a;

	if (!rg_settings.attributes_by_function || !rg_settings.exit_calls[0][like_number])
		return 0;
	a = bpf_task_storage_get(&rg_attribute_of, bpf_get_current_task_btf(), NULL,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!a)
		return 0;
	a->object.dentry = NULL;
	a->ring = like;
	a->ring_name = name;
	return 0;
}

static __always_inline int end_request(void)
{
	struct rg_attribute *a;

	a = bpf_task_storage_get(&rg_attribute_of, bpf_get_current_task_btf(), NULL, 0);
	if (!a)
		return 0;
	a->object.dentry = NULL;
	a->ring = 0;
	return 0;
}

SEC("fentry/io_setxattr")
int BPF_PROG(rg_ring_setxattr_begin, struct io_kiocb *request)
{
	struct filename *name = rg_name_of_request((void *)request, io_xattr, filename);

	return begin_request(RG_CALL_setxattr, RG_NR64_setxattr, RG_READ(name, name));
}

SEC("fexit/io_setxattr")
int BPF_PROG(rg_ring_setxattr_end, struct io_kiocb *request)
{
	return end_request();
}

SEC("fentry/io_fsetxattr")
int BPF_PROG(rg_ring_fsetxattr_begin, struct io_kiocb *request)
{
	return begin_request(RG_CALL_fsetxattr, RG_NR64_fsetxattr, NULL);
}

SEC("fexit/io_fsetxattr")
int BPF_PROG(rg_ring_fsetxattr_end, struct io_kiocb *request)
{
	return end_request();
}

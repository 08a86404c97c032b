// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Names that are made, changed and removed, in the steps of naming.h.
 */
#include "ebpf/naming.h"

#define AT_REMOVEDIR 0x200

#define done(like, target, result) rg_naming_done(target, RG_CALL_##like, RG_NR64_##like, result)
#define end(operation, like, result)                                                               \
	rg_naming_end(RG_CALL_##like, RG_NR64_##like, RG_PROGRAM_##operation##_end, result)

/* --- unlink, rmdir ------------------------------------------------------------------ */

SEC("fentry/do_unlinkat")
int BPF_PROG(rg_unlink_begin, int dirfd, struct filename *name)
{
	rg_naming_begin(RG_PROGRAM_unlink_begin, dirfd, name, 0, NULL);
	return 0;
}

SEC("fentry/security_path_unlink")
int BPF_PROG(rg_unlink_found, const struct path *dir, struct dentry *dentry)
{
	rg_naming_found(dir, dentry, NULL, NULL);
	return 0;
}

SEC("fexit/vfs_unlink")
int BPF_PROG(rg_unlink_done, void *idmap, void *inode, struct dentry *dentry)
{
	return done(unlinkat, dentry, rg_result(ctx));
}

SEC("fexit/do_unlinkat")
int BPF_PROG(rg_unlink_end, int dirfd, struct filename *name, int result)
{
	return end(unlink, unlinkat, result);
}

SEC("fentry/do_rmdir")
int BPF_PROG(rg_rmdir_begin, int dirfd, struct filename *name)
{
	struct rg_naming *n = rg_naming_begin(RG_PROGRAM_rmdir_begin, dirfd, name, 0, NULL);

	if (n)
		n->args[0] = AT_REMOVEDIR;
	return 0;
}

SEC("fentry/security_path_rmdir")
int BPF_PROG(rg_rmdir_found, const struct path *dir, struct dentry *dentry)
{
	rg_naming_found(dir, dentry, NULL, NULL);
	return 0;
}

SEC("fexit/vfs_rmdir")
int BPF_PROG(rg_rmdir_done, void *idmap, void *inode, struct dentry *dentry)
{
	return done(unlinkat, dentry, rg_result(ctx));
}

SEC("fexit/do_rmdir")
int BPF_PROG(rg_rmdir_end, int dirfd, struct filename *name, int result)
{
	return end(rmdir, unlinkat, result);
}

/* --- rename --------------------------------------------------------------------------- */

SEC("fentry/do_renameat2")
int BPF_PROG(rg_rename_begin, int dirfd, struct filename *name, int dirfd2, struct filename *name2,
	     __u32 flags)
{
	struct rg_naming *n = rg_naming_begin(RG_PROGRAM_rename_begin, dirfd, name, dirfd2, name2);

	if (n)
		n->args[0] = flags;
	return 0;
}

SEC("fentry/security_path_rename")
int BPF_PROG(rg_rename_found, const struct path *dir, struct dentry *dentry,
	     const struct path *dir2, struct dentry *dentry2)
{
	rg_naming_found(dir, dentry, dir2, dentry2);
	return 0;
}

SEC("fexit/vfs_rename")
int BPF_PROG(rg_rename_done, struct renamedata *data, int result)
{
	return done(renameat2, data->old_dentry, result);
}

SEC("fexit/do_renameat2")
int BPF_PROG(rg_rename_end, int dirfd, struct filename *name, int dirfd2, struct filename *name2,
	     __u32 flags, int result)
{
	return end(rename, renameat2, result);
}

/* --- link, symlink ---------------------------------------------------------------------- */

SEC("fentry/do_linkat")
int BPF_PROG(rg_link_begin, int dirfd, struct filename *name, int dirfd2, struct filename *name2,
	     int flags)
{
	struct rg_naming *n = rg_naming_begin(RG_PROGRAM_link_begin, dirfd, name, dirfd2, name2);

	if (n)
		n->args[0] = flags;
	return 0;
}

/* Both names are on one mount. */
SEC("fentry/security_path_link")
int BPF_PROG(rg_link_found, struct dentry *old, const struct path *dir2, struct dentry *dentry2)
{
	struct rg_naming *n = rg_naming_at(RG_NAMING_BEGUN);

	if (n) {
		n->object.mnt = dir2->mnt;
		n->object.dentry = old;
	}
	rg_naming_found(NULL, old, dir2, dentry2);
	return 0;
}

SEC("fexit/vfs_link")
int BPF_PROG(rg_link_done, struct dentry *old)
{
	return done(linkat, old, rg_result(ctx));
}

SEC("fexit/do_linkat")
int BPF_PROG(rg_link_end, int dirfd, struct filename *name, int dirfd2, struct filename *name2,
	     int flags, int result)
{
	return end(link, linkat, result);
}

SEC("fentry/do_symlinkat")
int BPF_PROG(rg_symlink_begin, struct filename *text, int dirfd, struct filename *name)
{
	rg_naming_begin(RG_PROGRAM_symlink_begin, 0, text, dirfd, name);
	return 0;
}

SEC("fentry/security_path_symlink")
int BPF_PROG(rg_symlink_found, const struct path *dir, struct dentry *dentry)
{
	rg_naming_found(NULL, dentry, dir, dentry);
	return 0;
}

SEC("fexit/vfs_symlink")
int BPF_PROG(rg_symlink_done, void *idmap, void *inode, struct dentry *dentry)
{
	return done(symlinkat, dentry, rg_result(ctx));
}

SEC("fexit/do_symlinkat")
int BPF_PROG(rg_symlink_end, struct filename *text, int dirfd, struct filename *name, int result)
{
	return end(symlink, symlinkat, result);
}

/* --- mkdir, mknod ----------------------------------------------------------------------- */

SEC("fentry/do_mkdirat")
int BPF_PROG(rg_mkdir_begin, int dirfd, struct filename *name, __u32 mode)
{
	struct rg_naming *n = rg_naming_begin(RG_PROGRAM_mkdir_begin, dirfd, name, 0, NULL);

	if (n)
		n->args[0] = mode;
	return 0;
}

SEC("fentry/security_path_mkdir")
int BPF_PROG(rg_mkdir_found, const struct path *dir, struct dentry *dentry)
{
	rg_naming_found(dir, dentry, NULL, NULL);
	return 0;
}

SEC("fexit/vfs_mkdir")
int BPF_PROG(rg_mkdir_done, void *idmap, void *inode, struct dentry *dentry)
{
	return done(mkdirat, dentry, rg_result(ctx));
}

/* 6.15 "VFS: Change vfs_mkdir() to return the dentry". */
SEC("fexit/vfs_mkdir")
int BPF_PROG(rg_mkdir_done___dentry, void *idmap, void *inode, struct dentry *dentry)
{
	long made = rg_result(ctx);

	return done(mkdirat, dentry, rg_is_error((void *)made) ? made : 0);
}

SEC("fexit/do_mkdirat")
int BPF_PROG(rg_mkdir_end, int dirfd, struct filename *name, __u32 mode, int result)
{
	return end(mkdir, mkdirat, result);
}

SEC("fentry/do_mknodat")
int BPF_PROG(rg_mknod_begin, int dirfd, struct filename *name, __u32 mode, __u32 device)
{
	struct rg_naming *n = rg_naming_begin(RG_PROGRAM_mknod_begin, dirfd, name, 0, NULL);

	if (n) {
		n->args[0] = mode;
		n->args[1] = device;
	}
	return 0;
}

SEC("fentry/security_path_mknod")
int BPF_PROG(rg_mknod_found, const struct path *dir, struct dentry *dentry)
{
	rg_naming_found(dir, dentry, NULL, NULL);
	return 0;
}

SEC("fexit/vfs_mknod")
int BPF_PROG(rg_mknod_done, void *idmap, void *inode, struct dentry *dentry)
{
	return done(mknodat, dentry, rg_result(ctx));
}

/* A plain file. */
SEC("fexit/vfs_create")
int BPF_PROG(rg_create_done, void *idmap, void *inode, struct dentry *dentry)
{
	return done(mknodat, dentry, rg_result(ctx));
}

/* 7.0 has no argument for the directory any more. */
SEC("fexit/vfs_create")
int BPF_PROG(rg_create_done___entry, void *idmap, struct dentry *dentry)
{
	return done(mknodat, dentry, rg_result(ctx));
}

SEC("fexit/do_mknodat")
int BPF_PROG(rg_mknod_end, int dirfd, struct filename *name, __u32 mode, __u32 device, int result)
{
	return end(mknod, mknodat, result);
}

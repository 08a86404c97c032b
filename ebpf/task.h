/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Fields of a task, for every record's header and for the description of a process in process_exec
 * and process_snapshot.
 *
 * The verifier knows the type of `task`, so a plain load is safe. RG_READ is for objects that hang
 * further away.
 */
#ifndef RG_EBPF_TASK_H
#define RG_EBPF_TASK_H

#include "ebpf/device.h"
#include "ebpf/path.h"

/* The credentials of each thread, as its last call on them left them (behaviour.h). */
struct rg_credentials_map {
	int (*type)[BPF_MAP_TYPE_TASK_STORAGE];
	int (*map_flags)[BPF_F_NO_PREALLOC];
	int *key;
	struct rg_credential_set *value;
};
extern struct rg_credentials_map rg_credentials_of SEC(".maps");

#define FIRST_USER_NS 0xeffffffd /* PROC_USER_INIT_INO */

/* Can the task do more than any program can? Capabilities in a user namespace of one's own are
 * everybody's. */
static __always_inline bool rg_is_privileged(struct task_struct *task)
{
	struct cred *cred = task->cred;
	__u64 capabilities = 0;

	capabilities = rg_read_capabilities(cred, cap_effective);
	return capabilities && cred->user_ns->ns.inum == FIRST_USER_NS;
}

/* Fills all of a header but the time. */
static __always_inline void rg_fill_owner(struct rg_header *hdr, enum rg_kind kind,
					  struct task_struct *task)
{
	struct task_struct *parent = task->real_parent;
	struct cred *cred = task->cred;

	hdr->kind = kind;
	hdr->abi_version = RG_ABI_VERSION;
	hdr->start_ns = task->group_leader->start_boottime;
	hdr->parent_start_ns = parent->group_leader->start_boottime;
	hdr->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	hdr->pid = task->tgid;
	hdr->tid = task->pid;
	hdr->ppid = parent->tgid;
	hdr->uid = cred->uid.val;
	hdr->gid = cred->gid.val;
	hdr->euid = cred->euid.val;
	hdr->cpu = bpf_get_smp_processor_id();
	hdr->flags = 0;
	if (rg_is_under_seccomp(task))
		hdr->flags = RG_HEADER_SECCOMP;
	if (task->ptrace)
		hdr->flags |= RG_HEADER_TRACED;
	rg_put_comm(hdr->comm, task);
}

static __always_inline void rg_fill_header(struct rg_header *hdr, enum rg_kind kind,
					   struct task_struct *task)
{
	rg_fill_owner(hdr, kind, task);
	hdr->time_ns = bpf_ktime_get_boot_ns();
}

static __always_inline struct rg_behaviour *
rg_begin_behaviour(struct rg_scratch *s, enum rg_kind kind, struct task_struct *task)
{
	struct rg_behaviour *r = (struct rg_behaviour *)s->record;

	__builtin_memset(r, 0, sizeof(*r));
	s->used = sizeof(*r);
	rg_fill_header(&r->hdr, kind, task);
	return r;
}

/* The task's pid in its own pid namespace, and the id of that namespace. */
static __always_inline __u32 rg_ns_pid(struct task_struct *task, __u32 *ns)
{
	/* RG_READ instead of a load, because kernels before 6.2 refuse arithmetic on a typed
	 * pointer. */
	struct pid *pid = RG_READ(task, thread_pid);
	__u32 level = RG_READ(pid, level);
	struct upid *upid;

	upid = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       level * bpf_core_type_size(struct upid);
	if (ns)
		*ns = RG_READ(upid, ns, ns.inum);
	return RG_READ(upid, nr);
}

static __always_inline void rg_fill_credentials(struct rg_process *p, struct task_struct *task)
{
	struct cred *cred = task->cred;

	p->cap_effective = rg_read_capabilities(cred, cap_effective);
	p->cap_permitted = rg_read_capabilities(cred, cap_permitted);
	p->cap_inheritable = rg_read_capabilities(cred, cap_inheritable);
	p->cap_bounding = rg_read_capabilities(cred, cap_bset);
	p->cap_ambient = rg_read_capabilities(cred, cap_ambient);
	p->suid = cred->suid.val;
	p->fsuid = cred->fsuid.val;
	p->egid = cred->egid.val;
	p->sgid = cred->sgid.val;
	p->fsgid = cred->fsgid.val;
	p->ns_user = cred->user_ns->ns.inum;
	p->login_uid = rg_login_uid(task);
	p->audit_session = rg_audit_session(task);
}

static __always_inline void rg_fill_session(struct rg_scratch *s, struct rg_process *p,
					    struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	struct nsproxy *ns = task->nsproxy;
	struct tty_struct *tty = signal->tty;

	p->session_id = RG_READ(signal, pids[PIDTYPE_SID], numbers[0].nr);
	p->pgid = RG_READ(signal, pids[PIDTYPE_PGID], numbers[0].nr);
	p->ns_pid = rg_ns_pid(task->group_leader, &p->ns_pidns);
	if (ns) { /* a task that exits has none any more */
		p->ns_cgroup = RG_READ(ns, cgroup_ns, ns.inum);
		p->ns_ipc = RG_READ(ns, ipc_ns, ns.inum);
		p->ns_mnt = RG_READ(ns, mnt_ns, ns.inum);
		p->ns_net = RG_READ(ns, net_ns, ns.inum);
		p->ns_time = RG_READ(ns, time_ns, ns.inum);
		p->ns_uts = RG_READ(ns, uts_ns, ns.inum);
	}
	if (tty)
		rg_put_string(s, &p->tty,
			      (void *)tty + bpf_core_field_offset(struct tty_struct, name),
			      RG_TTY_MAX);
	rg_put_cgroup(s, &p->cgroup, RG_READ(task, cgroups, dfl_cgrp));
}

static __always_inline void rg_fill_executable(struct rg_scratch *s, struct rg_process *p,
					       struct file *exe)
{
	struct inode *inode = RG_READ(exe, f_inode);
	struct path *path = (void *)exe + bpf_core_field_offset(struct file, f_path);
	struct mount *mnt;

	if (!exe)
		return;
	p->exe_inode = RG_READ(inode, i_ino);
	p->exe_mode = RG_READ(inode, i_mode);
	p->exe_uid = RG_READ(inode, i_uid.val);
	p->exe_gid = RG_READ(inode, i_gid.val);
	p->exe_dev = rg_device_of(inode);
	rg_put_path(s, &p->exe_path, path);
	mnt = s->walk.mnt;
	if (mnt && rg_namespace_of(mnt) != p->ns_mnt)
		p->flags |= RG_PROCESS_FOREIGN_EXE;
	if (s->partial)
		p->exe_path.fs = rg_put_inside(s, p->exe_path.length);
	if (p->exe_path.flags & RG_STR_MEMFD)
		p->flags |= RG_PROCESS_MEMFD;
	if (RG_READ(inode, i_nlink) == 0 || (p->exe_path.flags & RG_STR_DELETED))
		p->flags |= RG_PROCESS_UNLINKED;
}

static __always_inline void rg_fill_directories(struct rg_scratch *s, struct rg_process *p,
						struct task_struct *task)
{
	struct fs_struct *fs = RG_READ(task, fs);
	__u32 flags;

	if (!fs) /* a task that exits has none any more */
		return;
	flags = rg_walk(s, (void *)fs + bpf_core_field_offset(struct fs_struct, root));
	if (s->text < RG_PATH_MAX || (flags & RG_STR_DETACHED))
		p->flags |= RG_PROCESS_CHROOT;
	if (rg_settings.collect_cwd)
		rg_put_path(s, &p->cwd, (void *)fs + bpf_core_field_offset(struct fs_struct, pwd));
	else
		p->flags |= RG_PROCESS_NO_CWD;
}

#endif /* RG_EBPF_TASK_H */

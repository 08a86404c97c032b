/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * What is read of a task: for every record's header, and for the description of
 * a process in process_exec and process_snapshot.
 *
 * `task` is a pointer whose type the verifier knows, so a plain load is a safe
 * one; BPF_CORE_READ is left for what hangs further away.
 */
#ifndef RG_EBPF_TASK_H
#define RG_EBPF_TASK_H

#include "ebpf/strings.h"

/* By thread: its credentials as its last call on them left them (conduct.h). */
struct rg_credentials_map {
	int (*type)[BPF_MAP_TYPE_TASK_STORAGE];
	int (*map_flags)[BPF_F_NO_PREALLOC];
	int *key;
	struct rg_credential_set *value;
};
extern struct rg_credentials_map rg_credentials_of SEC(".maps");

#define SECCOMP_MODE_FILTER 2
#define FIRST_USER_NS	    0xeffffffd /* PROC_USER_INIT_INO */

/* Can it do what not every program can? Capabilities in a user namespace of one's own are
 * everybody's. */
static __always_inline bool rg_is_privileged(struct task_struct *task)
{
	const struct cred *cred = task->cred;
	__u64 capabilities = 0;

	bpf_core_read(&capabilities, 8, &cred->cap_effective);
	return capabilities && cred->user_ns->ns.inum == FIRST_USER_NS;
}

static __always_inline void rg_fill_header(struct rg_header *hdr, enum rg_kind kind,
					   struct task_struct *task)
{
	struct task_struct *parent = task->real_parent;
	const struct cred *cred = task->cred;

	hdr->kind = kind;
	hdr->abi_version = RG_ABI_VERSION;
	hdr->time_ns = bpf_ktime_get_boot_ns();
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
	if (bpf_core_field_exists(task->seccomp) && task->seccomp.mode == SECCOMP_MODE_FILTER)
		hdr->flags = RG_HEADER_SECCOMP;
	BPF_CORE_READ_STR_INTO(&hdr->comm, task, comm);
}

/* strncpy's contract for comm: the bytes behind the NUL are zero. */
static __always_inline void rg_pad_comm(char *comm)
{
	bool ended = false;

	for (int i = 0; i < RG_COMM_LEN; i++) {
		if (ended)
			comm[i] = 0;
		else if (!comm[i])
			ended = true;
	}
}

static __always_inline struct rg_conduct *rg_begin_conduct(struct rg_scratch *s, enum rg_kind kind,
							   struct task_struct *task)
{
	struct rg_conduct *r = (struct rg_conduct *)s->record;

	__builtin_memset(r, 0, sizeof(*r));
	s->used = sizeof(*r);
	rg_fill_header(&r->hdr, kind, task);
	rg_pad_comm(r->hdr.comm);
	return r;
}

/* pid of the task in its own pid namespace, and that namespace's id. */
static __always_inline __u32 rg_ns_pid(struct task_struct *task, __u32 *ns)
{
	/* Read, not loaded: arithmetic on a typed pointer is refused before 6.2. */
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	struct upid *upid;

	upid = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       level * bpf_core_type_size(struct upid);
	if (ns)
		*ns = BPF_CORE_READ(upid, ns, ns.inum);
	return BPF_CORE_READ(upid, nr);
}

static __always_inline void rg_fill_credentials(struct rg_process *p, struct task_struct *task)
{
	const struct cred *cred = task->cred;

	/* 6.3 made one __u64 of two __u32: the same eight bytes on x86-64. */
	bpf_core_read(&p->cap_effective, 8, &cred->cap_effective);
	bpf_core_read(&p->cap_permitted, 8, &cred->cap_permitted);
	bpf_core_read(&p->cap_inheritable, 8, &cred->cap_inheritable);
	bpf_core_read(&p->cap_bounding, 8, &cred->cap_bset);
	bpf_core_read(&p->cap_ambient, 8, &cred->cap_ambient);
	p->suid = cred->suid.val;
	p->fsuid = cred->fsuid.val;
	p->egid = cred->egid.val;
	p->sgid = cred->sgid.val;
	p->fsgid = cred->fsgid.val;
	p->ns_user = cred->user_ns->ns.inum;
	p->login_uid = -1;
	p->audit_session = -1;
	if (bpf_core_field_exists(task->loginuid)) /* CONFIG_AUDIT */
		p->login_uid = task->loginuid.val;
	if (bpf_core_field_exists(task->sessionid))
		p->audit_session = task->sessionid;
}

static __always_inline void rg_fill_session(struct rg_scratch *s, struct rg_process *p,
					    struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	struct nsproxy *ns = task->nsproxy;
	struct tty_struct *tty = signal->tty;

	p->session_id = BPF_CORE_READ(signal, pids[PIDTYPE_SID], numbers[0].nr);
	p->pgid = BPF_CORE_READ(signal, pids[PIDTYPE_PGID], numbers[0].nr);
	p->ns_pid = rg_ns_pid(task, &p->ns_pidns);
	if (ns) { /* gone while a task exits */
		p->ns_cgroup = BPF_CORE_READ(ns, cgroup_ns, ns.inum);
		p->ns_ipc = BPF_CORE_READ(ns, ipc_ns, ns.inum);
		p->ns_mnt = BPF_CORE_READ(ns, mnt_ns, ns.inum);
		p->ns_net = BPF_CORE_READ(ns, net_ns, ns.inum);
		p->ns_time = BPF_CORE_READ(ns, time_ns, ns.inum);
		p->ns_uts = BPF_CORE_READ(ns, uts_ns, ns.inum);
	}
	if (tty)
		rg_put_string(s, &p->tty,
			      (void *)tty + bpf_core_field_offset(struct tty_struct, name),
			      RG_TTY_MAX);
	rg_put_cgroup(s, &p->cgroup, BPF_CORE_READ(task, cgroups, dfl_cgrp));
}

static __always_inline void rg_fill_executable(struct rg_scratch *s, struct rg_process *p,
					       struct file *exe)
{
	struct inode *inode = BPF_CORE_READ(exe, f_inode);
	struct path *path = (void *)exe + bpf_core_field_offset(struct file, f_path);

	if (!exe)
		return;
	p->exe_inode = BPF_CORE_READ(inode, i_ino);
	p->exe_mode = BPF_CORE_READ(inode, i_mode);
	p->exe_uid = BPF_CORE_READ(inode, i_uid.val);
	p->exe_gid = BPF_CORE_READ(inode, i_gid.val);
	p->exe_dev = BPF_CORE_READ(inode, i_sb, s_dev);
	rg_put_path(s, &p->exe_path, path);
	if (p->exe_path.flags & RG_STR_MEMFD)
		p->flags |= RG_PROCESS_MEMFD;
	if (BPF_CORE_READ(inode, i_nlink) == 0 || (p->exe_path.flags & RG_STR_DELETED))
		p->flags |= RG_PROCESS_UNLINKED;
}

static __always_inline void rg_fill_directories(struct rg_scratch *s, struct rg_process *p,
						struct task_struct *task)
{
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	struct rg_walk root;

	if (!fs) /* gone while a task exits */
		return;
	rg_walk(&root, s, (void *)fs + bpf_core_field_offset(struct fs_struct, root));
	if (root.pos < RG_PATH_MAX || (root.flags & RG_STR_DETACHED))
		p->flags |= RG_PROCESS_CHROOT;
	if (rg_settings.collect_cwd)
		rg_put_path(s, &p->cwd, (void *)fs + bpf_core_field_offset(struct fs_struct, pwd));
	else
		p->flags |= RG_PROCESS_NO_CWD;
}

#endif /* RG_EBPF_TASK_H */

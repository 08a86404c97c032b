/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * The process that a number or a descriptor in a system call's arguments stands for.
 *
 * No helper finds a process on every kernel: bpf_task_from_pid came with 6.2, and knows the first
 * pid namespace only. So the namespace's own table of pids, an XArray, is searched. All reads are
 * fault-proof. A process that has just ended is not found, and the record says nothing about the
 * target.
 */
#ifndef RG_EBPF_TARGET_H
#define RG_EBPF_TARGET_H

#include "ebpf/call.h"

#define PROC_SUPER_MAGIC 0x9fa0

/* The task's own pid namespace: the one at the last level of its pid. */
static __always_inline struct pid_namespace *rg_pidns_of(struct task_struct *task)
{
	struct pid *pid = RG_READ(task, thread_pid);
	__u32 level = RG_READ(pid, level);
	struct upid *upid;

	upid = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       level * bpf_core_type_size(struct upid);
	return RG_READ(upid, ns);
}

/* Levels of the XArray that holds pids, which have 22 bits. A level takes six of them, or four
 * where the kernel was built to be small. */
#define RG_PID_LEVELS 6

/* include/linux/xarray.h: two low bits 10 mark an inner node. */
static __always_inline struct pid *rg_find_pid(struct pid_namespace *ns, __u32 number)
{
	const __u32 mask = bpf_core_field_size(((struct xa_node *)0)->slots) / 8 - 1;
	unsigned long entry = (unsigned long)RG_READ(ns, idr.idr_rt.xa_head);

	for (int i = 0; i < RG_PID_LEVELS && (entry & 3) == 2; i++) {
		struct xa_node *node = (void *)(entry - 2);
		__u32 index = number >> (RG_READ(node, shift) & 31);

		if (i == 0 && index > mask) /* more than any pid there is */
			return NULL;
		entry = 0;
		bpf_probe_read_kernel(&entry, sizeof(entry),
				      (void *)node + bpf_core_field_offset(struct xa_node, slots) +
					      (index & mask) * 8);
	}
	return (entry & 3) || !number ? NULL : (struct pid *)entry;
}

/* The task with this pid, or NULL. The task of a process is its first thread. The verifier does not
 * know the pointer. */
static __always_inline struct task_struct *rg_task_of_pid(struct pid *pid)
{
	struct hlist_node *node = RG_READ(pid, tasks[PIDTYPE_PID].first);

	return pid && node ? (void *)node - bpf_core_field_offset(struct task_struct, pid_links)
			   : NULL;
}

static __always_inline struct task_struct *rg_task_by_number(struct task_struct *caller,
							     __s32 number)
{
	if (number <= 0)
		return NULL;
	return rg_task_of_pid(rg_find_pid(rg_pidns_of(caller), number));
}

/* The descriptor is a pidfd, or a folder /proc/PID, which pidfd_send_signal accepts in its place.
 * It may be anything else, and then leads to no process. */
static __always_inline struct task_struct *rg_task_by_fd(struct task_struct *caller, __s32 fd)
{
	struct file *file = rg_file_of(caller, fd);
	struct inode *inode = RG_READ(file, f_inode);
	struct proc_inode *proc;
	struct pid *pid;

	if (!file)
		return NULL;
	if (RG_READ(inode, i_sb, s_magic) == PROC_SUPER_MAGIC) {
		proc = (void *)inode - bpf_core_field_offset(struct proc_inode, vfs_inode);
		pid = RG_READ(proc, pid);
	} else {
		pid = rg_pid_of_pidfd(file, inode);
	}
	return rg_task_of_pid(pid);
}

static __always_inline void rg_fill_target(struct rg_behaviour *r, struct task_struct *target)
{
	if (!target)
		return;
	r->target_pid = RG_READ(target, tgid);
	r->target_tid = RG_READ(target, pid);
	r->target_start_ns = RG_READ(target, group_leader, start_boottime);
	r->target_uid = RG_READ(target, real_cred, uid.val);
	rg_put_comm(r->target_comm, target);
	r->flags |= RG_BEHAVIOUR_TARGET;
}

/* Is the task one of the sensor's own? */
static __always_inline bool rg_is_agents(struct task_struct *target)
{
	__u32 pid = RG_READ(target, tgid);
	__u64 start_ns = RG_READ(target, group_leader, start_boottime);

	for (int i = 0; i < RG_AGENT_PROCESSES; i++) {
		const struct rg_agent_process *agent = &rg_shared.agent[i];

		if (target && agent->start_ns && agent->pid == pid && agent->start_ns == start_ns)
			return true;
	}
	return false;
}

#define CAP_KILL       5
#define CAP_SYS_CHROOT 18
#define CAP_SYS_PTRACE 19
#define CAP_SYS_ADMIN  21
#define CAP_BPF	       39

/* False: the task surely lacks the capability over what belongs to `owner`. In the namespaces below
 * its own a task may have every capability. */
static __always_inline bool rg_may_have(struct task_struct *task, __u32 capability,
					struct user_namespace *owner)
{
	struct cred *cred = task->cred;
	__u64 capabilities = 0;

	capabilities = rg_read_capabilities(cred, cap_effective);
	if (cred->user_ns == owner)
		return capabilities >> capability & 1;
	return cred->user_ns->level < RG_READ(owner, level);
}

/* False: the caller surely has no power over the task, by its users or by the capability. */
static __always_inline bool rg_may_act(struct task_struct *caller, struct task_struct *task,
				       __u32 capability)
{
	/* The target's own. Within the kernel it may act with others, as overlayfs lets it. */
	struct cred *cred = caller->cred, *others = RG_READ(task, real_cred);
	__u32 uid = RG_READ(others, uid.val), suid = RG_READ(others, suid.val);

	return cred->euid.val == uid || cred->euid.val == suid || cred->uid.val == uid ||
	       cred->uid.val == suid || rg_may_have(caller, capability, RG_READ(others, user_ns));
}

/* Does a signal to everyone reach the task? Only if the caller sees the task: from the first pid
 * namespace. */
static __always_inline bool rg_may_signal(struct task_struct *caller, struct task_struct *task)
{
	return !RG_READ(caller, thread_pid, level) && rg_may_act(caller, task, CAP_KILL);
}

/* The first of the agent's processes that a signal to a whole group reaches, or NULL. A `group` of
 * NULL stands for everyone. */
static __always_inline struct task_struct *rg_agent_in_group(struct task_struct *caller,
							     struct pid *group)
{
	struct pid_namespace *first =
		RG_READ(caller, thread_pid, numbers[0].ns); /* that of agent[].pid */

	for (int i = 0; i < RG_AGENT_PROCESSES; i++) {
		__u32 pid = rg_shared.agent[i].pid;
		struct task_struct *task;

		if (!pid || !rg_shared.agent[i].start_ns)
			continue;
		task = rg_task_of_pid(rg_find_pid(first, pid));
		if (!rg_is_agents(task))
			continue;
		if (!rg_may_signal(caller, task))
			continue;
		if (!group || RG_READ(task, signal, pids[PIDTYPE_PGID]) == group)
			return task;
	}
	return NULL;
}

#endif /* RG_EBPF_TARGET_H */

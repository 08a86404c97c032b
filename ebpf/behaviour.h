/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Behaviour: changes of credentials, access to other processes' memory, modules, bpf(2),
 * namespaces, signals to the sensor, mounts, anonymous files.
 *
 * Behaviour that only privilege can repeat goes to the critical lane. Behaviour that any program
 * can repeat at will goes to the bulk lane, so that a loop never costs the record of an exec. Calls
 * that failed or took no privilege, access to memory, and anonymous files are of the second sort.
 * Calls that can be of both sorts have one kind for each.
 */
#ifndef RG_EBPF_BEHAVIOUR_H
#define RG_EBPF_BEHAVIOUR_H

#include "ebpf/file.h"
#include "ebpf/target.h"

#define PTRACE_TRACEME	0
#define PTRACE_POKETEXT 4
#define PTRACE_POKEDATA 5
#define PTRACE_POKEUSR	6
#define PTRACE_ATTACH	16
#define PTRACE_SEIZE	0x4206

#define MS_BIND 4096
#define MS_MOVE 8192

#define BPF_PROG_LOAD	      5
#define BPF_PROG_GET_FD_BY_ID 13
#define BPF_MAP_GET_FD_BY_ID  14
#define BPF_LINK_GET_FD_BY_ID 30
#define BPF_LINK_DETACH	      34

/* CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET */
#define RG_CLONE_NEW 0x7e020080

#define SIGCONT 18

/* --- credentials -------------------------------------------------------------
 *
 * When a call returns, the credentials before it are gone. So the credentials that a thread's
 * previous call left are kept here, for as long as the thread lives. For the first call of a thread
 * the analyzer asks its process table.
 *
 * The kept credentials also reveal calls that change nothing. Any program can make such calls, so
 * none is reported after the first. */
static __always_inline void rg_fill_credential_set(struct rg_credential_set *s,
						   struct task_struct *task)
{
	struct cred *cred = task->cred;

	s->cap_effective = rg_read_capabilities(cred, cap_effective);
	s->cap_permitted = rg_read_capabilities(cred, cap_permitted);
	s->cap_inheritable = rg_read_capabilities(cred, cap_inheritable);
	s->cap_bounding = rg_read_capabilities(cred, cap_bset);
	s->cap_ambient = rg_read_capabilities(cred, cap_ambient);
	s->uid = cred->uid.val;
	s->gid = cred->gid.val;
	s->euid = cred->euid.val;
	s->egid = cred->egid.val;
	s->suid = cred->suid.val;
	s->sgid = cred->sgid.val;
	s->fsuid = cred->fsuid.val;
	s->fsgid = cred->fsgid.val;
	s->ns_user = cred->user_ns->ns.inum;
	s->groups = RG_READ(cred, group_info, ngroups);
}

static __always_inline bool rg_same_credentials(const struct rg_credential_set *a,
						const struct rg_credential_set *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	for (int i = 0; i < sizeof(*a) / 8; i++) {
		if (x[i] != y[i])
			return false;
	}
	return true;
}
_Static_assert(sizeof(struct rg_credential_set) % 8 == 0, "compared by words");

static __always_inline void rg_put_groups(struct rg_scratch *s, struct rg_str *out,
					  struct task_struct *task)
{
	struct group_info *info = RG_READ(task, cred, group_info);
	__u32 off = rg_offset(s), length = RG_READ(info, ngroups);

	out->offset = off;
	if (length > RG_GROUPS_MAX) {
		length = RG_GROUPS_MAX;
		out->flags = RG_STR_TRUNCATED;
	}
	length *= 4;
	if (bpf_probe_read_kernel(&s->record[off], length,
				  (void *)info + bpf_core_field_offset(struct group_info, gid))) {
		out->flags = RG_STR_UNREADABLE;
		return;
	}
	out->length = length;
	s->used = off + length;
}

__noinline int rg_credentials_call(struct rg_call_args *c)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct rg_call_layout *l;
	bool groups, denied, common;
	enum rg_kind kind;
	struct rg_credential_set *last, now = {};
	struct rg_credentials *r;
	struct rg_scratch *s;
	bool stored;

	if (!c)
		return 0;
	l = rg_layout_of(c->call);
	groups = c->call == RG_CALL_setgroups || c->call == RG_CALL_setgroups16;
	denied = c->result < 0;
	common = denied || !rg_is_privileged(task);
	kind = common ? RG_KIND_credentials_common : RG_KIND_credentials_change;
	if (denied && c->result != -EPERM)
		return 0;
	rg_fill_credential_set(&now, task);
	last = bpf_task_storage_get(&rg_credentials_of, task, NULL, 0);
	/* Only the number of groups is compared, and other groups may be as many. */
	if (!denied && !groups && last && rg_same_credentials(last, &now))
		return 0;
	s = rg_scratch_take(kind, rg_call_program());
	if (!s)
		return 0;
	r = (struct rg_credentials *)s->record;
	__builtin_memset(r, 0, sizeof(*r));
	s->used = sizeof(*r);
	rg_fill_header(&r->hdr, kind, task);
	rg_mark_witness(&r->hdr);
	r->result = c->result;
	r->call = c->call;
	if (c->compat)
		r->flags |= RG_BEHAVIOUR_COMPAT;
	for (int i = 0; i < 3; i++)
		r->args[i] = l->keep >> i & 1 ? c->args[i] : 0;
	r->after = now;
	if (last) {
		r->before = *last;
		r->flags |= RG_BEHAVIOUR_BEFORE;
	}
	if (groups && !denied)
		rg_put_groups(s, &r->groups, task);
	stored = common ? rg_submit_credentials_common(s) : rg_submit_credentials_change(s);
	/* A lost record leaves the older credentials in place, so that the next call reports the
	 * change. */
	if (!denied && stored) {
		if (!last)
			last = bpf_task_storage_get(&rg_credentials_of, task, NULL,
						    BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (last)
			*last = now;
	}
	rg_scratch_put(s);
	return 0;
}

/* --- everything else --------------------------------------------------------- */

/* The process that a call of the kinds process_access and agent_signal aims at. */
static __always_inline struct task_struct *rg_target_of(struct task_struct *task,
							struct rg_call_args *c)
{
	__s32 number = c->args[0];

	switch (c->call) {
	case RG_CALL_ptrace:
		/* The parent gets power over the caller, not the caller over another process. */
		if ((__u32)c->args[0] == PTRACE_TRACEME)
			return RG_READ(task, real_parent);
		number = c->args[1];
		break;
	case RG_CALL_pidfd_send_signal:
	case RG_CALL_pidfd_getfd:
		return rg_task_by_fd(task, number);
	case RG_CALL_kill:
		if (number == -1)
			return rg_agent_in_group(task, NULL);
		if (number == 0)
			return rg_agent_in_group(task, RG_READ(task, signal, pids[PIDTYPE_PGID]));
		if (number < 0) {
			struct pid *group = rg_find_pid(rg_pidns_of(task), -number);

			return group ? rg_agent_in_group(task, group) : NULL;
		}
	}
	return rg_task_by_number(task, number);
}

/* The current task is a child that has just been made. A thread's parent is that of its process,
 * and may have had other namespaces all along. */
static __always_inline bool rg_left_parents_namespaces(void)
{
	struct task_struct *task = bpf_get_current_task_btf(), *from;

	from = task->pid == task->tgid ? task->real_parent : task->group_leader;
	return task->nsproxy != from->nsproxy || task->cred->user_ns != from->cred->user_ns;
}

/* Does the call do what its kind is about? */
static __always_inline bool rg_is_of_interest(struct rg_call_args *c, __u16 *kind)
{
	switch (c->call) {
	case RG_CALL_ptrace:
		switch ((__u32)c->args[0]) {
		case PTRACE_POKETEXT:
		case PTRACE_POKEDATA:
		case PTRACE_POKEUSR:
			*kind = RG_KIND_memory_access;
			return true;
		case PTRACE_TRACEME:
		case PTRACE_ATTACH:
		case PTRACE_SEIZE:
			return true;
		default:
			return false;
		}
	case RG_CALL_process_vm_readv:
	case RG_CALL_process_vm_writev:
		*kind = RG_KIND_memory_access;
		return true;
	case RG_CALL_init_module:
	case RG_CALL_finit_module:
	case RG_CALL_delete_module:
		return c->result < 0; /* successes come from module_load and module_free */
	case RG_CALL_bpf:
		switch ((__u32)c->args[0]) {
		case BPF_PROG_LOAD:
		case BPF_PROG_GET_FD_BY_ID:
		case BPF_MAP_GET_FD_BY_ID:
		case BPF_LINK_GET_FD_BY_ID:
		case BPF_LINK_DETACH:
			return true;
		default:
			return false;
		}
	case RG_CALL_clone3:
		if (bpf_probe_read_user(&c->args[0], 8, (void *)c->args[0]))
			c->args[0] = 0;
		/* The child reports success. Its namespaces are a fact, while other things may lie
		 * where the parent had the flags. */
		if (c->result == 0)
			return rg_left_parents_namespaces();
		return c->result < 0 && (c->args[0] & RG_CLONE_NEW);
	case RG_CALL_clone: /* the lowest byte of its flags is a signal's number */
		return c->result <= 0 && (c->args[0] & RG_CLONE_NEW & ~0xffULL);
	case RG_CALL_unshare:
		return c->args[0] & RG_CLONE_NEW;
	default:
		return true;
	}
}

static __always_inline void rg_fill_namespaces(struct rg_behaviour *r, struct task_struct *task)
{
	struct nsproxy *ns = task->nsproxy;

	if (!ns) /* a task that exits has none any more */
		return;
	r->ns_cgroup = RG_READ(ns, cgroup_ns, ns.inum);
	r->ns_ipc = RG_READ(ns, ipc_ns, ns.inum);
	r->ns_mnt = RG_READ(ns, mnt_ns, ns.inum);
	r->ns_net = RG_READ(ns, net_ns, ns.inum);
	r->ns_pid_children = RG_READ(ns, pid_ns_for_children, ns.inum);
	r->ns_time = RG_READ(ns, time_ns, ns.inum);
	r->ns_uts = RG_READ(ns, uts_ns, ns.inum);
	r->ns_user = RG_READ(task, cred, user_ns, ns.inum);
	rg_ns_pid(task, &r->ns_pidns);
}

/* All maps and programs of the object share one BTF, which nothing else has. Ring buffers have
 * none, and are recognised by their ids. */
static __always_inline bool rg_is_own_btf(struct btf *btf)
{
	return btf && btf == ((struct bpf_map *)&rg_scratch)->btf;
}

static __always_inline void rg_fill_map(struct rg_scratch *s, struct rg_behaviour *r,
					struct bpf_map *map)
{
	r->object_id = RG_READ(map, id);
	r->object_type = RG_READ(map, map_type);
	rg_put_string(s, &r->name, (void *)map + bpf_core_field_offset(struct bpf_map, name), 16);
	if (rg_is_own_btf(RG_READ(map, btf)) ||
	    r->object_id == ((struct bpf_map *)&rg_lane_critical)->id ||
	    r->object_id == ((struct bpf_map *)&rg_lane_bulk)->id)
		r->flags |= RG_BEHAVIOUR_OWN;
}

static __always_inline void rg_fill_prog(struct rg_scratch *s, struct rg_behaviour *r,
					 struct bpf_prog *prog)
{
	struct bpf_prog_aux *aux = RG_READ(prog, aux);

	rg_put_string(s, &r->name, (void *)aux + bpf_core_field_offset(struct bpf_prog_aux, name),
		      16);
	if (rg_is_own_btf(RG_READ(aux, btf)))
		r->flags |= RG_BEHAVIOUR_OWN;
}

/* The object behind a descriptor, or NULL: there is none, or it is not of the command's sort.
 * Whoever made up the call's result chose the file, too. */
static __always_inline void *rg_bpf_object(struct file *file, __u32 command)
{
	__u64 name = RG_NAME("bpf-prog"), other = name;

	if (command == BPF_MAP_GET_FD_BY_ID) {
		name = other = RG_NAME("bpf-map");
	} else if (command == BPF_LINK_GET_FD_BY_ID || command == BPF_LINK_DETACH) {
		name = RG_NAME("bpf_link");  /* where the link was made */
		other = RG_NAME("bpf-link"); /* where it was found by its id */
	}
	return rg_is_anonymous(file, name) || rg_is_anonymous(file, other)
		       ? RG_READ(file, private_data)
		       : NULL;
}

/* Programs of these types everybody may load, if the host's settings allow it. */
#define BPF_PROG_TYPE_SOCKET_FILTER 1
#define BPF_PROG_TYPE_CGROUP_SKB    8

/* Can bpf(2) have succeeded? A capability in any namespace counts, because a token may make it
 * do. */
static __always_inline bool rg_may_bpf(struct rg_behaviour *r, struct task_struct *task,
				       __u32 command)
{
	__u64 capabilities = 0;

	if (!(r->flags & RG_BEHAVIOUR_OBJECT))
		return false;
	capabilities = rg_read_capabilities(task->cred, cap_effective);
	if (command == BPF_LINK_DETACH || capabilities & (1ULL << CAP_BPF | 1ULL << CAP_SYS_ADMIN))
		return true;
	return command == BPF_PROG_LOAD && (r->object_type == BPF_PROG_TYPE_SOCKET_FILTER ||
					    r->object_type == BPF_PROG_TYPE_CGROUP_SKB);
}

/* Describes the object behind the descriptor that the call made or was given. A call that failed
 * has made no descriptor; then the record says what was asked for. */
static __always_inline void rg_fill_bpf(struct rg_scratch *s, struct rg_behaviour *r,
					struct task_struct *task, struct rg_call_args *c)
{
	const void *attr = (const void *)c->args[1];
	__u32 command = c->args[0];
	struct bpf_link *link;
	struct bpf_prog *prog;
	struct file *file;
	__s32 fd = c->result;
	void *object;

	if (command == BPF_LINK_DETACH)
		bpf_probe_read_user(&fd, 4, attr);
	file = rg_file_of(task, fd);
	object = rg_bpf_object(file, command);
	if (!object) {
		if (command == BPF_PROG_LOAD) { /* prog_type, and at 48 prog_name */
			bpf_probe_read_user(&r->object_type, 4, attr);
			if ((__u32)c->args[2] >= 64)
				rg_put_user_string(s, &r->name, attr + 48);
			if (r->name.length > 15) {
				r->name.length = 15;
				s->used = r->name.offset + 15;
			}
		} else if (command != BPF_LINK_DETACH) {
			bpf_probe_read_user(&r->object_id, 4, attr);
		}
		return;
	}
	r->flags |= RG_BEHAVIOUR_OBJECT;
	switch (command) {
	case BPF_MAP_GET_FD_BY_ID:
		rg_fill_map(s, r, object);
		break;
	case BPF_LINK_GET_FD_BY_ID:
	case BPF_LINK_DETACH:
		link = object;
		r->object_id = RG_READ(link, id);
		r->object_type = RG_READ(link, type);
		rg_fill_prog(s, r, RG_READ(link, prog));
		break;
	default:
		prog = object;
		r->object_id = RG_READ(prog, aux, id);
		r->object_type = RG_READ(prog, type);
		rg_fill_prog(s, r, prog);
	}
}

static __always_inline void rg_fill_mount(struct rg_scratch *s, struct rg_behaviour *r,
					  struct task_struct *task, struct rg_call_args *c)
{
	if (c->call == RG_CALL_move_mount) {
		struct file *file = rg_file_of(task, c->args[0]);

		if (file)
			rg_put_string(s, &r->type, RG_READ(file, f_inode, i_sb, s_type, name), 64);
	} else if (c->call == RG_CALL_mount && c->args[2]) {
		rg_put_user_string(s, &r->type, (void *)c->args[2]);
	}
}

/* The steps below are global functions: the verifier checks each one once, and not again for every
 * state that may have come before. Therefore they look up task and scratch memory themselves, and
 * test `c` for NULL. */
static __always_inline struct rg_scratch *rg_scratch_taken(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&rg_scratch, &cpu);
}

__noinline int rg_behaviour_details(struct rg_call_args *c)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rg_scratch *s = rg_scratch_taken();
	struct rg_behaviour *r;

	if (!s || !c)
		return 0;
	r = (struct rg_behaviour *)s->record;
	switch (rg_layout_of(c->call)->kind) {
	case RG_KIND_bpf_operation:
		rg_fill_bpf(s, r, task, c);
		if (rg_may_be_made_up(c->result) && !rg_may_bpf(r, task, c->args[0]))
			r->hdr.flags |= RG_HEADER_DOUBTFUL;
		break;
	case RG_KIND_namespace_change:
		rg_fill_namespaces(r, task);
		r->args[0] = c->args[0]; /* clone3 has its flags in memory */
		break;
	case RG_KIND_mount:
		rg_fill_mount(s, r, task, c);
		break;
	default:
		break;
	}
	return 0;
}

/* The path of the name in one argument, which starts from the directory in another one. */
static __always_inline void rg_put_asked(struct rg_scratch *s, struct rg_str *out,
					 struct task_struct *task, struct rg_call_args *c,
					 __s8 name, __s8 dirfd)
{
	s->asked.name = (void *)rg_arg(c, name);
	s->asked.dirfd = dirfd < 0 ? AT_FDCWD : (__s32)rg_arg(c, dirfd);
	s->asked.kernel = false;
	s->asked.in_root = false;
	rg_judge_name(s, out, task);
}

/* The first name and its path, or the path behind the descriptor. */
__noinline int rg_behaviour_path(struct rg_call_args *c)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rg_scratch *s = rg_scratch_taken();
	const struct rg_call_layout *l;
	struct rg_behaviour *r;
	struct file *file;

	if (!s || !c)
		return 0;
	r = (struct rg_behaviour *)s->record;
	l = rg_layout_of(c->call);
	if (l->name >= 0) {
		rg_put_user_string(s, &r->name, (void *)rg_arg(c, l->name));
		rg_put_asked(s, &r->path, task, c, l->name, l->dirfd);
	} else if (l->fd >= 0) {
		file = rg_file_of(task, rg_arg(c, l->fd));
		if (file)
			rg_put_path(s, &r->path,
				    (void *)file + bpf_core_field_offset(struct file, f_path));
	}
	return 0;
}

/* The second name, and its path where the name is one. */
__noinline int rg_behaviour_path2(struct rg_call_args *c)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rg_scratch *s = rg_scratch_taken();
	const struct rg_call_layout *l;
	struct rg_behaviour *r;

	if (!s || !c)
		return 0;
	r = (struct rg_behaviour *)s->record;
	l = rg_layout_of(c->call);
	if (l->name2 < 0 || !rg_arg(c, l->name2))
		return 0;
	rg_put_user_string(s, &r->name2, (void *)rg_arg(c, l->name2));
	if (c->call == RG_CALL_pivot_root || c->call == RG_CALL_move_mount ||
	    (c->call == RG_CALL_mount && (c->args[3] & (MS_BIND | MS_MOVE))))
		rg_put_asked(s, &r->path2, task, c, l->name2, l->dirfd2);
	return 0;
}

/* Can the call have succeeded, with what the task may do now and what is there now? The result may
 * be made up: by a tracer, or by a seccomp filter. bpf(2) has a function of its own. */
static __noinline bool rg_may_succeed(struct rg_call_args *c, struct task_struct *target)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct user_namespace *owner;
	struct file *file;

	owner = task->cred->user_ns;
	switch (c->call) {
	case RG_CALL_ptrace:
		/* Whoever reads or writes by ptrace is the tracer already. */
		return !target || (__u32)c->args[0] == PTRACE_TRACEME ||
		       RG_READ(target, parent) == task;
	case RG_CALL_process_vm_readv:
	case RG_CALL_process_vm_writev:
	case RG_CALL_pidfd_getfd:
		return !target || rg_may_act(task, target, CAP_SYS_PTRACE);
	case RG_CALL_clone:
	case RG_CALL_clone3:
		return rg_left_parents_namespaces();
	case RG_CALL_chroot:
		return rg_may_have(task, CAP_SYS_CHROOT, owner);
	case RG_CALL_memfd_create:
		file = rg_file_of(task, c->result);
		return rg_first_word(RG_READ(file, f_path.dentry)) << 16 == RG_NAME("\0\0memfd:");
	}
	switch (rg_layout_of(c->call)->kind) {
	case RG_KIND_agent_signal: /* a session's processes may wake each other */
		return (__u32)c->args[rg_layout_of(c->call)->keep & 4 ? 2 : 1] == SIGCONT ||
		       rg_may_act(task, target, CAP_KILL);
	case RG_KIND_mount:
	case RG_KIND_unmount:
	case RG_KIND_root_change:
		if (task->nsproxy)
			owner = RG_READ(task, nsproxy, mnt_ns, user_ns);
		return rg_may_have(task, CAP_SYS_ADMIN, owner);
	case RG_KIND_namespace_change:
		return rg_may_have(task, CAP_SYS_ADMIN, owner);
	default:
		return true;
	}
}

__noinline int rg_behaviour_call(struct rg_call_args *c)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct rg_call_layout *l;
	struct task_struct *target = NULL;
	struct rg_behaviour *r;
	struct rg_scratch *s;
	__u16 kind, of;
	__u32 counted;

	if (!c)
		return 0;
	l = rg_layout_of(c->call);
	kind = of = l->kind;
	if (!rg_is_of_interest(c, &kind))
		return 0;
	if (of == RG_KIND_process_access || of == RG_KIND_agent_signal) {
		target = rg_target_of(task, c);
		if (of == RG_KIND_agent_signal && !rg_is_agents(target))
			return 0;
		/* A process has every right over itself. */
		if (target && RG_READ(target, tgid) == task->tgid)
			return 0;
	}
	if (c->result < 0 || (kind != RG_KIND_memory_access && kind != RG_KIND_memfd_create &&
			      !rg_is_privileged(task)))
		kind = RG_KIND_conduct_common;
	counted = kind;
	rg_opaque(counted); /* for the verifier: an index below RG_KINDS_MAX */
	s = rg_scratch_take(counted & (RG_KINDS_MAX - 1), rg_call_program());
	if (!s)
		return 0;
	r = rg_begin_behaviour(s, kind, task);
	rg_mark_witness(&r->hdr);
	r->result = c->result;
	r->call = c->call;
	if (c->compat)
		r->flags |= RG_BEHAVIOUR_COMPAT;
	for (int i = 0; i < 6; i++)
		r->args[i] = l->keep >> i & 1 ? c->args[i] : 0;
	rg_fill_target(r, target);
	if (rg_may_be_made_up(c->result) && !rg_may_succeed(c, target))
		r->hdr.flags |= RG_HEADER_DOUBTFUL;
	rg_behaviour_details(c);
	rg_behaviour_path(c);
	rg_behaviour_path2(c);
	rg_submit_kind(s, kind);
	rg_scratch_put(s);
	return 0;
}

#endif /* RG_EBPF_BEHAVIOUR_H */

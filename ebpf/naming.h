/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Names are looked up in steps, and each step knows a part. A thread's present look-up is kept in
 * its storage from step to step.
 *
 * begin: fentry of the function that serves the call. It has the names that were asked for, in the
 * kernel's copy, and the directories that they start from.
 *
 * found: fentry of the security hook. The kernel has found the directories, and shows the names in
 * them.
 *
 * done: fexit of the file system's operation, with the result.
 *
 * drop: the right to write to the mount is given back, while the directories are still held
 * (file_drop.bpf.c). The record of what was done is made here, by one program for all operations.
 *
 * end: fexit of the function of `begin`. If nothing was done, the attempt has failed, and the
 * record holds what was asked for.
 *
 * At `end` the directories were given back, and so were the names on kernels before 7.0: therefore
 * their first bytes are copied at `begin`.
 */
#ifndef RG_EBPF_NAMING_H
#define RG_EBPF_NAMING_H

#include "ebpf/function.h"

#define RG_ENTRY_MAX 256 /* NAME_MAX, and a NUL */

struct rg_naming {
	struct path object; /* link: the file that gets another name */
	const struct path *dir;
	const struct path *dir2;
	const void *name;
	const void *name2;
	struct dentry *target; /* by which `done` knows this operation from one of its own parts */
	__u64 args[2];	       /* of the function: flags, mode, device */
	__s32 dirfd;
	__s32 dirfd2;
	__u32 step;
	/* From `done`: the call that does the like, its number, and the result. */
	__u16 like;
	__u16 like_number;
	__s32 result;
	__u32 reserved;
	char entry[RG_ENTRY_MAX];
	char entry2[RG_ENTRY_MAX];
	char asked[RG_ASKED_MAX];
	char asked2[RG_ASKED_MAX];
};

enum { RG_NAMING_IDLE, RG_NAMING_BEGUN, RG_NAMING_FOUND, RG_NAMING_DONE, RG_NAMING_REPORTED };

struct {
	int (*type)[BPF_MAP_TYPE_TASK_STORAGE];
	int (*map_flags)[BPF_F_NO_PREALLOC];
	int *key;
	struct rg_naming *value;
} rg_naming_of SEC(".maps");

/* The thread's look-up, or NULL: there is none, or it did not come to `step`. */
static __always_inline struct rg_naming *rg_naming_at(__u32 step)
{
	struct rg_naming *n;

	n = bpf_task_storage_get(&rg_naming_of, bpf_get_current_task_btf(), NULL, 0);
	return n && n->step == step ? n : NULL;
}

static __always_inline void rg_keep(char *copy, const __u32 size, const void *name)
{
	if (bpf_probe_read_kernel_str(copy, size, name) < 0)
		copy[0] = 0;
}

/* NULL: the agent itself, or no memory; `end` counts that as a loss. */
static __always_inline struct rg_naming *rg_naming_begin(enum rg_program program, __s32 dirfd,
							 struct filename *name, __s32 dirfd2,
							 struct filename *name2)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rg_naming *n;

	if (rg_skip(task, program))
		return NULL;
	n = bpf_task_storage_get(&rg_naming_of, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!n)
		return NULL;
	n->step = RG_NAMING_BEGUN;
	n->dirfd = dirfd;
	n->dirfd2 = dirfd2;
	n->name = name ? name->name : NULL;
	n->name2 = name2 ? name2->name : NULL;
	n->dir = NULL;
	n->dir2 = NULL;
	n->args[0] = 0;
	n->args[1] = 0;
	n->object.dentry = NULL;
	n->asked[RG_ASKED_MAX - 2] = 0;
	n->asked2[RG_ASKED_MAX - 2] = 0;
	if (name)
		rg_keep(n->asked, sizeof(n->asked), n->name);
	if (name2)
		rg_keep(n->asked2, sizeof(n->asked2), n->name2);
	return n;
}

/* `dentry` is an entry of `dir`. */
static __always_inline void rg_naming_found(const struct path *dir, struct dentry *dentry,
					    const struct path *dir2, struct dentry *dentry2)
{
	struct rg_naming *n = rg_naming_at(RG_NAMING_BEGUN);

	if (!n)
		return;
	n->dir = dir;
	n->dir2 = dir2;
	rg_keep(n->entry, sizeof(n->entry), dentry->d_name.name);
	if (dentry2)
		rg_keep(n->entry2, sizeof(n->entry2), dentry2->d_name.name);
	n->target = dentry;
	n->step = RG_NAMING_FOUND;
}

/* Puts the function's arguments in the place of the caller's, where the caller made another call.
 */
static __always_inline void rg_naming_args(struct rg_file_act *a, struct rg_naming *n)
{
	if (rg_is_own_call(a))
		return;
	switch (a->c.call) {
	case RG_CALL_renameat2:
	case RG_CALL_linkat:
		a->c.args[0] = n->dirfd;
		a->c.args[2] = n->dirfd2;
		a->c.args[4] = n->args[0];
		break;
	case RG_CALL_symlinkat:
		a->c.args[1] = n->dirfd2;
		break;
	default:
		a->c.args[0] = n->dirfd;
		a->c.args[2] = n->args[0];
		a->c.args[3] = n->args[1];
	}
}

/* Takes scratch memory for the record of a look-up. */
static __always_inline struct rg_scratch *rg_naming_act(struct rg_naming *n, __u16 like,
							__u32 like_number, enum rg_program program,
							long result)
{
	struct rg_scratch *s = rg_function_act(program, like, like_number, result);

	if (!s)
		return NULL;
	rg_naming_args(&s->act, n);
	s->act.dirfd = n->dirfd;
	s->act.dirfd2 = n->dirfd2;
	return s;
}

/* Results with which the kernel tries again from the beginning. */
#define EWOULDBLOCK 11
#define ESTALE	    116

static __always_inline int rg_naming_done(struct dentry *target, __u16 like, __u16 like_number,
					  int result)
{
	struct rg_naming *n = rg_naming_at(RG_NAMING_FOUND);

	if (!n || n->target != target)
		return 0;
	if (result == -EWOULDBLOCK || result == -ESTALE) {
		n->step = RG_NAMING_BEGUN;
		return 0;
	}
	n->step = RG_NAMING_DONE;
	n->like = like;
	n->like_number = like_number;
	n->result = result;
	return 0;
}

static __always_inline int rg_naming_drop(struct rg_naming *n, enum rg_program program)
{
	struct rg_scratch *s;
	struct rg_file_act *a;

	n->step = RG_NAMING_REPORTED;
	s = rg_naming_act(n, n->like, n->like_number, program, n->result);
	if (!s)
		return 0;
	a = &s->act;
	if (n->object.dentry)
		a->object = &n->object;
	a->name = n->name;
	a->name2 = n->name2;
	a->dir = (struct path *)n->dir;
	a->dir2 = (struct path *)n->dir2;
	a->entry = n->entry;
	a->entry2 = n->entry2;
	return rg_act_end(s);
}

static __always_inline int rg_naming_end(__u16 like, __u32 like_number, enum rg_program program,
					 int result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rg_naming *n = bpf_task_storage_get(&rg_naming_of, task, NULL, 0);
	struct rg_scratch *s;
	__u32 step;

	if (!n || n->step == RG_NAMING_IDLE) {
		if (!rg_skip(task, program))
			rg_drop(rg_kind_of(like), &rg_counters()->programs[program].errors);
		return 0;
	}
	step = n->step;
	n->step = RG_NAMING_IDLE;
	if (step == RG_NAMING_REPORTED)
		return 0;
	s = rg_naming_act(n, like, like_number, program, result);
	if (!s)
		return 0;
	if (n->name)
		s->act.name = n->asked;
	if (n->name2)
		s->act.name2 = n->asked2;
	s->act.cut = n->asked[RG_ASKED_MAX - 2];
	s->act.cut2 = n->asked2[RG_ASKED_MAX - 2];
	rg_file_record(s);
	rg_scratch_put(s);
	return 0;
}

#endif /* RG_EBPF_NAMING_H */

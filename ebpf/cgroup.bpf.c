// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Names of cgroups that are made while the sensor runs. Most records hold only the id of a cgroup.
 */
#include "ebpf/task.h"

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(rg_cgroup_mkdir, struct cgroup *cgrp, const char *path)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rg_cgroup *c;
	struct rg_scratch *s;

	if (cgrp->root->hierarchy_id != 0) /* version 1: its ids are in no record */
		return 0;
	if (rg_skip(task, RG_PROGRAM_cgroup_mkdir))
		return 0;
	s = rg_scratch_take(RG_KIND_cgroup_mkdir, RG_PROGRAM_cgroup_mkdir);
	if (!s)
		return 0;
	c = (struct rg_cgroup *)s->record;
	__builtin_memset(c, 0, sizeof(*c));
	s->used = sizeof(*c);
	rg_fill_header(&c->hdr, RG_KIND_cgroup_mkdir, task);
	c->id = cgrp->kn->id;
	rg_put_string(s, &c->path, path, RG_CGROUP_MAX);
	rg_submit_cgroup_mkdir(s);
	rg_scratch_put(s);
	return 0;
}

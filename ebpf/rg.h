/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Settings, counters, scratch memory and the two lanes, which all programs share. Each program
 * takes the same steps: pass over the agent itself, take scratch memory, build the record, submit
 * the record.
 */
#ifndef RG_EBPF_RG_H
#define RG_EBPF_RG_H

#include "ebpf/kernel_differences.h"
#include "schema/abi/event.h"

#define PF_KTHREAD 0x00200000
#define PF_EXITING 0x00000004

/* The collector sets these before loading. */
extern const volatile struct rg_settings rg_settings;
/* The collector maps this memory. */
extern struct rg_shared rg_shared;

/* Components of a path that the filter can follow; power of two. */
#define RG_COMPONENTS_MAX 256

#define RG_TEXT_MAX (4 * RG_PATH_MAX)
#define RG_CLEAN_AT (3 * RG_PATH_MAX)

/* A walk up from a dentry, and its position. */
struct rg_walk {
	struct dentry *dentry;
	struct mount *mnt;
	struct dentry *mnt_root;
	__u32 pos; /* where the path begins in `path` */
	__u32 flags;
};

/* A name as it was asked for, and where it starts from. */
struct rg_asked {
	const void *name;
	__s32 dirfd;
	bool in_root; /* the directory is the root of absolute names, too */
	bool kernel;  /* the name is the kernel's copy, not the caller's memory */
	bool makes;   /* the name is made, moved or linked */
};

/* A system call: of calls.def, with its arguments and what it returned. */
struct rg_call_args {
	__u64 args[6];
	long result;
	__u16 call; /* enum rg_call */
	bool compat;
};

#define RG_ASKED_MAX 256 /* bytes of a name that are kept while a call looks it up */

/* An act on a file, as the program that saw it knows it. */
struct rg_file_act {
	struct rg_call_args c;
	struct file *file;   /* the open file, or NULL */
	struct path *object; /* the object where no file is open, or NULL */
	/* The names that were asked for, in the kernel's copy or the caller's memory. */
	const void *name;
	const void *name2;
	/* The directories that the kernel found for the names, and the names within them. NULL: it
	 * did not come so far. */
	struct path *dir;
	struct path *dir2;
	const void *entry;
	const void *entry2;
	__s32 dirfd;
	__s32 dirfd2;
	__u16 flags;   /* enum rg_file_flags */
	bool function; /* a function of the kernel says so, not the exit of a call */
	bool user;     /* the names are in the caller's memory */
	bool cut;      /* the copy of the first name may have lost its end */
	bool cut2;     /* that of the second name */
	__u8 reserved[2];
	__u32 open_flags; /* of an open, as the kernel has them */
	__u32 reserved2;
};

/* A record is put together here and then copied into its lane, so that a ring holds only the bytes
 * that the record really has. The slack behind `record` is for the verifier, which expects any
 * masked offset plus any bounded length. */
struct rg_scratch {
	__u8 record[RG_RECORD_MAX + RG_ARGS_MAX];
	/* Paths grow down from RG_PATH_MAX. A name that is joined to a path follows there. From
	 * RG_CLEAN_AT on there is the path without ".", ".." and "//". The slack is for words that
	 * begin with the last byte. */
	__u8 path[RG_TEXT_MAX + 32];
	__u8 name[RG_PATH_MAX];
	struct path *walk_from;
	struct file *scripts[RG_SCRIPTS_MAX];
	/* The walk is not on the stack, because kernels before 6.13 have 512 bytes for a whole
	 * chain of calls. */
	struct rg_walk walk;
	struct rg_asked asked;	/* the name that the filter judges */
	struct rg_file_act act; /* what the record of a file is made from */
	/* The path that the filter judges. */
	__u32 text; /* where it begins in `path` */
	__u32 text_length;
	__u32 depth; /* components */
	/* The index in `parts` of the path's first component, and the step to the next: up for a
	 * cleaned path, down for one that was walked from its end. */
	__u32 first;
	__s32 stride;
	__u32 endless; /* the path does not fit, or has too many components */
	__u32 above;   /* the question is what lies below the path */
	__u32 inside;  /* walks end at the file system's root, not at the namespace's */
	__u32 partial; /* the mount that the last walk began in shows a part of its file system */
	__u64 parts[RG_COMPONENTS_MAX];	 /* hashes of components */
	__u16 starts[RG_COMPONENTS_MAX]; /* where a cleaned path's components begin */
	/* State of the cleaning of a path. On the stack, the verifier would follow each value that
	 * these could have. */
	__u64 clean_part;  /* hash of the component so far */
	__u32 clean_next;  /* byte of `path` */
	__u32 clean_start; /* where the component begins */
	__u32 floor;	   /* components that ".." leaves alone */
	__u32 nothing;	   /* 0, but the verifier does not know that */
	__u32 fs;	   /* offset of the rg_str that rg_judge_inside() has put */
	__u32 used;	   /* bytes of record */
	__u32 busy;
};

_Static_assert(sizeof(struct rg_process) + 3 * RG_PATH_MAX + RG_INTERP_MAX + RG_ARGS_MAX +
			       RG_ENV_MAX + RG_TTY_MAX + RG_CGROUP_MAX +
			       RG_SCRIPTS_MAX * sizeof(struct rg_script) + RG_PATH_MAX +
			       (RG_SCRIPTS_MAX - 1) * RG_INTERP_MAX + 8 <=
		       RG_RECORD_MAX,
	       "the longest record fits");

struct rg_scratch_map {
	int (*type)[BPF_MAP_TYPE_ARRAY];
	int (*max_entries)[1]; /* the collector sets the number of CPUs */
	__u32 *key;
	struct rg_scratch *value;
};
struct rg_ring_map {
	int (*type)[BPF_MAP_TYPE_RINGBUF];
	int (*max_entries)[65536]; /* the collector sets it as the plan says */
};

extern struct rg_scratch_map rg_scratch SEC(".maps");
extern struct rg_ring_map rg_lane_critical SEC(".maps");
extern struct rg_ring_map rg_lane_bulk SEC(".maps");

static __always_inline struct rg_counters *rg_counters(void)
{
	return &rg_shared.counters[bpf_get_smp_processor_id() & (RG_COUNTER_BLOCKS - 1)];
}

/* The addition is atomic although the block is the CPU's own: hosts may have more CPUs than blocks,
 * and kernels with full preemption may switch tasks in between. */
static __always_inline void rg_count(__u64 *counter)
{
	__sync_fetch_and_add(counter, 1);
}

/* The agent never observes itself. A reused pid is not the agent: start times differ. */
static __always_inline bool rg_is_agent(struct task_struct *task)
{
	const struct rg_agent_process *agent = rg_shared.agent;
	__u32 pid = task->tgid;

	rg_opaque(agent); /* else each slot's address is computed anew */
	for (int i = 0; i < RG_AGENT_PROCESSES; i++) {
		if (agent[i].pid != pid || !pid)
			continue;
		/* Only the collector's slot can be without a start time. Nobody else has that pid
		 * while the collector lives. */
		if (!agent[i].start_ns || agent[i].start_ns == task->group_leader->start_boottime)
			return true;
	}
	return false;
}

/* Counts the run. True: the agent itself runs, and there is nothing to do. */
static __always_inline bool rg_skip(struct task_struct *task, enum rg_program program)
{
	struct rg_program_counters *c = &rg_counters()->programs[program];

	rg_count(&c->runs);
	if (!rg_is_agent(task))
		return false;
	rg_count(&c->self);
	return true;
}

/* Counts a record that is given up: scratch memory is in use, or the data cannot be read. */
static __always_inline void rg_drop(enum rg_kind kind, __u64 *why)
{
	rg_count(why);
	rg_count(&rg_counters()->kinds[kind].lost);
}

/* Scratch memory of this CPU, or NULL if a program that this one interrupted is using the memory.
 * The taker gives the memory back with rg_scratch_put(). */
static __always_inline struct rg_scratch *rg_scratch_take(enum rg_kind kind,
							  enum rg_program program)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct rg_scratch *s = bpf_map_lookup_elem(&rg_scratch, &cpu);

	if (!s || __sync_lock_test_and_set(&s->busy, 1)) {
		rg_drop(kind, &rg_counters()->programs[program].scratch_busy);
		return NULL;
	}
	return s;
}

static __always_inline void rg_scratch_put(struct rg_scratch *s)
{
	*(volatile __u32 *)&s->busy = 0;
}

/* Pads the record to its size. The last eight bytes are zeroed before the padding is taken from
 * them, so that no byte of an older record leaves the kernel. */
static __always_inline __u32 rg_finish(struct rg_scratch *s)
{
	struct rg_header *hdr = (struct rg_header *)s->record;
	__u32 used = s->used & (RG_RECORD_MAX - 1);

	__builtin_memset(&s->record[used], 0, 8);
	used = RG_ALIGN8(used);
	hdr->size = used;
	return used;
}

/* Only here are records lost for want of room, and each one is counted. There are no flags: the
 * kernel wakes the collector for the first record after all were read, and for none while the
 * collector is behind. True: the record is stored. */
#define rg_submit(s, kind, lane)                                                                   \
	({                                                                                         \
		struct rg_kind_counters *_c = &rg_counters()->kinds[kind];                         \
		__u32 _size = rg_finish(s);                                                        \
		bool _stored = !bpf_ringbuf_output(&rg_lane_##lane, (s)->record, _size, 0);        \
		rg_count(_stored ? &_c->stored : &_c->lost);                                       \
		_stored;                                                                           \
	})

/* One function for each kind, such as rg_submit_process_exec(s). The list of kinds says the
 * lane. */
#define EVENT_KIND(number, name, body, domain, behaviour, lane)                                    \
	static __always_inline bool rg_submit_##name(struct rg_scratch *s)                         \
	{                                                                                          \
		return RG_SUBMIT_##lane(s, number);                                                \
	}
#define RG_SUBMIT_critical(s, number) rg_submit(s, number, critical)
#define RG_SUBMIT_bulk(s, number)     rg_submit(s, number, bulk)
#define RG_SUBMIT_snapshot(s, number) ((void)(s), false)
#include "schema/abi/event_kinds.def"
#undef EVENT_KIND

/* Bit 1 << number: the kind goes to the critical lane. */
#define RG_IS_critical 1ULL
#define RG_IS_bulk     0ULL
#define RG_IS_snapshot 0ULL
static const __u64 rg_critical_kinds = 0
#define EVENT_KIND(number, name, body, domain, behaviour, lane) | RG_IS_##lane << number
#include "schema/abi/event_kinds.def"
#undef EVENT_KIND
	;
_Static_assert(RG_KIND_END <= RG_KINDS_MAX && RG_KINDS_MAX <= 64, "a bit for each kind");

/* Submits a record whose kind is known only when the program runs. */
static __always_inline bool rg_submit_kind(struct rg_scratch *s, __u32 kind)
{
	rg_opaque(kind);
	kind &= RG_KINDS_MAX - 1;
	if (rg_critical_kinds >> kind & 1)
		return rg_submit(s, kind, critical);
	return rg_submit(s, kind, bulk);
}

#endif /* RG_EBPF_RG_H */

/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
 *
 * The raw ABI: what the eBPF programs write, the collector forwards untouched
 * and the analyzer decodes. C for the eBPF programs, valid C++ for the rest.
 *
 * A record is a fixed body, named by its kind (event_kinds.def), followed by a
 * string area; body and strings lie in one block of rg_header.size bytes, a
 * multiple of 8. Bodies have no padding, every byte of a record is written.
 * Byte order is the host's. docs/formats/abi.md shows one byte by byte.
 */
#ifndef RG_SCHEMA_ABI_EVENT_H
#define RG_SCHEMA_ABI_EVENT_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* Changes with every change of layout or meaning. */
#define RG_ABI_VERSION 1

/* Upper bounds, also for what the analyzer accepts. */
#define RG_RECORD_MAX	32768 /* one record, bytes */
#define RG_PATH_MAX	4096  /* one path */
#define RG_ARGS_MAX	8192  /* all arguments of one process */
#define RG_ENV_MAX	4096  /* all kept environment variables of one process */
#define RG_ENV_NAME_MAX 64    /* name of an environment variable, with its NUL */
#define RG_INTERP_MAX	256
#define RG_TTY_MAX	64
#define RG_CGROUP_MAX	2048
#define RG_COMM_LEN	16

enum rg_kind {
#define EVENT_KIND(number, name, body, lane) RG_KIND_##name = number,
#include "schema/abi/event_kinds.def"
#undef EVENT_KIND
	RG_KIND_END,
};

enum rg_program {
#define PROGRAM(number, name, hook, choice) RG_PROGRAM_##name = number,
#include "schema/abi/programs.def"
#undef PROGRAM
	RG_PROGRAM_END,
};

enum rg_hook {
#define HOOK(number, name, need) RG_HOOK_##name = number,
#include "schema/abi/hooks.def"
#undef HOOK
	RG_HOOK_END,
};

/* Bits of rg_str.flags. */
enum rg_str_flags {
	RG_STR_TRUNCATED = 1 << 0,  /* longer than what is here (paths lose their head) */
	RG_STR_UNREADABLE = 1 << 1, /* memory not resident or gone; what is here is a part */
	RG_STR_DETACHED = 1 << 2,   /* path: no way up to a mount namespace's root */
	RG_STR_DELETED = 1 << 3,    /* path: the name was unlinked */
	RG_STR_MEMFD = 1 << 4,	    /* path: anonymous memory file, the name is its label */
};

/* A string of the record: `length` bytes at `offset` from the record's start,
 * no terminating NUL. Lists (arguments, environment) end each item with NUL,
 * but for a last one that was cut. Absent: all zero. */
struct rg_str {
	__u16 offset;
	__u16 length;
	__u16 flags;
	__u16 reserved; /* zero */
};

/* Start of every record: what happened, when, and who did it. */
struct rg_header {
	__u16 kind;	       /* enum rg_kind */
	__u16 abi_version;     /* RG_ABI_VERSION */
	__u32 size;	       /* whole record, bytes, multiple of 8 */
	__u64 time_ns;	       /* CLOCK_BOOTTIME */
	__u64 start_ns;	       /* start of the process (its first thread), CLOCK_BOOTTIME */
	__u64 parent_start_ns; /* the same of its parent */
	__u64 cgroup_id;       /* cgroup v2 */
	__u32 pid;	       /* process (thread group) */
	__u32 tid;	       /* thread */
	__u32 ppid;	       /* parent process */
	__u32 uid;
	__u32 gid;
	__u32 euid;
	__u32 cpu;
	__u32 reserved;		/* zero */
	char comm[RG_COMM_LEN]; /* NUL padded */
};

/* Bits of rg_process.flags. */
enum rg_process_flags {
	RG_PROCESS_KERNEL_THREAD = 1 << 0,
	RG_PROCESS_UNLINKED = 1 << 1,	/* executable has no name left (or never had one) */
	RG_PROCESS_MEMFD = 1 << 2,	/* executable is anonymous memory */
	RG_PROCESS_CHROOT = 1 << 3,	/* root directory is not its mount namespace's root */
	RG_PROCESS_COMPAT = 1 << 4,	/* exec through the 32-bit system call table */
	RG_PROCESS_NO_ARGS = 1 << 5,	/* arguments not collected */
	RG_PROCESS_NO_CWD = 1 << 6,	/* working directory not collected */
	RG_PROCESS_NO_ENV = 1 << 7,	/* environment not collected */
	RG_PROCESS_SECUREEXEC = 1 << 8, /* the kernel raised privileges: AT_SECURE */
};

/* How an exec was asked for. */
enum rg_exec_source {
	RG_EXEC_UNKNOWN = 0,
	RG_EXEC_EXECVE = 1,
	RG_EXEC_EXECVEAT = 2,
	RG_EXEC_KERNEL = 3, /* user mode helper */
};

/* process_exec: a program image was replaced. process_snapshot: a process that
 * was there before the sensor; time_ns is when it was read. */
struct rg_process {
	struct rg_header hdr;
	__u64 exe_inode;
	__u64 cap_effective;
	__u64 cap_permitted;
	__u64 cap_inheritable;
	__u64 cap_bounding;
	__u64 cap_ambient;
	__u32 exe_dev;	/* kernel encoding: major << 20 | minor */
	__u32 exe_mode; /* st_mode */
	__u32 exe_uid;
	__u32 exe_gid;
	__u32 suid;
	__u32 fsuid;
	__u32 egid;
	__u32 sgid;
	__u32 fsgid;
	__u32 login_uid;     /* 0xffffffff: not set */
	__u32 audit_session; /* 0xffffffff: not set */
	__u32 session_id;
	__u32 pgid;
	__u32 ns_pid;	 /* pid in its own pid namespace */
	__u32 ns_cgroup; /* namespace ids: inode numbers under /proc/PID/ns */
	__u32 ns_ipc;
	__u32 ns_mnt;
	__u32 ns_net;
	__u32 ns_pidns;
	__u32 ns_time;
	__u32 ns_user;
	__u32 ns_uts;
	__u32 argc; /* as the kernel counted them; 0 in a snapshot */
	__u32 envc;
	__u32 old_tid;		/* thread that called exec, where it was not the first one */
	__u16 flags;		/* enum rg_process_flags */
	__u16 source;		/* enum rg_exec_source */
	struct rg_str exe_path; /* from the executable's dentry */
	struct rg_str cwd;
	struct rg_str filename;	   /* the name exec was called with */
	struct rg_str interpreter; /* a script's interpreter, as its first line names it */
	struct rg_str args;	   /* list */
	struct rg_str env;	   /* list, only names the plan asks for */
	struct rg_str tty;
	struct rg_str cgroup; /* path in the v2 hierarchy */
};

/* process_fork, thread_start: hdr is the creating task. */
struct rg_fork {
	struct rg_header hdr;
	__u64 child_start_ns; /* start of the child's process */
	__u64 child_cgroup_id;
	__u64 child_parent_start_ns; /* CLONE_PARENT: the parent is not the creator */
	__u32 child_pid;
	__u32 child_tid;
	__u32 child_ppid;
	__u32 child_ns_pid;
	char child_comm[RG_COMM_LEN];
	struct rg_str child_cgroup; /* only where it is not the creator's */
};

/* process_exit: the last thread of a process. thread_exit: any other one. */
struct rg_exit {
	struct rg_header hdr;
	__u64 task_start_ns; /* start of this thread */
	__u32 status;	     /* as wait(2) returns it; of the process, or of the thread */
	__u32 reserved;	     /* zero */
};

/* exec_failed: execve or execveat returned an error. */
struct rg_exec_failed {
	struct rg_header hdr;
	__s32 result; /* -errno */
	__s32 dirfd;  /* execveat; -100 (AT_FDCWD) for execve */
	__u32 at_flags;
	__u16 source;		/* enum rg_exec_source */
	__u16 flags;		/* enum rg_process_flags */
	struct rg_str base;	/* directory a relative name starts from */
	struct rg_str filename; /* the caller's argument */
	struct rg_str args;	/* list */
};

/* cgroup_mkdir, v2 hierarchy. */
struct rg_cgroup {
	struct rg_header hdr;
	__u64 id;
	struct rg_str path;
};

/* Counters in memory that the collector has mapped; only ever grow. One block
 * per CPU, the CPU's number modulo RG_COUNTER_BLOCKS. */
#define RG_COUNTER_BLOCKS 64
#define RG_KINDS_MAX	  64
#define RG_PROGRAMS_MAX	  64

struct rg_kind_counters {
	__u64 stored; /* put into a ring */
	__u64 lost;   /* no room in the ring */
};

struct rg_program_counters {
	__u64 runs;
	__u64 own;    /* caused by the agent itself, passed over */
	__u64 busy;   /* scratch memory in use: record lost, also counted in its kind */
	__u64 errors; /* could not be read or did not fit: record lost, counted in its kind */
};

struct rg_counters {
	struct rg_kind_counters kinds[RG_KINDS_MAX];
	struct rg_program_counters programs[RG_PROGRAMS_MAX];
};

/* The whole of the object's .bss: shared between the programs and the collector. */
#define RG_AGENT_PROCESSES 4
struct rg_agent_process {
	__u64 start_ns; /* 0: slot unused */
	__u32 pid;
	__u32 reserved;
};

struct rg_shared {
	struct rg_counters counters[RG_COUNTER_BLOCKS];
	struct rg_agent_process agent[RG_AGENT_PROCESSES]; /* written by the collector */
	__u32 source_known; /* written by the collector: hook exec_source is attached */
	__u32 reserved;
};

/* The whole of the object's .rodata. abi_version is set at build time and tells
 * the collector what it is about to load, the rest is set by the collector. */
struct rg_settings {
	__u32 abi_version;
	__u32 collect_args;
	__u32 collect_env;
	__u32 collect_cwd;
	__u32 threads;	    /* report thread_start and thread_exit */
	__u32 exec_sources; /* bit 1 << enum rg_exec_source: report */
	__u32 reserved;
};

#define RG_ALIGN8(n) (((n) + 7u) & ~7u)

#endif /* RG_SCHEMA_ABI_EVENT_H */

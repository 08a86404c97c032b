/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
 *
 * The raw ABI: records that the eBPF programs write, the collector forwards untouched, and the
 * analyzer decodes. The header is C for the eBPF programs and valid C++ for the rest.
 *
 * A record is a fixed body, named by its kind (event_kinds.def), and a string area behind the body.
 * Both lie in one block of rg_header.size bytes, a multiple of 8. Bodies have no padding, and every
 * byte of a record is written. Byte order is the host's. docs/formats/abi.md shows a record byte by
 * byte.
 */
#ifndef RG_SCHEMA_ABI_EVENT_H
#define RG_SCHEMA_ABI_EVENT_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* The version changes with every change of layout or meaning. */
#define RG_ABI_VERSION 2

/* Upper bounds. The analyzer accepts nothing beyond them. */
#define RG_RECORD_MAX	32768 /* one record, bytes */
#define RG_PATH_MAX	4096  /* one path */
#define RG_ARGS_MAX	8192  /* all arguments of one process */
#define RG_ENV_MAX	4096  /* all kept environment variables of one process */
#define RG_ENV_NAME_MAX 64    /* name of an environment variable, with its NUL */
#define RG_INTERP_MAX	256
#define RG_TTY_MAX	64
#define RG_CGROUP_MAX	2048
#define RG_COMM_LEN	16
#define RG_SCRIPTS_MAX	5 /* scripts before a program; the kernel follows no more */

enum rg_kind {
#define EVENT_KIND(number, name, body, domain, behaviour, lane) RG_KIND_##name = number,
#include "schema/abi/event_kinds.def"
#undef EVENT_KIND
};

enum rg_program {
#define PROGRAM(number, name, hook, choice, signature) RG_PROGRAM_##name = number,
#include "schema/abi/programs.def"
#undef PROGRAM
};

enum rg_call {
#define CALL(number, name, shown, kind, event_type, operation, like, traits, fd, dirfd, name1,     \
	     dirfd2, name2, keep)                                                                  \
	RG_CALL_##name = number,
#include "schema/abi/calls.def"
#undef CALL
};

enum rg_process_file {
#define PROCESS_FILE(number, name, whose) RG_PROCESS_FILE_##name = number,
#include "schema/abi/process_files.def"
#undef PROCESS_FILE
};

enum rg_hook {
#define HOOK(number, name, need, about) RG_HOOK_##name = number,
#include "schema/abi/hooks.def"
#undef HOOK
};

/* One more than the highest number of each list. The numbers have no gaps, which the analyzer's
 * build checks. These are no enumerators of the enums above, so that a switch need not treat
 * them. */
enum {
	RG_KIND_END = 1
#define EVENT_KIND(number, name, body, domain, behaviour, lane) +1
#include "schema/abi/event_kinds.def"
#undef EVENT_KIND
};
enum {
	RG_PROGRAM_END = 1
#define PROGRAM(number, name, hook, choice, signature) +1
#include "schema/abi/programs.def"
#undef PROGRAM
};
enum {
	RG_CALL_END = 1
#define CALL(number, name, shown, kind, event_type, operation, like, traits, fd, dirfd, name1,     \
	     dirfd2, name2, keep)                                                                  \
	+1
#include "schema/abi/calls.def"
#undef CALL
};
enum {
	RG_HOOK_END = 1
#define HOOK(number, name, need, about) +1
#include "schema/abi/hooks.def"
#undef HOOK
};

/* The hook whose programs see a call of this kind and operation. Compilers put the function behind
 * truncate(2) into its callers, so that no program can be attached to it; the call alone writes by
 * a name. */
#define RG_HOOK_OF_CALL(kind, hook_of_operation)                                                   \
	((kind) == RG_KIND_file_change && (hook_of_operation) == RG_HOOK_file_write                \
		 ? RG_HOOK_syscalls                                                                \
		 : (hook_of_operation))

/* Does a call of this kind and operation change a file's attributes, or its length by name? It is
 * seen when it returns; programs of RG_HOOK_file_names have the object that it came to. */
#define RG_CHANGES_ATTRIBUTES(kind, operation)                                                     \
	((kind) == RG_KIND_file_times || (kind) == RG_KIND_file_flags ||                           \
	 ((kind) == RG_KIND_file_change && (operation) != RG_OPERATION_create))

/* The column `like` of a call that is like no other one. */
enum { RG_CALL_none = 0 };

/* The subject of a record's event. */
enum rg_domain {
	RG_DOMAIN_process,
	RG_DOMAIN_file,
	RG_DOMAIN_network,
	RG_DOMAIN_behaviour,
};

/* The action of a system call on a file or a socket. */
enum rg_operation {
#define OPERATION(name, hook) RG_OPERATION_##name,
#include "schema/abi/operations.def"
#undef OPERATION
};
enum {
	RG_OPERATION_END = 0
#define OPERATION(name, hook) +1
#include "schema/abi/operations.def"
#undef OPERATION
};

enum rg_call_traits {
	RG_NOFOLLOW = 1 << 0,  /* acts on the name itself, even if it is a symlink's */
	RG_IDS16 = 1 << 1,     /* its user and group ids have 16 bits */
	RG_NULL_NAME = 1 << 2, /* without a name, the object is that of the descriptor `dirfd` */
};

/* Bits of rg_str.flags. */
enum rg_str_flags {
	RG_STR_TRUNCATED = 1 << 0,  /* too long: only a part is here (paths lose their head) */
	RG_STR_UNREADABLE = 1 << 1, /* memory not resident or gone; only a part is here */
	RG_STR_DETACHED = 1 << 2,   /* path: no way up to a mount namespace's root */
	RG_STR_DELETED = 1 << 3,    /* path: the name was unlinked */
	RG_STR_MEMFD = 1 << 4,	    /* path: anonymous memory file, the name is its label */
	RG_STR_LEXICAL = 1 << 5,    /* path: put together from names, symlinks not followed */
};

/* A string of the record: `length` bytes at `offset` from the record's start, without a terminating
 * NUL. In lists (arguments, environment) each item ends with a NUL, but for a last item that was
 * cut. An absent string is all zero. */
struct rg_str {
	__u16 offset;
	__u16 length;
	__u16 flags;
	/* path: offset of an rg_str that has the path within the file system, from its own root. 0:
	 * that is not known, or the mount shows the whole file system */
	__u16 fs;
};

/* Bits of rg_header.flags. */
enum rg_header_flags {
	RG_HEADER_SECCOMP = 1 << 0,  /* under a seccomp filter, which may make up results */
	RG_HEADER_FUNCTION = 1 << 1, /* seen in a function of the kernel, not at a call's exit */
	RG_HEADER_TRACED = 1 << 2,   /* under ptrace(2), whose user may make up results */
	RG_HEADER_DOUBTFUL = 1 << 3, /* what the kernel has contradicts the call's success */
};

/* Every record starts with this: the kind of happening, its time, and the actor. */
struct rg_header {
	__u16 kind;	       /* enum rg_kind */
	__u16 abi_version;     /* RG_ABI_VERSION */
	__u32 size;	       /* whole record, bytes, multiple of 8 */
	__u64 time_ns;	       /* CLOCK_BOOTTIME */
	__u64 start_ns;	       /* start of the process (its first thread), CLOCK_BOOTTIME */
	__u64 parent_start_ns; /* start of its parent, CLOCK_BOOTTIME */
	__u64 cgroup_id;       /* cgroup v2 */
	__u32 pid;	       /* process (thread group) */
	__u32 tid;	       /* thread */
	__u32 ppid;	       /* parent process */
	__u32 uid;
	__u32 gid;
	__u32 euid;
	__u32 cpu;
	__u32 flags;		/* enum rg_header_flags */
	char comm[RG_COMM_LEN]; /* NUL padded */
};

/* Bits of rg_process.flags. */
enum rg_process_flags {
	RG_PROCESS_KERNEL_THREAD = 1 << 0,
	RG_PROCESS_UNLINKED = 1 << 1,	 /* executable has no name left (or never had one) */
	RG_PROCESS_MEMFD = 1 << 2,	 /* executable is anonymous memory */
	RG_PROCESS_CHROOT = 1 << 3,	 /* root directory is not its mount namespace's root */
	RG_PROCESS_COMPAT = 1 << 4,	 /* exec through the 32-bit system call table */
	RG_PROCESS_NO_ARGS = 1 << 5,	 /* arguments not collected */
	RG_PROCESS_NO_CWD = 1 << 6,	 /* working directory not collected */
	RG_PROCESS_NO_ENV = 1 << 7,	 /* environment not collected */
	RG_PROCESS_FOREIGN_EXE = 1 << 8, /* executable's mount is in another mount namespace than
					    the process */
};

/* The way in which an exec was asked for. */
enum rg_exec_source {
	RG_EXEC_UNKNOWN = 0,
	RG_EXEC_EXECVE = 1,
	RG_EXEC_EXECVEAT = 2,
	RG_EXEC_KERNEL = 3, /* user mode helper */
};

/* The file behind a descriptor. All zero: the descriptor is not open. */
struct rg_stream {
	__u64 inode;
	__u32 rdev;	/* for a device: kernel encoding */
	__u16 mode;	/* st_mode's 16 bits; type 0: anonymous (eventfd and the like) */
	__u16 reserved; /* zero */
};

/* Bits of rg_script.flags. */
enum rg_script_flags {
	RG_SCRIPT_UNLINKED = 1 << 0, /* has no name left, or never had one */
	RG_SCRIPT_MEMFD = 1 << 1,    /* is anonymous memory */
};

/* A file that named an interpreter to be executed in its place: a script, or what binfmt_misc
 * knows. */
struct rg_script {
	__u64 inode;
	__u32 dev;  /* kernel encoding: major << 20 | minor */
	__u32 mode; /* st_mode */
	__u32 uid;
	__u32 gid;
	__u16 flags;	    /* enum rg_script_flags */
	__u16 reserved[3];  /* zero */
	struct rg_str path; /* from its dentry */
};

/* process_exec: a program image was replaced. process_snapshot: a process was alive when a session
 * began, and time_ns is the time of reading. */
struct rg_process {
	struct rg_header hdr;
	struct rg_stream stdio[3]; /* exec: descriptors 0, 1 and 2, as the new program finds them */
	__u8 stdio_peer_addr[16];  /* peer of the first of them that is a connected ip socket */
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
	__u32 argc; /* the kernel's count; 0 in a snapshot */
	__u32 envc;
	__u32 old_tid;		 /* thread that called exec, if not the first one */
	__u16 scripts;		 /* offset of script_count rg_scripts, the one that exec was called
				    with first. 0: not known, or there is none */
	__u16 script_count;	 /* at most RG_SCRIPTS_MAX */
	__u16 stdio_peer_family; /* AF_INET, AF_INET6; 0: no such peer */
	__u16 stdio_peer_port;	 /* host byte order */
	__u16 flags;		 /* enum rg_process_flags */
	__u16 source;		 /* enum rg_exec_source */
	struct rg_str exe_path;	 /* from the executable's dentry */
	struct rg_str cwd;
	struct rg_str filename;	   /* the name that exec was called with */
	struct rg_str interpreter; /* a script's interpreter, as its first line names it */
	struct rg_str args;	   /* list */
	struct rg_str env;	   /* list, only names that the plan asks for */
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

/* process_exit: the last thread of a process ended. thread_exit: any other thread did. */
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
	struct rg_str base;	/* directory that a relative name starts from */
	struct rg_str filename; /* the caller's argument */
	struct rg_str args;	/* list */
};

/* Bits of rg_file.flags. */
enum rg_file_flags {
	RG_FILE_COMPAT = 1 << 0,   /* through the 32-bit system call table */
	RG_FILE_CREATED = 1 << 1,  /* open: there was no such file before */
	RG_FILE_OBJECT = 1 << 2,   /* dev, inode, mode and owner are the object's */
	RG_FILE_IO_URING = 1 << 3, /* io_uring did it, and `call` is the call that does the like */
	RG_FILE_KERNEL = 1 << 4,   /* the kernel did it within another call, or by itself; `call` is
				      the call that does the like */
	RG_FILE_REQUESTED = 1 << 5,  /* io_uring was asked for it; the result is not known yet */
	RG_FILE_UNREADABLE = 1 << 6, /* times, flags: what was asked for could not be read */
	RG_FILE_NOW = 1 << 7,	     /* times: none were given, so both are the current time */
};

/* file_open, file_write, file_rename, file_unlink, file_change, file_times, file_flags: a system
 * call that opens, writes, names or changes a file has returned, or a request to io_uring asks for
 * the like. */
struct rg_file {
	struct rg_header hdr;
	__s64 result;  /* as the caller gets it; negative: -errno. 0 for what is only requested */
	__u64 args[6]; /* the call's arguments, as far as calls.def keeps them. openat2: its struct
			  open_how's flags, mode and resolve are in [2] to [4]. file_times: the
			  time of access in [1] and [2], that of modification in [4] and [5]; each
			  is in seconds and nanoseconds. file_flags: the flags in [2] */
	__u64 inode;
	__u32 dev;  /* kernel encoding: major << 20 | minor */
	__u32 mode; /* st_mode */
	__u32 owner_uid;
	__u32 owner_gid;
	__u16 call; /* enum rg_call */
	__u16 flags;
	__u32 ns_mnt;	     /* mount namespace that the path is of: inode number; 0: not known */
	struct rg_str path;  /* the object: absolute */
	struct rg_str name;  /* the caller's argument; symlink: the link's text */
	struct rg_str path2; /* rename, link, symlink: the new name, absolute */
	struct rg_str name2; /* the caller's argument for it; *xattr: the attribute */
};

/* The identity that a thread acts with. */
struct rg_credential_set {
	__u64 cap_effective;
	__u64 cap_permitted;
	__u64 cap_inheritable;
	__u64 cap_bounding;
	__u64 cap_ambient;
	__u32 uid;
	__u32 gid;
	__u32 euid;
	__u32 egid;
	__u32 suid;
	__u32 sgid;
	__u32 fsuid;
	__u32 fsgid;
	__u32 ns_user;
	__u32 groups; /* number of supplementary groups */
};

#define RG_GROUPS_MAX 64 /* supplementary groups in one record */

/* Bits of rg_credentials.flags and rg_behaviour.flags. */
enum rg_behaviour_flags {
	RG_BEHAVIOUR_COMPAT = 1 << 0, /* through the 32-bit system call table */
	RG_BEHAVIOUR_BEFORE = 1 << 1, /* credentials: before is filled */
	RG_BEHAVIOUR_TARGET = 1 << 2, /* target_* are filled */
	RG_BEHAVIOUR_OBJECT = 1 << 3, /* bpf: object_* are the kernel's; else the caller's */
	RG_BEHAVIOUR_OWN = 1 << 4,    /* bpf: the object is one of the sensor's */
};

/* credentials_change: a thread's credentials have changed, or may have, because the first call of a
 * thread has nothing to compare with. credentials_common: the call was refused (EPERM) or left the
 * thread without privilege, so that any program can cause the record as often as it likes. */
struct rg_credentials {
	struct rg_header hdr;
	__s64 result;
	__u64 args[3];
	struct rg_credential_set after;
	struct rg_credential_set before; /* as the same thread's call before this one left them */
	__u16 call;			 /* enum rg_call */
	__u16 flags;			 /* enum rg_behaviour_flags */
	__u32 reserved;			 /* zero */
	struct rg_str groups;		 /* setgroups: the new ones, __u32 each */
};

/* Behaviour: rare, telling activity of processes. conduct_common: behaviour that returned an error,
 * or took no privilege, for example in a user namespace of the program's own.
 *
 * Strings by call; names are as the caller wrote them, paths are absolute:
 *
 *                name        path           name2        path2           type
 * mount          target      target         source       source of a     file system
 *                                                        bind or move
 * move_mount     to          to             from         from            file system
 * mount_setattr  target      target         -            -               -
 * umount2        target      target         -            -               -
 * chroot         new root    new root       -            -               -
 * pivot_root     new root    new root       old root     old root        -
 * *init_module   the module  its file       parameters   -               -
 * delete_module  the module  -              the module   -               -
 * setns          -           the namespace  -            -               -
 * bpf            name        -              -            -               -
 * memfd_create   -           -              name         -               -
 * open...        the name    the file       -            -               -
 * io_uring       name        -              second name  -               address: struct
 *                                                                        sockaddr_in, _in6
 *
 * The tracepoints know the module by its own name. Where delete_module failed, there is only name2,
 * the caller's. */
struct rg_behaviour {
	struct rg_header hdr;
	__s64 result;
	__u64 args[6];	       /* as far as calls.def keeps them. clone3: its flags are in [0].
				  open and its like: enum rg_process_file, and what the file was
				  opened for (1: reading, 2: writing, 3: both).
				  io_uring: operation, descriptor or directory, flags or
				  backlog, second directory */
	__u64 target_start_ns; /* the process aimed at */
	__u32 target_pid;
	__u32 target_tid;
	__u32 target_uid;
	__u32 object_id;   /* bpf: of a program, map or link */
	__u32 object_type; /* bpf: its type, by the kernel's number */
	__u32 ns_cgroup;   /* namespaces after unshare, setns, clone */
	__u32 ns_ipc;
	__u32 ns_mnt;
	__u32 ns_net;
	__u32 ns_pidns;
	__u32 ns_pid_children; /* pid namespace of the next children */
	__u32 ns_time;
	__u32 ns_user;
	__u32 ns_uts;
	char target_comm[RG_COMM_LEN];
	__u16 call;	/* enum rg_call; io_uring: 0 */
	__u16 flags;	/* enum rg_behaviour_flags */
	__u32 reserved; /* zero */
	struct rg_str name;
	struct rg_str path;
	struct rg_str name2;
	struct rg_str path2;
	struct rg_str type;
};

/* Bits of rg_network.flags. */
enum rg_network_flags {
	RG_NETWORK_COMPAT = 1 << 0, /* through the 32-bit system call table */
	RG_NETWORK_LOCAL = 1 << 1,  /* there is a local address */
	RG_NETWORK_REMOTE = 1 << 2, /* there is a remote address */
	RG_NETWORK_ARGUMENT =
		1 << 3, /* the address the call is about is from the caller's memory, not the
			   socket's: failed bind and connect, datagrams without connection */
	RG_NETWORK_ABSTRACT = 1 << 4,	 /* unix: the name is in no file system */
	RG_NETWORK_INBOUND = 1 << 5,	 /* close: the connection was accepted */
	RG_NETWORK_ESTABLISHED = 1 << 6, /* close: there has been a connection */
};

/* network_connect, network_bind, network_listen, network_accept: the system call has returned.
 * network_socket: a socket was made that sees or sends whole packets, or was to be.
 * network_datagram: the first datagram of a process through a socket to or from a peer.
 * network_close: a TCP connection ended. There hdr is the process that opened or accepted the
 * connection, as of that moment, but for kind, time_ns and cpu. */
struct rg_network {
	struct rg_header hdr;
	__s64 result;	   /* as the caller gets it; negative: -errno. close: the socket's error */
	__u64 socket;	   /* inode of the socket; close: 0 */
	__u64 duration_ns; /* close: from established to closed */
	__u64 bytes_sent;  /* close: payload, each byte once */
	__u64 bytes_received; /* close: payload, each byte once */
	__u8 local_addr[16];  /* AF_INET: the first four bytes; AF_INET6 may hold mapped ipv4.
				 AF_VSOCK: cid and port, a __u32 each, and the ports below are 0.
				 AF_PACKET: index of the interface, a __u32 */
	__u8 remote_addr[16]; /* laid out as local_addr */
	__u32 net_ns;	      /* the socket's: inode number under /proc/PID/ns */
	__s32 fd;	      /* the call's argument; socket: its result; close: -1 */
	__s32 backlog;	      /* listen: the call's argument */
	__u16 family;	      /* the socket's: AF_INET, AF_INET6, AF_UNIX, AF_VSOCK, AF_PACKET */
	__u16 type;	      /* SOCK_STREAM and so on */
	__u16 protocol;	      /* IPPROTO_TCP and so on; AF_PACKET: the EtherType */
	__u16 local_port;     /* host byte order */
	__u16 remote_port;
	__u16 call;	    /* enum rg_call; close: 0 */
	__u16 flags;	    /* enum rg_network_flags */
	__u16 reserved[3];  /* zero */
	struct rg_str path; /* unix: connect and datagram: the peer's name; else the socket's own */
};

/* cgroup_mkdir, v2 hierarchy. */
struct rg_cgroup {
	struct rg_header hdr;
	__u64 id;
	struct rg_str path;
};

/* Counters in memory that the collector has mapped. They only ever grow. Each CPU uses the block of
 * its number modulo RG_COUNTER_BLOCKS. */
#define RG_COUNTER_BLOCKS 64
#define RG_KINDS_MAX	  64
#define RG_PROGRAMS_MAX	  128

struct rg_kind_counters {
	__u64 stored;	 /* put into a ring */
	__u64 lost;	 /* no room in the ring */
	__u64 unwatched; /* the filter: not among what is watched */
	__u64 excluded;	 /* the filter: watched, and excluded */
};

struct rg_program_counters {
	__u64 runs;
	__u64 self;	    /* caused by the agent itself, passed over */
	__u64 scratch_busy; /* scratch memory in use: record lost, also counted in its kind */
	__u64 errors;	    /* could not be read or did not fit: record lost, counted in its kind */
};

struct rg_counters {
	struct rg_kind_counters kinds[RG_KINDS_MAX];
	struct rg_program_counters programs[RG_PROGRAMS_MAX];
};

/* The whole of the object's .bss, which the programs and the collector share. */
#define RG_AGENT_PROCESSES 4
struct rg_agent_process {
	__u64 start_ns; /* 0: not known yet */
	__u32 pid;	/* 0: slot unused */
	__u32 reserved;
};

struct rg_shared {
	struct rg_counters counters[RG_COUNTER_BLOCKS];
	struct rg_agent_process agent[RG_AGENT_PROCESSES]; /* written by the collector */
	__u32 source_known; /* written by the collector: hook exec_source is attached */
	__u32 reserved;
};

/* --- which files are reported -----------------------------------------------
 *
 * A path is reported if a watched prefix, ending or part fits, or nothing is watched at all, and no
 * excluded prefix fits. Prefixes are whole components: "/etc" fits "/etc" and "/etc/passwd", not
 * "/etcetera". A part fits wherever its text is in the path, within a component or over several.
 *
 * Whoever moves a directory moves all that is below it. So a name that is made or moved is also
 * reported if it is that of a directory above something watched: "/var" for the prefix "/var/log",
 * and any ".ssh" for the ending or part "/.ssh/id_rsa".
 *
 * Each prefix, ending and part is found by a hash: FNV-1a's scheme, eight bytes at a time, with the
 * factor of Fibonacci hashing. A component is hashed by its words, a prefix by the hashes of its
 * components, other texts by their words from the last to the first. Then the texts are compared,
 * but not those of prefixes that are only watched: one more file that is reported does no harm. */
#define RG_HASH_BASIS  0xcbf29ce484222325ULL
#define RG_HASH_ENDING 0x84222325cbf29ce4ULL
#define RG_HASH_PART   0xe484222325cbf29cULL
#define RG_HASH_FACTOR 0x9e3779b97f4a7c15ULL

/* Adds a word to a hash. A word is eight bytes as they lie in memory, with zeroes behind the last
 * one of a text. */
static inline __u64 rg_hash_word(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * RG_HASH_FACTOR;
	return hash ^ (hash >> 32);
}

/* A Bloom filter with one hash function. Most files are not watched, and most of those are
 * recognised by less than their path. The last two components of each watched prefix leave a mark,
 * and so do the last bytes of each watched ending. A path without a mark is not watched. Only the
 * first eight bytes of a component count; `above` is the component above it, 0 where there is
 * none. Parts can be anywhere in a path, so all of it is needed. Their last bytes leave marks, too:
 * only where a path has such a mark are parts looked up. */
#define RG_FILTER_MARKS		4096 /* as many as rg_filter_mark() has values */
#define RG_FILTER_TAIL_MAX	4
#define RG_FILTER_PART_TAIL_MAX 8
static inline __u32 rg_filter_mark(__u64 word, __u64 above)
{
	return (word * RG_HASH_FACTOR + above) * RG_HASH_FACTOR >> 52;
}

#define RG_FILTER_TEXT_MAX   256 /* bytes of a prefix */
#define RG_FILTER_ENDING_MAX 63	 /* bytes of an ending or part */
#define RG_FILTER_DEPTH_MAX  63	 /* components of a prefix */

/* The hash table of prefixes, endings and parts, for linear probing. An entry is in the slot of its
 * hash modulo the number of slots, or in one of the next, before an empty one. The low bits of a
 * hash alone would not do: texts that differ in their last two bytes have them in common. */
#define RG_FILTER_SLOTS_MAX 65536 /* a power of two, as any number of slots is */
#define RG_FILTER_PROBES    8	  /* slots that a lookup reads at most */
static inline __u32 rg_first_slot(__u64 hash)
{
	return hash * RG_HASH_FACTOR >> 32;
}

enum rg_filter_flags {
	RG_FILTER_WATCH = 1 << 0,
	RG_FILTER_EXCLUDE = 1 << 1,
	RG_FILTER_WATCH_PART = 1 << 2, /* paths that have the text anywhere */
	RG_FILTER_ABOVE = 1 << 3,      /* a directory above something watched */
};

struct rg_filter_entry {
	__u16 flags;
	__u16 length;
	__u32 reserved;
	char text[RG_FILTER_TEXT_MAX]; /* NUL padded */
};

/* A slot; without an entry, all of it is 0. */
struct rg_filter_slot {
	__u64 hash;
	struct rg_filter_entry entry;
};

/* The whole of the object's .rodata. The build sets abi_version, by which the collector knows what
 * it is about to load. The collector sets calls_by_function, attributes_by_function, exit_calls and
 * exit_wanted. The plan holds all else, and the collector hands that on unchanged. Whatever the
 * plan says, the programs stay within their memory. */
#define RG_CALL_NUMBERS 512
#define RG_CALL_WORDS	4 /* bits for 256 calls */

struct rg_settings {
	__u32 abi_version;
	__u32 collect_args;
	__u32 collect_env;
	__u32 collect_cwd;
	__u32 threads;	     /* report thread_start and thread_exit */
	__u32 watching;	     /* something is watched, so not every file is reported */
	__u32 unix_sockets;  /* report unix sockets, too */
	__u32 filter_marked; /* a file is only watched if it has one of filter_marks */
	__u32 filter_tail; /* bytes of an ending that leave a mark, 1 to 4; 0: there is no ending */
	__u32 filter_slots;	 /* number of slots, less one */
	__u32 process_files;	 /* report opens of other processes' files (process_files.def) */
	__u32 calls_by_function; /* exit_calls are seen in their own functions; zero in a plan */
	__u32 attributes_by_function; /* hooks of names and of calls are on; zero in a plan */
	__u32 filter_part_tail;	      /* bytes of a part that leave a mark; 0: there is no part */
	__u64 filter_depths;	      /* bit 1 << number of components: there is such a prefix */
	__u64 filter_endings;	      /* bit 1 << number of bytes: there is such an ending */
	__u64 filter_parts;	      /* the same of parts */
	/* The same for directories above something watched, and for exclusions. */
	__u64 filter_depths_above;
	__u64 filter_endings_above;
	__u64 filter_marks[RG_FILTER_MARKS / 64];
	/* enum rg_call by system call number, first the 64-bit table, then the 32-bit table. 0: the
	 * call is not looked at. */
	__u8 calls[2][RG_CALL_NUMBERS];
	/* Those of them that are seen when the call returns, because no function further inside of
	 * the kernel serves them. Zero in a plan. */
	__u8 exit_calls[2][RG_CALL_NUMBERS];
	/* Bits by enum rg_call: the calls whose own records are wanted, of all and of those that
	 * are seen when they return. A call may be looked at for what is not its own record: an
	 * open for access to a process, ioctl(2) for one of its requests. */
	__u64 wanted[RG_CALL_WORDS];
	__u64 exit_wanted[RG_CALL_WORDS];
};

/* The cookie of a program on the function of a call: enum rg_call, and which table it is in. */
#define RG_CALL_COOKIE(call, table) ((__u64)(call) | (__u64)(table) << 8)

#define RG_ALIGN8(n) (((n) + 7u) & ~7u)

#endif /* RG_SCHEMA_ABI_EVENT_H */

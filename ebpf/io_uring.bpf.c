// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Requests to io_uring, which no hook on system calls sees: files, connections, servers, and the
 * first datagram to or from a peer.
 *
 * A request about a file makes a record of a file, if the calls that do the like are seen when they
 * return. Functions see the operation itself.
 */
#include "ebpf/file.h"
#include "ebpf/network.h"

/* From the kernel's user interface. */
#define IORING_OP_WRITEV       2
#define IORING_OP_WRITE_FIXED  5
#define IORING_OP_SENDMSG      9
#define IORING_OP_RECVMSG      10
#define IORING_OP_ACCEPT       13
#define IORING_OP_CONNECT      16
#define IORING_OP_FALLOCATE    17
#define IORING_OP_OPENAT       18
#define IORING_OP_WRITE	       23
#define IORING_OP_SEND	       26
#define IORING_OP_RECV	       27
#define IORING_OP_OPENAT2      28
#define IORING_OP_SPLICE       30
#define IORING_OP_RENAMEAT     35
#define IORING_OP_UNLINKAT     36
#define IORING_OP_MKDIRAT      37
#define IORING_OP_SYMLINKAT    38
#define IORING_OP_LINKAT       39
#define IORING_OP_FSETXATTR    41
#define IORING_OP_SETXATTR     42
#define IORING_OP_SEND_ZC      47
#define IORING_OP_SENDMSG_ZC   48
#define IORING_OP_FTRUNCATE    55
#define IORING_OP_BIND	       56
#define IORING_OP_LISTEN       57
#define IORING_OP_WRITEV_FIXED 61

#define REQ_F_FIXED_FILE 1 /* the descriptor is an index of the ring's own table */

static __always_inline __s32 descriptor_of(void *request)
{
	return RG_READ((struct io_kiocb *)request, cqe.fd);
}

static __always_inline bool is_received(__u8 opcode)
{
	return opcode == IORING_OP_RECV || opcode == IORING_OP_RECVMSG;
}

/* Sends or receives. */
static __always_inline bool is_message(__u8 opcode)
{
	return opcode == IORING_OP_SENDMSG || opcode == IORING_OP_SEND ||
	       opcode == IORING_OP_SEND_ZC || opcode == IORING_OP_SENDMSG_ZC || is_received(opcode);
}

/* --- destinations ----------------------------------------------------------------- */

/* The layout is that of addresses for bind(2). A struct sockaddr_in6 is the longest that is
 * reported. */
struct address {
	__u16 family;
	__u16 port; /* big endian */
	__u32 words[6];
};

/* Datagrams to and from a peer are reported once, like those that system calls send. */
struct contact {
	__u64 socket; /* inode; where the socket is not known, the ring's own number for it */
	__u64 start_ns;
	__u32 pid;
	struct address peer;
};

struct {
	int (*type)[BPF_MAP_TYPE_LRU_HASH];
	int (*max_entries)[4096];
	struct contact *key;
	__u8 *value;
} rg_io_uring_contacts SEC(".maps");

/* The open file that the request is about, or NULL: there is none yet, as for the second of two
 * linked requests. */
static __always_inline struct file *file_of(struct task_struct *task, void *request)
{
	struct io_kiocb *req = request;
	__s32 fd = descriptor_of(request);

	if (RG_READ(req, flags) & REQ_F_FIXED_FILE)
		return rg_fixed_file(RG_READ(req, ctx), fd);
	return rg_file_of(task, fd);
}

/* The address that the request has, if any. The kernel has copied it already, or it is in the
 * caller's memory. */
static __always_inline void requested_address(struct address *out, void *request, __u8 opcode)
{
	struct io_kiocb *req = request;
	struct io_sr_msg *send = request;
	struct io_async_msghdr *copied;
	struct user_msghdr *message;
	__u32 length;

	if (!rg_request_has_address()) {
		copied = RG_READ(req, async_data);
		length = RG_READ(copied, msg.msg_namelen);
		if (RG_READ(copied, msg.msg_name) && length >= 8)
			bpf_probe_read_kernel(out, length >= sizeof(*out) ? sizeof(*out) : 16,
					      RG_READ(copied, msg.msg_name));
		return;
	}
	if (opcode == IORING_OP_SENDMSG || opcode == IORING_OP_SENDMSG_ZC) {
		struct user_msghdr head = {};

		message = RG_READ(send, umsg);
		if (!bpf_probe_read_user(&head, sizeof(head), message) && head.msg_name &&
		    head.msg_namelen >= 8)
			bpf_probe_read_user(out,
					    head.msg_namelen >= sizeof(*out) ? sizeof(*out) : 16,
					    head.msg_name);
		return;
	}
	length = RG_READ(send, addr_len);
	if (RG_READ(send, addr) && length >= 8)
		bpf_probe_read_user(out, length >= sizeof(*out) ? sizeof(*out) : 16,
				    RG_READ(send, addr));
}

static __always_inline void put_endpoint(struct address *out, const struct rg_endpoint *from,
					 __u16 family)
{
	out->family = family;
	out->port = __builtin_bswap16(from->port);
	if (family == AF_INET)
		out->words[0] = from->addr[0];
	else
		__builtin_memcpy(&out->words[1], from->addr, 16);
}

#define IS_RECEIVED (1ULL << 62)
#define IS_NUMBER   (1ULL << 63)

/* False: the peer was reported before, or the socket is a connection, which was reported when it
 * was made. Only MSG_FASTOPEN makes one by sending. */
static __always_inline bool is_new_contact(struct contact *to, void *request,
					   struct task_struct *task)
{
	struct io_kiocb *req = request;
	struct io_sr_msg *message = request;
	__u8 opcode = RG_READ(req, opcode);
	struct file *file = file_of(task, request);
	struct rg_endpoint remote = {};
	struct sock *sk = rg_sock_of(file);
	__u16 family = 0;

	if (file && !sk)
		return false;
	if (sk) {
		family = RG_READ(sk, __sk_common.skc_family);
		if (!rg_is_inet(family))
			return false;
		if (RG_READ(sk, sk_type) == SOCK_STREAM &&
		    (is_received(opcode) || !(RG_READ(message, msg_flags) & MSG_FASTOPEN)))
			return false;
		to->socket = RG_READ(file, f_inode, i_ino);
	} else {
		to->socket = (__u32)descriptor_of(request) | IS_NUMBER;
	}
	if (is_received(opcode))
		to->socket |= IS_RECEIVED;
	to->start_ns = task->group_leader->start_boottime;
	to->pid = task->tgid;
	if (!is_received(opcode)) {
		requested_address(&to->peer, request, opcode);
		/* Peers differ by address and port alone. */
		if (to->peer.family == AF_INET)
			__builtin_memset(&to->peer.words[1], 0, 20);
		else
			to->peer.words[0] = to->peer.words[5] = 0;
	}
	if (!to->peer.family && sk) {
		rg_socket_remote(&remote, sk, family);
		put_endpoint(&to->peer, &remote, family);
	}
	return !bpf_map_lookup_elem(&rg_io_uring_contacts, to);
}

static __always_inline void put_contact(struct rg_scratch *s, struct rg_str *out,
					struct contact *to)
{
	__u32 off = rg_offset(s);

	out->offset = off;
	__builtin_memcpy(&s->record[off], &to->peer, sizeof(to->peer));
	out->length = sizeof(to->peer);
	s->used = off + sizeof(to->peer);
}

/* Takes the address from the caller's memory, before the kernel reads it there for the call
 * itself. */
static __always_inline void put_address(struct rg_scratch *s, struct rg_str *out,
					const void *address, __s32 length)
{
	struct contact to = {};

	if (length >= 8 &&
	    !bpf_probe_read_user(&to.peer, length >= sizeof(to.peer) ? sizeof(to.peer) : 16,
				 address))
		put_contact(s, out, &to);
	else
		out->flags = RG_STR_UNREADABLE;
}

/* The socket's own address, where it has one. */
static __always_inline void put_own(struct rg_scratch *s, struct rg_str *out,
				    struct task_struct *task, void *request)
{
	struct sock *sk = rg_sock_of(file_of(task, request));
	__u16 family = RG_READ(sk, __sk_common.skc_family);
	struct rg_endpoint local = {};
	struct contact to = {};

	if (!sk || !rg_is_inet(family))
		return;
	rg_socket_local(&local, sk, family);
	put_endpoint(&to.peer, &local, family);
	put_contact(s, out, &to);
}

/* --- files -------------------------------------------------------------------------- */

#define call_if_seen(name) rg_settings.exit_calls[0][RG_NR64_##name & (RG_CALL_NUMBERS - 1)]

/* The call that does what the request asks for, or 0: the request is about no file, nobody wants to
 * know, or a function sees the operation. */
static __always_inline __u16 like_of(__u8 opcode)
{
	switch (opcode) {
	case IORING_OP_OPENAT:
		return call_if_seen(openat);
	case IORING_OP_OPENAT2:
		return call_if_seen(openat2);
	case IORING_OP_RENAMEAT:
		return call_if_seen(renameat2);
	case IORING_OP_UNLINKAT:
		return call_if_seen(unlinkat);
	case IORING_OP_MKDIRAT:
		return call_if_seen(mkdirat);
	case IORING_OP_SYMLINKAT:
		return call_if_seen(symlinkat);
	case IORING_OP_LINKAT:
		return call_if_seen(linkat);
	case IORING_OP_SETXATTR:
		return rg_settings.attributes_by_function ? 0 : call_if_seen(setxattr);
	case IORING_OP_FSETXATTR:
		return rg_settings.attributes_by_function ? 0 : call_if_seen(fsetxattr);
	case IORING_OP_WRITE:
	case IORING_OP_WRITE_FIXED:
		return call_if_seen(write);
	case IORING_OP_WRITEV:
	case IORING_OP_WRITEV_FIXED:
		return call_if_seen(writev);
	case IORING_OP_FALLOCATE:
		return call_if_seen(fallocate);
	case IORING_OP_SPLICE:
		return call_if_seen(splice);
	case IORING_OP_FTRUNCATE:
		return call_if_seen(ftruncate);
	default:
		return 0;
	}
}

static __always_inline const void *name_of(struct filename *filename)
{
	return RG_READ(filename, name);
}

static __always_inline void find_attribute(struct rg_file_act *a, struct io_xattr *request)
{
	a->c.args[3] = RG_READ(request, ctx.size);
	a->c.args[4] = RG_READ(request, ctx.flags);
	a->name2 = RG_READ(request, ctx.kname);
}

/* Fills in the names that the request is about, and the arguments of the call that does the
 * like. */
static __always_inline void find_names(struct rg_file_act *a, void *request, __u8 opcode)
{
	__u64 *args = a->c.args;

	a->dirfd = a->dirfd2 = AT_FDCWD;
	switch (opcode) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2: {
		struct io_open *open = request;

		a->dirfd = RG_READ(open, dfd);
		args[2] = RG_READ(open, how.flags);
		args[3] = RG_READ(open, how.mode);
		args[4] = RG_READ(open, how.resolve);
		a->name = name_of(rg_name_of_request(request, io_open, filename));
		break;
	}
	case IORING_OP_RENAMEAT: {
		struct io_rename *rename = request;

		a->dirfd = RG_READ(rename, old_dfd);
		args[2] = a->dirfd2 = RG_READ(rename, new_dfd);
		args[4] = RG_READ(rename, flags);
		a->name = name_of(rg_name_of_request(request, io_rename, oldpath));
		a->name2 = name_of(rg_name_of_request(request, io_rename, newpath));
		break;
	}
	case IORING_OP_UNLINKAT: {
		struct io_unlink *unlink = request;

		a->dirfd = RG_READ(unlink, dfd);
		args[2] = RG_READ(unlink, flags);
		a->name = name_of(rg_name_of_request(request, io_unlink, filename));
		break;
	}
	case IORING_OP_MKDIRAT: {
		struct io_mkdir *mkdir = request;

		a->dirfd = RG_READ(mkdir, dfd);
		args[2] = RG_READ(mkdir, mode);
		a->name = name_of(rg_name_of_request(request, io_mkdir, filename));
		break;
	}
	case IORING_OP_SYMLINKAT:
	case IORING_OP_LINKAT: {
		struct io_link *link = request;

		/* In a symlink's request the others are left over from another request. */
		if (opcode == IORING_OP_LINKAT) {
			a->dirfd = RG_READ(link, old_dfd);
			args[4] = RG_READ(link, flags);
		}
		a->dirfd2 = RG_READ(link, new_dfd);
		args[opcode == IORING_OP_LINKAT ? 2 : 1] = a->dirfd2;
		a->name = name_of(rg_name_of_request(request, io_link, oldpath));
		a->name2 = name_of(rg_name_of_request(request, io_link, newpath));
		break;
	}
	default:
		a->name = name_of(rg_name_of_request(request, io_xattr, filename));
		find_attribute(a, request);
		return;
	}
	args[0] = a->dirfd;
}

/* Reports the names as they were asked for, and the file as calls on files are reported. The names
 * are the kernel's copies. */
static __always_inline int request_by_name(void *request, __u8 opcode, __u16 like,
					   struct task_struct *task, enum rg_program program)
{
	struct rg_scratch *s = rg_scratch_take(RG_KIND_io_uring_operation, program);
	struct rg_behaviour *r;
	struct rg_file_act *a;

	if (!s) {
		if (like && rg_is_wanted(rg_settings.wanted, like))
			rg_count(&rg_counters()->kinds[rg_kind_of(like)].lost);
		return 0;
	}
	a = &s->act;
	__builtin_memset(a, 0, sizeof(*a));
	find_names(a, request, opcode);
	if (opcode != IORING_OP_SETXATTR) {
		r = rg_begin_behaviour(s, RG_KIND_io_uring_operation, task);
		r->args[0] = opcode;
		r->args[1] = a->dirfd;
		if (opcode != IORING_OP_MKDIRAT)
			r->args[2] = a->c.args[a->name2 ? 4 : 2];
		r->args[3] = a->dirfd2;
		rg_put_string(s, &r->name, a->name, RG_PATH_MAX);
		if (a->name2)
			rg_put_string(s, &r->name2, a->name2, RG_PATH_MAX);
		rg_submit_io_uring_operation(s);
	}
	if (like) {
		a->c.call = like;
		a->flags = RG_FILE_IO_URING | RG_FILE_REQUESTED;
		rg_file_record(s);
	}
	rg_scratch_put(s);
	return 0;
}

/* Fills in the arguments of the call that does the like, but for the descriptor. */
static __always_inline void find_arguments(struct rg_file_act *a, void *request, __u8 opcode)
{
	__u64 *args = a->c.args;

	switch (opcode) {
	case IORING_OP_FALLOCATE: {
		struct io_sync *range = request;

		args[1] = RG_READ(range, mode);
		args[2] = RG_READ(range, off);
		args[3] = RG_READ(range, len);
		break;
	}
	case IORING_OP_SPLICE: {
		struct io_splice *splice = request;

		args[4] = RG_READ(splice, len);
		args[5] = RG_READ(splice, flags);
		break;
	}
	case IORING_OP_FTRUNCATE:
		if (bpf_core_type_exists(struct io_ftrunc))
			args[1] = RG_READ((struct io_ftrunc *)request, len);
		break;
	case IORING_OP_FSETXATTR:
		find_attribute(a, request);
		break;
	default:
		args[2] = RG_READ((struct io_rw *)request, len);
		break;
	}
}

/* Most files that are written are not watched, and cost no more than a look. */
static __always_inline int request_by_descriptor(void *request, __u8 opcode, __u16 like,
						 struct task_struct *task, enum rg_program program)
{
	struct file *file = file_of(task, request);
	struct rg_call_args c = {.call = like};
	struct rg_file_act *a;
	struct rg_scratch *s;
	__s32 fd = descriptor_of(request);

	if (!file)
		return 0;
	if (rg_settings.watching && (rg_is_nameless(file) || !rg_may_be_watched(file, false))) {
		rg_count(&rg_counters()->kinds[rg_kind_of(like)].unwatched);
		return 0;
	}
	if (rg_skip(task, program))
		return 0;
	s = rg_act_begin(&c, program);
	if (!s)
		return 0;
	a = &s->act;
	a->flags = RG_FILE_IO_URING | RG_FILE_REQUESTED;
	a->file = file;
	if (RG_READ((struct io_kiocb *)request, flags) & REQ_F_FIXED_FILE)
		fd = RG_NO_DESCRIPTOR;
	a->c.args[opcode == IORING_OP_SPLICE ? 2 : 0] = fd;
	find_arguments(a, request, opcode);
	return rg_act_end(s);
}

/* --- sockets ------------------------------------------------------------------------ */

static __always_inline int request_by_socket(void *request, __u8 opcode, struct task_struct *task,
					     enum rg_program program)
{
	struct contact to = {};
	struct rg_behaviour *r;
	struct rg_scratch *s;
	__u8 one = 1;

	if (is_message(opcode) && !is_new_contact(&to, request, task))
		return 0;
	s = rg_scratch_take(RG_KIND_io_uring_operation, program);
	if (!s)
		return 0;
	r = rg_begin_behaviour(s, RG_KIND_io_uring_operation, task);
	r->args[0] = opcode;
	r->args[1] = descriptor_of(request);
	switch (opcode) {
	case IORING_OP_CONNECT: {
		struct io_connect *connect = request;

		put_address(s, &r->type, RG_READ(connect, addr), RG_READ(connect, addr_len));
		break;
	}
	case IORING_OP_BIND: /* no type says where the kernel has its copy of the address */
		break;
	case IORING_OP_LISTEN:
		if (bpf_core_type_exists(struct io_listen))
			r->args[2] = RG_READ((struct io_listen *)request, backlog);
		put_own(s, &r->type, task, request);
		break;
	case IORING_OP_ACCEPT:
		put_own(s, &r->type, task, request);
		break;
	default:
		put_contact(s, &r->type, &to);
		break;
	}
	/* After a lost record the next request is reported in its place. */
	if (rg_submit_io_uring_operation(s) && is_message(opcode))
		bpf_map_update_elem(&rg_io_uring_contacts, &to, &one, BPF_ANY);
	rg_scratch_put(s);
	return 0;
}

/* --- requests ----------------------------------------------------------------------- */

/* Runs in the thread that submits, or in the kernel's thread that polls for requests. The request
 * is complete and has not been carried out. Its result goes to a ring of the program's own. */
static __always_inline int io_uring_request(void *request, enum rg_program program)
{
	struct task_struct *task = bpf_get_current_task_btf();
	/* The request has no type for the verifier: the type changes with the kernel. */
	__u8 opcode = RG_READ((struct io_kiocb *)request, opcode);
	__u16 like;

	switch (opcode) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
	case IORING_OP_RENAMEAT:
	case IORING_OP_UNLINKAT:
	case IORING_OP_MKDIRAT:
	case IORING_OP_SYMLINKAT:
	case IORING_OP_LINKAT:
	case IORING_OP_SETXATTR:
		like = like_of(opcode);
		if (rg_skip(task, program) || (opcode == IORING_OP_SETXATTR && !like))
			return 0;
		return request_by_name(request, opcode, like, task, program);
	case IORING_OP_SENDMSG:
	case IORING_OP_RECVMSG:
	case IORING_OP_ACCEPT:
	case IORING_OP_CONNECT:
	case IORING_OP_SEND:
	case IORING_OP_RECV:
	case IORING_OP_SEND_ZC:
	case IORING_OP_SENDMSG_ZC:
	case IORING_OP_BIND:
	case IORING_OP_LISTEN:
		return rg_skip(task, program) ? 0
					      : request_by_socket(request, opcode, task, program);
	default:
		like = like_of(opcode);
		return like ? request_by_descriptor(request, opcode, like, task, program) : 0;
	}
}

/* Kernels since 6.3 have this tracepoint. */
SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(rg_io_uring_submit_req, void *request)
{
	return io_uring_request(request, RG_PROGRAM_io_uring_submit_req);
}

/* Kernels before 6.3 call the tracepoint so. */
SEC("tp_btf/io_uring_submit_sqe")
int BPF_PROG(rg_io_uring_submit_sqe, void *request)
{
	return io_uring_request(request, RG_PROGRAM_io_uring_submit_sqe);
}

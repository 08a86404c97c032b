// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Requests to io_uring, which no hook on system calls sees: names that are opened, renamed and the
 * like, connections, and the first datagram to a peer.
 */
#include "ebpf/descriptors.h"
#include "ebpf/task.h"

#define SOCK_STREAM 1

/* From the kernel's user interface. */
#define IORING_OP_SENDMSG    9
#define IORING_OP_CONNECT    16
#define IORING_OP_OPENAT     18
#define IORING_OP_SEND	     26
#define IORING_OP_OPENAT2    28
#define IORING_OP_RENAMEAT   35
#define IORING_OP_UNLINKAT   36
#define IORING_OP_MKDIRAT    37
#define IORING_OP_SYMLINKAT  38
#define IORING_OP_LINKAT     39
#define IORING_OP_SEND_ZC    47
#define IORING_OP_SENDMSG_ZC 48

#define REQ_F_FIXED_FILE 1 /* the descriptor is an index of the ring's own table */

static __always_inline bool is_named(__u8 opcode)
{
	return opcode == IORING_OP_OPENAT || opcode == IORING_OP_OPENAT2 ||
	       (opcode >= IORING_OP_RENAMEAT && opcode <= IORING_OP_LINKAT);
}

static __always_inline bool is_send(__u8 opcode)
{
	return opcode == IORING_OP_SENDMSG || opcode == IORING_OP_SEND ||
	       opcode == IORING_OP_SEND_ZC || opcode == IORING_OP_SENDMSG_ZC;
}

/* --- destinations ----------------------------------------------------------------- */

/* The layout is that of addresses for bind(2). A struct sockaddr_in6 is the longest that is
 * reported. */
struct address {
	__u16 family;
	__u16 port; /* big endian */
	__u32 words[6];
};

/* Datagrams to a peer are reported once, like those that system calls send. */
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

static __always_inline __s32 descriptor_of(void *request)
{
	return RG_READ((struct io_kiocb *)request, cqe.fd);
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

/* False: the peer was reported before, or the socket is a connection, which was reported when it
 * was made. */
static __always_inline bool is_new_contact(struct contact *to, void *request,
					   struct task_struct *task)
{
	struct io_kiocb *req = request;
	__u8 opcode = RG_READ(req, opcode);
	__s32 fd = descriptor_of(request);
	struct rg_endpoint remote = {};
	struct file *file = NULL;
	struct sock *sk = NULL;
	__u16 family = 0;

	if (!(RG_READ(req, flags) & REQ_F_FIXED_FILE))
		file = rg_file_of(task, fd);
	if (file)
		sk = rg_sock_of(file);
	if (file && !sk)
		return false;
	if (sk) {
		family = RG_READ(sk, __sk_common.skc_family);
		if (family != AF_INET && family != AF_INET6)
			return false;
		if (RG_READ(sk, sk_type) == SOCK_STREAM)
			return false;
		to->socket = RG_READ(file, f_inode, i_ino);
	} else {
		to->socket = (__u32)fd | 1ULL << 63;
	}
	to->start_ns = task->group_leader->start_boottime;
	to->pid = task->tgid;
	requested_address(&to->peer, request, opcode);
	if (!to->peer.family && sk) {
		rg_socket_remote(&remote, sk, family);
		to->peer.family = family;
		to->peer.port = __builtin_bswap16(remote.port);
		if (family == AF_INET)
			to->peer.words[0] = remote.addr[0];
		else
			__builtin_memcpy(&to->peer.words[1], remote.addr, 16);
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

/* --- requests ----------------------------------------------------------------------- */

static __always_inline void put_filename(struct rg_scratch *s, struct rg_str *out,
					 struct filename *filename)
{
	rg_put_string(s, out, RG_READ(filename, name), RG_PATH_MAX);
}

/* Runs in the thread that submits, or in the kernel's thread that polls for requests. The request
 * is complete and has not been carried out. Its result goes to a ring of the program's own. */
static __always_inline int io_uring_request(void *request, enum rg_program program)
{
	struct task_struct *task = bpf_get_current_task_btf();
	/* The request has no type for the verifier: the type changes with the kernel. */
	__u8 opcode = RG_READ((struct io_kiocb *)request, opcode);
	struct contact to = {};
	__u8 one = 1;
	struct rg_behaviour *r;
	struct rg_scratch *s;

	if (!is_named(opcode) && opcode != IORING_OP_CONNECT && !is_send(opcode))
		return 0;
	if (rg_skip(task, program))
		return 0;
	if (is_send(opcode) && !is_new_contact(&to, request, task))
		return 0;
	s = rg_scratch_take(RG_KIND_io_uring_operation, program);
	if (!s)
		return 0;
	r = rg_begin_behaviour(s, RG_KIND_io_uring_operation, task);
	r->args[0] = opcode;
	switch (opcode) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2: {
		struct io_open *open = request;

		r->args[1] = RG_READ(open, dfd);
		r->args[2] = RG_READ(open, how.flags);
		put_filename(s, &r->name, rg_name_of_request(request, io_open, filename));
		break;
	}
	case IORING_OP_RENAMEAT: {
		struct io_rename *rename = request;

		r->args[1] = RG_READ(rename, old_dfd);
		r->args[2] = RG_READ(rename, flags);
		r->args[3] = RG_READ(rename, new_dfd);
		put_filename(s, &r->name, rg_name_of_request(request, io_rename, oldpath));
		put_filename(s, &r->name2, rg_name_of_request(request, io_rename, newpath));
		break;
	}
	case IORING_OP_UNLINKAT: {
		struct io_unlink *unlink = request;

		r->args[1] = RG_READ(unlink, dfd);
		r->args[2] = RG_READ(unlink, flags);
		put_filename(s, &r->name, rg_name_of_request(request, io_unlink, filename));
		break;
	}
	case IORING_OP_MKDIRAT: {
		struct io_mkdir *mkdir = request;

		r->args[1] = RG_READ(mkdir, dfd);
		put_filename(s, &r->name, rg_name_of_request(request, io_mkdir, filename));
		break;
	}
	case IORING_OP_SYMLINKAT:
	case IORING_OP_LINKAT: {
		struct io_link *link = request;

		/* In a symlink's request these are left over from another request. */
		if (opcode == IORING_OP_LINKAT) {
			r->args[1] = RG_READ(link, old_dfd);
			r->args[2] = RG_READ(link, flags);
		}
		r->args[3] = RG_READ(link, new_dfd);
		put_filename(s, &r->name, rg_name_of_request(request, io_link, oldpath));
		put_filename(s, &r->name2, rg_name_of_request(request, io_link, newpath));
		break;
	}
	case IORING_OP_CONNECT: {
		struct io_connect *connect = request;

		r->args[1] = descriptor_of(request);
		put_address(s, &r->type, RG_READ(connect, addr), RG_READ(connect, addr_len));
		break;
	}
	default:
		r->args[1] = descriptor_of(request);
		put_contact(s, &r->type, &to);
		break;
	}
	/* After a lost record the next request is reported in its place. */
	if (rg_submit_io_uring_operation(s) && is_send(opcode))
		bpf_map_update_elem(&rg_io_uring_contacts, &to, &one, BPF_ANY);
	rg_scratch_put(s);
	return 0;
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

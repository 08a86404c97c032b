/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * System calls on sockets. A datagram is reported if it is the first one that a process sends
 * through a socket to a peer, or the first one that it gets from that peer.
 */
#ifndef RG_EBPF_SOCKET_CALLS_H
#define RG_EBPF_SOCKET_CALLS_H

#include "ebpf/file.h"
#include "ebpf/network.h"

/* A longer name is kept by its end, where names differ. Sockets have such names only deep below the
 * directory that they were named in. */
#define RG_CONTACT_NAME_MAX 128

/* Contacts that were reported, in an LRU map. An evicted contact is reported again, so eviction
 * leads to more records, never to fewer. A name is kept as it is and not as a hash, because another
 * name with that hash could be made up and would not be reported. */
struct rg_contact {
	__u64 socket; /* inode, which unlike an address in memory is not soon used again */
	__u32 peer[4];
	__u32 pid;
	__u16 port;
	__u16 what;
	__u32 name_length;
	__u32 reserved;
	__u8 name[RG_CONTACT_NAME_MAX]; /* of a unix socket */
};

enum { RG_CONTACT_RECEIVED = 1, RG_CONTACT_FAILED = 2, RG_CONTACT_ABSTRACT = 4 };

struct {
	int (*type)[BPF_MAP_TYPE_LRU_HASH];
	int (*max_entries)[8192];
	struct rg_contact *key;
	__u8 *value;
} rg_contacts SEC(".maps");

struct rg_socket_call {
	struct sock *sk;
	__u64 inode;
	__u64 name; /* address in the caller's memory, or 0 */
	__u32 name_length;
	__s32 fd;
	__s32 backlog;
	__u16 kind;
	__u16 call;
	__u16 family;
	__u16 type; /* socket(2): what was asked for */
	__u16 protocol;
	bool compat;
	bool received;
	long result;
	__u64 messages; /* sendmmsg, recvmmsg */
};

struct rg_raw_address {
	__u16 family;
	__u16 port;
	__u32 words[6];
};

/* The caller's `name` as an address of a socket of n->family. */
static __always_inline void rg_argument_address(struct rg_scratch *s, struct rg_endpoint *out,
						struct rg_socket_call *n)
{
	struct rg_raw_address *raw = (struct rg_raw_address *)s->name;
	__u32 length = n->name_length;

	if (!n->name || length < 8)
		return;
	if (length > 28)
		length = 28;
	rg_opaque(length);
	__builtin_memset(raw, 0, sizeof(*raw));
	if (bpf_probe_read_user(raw, length & 31, (const void *)n->name))
		return;
	if (n->family == AF_VSOCK || n->family == AF_PACKET) {
		out->known = raw->family == n->family && length >= 12;
		out->addr[0] = raw->words[n->family == AF_VSOCK]; /* cid; interface */
		out->addr[1] = n->family == AF_VSOCK ? raw->words[0] : 0;
		return;
	}
	out->port = __builtin_bswap16(raw->port);
	if (raw->family == AF_INET || (!raw->family && n->family == AF_INET)) {
		if (n->family == AF_INET6) {
			out->addr[2] = __builtin_bswap32(0xffff);
			out->addr[3] = raw->words[0];
		} else {
			out->addr[0] = raw->words[0];
		}
		out->known = true;
	} else if (raw->family == AF_INET6 && n->family == AF_INET6 && length >= 24) {
		__builtin_memcpy(out->addr, &raw->words[1], 16);
		out->known = true;
	}
}

/* --- unix: by name -------------------------------------------------------------- */

/* sun_path is the last member of a struct sockaddr_un, 108 bytes at most. */
#define RG_UNIX_NAME_MAX 108

/* Appends the name in s->name, which has `length` bytes or fewer. An abstract name is shown with
 * "@" for its NUL, as everywhere. */
static __always_inline void rg_put_unix_name(struct rg_scratch *s, struct rg_network *e,
					     __u32 length)
{
	__u32 off = rg_offset(s), used = 0;

	if (!length)
		return;
	if (!s->name[0]) {
		e->flags |= RG_NETWORK_ABSTRACT;
		s->name[0] = '@';
		used = length;
	} else {
		for (int i = 0; i < RG_UNIX_NAME_MAX; i += 8) {
			__u64 zeros = rg_zero_bytes(RG_WORD(&s->name[i]));

			used = i + rg_count_bytes(rg_bytes_before(zeros));
			if (zeros)
				break;
		}
		if (used > length)
			used = length;
	}
	rg_opaque(used);
	used &= 127;
	bpf_probe_read_kernel(&s->record[off], used, s->name);
	e->path.offset = off;
	e->path.length = used;
	s->used = off + used;
}

static __always_inline void rg_put_unix_socket(struct rg_scratch *s, struct rg_network *e,
					       struct sock *sk)
{
	struct unix_sock *u = (struct unix_sock *)sk;
	struct unix_address *address = RG_READ(u, addr);
	struct path *path = (void *)sk + bpf_core_field_offset(struct unix_sock, path);
	const __u32 head = bpf_core_field_offset(struct sockaddr_un, sun_path);
	__u32 length;

	if (!address) /* unnamed */
		return;
	if (RG_READ(path, dentry)) {
		rg_put_path(s, &e->path, path);
		return;
	}
	length = RG_READ(address, len) - head;
	if (length > RG_UNIX_NAME_MAX)
		return;
	rg_opaque(length);
	if (!bpf_probe_read_kernel(s->name, length & 127,
				   (void *)address +
					   bpf_core_field_offset(struct unix_address, name) + head))
		rg_put_unix_name(s, e, length);
}

static __always_inline void rg_put_unix_argument(struct rg_scratch *s, struct rg_network *e,
						 struct rg_socket_call *n)
{
	__u32 length = n->name_length - 2;

	e->flags |= RG_NETWORK_ARGUMENT;
	if (n->name_length < 2 || length > RG_UNIX_NAME_MAX) {
		e->path.flags = RG_STR_UNREADABLE;
		return;
	}
	rg_opaque(length);
	if (bpf_probe_read_user(s->name, length & 127, (const void *)(n->name + 2)))
		e->path.flags = RG_STR_UNREADABLE;
	else
		rg_put_unix_name(s, e, length);
}

/* --- the record ------------------------------------------------------------------ */

/* The socket's own or its peer's address. */
static __always_inline bool rg_socket_end(struct rg_endpoint *out, struct rg_socket_call *n,
					  bool local)
{
	if (!rg_is_inet(n->family))
		return rg_module_socket_end(out, n->sk, n->family, local);
	if (local)
		rg_socket_local(out, n->sk, n->family);
	else
		rg_socket_remote(out, n->sk, n->family);
	return true;
}

/* Is the call's address only an argument, which the socket has not taken over, or does not show? */
static __always_inline bool rg_is_argument(struct rg_socket_call *n, bool shown, bool connected)
{
	if (!shown && (n->kind == RG_KIND_network_bind || n->kind == RG_KIND_network_connect))
		return true;
	switch (n->kind) {
	case RG_KIND_network_bind:
		return n->result < 0;
	case RG_KIND_network_connect:
		if (n->result == -EINPROGRESS || (n->result == -EINTR && connected))
			return false;
		return n->result < 0;
	case RG_KIND_network_datagram:
		return n->name;
	default:
		return false;
	}
}

static __always_inline void rg_fill_inet(struct rg_scratch *s, struct rg_network *e,
					 struct rg_socket_call *n)
{
	struct rg_endpoint remote = {};
	/* This chain of calls leaves little stack, so the endpoint lies in scratch memory, behind a
	 * rg_raw_address. */
	struct rg_endpoint *argument = (struct rg_endpoint *)&s->name[32];

	bool shown = rg_socket_end(&remote, n, false);

	if (rg_is_argument(n, shown, remote.known)) {
		__builtin_memset(argument, 0, sizeof(*argument));
		rg_argument_address(s, argument, n);
		/* If a receiving call filled in no address, the peer is the one that the socket is
		 * connected to. */
		if (argument->known || !n->received) {
			e->flags |= RG_NETWORK_ARGUMENT;
			if (n->kind == RG_KIND_network_bind)
				rg_put_local(e, argument);
			else
				remote = *argument;
		}
	}
	rg_put_remote(e, &remote);
}

static __always_inline void rg_fill_own_address(struct rg_network *e, struct rg_socket_call *n)
{
	struct rg_endpoint local = {};

	if (n->kind == RG_KIND_network_bind && (e->flags & RG_NETWORK_ARGUMENT))
		return;
	rg_socket_end(&local, n, true);
	rg_put_local(e, &local);
}

static __always_inline void rg_fill_unix(struct rg_scratch *s, struct rg_network *e,
					 struct rg_socket_call *n)
{
	struct unix_sock *u = (struct unix_sock *)n->sk;
	struct sock *peer = RG_READ(u, peer);
	bool datagram = n->kind == RG_KIND_network_datagram;

	/* A datagram may come from a socket without a name. */
	if (datagram ? n->name && !(n->received && n->name_length <= 2)
		     : rg_is_argument(n, true, peer))
		rg_put_unix_argument(s, e, n);
	else if (!datagram && n->kind != RG_KIND_network_connect)
		rg_put_unix_socket(s, e, n->sk);
	else if (peer)
		rg_put_unix_socket(s, e, peer);
}

/* The contact of a datagram, by which the first one is recognised. */
static __always_inline void rg_fill_contact(struct rg_contact *contact, struct rg_scratch *s,
					    struct rg_network *e, struct rg_socket_call *n)
{
	__builtin_memset(contact, 0, sizeof(*contact));
	contact->socket = n->inode;
	contact->pid = e->hdr.pid;
	contact->what =
		(n->received ? RG_CONTACT_RECEIVED : 0) | (n->result < 0 ? RG_CONTACT_FAILED : 0);
	if (n->family == AF_UNIX) {
		__u32 off = e->path.offset, length = e->path.length;

		contact->name_length = length;
		if (e->flags & RG_NETWORK_ABSTRACT)
			contact->what |= RG_CONTACT_ABSTRACT;
		if (length > RG_CONTACT_NAME_MAX) {
			off += length - RG_CONTACT_NAME_MAX;
			length = RG_CONTACT_NAME_MAX;
		}
		rg_opaque(off);
		rg_opaque(length);
		if (length <= RG_CONTACT_NAME_MAX)
			bpf_probe_read_kernel(contact->name, length,
					      &s->record[off & RG_RECORD_MASK]);
	} else {
		__builtin_memcpy(contact->peer, e->remote_addr, 16);
		contact->port = e->remote_port;
	}
}

/* Notes who accepted the connection, for the record of its end. There is no entry if nobody watches
 * for ends, or if the connection is older than the sensor. */
static __always_inline void rg_own_connection(struct rg_network *e, struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct rg_connection *known = bpf_map_lookup_elem(&rg_connections, &key);
	struct rg_connection connection = {};

	if (!known || !known->inbound)
		return;
	connection.established_ns = known->established_ns;
	connection.inbound = true;
	connection.owner = e->hdr;
	/* The entry is replaced in one piece, because the connection may be ending at this moment,
	 * and only if there still is one. */
	bpf_map_update_elem(&rg_connections, &key, &connection, BPF_EXIST);
}

#define RG_TCP_LISTEN 10 /* of sockets of every family that listen */

/* Is the socket not what the call's success would have made of it? */
static __always_inline bool rg_is_unchanged(struct rg_socket_call *n)
{
	struct rg_endpoint remote = {};
	struct sock *sk = n->sk; /* RG_READ would relocate our own struct with the rest */
	__u16 family = 0, protocol;

	if (n->result < 0)
		return false;
	protocol = RG_READ(sk, sk_protocol);
	if (n->kind == RG_KIND_network_listen) /* without a backlog, SCTP stops to listen */
		return RG_READ(sk, __sk_common.skc_state) != RG_TCP_LISTEN &&
		       protocol != IPPROTO_SCTP;
	/* Others have no peer there, or have it in another socket below. */
	if (n->kind != RG_KIND_network_connect || !rg_is_inet(n->family) ||
	    (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP && protocol != IPPROTO_MPTCP))
		return false;
	rg_socket_remote(&remote, sk, n->family);
	if (remote.known)
		return false;
	/* AF_UNSPEC, which is 0, undoes a connection. */
	bpf_probe_read_user(&family, sizeof(family), (const void *)n->name);
	return family;
}

/* The function is global, so that the verifier goes through it once. */
__noinline int rg_report_socket(struct rg_socket_call *n)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rg_contact *contact;
	struct rg_scratch *s;
	struct rg_network *e;
	struct sock *sk;
	__u8 one = 1;

	if (!n)
		return 0;
	sk = n->sk;
	s = rg_scratch_take(n->kind & (RG_KINDS_MAX - 1), rg_call_program());
	if (!s)
		return 0;
	e = (struct rg_network *)s->record;
	contact = (struct rg_contact *)s->name; /* names need the memory no longer by then */
	__builtin_memset(e, 0, sizeof(*e));
	s->used = sizeof(*e);
	e->hdr.pid = task->tgid;
	if (n->family == AF_UNIX)
		rg_fill_unix(s, e, n);
	else
		rg_fill_inet(s, e, n);
	if (n->kind == RG_KIND_network_datagram) {
		rg_fill_contact(contact, s, e, n);
		if (bpf_map_lookup_elem(&rg_contacts, contact))
			goto out;
	}

	rg_fill_header(&e->hdr, n->kind, task);
	rg_mark_witness(&e->hdr);
	rg_fill_socket(e, sk, n->family);
	if (!sk) { /* it was refused */
		e->type = n->type;
		e->protocol = n->protocol;
	} else if (n->family != AF_UNIX) {
		rg_fill_own_address(e, n);
	}
	if (rg_may_be_made_up(n->result) && rg_is_unchanged(n))
		e->hdr.flags |= RG_HEADER_DOUBTFUL;
	e->result = n->result;
	e->socket = n->inode;
	e->fd = n->fd;
	e->backlog = n->backlog;
	e->call = n->call;
	if (n->compat)
		e->flags |= RG_NETWORK_COMPAT;
	if (n->kind == RG_KIND_network_accept)
		rg_own_connection(e, sk);
	/* After a lost record the next datagram is reported in its place. */
	if (rg_submit_kind(s, n->kind) && n->kind == RG_KIND_network_datagram)
		bpf_map_update_elem(&rg_contacts, contact, &one, BPF_ANY);
out:
	rg_scratch_put(s);
	return 0;
}

/* --- arguments ------------------------------------------------------------------- */

/* Memory that the kernel could read a moment ago is gone, which costs a record. With -EFAULT the
 * kernel could not read that memory either, and nothing was done. */
static __always_inline void rg_unreadable(__u16 kind, long result)
{
	if (result != -EFAULT)
		rg_drop(kind & (RG_KINDS_MAX - 1),
			&rg_counters()->programs[rg_call_program()].errors);
}

/* Finds the address by a struct msghdr in the caller's memory. */
static __always_inline bool rg_message_name(struct rg_socket_call *n, __u64 message)
{
	struct {
		__u64 name;
		__u32 length;
		__u32 pad;
	} wide = {};
	struct {
		__u32 name;
		__u32 length;
	} narrow = {};

	if (n->compat) {
		if (bpf_probe_read_user(&narrow, sizeof(narrow), (const void *)message))
			return false;
		n->name = narrow.name;
		n->name_length = narrow.length;
	} else {
		if (bpf_probe_read_user(&wide, sizeof(wide), (const void *)message))
			return false;
		n->name = wide.name;
		n->name_length = wide.length;
	}
	return true;
}

#define RG_MESSAGES_MAX 1024 /* UIO_MAXIOV: one call takes no more messages */

static long rg_message_step(__u32 i, struct rg_socket_call *n)
{
	if (n->result >= 0 ? i >= n->result : i >= 1)
		return 1;
	if (!rg_message_name(n, n->messages)) {
		rg_unreadable(n->kind, n->result);
		return 1;
	}
	n->messages += n->compat ? 32 : 64; /* sizeof(struct mmsghdr) */
	rg_report_socket(n);
	return 0;
}

/* Turns socketcall(2) into the call that it stands for. False: the plan does not want that call, or
 * its arguments cannot be read. The 64-bit table says whether the plan wants a call. */
static __noinline bool rg_socketcall(struct rg_call_args *c)
{
	rg_memory_arg args[8] = {};
	__u32 count, nr;

	switch ((__u32)c->args[0]) {
#define SOCKETCALL(number, name, call, arguments)                                                  \
	case number:                                                                               \
		nr = RG_NR64_##call, count = arguments;                                            \
		break;
#include "ebpf/socketcalls.def"
#undef SOCKETCALL
	default:
		return false;
	}
	c->call = rg_settings.exit_calls[0][nr & (RG_CALL_NUMBERS - 1)];
	if (!c->call)
		return false;
	count *= sizeof(args[0]);
	rg_opaque(count);
	if (bpf_probe_read_user(args, count & 31, (const void *)c->args[1])) {
		rg_unreadable(rg_kind_of(c->call), c->result);
		return false;
	}
	for (int i = 0; i < 6; i++)
		c->args[i] = args[i];
	return true;
}

/* Finds the socket behind a descriptor. False: there is none, or it is of a family that is not
 * reported. */
static __always_inline bool rg_find_socket(struct rg_socket_call *n, struct task_struct *task,
					   __s32 fd)
{
	struct file *file = rg_file_of(task, fd);
	struct sock *sk = rg_sock_of(file);

	if (!sk)
		return false;
	n->sk = sk;
	n->inode = RG_READ(file, f_inode, i_ino);
	n->family = RG_READ(sk, __sk_common.skc_family);
	return rg_is_inet(n->family) || n->family == AF_VSOCK || n->family == AF_PACKET ||
	       (n->family == AF_UNIX && rg_settings.unix_sockets);
}

/* The kinds that socket_call() knows. A call with another kind does not compile. */
#define RG_SOCKET_KINDS                                                                            \
	(1ULL << RG_KIND_network_connect | 1ULL << RG_KIND_network_bind |                          \
	 1ULL << RG_KIND_network_listen | 1ULL << RG_KIND_network_accept |                         \
	 1ULL << RG_KIND_network_datagram | 1ULL << RG_KIND_network_socket)
#define CALL(number, name, shown, kind, event_type, operation, like, traits, fd, dirfd, name1,     \
	     dirfd2, name2, keep)                                                                  \
	_Static_assert(RG_HANDLER_OF(rg_body_of_##kind) != RG_HANDLER_network ||                   \
			       (RG_SOCKET_KINDS >> RG_KIND_##kind & 1),                            \
		       "socket_call() does not know " #kind);
#include "schema/abi/calls.def"
#undef CALL

/* socket(2): is it for whole packets? */
static __always_inline bool rg_asks_for_packets(struct rg_socket_call *n, struct rg_call_args *c)
{
	n->family = c->args[0];
	n->type = c->args[1] & SOCK_TYPE_MASK;
	n->protocol = c->args[2];
	if (n->family == AF_INET && n->type == SOCK_PACKET)
		n->family = AF_PACKET;
	if (n->family != AF_PACKET)
		return rg_is_inet(n->family) && n->type == SOCK_RAW;
	n->protocol = __builtin_bswap16(n->protocol);
	return true;
}

static __noinline int socket_call(struct task_struct *task, struct rg_call_args *c)
{
	struct rg_socket_call n = {};
	__u64 flags = 0;
	struct sock *sk;
	__u16 type;
	__s32 length = 0;

	if (c->call == RG_CALL_socketcall && !rg_socketcall(c))
		return 0;
	n.call = c->call;
	n.compat = c->compat;
	n.result = c->result;
	n.fd = c->args[0];
	n.kind = rg_kind_of(c->call);
	switch (n.kind) {
	case RG_KIND_network_connect:
	case RG_KIND_network_bind:
		n.name = c->args[1];
		n.name_length = c->args[2];
		break;
	case RG_KIND_network_listen:
		n.backlog = c->args[1];
		break;
	case RG_KIND_network_accept:
		/* Nobody was there. Most servers call accept until that is the result. */
		if (n.result < 0)
			return 0;
		break;
	case RG_KIND_network_socket:
		n.fd = n.result;
		if (!rg_asks_for_packets(&n, c))
			return 0;
		if (n.result < 0)
			return rg_report_socket(&n);
		break;
	case RG_KIND_network_datagram:
		n.received = rg_layout_of(c->call)->operation == RG_OPERATION_receive;
		if (n.result == -EAGAIN || (n.result < 0 && n.received))
			return 0;
		flags = c->call == RG_CALL_sendmsg || c->call == RG_CALL_recvmsg ? c->args[2]
										 : c->args[3];
		/* Addresses in the error queue say where something went, not where it came from. */
		if (n.received && (flags & MSG_ERRQUEUE))
			return 0;
		break;
	default: /* none of RG_SOCKET_KINDS */
		return 0;
	}
	if (!rg_find_socket(&n, task,
			    n.kind == RG_KIND_network_accept || n.kind == RG_KIND_network_socket
				    ? n.result
				    : (__s32)c->args[0]))
		return 0;
	if (n.kind != RG_KIND_network_datagram)
		return rg_report_socket(&n);

	sk = n.sk;
	/* A socket for packets is reported when it is made, and its packets are not. */
	if (n.family == AF_PACKET)
		return 0;
	type = RG_READ(sk, sk_type);
	if (type == SOCK_STREAM || (type == SOCK_SEQPACKET && !rg_is_inet(n.family))) {
		/* A connection that exists was reported when it was made. Only MSG_FASTOPEN makes
		 * one by sending. */
		if (n.received || !rg_is_inet(n.family) || !(flags & MSG_FASTOPEN))
			return 0;
		n.kind = RG_KIND_network_connect;
	}
	switch (c->call) {
	case RG_CALL_sendto:
		n.name = c->args[4];
		n.name_length = c->args[5];
		break;
	case RG_CALL_recvfrom:
		n.name = c->args[4];
		if (n.name)
			bpf_probe_read_user(&length, sizeof(length), (const void *)c->args[5]);
		n.name_length = length;
		break;
	case RG_CALL_sendmsg:
	case RG_CALL_recvmsg:
		if (!rg_message_name(&n, c->args[1])) {
			rg_unreadable(n.kind, n.result);
			return 0;
		}
		break;
	default:
		n.messages = c->args[1];
		bpf_loop(RG_MESSAGES_MAX, rg_message_step, &n, 0);
		return 0;
	}
	return rg_report_socket(&n);
}

#endif /* RG_EBPF_SOCKET_CALLS_H */

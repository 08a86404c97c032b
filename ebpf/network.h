/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Sockets that a system call connected, bound, accepted or used. Addresses are the socket's own, as
 * the kernel has them when the call returns. Another thread may change the caller's memory
 * meanwhile. So an address is read there only where the kernel keeps none, and the record says so
 * (RG_NETWORK_ARGUMENT): after a failed bind or connect, and for the peer of a datagram without
 * connection.
 */
#ifndef RG_EBPF_NETWORK_H
#define RG_EBPF_NETWORK_H

#include "ebpf/call.h"
#include "ebpf/task.h"

#define SOCK_STREAM    1
#define SOCK_RAW       3
#define SOCK_SEQPACKET 5
#define SOCK_PACKET    10
#define SOCK_TYPE_MASK 0xf

#define IPPROTO_TCP   6
#define IPPROTO_UDP   17
#define IPPROTO_SCTP  132
#define IPPROTO_MPTCP 262

#define EAGAIN	    11
#define EFAULT	    14
#define EINPROGRESS 115

#define MSG_ERRQUEUE 0x2000
#define MSG_FASTOPEN 0x20000000

/* --- connections, from the first state to the last one --------------------------
 *
 * The process that opens a connection is known at that moment, and not when the connection ends:
 * most state changes run on behalf of any process that happens to be on the CPU. Only
 * rg_socket_state makes and deletes entries. Without that program there are none. */
struct rg_connection {
	struct rg_header owner; /* pid 0: nobody has accepted it yet */
	__u64 established_ns;	/* 0: not yet */
	__u64 inbound;
};

struct rg_connection_map {
	int (*type)[BPF_MAP_TYPE_HASH];
	int (*map_flags)[BPF_F_NO_PREALLOC];
	int (*max_entries)[65536];
	__u64 *key; /* address of the struct sock */
	struct rg_connection *value;
};
extern struct rg_connection_map rg_connections SEC(".maps");

/* --- fields of a socket ---------------------------------------------------------- */

static __always_inline void rg_put_local(struct rg_network *e, const struct rg_endpoint *local)
{
	if (!local->known)
		return;
	e->flags |= RG_NETWORK_LOCAL;
	e->local_port = local->port;
	__builtin_memcpy(e->local_addr, local->addr, 16);
}

static __always_inline void rg_put_remote(struct rg_network *e, const struct rg_endpoint *remote)
{
	if (!remote->known)
		return;
	e->flags |= RG_NETWORK_REMOTE;
	e->remote_port = remote->port;
	__builtin_memcpy(e->remote_addr, remote->addr, 16);
}

static __always_inline void rg_fill_socket(struct rg_network *e, struct sock *sk, __u16 family)
{
	e->family = family;
	e->type = RG_READ(sk, sk_type);
	e->protocol = family == AF_PACKET ? rg_packet_protocol(sk) : RG_READ(sk, sk_protocol);
	e->net_ns = RG_READ(sk, __sk_common.skc_net.net, ns.inum);
}

#endif /* RG_EBPF_NETWORK_H */

/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Sockets: what a system call connected, bound, accepted or talked to. Addresses are
 * the socket's own, as the kernel has them when the call returns. The caller's
 * memory, which another of its threads may change meanwhile, is asked only where the
 * kernel keeps no address: what could not be bound or connected to, and the peer of
 * a datagram without connection; the record says so.
 */
#ifndef RG_EBPF_NETWORK_H
#define RG_EBPF_NETWORK_H

#include "ebpf/call.h"
#include "ebpf/task.h"

#define SOCK_STREAM    1
#define SOCK_SEQPACKET 5

#define IPPROTO_TCP 6

#define EAGAIN	    11
#define EFAULT	    14
#define EINPROGRESS 115

#define MSG_ERRQUEUE 0x2000
#define MSG_FASTOPEN 0x20000000

/* --- connections, from the first state to the last one --------------------------
 *
 * Who opened a connection is known when it is opened, and not when it ends: most
 * state changes run on behalf of whoever happens to be on the CPU. Entries are made
 * and deleted by rg_socket_state alone; without that program there are none. */
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

/* --- what is read of a socket --------------------------------------------------- */

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
	e->protocol = RG_READ(sk, sk_protocol);
	e->net_ns = RG_READ(sk, __sk_common.skc_net.net, ns.inum);
}

#endif /* RG_EBPF_NETWORK_H */

/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Both ends of a socket, as the kernel has them now.
 */
#ifndef RG_EBPF_SOCKETS_H
#define RG_EBPF_SOCKETS_H

#include "ebpf/device.h"
#include "ebpf/strings.h"

#define AF_UNIX	  1
#define AF_INET	  2
#define AF_INET6  10
#define AF_PACKET 17
#define AF_VSOCK  40

#define SOCKFS_MAGIC 0x534f434b

static __always_inline bool rg_is_inet(__u16 family)
{
	return family == AF_INET || family == AF_INET6;
}

struct rg_endpoint {
	union {
		__u32 addr[4];
		__u64 words[2];
	};
	__u16 port;
	bool known;
};

static __always_inline void rg_socket_local(struct rg_endpoint *out, struct sock *sk, __u16 family)
{
	struct inet_sock *inet = (struct inet_sock *)sk;

	/* skc_num is gone when the tracepoint of a closing socket fires. */
	out->port = __builtin_bswap16(RG_READ(inet, inet_sport));
	if (family == AF_INET6) {
		RG_READ_WORDS(out->words, sk, __sk_common.skc_v6_rcv_saddr);
	} else {
		/* getsockname(2) chooses in this order, too. */
		out->addr[0] = RG_READ(sk, __sk_common.skc_rcv_saddr);
		if (!out->addr[0])
			out->addr[0] = RG_READ(inet, inet_saddr);
	}
	out->known = out->port || out->addr[0] || out->addr[1] || out->addr[2] || out->addr[3];
}

static __always_inline void rg_socket_remote(struct rg_endpoint *out, struct sock *sk, __u16 family)
{
	out->port = __builtin_bswap16(RG_READ(sk, __sk_common.skc_dport));
	if (family == AF_INET6)
		RG_READ_WORDS(out->words, sk, __sk_common.skc_v6_daddr);
	else
		out->addr[0] = RG_READ(sk, __sk_common.skc_daddr);
	out->known = out->port || out->addr[0] || out->addr[1] || out->addr[2] || out->addr[3];
}

#define VMADDR_PORT_ANY 0xffffffffu

/* Like the two above, of families whose code may be a module that the collector did not find
 * loaded. False: the kernel's addresses cannot be read here. */
static __always_inline bool rg_module_socket_end(struct rg_endpoint *out, struct sock *sk,
						 __u16 family, bool local)
{
	struct packet_sock *packet = (struct packet_sock *)sk;
	struct vsock_sock *vsock = (struct vsock_sock *)sk;

	if (family == AF_PACKET) {
		if (!bpf_core_type_exists(struct packet_sock))
			return false;
		out->addr[0] = RG_READ_MODULE(packet, ifindex);
		out->known = local;
		return true;
	}
	if (!bpf_core_type_exists(struct vsock_sock))
		return false;
	if (local) {
		out->addr[0] = RG_READ_MODULE(vsock, local_addr.svm_cid);
		out->addr[1] = RG_READ_MODULE(vsock, local_addr.svm_port);
	} else {
		out->addr[0] = RG_READ_MODULE(vsock, remote_addr.svm_cid);
		out->addr[1] = RG_READ_MODULE(vsock, remote_addr.svm_port);
	}
	out->known = out->addr[1] != VMADDR_PORT_ANY;
	return true;
}

/* The EtherType that a socket of AF_PACKET sees or sends, or 0. */
static __always_inline __u16 rg_packet_protocol(struct sock *sk)
{
	struct packet_sock *packet = (struct packet_sock *)sk;

	if (!bpf_core_type_exists(struct packet_sock))
		return 0;
	return __builtin_bswap16(RG_READ_MODULE(packet, num));
}

#endif /* RG_EBPF_SOCKETS_H */

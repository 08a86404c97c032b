// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Ends of TCP connections: who opened them, how long they lasted, how many bytes went over them.
 * Every TCP socket passes this tracepoint (since 4.16), also if io_uring or data in the SYN opened
 * the connection.
 *
 * Missed are connections that are older than the sensor, and those that nobody has accepted. An
 * outbound connection is missed, too, if the end of another one interrupts its thread inside of
 * this very program: the kernel does not run a program within itself.
 */
#include "ebpf/network.h"

#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT	2
#define TCP_SYN_RECV	3
#define TCP_CLOSE	7

struct rg_connection_map rg_connections SEC(".maps");

static __always_inline void note(__u64 key, struct rg_connection *connection)
{
	/* The update also replaces an older connection at this address, whose end was missed. */
	if (bpf_map_update_elem(&rg_connections, &key, connection, BPF_ANY))
		rg_drop(RG_KIND_network_close,
			&rg_counters()->programs[RG_PROGRAM_socket_state].errors);
}

/* Runs in the process that connects. */
static __always_inline void opened(__u64 key)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rg_connection connection = {};

	if (rg_is_agent(task)) {
		rg_count(&rg_counters()->programs[RG_PROGRAM_socket_state].self);
		return;
	}
	rg_fill_owner(&connection.owner, RG_KIND_network_close, task);
	note(key, &connection);
}

static __always_inline void established(__u64 key, bool passive)
{
	struct rg_connection *known = bpf_map_lookup_elem(&rg_connections, &key);
	struct rg_connection connection = {};

	if (known && !known->inbound && !known->established_ns) {
		known->established_ns = bpf_ktime_get_boot_ns();
		return;
	}
	if (!passive) /* opened before the sensor looked */
		return;
	connection.established_ns = bpf_ktime_get_boot_ns();
	connection.inbound = true;
	note(key, &connection);
}

/* The record is on the stack: softirqs interrupt programs that use scratch memory. */
static __always_inline void closed(__u64 key, struct sock *sk)
{
	struct rg_connection *known = bpf_map_lookup_elem(&rg_connections, &key);
	struct tcp_sock *tcp = (struct tcp_sock *)sk;
	struct rg_endpoint local = {}, remote = {};
	struct rg_network e = {};
	struct rg_kind_counters *counters;
	__u64 established_ns, retransmitted;
	__u16 family;

	if (!known)
		return;
	e.hdr = known->owner;
	established_ns = known->established_ns;
	if (known->inbound)
		e.flags |= RG_NETWORK_INBOUND;
	bpf_map_delete_elem(&rg_connections, &key);
	if (!e.hdr.pid)
		return;

	e.hdr.size = sizeof(e);
	e.hdr.kind = RG_KIND_network_close;
	e.hdr.time_ns = bpf_ktime_get_boot_ns();
	e.hdr.cpu = bpf_get_smp_processor_id();
	e.fd = -1;
	family = RG_READ(sk, __sk_common.skc_family);
	rg_fill_socket(&e, sk, family);
	rg_socket_local(&local, sk, family);
	rg_put_local(&e, &local);
	rg_socket_remote(&remote, sk, family);
	rg_put_remote(&e, &remote);
	e.result = -(__s64)RG_READ(sk, sk_err);
	if (established_ns) {
		e.flags |= RG_NETWORK_ESTABLISHED;
		e.duration_ns = e.hdr.time_ns - established_ns;
	}
	/* The kernel counts a byte as sent each time it is sent, and counts the peer's FIN as one
	 * byte received. */
	e.bytes_sent = RG_READ(tcp, bytes_sent);
	retransmitted = RG_READ(tcp, bytes_retrans);
	if (retransmitted <= e.bytes_sent)
		e.bytes_sent -= retransmitted;
	e.bytes_received = RG_READ(tcp, bytes_received);
	if (e.bytes_received && RG_READ(sk, __sk_common.skc_flags) & (1ul << SOCK_DONE))
		e.bytes_received -= 1;

	counters = &rg_counters()->kinds[RG_KIND_network_close];
	if (bpf_ringbuf_output(&rg_lane_bulk, &e, sizeof(e), 0))
		rg_count(&counters->lost);
	else
		rg_count(&counters->stored);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(rg_socket_state, struct sock *sk, int oldstate, int newstate)
{
	__u64 key = (__u64)sk;

	if (newstate != TCP_SYN_SENT && newstate != TCP_ESTABLISHED && newstate != TCP_CLOSE)
		return 0;
	if (RG_READ(sk, sk_protocol) != IPPROTO_TCP) /* MPTCP and others pass, too */
		return 0;
	rg_count(&rg_counters()->programs[RG_PROGRAM_socket_state].runs);
	if (newstate == TCP_SYN_SENT)
		opened(key);
	else if (newstate == TCP_ESTABLISHED)
		established(key, oldstate == TCP_SYN_RECV);
	else
		closed(key, sk);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * All programs, one translation unit: what several domains ask the kernel for
 * (RG_READ) cannot be linked together by every libbpf.
 */
#include "ebpf/shared.bpf.c"

#include "ebpf/cgroup.bpf.c"
#include "ebpf/behaviour.bpf.c"
#include "ebpf/io_uring.bpf.c"
#include "ebpf/network.bpf.c"
#include "ebpf/process.bpf.c"
#include "ebpf/snapshot.bpf.c"
#include "ebpf/syscalls.bpf.c"

// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * All programs are one translation unit, because libbpf 1.1 cannot link several objects that refer
 * to one kernel function (bpf_rdonly_cast, in RG_READ).
 */
#include "ebpf/shared.bpf.c"

#include "ebpf/cgroup.bpf.c"
#include "ebpf/behaviour.bpf.c"
#include "ebpf/file_attributes.bpf.c"
#include "ebpf/file_drop.bpf.c"
#include "ebpf/file_names.bpf.c"
#include "ebpf/file_open.bpf.c"
#include "ebpf/file_write.bpf.c"
#include "ebpf/io_uring.bpf.c"
#include "ebpf/network.bpf.c"
#include "ebpf/process.bpf.c"
#include "ebpf/snapshot.bpf.c"
#include "ebpf/syscalls.bpf.c"

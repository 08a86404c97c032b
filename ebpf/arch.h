/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Each architecture has one header for what differs: where the arguments of a system call are, and
 * how to recognise a call that came through another table. The numbers of the calls are in
 * schema/abi/arch/.
 */
#ifndef RG_EBPF_ARCH_H
#define RG_EBPF_ARCH_H

#if defined(__TARGET_ARCH_x86)
#include "ebpf/arch/x86_64.h"
#else
#error "no header for this architecture: see ebpf/arch/x86_64.h"
#endif

#endif /* RG_EBPF_ARCH_H */

// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * The memory that the programs share with each other and with the collector. Each definition is
 * here, and rg.h declares it.
 */
#include "ebpf/rg.h"

const volatile struct rg_settings rg_settings = {.abi_version = RG_ABI_VERSION};
struct rg_shared rg_shared = {};

struct rg_scratch_map rg_scratch SEC(".maps");
struct rg_ring_map rg_lane_critical SEC(".maps");
struct rg_ring_map rg_lane_bulk SEC(".maps");

char LICENSE[] SEC("license") = "GPL";

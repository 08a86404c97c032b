// SPDX-License-Identifier: Apache-2.0
//
// The plan: the collector's whole configuration. Compiled by `rand-guard plan`, format
// schema/plan.capnp.
#ifndef COLLECTOR_PLAN_H_
#define COLLECTOR_PLAN_H_

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "schema/abi/event.h"

namespace randguard::collector {

// Which of two ways to see the same things is taken.
enum class HookLayer { kAuto, kFunctions, kCalls };

struct Plan {
  std::uint64_t digest = 0;
  std::array<bool, RG_HOOK_END> hooks{};  // by enum rg_hook
  rg_settings settings{};                 // as the plan has them
  std::vector<std::string> env_names;     // 1 to RG_ENV_NAME_MAX - 1 bytes each
  std::vector<rg_filter_slot> filter;
  std::uint32_t critical_ring_bytes = 0;
  std::uint32_t bulk_ring_bytes = 0;
  uid_t collector_uid = 0;
  gid_t collector_gid = 0;
  uid_t analyzer_uid = 0;
  HookLayer layer = HookLayer::kAuto;
  int flush_ms = 0;
  int heartbeat_ms = 0;
};

// Reads and checks every field; ends the program with one line on stderr if anything is wrong. The
// file must belong to root and be writable by nobody else.
Plan ReadPlan(const char* path);

}  // namespace randguard::collector

#endif  // COLLECTOR_PLAN_H_

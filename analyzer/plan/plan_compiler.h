// SPDX-License-Identifier: Apache-2.0
//
// Turns the configuration into the collector's plan.
#ifndef ANALYZER_PLAN_PLAN_COMPILER_H_
#define ANALYZER_PLAN_PLAN_COMPILER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/plan/path_filter.h"

namespace randguard {

// The users that the two processes run as. They come from the host's user database, not from the
// configuration.
struct PlanIdentities {
  std::uint32_t collector_uid = 0;
  std::uint32_t collector_gid = 0;
  std::uint32_t analyzer_uid = 0;
};

// One message of schema/plan.capnp in standard stream framing. Equal input gives equal bytes.
//
// process.hooks has no part in the plan. The process table is built from starts, forks and exits,
// so all of them are always observed (every source of exec too), and the analyzer chooses what to
// print. With ebpf.enabled false, the list of hooks is empty; callers refuse to start a collector
// with such a plan.
//
// The digest is FNV-1a (64 bit) over the framed message, built without `resolve` and with digest 0.
// So the digest names the configuration, wherever the host's symlinks lead.
std::vector<std::byte> CompilePlan(const Config& config, const PlanIdentities& identities,
                                   const ResolvePath& resolve = nullptr);

}  // namespace randguard

#endif  // ANALYZER_PLAN_PLAN_COMPILER_H_

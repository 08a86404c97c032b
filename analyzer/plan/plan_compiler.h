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

// Who runs what; from the host's user database, not from the configuration.
struct PlanIdentities {
  std::uint32_t collector_uid = 0;
  std::uint32_t collector_gid = 0;
  std::uint32_t analyzer_uid = 0;
};

// One message of schema/plan.capnp in standard stream framing, the same bytes for the same input.
//
// process.hooks has no part in it: the process table is built from starts, forks and exits, so all
// of them are always observed (every source of exec too), and the analyzer chooses what to print.
// With ebpf.enabled false the list of hooks is empty: callers refuse to start a collector with it.
//
// The digest is FNV-1a (64 bit) over the framed message with digest 0 as it is without `resolve`:
// it names the configuration, whatever the host's symlinks lead to.
std::vector<std::byte> CompilePlan(const Config& config, const PlanIdentities& identities,
                                   const ResolvePath& resolve = nullptr);

}  // namespace randguard

#endif  // ANALYZER_PLAN_PLAN_COMPILER_H_

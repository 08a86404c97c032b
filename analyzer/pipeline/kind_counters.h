// SPDX-License-Identifier: Apache-2.0
//
// Cumulative counters of the kernel side: losses, one for each kind of record, and skipped runs of
// programs, one for each hook.
#ifndef ANALYZER_PIPELINE_KIND_COUNTERS_H_
#define ANALYZER_PIPELINE_KIND_COUNTERS_H_

#include <capnp/list.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/abi/event.h"
#include "schema/telemetry.capnp.h"

namespace randguard {

using KindCounters = std::array<std::uint64_t, RG_KIND_END>;
using HookCounters = std::array<std::uint64_t, RG_HOOK_END>;

// A newer collector may count kinds that this analyzer does not know. It gets none of their
// records.
KindCounters ReadKindCounters(capnp::List<std::uint64_t>::Reader list);
HookCounters ReadHookCounters(capnp::List<std::uint64_t>::Reader list);

// Sums over all programs of a hook. Programs of a newer collector that this analyzer does not know
// are of hook 0.
HookCounters SumByHook(capnp::List<std::uint64_t>::Reader programs);
HookCounters SkippedByHook(capnp::List<wire::Counters::Program>::Reader programs);

// As health shows them.
std::vector<std::pair<std::string_view, std::uint64_t>> ByKind(const KindCounters& counters);
std::vector<std::pair<std::string_view, std::uint64_t>> ByHook(const HookCounters& counters);

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_KIND_COUNTERS_H_

// SPDX-License-Identifier: Apache-2.0
//
// Cumulative counters of the kernel side, one for each kind of record.
#ifndef ANALYZER_PIPELINE_KIND_COUNTERS_H_
#define ANALYZER_PIPELINE_KIND_COUNTERS_H_

#include <capnp/list.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/abi/event.h"

namespace randguard {

using KindCounters = std::array<std::uint64_t, RG_KIND_END>;

// A newer collector may count kinds that this analyzer does not know. It gets none of their
// records.
KindCounters ReadKindCounters(capnp::List<std::uint64_t>::Reader list);

// As health shows them.
std::vector<std::pair<std::string_view, std::uint64_t>> ByKind(const KindCounters& counters);

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_KIND_COUNTERS_H_

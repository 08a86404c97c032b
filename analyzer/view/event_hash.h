// SPDX-License-Identifier: Apache-2.0
//
// The identity of an event as a number, for tables that keep many: eight bytes instead of a text.
// Seeded by the process, so that nobody can choose two events that share one.
#ifndef ANALYZER_VIEW_EVENT_HASH_H_
#define ANALYZER_VIEW_EVENT_HASH_H_

#include <cstdint>

#include "absl/hash/hash.h"
#include "analyzer/event/values.h"

namespace randguard {

// Within one boot of a host.
inline std::uint64_t HashOf(const EventId& id) {
  return absl::HashOf(id.collector_start_ns, id.record);
}

// BOOT: a number that the caller has for each boot.
inline std::uint64_t HashOf(std::uint32_t boot, const EventId& id) {
  return absl::HashOf(boot, id.collector_start_ns, id.record);
}

}  // namespace randguard

#endif  // ANALYZER_VIEW_EVENT_HASH_H_

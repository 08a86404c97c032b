// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/kind_counters.h"

#include <algorithm>

#include "analyzer/decode/record.h"

namespace randguard {

KindCounters ReadKindCounters(capnp::List<std::uint64_t>::Reader list) {
  KindCounters counters{};
  for (unsigned kind = 0; kind < std::min<unsigned>(list.size(), RG_KIND_END); ++kind) {
    counters[kind] = list[kind];
  }
  return counters;
}

std::vector<std::pair<std::string_view, std::uint64_t>> ByKind(const KindCounters& counters) {
  std::vector<std::pair<std::string_view, std::uint64_t>> named;
  for (unsigned kind = 1; kind < counters.size(); ++kind) {
    named.emplace_back(Name(KindOf(kind)), counters[kind]);
  }
  return named;
}

}  // namespace randguard

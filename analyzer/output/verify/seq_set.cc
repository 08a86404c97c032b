// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/verify/seq_set.h"

#include <algorithm>
#include <iterator>

namespace randguard {

bool SeqSet::Add(std::uint64_t number) {
  const auto next = spans_.upper_bound(number);
  if (next != spans_.begin() && std::prev(next)->second >= number) return false;
  Add({number, number});
  return true;
}

void SeqSet::Add(SeqSpan span) {
  // The first one that touches it or comes behind it.
  auto at = spans_.upper_bound(span.first);
  if (at != spans_.begin()) {
    const auto before = std::prev(at);
    if (before->second >= span.first || before->second + 1 == span.first) {
      if (before->second >= span.last) return;
      span.first = before->first;
      at = before;
    }
  }
  while (at != spans_.end() && (at->first <= span.last || at->first - 1 == span.last)) {
    span.last = std::max(span.last, at->second);
    at = spans_.erase(at);
  }
  spans_.emplace_hint(at, span.first, span.last);
}

SeqSpan SeqSet::bounds() const { return {spans_.begin()->first, spans_.rbegin()->second}; }

std::uint64_t SeqSet::size() const {
  std::uint64_t size = 0;
  for (const auto& [first, last] : spans_) size += last - first + 1;
  return size;
}

std::vector<SeqSpan> SeqSet::Missing(const SeqSet& but_for) const {
  std::vector<SeqSpan> missing;
  if (empty()) return missing;
  SeqSet both = *this;
  for (const auto& [first, last] : but_for.spans_) both.Add({first, last});
  const auto [begin, end] = bounds();
  std::uint64_t before = begin;
  for (const auto& [first, last] : both.spans_) {
    if (last < begin) continue;
    if (first > before + 1 && before < end) {
      missing.push_back({before + 1, std::min(first - 1, end)});
    }
    before = std::max(before, last);
    if (before >= end) break;
  }
  return missing;
}

}  // namespace randguard

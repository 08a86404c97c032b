// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/merge.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace randguard {

void Merge::Sort() {
  const auto earlier = [](const Waiting& a, const Waiting& b) { return a.time_ns < b.time_ns; };
  // One lane alone is in order but for records of two CPUs that were stored in the same instant.
  if (!std::is_sorted(waiting_.begin(), waiting_.end(), earlier)) {
    std::stable_sort(waiting_.begin(), waiting_.end(), earlier);
  }
}

void Merge::Hold(std::size_t first) {
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(first));
  std::size_t words = 0;
  for (const Waiting& w : waiting_) words += (w.bytes.size() + 7) / 8;
  spare_.resize(words);
  std::size_t at = 0;
  for (Waiting& w : waiting_) {
    std::memcpy(spare_.data() + at, w.bytes.data(), w.bytes.size());
    w.bytes = std::as_bytes(std::span(spare_)).subspan(at * 8, w.bytes.size());
    at += (w.bytes.size() + 7) / 8;
  }
  std::swap(held_bytes_, spare_);  // the old ones may have been among what was just copied
}

}  // namespace randguard

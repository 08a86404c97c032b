// SPDX-License-Identifier: Apache-2.0
//
// One counter for each value of a closed set.
#ifndef ANALYZER_EVENT_ENUM_COUNTERS_H_
#define ANALYZER_EVENT_ENUM_COUNTERS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "analyzer/event/value_set.h"
#include "analyzer/event/values.h"

namespace randguard {

template <ValueSet E>
class EnumCounters {
 public:
  void Add(E value) { ++counts_[static_cast<std::size_t>(value)]; }

  // Those that are not 0, in the order of the set.
  Named<std::uint64_t> ByName() const {
    Named<std::uint64_t> named;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] != 0) named.emplace_back(EnumTraits<E>::kNames[i], counts_[i]);
    }
    return named;
  }

 private:
  std::array<std::uint64_t, std::size(EnumTraits<E>::kNames)> counts_{};
};

}  // namespace randguard

#endif  // ANALYZER_EVENT_ENUM_COUNTERS_H_

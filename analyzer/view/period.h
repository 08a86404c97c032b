// SPDX-License-Identifier: Apache-2.0
//
// A period of time that somebody asks about.
#ifndef ANALYZER_VIEW_PERIOD_H_
#define ANALYZER_VIEW_PERIOD_H_

#include <cstdint>

namespace randguard {

// Nanoseconds since 1970; both ends are a part of it.
struct Period {
  std::int64_t from = INT64_MIN, to = INT64_MAX;
  bool Has(std::int64_t time) const { return time >= from && time <= to; }
};

}  // namespace randguard

#endif  // ANALYZER_VIEW_PERIOD_H_

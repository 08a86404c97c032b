// SPDX-License-Identifier: Apache-2.0
//
// Correlations and streams that somebody's numbers choose, through the product and through the
// reference.
#ifndef ANALYZER_DETECT_CORRELATION_TESTING_CORRELATION_CHECK_H_
#define ANALYZER_DETECT_CORRELATION_TESTING_CORRELATION_CHECK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "analyzer/config/config.h"

namespace randguard::testing {

class CorrelationCheck {
 public:
  // A number below its argument.
  using Next = std::function<std::uint64_t(std::uint64_t below)>;
  explicit CorrelationCheck(Next next) : next_(std::move(next)) {}

  struct Result {
    bool compiled = false;  // random rules may contradict themselves
    std::map<CorrelationType, std::uint64_t> fired;
    std::string disagreement;  // empty: both say the same
  };
  Result Round();

 private:
  const Next next_;
};

}  // namespace randguard::testing

#endif  // ANALYZER_DETECT_CORRELATION_TESTING_CORRELATION_CHECK_H_

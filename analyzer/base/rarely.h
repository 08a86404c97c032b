// SPDX-License-Identifier: Apache-2.0
//
// For messages about what may come and go many times a second: whoever reads them needs one.
#ifndef ANALYZER_BASE_RARELY_H_
#define ANALYZER_BASE_RARELY_H_

#include <chrono>

namespace randguard {

class Rarely {
 public:
  // True: the last time that it was is a minute ago, or it never was.
  bool operator()() {
    constexpr std::chrono::minutes kBetween(1);
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return false;
    next_ = now + kBetween;
    return true;
  }

 private:
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace randguard

#endif  // ANALYZER_BASE_RARELY_H_

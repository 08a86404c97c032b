// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_PIPELINE_RATE_LIMIT_H_
#define ANALYZER_PIPELINE_RATE_LIMIT_H_

#include <cstdint>

namespace randguard {

// At most so many events in each second of the stream's own time: a capture is limited as its host
// was.
class RateLimit {
 public:
  // 0: no limit.
  explicit RateLimit(std::uint32_t per_second) : per_second_(per_second) {}

  // False: one too many.
  bool Consume(std::uint64_t time_ns) {
    const std::uint64_t second = time_ns / 1'000'000'000;
    if (second != second_) {
      second_ = second;
      consumed_ = 0;
    }
    return per_second_ == 0 || consumed_++ < per_second_;
  }

 private:
  const std::uint32_t per_second_;
  std::uint64_t second_ = 0;
  std::uint64_t consumed_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_RATE_LIMIT_H_

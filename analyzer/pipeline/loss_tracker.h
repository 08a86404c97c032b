// SPDX-License-Identifier: Apache-2.0
//
// Turns cumulative loss counters into loss records.
#ifndef ANALYZER_PIPELINE_LOSS_TRACKER_H_
#define ANALYZER_PIPELINE_LOSS_TRACKER_H_

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace randguard {

// `Counters` is an array: by kind, or by hook.
template <typename Counters>
class LossTracker {
 public:
  // `lost`: the losses that the collector says it had reported before this session.
  void Begin(const Counters& lost, std::uint64_t time_ns) {
    lost_ = lost;
    time_ns_ = time_ns;
  }

  // Calls report(index, count, total, from_ns, to_ns) for each counter that has grown.
  template <typename Report>
  void Update(const Counters& lost, std::uint64_t time_ns, Report&& report) {
    for (unsigned i = 0; i < lost.size(); ++i) {
      if (lost[i] > lost_[i]) report(i, lost[i] - lost_[i], lost[i], time_ns_, time_ns);
      lost_[i] = std::max(lost_[i], lost[i]);
    }
    time_ns_ = std::max(time_ns_, time_ns);
  }

  const Counters& lost() const { return lost_; }
  std::uint64_t total() const { return std::accumulate(lost_.begin(), lost_.end(), 0ULL); }

 private:
  Counters lost_{};
  std::uint64_t time_ns_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_LOSS_TRACKER_H_

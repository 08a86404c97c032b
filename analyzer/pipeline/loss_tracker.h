// SPDX-License-Identifier: Apache-2.0
//
// Turns cumulative loss counters into loss records.
#ifndef ANALYZER_PIPELINE_LOSS_TRACKER_H_
#define ANALYZER_PIPELINE_LOSS_TRACKER_H_

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "analyzer/pipeline/kind_counters.h"

namespace randguard {

class LossTracker {
 public:
  // `lost`: the losses that the collector says it had reported before this session.
  void Begin(const KindCounters& lost, std::uint64_t time_ns) {
    lost_ = lost;
    time_ns_ = time_ns;
  }

  // Calls report(kind, count, total, from_ns, to_ns) for each counter that has grown.
  template <typename Report>
  void Update(const KindCounters& lost, std::uint64_t time_ns, Report&& report) {
    for (unsigned kind = 0; kind < lost.size(); ++kind) {
      if (lost[kind] > lost_[kind]) {
        report(kind, lost[kind] - lost_[kind], lost[kind], time_ns_, time_ns);
      }
      lost_[kind] = std::max(lost_[kind], lost[kind]);
    }
    time_ns_ = std::max(time_ns_, time_ns);
  }

  const KindCounters& lost() const { return lost_; }
  std::uint64_t total() const { return std::accumulate(lost_.begin(), lost_.end(), 0ULL); }

 private:
  KindCounters lost_{};
  std::uint64_t time_ns_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_LOSS_TRACKER_H_

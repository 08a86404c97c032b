// SPDX-License-Identifier: Apache-2.0
//
// Which events are written: of hooks that are configured, within the rate limit. Rules have seen
// all of them.
#ifndef ANALYZER_PIPELINE_TELEMETRY_FILTER_H_
#define ANALYZER_PIPELINE_TELEMETRY_FILTER_H_

#include <cstdint>
#include <type_traits>

#include "analyzer/config/config.h"
#include "analyzer/event/calls.h"
#include "analyzer/event/events.h"
#include "analyzer/pipeline/rate_limit.h"

namespace randguard {

class TelemetryFilter {
 public:
  enum class Verdict : std::uint8_t {
    kWrite,
    kFiltered,     // not wanted
    kRateLimited,  // one too many
  };

  explicit TelemetryFilter(const Config& config);

  // Counts the event against the limit. Once for each event, in the stream's order.
  template <typename E>
  Verdict Judge(const E& event) {
    const Verdict verdict = ByEvent(event);
    return telemetry_ ? verdict : Verdict::kFiltered;
  }

 private:
  template <typename E>
  static constexpr bool IsBehaviourEvent() {
    if constexpr (requires { E::kKind; }) return IsBehaviour(E::kKind);
    return std::is_same_v<E, IoUringOperation>;
  }
  static Verdict WriteIf(bool wanted) { return wanted ? Verdict::kWrite : Verdict::kFiltered; }
  // None is const, or the template would be preferred to it.
  Verdict ByExec(OptionalText source) {
    return WriteIf(source == "execveat" ? execveat_ : execve_);
  }
  Verdict ByEvent(const ProcessStart& event) { return ByExec(event.source); }
  Verdict ByEvent(const ProcessExecFailed& event) { return ByExec(event.source); }
  Verdict ByEvent(const ProcessRelationship&) { return WriteIf(fork_); }
  Verdict ByEvent(const ProcessExit&) { return WriteIf(exit_); }
  template <typename E>
  Verdict ByEvent(const E& event) {
    // What is about behaviour is rare and tells much: as little limited as what processes do.
    if constexpr (IsBehaviourEvent<E>()) return Verdict::kWrite;
    return limit_.Consume(event.actor.timestamp_ns) ? Verdict::kWrite : Verdict::kRateLimited;
  }

  const bool telemetry_;
  bool execve_ = false, execveat_ = false, fork_ = false, exit_ = false;
  RateLimit limit_;  // of file and network events
};

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_TELEMETRY_FILTER_H_

// SPDX-License-Identifier: Apache-2.0
//
// When a canary is due, whether it has come back, and which stage is silent if it has not.
#ifndef ANALYZER_CANARY_CANARY_WATCH_H_
#define ANALYZER_CANARY_CANARY_WATCH_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "analyzer/event/reports.h"

namespace randguard {

class CanaryWatch {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // One is sent three times, because each record may be lost on its way.
  static constexpr std::uint64_t kAttempts = 3;
  static constexpr std::chrono::seconds kAttempt{10};
  static constexpr std::chrono::seconds kPatience = kAttempts * kAttempt;

  // How far each stage has got, as counters that only grow.
  struct Progress {
    bool connected = false;
    std::uint64_t messages = 0;  // of the collector; heartbeats come every second or so
    std::uint64_t stored = 0;    // records of new processes, by the kernel's programs
    std::uint64_t forks = 0;     // of these, those that have come to the rules, of anybody
    std::uint64_t seen = 0;      // canaries among them
    std::uint64_t fired = 0;     // of these, those that the rule has fired for
    bool rules = false;          // are evaluated
  };

  // The first one is due after an interval. While no collector is connected, none is sent.
  CanaryWatch(std::chrono::seconds interval, Time now)
      : interval_(interval), due_(now + interval) {}

  // When Tick() has something to do.
  Time due() const { return due_; }
  // The thing to do now.
  enum class Task : std::uint8_t { kNone, kSend, kSayWhatIsSilent };
  Task Tick(Time now, const Progress& progress);
  // The last one that was to be sent could not be.
  void OnNotSent() { can_send_ = false; }

  // To be called when something has come. True: the canary is back, and a line is to be written.
  bool Look(const Progress& progress);
  // Its line was written, or could not be: then it is waited for once more.
  void OnLine(Time now, bool written, const Progress& progress);

  std::uint64_t attempts() const { return attempts_; }
  // Since the first attempt.
  std::chrono::microseconds Since(Time now) const;
  // The stage that has not passed on the last one; null: none, or there is time left.
  const std::optional<CanaryStage>& silent() const { return health_.silent; }
  const CanaryHealth& health() const { return health_; }

 private:
  CanaryStage SilentStage(const Progress& progress) const;
  void EndWait(std::optional<CanaryStage> silent);

  std::chrono::seconds interval_;
  Time due_;
  bool waiting_ = false, can_send_ = true, can_write_ = true;
  Time sent_{};  // the first attempt
  std::uint64_t attempts_ = 0;
  Progress before_;       // the first attempt
  Progress at_last_try_;  // the last one
  CanaryHealth health_;
};

}  // namespace randguard

#endif  // ANALYZER_CANARY_CANARY_WATCH_H_

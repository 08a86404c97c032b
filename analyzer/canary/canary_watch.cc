// SPDX-License-Identifier: Apache-2.0
#include "analyzer/canary/canary_watch.h"

#include <algorithm>

namespace randguard {

CanaryWatch::Task CanaryWatch::Tick(Time now, const Progress& progress) {
  if (now < due_) return Task::kNone;
  // However long that took: an analyzer that stood still has not read what is there.
  if (waiting_ && attempts_ == kAttempts) {
    EndWait(SilentStage(progress));
    due_ = now + kAttempt;  // nobody is to stay blind for longer than need be
    return Task::kSayWhatIsSilent;
  }
  if (!waiting_ && !progress.connected) {  // which health says already
    due_ = now + kAttempt;
    return Task::kNone;
  }
  if (!waiting_) {
    waiting_ = true;
    sent_ = now;
    attempts_ = 0;
    can_write_ = true;
    before_ = progress;
    ++health_.sent;
  }
  ++attempts_;
  can_send_ = true;
  at_last_try_ = progress;
  due_ = now + kAttempt;
  return Task::kSend;
}

bool CanaryWatch::Look(const Progress& progress) {
  // One that comes late ends the silence, too.
  if (!waiting_ && !health_.silent.has_value()) return false;
  if (progress.seen == before_.seen) return false;
  return !progress.rules || progress.fired != before_.fired;
}

void CanaryWatch::OnLine(Time now, bool written, const Progress& progress) {
  can_write_ = written;
  if (!written) {
    before_ = progress;
    return;
  }
  ++health_.returned;
  health_.round_trip_us = static_cast<std::uint64_t>(Since(now).count());
  EndWait(std::nullopt);
}

std::chrono::microseconds CanaryWatch::Since(Time now) const {
  return std::chrono::duration_cast<std::chrono::microseconds>(now - sent_);
}

// From the end that has certainly worked back to the one that has not.
CanaryStage CanaryWatch::SilentStage(const Progress& progress) const {
  if (!can_write_) return CanaryStage::kOutput;
  if (progress.seen != before_.seen) return CanaryStage::kRules;
  if (!can_send_) return CanaryStage::kCanary;
  if (!progress.connected || progress.messages == at_last_try_.messages) {
    return CanaryStage::kCollector;
  }
  // Records of others come through, so it is this one that was not made.
  if (progress.stored == before_.stored || progress.forks != at_last_try_.forks) {
    return CanaryStage::kKernel;
  }
  return CanaryStage::kCollector;
}

void CanaryWatch::EndWait(std::optional<CanaryStage> silent) {
  waiting_ = false;
  health_.silent = silent;
  due_ = std::max(sent_ + interval_, sent_ + kAttempt);
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ingest/canary_duty.h"

#include <utility>

#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/event/reports.h"
#include "analyzer/ingest/host_clock.h"
#include "schema/abi/event.h"

namespace randguard {

using std::chrono::steady_clock;

CanaryDuty::CanaryDuty(std::chrono::seconds interval, std::optional<CanaryProcess> process,
                       Pipeline& pipeline, const Sink& out)
    : interval_(interval), pipeline_(pipeline), out_(out), process_(std::move(process)) {}

absl::Status CanaryDuty::Start() {
  if (interval_.count() == 0) return absl::OkStatus();
  if (!process_.has_value()) {
    RG_ASSIGN_OR_RETURN(process_, CanaryProcess::Start());
  }
  watch_.emplace(interval_, steady_clock::now());
  return absl::OkStatus();
}

CanaryWatch::Time CanaryDuty::due() const {
  return watch_.has_value() ? watch_->due() : CanaryWatch::Time::max();
}

CanaryWatch::Progress CanaryDuty::Progress() const {
  const Pipeline::Canaries& canaries = pipeline_.canaries();
  return {.connected = pipeline_.connected(),
          .messages = messages_,
          .stored = pipeline_.stored(RG_KIND_process_fork),
          .forks = canaries.forks,
          .seen = canaries.seen,
          .fired = canaries.fired,
          .rules = pipeline_.detects()};
}

bool CanaryDuty::Tick() {
  if (!watch_.has_value()) return false;
  const CanaryWatch::Progress progress = Progress();
  if (LookForOne(progress)) return true;
  switch (watch_->Tick(steady_clock::now(), progress)) {
    case CanaryWatch::Task::kNone:
      break;
    case CanaryWatch::Task::kSend:
      if (!process_->Ask()) watch_->OnNotSent();
      break;
    case CanaryWatch::Task::kSayWhatIsSilent:
      Log(LogLevel::kError, "%s", *Trouble());
      return true;
  }
  return false;
}

bool CanaryDuty::LookForOne(const CanaryWatch::Progress& progress) {
  if (!watch_->Look(progress)) return false;
  const auto now = steady_clock::now();
  Canary line;
  line.timestamp_ns = BootNs();
  line.time = {line.timestamp_ns};
  line.event_id = pipeline_.canaries().last;
  line.round_trip_us = static_cast<std::uint64_t>(watch_->Since(now).count());
  line.attempts = watch_->attempts();
  line.rules = progress.rules;
  const bool was_silent = watch_->silent().has_value();
  pipeline_.WriteCanary(line);
  pipeline_.Flush();
  watch_->OnLine(now, !out_.failing_for_all(), progress);
  if (!was_silent || watch_->silent().has_value()) return false;
  Log(LogLevel::kWarn, "the canary comes back again: all stages work");
  return true;
}

bool CanaryDuty::blind() const {
  return watch_.has_value() &&
         watch_->silent().value_or(CanaryStage::kCanary) != CanaryStage::kCanary;
}

void CanaryDuty::AddTo(Health& health) const {
  if (watch_.has_value()) health.canary.emplace(watch_->health());
}

std::optional<std::string> CanaryDuty::Trouble() const {
  if (!watch_.has_value() || !watch_->silent().has_value()) return std::nullopt;
  const CanaryStage stage = *watch_->silent();
  return absl::StrFormat("the canary did not come back within %d s: %s is silent, %s",
                         CanaryWatch::kPatience.count(), Name(stage),
                         EnumTraits<CanaryStage>::kMeanings[static_cast<std::size_t>(stage)]);
}

}  // namespace randguard

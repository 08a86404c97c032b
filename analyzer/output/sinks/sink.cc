// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/sink.h"

#include <algorithm>

namespace randguard {

void AddOutputError(Health& health, std::string_view error) {
  if (health.output_error.has_value()) {
    health.output_error->append("; ").append(error);
  } else {
    health.output_error = error;
  }
}

void SinkList::Write(const OutputLine& line) {
  for (const auto& sink : sinks_) sink->Write(line);
}

void SinkList::SetSession(const SessionContext& session) {
  for (const auto& sink : sinks_) sink->SetSession(session);
}

void SinkList::SetClockOffset(std::int64_t ns) {
  for (const auto& sink : sinks_) sink->SetClockOffset(ns);
}

void SinkList::ContinueNumbers(std::string_view boot_id, std::uint64_t next) {
  for (const auto& sink : sinks_) sink->ContinueNumbers(boot_id, next);
}

void SinkList::Flush() {
  for (const auto& sink : sinks_) sink->Flush();
}

void SinkList::End() {
  for (const auto& sink : sinks_) sink->End();
}

std::optional<FilePosition> SinkList::position() const {
  for (const auto& sink : sinks_) {
    if (const auto position = sink->position(); position.has_value()) return position;
  }
  return std::nullopt;
}

LineCount SinkList::Behind(const FilePosition& position) const {
  for (const auto& sink : sinks_) {
    const LineCount found = sink->Behind(position);
    if (found.lines != 0) return found;
  }
  return {};
}

std::uint64_t SinkList::LastSeqOfAll(std::string_view boot_id) const {
  std::uint64_t last = 0;
  for (const auto& sink : sinks_) last = std::max(last, sink->LastSeqOfAll(boot_id));
  return last;
}

std::uint64_t SinkList::LastSeq(std::string_view boot_id) const {
  std::uint64_t last = 0;
  for (const auto& sink : sinks_) last = std::max(last, sink->LastSeq(boot_id));
  return last;
}

absl::Status SinkList::Reopen() {
  absl::Status status;
  for (const auto& sink : sinks_) status.Update(sink->Reopen());
  return status;
}

// One that has nothing to do costs nothing; of the others it is one at a time.
bool SinkList::Work() {
  for (std::size_t i = 0; i < sinks_.size(); ++i) {
    next_ = (next_ + 1) % sinks_.size();
    if (sinks_[next_]->Work()) return true;
  }
  return false;
}

bool SinkList::HasWork() const {
  return std::any_of(sinks_.begin(), sinks_.end(),
                     [](const auto& sink) { return sink->HasWork(); });
}

void SinkList::RotateIfOld() {
  for (const auto& sink : sinks_) sink->RotateIfOld();
}

void SinkList::SetWaiter(const Waiter& waiter) {
  for (const auto& sink : sinks_) sink->SetWaiter(waiter);
}

std::uint64_t SinkList::lost_lines() const {
  std::uint64_t lines = 0;
  for (const auto& sink : sinks_) lines += sink->lost_lines();
  return lines;
}

bool SinkList::failing() const {
  return std::any_of(sinks_.begin(), sinks_.end(),
                     [](const auto& sink) { return sink->failing(); });
}

bool SinkList::failing_for_all() const {
  return std::any_of(sinks_.begin(), sinks_.end(),
                     [](const auto& sink) { return sink->failing_for_all(); });
}

bool SinkList::closed() const {
  return std::any_of(sinks_.begin(), sinks_.end(), [](const auto& sink) { return sink->closed(); });
}

void SinkList::AddTo(Health& health) const {
  for (const auto& sink : sinks_) sink->AddTo(health);
}

}  // namespace randguard

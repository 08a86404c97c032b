// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/segment_sink.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <utility>

#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/event/reports.h"

namespace randguard {

namespace {

absl::Status CheckWritable(const std::string& folder, const FileOwner& owner) {
  struct stat st {};
  if (stat(folder.c_str(), &st) != 0) return ErrnoError(errno, folder);
  const mode_t bits = st.st_uid == owner.uid   ? st.st_mode >> 6
                      : st.st_gid == owner.gid ? st.st_mode >> 3
                                               : st.st_mode;
  constexpr mode_t kMakeFiles = 3;
  if ((bits & kMakeFiles) == kMakeFiles) return absl::OkStatus();
  return HostError(
      "uid %d cannot make segments in %s; give it the folder, or set output.rotation "
      "to \"rename\"",
      owner.uid, folder);
}

// Old files of the other rotation are none of ours, and nobody would remove them.
void SayWhatIsLeft(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0 && access((path + ".1").c_str(), F_OK) != 0) return;
  Log(LogLevel::kWarn,
      "%s and its old files %s.1, ... are of rotation \"rename\": nothing is written to them any "
      "more, and they are not removed; lines go to segments",
      path, path);
}

}  // namespace

absl::StatusOr<SegmentSink> SegmentSink::Open(const std::string& path, Limits limits,
                                              std::optional<FileOwner> owner) {
  struct stat st {};
  if (stat(path.c_str(), &st) == 0 && !S_ISREG(st.st_mode)) {
    return HostError(
        "%s is no regular file, so there can be no segments of it; set output.rotation to "
        "\"rename\"",
        path);
  }
  RG_ASSIGN_OR_RETURN(Segments segments, Segments::Open(path, limits.keep, owner));
  if (owner.has_value()) RG_RETURN_IF_ERROR(CheckWritable(segments.folder(), *owner));
  SayWhatIsLeft(path);
  return SegmentSink(std::move(segments), limits);
}

SegmentSink::SegmentSink(Segments segments, Limits limits)
    : segments_(std::move(segments)),
      limits_(limits),
      lines_(LineSink::Nowhere()),
      digest_(std::make_unique<FileDigest>()) {
  lines_.AddTo(digest_.get());
}

void SegmentSink::Write(const OutputLine& line) {
  if (alerts_only_ && line.alert == nullptr) return;
  if (line.boot_id != boot_id_) {
    Flush();
    EndSegment();
    lines_.LeaveFile();  // where it cannot be ended, the next process does so
    waiting_seq_ = 0;
    boot_id_ = line.boot_id;
  }
  if (waiting_seq_ == 0) waiting_seq_ = line.seq;
  last_seq_ = line.seq;
  lines_.Append(line);
  if (lines_.waiting() >= LineSink::kFlushBytes) Flush();
}

void SegmentSink::TryLater(const absl::Status& status) {
  constexpr std::chrono::seconds kBetweenTries(1);
  if (error_.empty()) Log(LogLevel::kError, "%s; it is tried again", Message(status));
  error_ = Message(status);
  next_try_ = std::chrono::steady_clock::now() + kBetweenTries;
}

bool SegmentSink::Begin(std::uint64_t seq) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_try_) return false;
  const absl::Status status = lines_.BeginFile(segments_.PathOf(boot_id_, seq));
  if (!status.ok()) {
    TryLater(status);
    return false;
  }
  error_.clear();
  begun_ = now;
  first_seq_ = seq;
  return true;
}

void SegmentSink::BeginNext() {
  if (!alerts_only_ && !sparse_ && !lines_.has_file()) Begin(last_seq_ + 1);
}

void SegmentSink::FindAway() {
  if (!lines_.has_file() || lines_.IsAtPath()) return;
  const std::string path = lines_.path();
  if (!Begin(waiting_seq_)) return;
  ++taken_away_;
  Log(LogLevel::kWarn, "segment %s was removed or renamed while it was written; another is begun",
      path);
}

void SegmentSink::Flush() {
  if (waiting_seq_ != 0) {
    FindAway();
    if (!lines_.has_file()) Begin(waiting_seq_);
    lines_.Flush();  // without a file, they are lost and counted
    if (lines_.settled()) waiting_seq_ = 0;
  }
  if (!lines_.has_file() || limits_.bytes == 0 || digest_->bytes() < limits_.bytes) return;
  EndSegment();
  BeginNext();
}

void SegmentSink::EndSegment() {
  lines_.Flush();
  if (lines_.settled()) waiting_seq_ = 0;
  if (!lines_.has_file() || !lines_.settled()) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_try_) return;
  Segment segment{.path = lines_.path(),
                  .boot_id = boot_id_,
                  .first_seq = first_seq_,
                  .last_seq = last_seq_,
                  .lines = digest_->lines(),
                  .bytes_before = digest_->bytes(),
                  .changed_s = std::time(nullptr),
                  .ended = now};
  const bool empty = segment.lines == 0;
  const std::string manifest = ManifestOf(boot_id_, first_seq_, last_seq_, *digest_);
  const absl::Status status = empty ? lines_.RemoveFile() : lines_.EndFile(manifest);
  if (!status.ok()) {
    TryLater(status);
    return;
  }
  error_.clear();
  if (empty) return;
  ++ended_;
  segment.bytes = segment.bytes_before + manifest.size();
  segments_.Add(std::move(segment));
  segments_.Evict(limits_.keep);
}

void SegmentSink::End() {
  next_try_ = {};  // the last one
  Flush();
  EndSegment();
}

std::optional<FilePosition> SegmentSink::position() const {
  if (!lines_.has_file() || alerts_only_) return std::nullopt;
  return lines_.position();
}

LineCount SegmentSink::Behind(const FilePosition& position) const {
  return alerts_only_ ? LineCount() : segments_.Behind(position);
}

std::uint64_t SegmentSink::LastSeq(std::string_view boot_id) const {
  return segments_.LastSeq(boot_id);
}

absl::Status SegmentSink::Reopen() {
  next_try_ = {};
  Flush();
  return absl::OkStatus();
}

void SegmentSink::RotateIfOld() {
  const bool old =
      limits_.age.count() != 0 && std::chrono::steady_clock::now() - begun_ >= limits_.age;
  if (lines_.has_file() && old && digest_->lines() != 0) {
    EndSegment();
    BeginNext();
  }
  const std::uint64_t written = lines_.has_file() ? digest_->bytes() : 0;
  segments_.Evict(limits_.keep, written + (compressor_.has_value() ? compressor_->bytes() : 0));
}

bool SegmentSink::Work() {
  if (!compressor_.has_value() && !BeginCompressing()) return false;
  const auto done = compressor_->Step();
  if (done.ok() && !*done) return true;
  const std::string path = compressor_->path();
  const absl::Status status =
      done.ok() ? segments_.TakeCompressed(path, compressor_->bytes()) : done.status();
  compressor_.reset();
  if (status.ok()) return true;
  LeaveUncompressed(path, status);
  return false;
}

// Not on a disk that has no room for lines.
bool SegmentSink::BeginCompressing() {
  const Segment* const segment = segments_.ToCompress(limits_.compress);
  if (segment == nullptr || lines_.failing()) return false;
  auto begun = SegmentCompressor::Begin(segment->path, segment->changed_s);
  if (!begun.ok()) {
    LeaveUncompressed(segment->path, begun.status());
    return false;
  }
  compressor_.emplace(*std::move(begun));
  return true;
}

void SegmentSink::LeaveUncompressed(const std::string& path, const absl::Status& status) {
  if (absl::IsNotFound(status)) return segments_.Forget(std::string(path));
  Log(LogLevel::kWarn, "%s; it stays as it is", Message(status));
  segments_.LeaveAsItIs(path, Message(status));
}

void SegmentSink::AddTo(Health& health) const {
  lines_.AddTo(health);
  health.output_rotations += ended_;
  health.output_reopened += taken_away_;
  health.output_segments_removed += segments_.evicted();
  health.output_lines_removed += segments_.evicted_lines();
  if (const auto& last = segments_.last_evicted(); last.has_value() && !alerts_only_) {
    health.output_removed_boot_id = last->boot_id;
    health.output_removed_last_seq = last->last_seq;
  }
  for (const std::string& error : {error_, segments_.error()}) {
    if (!error.empty()) AddOutputError(health, error);
  }
}

}  // namespace randguard

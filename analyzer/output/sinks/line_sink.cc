// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/line_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <utility>

#include "analyzer/base/log.h"
#include "analyzer/base/status.h"

namespace randguard {
LineSink::LineSink(std::string path, kj::AutoCloseFd owned, int fd)
    : path_(std::move(path)), owned_(std::move(owned)), fd_(fd) {}

LineSink LineSink::Stdout() {
  // A pipe or terminal whose reader stands still must not stop the process. Others may use the
  // open file, too, and expect it to wait, so this is one of its own. Where none can be had, little
  // is written at a time: as much as fits into a pipe that has any room.
  struct stat st {};
  if (fstat(STDOUT_FILENO, &st) != 0 || S_ISREG(st.st_mode)) return {"", {}, STDOUT_FILENO};
  const int flags = fcntl(STDOUT_FILENO, F_GETFL);
  const bool writable = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
  if (writable && (S_ISFIFO(st.st_mode) || isatty(STDOUT_FILENO) == 1)) {
    kj::AutoCloseFd own(
        open("/proc/self/fd/1", O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (own.get() >= 0 && IsSameFile(own, STDOUT_FILENO)) {
      const int fd = own.get();
      return {"", std::move(own), fd};
    }
  }
  LineSink sink("", {}, STDOUT_FILENO);
  sink.chunk_ = PIPE_BUF;
  return sink;
}

absl::StatusOr<LineSink> LineSink::File(std::string path, Rotation rotation,
                                        std::optional<FileOwner> owner) {
  RG_ASSIGN_OR_RETURN(kj::AutoCloseFd fd, OpenForAppending(path, owner));
  EndLastLine(path);
  const int raw = fd.get();
  LineSink sink(std::move(path), std::move(fd), raw);
  sink.rotation_ = rotation;
  sink.Examine();
  return sink;
}

LineSink LineSink::Nowhere() { return {"", {}, -1}; }

// Whoever writes many lines flushes by himself, sooner.
void LineSink::Write(const OutputLine& line) {
  if (alerts_only_ && line.alert == nullptr) return;
  const std::size_t most = backlog_ != 0 ? backlog_ : SIZE_MAX;
  if (line.text.size() > most - std::min(most, buffer_.size())) {
    if (!stuck_) Flush();
    if (line.text.size() > most - std::min(most, buffer_.size())) {
      ++failures_;
      return Fail(EAGAIN);
    }
  }
  buffer_.append(line.text);
  if (buffer_.size() >= kFlushBytes && !stuck_) Flush();
  if (line.alert != nullptr) sync_due_ = sync_alerts_ && regular_;
}

void LineSink::Append(const OutputLine& line) {
  buffer_.append(line.text);
  if (line.alert != nullptr) sync_due_ = sync_alerts_;
}

std::optional<FilePosition> LineSink::position() const {
  struct stat st {};
  if (!regular_ || path_.empty() || alerts_only_ || fstat(fd_, &st) != 0) return std::nullopt;
  return FilePosition{st.st_dev, st.st_ino, static_cast<std::uint64_t>(st.st_size)};
}

LineCount LineSink::Behind(const FilePosition& position) const {
  const auto here = this->position();
  if (!here.has_value() || here->device != position.device || here->inode != position.inode) {
    return {};
  }
  const kj::AutoCloseFd fd(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (fd.get() < 0 || !IsSameFile(fd, fd_)) return {};
  return CountLines(fd, position.bytes);
}

std::uint64_t LineSink::LastSeq(std::string_view boot_id) const {
  if (!regular_ || path_.empty()) return 0;
  const kj::AutoCloseFd fd(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (fd.get() < 0 || !IsSameFile(fd, fd_)) return 0;
  const std::uint64_t last = LastSeqOf(fd, boot_id);
  if (last != 0 || rotation_.keep == 0) return last;
  // It may have been rotated right before.
  const kj::AutoCloseFd old(
      open((path_ + ".1").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat st {};
  const bool is_file = old.get() >= 0 && fstat(old, &st) == 0 && S_ISREG(st.st_mode);
  return is_file ? LastSeqOf(old, boot_id) : 0;
}

void LineSink::AddTo(Health& health) const {
  health.userspace_output_failures += failures_;
  health.output_bytes += bytes_;
  health.output_rotations += rotations_;
  health.output_sync_failures += sync_failures_;
  health.output_reopened += reopened_;
  if (failing_) AddOutputError(health, write_error_);
  for (const std::string& error : {open_error_, rotation_error_}) {
    if (!error.empty()) AddOutputError(health, error);
  }
}

bool LineSink::WaitForRoom() const {
  constexpr int kAskEveryMs = 250;
  pollfd writable{fd_, POLLOUT, 0};
  if (poll(&writable, 1, 0) > 0) return true;
  const auto end = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    if (waiter_ && (failing_ || !waiter_() || std::chrono::steady_clock::now() >= end)) {
      return false;
    }
    if (poll(&writable, 1, waiter_ ? kAskEveryMs : -1) > 0) return true;
  }
}

void LineSink::Flush() {
  if (!buffer_.empty()) CheckPath();
  std::size_t done = 0;
  while (done < buffer_.size()) {
    if (chunk_ != SIZE_MAX && !WaitForRoom()) {
      buffer_.erase(0, done);
      DropLines(EAGAIN);
      return;
    }
    const ssize_t n = write(fd_, buffer_.data() + done, std::min(chunk_, buffer_.size() - done));
    if (n > 0) {
      done += static_cast<std::size_t>(n);
      bytes_ += static_cast<std::uint64_t>(n);
      mid_line_ = buffer_[done - 1] != '\n';
      if (digest_ != nullptr) {
        const auto size = static_cast<std::size_t>(n);
        digest_->Add({buffer_.data() + done - size, size});
      }
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    const int error = n < 0 ? errno : ENOSPC;
    if (error == EAGAIN && backlog_ != 0) {
      buffer_.erase(0, done);
      stuck_ = true;
      return;
    }
    if (error == EAGAIN && WaitForRoom()) continue;
    buffer_.erase(0, done);
    DropLines(error);
    return;
  }
  buffer_.clear();
  stuck_ = false;
  if (std::exchange(sync_due_, false)) Sync();
  if (rotate_at_ != 0 && bytes_ >= rotate_at_) Rotate();
  if (failing_ && done > 0) {
    failing_ = false;
    write_error_.clear();
    if (!std::exchange(said_, false)) return;
    Log(LogLevel::kWarn, "output works again; %d lines were lost so far", failures_);
  }
}

void LineSink::DropLines(int error) {
  // The rest of a line whose beginning is written stays; whole lines behind it go.
  const std::size_t keep = mid_line_ ? buffer_.find('\n') + 1 : 0;
  failures_ += static_cast<std::uint64_t>(
      std::count(buffer_.begin() + static_cast<std::ptrdiff_t>(keep), buffer_.end(), '\n'));
  buffer_.resize(keep);
  Fail(error);
}

void LineSink::Fail(int error) {
  closed_ = closed_ || (error == EPIPE && path_.empty());
  write_error_ = fd_ < 0 && !open_error_.empty()
                     ? open_error_
                     : absl::StrFormat("output to %s fails: %s", name(),
                                       error == EAGAIN ? "nobody reads it" : std::strerror(error));
  if (std::exchange(failing_, true) || (backlog_ != 0 && !may_say_())) return;
  said_ = true;
  Log(LogLevel::kError, "%s; lines are lost and counted", write_error_);
}

bool LineSink::IsAtPath() const { return randguard::IsAtPath(path_, fd_); }

void LineSink::CheckPath() {
  if (!follows_ || path_.empty()) return;
  const bool is_at_path = IsAtPath();
  if (is_at_path && open_error_.empty()) return;
  constexpr std::chrono::seconds kBetweenTries(1);
  const auto now = std::chrono::steady_clock::now();
  if (!open_error_.empty() && now < next_try_) return;
  next_try_ = now + kBetweenTries;
  const bool failed_before = !open_error_.empty();
  if (const absl::Status status = OpenAgain(); !status.ok()) {
    if (!failed_before) {
      Log(LogLevel::kError,
          "output file %s was removed or replaced, and lines go into the old one: %s", path_,
          Message(status));
    }
    return;
  }
  if (is_at_path) {
    Log(LogLevel::kWarn, "output file %s is opened again", path_);
    return;
  }
  ++reopened_;
  Log(LogLevel::kWarn, "output file %s was removed or replaced; it is opened anew", path_);
}

absl::Status LineSink::Reopen() {
  Flush();
  return path_.empty() ? absl::OkStatus() : OpenAgain();
}

absl::Status LineSink::OpenAgain() {
  auto opened = OpenForAppending(path_);
  open_error_ = opened.ok() ? "" : Message(opened.status());
  if (!opened.ok()) return opened.status();
  kj::AutoCloseFd fd = *std::move(opened);
  // The rest of a line that the old file has the beginning of; needed still if that is the new one.
  if (mid_line_ && !IsSameFile(fd, fd_)) DropRest();
  owned_ = std::move(fd);
  fd_ = owned_.get();
  Examine();
  return absl::OkStatus();
}

void LineSink::DropRest() {
  ++failures_;
  buffer_.erase(0, buffer_.find('\n') + 1);
  mid_line_ = false;
}

absl::Status LineSink::EndFile(std::string_view last_line) {
  struct stat st {};
  if (fstat(fd_, &st) != 0) return ErrnoError(errno, absl::StrFormat("%s cannot be ended", path_));
  const ssize_t n = write(fd_, last_line.data(), last_line.size());
  if (n != static_cast<ssize_t>(last_line.size())) {
    const int error = n < 0 ? errno : ENOSPC;
    if (n > 0 && ftruncate(fd_, st.st_size) != 0) {
      // It stays, as a line that says nothing.
      if (digest_ != nullptr) digest_->Add(last_line.substr(0, static_cast<std::size_t>(n)));
      buffer_.insert(buffer_.begin(), '\n');
      mid_line_ = true;
    }
    return ErrnoError(error, absl::StrFormat("%s cannot be ended", path_));
  }
  bytes_ += last_line.size();
  if (fchmod(fd_, kEndedMode) != 0) {
    Log(LogLevel::kWarn, "%s cannot be made one that is only read: %s", path_,
        std::strerror(errno));
  }
  LeaveFile();
  return absl::OkStatus();
}

void LineSink::LeaveFile() {
  if (mid_line_) DropRest();
  owned_ = nullptr;
  fd_ = -1;
  regular_ = false;
}

absl::Status LineSink::RemoveFile() {
  if (IsAtPath() && unlink(path_.c_str()) != 0) {
    return ErrnoError(errno, absl::StrFormat("%s cannot be removed", path_));
  }
  LeaveFile();
  return absl::OkStatus();
}

absl::Status LineSink::BeginFile(std::string path) {
  auto made = MakeForAppending(path);
  open_error_ = made.ok() ? "" : Message(made.status());
  if (!made.ok()) return made.status();
  LeaveFile();
  path_ = std::move(path);
  if (digest_ != nullptr) digest_->Reset();
  owned_ = *std::move(made);
  fd_ = owned_.get();
  Examine();
  return absl::OkStatus();
}

void LineSink::Examine() {
  struct statx st {};
  regular_ =
      statx(fd_, "", AT_EMPTY_PATH, STATX_SIZE | STATX_BTIME, &st) == 0 && S_ISREG(st.stx_mode);
  rotate_at_ = 0;
  if (regular_ && rotation_.bytes != 0) {
    // A file that is full already is rotated after the next line.
    rotate_at_ =
        bytes_ + std::max<std::uint64_t>(
                     rotation_.bytes - std::min<std::uint64_t>(st.stx_size, rotation_.bytes), 1);
  }
  made_s_ = regular_ && (st.stx_mask & STATX_BTIME) != 0 ? st.stx_btime.tv_sec : 0;
}

void LineSink::RotateIfOld() {
  CheckPath();
  if (!regular_ || rotation_.age.count() == 0 || made_s_ == 0) return;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const auto age = std::chrono::seconds(now.tv_sec - made_s_);
  struct stat st {};
  if (age < rotation_.age || fstat(fd_, &st) != 0 || st.st_size == 0) return;
  Flush();
  Rotate();
}

void LineSink::Rotate() {
  // A line that is cut by a full disk is completed where it began.
  if (mid_line_ || !buffer_.empty()) return;
  rotate_at_ = 0;  // Reopen() flushes
  const auto name = [&](unsigned i) { return absl::StrFormat("%s.%d", path_, i); };
  int error = 0;
  for (unsigned i = rotation_.keep; i > 0 && error == 0; --i) {
    const std::string from = i == 1 ? path_ : name(i - 1);
    if (rename(from.c_str(), name(i).c_str()) != 0 && errno != ENOENT) error = errno;
  }
  absl::Status status;
  if (error != 0) {
    status = ErrnoError(error, absl::StrFormat("output file %s cannot be renamed", path_));
  } else {
    status = Reopen();
  }
  rotation_error_ = status.ok() ? "" : Message(status);
  if (status.ok()) {
    ++rotations_;
    Log(LogLevel::kDebug, "output file %s was rotated", path_);
    return;
  }
  // The old one stays in use, for as much again.
  Log(LogLevel::kWarn, "%s; rotation is tried again later", Message(status));
  if (rotation_.bytes != 0) rotate_at_ = bytes_ + rotation_.bytes;
  if (made_s_ != 0) made_s_ += std::chrono::seconds(rotation_.age).count();
}

void LineSink::Sync() {
  const bool failed = fdatasync(fd_) != 0;
  if (failed) ++sync_failures_;
  if (failed && !sync_failing_) {
    Log(LogLevel::kError, "output to %s cannot be synced: %s; it is counted", name(),
        std::strerror(errno));
  }
  sync_failing_ = failed;
}

}  // namespace randguard

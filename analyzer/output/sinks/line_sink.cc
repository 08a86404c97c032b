// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/line_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>
#include <ctime>
#include <utility>

#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/event/alert.h"
#include "analyzer/event/reports.h"

namespace randguard {
namespace {

// Whoever writes many lines flushes by himself, sooner.
constexpr std::size_t kFlushBytes = std::size_t{1} << 20;
constexpr std::uint64_t kMaxLineBytes = std::uint64_t{4} << 20;  // more than any line has

absl::StatusOr<kj::AutoCloseFd> OpenAppend(const std::string& path,
                                           std::optional<FileOwner> owner = std::nullopt) {
  // Not through a symlink in its last component: the folder may be writable by others. Not
  // blocking, because a FIFO would wait for its reader, and later for room.
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  if (owner.has_value()) {
    kj::AutoCloseFd made(open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0640));
    if (made.get() >= 0 && fchown(made, owner->uid, owner->gid) != 0) {
      return ErrnoError(errno, absl::StrFormat("output file %s cannot be given away", path));
    }
  }
  kj::AutoCloseFd fd(open(path.c_str(), kFlags | O_CREAT, 0640));
  if (fd.get() >= 0) return fd;
  const int error = errno;
  struct stat st {};
  if (error == ENXIO && lstat(path.c_str(), &st) == 0 && S_ISFIFO(st.st_mode)) {
    return HostError("output file %s is a FIFO that nobody reads; start its reader first", path);
  }
  return ErrnoError(error, absl::StrFormat("output file %s cannot be opened", path));
}

// The number of bytes behind the file's last newline; `first` becomes the first of them. Longer
// than any line: none is looked for further.
std::uint64_t BytesBehindLastLine(int fd, std::uint64_t size, char& first) {
  constexpr std::size_t kBlock = std::size_t{64} << 10;
  std::string block(kBlock, '\0');
  std::uint64_t end = size;
  while (end > 0 && size - end < kMaxLineBytes) {
    const std::uint64_t begin = end > kBlock ? end - kBlock : 0;
    const ssize_t n = pread(fd, block.data(), end - begin, static_cast<off_t>(begin));
    if (n != static_cast<ssize_t>(end - begin)) return 0;  // it shrinks, or cannot be read
    const std::size_t newline = std::string_view(block.data(), end - begin).rfind('\n');
    if (newline != std::string_view::npos) {
      if (newline + 1 < end - begin) first = block[newline + 1];
      return size - (begin + newline + 1);
    }
    first = block[0];
    end = begin;
  }
  return size - end;
}

// A process that was killed may have left the beginning of a line. Its record counts as lost, so
// the bytes go; whatever else a file ends with only gets a newline.
void EndLastLine(const std::string& path) {
  const kj::AutoCloseFd fd(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat st {};
  if (fd.get() < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return;
  char first = 0;
  const auto size = static_cast<std::uint64_t>(st.st_size);
  const std::uint64_t torn = BytesBehindLastLine(fd, size, first);
  if (torn == 0) return;
  if (first == '{' && torn < kMaxLineBytes) {
    if (ftruncate(fd, static_cast<off_t>(size - torn)) != 0) return;
    Log(LogLevel::kWarn,
        "%s ended with %d bytes of a line that a killed process left; they are removed", path,
        torn);
  } else if (pwrite(fd, "\n", 1, st.st_size) == 1) {
    Log(LogLevel::kWarn, "%s did not end with a newline; there is one now", path);
  }
}

// Events are what the kernel's records become; the lines of other kinds are the analyzer's own.
bool IsEventLine(std::string_view line) {
  constexpr std::string_view kBegin = "{\"event_type\":\"";  // EventWriter's
  if (!line.starts_with(kBegin)) return false;
  line.remove_prefix(kBegin.size());
  const std::string_view type = line.substr(0, line.find('"'));
  return type != Alert::kEventType && type != Loss::kEventType && type != Health::kEventType;
}

// The whole lines from a byte on.
LineCount CountLines(int fd, std::uint64_t from) {
  constexpr std::size_t kBlock = std::size_t{256} << 10;
  std::string block;
  LineCount count;
  for (;;) {
    const std::size_t rest = block.size();
    if (rest >= kMaxLineBytes) return count;
    block.resize(rest + kBlock);
    const ssize_t n = pread(fd, block.data() + rest, kBlock, static_cast<off_t>(from));
    if (n <= 0) return count;
    from += static_cast<std::uint64_t>(n);
    block.resize(rest + static_cast<std::size_t>(n));
    std::string_view text = block;
    for (std::size_t end; (end = text.find('\n')) != std::string_view::npos;) {
      ++count.lines;
      if (IsEventLine(text.substr(0, end))) ++count.events;
      text.remove_prefix(end + 1);
    }
    block.erase(0, block.size() - text.size());
  }
}

// The number of the last whole line, if it is one of this boot; else 0.
std::uint64_t LastSeqOf(int fd, std::string_view boot_id) {
  constexpr std::uint64_t kBlock = 256 << 10;  // longer than any line with a number
  struct stat st {};
  if (fstat(fd, &st) != 0) return 0;
  const auto size = static_cast<std::uint64_t>(st.st_size);
  std::string block(std::min(size, kBlock), '\0');
  const ssize_t n =
      pread(fd, block.data(), block.size(), st.st_size - static_cast<off_t>(block.size()));
  if (n != static_cast<ssize_t>(block.size())) return 0;
  const std::size_t end = block.rfind('\n');
  if (end == std::string::npos || end == 0) return 0;
  const std::size_t before = block.rfind('\n', end - 1);
  const std::string_view line =
      std::string_view(block).substr(before == std::string::npos ? 0 : before + 1);
  // As EventWriter begins a line.
  const std::string key = absl::StrFormat("\",\"boot_id\":\"%s\",\"seq\":", boot_id);
  const std::size_t at = line.substr(0, 256).find(key);
  std::uint64_t seq = 0;
  if (at != std::string_view::npos) {
    std::from_chars(line.data() + at + key.size(), line.data() + line.size(), seq);
  }
  return seq;
}

bool Same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool SameFile(int a, int b) {
  struct stat sa {
  }, sb{};
  return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && Same(sa, sb);
}

}  // namespace

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
    if (own.get() >= 0 && SameFile(own, STDOUT_FILENO)) {
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
  RG_ASSIGN_OR_RETURN(kj::AutoCloseFd fd, OpenAppend(path, owner));
  EndLastLine(path);
  const int raw = fd.get();
  LineSink sink(std::move(path), std::move(fd), raw);
  sink.rotation_ = rotation;
  sink.Examine();
  return sink;
}

bool LineSink::HasFileOf(const LineSink& other) const { return SameFile(fd_, other.fd_); }

void LineSink::Write(const OutputLine& line) {
  if (alerts_only_ && line.alert == nullptr) return;
  buffer_.append(line.text);
  if (buffer_.size() >= kFlushBytes) Flush();
  if (line.alert != nullptr) sync_due_ = sync_alerts_ && regular_;
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
  if (fd.get() < 0 || !SameFile(fd, fd_)) return {};
  return CountLines(fd, position.bytes);
}

std::uint64_t LineSink::LastSeq(std::string_view boot_id) const {
  if (!regular_ || path_.empty()) return 0;
  const kj::AutoCloseFd fd(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (fd.get() < 0 || !SameFile(fd, fd_)) return 0;
  return LastSeqOf(fd, boot_id);
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
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    const int error = n < 0 ? errno : ENOSPC;
    if (error == EAGAIN && WaitForRoom()) continue;
    buffer_.erase(0, done);
    DropLines(error);
    return;
  }
  buffer_.clear();
  if (std::exchange(sync_due_, false)) Sync();
  if (rotate_at_ != 0 && bytes_ >= rotate_at_) Rotate();
  if (failing_ && done > 0) {
    failing_ = false;
    write_error_.clear();
    Log(LogLevel::kWarn, "output works again; %d lines were lost so far", failures_);
  }
}

void LineSink::DropLines(int error) {
  // The rest of a line whose beginning is written stays; whole lines behind it go.
  const std::size_t keep = mid_line_ ? buffer_.find('\n') + 1 : 0;
  failures_ += static_cast<std::uint64_t>(
      std::count(buffer_.begin() + static_cast<std::ptrdiff_t>(keep), buffer_.end(), '\n'));
  buffer_.resize(keep);
  closed_ = closed_ || (error == EPIPE && path_.empty());
  write_error_ = absl::StrFormat("output to %s fails: %s", name(),
                                 error == EAGAIN ? "nobody reads it" : std::strerror(error));
  if (!std::exchange(failing_, true)) {
    Log(LogLevel::kError, "%s; lines are lost and counted", write_error_);
  }
}

bool LineSink::IsAtPath() const {
  struct stat at_path {
  }, opened{};
  return lstat(path_.c_str(), &at_path) == 0 && fstat(fd_, &opened) == 0 && Same(at_path, opened);
}

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
  auto opened = OpenAppend(path_);
  open_error_ = opened.ok() ? "" : Message(opened.status());
  if (!opened.ok()) return opened.status();
  kj::AutoCloseFd fd = *std::move(opened);
  // The rest of a line that the old file has the beginning of; needed still if that is the new one.
  if (mid_line_ && !SameFile(fd, fd_)) {
    ++failures_;
    buffer_.erase(0, buffer_.find('\n') + 1);
    mid_line_ = false;
  }
  owned_ = std::move(fd);
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

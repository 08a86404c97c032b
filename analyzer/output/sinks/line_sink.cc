// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/line_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "analyzer/base/log.h"
#include "analyzer/base/status.h"

namespace randguard {
namespace {

constexpr std::size_t kFlushBytes = std::size_t{256} << 10;
constexpr std::uint64_t kMaxLineBytes = std::uint64_t{4} << 20;  // more than any line has

absl::StatusOr<kj::AutoCloseFd> OpenAppend(const std::string& path) {
  // Not through a symlink in its last component: the folder may be writable by others.
  kj::AutoCloseFd fd(
      open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (fd.get() < 0) {
    return ErrnoError(errno, absl::StrFormat("output file %s cannot be opened", path));
  }
  return fd;
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

bool SameFile(int a, int b) {
  struct stat sa {
  }, sb{};
  return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
         sa.st_ino == sb.st_ino;
}

}  // namespace

LineSink::LineSink(std::string path, kj::AutoCloseFd owned, int fd)
    : path_(std::move(path)), owned_(std::move(owned)), fd_(fd) {}

LineSink LineSink::Stdout() { return LineSink("", {}, STDOUT_FILENO); }

absl::StatusOr<LineSink> LineSink::File(std::string path, Rotation rotation) {
  RG_ASSIGN_OR_RETURN(kj::AutoCloseFd fd, OpenAppend(path));
  EndLastLine(path);
  const int raw = fd.get();
  LineSink sink(std::move(path), std::move(fd), raw);
  sink.rotation_ = rotation;
  sink.Examine();
  return sink;
}

void LineSink::Write(const OutputLine& line) {
  buffer_.append(line.text);
  if (buffer_.size() >= kFlushBytes) Flush();
  if (line.alert != nullptr) sync_due_ = sync_alerts_ && regular_;
}

void LineSink::AddTo(Health& health) const {
  health.userspace_output_failures += failures_;
  health.output_bytes += bytes_;
  health.output_rotations += rotations_;
  health.output_sync_failures += sync_failures_;
}

void LineSink::Flush() {
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t n = write(fd_, buffer_.data() + done, buffer_.size() - done);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
      bytes_ += static_cast<std::uint64_t>(n);
      mid_line_ = buffer_[done - 1] != '\n';
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {  // somebody made our stdout non-blocking
      pollfd writable{fd_, POLLOUT, 0};
      poll(&writable, 1, -1);
      continue;
    }
    const int error = n < 0 ? errno : ENOSPC;
    buffer_.erase(0, done);
    DropLines(error);
    return;
  }
  buffer_.clear();
  if (std::exchange(sync_due_, false)) Sync();
  if (rotate_at_ != 0 && bytes_ >= rotate_at_) Rotate();
  if (failing_ && done > 0) {
    failing_ = false;
    Log(LogLevel::kWarn, "output works again; %d lines were lost so far", failures_);
  }
}

void LineSink::DropLines(int error) {
  // The rest of a line whose beginning is written stays; whole lines behind it go.
  const std::size_t keep = mid_line_ ? buffer_.find('\n') + 1 : 0;
  failures_ += static_cast<std::uint64_t>(
      std::count(buffer_.begin() + static_cast<std::ptrdiff_t>(keep), buffer_.end(), '\n'));
  buffer_.resize(keep);
  closed_ = closed_ || error == EPIPE;
  if (!failing_) {
    Log(LogLevel::kError, "output to %s fails: %s; lines are lost and counted",
        path_.empty() ? "stdout" : path_, std::strerror(error));
  }
  failing_ = true;
}

absl::Status LineSink::Reopen() {
  Flush();
  if (path_.empty()) return absl::OkStatus();
  RG_ASSIGN_OR_RETURN(kj::AutoCloseFd fd, OpenAppend(path_));
  // The rest of a line that the old file has the beginning of; needed still if that is the new one.
  if (!buffer_.empty() && !SameFile(fd, fd_)) {
    ++failures_;
    buffer_.clear();
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
    Log(LogLevel::kError, "output to %s cannot be synced: %s; it is counted", path_,
        std::strerror(errno));
  }
  sync_failing_ = failed;
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/line_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "analyzer/base/status.h"

namespace randguard {
namespace {

constexpr std::size_t kFlushBytes = std::size_t{64} << 10;

absl::StatusOr<kj::AutoCloseFd> OpenAppend(const std::string& path) {
  // Not through a symlink in its last component: the folder may be writable by others.
  kj::AutoCloseFd fd(
      open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (fd.get() < 0) {
    return ErrnoError(errno, absl::StrFormat("output file %s cannot be opened", path));
  }
  return fd;
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

absl::StatusOr<LineSink> LineSink::File(std::string path) {
  RG_ASSIGN_OR_RETURN(kj::AutoCloseFd fd, OpenAppend(path));
  const int raw = fd.get();
  return LineSink(std::move(path), std::move(fd), raw);
}

void LineSink::Write(std::string_view line) {
  buffer_.append(line);
  if (buffer_.size() >= kFlushBytes) Flush();
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
  if (failing_ && done > 0) {
    failing_ = false;
    std::fprintf(stderr, "rand-guard: output works again; %llu lines were lost so far\n",
                 static_cast<unsigned long long>(failures_));
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
    std::fprintf(stderr, "rand-guard: output to %s fails: %s; lines are lost and counted\n",
                 path_.empty() ? "stdout" : path_.c_str(), std::strerror(error));
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
  return absl::OkStatus();
}

}  // namespace randguard

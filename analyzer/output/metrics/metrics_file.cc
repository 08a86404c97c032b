// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/metrics/metrics_file.h"

#include <fcntl.h>
#include <kj/io.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "analyzer/base/log.h"
#include "analyzer/base/status.h"

namespace randguard {
namespace {

// Never through a symlink, nor into a file that is there: others may be able to write to the
// folder.
kj::AutoCloseFd Make(const std::string& path) {
  return kj::AutoCloseFd(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
}

// 0: all of it is written; else errno.
int WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) return ENOSPC;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

}  // namespace

// node-exporter reads nothing that ends in ".new".
MetricsFile::MetricsFile(std::string path) : path_(std::move(path)), new_path_(path_ + ".new") {}

void MetricsFile::Write(std::string_view text) {
  const absl::Status status = Replace(text);
  const bool failed_before = !error_.empty();
  error_ = status.ok() ? "" : Message(status);
  if (status.ok()) {
    if (failed_before) {
      Log(LogLevel::kWarn, "metrics file %s is written again; it was not, %d times so far", path_,
          failures_);
    }
    return;
  }
  ++failures_;
  if (!failed_before) Log(LogLevel::kError, "%s; it is tried again and again", error_);
}

absl::Status MetricsFile::Replace(std::string_view text) const {
  const auto error = [this](int number) {
    return ErrnoError(number, absl::StrFormat("metrics file %s cannot be written", path_));
  };
  kj::AutoCloseFd fd = Make(new_path_);
  if (fd.get() < 0 && errno == EEXIST) {
    // An analyzer that was killed left it, or somebody wants it to be followed.
    if (unlink(new_path_.c_str()) != 0 && errno != ENOENT) return error(errno);
    fd = Make(new_path_);
  }
  if (fd.get() < 0) return error(errno);
  // The umask is made for logs. Not synced: a host that comes up again has other metrics.
  int failed = fchmod(fd, 0644) != 0 ? errno : WriteAll(fd, text);
  if (failed == 0 && rename(new_path_.c_str(), path_.c_str()) != 0) failed = errno;
  if (failed == 0) return absl::OkStatus();
  unlink(new_path_.c_str());
  return error(failed);
}

void MetricsFile::AddTo(Health& health) const {
  health.metrics_failures = failures_;
  if (!error_.empty()) health.metrics_error = error_;
}

}  // namespace randguard

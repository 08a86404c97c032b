// SPDX-License-Identifier: Apache-2.0
#include "analyzer/base/replaced_file.h"

#include <fcntl.h>
#include <kj/io.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace randguard {
namespace {

// Never through a symlink, nor into a file that is there: others may be able to write to the
// folder.
kj::AutoCloseFd Make(const std::string& path, mode_t mode) {
  return kj::AutoCloseFd(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
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

absl::Status Error(int number) { return absl::FailedPreconditionError(std::strerror(number)); }

}  // namespace

absl::Status ReplaceFile(const std::string& path, const std::string& made, std::string_view text,
                         mode_t mode) {
  kj::AutoCloseFd fd = Make(made, mode);
  if (fd.get() < 0 && errno == EEXIST) {
    // A process that was killed left it, or somebody wants it to be followed.
    if (unlink(made.c_str()) != 0 && errno != ENOENT) return Error(errno);
    fd = Make(made, mode);
  }
  if (fd.get() < 0) return Error(errno);
  // Whatever the umask says.
  int failed = fchmod(fd, mode) != 0 ? errno : WriteAll(fd, text);
  if (failed == 0 && rename(made.c_str(), path.c_str()) != 0) failed = errno;
  if (failed == 0) return absl::OkStatus();
  unlink(made.c_str());
  return Error(failed);
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/config/file_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "analyzer/base/status.h"

namespace randguard {
namespace {

class UniqueFd {
 public:
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() {
    if (fd_ >= 0) close(fd_);
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  int Get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(const std::string& path, std::size_t max) {
  // O_NONBLOCK: a FIFO in the place of the file must not make us wait for a writer.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.Get() < 0) return ErrnoError(errno, "cannot be opened");
  struct stat info = {};
  if (fstat(fd.Get(), &info) != 0) return ErrnoError(errno, "cannot be examined");
  if (!S_ISREG(info.st_mode)) return HostError("is not a regular file");

  // A byte more than there are, so that the end shows. A file that grows meanwhile is read on.
  std::string text(std::min<std::size_t>(static_cast<std::size_t>(info.st_size), max) + 1, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = read(fd.Get(), text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, "cannot be read");
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
    if (filled == text.size() && filled <= max) text.resize(std::min(2 * filled, max + 1));
  }
  if (filled > max) {
    return InvalidInput("is larger than %d bytes", max);
  }
  text.resize(filled);
  return text;
}

Diagnostic WholeFileError(const std::string& path, std::string message) {
  return {.file = path, .severity = Diagnostic::Severity::kError, .message = std::move(message)};
}

}  // namespace randguard

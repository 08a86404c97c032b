// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard verify`: whether lines of output are missing.
#include <fcntl.h>
#include <kj/io.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/cli/arguments.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/setup.h"
#include "analyzer/confine/confine.h"
#include "analyzer/output/verify/line_check.h"

namespace randguard::cli {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;
constexpr std::size_t kLineMax = std::size_t{1} << 20;  // bytes

absl::StatusOr<kj::AutoCloseFd> Open(const std::string& path) {
  kj::AutoCloseFd fd(path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                 : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat st {};
  if (fd.get() < 0 || fstat(fd, &st) != 0) {
    return ErrnoError(errno, "cannot open " + EscapedForTerminal(path));
  }
  if (S_ISDIR(st.st_mode)) {
    return InvalidInput("%s is a folder; name the files in it", EscapedForTerminal(path));
  }
  return fd;
}

void CheckFile(const std::string& path, int fd, LineCheck& check) {
  check.BeginFile(path, path == "-" ? LineCheck::Files::kSeveral : LineCheck::Files::kOne);
  std::string text;
  for (;;) {
    const std::size_t rest = text.size();
    text.resize(rest + kBlock);
    const ssize_t n = read(fd, text.data() + rest, kBlock);
    if (n < 0 && errno == EINTR) {
      text.resize(rest);
      continue;
    }
    if (n < 0) {
      return check.AddProblem(
          absl::StrFormat("%s cannot be read: %s", EscapedForTerminal(path), std::strerror(errno)));
    }
    text.resize(rest + static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
      check.Add(std::string_view(text).substr(begin, end - begin));
    }
    text.erase(0, begin);
    if (n == 0) break;
    if (text.size() > kLineMax) {
      return check.AddProblem(
          absl::StrFormat("%s has a line of more than %d bytes, which no output has; the rest of "
                          "it was not looked at",
                          EscapedForTerminal(path), kLineMax));
    }
  }
  check.EndFile(/*whole=*/text.empty());
}

}  // namespace

int Verify(const Arguments& arguments) {
  // All at once, because nothing can be opened behind the confinement.
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  const std::vector<std::string>& paths = arguments.operands();
  LineCheck check;
  std::vector<std::pair<std::string, kj::AutoCloseFd>> files;
  for (const std::string& path : paths) {
    auto file = Open(path);
    if (file.ok()) {
      files.emplace_back(path, *std::move(file));
    } else {
      check.AddProblem(Message(file.status()));
    }
  }
  if (const absl::Status status = ConfineReader(); !status.ok()) return Fail(status);
  for (const auto& [path, file] : files) CheckFile(path, file, check);
  check.Finish();
  Print(check.Report());
  return check.ok() ? 0 : 1;
}

}  // namespace randguard::cli

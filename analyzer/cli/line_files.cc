// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/line_files.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/output/convert/line_reader.h"

namespace randguard::cli {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;
constexpr std::size_t kLineMax = LineReader::kLineMax;

}  // namespace

void AllowManyFiles() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

absl::StatusOr<kj::AutoCloseFd> OpenInput(const std::string& path) {
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

absl::StatusOr<bool> ForEachLine(kj::AutoCloseFd fd, const std::string& path,
                                 absl::FunctionRef<void(std::string_view)> visit) {
  const auto named = [&](const absl::Status& status) {
    return absl::Status(status.code(),
                        absl::StrFormat("%s %s", EscapedForTerminal(path), status.message()));
  };
  auto file = PackedFile::FromFd(std::move(fd));
  if (!file.ok()) return named(file.status());
  std::string text;
  for (;;) {
    const std::size_t rest = text.size();
    text.resize(rest + kBlock);
    const auto n = file->Read(std::as_writable_bytes(std::span(text).subspan(rest)));
    if (!n.ok()) return named(n.status());
    text.resize(rest + *n);
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
      visit(std::string_view(text).substr(begin, end - begin));
    }
    text.erase(0, begin);
    if (*n == 0) return text.empty();
    if (text.size() > kLineMax) {
      return InvalidInput(
          "%s has a line of more than %d bytes, which no output has; the rest of it was not looked "
          "at",
          EscapedForTerminal(path), kLineMax);
    }
  }
}

}  // namespace randguard::cli

// SPDX-License-Identifier: Apache-2.0
//
// The part of the loader that touches the file system.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/config/config.h"
#include "analyzer/source/toml_limits.h"

namespace randguard {
namespace {

namespace fs = std::filesystem;

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

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  // O_NONBLOCK: a FIFO in the place of the file must not make us wait for a writer.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.Get() < 0) return ErrnoError(errno, "cannot be opened");
  struct stat info = {};
  if (fstat(fd.Get(), &info) != 0) return ErrnoError(errno, "cannot be examined");
  if (!S_ISREG(info.st_mode)) return HostError("is not a regular file");

  std::string text(kConfigFileMax + 1, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = read(fd.Get(), text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, "cannot be read");
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  if (filled > kConfigFileMax) {
    return InvalidInput("is larger than %d bytes", kConfigFileMax);
  }
  text.resize(filled);
  return text;
}

Diagnostic WholeFileError(const std::string& path, std::string message) {
  return {.file = path, .severity = Diagnostic::Severity::kError, .message = std::move(message)};
}

// Paths of the files of rules, sorted by name.
std::vector<std::string> ListRuleFiles(const std::string& config_path,
                                       std::vector<Diagnostic>& diagnostics) {
  std::error_code error;
  const fs::path folder = fs::path(config_path).parent_path() / "rules.d";
  std::vector<std::string> files;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with('.') || !name.ends_with(".toml")) continue;
    files.push_back(it->path().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    diagnostics.push_back(
        WholeFileError(folder.string(), "folder cannot be read: " + error.message()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

ConfigResult LoadConfig(const std::string& path) {
  std::vector<Diagnostic> unreadable;
  absl::StatusOr<std::string> text = ReadWholeFile(path);
  if (!text.ok()) unreadable.push_back(WholeFileError(path, Message(text.status())));

  std::vector<ConfigSource> rule_files;
  for (const std::string& file : ListRuleFiles(path, unreadable)) {
    absl::StatusOr<std::string> rules = ReadWholeFile(file);
    if (rules.ok()) {
      rule_files.push_back({file, *std::move(rules)});
    } else {
      unreadable.push_back(WholeFileError(file, Message(rules.status())));
    }
  }

  ConfigResult result = ParseConfig(text.ok() ? *text : "", path, rule_files);
  if (unreadable.empty()) return result;
  result.config.reset();
  result.diagnostics.insert(result.diagnostics.begin(), unreadable.begin(), unreadable.end());
  return result;
}

}  // namespace randguard

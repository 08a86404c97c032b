// SPDX-License-Identifier: Apache-2.0
//
// The part of the loader that touches the file system.
#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "analyzer/base/status.h"
#include "analyzer/config/config.h"
#include "analyzer/config/file_reader.h"
#include "analyzer/config/sigma_files.h"
#include "analyzer/source/toml_limits.h"

namespace randguard {
namespace {

namespace fs = std::filesystem;

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
  absl::StatusOr<std::string> text = ReadWholeFile(path, kConfigFileMax);
  if (!text.ok()) unreadable.push_back(WholeFileError(path, Message(text.status())));

  std::vector<ConfigSource> rule_files;
  for (const std::string& file : ListRuleFiles(path, unreadable)) {
    absl::StatusOr<std::string> rules = ReadWholeFile(file, kConfigFileMax);
    if (rules.ok()) {
      rule_files.push_back({file, *std::move(rules)});
    } else {
      unreadable.push_back(WholeFileError(file, Message(rules.status())));
    }
  }

  ConfigResult result = ParseConfig(text.ok() ? *text : "", path, rule_files);
  if (result.config.has_value()) {
    result.config->sigma_sources = ReadSigmaSources(path, result.config->sigma, unreadable);
  }
  if (unreadable.empty()) return result;
  result.config.reset();
  result.diagnostics.insert(result.diagnostics.begin(), unreadable.begin(), unreadable.end());
  return result;
}

}  // namespace randguard

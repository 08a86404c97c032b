// SPDX-License-Identifier: Apache-2.0
//
// The part of the loader that touches the file system.
#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

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

bool IsHeaderOfTests(std::string_view table) {
  return table.starts_with("[[rules.tests]]") || table.starts_with("[rules.tests.") ||
         table.starts_with("[[rules.tests.");
}

// Whether a line behind the first one looks like a header. In a table it is none, unless a string
// or a bracket there has no end.
bool HasOtherHeader(std::string_view table) {
  for (std::size_t at = table.find('\n'); at != table.npos; at = table.find('\n', at + 1)) {
    const std::size_t first = table.find_first_not_of(" \t", at + 1);
    if (first != table.npos && table[first] == '[') return true;
  }
  return false;
}

// Leaves the lines of [[rules.tests]], and of the tables in them, empty: the numbers of all others
// stay as they are. All of the text, where it is not certain what belongs to the tests: nothing
// else may be lost.
std::string WithoutRuleTests(std::string_view text) {
  const std::vector<std::size_t> headers = TomlHeaders(text);
  std::string out(text.substr(0, headers.empty() ? text.size() : headers.front()));
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const std::size_t end = i + 1 < headers.size() ? headers[i + 1] : text.size();
    const std::string_view table = text.substr(headers[i], end - headers[i]);
    if (IsHeaderOfTests(table)) {
      if (HasOtherHeader(table)) return std::string(text);
      out.append(static_cast<std::size_t>(std::count(table.begin(), table.end(), '\n')), '\n');
    } else {
      out.append(table);
    }
  }
  return out;
}

}  // namespace

ConfigResult LoadConfig(const std::string& path, RuleTests tests) {
  std::vector<Diagnostic> unreadable;
  absl::StatusOr<std::string> text = ReadWholeFile(path, kConfigFileMax);
  if (text.ok() && tests == RuleTests::kPassOver) *text = WithoutRuleTests(*text);
  if (!text.ok()) unreadable.push_back(WholeFileError(path, Message(text.status())));

  std::vector<ConfigSource> rule_files;
  for (const std::string& file : ListRuleFiles(path, unreadable)) {
    absl::StatusOr<std::string> rules = ReadWholeFile(file, kConfigFileMax);
    if (rules.ok()) {
      if (tests == RuleTests::kPassOver) *rules = WithoutRuleTests(*rules);
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

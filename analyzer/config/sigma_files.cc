// SPDX-License-Identifier: Apache-2.0
#include "analyzer/config/sigma_files.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/config/file_reader.h"
#include "analyzer/source/toml_limits.h"
#include "analyzer/source/yaml_document.h"

namespace randguard {
namespace {

namespace fs = std::filesystem;

bool IsSigmaFile(const fs::path& path) {
  const std::string name = path.filename().string();
  return !name.starts_with('.') && (name.ends_with(".yml") || name.ends_with(".yaml"));
}

class Collector {
 public:
  Collector(SigmaSources& out, std::vector<Diagnostic>& diagnostics)
      : out_(out), diagnostics_(diagnostics) {}

  // `needed`: it is an error if the path is not there.
  void Add(const std::string& path, bool needed) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) {
      if (needed) {
        diagnostics_.push_back(
            WholeFileError(path, "sigma.paths: there is no such file or folder" +
                                     (error && error != std::errc::no_such_file_or_directory
                                          ? " (" + error.message() + ")"
                                          : std::string())));
      }
      return;
    }
    if (!fs::is_directory(status)) {
      Read(path);
      return;
    }
    std::vector<std::string> files;
    List(path, files);
    std::sort(files.begin(), files.end());
    for (const std::string& file : files) Read(file);
  }

 private:
  // Links to folders are not followed, so that no folder is below itself.
  void List(const std::string& folder, std::vector<std::string>& files) {
    std::error_code error;
    fs::recursive_directory_iterator at(folder, error);
    for (const fs::recursive_directory_iterator end; !error && at != end; at.increment(error)) {
      const std::string name = at->path().filename().string();
      std::error_code unknown;
      const bool is_folder = at->is_directory(unknown) && !at->is_symlink(unknown);
      if (is_folder && (name.starts_with('.') || at.depth() + 1 >= kSigmaDepthMax)) {
        at.disable_recursion_pending();
        if (!name.starts_with('.')) {
          Note(at->path().string(),
               absl::StrFormat("is a folder more than %d deep, and not looked into",
                               kSigmaDepthMax));
        }
        continue;
      }
      if (is_folder || !IsSigmaFile(at->path())) continue;
      if (files.size() + out_.files.size() >= kSigmaFilesMax) {
        diagnostics_.push_back(
            WholeFileError(folder, absl::StrFormat("more than %d Sigma files", kSigmaFilesMax)));
        return;
      }
      files.push_back(at->path().string());
    }
    if (error) Note(folder, "folder cannot be read: " + error.message());
  }

  void Read(const std::string& path) {
    if (!known_.insert(path).second) return;  // named twice
    absl::StatusOr<std::string> text = ReadWholeFile(path, kYamlFileMax);
    if (!text.ok()) {
      Note(path, Message(text.status()));
      return;
    }
    bytes_ += text->size();
    if (bytes_ > kSigmaBytesMax) {
      if (bytes_ - text->size() <= kSigmaBytesMax) {
        diagnostics_.push_back(WholeFileError(
            path,
            absl::StrFormat("with it, Sigma files have more than %d MiB", kSigmaBytesMax >> 20)));
      }
      return;
    }
    out_.files.push_back({path, *std::move(text)});
  }

  void Note(const std::string& path, std::string message) {
    out_.unreadable.push_back(WholeFileError(path, std::move(message)));
  }

  SigmaSources& out_;
  std::vector<Diagnostic>& diagnostics_;
  std::set<std::string> known_;
  std::size_t bytes_ = 0;
};

}  // namespace

std::string FromConfig(const std::string& config_path, const std::string& path) {
  return (fs::path(config_path).parent_path() / path).string();
}

SigmaSources ReadSigmaSources(const std::string& config_path, const SigmaConfig& config,
                              std::vector<Diagnostic>& diagnostics) {
  SigmaSources out;
  Collector collector(out, diagnostics);
  collector.Add(FromConfig(config_path, "rules.d"), /*needed=*/false);
  for (const std::string& path : config.paths) {
    collector.Add(FromConfig(config_path, path), /*needed=*/true);
  }
  if (!config.mapping.empty()) {
    const std::string path = FromConfig(config_path, config.mapping);
    absl::StatusOr<std::string> text = ReadWholeFile(path, kConfigFileMax);
    if (text.ok()) {
      out.mapping = ConfigSource{path, *std::move(text)};
    } else {
      diagnostics.push_back(WholeFileError(path, "sigma.mapping: " + Message(text.status())));
    }
  }
  return out;
}

}  // namespace randguard

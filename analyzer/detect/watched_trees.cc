// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/watched_trees.h"

#include <algorithm>
#include <span>

#include "analyzer/plan/path_filter.h"

namespace randguard {
namespace {

void Add(std::string_view watch, std::optional<TextArray>& found) {
  if (!found.has_value()) found.emplace();
  const std::span<const std::string_view> before(found->items.data(), found->size);
  if (std::find(before.begin(), before.end(), watch) == before.end()) found->Add(watch);
}

}  // namespace

WatchedTrees::WatchedTrees(const FileConfig& config) {
  const auto add_path = [this](const std::string& watch) {
    paths_.push_back(watch);
    ForEachDirectoryAbove(watch, [&](std::string_view directory) {
      directories_[std::string(directory)].push_back(watch);
    });
  };
  for (const std::string& path : config.watch_paths) add_path(path);
  for (const std::string& pattern : config.watch_patterns) {
    const bool is_part = pattern[0] != '*';
    if (is_part) parts_.push_back(pattern);
    const std::string_view text = std::string_view(pattern).substr(is_part ? 0 : 1);
    ForEachEndingAbove(text, [&](std::string_view ending) {
      endings_[std::string(ending)].push_back(pattern);
      lengths_.push_back(ending.size());
    });
  }
  std::sort(lengths_.begin(), lengths_.end());
  lengths_.erase(std::unique(lengths_.begin(), lengths_.end()), lengths_.end());
}

void WatchedTrees::AddBelow(const OptionalText& path, Found& found) const {
  if (!path.has_value()) return;
  const auto add_all = [&](const Watches& watches, std::string_view key) {
    const auto at = watches.find(key);
    if (at == watches.end()) return;
    for (const std::string& watch : at->second) Add(watch, found);
  };
  add_all(directories_, *path);
  for (const std::size_t length : lengths_) {
    if (length > path->size()) break;
    add_all(endings_, path->substr(path->size() - length));
  }
}

void WatchedTrees::AddAround(const OptionalText& path, Found& found) const {
  if (!path.has_value()) return;
  for (const std::string& watch : paths_) {
    if (IsUnder(*path, watch)) Add(watch, found);
  }
  for (const std::string& part : parts_) {
    if (path->find(part) != path->npos) Add(part, found);
  }
  AddBelow(path, found);
}

void WatchedTrees::MarkThis(FileRename& event) const {
  AddBelow(event.old_resolved_path, event.touches_watch);
  AddBelow(event.old_fs_path, event.touches_watch);
  AddBelow(event.new_resolved_path, event.touches_watch);
  AddBelow(event.new_fs_path, event.touches_watch);
}

void WatchedTrees::MarkThis(FileChange& event) const {
  AddBelow(event.resolved_path, event.touches_watch);
  AddBelow(event.fs_path, event.touches_watch);
}

void WatchedTrees::MarkThis(Mount& event) const {
  AddAround(event.target_path, event.touches_watch);
  AddAround(event.source_path, event.touches_watch);
}

void WatchedTrees::MarkThis(Unmount& event) const {
  AddAround(event.target_path, event.touches_watch);
}

}  // namespace randguard

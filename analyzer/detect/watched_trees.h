// SPDX-License-Identifier: Apache-2.0
//
// Directories above what is watched. Whoever moves such a directory, or mounts something over it,
// changes what the watched paths and patterns stand for without touching a file of theirs.
#ifndef ANALYZER_DETECT_WATCHED_TREES_H_
#define ANALYZER_DETECT_WATCHED_TREES_H_

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/event/events.h"

namespace randguard {

class WatchedTrees {
 public:
  explicit WatchedTrees(const FileConfig& config);

  // Sets `touches_watch` of events about names and mounts. Text in the event borrows from here.
  template <typename E>
  void Mark(E& event) const {
    if constexpr (requires { event.touches_watch; }) MarkThis(event);
  }

 private:
  using Found = std::optional<TextArray>;

  void MarkThis(FileRename& event) const;
  void MarkThis(FileChange& event) const;
  void MarkThis(Mount& event) const;
  void MarkThis(Unmount& event) const;

  // Adds the watches that lie below a directory.
  void AddBelow(const OptionalText& path, Found& found) const;
  // Adds these, and the ones that the directory itself belongs to.
  void AddAround(const OptionalText& path, Found& found) const;

  using Watches = std::map<std::string, std::vector<std::string>, std::less<>>;
  Watches directories_;               // by directory above a watched path
  Watches endings_;                   // by ending of a directory that a pattern goes through
  std::vector<std::size_t> lengths_;  // of those endings
  std::vector<std::string> paths_;    // all that is watched by its whole path or a folder's
  std::vector<std::string> parts_;    // texts that a watched path has anywhere
};

}  // namespace randguard

#endif  // ANALYZER_DETECT_WATCHED_TREES_H_

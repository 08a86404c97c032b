// SPDX-License-Identifier: Apache-2.0
//
// A file of lines that goes on: into the next segment, into a new file after a rotation by
// renaming, or from its beginning if it was cut.
#ifndef ANALYZER_VIEW_FOLLOWED_FILE_H_
#define ANALYZER_VIEW_FOLLOWED_FILE_H_

#include <kj/io.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/output/sinks/segments.h"

namespace randguard {

class FollowedFile {
 public:
  using Visit = absl::FunctionRef<void(std::string_view)>;
  enum class From : std::uint8_t { kBeginning, kLastLines };

  // `path` is a file of lines, or a segment; that is known by its name, and segments of the same
  // name behind it are taken for what follows. An error: it is not there, or is no file.
  static absl::StatusOr<FollowedFile> Open(const std::string& path, From from);

  // Calls visit(line) for each line that has come, without its end. True: there may be more at
  // once. An error: a line is longer than any output's; nothing of the file is read any more.
  absl::StatusOr<bool> Read(Visit visit);

  // The file that is being read, without symlinks.
  const std::string& path() const { return path_; }
  // Whether another file was begun since the last call.
  bool TakeSwitched() { return std::exchange(switched_, false); }
  // All else that there is to say since the last call.
  std::vector<std::string> TakeNotices() { return std::exchange(notices_, {}); }

 private:
  FollowedFile() = default;
  absl::Status OpenFile(const std::string& path);
  // Takes in what is there now.
  absl::Status ReadAll(Visit visit, bool& any);
  // The beginning of a line that will not be ended.
  void LeaveRest();
  bool IsOther(const std::string& path) const;
  // The file in which the lines go on; empty: still in this one.
  std::string Successor() const;
  std::string NextSegment() const;

  std::string path_;
  std::string segments_;  // the path that the segments belong to; empty: these are none
  std::optional<SegmentName> name_;
  kj::AutoCloseFd fd_;
  std::uint64_t device_ = 0, inode_ = 0;
  off_t read_ = 0;
  std::string text_;  // the beginning of a line
  bool switched_ = false;
  int tries_ = 0;  // to open the next file
  std::vector<std::string> notices_;
  bool skip_ = false;  // up to the next line's beginning
};

}  // namespace randguard

#endif  // ANALYZER_VIEW_FOLLOWED_FILE_H_

// SPDX-License-Identifier: Apache-2.0
//
// Decides which files are reported, as the configuration says: tables for the kernel side and, for
// reference, plain code.
#ifndef ANALYZER_PLAN_PATH_FILTER_H_
#define ANALYZER_PLAN_PATH_FILTER_H_

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "analyzer/config/config.h"
#include "schema/abi/event.h"

namespace randguard {

// Returns where a configured path leads on this host: absolute, without symlinks; "" if nowhere.
// The kernel compares resolved names. So a path through a symlink must also watch the symlink's
// target.
using ResolvePath = std::function<std::string(const std::string&)>;

// The tables that ebpf/filter.h and ebpf/prefilter.h read.
struct CompiledFilter {
  bool watching = false;
  std::uint64_t depths = 0;
  std::uint64_t endings = 0;
  std::uint64_t parts = 0;
  // The same for directories above what is watched, and for exclusions.
  std::uint64_t depths_above = 0;
  std::uint64_t endings_above = 0;
  std::bitset<RG_FILTER_MARKS> marks;
  bool marked = false;          // everything watched has left marks, and there are no parts
  std::uint32_t tail = 0;       // bytes of endings in marks
  std::uint32_t part_tail = 0;  // the same of parts
  struct Entry {
    std::uint16_t flags = 0;
    std::string text;
    bool prefix = false;  // else an ending, a part, or a directory above one
    bool shared = false;  // another watched prefix has the same hash
  };
  std::map<std::uint64_t, Entry> entries;  // by hash
};
CompiledFilter CompileFilter(const FileConfig& config, const ResolvePath& resolve = nullptr);

enum class PathVerdict { kReport, kUnwatched, kExcluded };

// A path is that of a file, or a name that is made, moved or linked. Such a name is also reported
// if it is a directory's above something watched.
enum class PathUse { kFile, kName };

// The reference: compares strings. Tests hold the kernel's verdict against this one. `path` is
// absolute and has no ".", ".." or empty component. A pattern is "*" and an ending, or a text that
// the path has anywhere.
PathVerdict JudgePath(const FileConfig& config, std::string_view path,
                      PathUse use = PathUse::kFile);

// Whether `path` is `prefix` itself or lies below.
bool IsUnder(std::string_view path, std::string_view prefix);

// Calls found(directory) for the ending of each directory that an ending goes through: "/.ssh" for
// "/.ssh/id_rsa".
template <typename Found>
void ForEachEndingAbove(std::string_view ending, Found&& found) {
  for (std::size_t at = ending.rfind('/'); at != ending.npos && at != 0;
       at = ending.rfind('/', at - 1)) {
    found(ending.substr(0, at));
  }
}

// The same for each directory above a path, but for "/", which nobody can move.
template <typename Found>
void ForEachDirectoryAbove(std::string_view path, Found&& found) {
  while (path.ends_with('/')) path.remove_suffix(1);
  ForEachEndingAbove(path, found);
}

}  // namespace randguard

#endif  // ANALYZER_PLAN_PATH_FILTER_H_

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/plan/path_filter.h"

#include <algorithm>
#include <cstddef>

namespace randguard {
namespace {

// At most eight bytes, as they lie in the memory of the hosts that the programs run on.
std::uint64_t Word(std::string_view bytes) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return word;
}

std::uint64_t HashComponent(std::string_view text) {
  std::uint64_t hash = RG_HASH_BASIS;
  for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(8, text.size()))) {
    hash = rg_hash_word(hash, Word(text.substr(0, 8)));
  }
  return hash;
}

// `path` is "" (the root), or like "/a/b".
std::uint64_t HashPrefix(std::string_view path) {
  std::uint64_t hash = RG_HASH_BASIS;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    hash = rg_hash_word(hash, HashComponent(path.substr(0, end)));
    path.remove_prefix(end);
  }
  return hash;
}

std::uint64_t HashEnding(std::string_view text) {
  std::uint64_t hash = RG_HASH_ENDING;
  while (!text.empty()) {
    const std::size_t size = std::min<std::size_t>(8, text.size());
    hash = rg_hash_word(hash, Word(text.substr(text.size() - size)));
    text.remove_suffix(size);
  }
  return hash;
}

// Makes "/etc" of "/etc/", and "" of "/".
std::string_view WithoutSlash(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

// Marks a pair of names: the last component of `prefix` and the component above. Every path at
// `prefix` or below has that pair, so a path without any marked pair lies below no watched prefix.
void MarkPrefix(CompiledFilter& filter, std::string_view prefix) {
  const std::size_t last = prefix.rfind('/');
  if (last == std::string_view::npos) {  // "/": every path is below
    filter.marked = false;
    return;
  }
  const std::string_view before = prefix.substr(0, last);
  const std::string_view above = before.substr(std::min(before.rfind('/') + 1, before.size()));
  filter.marks.set(rg_filter_mark(Word(prefix.substr(last + 1, 8)), Word(above.substr(0, 8))));
}

bool IsEnding(std::string_view pattern) { return pattern.starts_with('*'); }

// The ending, or the part.
std::string_view TextOf(std::string_view pattern) {
  return pattern.substr(IsEnding(pattern) ? 1 : 0);
}

// The length of the shortest ending (or part), at most the bytes that a mark may hold; 0: there are
// none. Every one has at least this many bytes, so each can leave a mark of that length.
std::uint32_t TailOf(const std::vector<std::string>& patterns, bool endings, std::size_t most) {
  std::size_t shortest = 0;
  for (const std::string& pattern : patterns) {
    if (IsEnding(pattern) != endings) continue;
    const std::size_t size = TextOf(pattern).size();
    shortest = shortest == 0 ? size : std::min(shortest, size);
  }
  return static_cast<std::uint32_t>(std::min(shortest, most));
}

void MarkTail(CompiledFilter& filter, std::string_view text, std::uint32_t tail,
              std::uint64_t kind) {
  filter.marks.set(rg_filter_mark(Word(text.substr(text.size() - tail)), kind));
}

// Two texts have one hash only if somebody made them so, through the target of a symlink. The
// kernel side compares the texts of exclusions, endings and parts, but not those of watched
// prefixes. So only watched prefixes may share an entry. An exclusion that meets another text is
// left out. If anything else meets another text, every file that is not excluded is reported.
bool Add(CompiledFilter& filter, std::uint64_t hash, std::string_view text, std::uint16_t flags,
         bool is_prefix) {
  const auto [at, is_new] = filter.entries.try_emplace(
      hash, CompiledFilter::Entry{.text = std::string(text), .prefix = is_prefix});
  const auto is_exclusion = [](std::uint16_t f) { return (f & RG_FILTER_EXCLUDE) != 0; };
  const bool other = !is_new && at->second.text != text;
  if (is_exclusion(flags) && (other || at->second.shared)) return false;
  if (other) {
    if (is_exclusion(at->second.flags) || !is_prefix || !at->second.prefix) {
      filter.watching = false;
      return false;
    }
    at->second.shared = true;
  }
  at->second.flags |= flags;
  return true;
}

bool AddPrefix(CompiledFilter& filter, std::string_view prefix, std::uint16_t flags) {
  return Add(filter, HashPrefix(prefix), prefix, flags, /*is_prefix=*/true);
}

bool AddText(CompiledFilter& filter, std::string_view text, std::uint16_t flags) {
  return Add(filter, HashEnding(text), text, flags, /*is_prefix=*/false);
}

std::ptrdiff_t DepthOf(std::string_view path) { return std::count(path.begin(), path.end(), '/'); }

void AddPath(CompiledFilter& filter, std::string_view path, std::uint16_t flags) {
  path = WithoutSlash(path);
  // Written paths fit; the paths that they resolve to may not. Then a folder above is watched
  // instead. An exclusion of that folder would hide too much, so nothing is excluded.
  while (path.size() > RG_FILTER_TEXT_MAX || DepthOf(path) > RG_FILTER_DEPTH_MAX) {
    if ((flags & RG_FILTER_EXCLUDE) != 0) return;
    flags = RG_FILTER_WATCH;
    path = path.substr(0, path.rfind('/'));
  }
  if (!AddPrefix(filter, path, flags)) return;
  filter.depths |= std::uint64_t{1} << DepthOf(path);
  if ((flags & RG_FILTER_EXCLUDE) != 0) {
    filter.depths_above |= std::uint64_t{1} << DepthOf(path);
    return;
  }
  MarkPrefix(filter, path);
  ForEachDirectoryAbove(path, [&](std::string_view directory) {
    if (!AddPrefix(filter, directory, RG_FILTER_ABOVE)) return;
    filter.depths_above |= std::uint64_t{1} << DepthOf(directory);
  });
}

// Directories that the ending or part goes through.
void AddEndingsAbove(CompiledFilter& filter, std::string_view text) {
  ForEachEndingAbove(text, [&](std::string_view directory) {
    if (!AddText(filter, directory, RG_FILTER_ABOVE)) return;
    filter.endings_above |= std::uint64_t{1} << directory.size();
  });
}

void AddEnding(CompiledFilter& filter, std::string_view ending) {
  if (!AddText(filter, ending, RG_FILTER_WATCH)) return;
  filter.endings |= std::uint64_t{1} << ending.size();
  MarkTail(filter, ending, filter.tail, RG_HASH_ENDING);
  AddEndingsAbove(filter, ending);
}

void AddPart(CompiledFilter& filter, std::string_view part) {
  if (!AddText(filter, part, RG_FILTER_WATCH_PART)) return;
  filter.parts |= std::uint64_t{1} << part.size();
  MarkTail(filter, part, filter.part_tail, RG_HASH_PART);
  AddEndingsAbove(filter, part);
}

bool Fits(std::string_view path, std::string_view pattern) {
  return IsEnding(pattern) ? path.ends_with(TextOf(pattern))
                           : path.find(pattern) != std::string_view::npos;
}

// Whether `directory` lies above the watched path.
bool IsAbovePath(std::string_view directory, std::string_view watch) {
  bool above = false;
  ForEachDirectoryAbove(watch, [&](std::string_view text) { above = above || directory == text; });
  return above;
}

// Whether a file below `directory` can fit the pattern that does not fit without the directory's
// name.
bool IsAbovePattern(std::string_view directory, std::string_view pattern) {
  bool above = false;
  ForEachEndingAbove(TextOf(pattern),
                     [&](std::string_view text) { above = above || directory.ends_with(text); });
  return above;
}

}  // namespace

bool IsUnder(std::string_view path, std::string_view prefix) {
  prefix = WithoutSlash(prefix);
  return path.starts_with(prefix) &&
         (prefix.empty() || path.size() == prefix.size() || path[prefix.size()] == '/');
}

CompiledFilter CompileFilter(const FileConfig& config, const ResolvePath& resolve) {
  CompiledFilter filter;
  const auto add = [&](const std::string& path, std::uint16_t flags) {
    AddPath(filter, path, flags);
    if (resolve == nullptr) return;
    const std::string resolved = resolve(path);
    if (resolved.starts_with('/')) AddPath(filter, resolved, flags);
  };
  filter.watching = !config.watch_paths.empty() || !config.watch_patterns.empty();
  filter.tail = TailOf(config.watch_patterns, /*endings=*/true, RG_FILTER_TAIL_MAX);
  filter.part_tail = TailOf(config.watch_patterns, /*endings=*/false, RG_FILTER_PART_TAIL_MAX);
  filter.marked = filter.watching && filter.part_tail == 0;
  for (const std::string& path : config.watch_paths) add(path, RG_FILTER_WATCH);
  for (const std::string& path : config.exclude_paths) add(path, RG_FILTER_EXCLUDE);
  for (const std::string& pattern : config.watch_patterns) {
    if (IsEnding(pattern)) {
      AddEnding(filter, TextOf(pattern));
      continue;
    }
    AddPart(filter, pattern);
    if (resolve == nullptr || !pattern.starts_with('/')) continue;
    // It may be meant as a whole path, which then counts wherever it leads.
    const std::string resolved = resolve(pattern);
    if (resolved.starts_with('/')) AddPath(filter, resolved, RG_FILTER_WATCH);
  }
  filter.marked = filter.marked && filter.watching;
  return filter;
}

PathVerdict JudgePath(const FileConfig& config, std::string_view path, PathUse use) {
  const auto any = [](const std::vector<std::string>& list, auto&& fits) {
    return std::any_of(list.begin(), list.end(), fits);
  };
  const bool everything = config.watch_paths.empty() && config.watch_patterns.empty();
  const bool above = use == PathUse::kName &&
                     (any(config.watch_paths, [&](auto& p) { return IsAbovePath(path, p); }) ||
                      any(config.watch_patterns, [&](auto& p) { return IsAbovePattern(path, p); }));
  if (!everything && !above &&
      !any(config.watch_paths, [&](auto& p) { return IsUnder(path, p); }) &&
      !any(config.watch_patterns, [&](auto& p) { return Fits(path, p); })) {
    return PathVerdict::kUnwatched;
  }
  return any(config.exclude_paths, [&](auto& p) { return IsUnder(path, p); })
             ? PathVerdict::kExcluded
             : PathVerdict::kReport;
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
//
// The tables the kernel side gets, judged by its rule written once more here. That the eBPF
// programs follow the same rule is for tests/live/filter_test.cc.
#include "analyzer/config/path_filter.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace randguard {
namespace {

using Verdict = PathVerdict;

FileConfig Filter(std::vector<std::string> watch, std::vector<std::string> patterns = {},
                  std::vector<std::string> exclude = {}) {
  FileConfig config;
  config.watch_paths = std::move(watch);
  config.watch_patterns = std::move(patterns);
  config.exclude_paths = std::move(exclude);
  return config;
}

// Eight bytes at a time, the last ones of a text shifted down to the low end of their word.
std::uint64_t WordAt(std::string_view text, std::size_t at, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, text.data() + at, size);
  return word;
}

std::uint64_t HashOfPrefix(std::string_view prefix) {
  std::uint64_t hash = RG_HASH_BASIS;
  std::uint64_t part = RG_HASH_BASIS;
  std::string word;
  const auto take = [&] {
    if (!word.empty()) part = rg_hash_word(part, WordAt(word, 0, word.size()));
    word.clear();
  };
  for (std::size_t at = 1; at <= prefix.size(); ++at) {
    const bool ends = at == prefix.size() || prefix[at] == '/';
    if (!ends) word += prefix[at];
    if (ends || word.size() == 8) take();
    if (!ends) continue;
    hash = rg_hash_word(hash, part);
    part = RG_HASH_BASIS;
  }
  return hash;
}

std::uint64_t HashOfEnding(std::string_view ending) {
  std::uint64_t hash = RG_HASH_ENDING;
  for (std::size_t left = ending.size(); left > 0;) {
    const std::size_t size = left % 8 != 0 && left < 8 ? left : 8;
    left -= size;
    hash = rg_hash_word(hash, WordAt(ending, left, size));
  }
  return hash;
}

// As ebpf/filter.h does it: a look-up for each length that occurs, then a comparison.
Verdict JudgeCompiled(const CompiledFilter& filter, std::string_view path) {
  bool watched = !filter.watching;
  bool excluded = false;
  unsigned depth = 0;
  const std::string_view components = path == "/" ? "" : path;
  for (std::size_t at = 0; at <= components.size(); ++at) {
    if (at != components.size() && components[at] != '/') continue;
    if (at == 0 && !components.empty()) {
      // depth 0: the root, above everything
    } else if (at != 0) {
      ++depth;
    }
    if (depth > RG_FILTER_DEPTH_MAX || (filter.depths >> depth & 1) == 0) continue;
    const std::string_view prefix = components.substr(0, at);
    const auto it = filter.entries.find(HashOfPrefix(prefix));
    if (it == filter.entries.end() || it->second.text != prefix) continue;
    watched |= (it->second.flags & RG_FILTER_WATCH) != 0;
    excluded |= (it->second.flags & RG_FILTER_EXCLUDE) != 0;
    if (at == components.size()) watched |= (it->second.flags & RG_FILTER_WATCH_WHOLE) != 0;
  }
  for (std::size_t length = 1; length <= std::min<std::size_t>(path.size(), RG_FILTER_ENDING_MAX);
       ++length) {
    if ((filter.endings >> length & 1) == 0) continue;
    const std::string_view ending = path.substr(path.size() - length);
    const auto it = filter.entries.find(HashOfEnding(ending));
    if (it != filter.entries.end() && it->second.text == ending) watched = true;
  }
  return !watched ? Verdict::kUnwatched : excluded ? Verdict::kExcluded : Verdict::kReport;
}

TEST(JudgePathTest, PrefixesAreWholeComponents) {
  const FileConfig config = Filter({"/etc", "/usr/bin/"});
  EXPECT_EQ(JudgePath(config, "/etc"), Verdict::kReport);
  EXPECT_EQ(JudgePath(config, "/etc/passwd"), Verdict::kReport);
  EXPECT_EQ(JudgePath(config, "/etcetera"), Verdict::kUnwatched);
  EXPECT_EQ(JudgePath(config, "/usr/bin/sh"), Verdict::kReport);
  EXPECT_EQ(JudgePath(config, "/usr/bin"), Verdict::kReport);
  EXPECT_EQ(JudgePath(config, "/usr"), Verdict::kUnwatched);
  EXPECT_EQ(JudgePath(config, "/"), Verdict::kUnwatched);
}

TEST(JudgePathTest, ExclusionsComeLast) {
  const FileConfig config = Filter({"/etc"}, {"*.service"}, {"/etc/ssl", "/tmp"});
  EXPECT_EQ(JudgePath(config, "/etc/ssl/x"), Verdict::kExcluded);
  EXPECT_EQ(JudgePath(config, "/tmp/x.service"), Verdict::kExcluded);
  EXPECT_EQ(JudgePath(config, "/tmp/x"), Verdict::kUnwatched);
  EXPECT_EQ(JudgePath(config, "/srv/x.service"), Verdict::kReport);
}

TEST(JudgePathTest, NothingWatchedIsEverything) {
  EXPECT_EQ(JudgePath(Filter({}), "/srv/x"), Verdict::kReport);
  EXPECT_EQ(JudgePath(Filter({}, {}, {"/srv"}), "/srv/x"), Verdict::kExcluded);
  EXPECT_EQ(JudgePath(Filter({"/"}), "/srv/x"), Verdict::kReport);
  EXPECT_EQ(JudgePath(Filter({}, {}, {"/"}), "/srv/x"), Verdict::kExcluded);
}

TEST(JudgePathTest, PatternWithoutStarIsTheWholePath) {
  const FileConfig config = Filter({}, {"/etc/shadow"});
  EXPECT_EQ(JudgePath(config, "/etc/shadow"), Verdict::kReport);
  EXPECT_EQ(JudgePath(config, "/etc/shadow/x"), Verdict::kUnwatched);
}

TEST(CompileFilterTest, PathsAreAddedAsTheyResolve) {
  const auto resolve = [](const std::string& path) {
    return path == "/bin" ? std::string("/usr/bin") : path == "/gone" ? std::string() : path;
  };
  const CompiledFilter filter = CompileFilter(Filter({"/bin", "/gone"}, {}, {"/bin/no"}), resolve);
  EXPECT_EQ(JudgeCompiled(filter, "/usr/bin/sh"), Verdict::kReport);
  EXPECT_EQ(JudgeCompiled(filter, "/bin/sh"), Verdict::kReport);
  EXPECT_EQ(JudgeCompiled(filter, "/gone/x"), Verdict::kReport);
  EXPECT_EQ(filter.entries.size(), 4u);
}

// Names that nearly collide, from few parts.
std::string RandomPath(std::mt19937& random, std::size_t most) {
  static constexpr const char* kParts[] = {"etc", "et",        "etcetera", "usr",     "bin", "a",
                                           "b",   "x.service", ".service", "service", "c.d"};
  std::string path;
  for (std::size_t n = 1 + random() % most; n > 0; --n) {
    path += '/';
    path += kParts[random() % std::size(kParts)];
  }
  return path;
}

TEST(CompileFilterTest, JudgesAsTheReferenceDoes) {
  std::mt19937 random(20250102);  // NOLINT: the same each time
  int seen[3] = {};
  for (int round = 0; round < 300; ++round) {
    FileConfig config;
    config.watch_paths.clear();
    config.watch_patterns.clear();
    config.exclude_paths.clear();
    for (std::size_t n = random() % 6; n > 0; --n) {
      config.watch_paths.push_back(RandomPath(random, 4) + (random() % 4 == 0 ? "/" : ""));
    }
    for (std::size_t n = random() % 4; n > 0; --n) {
      const std::string path = RandomPath(random, 3);
      config.watch_patterns.push_back(
          random() % 3 == 0 ? path : "*" + path.substr(1 + random() % (path.size() - 1)));
    }
    for (std::size_t n = random() % 4; n > 0; --n) {
      config.exclude_paths.push_back(random() % 20 == 0 ? "/" : RandomPath(random, 4));
    }
    const CompiledFilter filter = CompileFilter(config);
    for (int i = 0; i < 200; ++i) {
      const std::string path = random() % 50 == 0 ? "/" : RandomPath(random, 6);
      const Verdict expected = JudgePath(config, path);
      ASSERT_EQ(JudgeCompiled(filter, path), expected) << path;
      ++seen[static_cast<int>(expected)];
    }
  }
  for (const int count : seen) EXPECT_GT(count, 500);
}

}  // namespace
}  // namespace randguard

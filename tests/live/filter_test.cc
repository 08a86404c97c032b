// SPDX-License-Identifier: Apache-2.0
//
// The filter in the kernel against the analyzer's reference: random filters and random paths must
// get one verdict.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "analyzer/plan/path_filter.h"
#include "schema/abi/event.h"
#include "tests/live/agent.h"

namespace randguard::live {
namespace {

std::string Quoted(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& item : list) text += (text.empty() ? "\"" : ",\n\"") + item + "\"";
  return "[" + text + "]";
}

std::string ConfigOf(const FileConfig& file) {
  return "[file]\nwatch_paths = " + Quoted(file.watch_paths) +
         "\nwatch_patterns = " + Quoted(file.watch_patterns) +
         "\nexclude_paths = " + Quoted(file.exclude_paths) +
         "\n[performance]\nmax_events_per_second = 0\n";
}

// Opens each path for reading, or tries to make a directory of that name, whether it exists or not,
// in one child. Returns the ones that were reported.
std::vector<bool> Reported(Agent& agent, const std::vector<std::string>& paths,
                           PathUse use = PathUse::kFile) {
  const bool is_name = use == PathUse::kName;
  int status = -1;
  const pid_t pid = RunInChild(
      [&] {
        for (const std::string& path : paths) {
          if (is_name) {
            mkdir(path.c_str(), 0755);
          } else {
            close(open(path.c_str(), O_RDONLY));
          }
        }
        return 0;
      },
      &status);
  EXPECT_EQ(status, 0);
  agent.Catch();
  std::map<std::string, int> seen;
  for (const Line& l : agent.out().lines()) {
    if (l.Is(is_name ? "file_mkdir" : "file_open") && l["pid"] == std::to_string(pid)) {
      ++seen[l["filename"]];
    }
  }
  std::vector<bool> reported;
  for (const std::string& path : paths) reported.push_back(seen.contains(path));
  return reported;
}

constexpr const char* kLongName =
    "a-name-of-70-letters...........................................service";

class Paths {
 public:
  explicit Paths(std::string root, unsigned seed) : root_(std::move(root)), random_(seed) {}

  // Built from few parts, so that many nearly fit.
  std::string Next(std::size_t most) {
    static constexpr const char* kParts[] = {
        "etc", "et", "etcetera", "a", "b.service", "service", "c.d",
        // Read in one, two, four and more words, and
        // where a dentry has no room for them.
        "sixteen-letters.", "a-name-of-31-letters....service", "a-name-of-32-letters.....service",
        "a-name-of-39-letters............service", "a-name-of-40-letters.............service",
        kLongName};
    std::string path = root_;
    for (std::size_t n = 1 + random_() % most; n > 0; --n) {
      path += '/';
      path += kParts[random_() % std::size(kParts)];
    }
    return path;
  }
  std::size_t Below(std::size_t n) { return random_() % n; }

 private:
  const std::string root_;
  std::mt19937 random_;
};

TEST(FilterTest, KernelAndReferenceAgree) {
  TempFolder folder;
  int reported = 0;
  int total = 0;
  for (unsigned round = 0; round < 6; ++round) {
    Paths paths(folder.path(), 20250103 + round);
    FileConfig config;
    config.watch_paths.clear();
    config.watch_patterns.clear();
    config.exclude_paths.clear();
    for (std::size_t n = 1 + paths.Below(6); n > 0; --n) {
      config.watch_paths.push_back(paths.Next(3) + (paths.Below(4) == 0 ? "/" : ""));
    }
    for (std::size_t n = paths.Below(3); n > 0; --n) {
      constexpr const char* kEndings[] = {"*.service", "*e", "*etc/a", "*.d", "*/a/etc/b.service"};
      config.watch_patterns.emplace_back(kEndings[paths.Below(5)]);
    }
    // Parts take another way, so half of the rounds have none.
    for (std::size_t n = round % 2 == 0 ? 1 + paths.Below(3) : 0; n > 0; --n) {
      constexpr const char* kParts[] = {
          "etcetera/a",  "letters.",
          "b.service/c", "/c.d/et",
          "39-",         "name-of-70-letters..........................................."};
      config.watch_patterns.emplace_back(kParts[paths.Below(6)]);
    }
    for (std::size_t n = paths.Below(4); n > 0; --n) config.exclude_paths.push_back(paths.Next(4));
    Agent agent({.config = ConfigOf(config), .quiet = false});
    std::vector<std::string> tried;
    for (int i = 0; i < 300; ++i) {
      tried.push_back(paths.Next(i % 8 < 6 ? 5 : 16));
      // Half of them exist: then the kernel's own path is judged.
      if (i % 2 == 0) {
        for (std::size_t at = folder.path().size() + 1; at != std::string::npos;) {
          at = tried.back().find('/', at);
          mkdir(tried.back().substr(0, at).c_str(), 0755);
          if (at != std::string::npos) ++at;
        }
      }
    }
    for (const PathUse use : {PathUse::kFile, PathUse::kName}) {
      const std::vector<bool> seen = Reported(agent, tried, use);
      for (std::size_t i = 0; i < tried.size(); ++i) {
        EXPECT_EQ(seen[i], JudgePath(config, tried[i], use) == PathVerdict::kReport)
            << tried[i] << " with " << ConfigOf(config);
        reported += seen[i] ? 1 : 0;
        ++total;
      }
    }
    EXPECT_EQ(agent.Stop(), 0) << agent.Errors();
  }
  EXPECT_GT(reported, total / 10);
  EXPECT_LT(reported, total * 9 / 10);
}

// A part may begin and end anywhere, and many paths have nearly all of it.
TEST(FilterTest, PartsOfPaths) {
  TempFolder folder;
  FileConfig config;
  config.watch_paths.clear();
  config.watch_patterns = {"crontab", ".ssh", "/deep/er/", std::string(RG_FILTER_ENDING_MAX, 'p')};
  config.exclude_paths = {folder / "no"};
  Agent agent({.config = ConfigOf(config), .quiet = false});
  std::vector<std::string> tried;
  for (const char* name :
       {"crontab", "my-crontabs", "crontab/below/it", "cronta", "rontab", "cron.tab",
        "crontacrontab", ".ss", ".ssh", "x/.sshd/y", "deep/er", "deep/er/x", "x/deep/er/y",
        "deep/erx/y", "a", "no/crontab", "no/a", "ntabntabntabntabntabntab"}) {
    tried.push_back(folder / name);
  }
  for (const std::size_t size : {62, 63, 64, 200}) tried.push_back(folder / std::string(size, 'p'));
  // More marks without a part than are looked at: it counts as found.
  std::string marked = folder.path();
  while (marked.size() < 3800) marked += "/" + std::string(62, 'p');
  for (const PathUse use : {PathUse::kFile, PathUse::kName}) {
    const std::vector<bool> seen = Reported(agent, tried, use);
    for (std::size_t i = 0; i < tried.size(); ++i) {
      EXPECT_EQ(seen[i], JudgePath(config, tried[i], use) == PathVerdict::kReport)
          << tried[i] << (use == PathUse::kName ? " as a name" : "");
    }
  }
  EXPECT_EQ(Reported(agent, {marked}), std::vector<bool>{true});
  EXPECT_EQ(agent.Stop(), 0) << agent.Errors();
}

TEST(FilterTest, TwoThousandPrefixes) {
  TempFolder folder;
  FileConfig config;
  config.watch_paths.clear();
  config.watch_patterns.clear();
  config.exclude_paths.clear();
  for (int i = 0; i < 2000; ++i) {
    config.watch_paths.push_back(folder.path() + "/watched/number-" + std::to_string(i));
    config.exclude_paths.push_back(folder.path() + "/watched/number-" + std::to_string(i) + "/no");
  }
  Agent agent({.config = ConfigOf(config), .quiet = false});
  std::vector<std::string> tried;
  for (const int i : {0, 7, 70, 700, 1999, 2000, 20000}) {
    for (const char* tail : {"", "/x", "/no", "/no/x", "x", "/nox"}) {
      tried.push_back(folder.path() + "/watched/number-" + std::to_string(i) + tail);
    }
  }
  const std::vector<bool> seen = Reported(agent, tried);
  for (std::size_t i = 0; i < tried.size(); ++i) {
    EXPECT_EQ(seen[i], JudgePath(config, tried[i]) == PathVerdict::kReport) << tried[i];
  }
}

// The longest ones that the configuration accepts.
TEST(FilterTest, LongestPrefixAndEnding) {
  TempFolder folder;
  FileConfig config;
  const std::string longest =
      folder.path() + "/" + std::string(RG_FILTER_TEXT_MAX - folder.path().size() - 1, 'p');
  const std::string ending(RG_FILTER_ENDING_MAX, 'e');
  config.watch_paths = {longest};
  config.watch_patterns = {"*" + ending};
  config.exclude_paths.clear();
  Agent agent({.config = ConfigOf(config), .quiet = false});
  const std::vector<std::string> tried = {
      longest,
      longest + "/below",
      longest + "p",
      longest.substr(0, longest.size() - 1),
      longest.substr(0, longest.size() - 1) + "q",
      folder / ("x" + ending),
      folder / ("x" + ending.substr(1)),
      folder / ("x" + ending + "e"),
      folder / ("x" + ending + "x"),
  };
  const std::vector<bool> seen = Reported(agent, tried);
  for (std::size_t i = 0; i < tried.size(); ++i) {
    EXPECT_EQ(seen[i], JudgePath(config, tried[i]) == PathVerdict::kReport) << tried[i];
  }
}

// A watched name that is a symlink watches its target, if nobody but root can have made it.
TEST(FilterTest, WatchedSymlinkMatchesByWhatItResolvesTo) {
  const TempFolder roots("/run"), anybodys("/tmp");
  FileConfig config;
  config.watch_patterns.clear();
  config.exclude_paths.clear();
  for (const TempFolder* folder : {&roots, &anybodys}) {
    mkdir((*folder / "real").c_str(), 0755);
    WriteFile(*folder / "real/f", "x");
    ASSERT_EQ(symlink("real", (*folder / "link").c_str()), 0);
    config.watch_paths.push_back(*folder / "link");
  }
  Agent agent({.config = ConfigOf(config), .quiet = false});
  EXPECT_EQ(Reported(agent, {roots / "link/f", roots / "real/f", roots / "f", anybodys / "link/f"}),
            (std::vector<bool>{true, true, false, false}));
}

// A file that is mounted on a watched name is watched, whatever its name is where it comes from.
TEST(FilterTest, WatchedEndingIsOfWhatAFileIsMountedOn) {
  TempFolder folder;
  WriteFile(folder / "harmless.txt", "x");
  WriteFile(folder / "x.service", "");
  FileConfig config;
  config.watch_paths.clear();
  config.watch_patterns = {"*.service"};
  config.exclude_paths.clear();
  Agent agent({.config = ConfigOf(config), .quiet = false});
  int status = -1;
  const pid_t pid = RunInChild(
      [&] {
        if (unshare(CLONE_NEWNS) != 0 ||
            mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            mount((folder / "harmless.txt").c_str(), (folder / "x.service").c_str(), nullptr,
                  MS_BIND, nullptr) != 0) {
          return 1;
        }
        close(open((folder / "harmless.txt").c_str(), O_RDONLY));
        return open((folder / "x.service").c_str(), O_RDONLY) < 0 ? 2 : 0;
      },
      &status);
  EXPECT_EQ(status, 0);
  agent.Catch();
  std::vector<std::string> opened;
  for (const Line& l : agent.out().lines()) {
    if (l.Is("file_open") && l["pid"] == std::to_string(pid)) opened.push_back(l["resolved_path"]);
  }
  EXPECT_EQ(opened, std::vector<std::string>{folder / "x.service"});
}

// A component of sixteen bytes or more with the hash of another one of fewer than eight, which it
// begins with. rg_hash_word() can be turned around.
std::string WithHashOf(const std::string& component) {
  std::uint64_t word = 0;
  std::memcpy(&word, component.data(), component.size());
  for (char filler = 'a'; filler <= 'z'; ++filler) {
    const std::string first = component + std::string(8 - component.size(), filler);
    std::uint64_t first_word = 0;
    std::memcpy(&first_word, first.data(), 8);
    const std::uint64_t second_word =
        rg_hash_word(RG_HASH_BASIS, first_word) ^ RG_HASH_BASIS ^ word;
    std::string second(8, '\0');
    std::memcpy(second.data(), &second_word, 8);
    if (second.find('\0') == second.npos && second.find('/') == second.npos) return first + second;
  }
  return {};
}

// Nobody can get a folder excluded by making up a name for it.
TEST(FilterTest, NameWithTheHashOfAnExcludedOneIsReported) {
  TempFolder folder;
  const std::string made_up = WithHashOf(".cache");
  ASSERT_EQ(made_up.size(), 16u);
  FileConfig config;
  config.watch_paths = {folder.path()};
  config.watch_patterns.clear();
  config.exclude_paths = {folder / ".cache"};
  for (const std::string& name : {std::string(".cache"), made_up}) {
    ASSERT_EQ(mkdir((folder / name).c_str(), 0755), 0);
    WriteFile(folder / (name + "/f"), "x");
  }
  Agent agent({.config = ConfigOf(config), .quiet = false});
  int status = -1;
  const pid_t pid = RunInChild(
      [&] {
        close(open((folder / ".cache/f").c_str(), O_RDONLY));
        return open((folder / (made_up + "/f")).c_str(), O_RDONLY) < 0 ? 1 : 0;
      },
      &status);
  EXPECT_EQ(status, 0);
  agent.Catch();
  int opened = 0;
  for (const Line& l : agent.out().lines()) {
    if (l.Is("file_open") && l["pid"] == std::to_string(pid)) ++opened;
  }
  EXPECT_EQ(opened, 1);
}

TEST(FilterTest, RootItself) {
  FileConfig config;
  config.watch_paths = {"/"};
  config.watch_patterns.clear();
  config.exclude_paths.clear();
  Agent agent({.config = ConfigOf(config), .quiet = false});
  EXPECT_EQ(Reported(agent, {"/"}), std::vector<bool>{true});
}

}  // namespace
}  // namespace randguard::live

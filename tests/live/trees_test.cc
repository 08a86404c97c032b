// SPDX-License-Identifier: Apache-2.0
//
// Directories above what is watched: whoever moves one, or mounts something over it, puts other
// files in the place of the watched ones without touching those.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/live/agent.h"
#include "tests/live/host.h"
#include "tests/live/watched_folder.h"

namespace randguard::live {
namespace {

constexpr const char* kKeys = R"(["*/.ssh/authorized_keys"])";

class TreesTest : public WatchedFolderTest {
 protected:
  static void SetUpTestSuite() {
    Start([] {
      return "[file]\nwatch_paths = [\"" + Watched("a") + "\", \"" + Watched("b") + "\", \"" +
             Watched("c") + "\", \"" + Watched("d") +
             "\"]\nwatch_patterns = [\"*/.ssh/authorized_keys\"]\nexclude_paths = [\"" + root() +
             "/excluded\"]\n[process]\nbehaviour = [\"mounts\"]\n" +
             "[performance]\nmax_events_per_second = 0\n";
    });
  }
  // Each test has a tree of its own.
  static std::string Watched(const std::string& tree) { return root() + "/" + tree + "/lib/w"; }
  static std::string WatchedList(const std::string& tree) { return "[\"" + Watched(tree) + "\"]"; }

  // Events of files and mounts of a child that runs `body` in a new folder. `body` returns 0.
  std::vector<Line> EventsOf(const std::function<int()>& body) {
    home_ = root() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name();
    mkdir(home_.c_str(), 0755);
    int status = -1;
    const pid_t pid = RunInFolder(body, &status, home_);
    EXPECT_EQ(status, 0);
    return agent().out().All([&](const Line& l) {
      return (l.IsOfAFile() || l.Is("mount") || l.Is("unmount")) && l["pid"] == std::to_string(pid);
    });
  }
  const std::string& home() const { return home_; }

 private:
  std::string home_;
};

TEST_F(TreesTest, AFolderIsFilledAndThenGetsTheWatchedName) {
  const auto events = EventsOf([] {
    if (mkdir("x", 0700) != 0) return 1;
    close(open("x/authorized_keys", O_CREAT | O_WRONLY, 0600));
    if (rename("x", ".ssh") != 0) return 2;
    // Out, changed, and in again; by a path that goes around.
    if (syscall(SYS_renameat, AT_FDCWD, "./.ssh/../.ssh", AT_FDCWD, "x9") != 0) return 3;
    close(open("x9/authorized_keys", O_WRONLY | O_APPEND));
    const int here = open(".", O_PATH);
    if (syscall(SYS_renameat2, here, "x9", here, ".ssh", 0) != 0) return 4;
    return rename("nothing", ".ssh") == 0 ? 5 : 0;
  });
  ASSERT_EQ(events.size(), 4U);
  for (const Line& e : events) {
    EXPECT_EQ(e["operation"], "rename");
    EXPECT_EQ(e["touches_watch"], kKeys) << e.text;
  }
  EXPECT_EQ(events[0]["old_resolved_path"], home() + "/x");
  EXPECT_EQ(events[0]["new_resolved_path"], home() + "/.ssh");
  EXPECT_EQ(events[1]["old_resolved_path"], home() + "/.ssh");
  EXPECT_EQ(events[3]["error"], "ENOENT");
}

TEST_F(TreesTest, TwoFoldersChangePlaces) {
  const auto events = EventsOf([] {
    if (mkdir(".ssh", 0700) != 0 || mkdir("x", 0700) != 0) return 1;
    if (syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, ".ssh", 2 /* RENAME_EXCHANGE */) != 0) {
      return 2;
    }
    return syscall(SYS_renameat2, AT_FDCWD, ".ssh", AT_FDCWD, "x", 2) == 0 ? 0 : 3;
  });
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0]["event_type"], "file_mkdir");
  for (const Line& e : events) EXPECT_EQ(e["touches_watch"], kKeys) << e.text;
}

TEST_F(TreesTest, ALinkGetsTheWatchedName) {
  const auto events = EventsOf([] {
    if (mkdir("x", 0700) != 0 || symlink("x", ".ssh") != 0) return 1;
    close(open("x/authorized_keys", O_CREAT | O_WRONLY, 0600));
    // A link that is renamed.
    return symlink("x", "l") == 0 && rename("l", ".ssh") == 0 ? 0 : 2;
  });
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["operation"], "link");
  EXPECT_EQ(events[0]["old_filename"], "x");
  EXPECT_EQ(events[0]["touches_watch"], kKeys);
  EXPECT_EQ(events[1]["operation"], "rename");
}

TEST_F(TreesTest, FoldersAboveAWatchedPath) {
  const std::string top = root() + "/a";
  const auto events = EventsOf([&] {
    if (mkdir(top.c_str(), 0755) != 0 || mkdir((top + "/lib").c_str(), 0755) != 0) return 1;
    if (rename((top + "/lib").c_str(), (top + "/other").c_str()) != 0) return 2;
    if (rename((top + "/other").c_str(), (top + "/other2").c_str()) != 0) return 3;
    if (rename((top + "/other2").c_str(), (top + "/lib").c_str()) != 0) return 4;
    if (rename(top.c_str(), (root() + "/moved").c_str()) != 0) return 5;
    return rename((root() + "/moved").c_str(), top.c_str()) == 0 ? 0 : 6;
  });
  ASSERT_EQ(events.size(), 6U);
  for (const Line& e : events) EXPECT_EQ(e["touches_watch"], WatchedList("a")) << e.text;
}

// Nobody can move a folder above a watched path unseen by mounting its parent elsewhere.
TEST_F(TreesTest, FoldersAboveAWatchedPathInAMountElsewhere) {
  if (!NamesAreResolved()) GTEST_SKIP() << "names are judged as they are written here";
  if (!IsOnRootFileSystem(root())) GTEST_SKIP() << root() << " has a file system of its own";
  const TempFolder elsewhere;
  const auto events = EventsOf([&] {
    if (OwnMounts() != 0) return 1;
    if (mount(root().c_str(), elsewhere.path().c_str(), nullptr, MS_BIND, nullptr) != 0) return 2;
    const std::string top = elsewhere.path() + "/d";
    if (mkdir(top.c_str(), 0755) != 0 || mkdir((top + "/lib").c_str(), 0755) != 0) return 3;
    return rename((top + "/lib").c_str(), (top + "/other").c_str()) == 0 ? 0 : 4;
  });
  int touched = 0;
  for (const Line& e : events) {
    if (!e.IsOfAFile()) continue;
    EXPECT_EQ(e["touches_watch"], WatchedList("d")) << e.text;
    ++touched;
  }
  EXPECT_EQ(touched, 3);
}

// A watched name is reported as it was, and one that is beside is not.
TEST_F(TreesTest, WatchedNamesAndOthers) {
  const auto events = EventsOf([&] {
    if (mkdir((root() + "/b").c_str(), 0755) != 0) return 1;
    if (mkdir((root() + "/b/lib").c_str(), 0755) != 0) return 1;
    if (mkdir(Watched("b").c_str(), 0755) != 0) return 1;
    if (rename(Watched("b").c_str(), (root() + "/b/x").c_str()) != 0) return 2;
    if (mkdir("x.ssh", 0700) != 0 || mkdir(".sshx", 0700) != 0) return 3;
    if (mkdir((root() + "/excluded").c_str(), 0755) != 0) return 4;
    return mkdir((root() + "/excluded/.ssh").c_str(), 0700) == 0 ? 0 : 5;
  });
  std::vector<std::string> touching;
  std::vector<std::string> others;
  for (const Line& e : events) {
    (e["touches_watch"] == "null" ? others : touching).push_back(e["operation"]);
  }
  EXPECT_EQ(others, (std::vector<std::string>{"create", "rename"}));
  EXPECT_EQ(touching, (std::vector<std::string>{"create", "create"}));
}

TEST_F(TreesTest, MountsOverAndElsewhere) {
  const std::string top = root() + "/c";
  const auto events = EventsOf([&] {
    mkdir(top.c_str(), 0755);
    mkdir((top + "/lib").c_str(), 0755);
    mkdir(Watched("c").c_str(), 0755);
    mkdir("x", 0755);
    mkdir(".ssh", 0755);
    if (OwnMounts() != 0) return 1;
    if (mount("x", top.c_str(), nullptr, MS_BIND, nullptr) != 0) return 2;  // over it
    if (umount2(top.c_str(), 0) != 0) return 3;
    if (mount(top.c_str(), "x", nullptr, MS_BIND, nullptr) != 0) return 4;  // elsewhere
    if (mount("t", ".ssh", "tmpfs", 0, nullptr) != 0) return 5;
    mkdir("beside", 0755);
    if (mount("t", "beside", "tmpfs", 0, nullptr) != 0) return 6;
    const long tree =
        syscall(SYS_open_tree, AT_FDCWD, Watched("c").c_str(), 1 /* OPEN_TREE_CLONE */);
    if (tree < 0) return 7;
    return syscall(SYS_move_mount, tree, "", AT_FDCWD, "beside", 4 /* MOVE_MOUNT_F_EMPTY_PATH */) ==
                   0
               ? 0
               : 8;
  });
  std::vector<std::string> touched;
  for (const Line& e : events) {
    if (e.Is("mount") || e.Is("unmount")) touched.push_back(e["touches_watch"]);
  }
  ASSERT_EQ(touched.size(), 7U);
  EXPECT_EQ(touched[1], WatchedList("c"));
  EXPECT_EQ(touched[2], WatchedList("c"));
  EXPECT_EQ(touched[3], WatchedList("c"));
  EXPECT_EQ(touched[4], kKeys);
  EXPECT_EQ(touched[5], "null");
}

TEST_F(TreesTest, CallsOfTheOtherTable) {
  if (!No32BitCalls().empty()) GTEST_SKIP() << No32BitCalls();
  const auto events = EventsOf([] {
    char* low = static_cast<char*>(LowMemory());
    if (low == nullptr || mkdir("x", 0700) != 0) return 1;
    std::snprintf(low, 16, "x");
    std::snprintf(low + 16, 16, ".ssh");
    const auto at = reinterpret_cast<long>(low);
    return Call32(38 /* rename */, at, at + 16) == 0 ? 0 : 2;
  });
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["compat32"], "true");
  EXPECT_EQ(events[0]["touches_watch"], kKeys);
}

}  // namespace
}  // namespace randguard::live

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/watched_trees.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace randguard {
namespace {

WatchedTrees Trees() {
  FileConfig config;
  config.watch_paths = {"/etc", "/var/lib/w/", "/var/spool/cron"};
  config.watch_patterns = {"*.service", "*/.ssh/id_rsa", "*/.ssh/authorized_keys",
                           "*/.config/autostart/x", "/opt/a/b"};
  return WatchedTrees(config);
}

using Texts = std::vector<std::string>;

template <typename E>
Texts Marked(E event) {
  const WatchedTrees trees = Trees();
  trees.Mark(event);
  Texts texts;
  if (!event.touches_watch.has_value()) return texts;
  EXPECT_GT(event.touches_watch->size, 0u);
  for (std::size_t i = 0; i < event.touches_watch->size; ++i) {
    texts.emplace_back(event.touches_watch->items[i]);
  }
  return texts;
}

Texts Renamed(const char* from, const char* to) {
  FileRename event;
  event.old_resolved_path = from;
  event.new_resolved_path = to;
  return Marked(event);
}

TEST(WatchedTreesTest, RenamingInAndOut) {
  const Texts ssh = {"*/.ssh/id_rsa", "*/.ssh/authorized_keys"};
  EXPECT_EQ(Renamed("/home/u/x", "/home/u/.ssh"), ssh);
  EXPECT_EQ(Renamed("/home/u/.ssh", "/home/u/x"), ssh);
  EXPECT_EQ(Renamed("/home/u/.ssh", "/home/v/.ssh"), ssh);
  EXPECT_EQ(Renamed("/x", "/var"), (Texts{"/var/lib/w/", "/var/spool/cron"}));
  EXPECT_EQ(Renamed("/var/lib", "/opt"), (Texts{"/var/lib/w/", "/opt/a/b"}));
  EXPECT_EQ(Renamed("/home/u/.config", "/x/.config/autostart"), (Texts{"*/.config/autostart/x"}));
  EXPECT_EQ(Renamed("/home/u/x.ssh", "/va"), Texts());
}

// Through a mount of /home elsewhere.
TEST(WatchedTreesTest, PathsWithinFileSystemsCount) {
  FileRename event;
  event.old_resolved_path = "/tmp/mount/u/x";
  event.new_resolved_path = "/tmp/mount/u/old";
  event.new_fs_path = "/home/u/.config/autostart";
  EXPECT_EQ(Marked(event), (Texts{"*/.config/autostart/x"}));
  FileChange made;
  made.resolved_path = "/tmp/mount/lib";
  made.fs_path = "/var/lib";
  EXPECT_EQ(Marked(made), (Texts{"/var/lib/w/"}));
}

// A watched name needs no tree to be reported.
TEST(WatchedTreesTest, WatchedNamesAreNoTrees) {
  EXPECT_EQ(Renamed("/etc", "/var/lib/w"), Texts());
  EXPECT_EQ(Renamed("/etc/x", "/home/u/.ssh/id_rsa"), Texts());
}

TEST(WatchedTreesTest, MadeDirectories) {
  FileChange event;
  EXPECT_EQ(Marked(event), Texts());
  event.resolved_path = "/root/.ssh";
  EXPECT_EQ(Marked(event), (Texts{"*/.ssh/id_rsa", "*/.ssh/authorized_keys"}));
}

TEST(WatchedTreesTest, MountsOverAndElsewhere) {
  Mount event;
  event.target_path = "/var/lib/w/below";
  EXPECT_EQ(Marked(event), (Texts{"/var/lib/w/"}));
  event.source_path = "/var/spool";
  EXPECT_EQ(Marked(event), (Texts{"/var/lib/w/", "/var/spool/cron"}));
  event.target_path = "/mnt";
  event.source_path = "/etc";
  EXPECT_EQ(Marked(event), (Texts{"/etc"}));
  Unmount unmount;
  unmount.target_path = "/opt/a/b";
  EXPECT_EQ(Marked(unmount), (Texts{"/opt/a/b"}));
}

}  // namespace
}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
//
// The device and inode of files, which are those of stat(2), on file systems that make up either.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tests/live/agent.h"

namespace randguard::live {
namespace {

class AttributesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    agent_ = new Agent({.config = "[file]\nwatch_paths = [\"" + folder_->path() +
                                  "\"]\nexclude_paths = []\n"
                                  "[performance]\nmax_events_per_second = 0\n",
                        .quiet = false});
  }
  static void TearDownTestSuite() {
    EXPECT_EQ(agent_->Stop(), 0) << agent_->Errors();
    delete agent_;
    delete folder_;
  }
  static const std::string& root() { return folder_->path(); }

  // The events of files that a child caused by running `body` in the watched folder, in order.
  static std::vector<Line> EventsOf(const std::function<int()>& body) {
    int status = -1;
    const pid_t pid = RunInChild(
        [&] {
          if (chdir(root().c_str()) != 0) return 99;
          return body();
        },
        &status);
    EXPECT_EQ(status, 0) << "status of the child";
    pid_ = pid;
    agent_->Catch();
    return agent_->out().All(
        [&](const Line& l) { return l.IsOfAFile() && l["pid"] == std::to_string(pid); });
  }
  static std::vector<Line> Starts() { return agent_->out().All(TypeAndPid("process_start", pid_)); }

 private:
  static inline Agent* agent_ = nullptr;
  static inline TempFolder* folder_ = nullptr;
  static inline pid_t pid_ = -1;
};

// --- device and inode ---------------------------------------------------------------------------

// A child's results of stat(2), for the test to compare.
struct Seen {
  std::uint64_t dev[8], inode[8];
  int count;
};

void Note(Seen& seen, const char* path) {
  struct stat st {};
  if (stat(path, &st) != 0) return;
  seen.dev[seen.count] = st.st_dev;
  seen.inode[seen.count++] = st.st_ino;
}

std::string Device(std::uint64_t dev) {
  return std::to_string(major(dev)) + ":" + std::to_string(minor(dev));
}

// Each event has what stat(2) said, and no two files share both.
void ExpectSeen(const std::vector<Line>& events, const Seen& seen) {
  ASSERT_EQ(events.size(), static_cast<std::size_t>(seen.count));
  std::set<std::string> known;
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i]["dev"], Device(seen.dev[i])) << events[i]["resolved_path"];
    EXPECT_EQ(events[i]["inode"], std::to_string(seen.inode[i])) << events[i]["resolved_path"];
    known.insert(events[i]["dev"] + " " + events[i]["inode"]);
  }
  EXPECT_EQ(known.size(), events.size());
}

int OwnMounts() {
  return unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0
             ? 1
             : 0;
}

// A child's mounts: two file systems below, one above, and an overlay of the three in "merged".
int MountOverlay(const std::string& options) {
  if (OwnMounts() != 0) return 1;
  for (const char* name : {"one", "two", "top", "merged"}) {
    mkdir(name, 0755);
    if (std::strcmp(name, "merged") != 0 && mount("none", name, "tmpfs", 0, nullptr) != 0) return 2;
  }
  mkdir("top/upper", 0755), mkdir("top/work", 0755);
  // Each is the first file of its file system, and the numbers are the same.
  close(creat("one/first", 0644)), close(creat("two/second", 0644));
  close(creat("one/copied", 0644));
  const std::string layers = "lowerdir=one:two,upperdir=top/upper,workdir=top/work" + options;
  return mount("overlay", "merged", "overlay", 0, layers.c_str()) != 0 ? 3 : 0;
}

class OverlayTest : public AttributesTest, public testing::WithParamInterface<const char*> {};

TEST_P(OverlayTest, FilesHaveTheNumbersOfStat) {
  const Shared<Seen> seen;
  const auto all = EventsOf([&] {
    if (const int failed = MountOverlay(GetParam()); failed != 0) return failed;
    for (const char* path : {"merged/first", "merged/second", "merged/made"}) {
      close(open(path, O_RDONLY | O_CREAT, 0644));
      Note(*seen, path);
    }
    const int copied = open("merged/copied", O_WRONLY);
    if (copied < 0 || write(copied, "x", 1) != 1) return 10;
    close(copied);
    close(open("merged/copied", O_RDONLY));
    Note(*seen, "merged/copied");
    close(open("merged", O_RDONLY | O_DIRECTORY));
    Note(*seen, "merged");
    return 0;
  });
  std::vector<Line> events;
  for (const Line& l : all) {
    const bool reads = (l.Number("flags") & O_ACCMODE) == O_RDONLY;
    if (l["operation"] == "open" && reads && l["resolved_path"].starts_with(root() + "/merged")) {
      events.push_back(l);
    }
  }
  ExpectSeen(events, *seen);
}

INSTANTIATE_TEST_SUITE_P(, OverlayTest, testing::Values(",xino=off", ",xino=on"),
                         [](const auto& param) {
                           return std::string(param.index == 0 ? "WithoutXino" : "WithXino");
                         });

TEST_F(AttributesTest, ProgramsOnAnOverlayHaveTheNumbersOfStat) {
  const Shared<Seen> seen;
  EventsOf([&] {
    if (const int failed = MountOverlay(",xino=off"); failed != 0) return failed;
    if (system("cp /bin/true two/program") != 0) return 10;  // NOLINT(cert-env33-c): of our own
    Note(*seen, "merged/program");
    execl("merged/program", "program", nullptr);
    return 11;
  });
  const auto starts = Starts();
  ASSERT_FALSE(starts.empty());
  ASSERT_EQ(seen->count, 1);
  EXPECT_EQ(starts.back()["exe_dev"], Device(seen->dev[0]));
  EXPECT_EQ(starts.back()["exe_inode"], std::to_string(seen->inode[0]));
}

// Two subvolumes number their files alike.
TEST_F(AttributesTest, BtrfsSubvolumesHaveTheNumbersOfStat) {
  const TempFolder folder;
  const std::string image = folder / "image";
  WriteFile(image, "");
  ASSERT_EQ(truncate(image.c_str(), 256l << 20), 0);
  int status = 0;
  if (access("/usr/sbin/mkfs.btrfs", X_OK) != 0) GTEST_SKIP() << "mkfs.btrfs is not installed";
  RunProgram({"/usr/sbin/mkfs.btrfs", "-q", image}, &status);
  ASSERT_EQ(status, 0);
  const Shared<Seen> seen;
  const Shared<bool> mounted;
  mkdir((root() + "/btrfs").c_str(), 0755);
  const auto all = EventsOf([&] {
    if (OwnMounts() != 0) return 1;
    const std::string mount = "mount -t btrfs -o loop " + image + " btrfs 2>/dev/null";
    if (system(mount.c_str()) != 0) return 0;  // NOLINT(cert-env33-c): of our own
    *mounted = true;
    for (const char* name : {"btrfs/a", "btrfs/b"}) {
      const std::string make = std::string("btrfs -q subvolume create ") + name;
      if (system(make.c_str()) != 0) return 2;  // NOLINT(cert-env33-c): of our own
    }
    for (const char* path : {"btrfs/top", "btrfs/a/f", "btrfs/b/f"}) {
      close(creat(path, 0644));
      Note(*seen, path);
    }
    return 0;
  });
  if (!*mounted) GTEST_SKIP() << "no btrfs can be mounted here";
  std::vector<Line> events;
  for (const Line& l : all) {
    if (l["syscall"] == "creat") events.push_back(l);
  }
  ASSERT_EQ(seen->count, 3);
  EXPECT_EQ(seen->inode[1], seen->inode[2]);
  ExpectSeen(events, *seen);
}

}  // namespace
}  // namespace randguard::live

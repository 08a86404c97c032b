// SPDX-License-Identifier: Apache-2.0
//
// The agent's events about a file besides its name: times and flags that are set, and the device
// and inode of stat(2), on file systems that make up either.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tests/live/agent.h"
#include "tests/live/host.h"
#include "tests/live/watched_folder.h"

namespace randguard::live {
namespace {

constexpr long kFileSetattr = 469;  // since Linux 6.17, and the same in every table

class AttributesTest : public WatchedFolderTest {
 protected:
  static void SetUpTestSuite() {
    // The collector knows the types of modules that are loaded when it starts. Mounts that must
    // fail have them loaded.
    RunInChild([] {
      if (unshare(CLONE_NEWNS) != 0) return 1;
      for (const char* type : {"overlay", "btrfs"}) mount("none", "/", type, 0, nullptr);
      return 0;
    });
    Start([] { return Watching(); });
  }

  using WatchedFolderTest::EventsOf;
  // Those with one operation.
  static std::vector<Line> EventsOf(const std::string& operation,
                                    const std::function<int()>& body) {
    std::vector<Line> events;
    for (const Line& l : EventsOf(body)) {
      if (l["operation"] == operation) events.push_back(l);
    }
    return events;
  }
  static std::vector<Line> Starts() {
    return agent().out().All(TypeAndPid("process_start", child()));
  }
};

// --- times --------------------------------------------------------------------------------------

void ExpectGiven(const Line& e, const std::string& atime_ns, const std::string& mtime_ns) {
  EXPECT_EQ(e["atime_change"], "given") << e.text;
  EXPECT_EQ(e["mtime_change"], "given") << e.text;
  EXPECT_EQ(e["new_atime_ns"], atime_ns);
  EXPECT_EQ(e["new_mtime_ns"], mtime_ns);
}

TEST_F(AttributesTest, EveryCallThatSetsTimes) {
  Make("t");
  const auto events = EventsOf("times", [] {
    const timespec precise[2] = {{.tv_sec = 981173106, .tv_nsec = 7},
                                 {.tv_sec = 946684800, .tv_nsec = 999999999}};
    const timeval coarse[2] = {{.tv_sec = 981173106, .tv_usec = 7},
                               {.tv_sec = 946684800, .tv_usec = 999999}};
    const utimbuf whole = {.actime = 981173106, .modtime = 946684800};
    const int fd = open("t", O_RDONLY);
    if (RawCall(SYS_utimensat, AT_FDCWD, "t", precise, 0) != 0) return 1;
    if (RawCall(SYS_utimensat, fd, nullptr, precise, 0) != 0) return 2;
    if (RawCall(SYS_futimesat, AT_FDCWD, "t", coarse) != 0) return 3;
    if (RawCall(SYS_futimesat, fd, nullptr, coarse) != 0) return 4;
    if (RawCall(SYS_utimes, "t", coarse) != 0) return 5;
    return RawCall(SYS_utime, "t", &whole) != 0 ? 6 : 0;
  });
  ASSERT_EQ(events.size(), 6U);
  const char* const calls[] = {"utimensat", "utimensat", "futimesat",
                               "futimesat", "utimes",    "utime"};
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i]["syscall"], calls[i]);
    EXPECT_EQ(events[i]["event_type"], std::string("file_") + calls[i]);
    EXPECT_EQ(events[i]["resolved_path"], root() + "/t");
    EXPECT_EQ(events[i]["result"], "0");
    const bool by_descriptor = i == 1 || i == 3;
    EXPECT_EQ(events[i]["filename"], by_descriptor ? "null" : "t");
    EXPECT_EQ(events[i]["fd"] != "null", by_descriptor);
    EXPECT_EQ(events[i]["path_source"] == "kernel", by_descriptor || NamesAreResolved());
    EXPECT_EQ(events[i]["inode"] != "null", by_descriptor || NamesAreResolved());
  }
  ExpectGiven(events[0], "981173106000000007", "946684800999999999");
  ExpectGiven(events[1], "981173106000000007", "946684800999999999");
  for (std::size_t i = 2; i < 5; ++i) {
    ExpectGiven(events[i], "981173106000007000", "946684800999999000");
  }
  ExpectGiven(events[5], "981173106000000000", "946684800000000000");
}

TEST_F(AttributesTest, TimesBelowADirectoryAndOfAnEmptyName) {
  mkdir((root() + "/td").c_str(), 0755);
  Make("td/f");
  ASSERT_EQ(symlink("f", (root() + "/td/link").c_str()), 0);
  const auto events = EventsOf("times", [] {
    const timespec times[2] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = -1, .tv_nsec = 0}};
    const int directory = open("td", O_PATH);
    const int file = open("td/f", O_PATH);
    if (RawCall(SYS_utimensat, directory, "f", times, 0) != 0) return 1;
    if (RawCall(SYS_utimensat, directory, "link", times, AT_SYMLINK_NOFOLLOW) != 0) return 2;
    // Kernels before 5.8 know no such flag here.
    return RawCall(SYS_utimensat, file, "", times, AT_EMPTY_PATH) != 0 && errno != EINVAL ? 3 : 0;
  });
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0]["resolved_path"], root() + "/td/f");
  EXPECT_NE(events[0]["dirfd"], "null");
  // It may be a link, and is followed.
  EXPECT_EQ(events[0]["path_source"], NamesAreResolved() ? "kernel" : "lexical");
  ExpectGiven(events[0], "1000000000", "-1000000000");
  EXPECT_EQ(events[1]["resolved_path"], root() + "/td/link");
  EXPECT_EQ(events[1]["path_source"], NamesAreResolved() ? "kernel" : "directory");
  EXPECT_EQ(events[1]["flags"], std::to_string(AT_SYMLINK_NOFOLLOW));
  EXPECT_EQ(events[2]["resolved_path"], root() + "/td/f");
  EXPECT_EQ(events[2]["filename"], "null");
  EXPECT_NE(events[2]["fd"], "null");
}

TEST_F(AttributesTest, TimesOfNowAndKeptOnesAreMarked) {
  Make("n");
  const auto events = EventsOf("times", [] {
    const timespec mixed[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                               {.tv_sec = 0, .tv_nsec = UTIME_NOW}};
    if (RawCall(SYS_utimensat, AT_FDCWD, "n", nullptr, 0) != 0) return 1;
    if (RawCall(SYS_utimensat, AT_FDCWD, "n", mixed, 0) != 0) return 2;
    if (RawCall(SYS_utimes, "n", nullptr) != 0) return 3;
    return RawCall(SYS_utime, "n", nullptr) != 0 ? 4 : 0;
  });
  ASSERT_EQ(events.size(), 4U);
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i]["atime_change"], i == 1 ? "kept" : "now");
    EXPECT_EQ(events[i]["mtime_change"], "now");
    EXPECT_EQ(events[i]["new_mtime_ns"], "null");
  }
}

TEST_F(AttributesTest, TimesThatWereRefused) {
  Make("r");
  const auto events = EventsOf("times", [] {
    const timespec times[2] = {};
    if (setgid(65534) != 0 || setuid(65534) != 0) return 1;
    if (RawCall(SYS_utimensat, AT_FDCWD, "r", times, 0) == 0 || errno != EPERM) return 2;
    if (RawCall(SYS_utimensat, AT_FDCWD, "r", 8L, 0) == 0 || errno != EFAULT) return 3;
    if (RawCall(SYS_utimensat, 999, nullptr, times, 0) == 0 || errno != EBADF) return 4;
    return 0;
  });
  ASSERT_EQ(events.size(), 2U);  // there is no file behind a descriptor that is not open
  EXPECT_EQ(events[0]["error"], "EPERM");
  ExpectGiven(events[0], "0", "0");
  EXPECT_EQ(events[1]["error"], "EFAULT");
  EXPECT_EQ(events[1]["mtime_change"], "null");
}

TEST_F(AttributesTest, TimesElsewhereAreNotReported) {
  const TempFolder elsewhere;
  WriteFile(elsewhere / "f", "x");
  const auto events = EventsOf([&] {
    const int fd = open((elsewhere / "f").c_str(), O_RDONLY);
    const int flags = 0;
    if (utimensat(AT_FDCWD, (elsewhere / "f").c_str(), nullptr, 0) != 0) return 1;
    if (futimens(fd, nullptr) != 0) return 2;
    ioctl(fd, FS_IOC_SETFLAGS, &flags);
    return 0;
  });
  EXPECT_TRUE(events.empty()) << events.front().text;
}

TEST_F(AttributesTest, TimesOfThe32BitTable) {
  if (!No32BitCalls().empty()) GTEST_SKIP() << No32BitCalls();
  Make("t32");
  const auto events = EventsOf("times", [] {
    char* low = static_cast<char*>(LowMemory());
    if (low == nullptr) return 1;
    const std::int32_t narrow[4] = {981173106, 7, -1, 8};
    const std::int64_t wide[4] = {981173106, 7, -1, 8};
    std::strcpy(low, "t32");
    std::memcpy(low + 64, narrow, sizeof(narrow));
    std::memcpy(low + 128, wide, sizeof(wide));
    const auto name = reinterpret_cast<long>(low);
    if (Call32(320 /* utimensat */, AT_FDCWD, name, name + 64) != 0) return 2;
    if (Call32(412 /* utimensat_time64 */, AT_FDCWD, name, name + 128) != 0) return 3;
    if (Call32(271 /* utimes */, name, name + 64) != 0) return 4;
    return Call32(30 /* utime */, name, name + 64) != 0 ? 5 : 0;
  });
  ASSERT_EQ(events.size(), 4U);
  for (const Line& e : events) EXPECT_EQ(e["compat32"], "true");
  ExpectGiven(events[0], "981173106000000007", "-999999992");
  ExpectGiven(events[1], "981173106000000007", "-999999992");
  EXPECT_EQ(events[1]["syscall"], "utimensat");
  ExpectGiven(events[2], "981173106000007000", "-999992000");
  ExpectGiven(events[3], "981173106000000000", "7000000000");
}

// --- flags --------------------------------------------------------------------------------------

TEST_F(AttributesTest, FlagsByBothRequests) {
  Make("flags");
  const auto events = EventsOf("attribute", [] {
    const int fd = open("flags", O_RDONLY);
    const int append = FS_APPEND_FL | FS_NODUMP_FL;
    const int none = 0;
    fsxattr extended{};
    extended.fsx_xflags = FS_XFLAG_IMMUTABLE;
    // Some file systems have no flags; attempts are reported all the same.
    ioctl(fd, FS_IOC_SETFLAGS, &append);
    ioctl(fd, FS_IOC_SETFLAGS, &none);
    ioctl(fd, FS_IOC_FSSETXATTR, &extended);
    ioctl(fd, FS_IOC_SETFLAGS, &none);
    ioctl(fd, FIONREAD, &extended);  // another request
    return 0;
  });
  ASSERT_EQ(events.size(), 4U);
  for (const Line& e : events) {
    EXPECT_EQ(e["event_type"], "file_setattr");
    EXPECT_EQ(e["syscall"], "ioctl");
    EXPECT_EQ(e["resolved_path"], root() + "/flags");
    EXPECT_EQ(e["path_source"], "kernel");
    EXPECT_EQ(e["filename"], "null");
    EXPECT_NE(e["inode"], "null");
  }
  EXPECT_EQ(events[0]["file_flags"], R"(["append","no_dump"])");
  EXPECT_EQ(events[0]["file_flag_bits"], std::to_string(FS_APPEND_FL | FS_NODUMP_FL));
  EXPECT_EQ(events[1]["file_flags"], "[]");
  EXPECT_EQ(events[2]["file_flags"], R"(["immutable"])");
  EXPECT_EQ(events[2]["file_flag_bits"], std::to_string(FS_XFLAG_IMMUTABLE));
}

TEST_F(AttributesTest, FlagsByNameAndByDescriptor) {
  Make("attr");
  // struct file_attr, which older headers lack: fa_xflags comes first.
  static const std::uint64_t asked[4] = {FS_XFLAG_NODUMP};
  if (syscall(kFileSetattr, -1, nullptr, nullptr, 0, 0) != 0 && errno == ENOSYS) {
    GTEST_SKIP() << "this kernel has no file_setattr";
  }
  const auto events = EventsOf("attribute", [] {
    const int fd = open("attr", O_RDONLY);
    const int directory = open(".", O_PATH);
    RawCall(kFileSetattr, AT_FDCWD, "attr", asked, 24, 0);
    RawCall(kFileSetattr, directory, "attr", asked, 24, AT_SYMLINK_NOFOLLOW);
    RawCall(kFileSetattr, fd, "", asked, 24, AT_EMPTY_PATH);
    RawCall(kFileSetattr, fd, nullptr, asked, 24, AT_EMPTY_PATH);
    return 0;
  });
  ASSERT_EQ(events.size(), 4U);
  for (const Line& e : events) {
    EXPECT_EQ(e["event_type"], "file_setattr");
    EXPECT_EQ(e["syscall"], "file_setattr");
    EXPECT_EQ(e["resolved_path"], root() + "/attr");
    EXPECT_EQ(e["file_flags"], R"(["no_dump"])");
  }
  EXPECT_EQ(events[0]["dirfd"], "null");
  EXPECT_NE(events[1]["dirfd"], "null");
  EXPECT_EQ(events[1]["flags"], std::to_string(AT_SYMLINK_NOFOLLOW));
  EXPECT_EQ(events[3]["filename"], "null");
  EXPECT_EQ(events[3]["path_source"], "kernel");
}

// The 32-bit table takes both numbers of FS_IOC_SETFLAGS.
TEST_F(AttributesTest, FlagsOfThe32BitTable) {
  if (!No32BitCalls().empty()) GTEST_SKIP() << No32BitCalls();
  Make("f32");
  const auto events = EventsOf("attribute", [] {
    void* low = LowMemory();
    const int fd = open("f32", O_RDONLY);
    if (low == nullptr || fd < 0) return 1;
    const std::uint32_t asked = FS_NODUMP_FL;
    std::memcpy(low, &asked, sizeof(asked));
    for (const long request : {0x40046602L /* FS_IOC32_SETFLAGS */, 0x40086602L}) {
      Call32(54 /* ioctl */, fd, request, reinterpret_cast<long>(low));
    }
    return 0;
  });
  ASSERT_EQ(events.size(), 2U);
  for (const Line& e : events) {
    EXPECT_EQ(e["compat32"], "true");
    EXPECT_EQ(e["file_flags"], R"(["no_dump"])");
  }
}

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

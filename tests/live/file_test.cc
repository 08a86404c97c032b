// SPDX-License-Identifier: Apache-2.0
//
// The agent's events about files, on the kernel the tests run on: one system call after the other,
// and names made to mislead.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/live/agent.h"
#include "tests/live/host.h"
#include "tests/live/watched_folder.h"

namespace randguard::live {
namespace {

// One agent for all tests of this file, which watches a folder of theirs.
class FileTest : public WatchedFolderTest {
 protected:
  static void SetUpTestSuite() {
    Start([] { return Watching(); });
  }

  // EventsOf() where one event is expected.
  Line EventOf(const std::function<int()>& body) {
    const std::vector<Line> events = EventsOf(body);
    EXPECT_EQ(events.size(), 1U);
    return events.empty() ? Line{} : events.front();
  }
};

std::string DeviceOf(const struct stat& st) {
  return std::to_string(major(st.st_dev)) + ":" + std::to_string(minor(st.st_dev));
}

std::string Octal(unsigned mode) {
  char text[16];
  std::snprintf(text, sizeof(text), "%o", mode);
  return text;
}

void ExpectObject(const Line& event, const std::string& path) {
  struct stat st {};
  ASSERT_EQ(lstat(path.c_str(), &st), 0) << path;
  EXPECT_EQ(event["inode"], std::to_string(st.st_ino));
  EXPECT_EQ(event["dev"], DeviceOf(st));
  EXPECT_EQ(event["mode"], Octal(st.st_mode));
  EXPECT_EQ(event["owner_uid"], std::to_string(st.st_uid));
  EXPECT_EQ(event["owner_gid"], std::to_string(st.st_gid));
}

bool ByFunction(const Line& event) { return event["witness"] == "function"; }

// How a path was found that the exit of the call finds in that way. A function of the kernel has
// the directory where something was done.
std::string SourceIn(const Line& event, const std::string& at_exit) {
  const bool done = !event["result"].starts_with("-");
  return ByFunction(event) && done && at_exit != "null" ? "kernel" : at_exit;
}

// The descriptor that an open returned, as a later event names it. A function of the kernel opens
// the file before it has one.
void ExpectDescriptor(const Line& event, const char* field, const Line& open) {
  if (ByFunction(open)) {
    EXPECT_EQ(open["fd"], "null");
    EXPECT_NE(event[field], "null");
  } else {
    EXPECT_EQ(event[field], open["fd"]);
  }
}

TEST_F(FileTest, OpenTellsTheObjectAndTheResult) {
  const Line e = EventOf([] {
    return RawCall(SYS_openat, AT_FDCWD, "made", O_CREAT | O_RDWR | O_CLOEXEC, 0640) < 0 ? 1 : 0;
  });
  EXPECT_EQ(e["event_type"], "file_open");
  EXPECT_EQ(e["syscall"], "openat");
  EXPECT_EQ(e["filename"], "made");
  EXPECT_EQ(e["filename_truncated"], "false");
  EXPECT_EQ(e["resolved_path"], root() + "/made");
  EXPECT_EQ(e["path_source"], "kernel");
  EXPECT_EQ(e["path_status"], "null");
  EXPECT_EQ(e["flags"], std::to_string(O_CREAT | O_RDWR | O_CLOEXEC));
  EXPECT_EQ(e["create_mode"], "640");
  EXPECT_EQ(e["result"], ByFunction(e) ? "0" : e["fd"]);
  EXPECT_EQ(e["error"], "null");
  EXPECT_EQ(e["dirfd"], "null");
  EXPECT_EQ(e["created"], "true");
  EXPECT_EQ(e["alert"], "false");
  EXPECT_EQ(e["detection_type"], "null");
  EXPECT_EQ(e["compat32"], "false");
  EXPECT_NE(e["exe_path"], "null");
  ExpectObject(e, root() + "/made");
  const Line again = EventOf([] { return open("made", O_CREAT | O_RDONLY, 0600) < 0 ? 1 : 0; });
  EXPECT_EQ(again["created"], "false");
}

TEST_F(FileTest, EveryWayToOpen) {
  Make("ways");
  const auto events = EventsOf([] {
    open_how how{.flags = O_RDONLY, .mode = 0, .resolve = RESOLVE_NO_SYMLINKS};
    if (RawCall(SYS_open, "ways", O_RDONLY, 0) < 0) return 1;
    if (RawCall(SYS_creat, "ways", 0600) < 0) return 2;
    if (RawCall(SYS_openat2, AT_FDCWD, "ways", &how, sizeof(how)) < 0) return 3;
    return 0;
  });
  ASSERT_EQ(events.size(), 3U);
  const char* const calls[] = {"open", "creat", "openat2"};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(events[i]["syscall"], calls[i]);
    EXPECT_EQ(events[i]["event_type"], i == 2 ? "file_openat2" : "file_open");
    EXPECT_EQ(events[i]["resolved_path"], root() + "/ways");
  }
  EXPECT_EQ(events[1]["flags"], std::to_string(O_CREAT | O_WRONLY | O_TRUNC));
  EXPECT_EQ(events[2]["resolve"], std::to_string(RESOLVE_NO_SYMLINKS));
}

TEST_F(FileTest, FailedOpensAreEvents) {
  Make("secret");
  chmod((root() + "/secret").c_str(), 0600);
  chmod(root().c_str(), 0755);
  const auto events = EventsOf([] {
    if (setgid(65534) != 0 || setuid(65534) != 0) return 1;
    if (open("secret", O_RDONLY) >= 0 || errno != EACCES) return 2;
    if (open("nothing", O_RDONLY) >= 0 || errno != ENOENT) return 3;
    return 0;
  });
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["result"], std::to_string(-EACCES));
  EXPECT_EQ(events[0]["error"], "EACCES");
  EXPECT_EQ(events[0]["resolved_path"], root() + "/secret");
  EXPECT_EQ(events[0]["path_source"], "lexical");
  EXPECT_EQ(events[0]["fd"], "null");
  EXPECT_EQ(events[0]["inode"], "null");
  EXPECT_EQ(events[0]["uid"], "65534");
  EXPECT_EQ(events[1]["error"], "ENOENT");
}

TEST_F(FileTest, NamesStartFromDirectoriesAndTheWorkingOne) {
  mkdir((root() + "/base").c_str(), 0755);
  mkdir((root() + "/base/deep").c_str(), 0755);
  Make("base/deep/f");
  const auto events = EventsOf([] {
    const int dir = open("/", O_PATH | O_DIRECTORY);
    const int base = open("base", O_PATH | O_DIRECTORY);
    if (dir < 0 || base < 0) return 1;
    if (openat(base, "deep/../deep/./f", O_RDONLY) < 0) return 2;
    if (openat(base, "deep/../no", O_RDONLY) >= 0) return 3;
    if (chdir("base/deep") != 0) return 4;
    if (open("f", O_RDONLY) < 0) return 5;
    if (open("../../nope", O_RDONLY) >= 0) return 6;
    return 0;
  });
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(events[0]["filename"], "base");
  EXPECT_EQ(events[1]["resolved_path"], root() + "/base/deep/f");
  ExpectDescriptor(events[1], "dirfd", events[0]);
  EXPECT_EQ(events[2]["resolved_path"], root() + "/base/no");
  EXPECT_EQ(events[3]["resolved_path"], root() + "/base/deep/f");
  EXPECT_EQ(events[4]["resolved_path"], root() + "/nope");
}

TEST_F(FileTest, SymlinksAreFollowedToTheFile) {
  Make("real");
  ASSERT_EQ(symlink("real", (root() + "/one").c_str()), 0);
  ASSERT_EQ(symlink((root() + "/one").c_str(), (root() + "/two").c_str()), 0);
  ASSERT_EQ(symlink(root().c_str(), (root() + "/loop").c_str()), 0);
  const Line e = EventOf([] { return open("loop/loop/two", O_RDONLY) < 0 ? 1 : 0; });
  EXPECT_EQ(e["filename"], "loop/loop/two");
  EXPECT_EQ(e["resolved_path"], root() + "/real");
  ExpectObject(e, root() + "/real");
}

// From outside of the watched paths: the name says nothing, the file does.
TEST_F(FileTest, SymlinkFromElsewhereDoesNotHideTheFile) {
  Make("hidden");
  TempFolder elsewhere;
  ASSERT_EQ(symlink(root().c_str(), (elsewhere / "way").c_str()), 0);
  const std::string name = elsewhere / "way" + "/hidden";
  const Line e = EventOf([&] { return open(name.c_str(), O_RDONLY) < 0 ? 1 : 0; });
  EXPECT_EQ(e["filename"], name);
  EXPECT_EQ(e["resolved_path"], root() + "/hidden");
}

TEST_F(FileTest, SwappedSymlinkNamesTheFileThatWasOpened) {
  Make("left", "l");
  Make("right", "r");
  constexpr int kOpens = 500;
  // The child's exit status has no room for 500 inodes: the child writes them to a file nobody
  // watches.
  TempFolder elsewhere;
  const std::string seen_path = elsewhere / "seen";
  const auto events = EventsOf([&] {
    std::atomic<bool> done = false;
    std::thread swap([&] {
      while (!done) {
        for (const char* target : {"left", "right"}) {
          if (symlink(target, "next") != 0 || rename("next", "swap") != 0) return;
        }
      }
    });
    FILE* seen = std::fopen(seen_path.c_str(), "w");
    int opened = 0;
    std::set<ino_t> inodes;
    // On a busy machine, either thread may have a CPU to itself for a while.
    while (opened < kOpens || (inodes.size() < 2 && opened < 100 * kOpens)) {
      if (opened >= kOpens) sched_yield();
      const int fd = open("swap", O_RDONLY);
      if (fd < 0) continue;
      struct stat st {};
      fstat(fd, &st);
      inodes.insert(st.st_ino);
      std::fprintf(seen, "%llu\n", static_cast<unsigned long long>(st.st_ino));
      close(fd);
      ++opened;
    }
    done = true;
    swap.join();
    std::fclose(seen);
    return 0;
  });
  std::vector<std::string> seen;
  const std::string text = ReadFile(seen_path);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    seen.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  struct stat left {};
  ASSERT_EQ(stat((root() + "/left").c_str(), &left), 0);
  std::size_t i = 0;
  std::set<std::string> paths;
  for (const Line& e : events) {
    if (e["event_type"] != "file_open" || e["filename"] != "swap" || e["result"][0] == '-')
      continue;
    ASSERT_LT(i, seen.size());
    EXPECT_EQ(e["inode"], seen[i]);
    EXPECT_EQ(e["resolved_path"],
              root() + (seen[i] == std::to_string(left.st_ino) ? "/left" : "/right"));
    paths.insert(e["resolved_path"]);
    ++i;
  }
  EXPECT_EQ(i, seen.size());
  EXPECT_EQ(paths.size(), 2U) << "the names were never swapped";
}

TEST_F(FileTest, HardLinksAreOneInodeUnderTwoNames) {
  Make("first");
  ASSERT_EQ(link((root() + "/first").c_str(), (root() + "/second").c_str()), 0);
  const auto events =
      EventsOf([] { return open("first", O_RDONLY) < 0 || open("second", O_RDONLY) < 0 ? 1 : 0; });
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["inode"], events[1]["inode"]);
  EXPECT_EQ(events[0]["resolved_path"], root() + "/first");
  EXPECT_EQ(events[1]["resolved_path"], root() + "/second");
}

TEST_F(FileTest, NamesOfAnyBytes) {
  const std::string long_name(255, 'n');
  const std::string names[] = {"new\nline", "quo\"te", "back\\slash", "sp ace", long_name};
  for (const std::string& name : names) {
    const Line e = EventOf([&] { return creat(name.c_str(), 0600) < 0 ? 1 : 0; });
    EXPECT_EQ(e["filename"], name);
    EXPECT_EQ(e["resolved_path"], root() + "/" + name);
  }
  const Line e = EventOf([] { return creat("b\xff\xfe", 0600) < 0 ? 1 : 0; });
  EXPECT_EQ(e["filename"], "b\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_NE(e.text.find("\"/filename\":\"62fffe\""), std::string::npos) << e.text;
}

TEST_F(FileTest, PathLongerThanAnyBufferIsSaidToBeCut) {
  const std::string component(250, 'd');
  const auto events = EventsOf([&] {
    for (int i = 0; i < 20; ++i) {
      if (mkdir(component.c_str(), 0700) != 0 || chdir(component.c_str()) != 0) return 1;
    }
    if (creat("bottom", 0600) < 0) return 2;
    if (open("not-there", O_RDONLY) >= 0) return 3;
    return 0;
  });
  std::vector<Line> opens;
  for (const Line& e : events) {
    if (e.Is("file_open")) opens.push_back(e);
  }
  ASSERT_EQ(opens.size(), 2U);
  EXPECT_EQ(opens[0]["filename"], "bottom");
  EXPECT_EQ(opens[0]["path_status"], "truncated");
  EXPECT_TRUE(opens[0]["resolved_path"].ends_with("/" + component + "/bottom"));
  EXPECT_NE(opens[0]["inode"], "null");
  EXPECT_EQ(opens[1]["error"], "ENOENT");
  EXPECT_EQ(opens[1]["path_status"], "truncated");
}

TEST_F(FileTest, UnnamedFileGetsItsName) {
  const auto events = EventsOf([] {
    const int fd = open(".", O_TMPFILE | O_RDWR, 0600);
    if (fd < 0) return 1;
    if (write(fd, "x", 1) != 1) return 2;
    const std::string self = "/proc/self/fd/" + std::to_string(fd);
    return linkat(AT_FDCWD, self.c_str(), AT_FDCWD, "named", AT_SYMLINK_FOLLOW) != 0 ? 3 : 0;
  });
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0]["path_status"], "deleted");
  EXPECT_TRUE(events[0]["resolved_path"].starts_with(root() + "/")) << events[0]["resolved_path"];
  EXPECT_EQ(events[0]["create_mode"], "600");
  EXPECT_EQ(events[1]["event_type"], "file_write");
  EXPECT_EQ(events[1]["inode"], events[0]["inode"]);
  EXPECT_EQ(events[2]["event_type"], "file_linkat");
  EXPECT_EQ(events[2]["new_resolved_path"], root() + "/named");
  EXPECT_EQ(events[2]["new_path_source"], SourceIn(events[2], "directory"));
  EXPECT_EQ(events[2]["flags"], std::to_string(AT_SYMLINK_FOLLOW));
}

TEST_F(FileTest, DeletedFileThroughProcIsStillTheFile) {
  Make("doomed");
  const auto events = EventsOf([] {
    const int fd = open("doomed", O_RDONLY);
    if (fd < 0 || unlink("doomed") != 0) return 1;
    return open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_WRONLY) < 0 ? 2 : 0;
  });
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[1]["event_type"], "file_unlink");
  EXPECT_EQ(events[2]["resolved_path"], root() + "/doomed");
  EXPECT_EQ(events[2]["path_status"], "deleted");
  EXPECT_EQ(events[2]["inode"], events[0]["inode"]);
}

TEST_F(FileTest, ChrootNamesAreTheHosts) {
  mkdir((root() + "/jail").c_str(), 0755);
  Make("jail/f");
  const auto events = EventsOf([] {
    if (chroot("jail") != 0 || chdir("/") != 0) return 1;
    if (open("/f", O_RDONLY) < 0) return 2;
    return 0;
  });
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["filename"], "/f");
  EXPECT_EQ(events[0]["resolved_path"], root() + "/jail/f");
  EXPECT_EQ(events[0]["path_source"], "kernel");
}

TEST_F(FileTest, BindMountIsNamedByWhereItWasReached) {
  mkdir((root() + "/mnt").c_str(), 0755);
  TempFolder elsewhere;
  WriteFile(elsewhere / "f", "x");
  const Line e = EventOf([&] {
    if (OwnMounts() != 0) return 1;
    if (mount(elsewhere.path().c_str(), "mnt", nullptr, MS_BIND, nullptr) != 0) return 2;
    return open("mnt/f", O_RDONLY) < 0 ? 3 : 0;
  });
  EXPECT_EQ(e["resolved_path"], root() + "/mnt/f");
  EXPECT_EQ(e["mount_namespace_foreign"], "true");
  if (IsOnRootFileSystem(elsewhere.path())) {
    EXPECT_EQ(e["fs_path"], elsewhere / "f");
  }
  ExpectObject(e, elsewhere / "f");
}

// Nobody can take a watched folder out of sight by mounting it elsewhere.
TEST_F(FileTest, WatchedFolderIsWatchedWhereverItIsMounted) {
  if (!IsOnRootFileSystem(root())) GTEST_SKIP() << root() << " has a file system of its own";
  Make("f"), Make("alone");
  TempFolder elsewhere;
  WriteFile(elsewhere / "alone", "x");
  const auto events = EventsOf([&] {
    if (OwnMounts() != 0) return 1;
    if (mount("alone", (elsewhere / "alone").c_str(), nullptr, MS_BIND, nullptr) != 0) return 2;
    if (open((elsewhere / "alone").c_str(), O_RDONLY) < 0) return 3;
    if (mount(".", elsewhere.path().c_str(), nullptr, MS_BIND, nullptr) != 0) return 4;
    const int fd = open((elsewhere / "f").c_str(), O_RDWR);
    if (fd < 0 || write(fd, "y", 1) != 1 || fchmod(fd, 0600) != 0) return 5;
    return 0;
  });
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0]["resolved_path"], elsewhere / "alone");
  EXPECT_EQ(events[0]["fs_path"], root() + "/alone");
  for (std::size_t i = 1; i < events.size(); ++i) {
    EXPECT_EQ(events[i]["resolved_path"], elsewhere / "f");
    EXPECT_EQ(events[i]["fs_path"], root() + "/f");
    EXPECT_EQ(events[i]["mount_namespace_foreign"], "true");
  }
  EXPECT_EQ(events[3]["operation"], "chmod");
}

TEST_F(FileTest, PathsOfWholeFileSystemsAreTheirOwn) {
  Make("plain");
  const Line e = EventOf([] { return open("plain", O_RDONLY) < 0 ? 1 : 0; });
  EXPECT_EQ(e["fs_path"], "null");
  char hosts[64] = {}, own[64] = {};
  ASSERT_GT(readlink("/proc/2/ns/mnt", hosts, sizeof(hosts) - 1), 0);  // kthreadd
  ASSERT_GT(readlink("/proc/self/ns/mnt", own, sizeof(own) - 1), 0);
  EXPECT_EQ(e["mount_namespace_foreign"], std::string_view(hosts) == own ? "false" : "true");
}

TEST_F(FileTest, OverlayFile) {
  TempFolder layers;
  for (const char* name : {"/lower", "/upper", "/work"}) {
    mkdir((layers.path() + name).c_str(), 0755);
  }
  WriteFile(layers / "lower/f", "x");
  mkdir((root() + "/merged").c_str(), 0755);
  const auto events = EventsOf([&] {
    if (OwnMounts() != 0) return 1;
    // Upper and work must not lie on an overlay themselves.
    if (mount("none", layers.path().c_str(), "tmpfs", 0, nullptr) != 0) return 2;
    if (chdir(layers.path().c_str()) != 0) return 3;
    if (mkdir("lower", 0755) != 0 || mkdir("upper", 0755) != 0 || mkdir("work", 0755) != 0)
      return 4;
    if (creat("lower/f", 0644) < 0) return 5;
    const std::string merged = root() + "/merged";
    if (mount("none", merged.c_str(), "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work") !=
        0) {
      return 6;
    }
    const int fd = open((merged + "/f").c_str(), O_WRONLY);
    return fd < 0 || write(fd, "y", 1) != 1 ? 7 : 0;
  });
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["resolved_path"], root() + "/merged/f");
  EXPECT_EQ(events[1]["resolved_path"], root() + "/merged/f");
  EXPECT_EQ(events[1]["event_type"], "file_write");
  EXPECT_EQ(events[0]["inode"], events[1]["inode"]);
}

TEST_F(FileTest, EveryWayToWrite) {
  Make("w", "0123456789");
  Make("source", "abcdefgh");
  const auto events = EventsOf([] {
    const int fd = open("w", O_RDWR);
    const int source = open("source", O_RDONLY);
    int pipes[2];
    if (fd < 0 || source < 0 || pipe(pipes) != 0) return 1;
    char data[] = "data";
    const iovec parts[2] = {{data, 2}, {data, 1}};
    if (write(fd, "abc", 3) != 3) return 2;
    if (writev(fd, parts, 2) != 3) return 3;
    if (pwrite(fd, "q", 1, 7) != 1) return 4;
    if (pwritev(fd, parts, 1, 5) != 2) return 5;
    if (pwritev2(fd, parts, 1, 6, 0) != 2) return 6;
    if (sendfile(fd, source, nullptr, 4) != 4) return 7;
    if (write(pipes[1], "pp", 2) != 2) return 8;
    if (splice(pipes[0], nullptr, fd, nullptr, 2, 0) != 2) return 9;
    loff_t from = 0;
    // The file system decides about EXDEV and the like; the call is what counts here.
    if (RawCall(SYS_copy_file_range, source, &from, fd, nullptr, 3, 0) < 0 && errno != EINVAL &&
        errno != EOPNOTSUPP && errno != EXDEV) {
      return 10;
    }
    void* map = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) return 11;
    // Neither of these allows writing the file.
    if (mmap(nullptr, 4096, PROT_READ, MAP_SHARED, source, 0) == MAP_FAILED) return 12;
    if (mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) == MAP_FAILED) return 13;
    if (ftruncate(fd, 100) != 0) return 14;
    if (RawCall(SYS_fallocate, fd, 0, 0, 200) != 0 && errno != EOPNOTSUPP) return 15;
    if (write(source, "no", 2) >= 0) return 16;
    return 0;
  });
  std::vector<std::string> types;
  std::vector<Line> writes;
  for (const Line& e : events) {
    if (e.Is("file_open")) continue;
    types.push_back(e["event_type"]);
    writes.push_back(e);
  }
  ASSERT_EQ(types, (std::vector<std::string>{"file_write", "file_writev", "file_pwrite64",
                                             "file_pwritev", "file_pwritev2", "file_sendfile",
                                             "file_splice", "file_copy_file_range", "file_mmap",
                                             "file_ftruncate", "file_fallocate", "file_write"}));
  for (std::size_t i = 0; i + 1 < writes.size(); ++i) {
    EXPECT_EQ(writes[i]["resolved_path"], root() + "/w") << types[i];
    EXPECT_EQ(writes[i]["fd"], writes[0]["fd"]) << types[i];
    EXPECT_EQ(writes[i]["inode"], writes[0]["inode"]) << types[i];
  }
  EXPECT_EQ(writes[0]["count"], "3");
  EXPECT_EQ(writes[0]["result"], "3");
  EXPECT_EQ(writes[1]["iovcnt"], "2");
  EXPECT_EQ(writes[1]["result"], "3");
  EXPECT_EQ(writes[2]["pos"], "7");
  EXPECT_EQ(writes[3]["pos"], "5");
  EXPECT_EQ(writes[4]["pos"], "6");
  EXPECT_EQ(writes[5]["count"], "4");
  EXPECT_EQ(writes[6]["result"], "2");
  EXPECT_EQ(writes[7]["count"], "3");
  EXPECT_EQ(writes[8]["length"], "4096");
  EXPECT_EQ(writes[8]["result"], "0");
  EXPECT_EQ(writes[9]["length"], "100");
  EXPECT_EQ(writes[10]["length"], "200");
  EXPECT_EQ(writes[11]["error"], "EBADF");
  EXPECT_EQ(writes[11]["resolved_path"], root() + "/source");
}

TEST_F(FileTest, EveryWayToRenameAndLink) {
  for (const char* name : {"r1", "r2", "r3", "x1", "x2", "l1"}) Make(name);
  mkdir((root() + "/to").c_str(), 0755);
  const auto events = EventsOf([] {
    const int to = open("to", O_PATH | O_DIRECTORY);
    if (to < 0) return 1;
    if (RawCall(SYS_rename, "r1", "to/r1") != 0) return 2;
    if (RawCall(SYS_renameat, AT_FDCWD, "r2", to, "r2") != 0) return 3;
    if (RawCall(SYS_renameat2, AT_FDCWD, "x1", AT_FDCWD, "x2", 2 /* RENAME_EXCHANGE */) != 0)
      return 4;
    if (RawCall(SYS_renameat2, AT_FDCWD, "r3", AT_FDCWD, "x2", 1 /* RENAME_NOREPLACE */) == 0)
      return 5;
    if (RawCall(SYS_link, "l1", "to/l2") != 0) return 6;
    if (RawCall(SYS_linkat, AT_FDCWD, "l1", to, "l3", 0) != 0) return 7;
    if (RawCall(SYS_symlink, "../../shadow", "s1") != 0) return 8;
    if (RawCall(SYS_symlinkat, "/etc/shadow", to, "s2") != 0) return 9;
    return 0;
  });
  ASSERT_EQ(events.size(), 9U);
  struct Expected {
    const char* type;
    std::string old_path, old_source, new_path, new_source;
  };
  const std::string r = root();
  const Expected expected[] = {
      {"file_rename", r + "/r1", "directory", r + "/to/r1", "lexical"},
      {"file_renameat", r + "/r2", "directory", r + "/to/r2", "directory"},
      {"file_renameat2", r + "/x1", "directory", r + "/x2", "directory"},
      {"file_renameat2", r + "/r3", "directory", r + "/x2", "directory"},
      {"file_link", r + "/l1", "directory", r + "/to/l2", "lexical"},
      {"file_linkat", r + "/l1", "directory", r + "/to/l3", "directory"},
      {"file_symlink", "null", "null", r + "/s1", "directory"},
      {"file_symlinkat", "null", "null", r + "/to/s2", "directory"},
  };
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    const Line& e = events[i + 1];
    const Expected& x = expected[i];
    EXPECT_EQ(e["event_type"], x.type);
    EXPECT_EQ(e["old_resolved_path"], x.old_path) << x.type;
    EXPECT_EQ(e["old_path_source"], SourceIn(e, x.old_source)) << x.type;
    EXPECT_EQ(e["new_resolved_path"], x.new_path) << x.type;
    EXPECT_EQ(e["new_path_source"], SourceIn(e, x.new_source)) << x.type;
  }
  ExpectDescriptor(events[2], "new_dirfd", events[0]);
  EXPECT_EQ(events[3]["flags"], "2");
  EXPECT_EQ(events[4]["error"], "EEXIST");
  EXPECT_EQ(events[7]["old_filename"], "../../shadow");
  EXPECT_EQ(events[8]["old_filename"], "/etc/shadow");
}

// Either name suffices.
TEST_F(FileTest, RenameAcrossTheBorderIsReported) {
  TempFolder elsewhere;
  Make("leaves");
  WriteFile(elsewhere / "enters", "x");
  const auto events = EventsOf([&] {
    if (rename("leaves", (elsewhere / "left").c_str()) != 0) return 1;
    return rename((elsewhere / "enters").c_str(), "entered") != 0 ? 2 : 0;
  });
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["new_resolved_path"], elsewhere / "left");
  EXPECT_EQ(events[1]["old_resolved_path"], elsewhere / "enters");
}

TEST_F(FileTest, EveryWayToUnlink) {
  Make("u1");
  Make("u2");
  mkdir((root() + "/d1").c_str(), 0755);
  mkdir((root() + "/d2").c_str(), 0755);
  const auto events = EventsOf([] {
    if (RawCall(SYS_unlink, "u1") != 0) return 1;
    if (RawCall(SYS_unlinkat, AT_FDCWD, "u2", 0) != 0) return 2;
    if (RawCall(SYS_rmdir, "d1") != 0) return 3;
    if (RawCall(SYS_unlinkat, AT_FDCWD, "d2", AT_REMOVEDIR) != 0) return 4;
    if (RawCall(SYS_unlink, "u1") == 0) return 5;
    return 0;
  });
  ASSERT_EQ(events.size(), 5U);
  const char* const types[] = {"file_unlink", "file_unlinkat", "file_rmdir", "file_unlinkat",
                               "file_unlink"};
  const char* const names[] = {"u1", "u2", "d1", "d2", "u1"};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(events[i]["event_type"], types[i]);
    EXPECT_EQ(events[i]["filename"], names[i]);
    EXPECT_EQ(events[i]["resolved_path"], root() + "/" + names[i]);
    EXPECT_EQ(events[i]["path_source"], SourceIn(events[i], "directory"));
    EXPECT_EQ(events[i]["result"], i == 4 ? std::to_string(-ENOENT) : "0");
  }
  EXPECT_EQ(events[3]["flags"], std::to_string(AT_REMOVEDIR));
}

TEST_F(FileTest, EveryWayToChange) {
  Make("c");
  const auto events = EventsOf([] {
    const int fd = open("c", O_RDWR);
    if (fd < 0) return 1;
    if (RawCall(SYS_chmod, "c", 0600) != 0) return 2;
    if (RawCall(SYS_fchmod, fd, 0640) != 0) return 3;
    if (RawCall(SYS_fchmodat, AT_FDCWD, "c", 0644) != 0) return 4;
    if (RawCall(SYS_chown, "c", 1, 2) != 0) return 5;
    if (RawCall(SYS_fchown, fd, -1, 3) != 0) return 6;
    if (RawCall(SYS_lchown, "c", 4, -1) != 0) return 7;
    if (RawCall(SYS_fchownat, AT_FDCWD, "c", 0, 0, AT_SYMLINK_NOFOLLOW) != 0) return 8;
    if (RawCall(SYS_truncate, "c", 5) != 0) return 9;
    if (RawCall(SYS_mkdir, "cd", 0700) != 0) return 10;
    if (RawCall(SYS_mkdirat, AT_FDCWD, "cd2", 0711) != 0) return 11;
    if (RawCall(SYS_mknod, "fifo", S_IFIFO | 0600, 0) != 0) return 12;
    if (RawCall(SYS_mknodat, AT_FDCWD, "fifo2", S_IFIFO | 0600, 0) != 0) return 13;
    // Some file systems have no extended attributes; attempts are reported all the same.
    RawCall(SYS_setxattr, "c", "user.rg", "v", 1, 0);
    RawCall(SYS_fsetxattr, fd, "user.rg", "v", 1, XATTR_REPLACE);
    RawCall(SYS_lremovexattr, "c", "user.rg");
    return 0;
  });
  ASSERT_EQ(events.size(), 16U);
  const std::vector<std::string> expected = {
      "file_open",     "file_chmod",    "file_fchmod",    "file_fchmodat",
      "file_chown",    "file_fchown",   "file_lchown",    "file_fchownat",
      "file_truncate", "file_mkdir",    "file_mkdirat",   "file_mknod",
      "file_mknodat",  "file_setxattr", "file_fsetxattr", "file_lremovexattr"};
  const std::vector<std::string> operations = {
      "open",  "chmod",  "chmod",  "chmod",  "chown",  "chown",     "chown",     "chown",
      "write", "create", "create", "create", "create", "attribute", "attribute", "attribute"};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(events[i]["event_type"], expected[i]);
    EXPECT_EQ(events[i]["operation"], operations[i]) << expected[i];
  }
  EXPECT_EQ(events[1]["new_mode"], "600");
  EXPECT_EQ(events[1]["resolved_path"], root() + "/c");
  EXPECT_EQ(events[2]["new_mode"], "640");
  EXPECT_EQ(events[2]["path_source"], "kernel");
  ExpectDescriptor(events[2], "fd", events[0]);
  EXPECT_EQ(events[2]["filename"], "null");
  EXPECT_EQ(events[3]["new_mode"], "644");
  EXPECT_EQ(events[4]["new_uid"], "1");
  EXPECT_EQ(events[4]["new_gid"], "2");
  EXPECT_EQ(events[5]["new_uid"], "null");
  EXPECT_EQ(events[5]["new_gid"], "3");
  EXPECT_EQ(events[6]["new_gid"], "null");
  EXPECT_EQ(events[6]["path_source"], NamesAreResolved() ? "kernel" : "directory");
  EXPECT_EQ(events[7]["flags"], std::to_string(AT_SYMLINK_NOFOLLOW));
  EXPECT_EQ(events[8]["length"], "5");
  EXPECT_EQ(events[9]["new_mode"], "700");
  EXPECT_EQ(events[10]["resolved_path"], root() + "/cd2");
  EXPECT_EQ(events[11]["new_mode"], Octal(S_IFIFO | 0600));
  EXPECT_EQ(events[13]["attribute"], "user.rg");
  EXPECT_EQ(events[14]["attribute"], "user.rg");
  ExpectDescriptor(events[14], "fd", events[0]);
  EXPECT_EQ(events[15]["attribute"], "user.rg");
}

// int 0x80 from a 64-bit process: the other table, 32-bit arguments.
TEST_F(FileTest, ThirtyTwoBitCallsAreNotMisread) {
  if (!No32BitCalls().empty()) GTEST_SKIP() << No32BitCalls();
  Make("c32");
  const auto events = EventsOf([] {
    // Addresses of 32 bits only.
    char* low = static_cast<char*>(LowMemory());
    if (low == nullptr) return 1;
    std::strcpy(low, "c32");
    const auto address = reinterpret_cast<long>(low);
    const long fd = Call32(5 /* open */, address, O_RDWR);
    if (fd < 0) return 2;
    if (Call32(10 /* unlink */, address) != 0) return 3;
    // 4 is write there and stat here; 1 is exit there and write here.
    return Call32(4 /* write */, fd, address, 3) == 3 ? 0 : 4;
  });
  ASSERT_EQ(events.size(), 3U);
  for (const Line& e : events) {
    EXPECT_EQ(e["compat32"], "true");
    EXPECT_EQ(e["resolved_path"], root() + "/c32");
  }
  EXPECT_EQ(events[0]["syscall"], "open");
  EXPECT_EQ(events[1]["syscall"], "unlink");
  EXPECT_EQ(events[2]["syscall"], "write");
  EXPECT_EQ(events[2]["path_status"], "deleted");
}

TEST_F(FileTest, NothingElsewhereIsReportedAndItIsCounted) {
  const auto counted = [&](const Line& health) {
    const std::string& counts = health["kernel_unwatched_by_kind"];
    const std::string key = "\"file_open\":";
    return std::strtoull(counts.c_str() + counts.find(key) + key.size(), nullptr, 10);
  };
  TempFolder elsewhere;
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));  // a heartbeat
  const std::uint64_t before = counted(agent().Health());
  const auto events = EventsOf([&] {
    for (int i = 0; i < 100; ++i) close(creat((elsewhere / "f").c_str(), 0600));
    return 0;
  });
  EXPECT_TRUE(events.empty());
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  EXPECT_GE(counted(agent().Health()), before + 100);
}

}  // namespace
}  // namespace randguard::live

// SPDX-License-Identifier: Apache-2.0
//
// Opens of files in /proc that are access to another process. The agent watches no file at all, so
// no path of the configuration decides.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "tests/live/agent.h"
#include "tests/live/forge.h"
#include "tests/live/host.h"

namespace randguard::live {
namespace {

// A child of that user that waits to be killed.
class FileSleeper {
 public:
  explicit FileSleeper(uid_t uid = 0) {
    pid_ = fork();
    if (pid_ == 0) {
      if (setgid(uid) != 0 || setuid(uid) != 0) _exit(1);
      *ready_ = true;
      for (;;) pause();
    }
    while (!__atomic_load_n(&*ready_, __ATOMIC_ACQUIRE)) usleep(1000);
  }
  ~FileSleeper() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  FileSleeper(const FileSleeper&) = delete;
  FileSleeper& operator=(const FileSleeper&) = delete;
  pid_t pid() const { return pid_; }
  std::string File(const std::string& name) const {
    return "/proc/" + std::to_string(pid_) + "/" + name;
  }

 private:
  const Shared<bool> ready_;
  pid_t pid_ = -1;
};

class ProcessFilesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { agent_ = new Agent(); }
  static void TearDownTestSuite() {
    EXPECT_EQ(agent_->Stop(), 0) << agent_->Errors();
    delete agent_;
  }

  static Agent& agent() { return *agent_; }
  // The events of access that a child caused by running `body`, in order. `body` returns 0.
  static std::vector<Line> AccessBy(const std::function<int()>& body) {
    int status = -1;
    const pid_t pid = RunInChild(body, &status);
    EXPECT_EQ(status, 0) << "status of the child";
    agent_->Catch();
    EXPECT_TRUE(
        agent_->out()
            .All([&](const Line& l) { return l.IsOfAFile() && l["pid"] == std::to_string(pid); })
            .empty())
        << "nobody asked for events of files";
    return agent_->out().All(TypeAndPid("process_access", pid));
  }

  static void ExpectTarget(const Line& l, const FileSleeper& sleeper, uid_t uid = 0) {
    const std::string pid = std::to_string(sleeper.pid());
    EXPECT_TRUE(l["target"].starts_with("{\"pid\":" + pid + ",\"tid\":" + pid +
                                        ",\"uid\":" + std::to_string(uid) + ","))
        << l["target"];
  }

 private:
  static inline Agent* agent_ = nullptr;
};

int Open(const std::string& path, int flags) { return open(path.c_str(), flags | O_CLOEXEC); }

TEST_F(ProcessFilesTest, MemoryByEveryCallThatOpens) {
  const FileSleeper sleeper;
  const std::string path = sleeper.File("mem");
  const auto lines = AccessBy([&] {
    open_how how{.flags = O_RDWR, .mode = 0, .resolve = 0};
    if (syscall(SYS_open, path.c_str(), O_RDONLY) < 0) return 1;
    if (syscall(SYS_openat, AT_FDCWD, path.c_str(), O_WRONLY) < 0) return 2;
    if (syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how)) < 0) return 3;
    if (syscall(SYS_creat, path.c_str(), 0600) < 0) return 4;
    return 0;
  });
  ASSERT_EQ(lines.size(), 4U);
  const char* const calls[] = {"open", "openat", "openat2", "creat"};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["syscall"], calls[i]);
    EXPECT_EQ(lines[i]["operation"], i == 0 ? "open_memory_to_read" : "open_memory_to_write");
    EXPECT_EQ(lines[i]["resolved_path"], path);
    EXPECT_EQ(lines[i]["path_source"], "kernel");
    EXPECT_EQ(lines[i]["error"], "null");
    EXPECT_EQ(lines[i]["target_argument"], "0");
    ExpectTarget(lines[i], sleeper);
  }
}

// Each way but the last leads to the file without its name.
TEST_F(ProcessFilesTest, MemoryByEveryWayToIt) {
  const FileSleeper sleeper;
  const TempFolder folder;
  const std::string path = sleeper.File("mem");
  const std::string link = folder / "link";
  const std::string mounted = folder / "mounted";
  ASSERT_EQ(symlink(path.c_str(), link.c_str()), 0);
  ASSERT_EQ(mkdir(mounted.c_str(), 0700), 0);
  const auto lines = AccessBy([&] {
    const int process = Open("/proc/" + std::to_string(sleeper.pid()), O_PATH);
    if (openat(process, "mem", O_RDONLY) < 0) return 1;
    if (Open(link, O_RDWR) < 0) return 2;
    const int handle = Open(path, O_PATH);  // no access yet
    if (Open("/proc/self/fd/" + std::to_string(handle), O_RDONLY) < 0) return 3;
    if (Open(sleeper.File("task/" + std::to_string(sleeper.pid()) + "/mem"), O_RDONLY) < 0) {
      return 4;
    }
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("proc", mounted.c_str(), "proc", 0, nullptr) != 0) {
      return 5;
    }
    const std::string other = mounted + "/" + std::to_string(sleeper.pid()) + "/mem";
    return Open(other, O_RDONLY) < 0 ? 6 : 0;
  });
  ASSERT_EQ(lines.size(), 5U);
  for (const Line& l : lines) {
    EXPECT_TRUE(l["resolved_path"].ends_with("/mem")) << l["resolved_path"];
    ExpectTarget(l, sleeper);
  }
  EXPECT_EQ(lines[1]["operation"], "open_memory_to_write");
  EXPECT_EQ(lines[1]["resolved_path"], path);
  EXPECT_TRUE(lines[4]["resolved_path"].starts_with(mounted));
}

TEST_F(ProcessFilesTest, OwnFilesAndOtherFilesAreNothing) {
  const FileSleeper sleeper(kNobody);
  const TempFolder folder;
  WriteFile(folder / "mem", "x");
  const auto lines = AccessBy([&] {
    for (const char* name : {"/proc/self/mem", "/proc/thread-self/mem", "/proc/self/environ"}) {
      if (Open(name, O_RDONLY) < 0) return 1;
    }
    if (Open("/proc/" + std::to_string(getpid()) + "/mem", O_RDWR) < 0) return 2;
    if (Open(folder / "mem", O_RDWR) < 0) return 3;
    for (const char* name : {"cmdline", "stat", "status", "comm"}) {
      if (Open(sleeper.File(name), O_RDONLY) < 0) return 4;
    }
    return Open(sleeper.File("mem"), O_PATH) < 0 ? 5 : 0;
  });
  EXPECT_TRUE(lines.empty()) << lines.front().text;
}

TEST_F(ProcessFilesTest, EnvironmentAndMappingsOfOtherUsersOnly) {
  const FileSleeper own;
  const FileSleeper other(kNobody);
  const std::vector<std::string> names = {"environ", "auxv", "maps", "smaps", "smaps_rollup"};
  const auto lines = AccessBy([&] {
    for (const FileSleeper* sleeper : {&own, &other}) {
      for (const std::string& name : names) {
        if (Open(sleeper->File(name), O_RDONLY) < 0) return 1;
      }
    }
    return 0;
  });
  ASSERT_EQ(lines.size(), names.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["operation"], i == 0 ? "open_environment" : "open_mappings");
    EXPECT_EQ(lines[i]["resolved_path"], other.File(names[i]));
    ExpectTarget(lines[i], other, kNobody);
  }
}

TEST_F(ProcessFilesTest, MappingsByNodeOfOtherUsers) {
  const FileSleeper other(kNobody);
  if (access(other.File("numa_maps").c_str(), F_OK) != 0) {
    GTEST_SKIP() << "this kernel knows no nodes of memory";
  }
  const auto lines = AccessBy([&] { return Open(other.File("numa_maps"), O_RDONLY) < 0 ? 1 : 0; });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["operation"], "open_mappings");
}

// The name is all that there is.
TEST_F(ProcessFilesTest, RefusedAttemptsHaveTheNameThatWasAskedFor) {
  const FileSleeper sleeper;
  const std::string pid = std::to_string(sleeper.pid());
  const auto lines = AccessBy([&] {
    if (setgid(kNobody) != 0 || setuid(kNobody) != 0) return 1;
    if (Open(sleeper.File("mem"), O_RDWR) >= 0 || errno != EACCES) return 2;
    if (chdir(("/proc/" + pid).c_str()) != 0) return 3;
    if (Open("./environ", O_RDONLY) >= 0 || errno != EACCES) return 4;
    if (Open("/proc/" + pid + "/nothing/mem", O_RDONLY) >= 0 || errno != ENOENT) return 5;
    return Open("/etc/shadow", O_RDONLY) >= 0 ? 6 : 0;
  });
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["operation"], "open_memory_to_write");
  EXPECT_EQ(lines[1]["operation"], "open_environment");
  for (const Line& l : lines) {
    EXPECT_EQ(l["error"], "EACCES");
    EXPECT_EQ(l["path_source"], "lexical");
    ExpectTarget(l, sleeper);
  }
  EXPECT_EQ(lines[0]["resolved_path"], sleeper.File("mem"));
  EXPECT_EQ(lines[1]["resolved_path"], sleeper.File("environ"));
}

TEST_F(ProcessFilesTest, The32BitTableIsSeenToo) {
  if (!No32BitCalls().empty()) GTEST_SKIP() << No32BitCalls();
  const FileSleeper sleeper;
  const auto lines = AccessBy([&] {
    char* low = static_cast<char*>(LowMemory());
    if (low == nullptr) return 1;
    std::strcpy(low, sleeper.File("mem").c_str());
    return Call32(5 /* open */, reinterpret_cast<long>(low), O_RDWR) < 0 ? 2 : 0;
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["compat32"], "true");
  EXPECT_EQ(lines[0]["operation"], "open_memory_to_write");
  ExpectTarget(lines[0], sleeper);
}

// Another thread may close the descriptor before the call returns, or a tracer makes the result up.
// Where functions of the kernel are the witnesses, an open that was never made is no event.
TEST_F(ProcessFilesTest, SuccessWithoutADescriptorRestsOnTheName) {
  const FileSleeper sleeper;
  const std::string name = sleeper.File("mem");
  const Shared<pid_t> forger;
  AccessBy([&] {
    return Forge(
        {900}, 0, [&] { syscall(SYS_openat, AT_FDCWD, name.c_str(), O_RDWR); }, &*forger);
  });
  const auto lines = agent().out().All(TypeAndPid("process_access", *forger));
  std::vector<Line> opens;
  for (const Line& l : lines) {
    if (l["syscall"] == "openat") opens.push_back(l);
  }
  if (agent().LayerOf("file_open") == "function") {
    EXPECT_TRUE(opens.empty());
    return;
  }
  ASSERT_EQ(opens.size(), 1U);
  EXPECT_EQ(opens[0]["doubtful"], "true");
  EXPECT_EQ(opens[0]["operation"], "open_memory_to_write");
  EXPECT_EQ(opens[0]["resolved_path"], name);
  EXPECT_EQ(opens[0]["path_source"], "lexical");
  ExpectTarget(opens[0], sleeper);
}

// Where files are watched, and those in /proc excluded.
TEST(ProcessFilesByDefaultTest, ExcludedPathsDoNotHideThem) {
  const TempFolder folder;
  Agent agent(
      {.config = "[file]\nwatch_paths = [\"" + folder.path() + "\"]\nexclude_paths = [\"/proc\"]\n",
       .quiet = false});
  const FileSleeper sleeper;
  int status = -1;
  const pid_t pid = RunInChild(
      [&] {
        if (Open(sleeper.File("mem"), O_RDWR) < 0) return 1;
        if (Open(sleeper.File("stat"), O_RDONLY) < 0) return 2;
        return open((folder / "made").c_str(), O_CREAT | O_WRONLY, 0600) < 0 ? 3 : 0;
      },
      &status);
  ASSERT_EQ(status, 0);
  agent.Catch();
  const auto access = agent.out().All(TypeAndPid("process_access", pid));
  ASSERT_EQ(access.size(), 1U);
  EXPECT_EQ(access[0]["resolved_path"], sleeper.File("mem"));
  const auto opens = agent.out().All(TypeAndPid("file_open", pid));
  ASSERT_EQ(opens.size(), 1U);
  EXPECT_EQ(opens[0]["resolved_path"], folder / "made");
  EXPECT_EQ(agent.Stop(), 0) << agent.Errors();
}

// Where those in /proc are watched, they are events of files, too.
TEST(ProcessFilesByDefaultTest, WatchedOnesAreBoth) {
  Agent agent({.config = "[file]\nwatch_paths = [\"/proc\"]\nexclude_paths = []\n"
                         "[performance]\nmax_events_per_second = 0\n",
               .quiet = false});
  const FileSleeper sleeper;
  int status = -1;
  const pid_t pid =
      RunInChild([&] { return Open(sleeper.File("mem"), O_RDONLY) < 0 ? 1 : 0; }, &status);
  ASSERT_EQ(status, 0);
  agent.Catch();
  EXPECT_EQ(agent.out().All(TypeAndPid("process_access", pid)).size(), 1U);
  EXPECT_EQ(agent.out().All(TypeAndPid("file_open", pid)).size(), 1U);
  EXPECT_EQ(agent.Stop(), 0) << agent.Errors();
}

}  // namespace
}  // namespace randguard::live

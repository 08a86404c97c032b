// SPDX-License-Identifier: Apache-2.0
//
// The rights that the two processes keep, and the end of peers and files that are not what they
// should be.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>

#include "tests/live/agent.h"

namespace randguard::live {
namespace {

using std::chrono::milliseconds;

std::string StatusField(pid_t pid, const std::string& name) {
  const std::string status = ReadFile("/proc/" + std::to_string(pid) + "/status");
  const std::size_t at = status.find("\n" + name + ":\t");
  if (at == status.npos) return "(absent)";
  const std::size_t begin = at + name.size() + 3;
  return status.substr(begin, status.find('\n', begin) - begin);
}

// User and system time so far, in clock ticks.
long CpuTicks(pid_t pid) {
  const std::string stat = ReadFile("/proc/" + std::to_string(pid) + "/stat");
  std::size_t at = stat.rfind(") ") + 2;
  for (int field = 3; field < 14; ++field) at = stat.find(' ', at) + 1;
  const long user = std::stol(stat.substr(at));
  return user + std::stol(stat.substr(stat.find(' ', at) + 1));
}

TEST(PrivilegeTest, TheCollectorKeepsNothing) {
  Agent agent;
  const pid_t pid = agent.collector();
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    EXPECT_EQ(StatusField(pid, set), "0000000000000000") << set;
  }
  EXPECT_EQ(StatusField(pid, "NoNewPrivs"), "1");
  EXPECT_EQ(StatusField(pid, "Seccomp"), "2");
  EXPECT_EQ(StatusField(pid, "Threads"), "1");
  EXPECT_EQ(StatusField(pid, "Groups"), " ");
  const std::string uid = StatusField(pid, "Uid");
  EXPECT_FALSE(uid.starts_with("0\t")) << uid;
  EXPECT_NE(uid, StatusField(agent.analyzer(), "Uid"));
}

TEST(PrivilegeTest, TheCollectorHoldsNoFileOfTheHost) {
  Agent agent;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(agent.collector()) + "/fd")) {
    const std::string target = std::filesystem::read_symlink(entry.path());
    const bool expected = target.starts_with("anon_inode:") || target.starts_with("socket:") ||
                          target.starts_with("pipe:") || target == "/dev/null" ||
                          target.ends_with("/stderr");
    EXPECT_TRUE(expected) << entry.path() << " -> " << target;
  }
}

TEST(PrivilegeTest, TheAnalyzerHasNoCapability) {
  Agent agent;
  EXPECT_EQ(StatusField(agent.analyzer(), "CapEff"), "0000000000000000");
  EXPECT_EQ(StatusField(agent.analyzer(), "CapPrm"), "0000000000000000");
  EXPECT_EQ(StatusField(agent.analyzer(), "NoNewPrivs"), "1");
  EXPECT_EQ(StatusField(agent.analyzer(), "Uid").find("0\t"), std::string::npos);
}

// Injects a system call into the collector where it waits in one of its own. Returns the wait
// status afterwards.
int InjectSystemCall(pid_t pid, long number, long a0, long a1, long a2) {
  EXPECT_EQ(ptrace(PTRACE_SEIZE, pid, 0, 0), 0) << std::strerror(errno);
  EXPECT_EQ(ptrace(PTRACE_INTERRUPT, pid, 0, 0), 0);
  int status = 0;
  waitpid(pid, &status, __WALL);
  user_regs_struct regs{};
  EXPECT_EQ(ptrace(PTRACE_GETREGS, pid, 0, &regs), 0);
  // Interrupted within a call: the instruction before is `syscall` itself.
  regs.rip -= 2;
  EXPECT_EQ(ptrace(PTRACE_PEEKTEXT, pid, regs.rip, 0) & 0xffff, 0x050f);
  regs.orig_rax = -1;  // no restart of the interrupted call
  regs.rax = static_cast<unsigned long>(number);
  regs.rdi = static_cast<unsigned long>(a0);
  regs.rsi = static_cast<unsigned long>(a1);
  regs.rdx = static_cast<unsigned long>(a2);
  EXPECT_EQ(ptrace(PTRACE_SETREGS, pid, 0, &regs), 0);
  EXPECT_EQ(ptrace(PTRACE_DETACH, pid, 0, 0), 0);
  return status;
}

class ForbiddenCallTest : public testing::TestWithParam<long> {};

TEST_P(ForbiddenCallTest, KillsTheCollector) {
  Agent agent;
  std::this_thread::sleep_for(milliseconds(100));
  InjectSystemCall(agent.collector(), GetParam(), 0, 0, 0);
  // The supervisor reports how it ended.
  for (int i = 0; i < 500 && agent.Errors().find("killed by signal 31") == std::string::npos; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_NE(agent.Errors().find("the collector was killed by signal 31"), std::string::npos)
      << agent.Errors();
}

INSTANTIATE_TEST_SUITE_P(Calls, ForbiddenCallTest,
                         testing::Values(SYS_openat, SYS_execve, SYS_ptrace, SYS_getpid, SYS_setuid,
                                         SYS_unlink, SYS_recvfrom, SYS_bpf /* BPF_MAP_CREATE */));

// The one that reads how often the kernel skipped a program; this one asks about no program, and
// gets an error.
TEST(PrivilegeTest, TheCollectorMayAskForTheCountersOfItsPrograms) {
  Agent agent;
  std::this_thread::sleep_for(milliseconds(100));
  InjectSystemCall(agent.collector(), SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, 0, 0);
  const Line health = agent.Health();
  EXPECT_NE(health["programs"].find("\"exec\":{\"runs\":"), std::string::npos);
  EXPECT_EQ(agent.Stop(), 0) << agent.Errors();
}

TEST(PrivilegeTest, NothingOutlivesARunThatIsKilled) {
  Agent agent;
  const pid_t children[] = {agent.collector(), agent.analyzer()};
  agent.Stop(SIGKILL);
  for (const pid_t pid : children) {
    bool gone = false;
    for (int i = 0; i < 100 && !gone; ++i) {
      gone = kill(pid, 0) != 0 || ReadFile("/proc/" + std::to_string(pid) + "/cmdline").empty();
      if (!gone) usleep(50'000);
    }
    EXPECT_TRUE(gone) << pid;
  }
}

TEST(PrivilegeTest, AnIdleCollectorCostsNearlyNothing) {
  Agent agent;
  std::this_thread::sleep_for(milliseconds(500));
  const long before = CpuTicks(agent.collector());
  std::this_thread::sleep_for(milliseconds(4000));
  // 4 s are 400 ticks of 10 ms; the machine may do a little without us meanwhile.
  EXPECT_LE(CpuTicks(agent.collector()) - before, 4);
}

class AnalyzerAlone : public testing::Test {
 protected:
  AnalyzerAlone()
      : out_(folder_ / "out", {&analyzer_}),
        analyzer_({RandGuard(), "analyze", "--config", Config(), "--listen", folder_ / "socket",
                   "--output", folder_ / "out", "--collector-user", "59911", "--analyzer-user", "0",
                   "--allow-root"},
                  folder_ / "stderr") {
    for (int i = 0; i < 500 && access((folder_ / "socket").c_str(), F_OK) != 0; ++i) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    std::this_thread::sleep_for(milliseconds(50));
  }

  std::string Config() {
    WriteFile(folder_ / "config.toml", "[events]\nfile = false\n[file]\nenabled = false\n");
    return folder_ / "config.toml";
  }

  // Connects as `uid` and sends `bytes`. True if the analyzer hung up.
  bool SendAs(uid_t uid, const std::string& bytes) {
    int status = 0;
    RunInChild(
        [&] {
          if (uid != 0 && (setgid(uid) != 0 || setuid(uid) != 0)) return 9;
          sockaddr_un address{.sun_family = AF_UNIX};
          const std::string path = folder_ / "socket";
          std::memcpy(address.sun_path, path.data(), path.size());
          const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
          const timeval patience{5, 0};
          setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
          if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return 8;
          if (!bytes.empty() && send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) return 0;
          char byte = 0;
          const ssize_t n = recv(fd, &byte, 1, 0);  // 0 or reset: hung up
          return n == 0 || (n < 0 && errno == ECONNRESET) ? 0 : 1;
        },
        &status);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  Line Health() {
    EXPECT_TRUE(analyzer_.Running()) << analyzer_.State();
    kill(analyzer_.pid(), SIGUSR1);
    EXPECT_TRUE(out_.WaitFor([&](const Line& l) { return l.Is("health"); }));
    return out_.lines().back();
  }

  TempFolder folder_;
  Output out_;
  Child analyzer_;
};

TEST_F(AnalyzerAlone, IsBlindAndSaysSo) {
  const Line health = Health();
  EXPECT_EQ(health["status"], "blind");
  EXPECT_EQ(health["reasons"], R"(["no collector is connected"])");
}

TEST_F(AnalyzerAlone, RefusesAPeerOfAnotherUid) {
  EXPECT_TRUE(SendAs(59912, ""));
  EXPECT_EQ(Health()["refused_connections"], "1");
  EXPECT_NE(ReadFile(folder_ / "stderr").find("uid 59912 is not the collector's"),
            std::string::npos);
}

TEST_F(AnalyzerAlone, HangsUpOnGarbageAndLivesOn) {
  EXPECT_TRUE(SendAs(59911, std::string(4096, '\xa5')));
  EXPECT_TRUE(SendAs(59911, std::string(8, '\0') + std::string(64, 'x')));
  const Line health = Health();
  EXPECT_EQ(health["session_errors"], "2") << ReadFile(folder_ / "stderr");
  EXPECT_TRUE(analyzer_.Running());
}

// Gives a collector input that it must not take.
class RefusingCollector : public testing::Test {
 protected:
  RefusingCollector() {
    WriteFile(folder_ / "config.toml", "[events]\nfile = false\n[file]\nenabled = false\n");
    RunProgram({RandGuard(), "plan", "--config", folder_ / "config.toml", "--output",
                folder_ / "plan", "--collector-user", "59911", "--analyzer-user", "0"});
    std::filesystem::copy_file(Object(), folder_ / "object");
    chmod((folder_ / "object").c_str(), 0644);
  }

  // Its one line on stderr; it has ended with status 1.
  std::string Refusal() {
    Child collector({Collector(), "--plan", folder_ / "plan", "--object", folder_ / "object",
                     "--socket", folder_ / "socket"},
                    folder_ / "stderr");
    for (int i = 0; i < 500 && collector.Running(); ++i) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    const int status = collector.End(SIGKILL);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
    return ReadFile(folder_ / "stderr");
  }

  TempFolder folder_;
};

TEST_F(RefusingCollector, ObjectThatOthersCanWrite) {
  chmod((folder_ / "object").c_str(), 0666);
  EXPECT_NE(Refusal().find("must belong to root and be writable by root only"), std::string::npos);
}

TEST_F(RefusingCollector, ObjectOfAnotherUser) {
  ASSERT_EQ(chown((folder_ / "object").c_str(), 65534, 65534), 0);
  EXPECT_NE(Refusal().find("it is owned by uid 65534"), std::string::npos);
}

TEST_F(RefusingCollector, ObjectThatIsCut) {
  std::filesystem::resize_file(folder_ / "object", 5000);
  EXPECT_NE(Refusal().find("eBPF object"), std::string::npos);
}

TEST_F(RefusingCollector, PlanThatIsCut) {
  std::filesystem::resize_file(folder_ / "plan", 16);
  EXPECT_EQ(Refusal().find("rand-guard-collector: plan " + (folder_ / "plan") + " is damaged: "),
            0U);
}

// `rand-guard plan` leaves that when it fails.
TEST_F(RefusingCollector, PlanThatIsEmpty) {
  std::filesystem::resize_file(folder_ / "plan", 0);
  EXPECT_NE(Refusal().find("is empty: it could not be compiled"), std::string::npos);
}

TEST_F(RefusingCollector, NoPlan) {
  std::filesystem::remove(folder_ / "plan");
  EXPECT_NE(Refusal().find("is missing: it could not be compiled"), std::string::npos);
}

TEST_F(RefusingCollector, PlanOfGarbage) {
  WriteFile(folder_ / "plan", std::string(256, '\x5a'));
  EXPECT_EQ(Refusal().find("rand-guard-collector: "), 0U);
}

TEST_F(RefusingCollector, NoSuchObject) {
  std::filesystem::remove(folder_ / "object");
  EXPECT_NE(Refusal().find("object: No such file or directory"), std::string::npos);
}

}  // namespace
}  // namespace randguard::live

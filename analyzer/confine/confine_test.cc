// SPDX-License-Identifier: Apache-2.0
//
// Each test confines a child and lets it try something.
#include "analyzer/confine/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/memfd.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "analyzer/config/config.h"
#include "analyzer/confine/landlock.h"
#include "analyzer/confine/sanitized.h"
#include "analyzer/confine/syscalls.h"
#include "analyzer/output/metrics/metrics_file.h"
#include "analyzer/output/sinks/datagram.h"
#include "tests/support/source_root.h"

namespace randguard {
namespace {

constexpr uid_t kSomebody = 59920;

bool HasLandlock() { return syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) > 0; }

bool HasSeccomp() { return !kSanitized; }

// The wait status of a child that runs `body`.
int InChild(const std::function<int()>& body) {
  const pid_t pid = fork();
  if (pid == 0) _exit(body());
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}

std::string Describe(int status) {
  if (WIFSIGNALED(status)) return "killed by " + std::string(strsignal(WTERMSIG(status)));
  return "exited with " + std::to_string(WEXITSTATUS(status));
}

class ConfineTest : public ::testing::Test {
 protected:
  ConfineTest() {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
    for (const char* name : {"etc", "etc/rules.d", "log", "state", "other"}) {
      std::filesystem::create_directory(folder_ + "/" + name);
      // The modes allow everything, so that Landlock alone stops a process that is not root.
      chmod((folder_ + "/" + name).c_str(), 0777);
    }
    chmod(folder_.c_str(), 0755);
    Write("etc/config.toml", "[agent]\nid = \"first\"\n");
    Write("etc/rules.d/a.toml", "");
    Write("other/file", "secret");
    Write("log/events", "");
  }
  ~ConfineTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name)) << text;
    chmod(Path(name).c_str(), 0666);
  }
  OpenLater Later() const {
    return {Path("etc/config.toml"), {{Path("log/events")}}, Path("state")};
  }

  // The exit status of `body` in a confined child that is not root.
  int Confined(const std::function<int()>& body) const {
    const int status = InChild([&] {
      if (geteuid() == 0 && (setgid(kSomebody) != 0 || setuid(kSomebody) != 0)) return 100;
      if (!ConfineService(Later()).ok()) return 101;
      return body();
    });
    EXPECT_TRUE(WIFEXITED(status)) << Describe(status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  // errno of opening, 0 if that works.
  int OpenError(const std::string& name, int flags) const {
    const std::string path = name.starts_with('/') ? name : Path(name);
    return Confined([&] { return open(path.c_str(), flags | O_CLOEXEC, 0600) < 0 ? errno : 0; });
  }

 private:
  std::string folder_ = ::testing::TempDir() + "rand-guard-XXXXXX";
};

TEST_F(ConfineTest, HealthSaysWhatHolds) {
  const bool has_landlock = HasLandlock();
  const int status = InChild([&] {
    const auto now = ConfineService(Later());
    if (!now.ok() || !now->no_new_privs) return 1;
    if (now->seccomp != (HasSeccomp() ? SeccompState::kEnforced : SeccompState::kOff)) return 2;
    if ((now->landlock_abi > 0) != has_landlock) return 3;
    if (now->landlock_abi >= 3 && now->landlock != LandlockState::kEnforced) return 4;
    if (now->landlock_abi == 0 && now->landlock != LandlockState::kOff) return 5;
    return 0;
  });
  EXPECT_EQ(Describe(status), "exited with 0");
}

TEST_F(ConfineTest, ConfigurationIsReadAgain) {
  EXPECT_EQ(Confined([&] {
              const ConfigResult result = LoadConfig(Path("etc/config.toml"));
              return result.config.has_value() && result.config->agent.id == "first" ? 0 : 1;
            }),
            0);
}

TEST_F(ConfineTest, ConfigurationBehindALinkIsReadAgain) {
  std::filesystem::rename(Path("etc/config.toml"), Path("other/real.toml"));
  std::filesystem::create_symlink(Path("other/real.toml"), Path("etc/config.toml"));
  EXPECT_EQ(
      Confined([&] { return LoadConfig(Path("etc/config.toml")).config.has_value() ? 0 : 1; }), 0);
}

TEST_F(ConfineTest, RulesBehindALinkAreReadAgain) {
  std::filesystem::create_directory(Path("shared"));
  Write("shared/real.toml", "");
  std::filesystem::create_symlink(Path("shared/real.toml"), Path("etc/rules.d/b.toml"));
  EXPECT_EQ(
      Confined([&] { return LoadConfig(Path("etc/config.toml")).config.has_value() ? 0 : 1; }), 0);
  if (!HasLandlock()) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(OpenError("shared/real.toml", O_WRONLY), EACCES);
  EXPECT_EQ(OpenError("other/file", O_RDONLY), EACCES);
}

TEST_F(ConfineTest, ConfigurationIsNotWritten) {
  if (!HasLandlock()) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(OpenError("etc/config.toml", O_RDONLY), 0);
  EXPECT_EQ(OpenError("etc/config.toml", O_WRONLY), EACCES);
  EXPECT_EQ(OpenError("etc/new", O_WRONLY | O_CREAT), EACCES);
}

TEST_F(ConfineTest, OutputIsRotatedAndNotRead) {
  if (!HasLandlock()) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(Confined([&] {
              if (rename(Path("log/events").c_str(), Path("log/events.1").c_str()) != 0) return 1;
              return open(Path("log/events").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0640) < 0 ? 2
                                                                                               : 0;
            }),
            0);
  EXPECT_EQ(OpenError("log/events.1", O_RDONLY), EACCES);
}

TEST_F(ConfineTest, StateIsWritten) { EXPECT_EQ(OpenError("state/new", O_RDWR | O_CREAT), 0); }

TEST_F(ConfineTest, NothingElseIsOpened) {
  if (!HasLandlock()) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(OpenError("other/file", O_RDONLY), EACCES);
  EXPECT_EQ(OpenError("other/file", O_WRONLY), EACCES);
  EXPECT_EQ(OpenError("other/new", O_WRONLY | O_CREAT), EACCES);
  EXPECT_EQ(OpenError("/etc/passwd", O_RDONLY), EACCES);
  EXPECT_EQ(OpenError("/proc/self/maps", O_RDONLY), EACCES);
  EXPECT_EQ(OpenError("/", O_RDONLY | O_DIRECTORY), EACCES);
  EXPECT_EQ(OpenError("log/../other/file", O_RDONLY), EACCES);
}

// Somebody puts another file in the place of that one, as all who change users do.
TEST_F(ConfineTest, NamesOfUsersAreReadAgain) {
  Write("other/passwd", "old");
  const auto confined = [&](const std::function<int()>& body) {
    return Describe(InChild([&] {
      if (geteuid() == 0 && (setgid(kSomebody) != 0 || setuid(kSomebody) != 0)) return 100;
      if (!ConfineService({.users = Path("other/passwd")}).ok()) return 101;
      return body();
    }));
  };
  std::filesystem::rename(Path("other/file"), Path("other/passwd"));
  EXPECT_EQ(confined([&] { return open(Path("other/passwd").c_str(), O_RDONLY) < 0 ? errno : 0; }),
            "exited with 0");
  if (!HasLandlock()) GTEST_SKIP() << "this kernel has no Landlock";
  const std::string denied = "exited with " + std::to_string(EACCES);
  EXPECT_EQ(confined([&] { return open(Path("other/passwd").c_str(), O_RDWR) < 0 ? errno : 0; }),
            denied);
  EXPECT_EQ(confined([&] { return open(Path("other").c_str(), O_RDONLY) < 0 ? errno : 0; }),
            denied);
  EXPECT_EQ(confined([&] { return open(Path("log/events").c_str(), O_RDONLY) < 0 ? errno : 0; }),
            denied);
}

TEST_F(ConfineTest, MetricsTakeThePlaceOfWhateverHasTheirName) {
  chmod(Path("other").c_str(), 01777);
  std::filesystem::create_symlink("/dev/null", Path("other/a.prom"));
  Write("other/a.prom.new", "left");
  if (geteuid() == 0) {
    for (const char* name : {"other/a.prom", "other/a.prom.new"}) {
      ASSERT_EQ(lchown(Path(name).c_str(), kSomebody, kSomebody), 0);
    }
  }
  const auto write = [&](const std::string& path) {
    return Describe(InChild([&] {
      if (geteuid() == 0 && (setgid(kSomebody) != 0 || setuid(kSomebody) != 0)) return 100;
      if (!ConfineService({.metrics = Path("other/a.prom")}).ok()) return 101;
      MetricsFile file(path);
      file.Write("a 1\n");
      return file.error().empty() ? 0 : 1;
    }));
  };
  EXPECT_EQ(write(Path("other/a.prom")), "exited with 0");
  struct stat st {};
  ASSERT_EQ(lstat(Path("other/a.prom").c_str(), &st), 0);
  EXPECT_TRUE(S_ISREG(st.st_mode));
  EXPECT_EQ(st.st_size, 4);
  EXPECT_FALSE(std::filesystem::exists(Path("other/a.prom.new")));
  if (!HasLandlock()) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(write(Path("log/a.prom")), "exited with 1");
}

TEST_F(ConfineTest, SegmentsAreMadeEndedCutAndRemoved) {
  const int status = InChild([&] {
    if (!ConfineService({.outputs = {{Path("log/out"), /*segments=*/true}}}).ok()) return 100;
    const int fd = open(Path("log/out-1").c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || fchmod(fd, 0640) != 0 || write(fd, "ab", 2) != 2) return 1;
    if (ftruncate(fd, 1) != 0) return 2;
    if (fchmod(fd, 0440) != 0) return 3;
    return unlink(Path("log/out-1").c_str()) == 0 ? 0 : 4;
  });
  EXPECT_EQ(Describe(status), "exited with 0");
}

TEST_F(ConfineTest, SegmentsThatAreToBeCompressedAreRead) {
  const auto compress = [&](bool read) {
    return Describe(InChild([&] {
      if (!ConfineService({.outputs = {{Path("log/out"), /*segments=*/true, read}}}).ok()) {
        return 100;
      }
      const int in = open(Path("log/events").c_str(), O_RDONLY);
      if (in < 0) return 1;
      const int out = open(Path("log/.new").c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
      if (out < 0 || write(out, "ab", 2) != 2 || fsync(out) != 0 || fdatasync(out) != 0) return 2;
      return rename(Path("log/.new").c_str(), Path("log/events.zst").c_str()) == 0 ? 0 : 3;
    }));
  };
  EXPECT_EQ(compress(true), "exited with 0");
  if (!HasLandlock()) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(compress(false), "exited with 1") << "without need, none is";
}

TEST_F(ConfineTest, TheCanaryStartsProcessesAndNothingElse) {
  if (kSanitized) GTEST_SKIP() << "the sanitizers call the kernel themselves";
  const auto run = [&](const std::function<int()>& call) {
    return Describe(InChild([&] { return ConfineCanary().ok() ? call() : 100; }));
  };
  EXPECT_EQ(run([] {
              const long child = syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
              if (child == 0) syscall(SYS_exit_group, 7);
              int status = 0;
              if (syscall(SYS_wait4, child, &status, 0, nullptr) != child) return 1;
              return WEXITSTATUS(status) == 7 ? 0 : 2;
            }),
            "exited with 0");
  const std::string killed = "killed by Bad system call";
  for (const long call : {SYS_openat, SYS_sendto, SYS_socket, SYS_execve, SYS_kill}) {
    EXPECT_EQ(run([&] { return static_cast<int>(syscall(call, 0, 0, 0)); }), killed) << call;
  }
  EXPECT_EQ(run([] {
              return static_cast<int>(
                  syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
            }),
            killed);
}

TEST_F(ConfineTest, DeviceAsOutputOpensNoOther) {
  if (!HasLandlock()) GTEST_SKIP() << "this kernel has no Landlock";
  const int status = InChild([&] {
    if (!ConfineService({.outputs = {{"/dev/null"}}}).ok()) return 1;
    if (open("/dev/null", O_WRONLY) < 0) return 2;
    return open("/dev/zero", O_WRONLY) < 0 && errno == EACCES ? 0 : 3;
  });
  EXPECT_EQ(Describe(status), "exited with 0");
}

TEST_F(ConfineTest, WhatIsConnectedIsStillSentTo) {
  const std::string path = Path("other/notify");
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX};
  std::memcpy(address.sun_path, path.data(), path.size());
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  chmod(path.c_str(), 0777);
  const auto datagram = Datagram::Connect(path);
  ASSERT_TRUE(datagram.ok()) << datagram.status();
  EXPECT_EQ(Confined([&] { return datagram->Send("READY=1", true); }), 0);
  char text[16] = {};
  EXPECT_EQ(recv(fd, text, sizeof(text), MSG_DONTWAIT), 7) << text;
  close(fd);
}

TEST_F(ConfineTest, WhoIsRootIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const absl::Status status = CheckUnprivileged(false);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("does not run as root"), absl::string_view::npos) << status;
  EXPECT_TRUE(CheckUnprivileged(true).ok());
}

TEST_F(ConfineTest, WhoIsNobodyInParticularIsNot) {
  const int status = InChild([] {
    if (geteuid() == 0 && (setgid(kSomebody) != 0 || setuid(kSomebody) != 0)) return 100;
    return CheckUnprivileged(false).ok() ? 0 : 1;
  });
  EXPECT_EQ(Describe(status), "exited with 0");
}

TEST_F(ConfineTest, WhoKeptACapabilityIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const int status = InChild([] {
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setuid(kSomebody) != 0) return 100;
    const absl::Status refused = CheckUnprivileged(false);
    return refused.message().find("capabilities") != absl::string_view::npos ? 0 : 1;
  });
  EXPECT_EQ(Describe(status), "exited with 0");
}

struct Forbidden {
  const char* name;
  long call;
  long arguments[3];
};

class ForbiddenCallTest : public ::testing::TestWithParam<Forbidden> {};

int Try(const Forbidden& f) {
  syscall(f.call, f.arguments[0], f.arguments[1], f.arguments[2], 0, 0, 0);
  return 0;
}

TEST_P(ForbiddenCallTest, KillsTheService) {
  if (!HasSeccomp()) GTEST_SKIP() << "sanitizers make calls of their own";
  const int status = InChild([] { return ConfineService({}).ok() ? Try(GetParam()) : 100; });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << Describe(status);
}

TEST_P(ForbiddenCallTest, KillsAReader) {
  if (!HasSeccomp()) GTEST_SKIP() << "sanitizers make calls of their own";
  const int status = InChild([] { return ConfineReader().ok() ? Try(GetParam()) : 100; });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << Describe(status);
}

INSTANTIATE_TEST_SUITE_P(
    Calls, ForbiddenCallTest,
    ::testing::Values(Forbidden{"execve", SYS_execve, {}}, Forbidden{"execveat", SYS_execveat, {}},
                      Forbidden{"fork", SYS_fork, {}}, Forbidden{"clone", SYS_clone, {}},
                      Forbidden{"clone3", SYS_clone3, {}}, Forbidden{"ptrace", SYS_ptrace, {}},
                      Forbidden{"process_vm_readv", SYS_process_vm_readv, {}},
                      Forbidden{"kill", SYS_kill, {1, 0}}, Forbidden{"bpf", SYS_bpf, {}},
                      Forbidden{"internet_socket", SYS_socket, {AF_INET, SOCK_STREAM}},
                      Forbidden{"netlink", SYS_socket, {AF_NETLINK, SOCK_RAW}},
                      Forbidden{"unix_socket", SYS_socket, {AF_UNIX, SOCK_DGRAM}},
                      Forbidden{"sendmsg", SYS_sendmsg, {-1, 0, 0}},
                      Forbidden{"connect", SYS_connect, {-1, 0, 0}},
                      Forbidden{"bind", SYS_bind, {-1, 0, 0}},
                      Forbidden{"executable_memory", SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC}},
                      Forbidden{"mprotect", SYS_mprotect, {0, 0, PROT_EXEC}},
                      Forbidden{"memfd_create", SYS_memfd_create, {0, 0, 0}},
                      Forbidden{"setuid", SYS_setuid, {0}}, Forbidden{"chmod", SYS_chmod, {}},
                      Forbidden{"fchmod_setuid", SYS_fchmod, {-1, 04755}},
                      Forbidden{"unlinkat", SYS_unlinkat, {}}, Forbidden{"mount", SYS_mount, {}},
                      Forbidden{"ioctl", SYS_ioctl, {1, 0x5412 /* TIOCSTI */, 0}},
                      Forbidden{"io_uring_setup", SYS_io_uring_setup, {}}),
    [](const auto& call) { return std::string(call.param.name); });

TEST(ReaderTest, OpensNothing) {
  if (!HasSeccomp()) GTEST_SKIP() << "sanitizers make calls of their own";
  const int status = InChild([] {
    if (!ConfineReader().ok()) return 100;
    return open("/dev/null", O_RDONLY);
  });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << Describe(status);
}

TEST(AllowedCallsTest, DocumentListsTheSystemCallsOfTheFilter) {
  std::ifstream file(testing::SourcePath("docs/privileged-surface.md"));
  std::stringstream text;
  text << file.rdbuf();
  const std::string header = "| system call | where | why |\n| --- | --- | --- |\n";
  const std::size_t begin = text.str().find(header);
  ASSERT_NE(begin, std::string::npos);
  const std::string rest = text.str().substr(begin + header.size());
  EXPECT_EQ(rest.substr(0, rest.find("\n\n") + 1), AllowedCalls());
}

}  // namespace
}  // namespace randguard

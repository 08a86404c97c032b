// SPDX-License-Identifier: Apache-2.0
//
// Ways in which a program may try to go unseen, or to be seen as something else: other numbers,
// other tables, other roots, filters and rings. Each of them must be an event like any other.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "tests/live/agent.h"
#include "tests/live/forge.h"
#include "tests/live/host.h"
#include "tests/live/ring.h"
#include "tests/live/watched_folder.h"

namespace randguard::live {
namespace {

constexpr long kUpperHalf = 1L << 40;  // upper half of rax, which the kernel does not look at

class EvasionTest : public WatchedFolderTest {
 protected:
  static void SetUpTestSuite() {
    Start([] { return Watching() + "[events]\nnetwork = true\n[network]\nenabled = true\n"; });
  }
  static std::string InodeOf(const std::string& name) {
    struct stat s {};
    EXPECT_EQ(stat((root() + "/" + name).c_str(), &s), 0);
    return std::to_string(s.st_ino);
  }

  // The events of one type that a child caused by running `body` in the watched folder. `body`
  // returns 0, or 77 where this kernel has no such thing.
  std::vector<Line> EventsOf(std::string_view type, const std::function<int()>& body) {
    const pid_t pid = RunInFolder(body, &status_);
    return agent().out().All([&](const Line& l) {
      return l["event_type"].starts_with(type) && l["pid"] == std::to_string(pid);
    });
  }
  bool unsupported() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == 77; }
  int status() const { return status_; }

 private:
  int status_ = -1;
};

// A file of somebody's own that is mounted over a program, to be taken for it.
TEST_F(EvasionTest, ProgramUnderAnothersNameHasAPathOfItsOwn) {
  if (!IsOnRootFileSystem(root())) GTEST_SKIP() << root() << " has a file system of its own";
  Make("dpkg");
  const auto starts = EventsOf("process_start", [] {
    if (OwnMounts() != 0) return 1;
    std::error_code error;
    if (!std::filesystem::copy_file("/bin/true", "impostor", error)) return 2;
    if (mount("impostor", "dpkg", nullptr, MS_BIND, nullptr) != 0) return 3;
    execl("dpkg", "dpkg", nullptr);
    return 4;
  });
  ASSERT_EQ(status(), 0);
  ASSERT_EQ(starts.size(), 1U);
  EXPECT_EQ(starts[0]["exe_path"], root() + "/dpkg");
  EXPECT_EQ(starts[0]["exe_fs_path"], root() + "/impostor");
  EXPECT_EQ(starts[0]["mount_namespace_foreign"], "true");
}

TEST_F(EvasionTest, UpperHalfOfTheCallsNumber) {
  Make("upper");
  const auto files =
      EventsOf("file_", [] { return syscall(SYS_unlink | kUpperHalf, "upper") == 0 ? 0 : 1; });
  ASSERT_EQ(status(), 0);
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0]["event_type"], "file_unlink");
  EXPECT_EQ(files[0]["resolved_path"], root() + "/upper");

  const auto starts = EventsOf("process_start", [] {
    const char* const args[] = {"true", nullptr};
    const char* const env[] = {nullptr};
    syscall(SYS_execve | kUpperHalf, "/bin/true", args, env);
    return 1;
  });
  ASSERT_EQ(starts.size(), 1U);
  EXPECT_NE(starts[0]["source"], "kernel");
}

TEST_F(EvasionTest, NamesInAChrootStayInIt) {
  mkdir((root() + "/jail").c_str(), 0755);
  const auto events = EventsOf("file_", [] {
    if (chroot("jail") != 0 || chdir("/") != 0) return 1;
    if (syscall(SYS_mkdir, "/a", 0755) != 0) return 2;
    if (syscall(SYS_mkdir, "/../../b", 0755) != 0) return 3;
    if (syscall(SYS_mkdir, "/a/../c", 0755) != 0) return 4;
    return 0;
  });
  ASSERT_EQ(status(), 0);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0]["resolved_path"], root() + "/jail/a");
  EXPECT_EQ(events[1]["resolved_path"], root() + "/jail/b");
  EXPECT_EQ(events[2]["resolved_path"], root() + "/jail/c");
}

TEST_F(EvasionTest, NamesThatFailInAChrootStayInIt) {
  mkdir((root() + "/cell").c_str(), 0755);
  const auto events = EventsOf("file_", [] {
    if (chroot("cell") != 0 || chdir("/") != 0) return 1;
    for (const char* name : {"/x", "/../../x", "x", "../x"}) {
      if (open(name, O_RDONLY) >= 0) return 2;
      if (syscall(SYS_openat, AT_FDCWD, name, O_WRONLY) >= 0) return 3;
      if (syscall(SYS_unlink, name) == 0) return 4;
    }
    return 0;
  });
  ASSERT_EQ(status(), 0);
  ASSERT_EQ(events.size(), 12U);
  for (const Line& e : events) {
    EXPECT_EQ(e["error"], "ENOENT") << e.text;
    EXPECT_EQ(e["resolved_path"], root() + "/cell/x") << e.text;
  }
}

// With RESOLVE_IN_ROOT the directory is the root, and with RESOLVE_BENEATH nothing outside of it is
// looked for. No attempt that failed has a path outside of it.
TEST_F(EvasionTest, NamesThatFailInARootOfOpenat2StayInIt) {
  mkdir((root() + "/jail2").c_str(), 0755);
  constexpr const char* kNames[] = {"/etc/x", "/../etc/x", "../../etc/x", "etc/x", "./../etc//x"};
  constexpr std::uint64_t kResolves[] = {RESOLVE_IN_ROOT, RESOLVE_BENEATH,
                                         RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS};
  const auto events = EventsOf("file_openat2", [&] {
    const int jail = open("jail2", O_RDONLY | O_DIRECTORY);
    for (const std::uint64_t resolve : kResolves) {
      for (const char* name : kNames) {
        open_how how{};
        how.flags = O_RDONLY;
        how.resolve = resolve;
        if (syscall(SYS_openat2, jail, name, &how, sizeof(how)) >= 0) return 2;
      }
    }
    // From the working directory, too.
    open_how how{};
    how.flags = O_RDONLY;
    how.resolve = RESOLVE_IN_ROOT;
    if (fchdir(jail) != 0 || syscall(SYS_openat2, AT_FDCWD, "/etc/x", &how, sizeof(how)) >= 0) {
      return 3;
    }
    return 0;
  });
  ASSERT_EQ(status(), 0);
  ASSERT_EQ(events.size(), std::size(kNames) * std::size(kResolves) + 1);
  for (const Line& e : events) {
    EXPECT_NE(e["error"], "null") << e.text;
    EXPECT_EQ(e["resolved_path"], root() + "/jail2/etc/x") << e.text;
    EXPECT_EQ(e["path_source"], "lexical");
  }
}

TEST_F(EvasionTest, LongestNameLosesNothing) {
  std::string name = root() + "/";
  while (name.size() < 4093) name += "./";
  name += std::string(4095 - name.size(), 'z');  // PATH_MAX with its NUL
  const auto events = EventsOf("file_", [&] {
    if (syscall(SYS_mkdir, name.c_str(), 0700) != 0) return 1;
    return syscall(SYS_mkdir, (name + "z").c_str(), 0700) == -1 && errno == ENAMETOOLONG ? 0 : 2;
  });
  ASSERT_EQ(status(), 0);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["filename"], name);
  EXPECT_EQ(events[0]["filename_truncated"], "false");
  EXPECT_EQ(events[0]["resolved_path"], root() + name.substr(name.rfind('/')));
  EXPECT_EQ(events[0]["path_status"], "null");
  EXPECT_EQ(events[1]["filename_truncated"], "true");
}

// A result that a filter has made up is reported with the filter.
TEST_F(EvasionTest, ResultOfASeccompFilterIsMarked) {
  Make("kept");
  const auto events = EventsOf("file_", [] {
    if (syscall(SYS_unlink, "nothing") == 0) return 1;
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unlink, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter = {std::size(program), program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 2;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) return 3;
    if (syscall(SYS_unlink, "kept") != 0) return 4;
    return access("kept", F_OK) == 0 ? 0 : 5;
  });
  ASSERT_EQ(status(), 0);
  if (agent().LayerOf("file_names") == "function") {  // the function that removes was never called
    EXPECT_EQ(events.size(), 1U);
    return;
  }
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["seccomp"], "false");
  EXPECT_EQ(events[1]["result"], "0");
  EXPECT_EQ(events[1]["seccomp"], "true");
}

// So is one that a tracer has made up. Where functions of the kernel are the witnesses, there is no
// event at all.
TEST_F(EvasionTest, ResultOfATracerIsMarked) {
  Make("forged");
  const Shared<pid_t> forger;
  EventsOf("file_", [&] { return ForgeCalls("forged", &*forger); });
  ASSERT_EQ(status(), 0);
  const auto events = agent().out().All(
      [&](const Line& l) { return l.IsOfAFile() && l["pid"] == std::to_string(*forger); });
  if (agent().LayerOf("file_names") == "function") {
    EXPECT_TRUE(events.empty());
    return;
  }
  ASSERT_EQ(events.size(), 2U);
  for (const Line& e : events) {
    EXPECT_EQ(e["traced"], "true") << e.text;
    EXPECT_EQ(e["witness"], "call") << e.text;
  }
}

// The events of one type that the forger caused; see Forge().
#define RG_FORGED(type, results, user, body)                                           \
  [&] {                                                                                \
    const Shared<pid_t> forger;                                                        \
    EventsOf(type, [&] { return Forge(results, user, body, &*forger); });              \
    EXPECT_EQ(status(), 0);                                                            \
    return agent().out().All([&](const Line& l) {                                      \
      return l["event_type"].starts_with(type) && l["pid"] == std::to_string(*forger); \
    });                                                                                \
  }()

// Where calls are seen in their own functions, those that were never made are no events.
bool SeesForgedCalls(Agent& agent) { return agent.LayerOf("syscalls") == "call"; }

// The descriptor that bpf(2) is said to have returned may be that of any file. No other file is
// read as a program, a map or a link.
TEST_F(EvasionTest, FilesThatAreNoBpfObjectsAreNotReadAsSuch) {
  WriteFile(root() + "/plain", "x");
  int pipes[2] = {-1, -1};
  ASSERT_EQ(pipe(pipes), 0);
  const std::vector<int> files = {
      eventfd(0, 0),
      epoll_create1(0),
      static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)),
      socket(AF_INET, SOCK_DGRAM, 0),
      open((root() + "/plain").c_str(), O_RDONLY),
      open("/proc/self/status", O_RDONLY),
      pipes[0],
      900,  // is not open
  };
  constexpr int kCommands[] = {5 /* PROG_LOAD */, 13, 14, 30 /* ..._GET_FD_BY_ID */,
                               34 /* LINK_DETACH */};
  std::vector<long> results;
  for (const int file : files) {
    for (const int command : kCommands) results.push_back(command == 34 ? 0 : file);
  }
  const auto events = RG_FORGED("bpf_operation", results, 0, [&] {
    for (const int file : files) {
      for (const int command : kCommands) {
        std::uint32_t attr[32] = {command == 34 ? static_cast<std::uint32_t>(file) : 77U};
        syscall(SYS_bpf, command, attr, sizeof(attr));
      }
    }
  });
  for (const int file : files) close(file);
  close(pipes[1]);
  ASSERT_EQ(events.size(), SeesForgedCalls(agent()) ? results.size() : 0U);
  for (const Line& e : events) {
    EXPECT_EQ(e["doubtful"], "true") << e.text;
    EXPECT_EQ(e["traced"], "true") << e.text;
    EXPECT_EQ(e["own"], "null") << e.text;
    EXPECT_EQ(e["name"], "null") << e.text;
    const bool load = e["operation"] == "prog_load";
    EXPECT_EQ(e["type"], load ? "77" : "0") << e.text;
    const bool asked = !load && e["operation"] != "link_detach";
    EXPECT_EQ(e["object_id"], asked ? "77" : "null") << e.text;
  }
}

// A map is no program, and a program is no map.
TEST_F(EvasionTest, BpfObjectsOfOtherSortsAreNotReadAsSuch) {
  std::uint32_t map_attr[32] = {2 /* BPF_MAP_TYPE_ARRAY */, 4, 8, 1};
  const int map =
      static_cast<int>(syscall(SYS_bpf, 0 /* MAP_CREATE */, map_attr, sizeof(map_attr)));
  ASSERT_GE(map, 0);
  const std::vector<long> results = {map, map, map, 0};
  const auto events = RG_FORGED("bpf_operation", results, 0, [map] {
    for (const int command : {5, 13, 30, 34}) {
      std::uint32_t attr[32] = {command == 34 ? static_cast<std::uint32_t>(map) : 0U};
      syscall(SYS_bpf, command, attr, sizeof(attr));
    }
  });
  close(map);
  ASSERT_EQ(events.size(), SeesForgedCalls(agent()) ? 4U : 0U);
  for (const Line& e : events) {
    EXPECT_EQ(e["doubtful"], "true") << e.text;
    EXPECT_EQ(e["own"], "null") << e.text;
    EXPECT_EQ(e["object_id"], "null") << e.text;
  }
}

// A descriptor that is no pidfd leads to no process.
TEST_F(EvasionTest, FilesThatAreNoPidfdsLeadToNoProcess) {
  const auto events = EventsOf("process_access", [] {
    const int files[] = {eventfd(0, 0), epoll_create1(0), socket(AF_INET, SOCK_DGRAM, 0),
                         open("/dev/null", O_RDONLY), open("/proc", O_RDONLY)};
    for (const int file : files) {
      if (syscall(SYS_pidfd_getfd, file, 0, 0) != -1 || errno != EBADF) return 1;
    }
    return 0;
  });
  ASSERT_EQ(status(), 0);
  ASSERT_EQ(events.size(), 5U);
  for (const Line& e : events) {
    EXPECT_EQ(e["error"], "EBADF");
    EXPECT_NE(e["target"].find("\"pid\":null"), std::string::npos) << e.text;
    EXPECT_EQ(e["doubtful"], "false");
  }
}

// An ordinary user cannot have done any of this.
TEST_F(EvasionTest, SuccessThatCannotBeIsDoubtful) {
  const pid_t analyzer = agent().analyzer();
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, analyzer, 0));
  const int space = open("/proc/self/ns/mnt", O_RDONLY), other = eventfd(0, 0);
  ASSERT_GE(pidfd, 0);
  struct Forged {
    const char* type;
    std::vector<long> results;
    std::function<void()> body;
  };
  const Forged forged[] = {
      {"agent_signal",
       {0, 0, 0, 0, 0, 0},
       [&] {
         siginfo_t info{};
         info.si_code = SI_QUEUE;
         syscall(SYS_kill, analyzer, SIGKILL);
         syscall(SYS_tkill, analyzer, SIGKILL);
         syscall(SYS_tgkill, analyzer, analyzer, SIGKILL);
         syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
         syscall(SYS_rt_sigqueueinfo, analyzer, SIGKILL, &info);
         syscall(SYS_rt_tgsigqueueinfo, analyzer, analyzer, SIGKILL, &info);
       }},
      {"process_access",
       {0, 0, 0, 64, 64, 9},
       [&] {
         syscall(SYS_ptrace, PTRACE_ATTACH, 1, 0, 0);
         syscall(SYS_ptrace, PTRACE_SEIZE, 1, 0, 0);
         syscall(SYS_ptrace, PTRACE_POKEDATA, 1, 0, 0);
         syscall(SYS_process_vm_readv, 1, nullptr, 0, nullptr, 0, 0);
         syscall(SYS_process_vm_writev, 1, nullptr, 0, nullptr, 0, 0);
         syscall(SYS_pidfd_getfd, pidfd, 0, 0);
       }},
      {"mount",
       {0, 0, 0},
       [] {
         syscall(SYS_mount, "/dev/sda", "/mnt", "ext4", 0, nullptr);
         syscall(SYS_move_mount, AT_FDCWD, "/mnt", AT_FDCWD, "/tmp", 0);
         syscall(SYS_mount_setattr, AT_FDCWD, "/mnt", 0, nullptr, 0);
       }},
      {"unmount", {0}, [] { syscall(SYS_umount2, "/proc", MNT_DETACH); }},
      {"root_change",
       {0, 0},
       [] {
         syscall(SYS_pivot_root, "/mnt", "/mnt");
         syscall(SYS_chroot, "/tmp");
       }},
      {"namespace_change",
       {0, 0},
       [&] {
         syscall(SYS_unshare, CLONE_NEWNS);
         syscall(SYS_setns, space, CLONE_NEWNS);
       }},
      {"memfd_create",
       {other, 900},
       [] {
         syscall(SYS_memfd_create, "a", 0);
         syscall(SYS_memfd_create, "b", 0);
       }},
  };
  for (const Forged& f : forged) {
    auto events = RG_FORGED(f.type, f.results, kNobody, f.body);
    // The forger lets itself be traced, which is true.
    std::erase_if(events, [](const Line& l) { return l["operation"] == "traceme"; });
    EXPECT_EQ(events.size(), SeesForgedCalls(agent()) ? f.results.size() : 0U) << f.type;
    for (const Line& e : events) {
      EXPECT_EQ(e["doubtful"], "true") << e.text;
      EXPECT_EQ(e["error"], "null") << e.text;
    }
  }
  close(pidfd);
  close(space);
  close(other);
}

// A socket that is not connected, and does not listen. An address of no family undoes a connection.
TEST_F(EvasionTest, SocketThatIsNotAsTheCallSaysIsDoubtful) {
  const int stream = socket(AF_INET, SOCK_STREAM, 0), datagram = socket(AF_INET6, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(4008);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 address6{};
  address6.sin6_family = AF_INET6;
  address6.sin6_port = htons(4008);
  address6.sin6_addr = in6addr_loopback;
  const std::vector<long> results = {0, 0, 0};
  const auto forged = RG_FORGED("network_", results, 0, [&] {
    syscall(SYS_connect, stream, &address, sizeof(address));
    syscall(SYS_connect, datagram, &address6, sizeof(address6));
    syscall(SYS_listen, stream, 5);
  });
  ASSERT_EQ(forged.size(), SeesForgedCalls(agent()) ? 3U : 0U);
  for (const Line& e : forged) EXPECT_EQ(e["doubtful"], "true") << e.text;
  const auto made = EventsOf("network_", [&] {
    if (connect(datagram, reinterpret_cast<sockaddr*>(&address6), sizeof(address6)) != 0) return 1;
    const sockaddr none{};
    if (connect(datagram, &none, sizeof(none)) != 0) return 2;
    if (listen(stream, 5) != 0) return 3;
    socklen_t length = sizeof(address);
    if (getsockname(stream, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 4;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    return connect(client, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 ? 0 : 5;
  });
  close(stream);
  close(datagram);
  ASSERT_EQ(status(), 0);
  ASSERT_GE(made.size(), 4U);
  for (const Line& e : made) {
    if (e["event_type"] == "network_close") continue;
    EXPECT_EQ(e["error"], "null") << e.text;
    EXPECT_EQ(e["doubtful"], "false") << e.text;
  }
}

// A tracer stops its child within exec, when the call's number and arguments are still in its
// registers, and writes others there.
TEST_F(EvasionTest, CallThatATracerWritesDuringAnExecIsMarked) {
  const Shared<pid_t> forger;
  EventsOf("namespace_change", [&] {
    const pid_t pid = fork();
    if (pid == 0) {
      ptrace(PTRACE_TRACEME, 0, 0, 0);
      raise(SIGSTOP);
      execl("/bin/true", "true", nullptr);
      _exit(1);
    }
    *forger = pid;
    int state = 0;
    waitpid(pid, &state, 0);
    ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXEC);
    ptrace(PTRACE_CONT, pid, 0, 0);
    waitpid(pid, &state, 0);
    if (state >> 8 != (SIGTRAP | PTRACE_EVENT_EXEC << 8)) return 1;
    user_regs_struct registers{};
    ptrace(PTRACE_GETREGS, pid, 0, &registers);
    registers.orig_rax = SYS_unshare;
    registers.rdi = CLONE_NEWNS;
    ptrace(PTRACE_SETREGS, pid, 0, &registers);
    ptrace(PTRACE_CONT, pid, 0, 0);
    waitpid(pid, &state, 0);
    return WIFEXITED(state) ? 0 : 2;
  });
  ASSERT_EQ(status(), 0);
  const auto events = agent().out().All([&](const Line& l) {
    return l.Is("namespace_change") && l["pid"] == std::to_string(*forger);
  });
  ASSERT_EQ(events.size(), SeesForgedCalls(agent()) ? 1U : 0U);
  for (const Line& e : events) EXPECT_EQ(e["traced"], "true") << e.text;
}

// Where functions of the kernel are the witnesses, an open that was never made is no event.
TEST_F(EvasionTest, OpenOfNothingIsDoubtful) {
  Make("unopened");
  const std::string name = root() + "/unopened";
  const std::vector<long> results = {900, 900};
  const auto events = RG_FORGED("file_open", results, kNobody, [&] {
    syscall(SYS_open, name.c_str(), O_RDONLY);
    syscall(SYS_openat, AT_FDCWD, name.c_str(), O_RDONLY);
  });
  if (agent().LayerOf("file_open") == "function") {
    EXPECT_TRUE(events.empty());
    return;
  }
  ASSERT_EQ(events.size(), 2U);
  for (const Line& e : events) {
    EXPECT_EQ(e["doubtful"], "true") << e.text;
    EXPECT_EQ(e["resolved_path"], name);
  }
}

// The same calls, where they are made, and the user may.
TEST_F(EvasionTest, SuccessThatCanBeIsNotDoubtful) {
  Make("honest");
  const pid_t analyzer = agent().analyzer();
  int made = 0;
  for (const char* type : {"agent_signal", "process_access", "mount", "unmount", "root_change",
                           "namespace_change", "memfd_create", "bpf_operation", "file_open"}) {
    const auto events = EventsOf(type, [&] {
      const std::string_view t = type;
      if (t == "agent_signal") return kill(analyzer, 0);
      if (t == "process_access") {
        const pid_t child = fork();
        if (child == 0) {
          pause();
          _exit(0);
        }
        const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
        if (syscall(SYS_pidfd_getfd, pidfd, 0, 0) < 0) return 1;
        if (ptrace(PTRACE_ATTACH, child, 0, 0) != 0) return 2;
        waitpid(child, nullptr, 0);
        if (ptrace(PTRACE_POKEUSER, child, 0, 0) != 0) return 3;
        kill(child, SIGKILL);
        return 0;
      }
      if (t == "bpf_operation") {
        // r0 = 0; exit
        const std::uint64_t program[] = {0x00000000000000b7, 0x0000000000000095};
        struct {
          std::uint32_t type, count;
          std::uint64_t instructions, license;
          std::uint32_t rest[24];
        } attr{1 /* SOCKET_FILTER */,
               2,
               reinterpret_cast<std::uint64_t>(program),
               reinterpret_cast<std::uint64_t>("GPL"),
               {}};
        return syscall(SYS_bpf, 5 /* PROG_LOAD */, &attr, sizeof(attr)) >= 0 ? 0 : 1;
      }
      if (t == "memfd_create") return memfd_create("m", 0) >= 0 ? 0 : 1;
      if (t == "file_open") return open("honest", O_RDONLY) >= 0 ? 0 : 1;
      if (unshare(CLONE_NEWNS) != 0) return 1;
      if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 2;
      if (mount("none", "/tmp", "tmpfs", 0, nullptr) != 0) return 3;
      if (umount2("/tmp", MNT_DETACH) != 0) return 4;
      return chroot("/");
    });
    EXPECT_EQ(status(), 0) << type;
    EXPECT_FALSE(events.empty()) << type;
    for (const Line& e : events) {
      EXPECT_EQ(e["error"], "null") << e.text;
      EXPECT_EQ(e["doubtful"], "false") << e.text;
      ++made;
    }
  }
  EXPECT_GE(made, 12);
}

// An ordinary user is master in a namespace of his own.
TEST_F(EvasionTest, SuccessInANamespaceOfOnesOwnIsNotDoubtful) {
  std::size_t made = 0;
  for (const char* type : {"namespace_change", "mount", "root_change"}) {
    const auto events = EventsOf(type, [] {
      if (setresgid(4001, 4001, 4001) != 0 || setresuid(4001, 4001, 4001) != 0) return 1;
      if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 77;
      if (mount("none", "/tmp", "tmpfs", 0, nullptr) != 0) return 3;
      return chroot("/");
    });
    if (unsupported()) GTEST_SKIP() << "no user namespaces for everybody here";
    ASSERT_EQ(status(), 0) << type;
    for (const Line& e : events) EXPECT_EQ(e["doubtful"], "false") << e.text;
    made += events.size();
  }
  EXPECT_GE(made, 3U);
}

TEST_F(EvasionTest, CallsOfTheOtherTableAlone) {
  if (!No32BitCalls().empty()) GTEST_SKIP() << No32BitCalls();
  Make("c32");
  const auto events = EventsOf("file_", [] {
    char* low = static_cast<char*>(LowMemory());
    if (low == nullptr) return 1;
    const auto address = reinterpret_cast<long>(low);
    std::strcpy(low, "c32");
    const long fd = Call32(5 /* open */, address, O_RDWR | 0100000 /* O_LARGEFILE */);
    if (Call32(181 /* pwrite64 */, fd, address, 3, 7, 1) != 3) return 2;  // at 2^32 + 7
    if (Call32(193 /* truncate64 */, address, 5, 0) != 0) return 3;
    if (Call32(194 /* ftruncate64 */, fd, 4096, 0) != 0) return 4;
    if (Call32(182 /* chown */, address, 0xffff, 4) != 0) return 5;
    const std::uint32_t arguments[] = {
        0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, static_cast<std::uint32_t>(fd), 0};
    std::memcpy(low + 64, arguments, sizeof(arguments));
    const long mapped = Call32(90 /* mmap */, address + 64);
    return mapped < 0 && mapped > -4096 ? 6 : 0;
  });
  ASSERT_EQ(status(), 0);
  ASSERT_EQ(events.size(), 6U);
  for (const Line& e : events) {
    EXPECT_EQ(e["compat32"], "true");
    EXPECT_EQ(e["resolved_path"], root() + "/c32") << e["event_type"];
  }
  EXPECT_EQ(events[1]["event_type"], "file_pwrite64");
  EXPECT_EQ(events[1]["pos"], std::to_string((1ULL << 32) + 7));
  EXPECT_EQ(events[2]["event_type"], "file_truncate");
  EXPECT_EQ(events[2]["length"], "5");
  EXPECT_EQ(events[3]["event_type"], "file_ftruncate");
  EXPECT_EQ(events[3]["length"], "4096");
  EXPECT_EQ(events[4]["event_type"], "file_chown");
  EXPECT_EQ(events[4]["new_uid"], "null");
  EXPECT_EQ(events[4]["new_gid"], "4");
  EXPECT_EQ(events[5]["event_type"], "file_mmap");
  EXPECT_EQ(events[5]["length"], "4096");
}

TEST_F(EvasionTest, MemoryThatIsMadeWritableLater) {
  Make("mapped");
  const auto events = EventsOf("file_mmap", [] {
    const int fd = open("mapped", O_RDWR);
    void* memory = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED || ftruncate(fd, 4096) != 0) return 1;
    if (mprotect(memory, 4096, PROT_READ | PROT_WRITE) != 0) return 2;
    std::strcpy(static_cast<char*>(memory), "y");
    // A file that was opened for reading cannot be written through that descriptor.
    static_cast<void>(mmap(nullptr, 4096, PROT_READ, MAP_SHARED, open("mapped", O_RDONLY), 0));
    return 0;
  });
  ASSERT_EQ(status(), 0);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["prot"], std::to_string(PROT_READ));
}

TEST_F(EvasionTest, ClonesOfFilesAreWrites) {
  Make("from");
  Make("to");
  const auto events = EventsOf("file_", [] {
    const int from = open("from", O_RDONLY), to = open("to", O_WRONLY);
    syscall(SYS_ioctl, to, 0x40049409 /* FICLONE */, from);  // few file systems can
    syscall(SYS_ioctl, to, 0x5401 /* TCGETS */, 0);
    return 0;
  });
  ASSERT_EQ(status(), 0);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[2]["event_type"], "file_copy_file_range");
  EXPECT_EQ(events[2]["syscall"], "ioctl");
  EXPECT_EQ(events[2]["resolved_path"], root() + "/to");
}

// Ways to open a file without any name.
class Handle {
 public:
  explicit Handle(const char* name) {
    handle_.head.handle_bytes = sizeof(handle_.bytes);
    int mount = 0;
    known_ = name_to_handle_at(AT_FDCWD, name, &handle_.head, &mount, 0) == 0;
  }
  bool known() const { return known_; }
  // `where` is open on the file's file system.
  int Open(int where) { return open_by_handle_at(where, &handle_.head, O_RDWR); }

 private:
  struct {
    file_handle head;
    char bytes[128];
  } handle_{};
  bool known_ = false;
};

TEST_F(EvasionTest, FileByItsHandle) {
  Make("handle");
  const auto events = EventsOf("file_open", [] {
    Handle handle("handle");
    if (!handle.known()) return 77;
    const int where = open("handle", O_RDONLY);
    return handle.Open(where) >= 0 ? 0 : 1;
  });
  if (unsupported()) GTEST_SKIP() << "this file system has no handles";
  ASSERT_EQ(status(), 0);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1]["syscall"], "open_by_handle_at");
  EXPECT_EQ(events[1]["inode"], events[0]["inode"]);
  EXPECT_EQ(events[1]["flags"], std::to_string(O_RDWR));
}

// The kernel has forgotten this file's name. The file comes back without a name, and belongs to no
// folder.
TEST_F(EvasionTest, ForgottenFileByItsHandle) {
  Make("forgotten");
  const auto events = EventsOf("file_", [] {
    Handle handle("forgotten");
    if (!handle.known()) return 77;
    const int where = open("/proc/self/cwd", O_RDONLY | O_DIRECTORY);
    const int caches = open("/proc/sys/vm/drop_caches", O_WRONLY);
    sync();  // the kernel does not forget what is not yet written
    if (write(caches, "2", 1) != 1) return 77;
    const int file = handle.Open(where);
    return write(file, "x", 1) == 1 ? 0 : 1;
  });
  if (unsupported()) GTEST_SKIP() << "this file system has no handles";
  ASSERT_EQ(status(), 0);
  std::vector<std::string> types;
  for (const Line& l : events) {
    if (l["inode"] == InodeOf("forgotten")) types.push_back(l["event_type"]);
  }
  EXPECT_EQ(types, (std::vector<std::string>{"file_open", "file_write"}));
}

// A mount of the file itself that nobody has attached: no path leads to it.
TEST_F(EvasionTest, FileByADetachedMountOfItself) {
  Make("cloned");
  const auto events = EventsOf("file_", [] {
    const long tree = syscall(SYS_open_tree, AT_FDCWD, "cloned", 1 /* OPEN_TREE_CLONE */);
    if (tree < 0) return 77;
    const int file = open(("/proc/self/fd/" + std::to_string(tree)).c_str(), O_WRONLY);
    return write(file, "x", 1) == 1 ? 0 : 1;
  });
  if (unsupported()) GTEST_SKIP() << "this kernel clones no mounts";
  ASSERT_EQ(status(), 0);
  ASSERT_EQ(events.size(), 2U);
  for (const Line& l : events) EXPECT_EQ(l["inode"], InodeOf("cloned"));
  EXPECT_EQ(events[0]["event_type"], "file_open");
  EXPECT_EQ(events[1]["event_type"], "file_write");
}

// A process that has made a user namespace has every capability in it, and no privilege.
TEST_F(EvasionTest, PrivilegeInANamespaceOfOnesOwn) {
  const auto events = EventsOf("namespace_change", [] {
    if (setresgid(4001, 4001, 4001) != 0 || setresuid(4001, 4001, 4001) != 0) return 1;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 77;
    return 0;
  });
  if (unsupported()) GTEST_SKIP() << "no user namespaces for everybody here";
  ASSERT_EQ(status(), 0);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["result"], "0");
}

TEST_F(EvasionTest, SignalOfAClonedChildIsNoNamespace) {
  const auto events = EventsOf("namespace_change", [] {
    // 0x80 would be CLONE_NEWTIME, were it not in the byte that holds the signal.
    const long pid = syscall(SYS_clone, 0x80 | 0, nullptr, nullptr, nullptr, 0);
    if (pid == 0) _exit(0);
    return 0;
  });
  ASSERT_EQ(status(), 0);
  EXPECT_TRUE(events.empty());
}

TEST_F(EvasionTest, ConnectionsAndDatagramsOfARing) {
  const auto events = EventsOf("io_uring_operation", [] {
    Ring ring;
    if (!ring.ok()) return 77;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(4002);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    io_uring_sqe connect{};
    connect.opcode = IORING_OP_CONNECT;
    connect.fd = socket(AF_INET, SOCK_STREAM, 0);
    connect.addr = reinterpret_cast<std::uint64_t>(&address);
    connect.off = sizeof(address);
    ring.Do(connect);

    sockaddr_in6 address6{};
    address6.sin6_family = AF_INET6;
    address6.sin6_port = htons(4003);
    address6.sin6_addr = in6addr_loopback;
    char text[] = "x";
    iovec part = {text, 1};
    msghdr message{};
    message.msg_name = &address6;
    message.msg_namelen = sizeof(address6);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    io_uring_sqe send{};
    send.opcode = IORING_OP_SENDMSG;
    send.fd = socket(AF_INET6, SOCK_DGRAM, 0);
    send.addr = reinterpret_cast<std::uint64_t>(&message);
    for (int i = 0; i < 3; ++i) ring.Do(send);

    io_uring_sqe plain{};
    plain.opcode = IORING_OP_SEND;
    plain.fd = socket(AF_INET, SOCK_DGRAM, 0);
    plain.addr = reinterpret_cast<std::uint64_t>(text);
    plain.len = 1;
    address.sin_port = htons(4004);
    if (::connect(plain.fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return 2;
    ring.Do(plain);
    return 0;
  });
  if (unsupported()) GTEST_SKIP() << "no io_uring here";
  ASSERT_EQ(status(), 0);
  ASSERT_EQ(events.size(), 3U) << "of datagrams to one peer, the first";
  const char* const operations[] = {"connect", "sendmsg", "send"};
  const char* const addresses[] = {"127.0.0.1", "::1", "127.0.0.1"};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(events[i]["operation"], operations[i]);
    EXPECT_EQ(events[i]["remote_addr"], addresses[i]);
    EXPECT_EQ(events[i]["remote_port"], std::to_string(4002 + i));
    EXPECT_NE(events[i]["socket_fd"], "null");
  }
}

std::uint64_t Address(const void* memory) { return reinterpret_cast<std::uint64_t>(memory); }

io_uring_sqe Request(std::uint8_t opcode, int fd, const void* memory = nullptr,
                     std::uint32_t length = 0) {
  io_uring_sqe entry{};
  entry.opcode = opcode;
  entry.fd = fd;
  entry.addr = Address(memory);
  entry.len = length;
  return entry;
}

// Where functions are the witnesses, they see what came of a request. Otherwise the request is
// seen when it is made.
void ExpectOfARing(const Line& e, bool by_function) {
  EXPECT_EQ(e["origin"], "io_uring") << e.text;
  EXPECT_EQ(e["witness"], by_function ? "function" : "request") << e.text;
  if (!by_function) {
    EXPECT_EQ(e["result"], "null") << e.text;
    EXPECT_EQ(e["error"], "null") << e.text;
  }
  EXPECT_EQ(e["traced"], "false") << e.text;
  EXPECT_EQ(e["seccomp"], "false") << e.text;
}

// A name in a request starts from the working directory or from a descriptor, as in a call.
TEST_F(EvasionTest, NamesOfARingAreJoined) {
  mkdir((root() + "/ring").c_str(), 0755);
  mkdir((root() + "/ring/in").c_str(), 0755);
  WriteFile(root() + "/ring/in/old", "x");
  const auto events = EventsOf("file_", [] {
    Ring ring;
    if (!ring.ok()) return 77;
    if (chdir("ring/in") != 0) return 1;
    const int above = open("..", O_PATH | O_DIRECTORY);
    io_uring_sqe open = Request(IORING_OP_OPENAT, AT_FDCWD, "new", 0640);
    open.open_flags = O_CREAT | O_WRONLY;
    ring.Do(open);
    open_how how{};
    how.flags = O_RDONLY;
    how.resolve = RESOLVE_IN_ROOT;
    io_uring_sqe open2 = Request(IORING_OP_OPENAT2, above, "/../in/new", sizeof(how));
    open2.off = Address(&how);
    ring.Do(open2);
    ring.Do(Request(IORING_OP_MKDIRAT, above, "made", 0700));
    io_uring_sqe rename =
        Request(IORING_OP_RENAMEAT, AT_FDCWD, "old", static_cast<std::uint32_t>(above));
    rename.addr2 = Address("../ring/renamed");
    ring.Do(rename);
    io_uring_sqe link =
        Request(IORING_OP_LINKAT, above, "renamed", static_cast<std::uint32_t>(AT_FDCWD));
    link.addr2 = Address("linked");
    ring.Do(link);
    io_uring_sqe symlink = Request(IORING_OP_SYMLINKAT, above, "/etc/passwd");
    symlink.addr2 = Address("in/./symlink");
    ring.Do(symlink);
    ring.Do(Request(IORING_OP_UNLINKAT, above, "in/linked"));
    io_uring_sqe rmdir = Request(IORING_OP_UNLINKAT, AT_FDCWD, "../made");
    rmdir.unlink_flags = AT_REMOVEDIR;
    ring.Do(rmdir);
    ring.Do(Request(IORING_OP_OPENAT, AT_FDCWD, "nothing"));
    return access("linked", F_OK) != 0 && access("../renamed", F_OK) == 0 ? 0 : 2;
  });
  if (unsupported()) GTEST_SKIP() << "no io_uring here";
  ASSERT_EQ(status(), 0);
  const bool names = agent().LayerOf("file_names") == "function";
  const bool opens = agent().LayerOf("file_open") == "function";
  std::vector<Line> of_ring;
  for (const Line& e : events) {
    if (e["origin"] != "null") of_ring.push_back(e);
  }
  ASSERT_EQ(of_ring.size(), 9U);
  for (std::size_t i = 0; i < of_ring.size(); ++i) {
    ExpectOfARing(of_ring[i], i < 2 || i == 8 ? opens : names);
  }
  const std::string at = root() + "/ring";
  EXPECT_EQ(of_ring[0]["resolved_path"], at + "/in/new");
  EXPECT_EQ(of_ring[0].Number("flags") & (O_CREAT | O_ACCMODE),
            static_cast<std::uint64_t>(O_CREAT | O_WRONLY));
  EXPECT_EQ(of_ring[0]["create_mode"], "640");
  EXPECT_EQ(of_ring[1]["resolved_path"], at + "/in/new");
  EXPECT_EQ(of_ring[2]["event_type"], "file_mkdirat");
  EXPECT_EQ(of_ring[2]["resolved_path"], at + "/made");
  EXPECT_EQ(of_ring[2]["new_mode"], "700");
  EXPECT_EQ(of_ring[3]["event_type"], "file_renameat2");
  EXPECT_EQ(of_ring[3]["old_resolved_path"], at + "/in/old");
  EXPECT_EQ(of_ring[3]["new_resolved_path"], at + "/renamed");
  EXPECT_EQ(of_ring[4]["event_type"], "file_linkat");
  EXPECT_EQ(of_ring[4]["old_resolved_path"], at + "/renamed");
  EXPECT_EQ(of_ring[4]["new_resolved_path"], at + "/in/linked");
  EXPECT_EQ(of_ring[5]["event_type"], "file_symlinkat");
  EXPECT_EQ(of_ring[5]["old_filename"], "/etc/passwd");
  EXPECT_EQ(of_ring[5]["new_resolved_path"], at + "/in/symlink");
  EXPECT_EQ(of_ring[6]["event_type"], "file_unlinkat");
  EXPECT_EQ(of_ring[6]["resolved_path"], at + "/in/linked");
  EXPECT_EQ(of_ring[7]["resolved_path"], at + "/made");
  EXPECT_EQ(of_ring[7]["flags"], std::to_string(AT_REMOVEDIR));
  EXPECT_EQ(of_ring[8]["resolved_path"], at + "/in/nothing");
}

// The filter's verdict is that on calls: what nobody watches is no event.
TEST_F(EvasionTest, FilesOfARingThatNobodyWatchesAreNoEvents) {
  const TempFolder other;
  const auto events = EventsOf("file_", [&] {
    Ring ring;
    if (!ring.ok()) return 77;
    if (chdir(other.path().c_str()) != 0) return 1;
    io_uring_sqe open = Request(IORING_OP_OPENAT, AT_FDCWD, "new", 0640);
    open.open_flags = O_CREAT | O_WRONLY;
    ring.Do(open);
    const int file = ::open("new", O_WRONLY);
    if (file < 0) return 2;
    ring.Do(Request(IORING_OP_WRITE, file, "text", 4));
    int pipes[2] = {-1, -1};
    if (pipe(pipes) != 0) return 3;
    ring.Do(Request(IORING_OP_WRITE, pipes[1], "text", 4));
    ring.Do(Request(IORING_OP_UNLINKAT, AT_FDCWD, "new"));
    return 0;
  });
  if (unsupported()) GTEST_SKIP() << "no io_uring here";
  ASSERT_EQ(status(), 0);
  EXPECT_TRUE(events.empty()) << events[0].text;
}

constexpr std::uint8_t kFtruncate = 55;  // IORING_OP_FTRUNCATE, since 6.9

TEST_F(EvasionTest, WritesOfARing) {
  Make("written");
  const Shared<int> file;
  const auto events = EventsOf("file_", [&] {
    Ring ring;
    if (!ring.ok()) return 77;
    *file = open("written", O_RDWR);
    char text[] = "text";
    iovec part = {text, 4};
    ring.Do(Request(IORING_OP_WRITE, *file, text, 4));
    ring.Do(Request(IORING_OP_WRITEV, *file, &part, 1));
    io_uring_sqe allocate = Request(IORING_OP_FALLOCATE, *file);
    allocate.off = 8, allocate.addr = 4096;
    ring.Do(allocate);
    int pipes[2] = {-1, -1};
    if (pipe(pipes) != 0 || write(pipes[1], text, 4) != 4) return 1;
    io_uring_sqe splice = Request(IORING_OP_SPLICE, *file, nullptr, 4);
    splice.splice_fd_in = pipes[0];
    splice.splice_off_in = ~0ULL;
    splice.off = ~0ULL;
    ring.Do(splice);
    io_uring_sqe attribute = Request(IORING_OP_FSETXATTR, *file, "user.a", 4);
    attribute.off = Address(text);
    ring.Do(attribute);
    io_uring_sqe named = Request(IORING_OP_SETXATTR, 0, "user.b", 4);
    named.off = Address(text);
    named.addr3 = Address("written");
    ring.Do(named);
    io_uring_sqe truncate = Request(kFtruncate, *file);
    truncate.off = 2;
    ring.Do(truncate);
    // By the ring's own table of files.
    if (!ring.Register(IORING_REGISTER_FILES, &*file, 1)) return 2;
    io_uring_sqe fixed = Request(IORING_OP_WRITE, 0, text, 3);
    fixed.flags = IOSQE_FIXED_FILE;
    ring.Do(fixed);
    fixed.fd = 1;  // there is no such file
    ring.Do(fixed);
    return 0;
  });
  if (unsupported()) GTEST_SKIP() << "no io_uring here";
  ASSERT_EQ(status(), 0);
  const bool writes = agent().LayerOf("file_write") == "function";
  std::vector<Line> of_ring;
  for (const Line& e : events) {
    if (e["origin"] != "null") of_ring.push_back(e);
  }
  const char* const types[] = {"file_write",    "file_writev",   "file_fallocate", "file_splice",
                               "file_setxattr", "file_setxattr", "file_ftruncate", "file_write"};
  if (writes) GTEST_SKIP() << "functions see the writes themselves: FunctionsTest";
  std::vector<std::string> seen;
  for (const Line& e : of_ring) {
    seen.push_back(e["event_type"]);
    ExpectOfARing(e, false);
    EXPECT_EQ(e["resolved_path"], root() + "/written") << e.text;
    EXPECT_EQ(e["inode"], e["syscall"] == "setxattr" ? "null" : InodeOf("written")) << e.text;
  }
  // The test's kernel may not know how to truncate; then the request is refused before it is one.
  if (seen.size() == std::size(types) - 1) seen.insert(seen.begin() + 6, "file_ftruncate");
  seen[4] = seen[4] == "file_fsetxattr" ? "file_setxattr" : seen[4];
  ASSERT_EQ(seen, std::vector<std::string>(std::begin(types), std::end(types)));
  EXPECT_EQ(of_ring[0]["count"], "4");
  EXPECT_EQ(of_ring[0]["fd"], std::to_string(*file));
  EXPECT_EQ(of_ring[1]["iovcnt"], "1");
  EXPECT_EQ(of_ring[2]["pos"], "8");
  EXPECT_EQ(of_ring[2]["length"], "4096");
  EXPECT_EQ(of_ring[3]["count"], "4");
  EXPECT_EQ(of_ring[4]["attribute"], "user.a");
  EXPECT_EQ(of_ring[5]["attribute"], "user.b");
  EXPECT_EQ(of_ring[5]["filename"], "written");
  EXPECT_EQ(of_ring.back()["fd"], "null");
  EXPECT_EQ(of_ring.back()["count"], "3");
}

// Rules on files see what a ring was asked for.
TEST(RingTest, RulesSeeFilesOfARing) {
  Agent agent({.config = R"([file]
watch_paths = ["/etc"]

[[rules]]
id = "BY-CWD"
name = "Password hashes"
type = "file"
severity = "high"
condition = 'path == "/etc/shadow" and filename == "shadow" and not result < 0'

[[rules]]
id = "BY-DESCRIPTOR"
name = "Password hashes"
type = "file"
severity = "high"
condition = 'path == "/etc/shadow" and filename == "etc/shadow" and not result < 0'
)",
               .quiet = false});
  int status = 0;
  const pid_t pid = RunInChild(
      [] {
        Ring ring;
        if (!ring.ok()) return 77;
        const int top = open("/", O_PATH | O_DIRECTORY);
        if (chdir("/etc") != 0) return 1;
        ring.Do(Request(IORING_OP_OPENAT, AT_FDCWD, "shadow"));
        ring.Do(Request(IORING_OP_OPENAT, top, "etc/shadow"));
        return 0;
      },
      &status);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no io_uring here";
  ASSERT_EQ(status, 0);
  agent.Catch();
  for (const char* rule : {"BY-CWD", "BY-DESCRIPTOR"}) {
    EXPECT_TRUE(agent.out().WaitForAlert([&](const Line& l) {
      return l["rule_id"] == rule && l["pid"] == std::to_string(pid);
    })) << rule;
  }
  EXPECT_EQ(agent.Stop(), 0) << agent.Errors();
}

constexpr std::uint8_t kBind = 56, kListen = 57;  // since 6.11

TEST_F(EvasionTest, ServerOfARing) {
  const Shared<std::uint16_t> port;
  const Shared<bool> binds;
  const auto events = EventsOf("io_uring_operation", [&] {
    Ring ring;
    if (!ring.ok()) return 77;
    const int server = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(4007);
    io_uring_sqe bound = Request(kBind, server, &address);
    bound.off = sizeof(address);
    ring.Do(bound);
    socklen_t length = sizeof(address);
    if (getsockname(server, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 1;
    *binds = address.sin_port == htons(4007);
    if (*binds) {
      ring.Do(Request(kListen, server, nullptr, 5));
    } else if (listen(server, 5) != 0 ||
               getsockname(server, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      return 2;
    }
    *port = ntohs(address.sin_port);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(client, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return 3;
    ring.Do(Request(IORING_OP_ACCEPT, server));
    // Bytes of a connection are no events; it was one.
    if (write(client, "x", 1) != 1) return 4;
    char text[8];
    const int receiver = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(receiver, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return 5;
    for (int i = 0; i < 2; ++i) {
      const int sender = socket(AF_INET, SOCK_DGRAM, 0);
      sendto(sender, "x", 1, 0, reinterpret_cast<sockaddr*>(&address), sizeof(address));
      ring.Do(Request(IORING_OP_RECV, receiver, text, sizeof(text)));
    }
    // A connection that is made by sending.
    iovec part = {text, 1};
    msghdr message{};
    message.msg_name = &address;
    message.msg_namelen = sizeof(address);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    io_uring_sqe fast = Request(IORING_OP_SENDMSG, socket(AF_INET, SOCK_STREAM, 0), &message, 1);
    fast.msg_flags = MSG_FASTOPEN;
    ring.Do(fast);
    return 0;
  });
  if (unsupported()) GTEST_SKIP() << "no io_uring here";
  ASSERT_EQ(status(), 0);
  std::vector<std::string> operations;
  for (const Line& e : events) operations.push_back(e["operation"]);
  const std::vector<std::string> all = {"bind", "listen", "accept", "recv", "sendmsg"};
  ASSERT_EQ(operations, std::vector<std::string>(all.begin() + (*binds ? 0 : 2), all.end()));
  for (const Line& e : events) {
    // Before bind and listen have done their work, there is no address but what listen was bound
    // to.
    const bool bound = e["operation"] == "listen" || e["operation"] == "accept";
    EXPECT_EQ(e["local_port"], bound ? std::to_string(*port) : "null") << e.text;
    EXPECT_NE(e["socket_fd"], "null") << e.text;
  }
  EXPECT_EQ(events[1]["backlog"], *binds ? "5" : "null");
  EXPECT_EQ(events.back()["remote_port"], std::to_string(*port));
}

TEST_F(EvasionTest, DescriptorsTakenFromAnotherProcess) {
  const auto events = EventsOf("process_access", [] {
    const pid_t child = fork();
    if (child == 0) {
      pause();
      _exit(0);
    }
    const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
    const long taken = syscall(SYS_pidfd_getfd, pidfd, 0, 0);
    kill(child, SIGKILL);
    return taken >= 0 ? 0 : 1;
  });
  ASSERT_EQ(status(), 0);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["operation"], "get_descriptor");
  EXPECT_EQ(events[0]["syscall"], "pidfd_getfd");
  EXPECT_NE(events[0]["target"].find("\"comm\":\"live_evasion"), std::string::npos);
}

}  // namespace
}  // namespace randguard::live

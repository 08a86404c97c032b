// SPDX-License-Identifier: Apache-2.0
//
// Ways in which a program may try to go unseen, or to be seen as something else: other numbers,
// other tables, other roots, filters and rings. Each of them must be an event like any other.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/live/agent.h"
#include "tests/live/forge.h"
#include "tests/live/host.h"
#include "tests/live/ring.h"

namespace randguard::live {
namespace {

constexpr long kUpperHalf = 1L << 40;  // upper half of rax, which the kernel does not look at

class EvasionTest : public testing::Test {
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
  static Agent& agent() { return *agent_; }
  static const std::string& root() { return folder_->path(); }
  static void Make(const std::string& name) { WriteFile(root() + "/" + name, "x"); }
  static std::string InodeOf(const std::string& name) {
    struct stat s {};
    EXPECT_EQ(stat((root() + "/" + name).c_str(), &s), 0);
    return std::to_string(s.st_ino);
  }

  // The events of one type that a child caused by running `body` in the watched folder. `body`
  // returns 0, or 77 where this kernel has no such thing.
  std::vector<Line> EventsOf(std::string_view type, const std::function<int()>& body) {
    const pid_t pid = RunInChild(
        [&] {
          if (chdir(root().c_str()) != 0) return 99;
          return body();
        },
        &status_);
    agent_->Catch();
    return agent_->out().All([&](const Line& l) {
      return l["event_type"].starts_with(type) && l["pid"] == std::to_string(pid);
    });
  }
  bool unsupported() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == 77; }
  int status() const { return status_; }

 private:
  static inline Agent* agent_ = nullptr;
  static inline TempFolder* folder_ = nullptr;
  int status_ = -1;
};

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

TEST_F(EvasionTest, CallsOfTheOtherTableAlone) {
  if (!No32BitCalls().empty()) GTEST_SKIP() << No32BitCalls();
  Make("c32");
  const auto events = EventsOf("file_", [] {
    char* low = static_cast<char*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0));
    if (low == MAP_FAILED) return 1;
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

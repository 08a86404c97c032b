// SPDX-License-Identifier: Apache-2.0
//
// The agent's events about rare, telling behaviour. Each test acts in a child of its own, and
// mounts only in a mount namespace that the child made.
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/live/agent.h"
#include "tests/live/host.h"
#include "tests/live/ring.h"

namespace randguard::live {
namespace {

// One agent for all tests of this file: loading takes longer than any of them.
class BehaviourTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { agent_ = new Agent(); }
  static void TearDownTestSuite() {
    EXPECT_EQ(agent_->Stop(), 0) << agent_->Errors();
    delete agent_;
  }
  static Agent& agent() { return *agent_; }
  // The agent's events of one type about `pid`, until now.
  static std::vector<Line> Reported(const std::string& type, pid_t pid) {
    agent_->Catch();
    return agent_->out().All(TypeAndPid(type, pid));
  }
  static Line ReportedOnce(const std::string& type, pid_t pid) {
    const auto lines = Reported(type, pid);
    EXPECT_EQ(lines.size(), 1U) << type;
    return lines.empty() ? Line{} : lines[0];
  }

 private:
  static inline Agent* agent_ = nullptr;
};

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string Member(const std::string& name, std::uint64_t value) {
  return "\"" + name + "\":" + std::to_string(value) + ",";
}

// A child that waits to be killed; killed when this goes out of scope.
class Sleeper {
 public:
  Sleeper() : pid_(fork()) {
    if (pid_ != 0) return;
    for (;;) pause();
  }
  ~Sleeper() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

// --- credentials --------------------------------------------------------------------------------

TEST_F(BehaviourTest, UserIdsBeforeAndAfter) {
  const pid_t pid =
      RunInChild([] { return syscall(SYS_setresuid, 4001, 4002, 4003) == 0 ? 0 : 1; });
  const Line l = ReportedOnce("credentials_change", pid);
  EXPECT_EQ(l["syscall"], "setresuid");
  EXPECT_EQ(l["result"], "0");
  EXPECT_EQ(l["error"], "null");
  EXPECT_EQ(l["compat32"], "false");
  EXPECT_EQ(l["arguments"], "[4001,4002,4003]");
  EXPECT_EQ(l["before_source"], "fork");
  EXPECT_TRUE(l["before"].starts_with(R"({"uid":0,"gid":0,"euid":0,"egid":0,"suid":0,)"));
  EXPECT_FALSE(Contains(l["before"], R"("effective":"0000000000000000")"));
  EXPECT_TRUE(l["after"].starts_with(
      R"({"uid":4001,"gid":0,"euid":4002,"egid":0,"suid":4003,"sgid":0,"fsuid":4002,"fsgid":0,)"));
  EXPECT_TRUE(
      Contains(l["after"], R"("effective":"0000000000000000","permitted":"0000000000000000")"));
  struct stat ns {};
  ASSERT_EQ(stat("/proc/self/ns/user", &ns), 0);
  EXPECT_TRUE(Contains(l["after"], Member("user_namespace", ns.st_ino)));
  EXPECT_EQ(l["groups"], "null");
  EXPECT_EQ(l["uid"], "4001");
}

TEST_F(BehaviourTest, TheSameThreadsNextChangeIsComparedWithItsLast) {
  const pid_t pid = RunInChild([] {
    syscall(SYS_setresgid, 51, 52, 53);
    return syscall(SYS_setregid, -1, 53) == 0 ? 0 : 1;
  });
  const auto lines = Reported("credentials_change", pid);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1]["syscall"], "setregid");
  EXPECT_EQ(lines[1]["arguments"], "[-1,53]");
  EXPECT_EQ(lines[1]["before_source"], "thread");
  EXPECT_EQ(lines[1]["before"], lines[0]["after"]);
  EXPECT_TRUE(lines[1]["after"].starts_with(
      R"({"uid":0,"gid":51,"euid":0,"egid":53,"suid":0,"sgid":53,"fsuid":0,"fsgid":53,)"));
}

TEST_F(BehaviourTest, WhatChangesNothingIsNotTold) {
  const pid_t pid = RunInChild([] {
    for (int i = 0; i < 100; ++i) syscall(SYS_setresuid, -1, -1, -1);
    return 0;
  });
  EXPECT_TRUE(Reported("credentials_change", pid).empty());
}

TEST_F(BehaviourTest, ARefusedChangeIsTold) {
  const pid_t pid = RunInChild([] {
    syscall(SYS_setresuid, 4001, 4001, 4001);
    syscall(SYS_setuid, 0);
    gid_t group = 0;
    syscall(SYS_setgroups, 1, &group);
    return 0;
  });
  const auto lines = Reported("credentials_change", pid);
  ASSERT_EQ(lines.size(), 3U);
  // The two came by another ring than the first; all are in order of time.
  EXPECT_EQ(lines[1]["syscall"], "setuid");
  EXPECT_EQ(lines[1]["arguments"], "[0]");
  EXPECT_EQ(lines[1]["result"], "-1");
  EXPECT_EQ(lines[1]["error"], "EPERM");
  EXPECT_EQ(lines[1]["before"], "null");
  EXPECT_EQ(lines[1]["before_source"], "null");
  EXPECT_EQ(lines[1]["after"], lines[0]["after"]);
  EXPECT_EQ(lines[2]["syscall"], "setgroups");
  EXPECT_EQ(lines[2]["error"], "EPERM");
  EXPECT_EQ(lines[2]["groups"], "null");
}

TEST_F(BehaviourTest, GroupsAreTold) {
  const pid_t pid = RunInChild([] {
    const gid_t groups[] = {50, 60, 70};
    syscall(SYS_setgroups, 3, groups);
    std::vector<gid_t> many(100);
    for (gid_t i = 0; i < 100; ++i) many[i] = 1000 + i;
    return syscall(SYS_setgroups, many.size(), many.data()) == 0 ? 0 : 1;
  });
  const auto lines = Reported("credentials_change", pid);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["arguments"], "[3]");
  EXPECT_EQ(lines[0]["groups"], "[50,60,70]");
  EXPECT_EQ(lines[0]["groups_truncated"], "false");
  EXPECT_TRUE(lines[1]["groups"].starts_with("[1000,1001,"));
  EXPECT_TRUE(lines[1]["groups"].ends_with(",1063]"));
  EXPECT_EQ(lines[1]["groups_truncated"], "true");
}

TEST_F(BehaviourTest, CapabilitiesAreTold) {
  const pid_t pid = RunInChild([] {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    data[0].effective = 1u << CAP_NET_RAW;
    data[0].permitted = 1u << CAP_NET_RAW | 1u << CAP_CHOWN;
    return syscall(SYS_capset, &header, data) == 0 ? 0 : 1;
  });
  const Line l = ReportedOnce("credentials_change", pid);
  EXPECT_EQ(l["syscall"], "capset");
  EXPECT_EQ(l["arguments"], "[]");
  EXPECT_TRUE(Contains(
      l["after"],
      R"("effective":"0000000000002000","permitted":"0000000000002001","inheritable":"0000000000000000")"));
}

TEST_F(BehaviourTest, The32BitTableIsSeenToo) {
  if (!No32BitCalls().empty()) GTEST_SKIP() << No32BitCalls();
  int status = 0;
  const pid_t pid = RunInChild(
      [] {
        if (Call32(46, 77) != 0) return 1;      // setgid16
        return Call32(213, 4001) == 0 ? 0 : 2;  // setuid32
      },
      &status);
  ASSERT_EQ(status, 0);
  const auto lines = Reported("credentials_change", pid);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["syscall"], "setgid16");
  EXPECT_EQ(lines[0]["arguments"], "[77]");
  EXPECT_EQ(lines[0]["compat32"], "true");
  EXPECT_EQ(lines[1]["syscall"], "setuid");
  EXPECT_EQ(lines[1]["compat32"], "true");
  EXPECT_TRUE(lines[1]["after"].starts_with(R"({"uid":4001,"gid":77,)"));
}

// --- other processes ----------------------------------------------------------------------------

void ExpectTarget(const Line& l, pid_t pid) {
  EXPECT_EQ(l["target_argument"], std::to_string(pid));
  EXPECT_TRUE(l["target"].starts_with("{\"pid\":" + std::to_string(pid) + ",\"tid\":" +
                                      std::to_string(pid) + ",\"uid\":0,\"process_id\":\""))
      << l["target"];
  EXPECT_TRUE(Contains(l["target"], "-" + std::to_string(pid) + "-")) << l["target"];
  EXPECT_TRUE(Contains(l["target"], "\"comm\":\"live_behaviour")) << l["target"];
  EXPECT_TRUE(Contains(
      l["target"], "\"exe_path\":\"" + std::filesystem::read_symlink("/proc/self/exe").string()))
      << l["target"];
}

TEST_F(BehaviourTest, PtraceAttachAndPoke) {
  static long word = 7;
  const Sleeper sleeper;
  const pid_t pid = RunInChild([&] {
    if (ptrace(PTRACE_ATTACH, sleeper.pid(), nullptr, nullptr) != 0) return 1;
    waitpid(sleeper.pid(), nullptr, 0);
    ptrace(PTRACE_PEEKDATA, sleeper.pid(), &word, nullptr);
    ptrace(PTRACE_POKEDATA, sleeper.pid(), &word, 8);
    ptrace(PTRACE_DETACH, sleeper.pid(), nullptr, nullptr);
    if (ptrace(PTRACE_SEIZE, sleeper.pid(), nullptr, nullptr) != 0) return 2;
    ptrace(PTRACE_SEIZE, sleeper.pid(), nullptr, nullptr);
    return 0;
  });
  const auto lines = Reported("process_access", pid);
  ASSERT_EQ(lines.size(), 4U);
  const char* operations[] = {"attach", "poke_data", "seize", "seize"};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["syscall"], "ptrace");
    EXPECT_EQ(lines[i]["operation"], operations[i]);
    ExpectTarget(lines[i], sleeper.pid());
  }
  EXPECT_EQ(lines[0]["result"], "0");
  EXPECT_EQ(lines[3]["error"], "EPERM");
}

TEST_F(BehaviourTest, TracemeNamesTheParent) {
  const pid_t pid =
      RunInChild([] { return ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1; });
  const Line l = ReportedOnce("process_access", pid);
  EXPECT_EQ(l["operation"], "traceme");
  EXPECT_TRUE(l["target"].starts_with("{\"pid\":" + std::to_string(getpid()) + ","));
}

TEST_F(BehaviourTest, MemoryOfAnotherProcess) {
  static char memory[16] = "before";
  const Sleeper sleeper;
  const pid_t pid = RunInChild([&] {
    char buffer[16] = "after";
    const iovec local = {buffer, 6};
    const iovec remote = {memory, 6};
    const iovec own = {memory, 6};
    process_vm_writev(sleeper.pid(), &local, 1, &remote, 1, 0);
    process_vm_readv(sleeper.pid(), &local, 1, &remote, 1, 0);
    process_vm_readv(getpid(), &local, 1, &own, 1, 0);  // no secret to it
    return std::strcmp(buffer, "after");
  });
  const auto lines = Reported("process_access", pid);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["syscall"], "process_vm_writev");
  EXPECT_EQ(lines[0]["operation"], "write_memory");
  EXPECT_EQ(lines[0]["result"], "6");
  EXPECT_EQ(lines[1]["operation"], "read_memory");
  for (const Line& l : lines) ExpectTarget(l, sleeper.pid());
}

// The pid in the call is the caller's namespace's, the target's the host's.
TEST_F(BehaviourTest, TargetsInAnotherPidNamespace) {
  const Shared<pid_t> victim;
  const pid_t pid = RunInChild([&] {
    if (unshare(CLONE_NEWPID) != 0) return 1;
    const pid_t first = fork();  // pid 1 in there
    if (first == 0) {
      const pid_t forked = fork();
      if (forked == 0) {
        for (;;) pause();
      }
      ptrace(PTRACE_SEIZE, forked, nullptr, nullptr);
      *victim = forked;
      _exit(0);  // and with it everyone
    }
    return waitpid(first, nullptr, 0) == first ? 0 : 2;
  });
  ASSERT_GT(*victim, 0);
  agent().Catch();
  const Line* l = agent().out().First([&](const Line& line) {
    return line.Is("process_access") && line["ppid"] == std::to_string(pid);
  });
  ASSERT_NE(l, nullptr);
  EXPECT_EQ((*l)["target_argument"], std::to_string(*victim));
  const Line* fork = agent().out().First([&](const Line& line) {
    return line.Is("process_relationship") && line["parent_pid"] == (*l)["pid"];
  });
  ASSERT_NE(fork, nullptr);
  EXPECT_EQ((*fork)["child_ns_pid"], std::to_string(*victim));
  EXPECT_TRUE((*l)["target"].starts_with("{\"pid\":" + (*fork)["child_pid"] + ","));
}

// --- the sensor itself --------------------------------------------------------------------------

TEST_F(BehaviourTest, SignalsToTheSensor) {
  const pid_t sensor = agent().collector();
  ASSERT_GT(sensor, 0);
  const pid_t group = getpgid(sensor);
  const pid_t pid = RunInChild([&] {
    kill(getpid(), SIGCONT);  // not the sensor's
    kill(sensor, SIGCONT);
    syscall(SYS_tkill, sensor, SIGCONT);
    syscall(SYS_tgkill, sensor, sensor, SIGCONT);
    const int fd = static_cast<int>(syscall(SYS_pidfd_open, sensor, 0));
    syscall(SYS_pidfd_send_signal, fd, SIGCONT, nullptr, 0);
    kill(-group, SIGCONT);
    const int folder = open(("/proc/" + std::to_string(sensor)).c_str(), O_RDONLY | O_DIRECTORY);
    syscall(SYS_pidfd_send_signal, folder, SIGCONT, nullptr, 0);
    syscall(SYS_setresuid, 4001, 4001, 4001);
    kill(sensor, SIGKILL);
    return fd;
  });
  const auto lines = Reported("agent_signal", pid);
  ASSERT_EQ(lines.size(), 7U);
  const char* calls[] = {
      "kill", "tkill", "tgkill", "pidfd_send_signal", "kill", "pidfd_send_signal", "kill"};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["syscall"], calls[i]);
    EXPECT_EQ(lines[i]["signal"], std::to_string(i == 6 ? SIGKILL : SIGCONT));
    EXPECT_EQ(lines[i]["error"], i == 6 ? "EPERM" : "null");
  }
  for (const int i : {0, 1, 2, 3, 5, 6}) {
    EXPECT_TRUE(lines[i]["target"].starts_with("{\"pid\":" + std::to_string(sensor) + ",\"tid\":"))
        << lines[i]["target"];
    EXPECT_TRUE(Contains(lines[i]["target"], "\"comm\":\"rand-guard-coll\""));
  }
  EXPECT_EQ(lines[0]["target_argument"], std::to_string(sensor));
  EXPECT_EQ(lines[4]["target_argument"], std::to_string(-group));
}

// --- modules, bpf(2) ----------------------------------------------------------------------------

TEST_F(BehaviourTest, ModulesThatCannotBeLoaded) {
  const TempFolder folder;
  const std::string file = folder / "evil.ko";
  WriteFile(file, "no module");
  const pid_t pid = RunInChild([&] {
    const int fd = open(file.c_str(), O_RDONLY);
    // This memory exists: a kernel without modules does not look at it.
    char answer[] = "answer=42", x[] = "x=1", name[] = "rg_test_none";
    syscall(SYS_finit_module, fd, answer, 0);
    syscall(SYS_init_module, "no module", 9, x);
    syscall(SYS_delete_module, name, O_NONBLOCK);
    return 0;
  });
  const auto loads = Reported("module_load", pid);
  ASSERT_EQ(loads.size(), 2U);
  EXPECT_EQ(loads[0]["syscall"], "finit_module");
  EXPECT_NE(loads[0]["error"], "null");
  EXPECT_EQ(loads[0]["module"], "null");
  EXPECT_EQ(loads[0]["source"], "file");
  EXPECT_EQ(loads[0]["path"], file);
  EXPECT_EQ(loads[0]["path_status"], "null");
  EXPECT_EQ(loads[0]["parameters"], "answer=42");
  EXPECT_EQ(loads[0]["flags"], "0");
  EXPECT_EQ(loads[0]["size"], "null");
  EXPECT_EQ(loads[1]["syscall"], "init_module");
  EXPECT_EQ(loads[1]["source"], "memory");
  EXPECT_EQ(loads[1]["path"], "null");
  EXPECT_EQ(loads[1]["parameters"], "x=1");
  EXPECT_EQ(loads[1]["size"], "9");
  const Line unload = ReportedOnce("module_unload", pid);
  EXPECT_NE(unload["error"], "null");
  EXPECT_EQ(unload["module"], "rg_test_none");
  EXPECT_EQ(unload["flags"], std::to_string(O_NONBLOCK));
}

long Bpf(int command, bpf_attr& attr) { return syscall(SYS_bpf, command, &attr, sizeof(attr)); }

TEST_F(BehaviourTest, BpfProgramsAndOwnObjects) {
  const Shared<std::uint32_t> program_id;
  const pid_t pid = RunInChild([&] {
    const bpf_insn code[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0},
                             {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
    bpf_attr load{};
    load.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
    load.insns = reinterpret_cast<std::uint64_t>(code);
    load.insn_cnt = 2;
    load.license = reinterpret_cast<std::uint64_t>("GPL");
    std::strcpy(load.prog_name, "rg_test_prog");
    const int fd = static_cast<int>(Bpf(BPF_PROG_LOAD, load));
    if (fd < 0) return 1;
    bpf_prog_info program{};
    bpf_attr info{};
    info.info.bpf_fd = fd;
    info.info.info_len = sizeof(program);
    info.info.info = reinterpret_cast<std::uint64_t>(&program);
    Bpf(BPF_OBJ_GET_INFO_BY_FD, info);
    *program_id = program.id;
    bpf_attr by_id{};
    by_id.prog_id = program.id;
    Bpf(BPF_PROG_GET_FD_BY_ID, by_id);
    load.prog_type = 12345;
    Bpf(BPF_PROG_LOAD, load);
    bpf_attr next{};
    while (Bpf(BPF_MAP_GET_NEXT_ID, next) == 0) {
      bpf_attr get{};
      get.map_id = next.next_id;
      close(static_cast<int>(Bpf(BPF_MAP_GET_FD_BY_ID, get)));
      next.start_id = next.next_id;
    }
    return 0;
  });
  ASSERT_NE(*program_id, 0U);
  const auto lines = Reported("bpf_operation", pid);
  ASSERT_GE(lines.size(), 4U);
  EXPECT_EQ(lines[0]["operation"], "prog_load");
  EXPECT_EQ(lines[0]["object_kind"], "program");
  EXPECT_EQ(lines[0]["object_id"], std::to_string(*program_id));
  EXPECT_EQ(lines[0]["type"], "1");
  EXPECT_EQ(lines[0]["program_type"], "socket_filter");
  EXPECT_EQ(lines[0]["name"], "rg_test_prog");
  EXPECT_EQ(lines[0]["own"], "false");
  EXPECT_EQ(lines[1]["operation"], "prog_get_fd_by_id");
  EXPECT_EQ(lines[1]["object_id"], std::to_string(*program_id));
  EXPECT_EQ(lines[1]["name"], "rg_test_prog");
  EXPECT_EQ(lines[2]["operation"], "prog_load");
  EXPECT_NE(lines[2]["error"], "null");
  EXPECT_EQ(lines[2]["type"], "12345");
  EXPECT_EQ(lines[2]["program_type"], "null");
  EXPECT_EQ(lines[2]["name"], "rg_test_prog");
  EXPECT_EQ(lines[2]["own"], "null");
  // All maps of the machine, those of this agent among them; there may be another agent.
  for (const std::string name : {"rg_lane_critica", "rg_lane_bulk", "rg_scratch", "edr_ebpf.bss"}) {
    const auto own = std::count_if(lines.begin(), lines.end(), [&](const Line& l) {
      return l["operation"] == "map_get_fd_by_id" && l["object_kind"] == "map" &&
             l["name"] == name && l["own"] == "true" && l["object_id"] != "null";
    });
    EXPECT_EQ(own, 1) << name;
  }
}

// --- namespaces, mounts -------------------------------------------------------------------------

std::uint64_t Inode(const std::string& path) {
  struct stat st {};
  return stat(path.c_str(), &st) == 0 ? st.st_ino : 0;
}

TEST_F(BehaviourTest, NamespacesAfterUnshareAndSetns) {
  const Shared<std::uint64_t> uts;
  const pid_t pid = RunInChild([&] {
    const int fd = open("/proc/self/ns/uts", O_RDONLY);
    syscall(SYS_unshare, CLONE_FILES);  // no namespace
    syscall(SYS_unshare, CLONE_NEWUTS);
    *uts = Inode("/proc/self/ns/uts");
    syscall(SYS_setns, fd, CLONE_NEWUTS);
    syscall(SYS_setns, fd, CLONE_NEWNET);
    return 0;
  });
  ASSERT_NE(*uts, 0U);
  const auto lines = Reported("namespace_change", pid);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["syscall"], "unshare");
  EXPECT_EQ(lines[0]["flags"], std::to_string(CLONE_NEWUTS));
  EXPECT_EQ(lines[0]["fd"], "null");
  EXPECT_TRUE(lines[0]["namespaces"].ends_with("\"uts\":" + std::to_string(*uts) + "}"));
  EXPECT_TRUE(Contains(lines[0]["namespaces"], Member("net", Inode("/proc/self/ns/net"))));
  EXPECT_TRUE(Contains(lines[0]["namespaces"], Member("pid", Inode("/proc/self/ns/pid"))));
  EXPECT_EQ(lines[0]["pid_for_children"], std::to_string(Inode("/proc/self/ns/pid")));
  EXPECT_EQ(lines[1]["syscall"], "setns");
  EXPECT_EQ(lines[1]["flags"], std::to_string(CLONE_NEWUTS));
  EXPECT_NE(lines[1]["fd"], "null");
  EXPECT_TRUE(lines[1]["namespaces"].ends_with(
      "\"uts\":" + std::to_string(Inode("/proc/self/ns/uts")) + "}"));
  EXPECT_EQ(lines[2]["error"], "EINVAL");
}

// The sensor has links of its own.
TEST_F(BehaviourTest, LinksThatAreFoundByTheirIds) {
  const pid_t pid = RunInChild([] {
    bpf_attr next{};
    while (Bpf(BPF_LINK_GET_NEXT_ID, next) == 0) {
      bpf_attr get{};
      get.link_id = next.next_id;
      const int fd = static_cast<int>(Bpf(BPF_LINK_GET_FD_BY_ID, get));
      if (fd >= 0) close(fd);
      next.start_id = next.next_id;
    }
    return 0;
  });
  int own = 0;
  for (const Line& l : Reported("bpf_operation", pid)) {
    EXPECT_EQ(l["operation"], "link_get_fd_by_id");
    if (l["error"] != "null") continue;  // it has gone meanwhile
    EXPECT_EQ(l["doubtful"], "false") << l.text;
    EXPECT_NE(l["own"], "null") << l.text;
    own += l["own"] == "true" ? 1 : 0;
  }
  EXPECT_GT(own, 0);
}

// In a process whose parent has other namespaces, as the first one of a container. The arguments of
// clone3 lie on a stack, where other things follow.
TEST_F(BehaviourTest, ThreadsOfANamespaceAreNoneOfTheirOwn) {
  const Shared<pid_t> inner;
  RunInChild([&] {
    if (unshare(CLONE_NEWPID | CLONE_NEWUTS) != 0) return 1;
    const pid_t child = fork();
    if (child == 0) {
      for (int i = 0; i < 20; ++i) std::thread([] {}).join();
      _exit(0);
    }
    *inner = child;
    int status = -1;
    waitpid(child, &status, 0);
    return status;
  });
  ASSERT_GT(*inner, 0);
  EXPECT_TRUE(Reported("namespace_change", *inner).empty());
}

TEST_F(BehaviourTest, CloneIntoNewNamespacesIsToldByTheChild) {
  for (const bool clone3 : {false, true}) {
    clone_args arguments{};
    arguments.flags = CLONE_NEWUTS | CLONE_NEWPID;
    arguments.exit_signal = SIGCHLD;
    const long child = clone3
                           ? syscall(SYS_clone3, &arguments, sizeof(arguments))
                           : syscall(SYS_clone, CLONE_NEWUTS | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) _exit(0);
    ASSERT_GT(child, 0);
    waitpid(static_cast<pid_t>(child), nullptr, 0);
    const Line l = ReportedOnce("namespace_change", static_cast<pid_t>(child));
    EXPECT_EQ(l["syscall"], clone3 ? "clone3" : "clone");
    EXPECT_EQ(l["result"], "0");
    EXPECT_EQ(l["flags"], std::to_string(CLONE_NEWUTS | CLONE_NEWPID | (clone3 ? 0 : SIGCHLD)));
    EXPECT_FALSE(Contains(l["namespaces"], Member("pid", Inode("/proc/self/ns/pid"))));
  }
}

TEST_F(BehaviourTest, MountsAndRoots) {
  const TempFolder folder;
  const std::string one = folder / "one";
  const std::string two = folder / "two";
  ASSERT_EQ(mkdir(one.c_str(), 0755), 0);
  ASSERT_EQ(mkdir(two.c_str(), 0755), 0);
  int status = 0;
  const pid_t pid = RunInChild(
      [&] {
        if (unshare(CLONE_NEWNS) != 0) return 1;
        if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 2;
        if (mount("rg-source", one.c_str(), "tmpfs", MS_NODEV | MS_NOEXEC, "size=64k") != 0)
          return 3;
        if (chdir(folder.path().c_str()) != 0) return 4;
        if (mount("one", "./two", nullptr, MS_BIND, nullptr) != 0) return 5;
        if (umount2("two", MNT_DETACH) != 0) return 6;
        const int fd =
            static_cast<int>(syscall(SYS_open_tree, AT_FDCWD, one.c_str(), OPEN_TREE_CLONE));
        if (syscall(SYS_move_mount, fd, "", AT_FDCWD, two.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
          return 7;
        if (mount("x", "/nonexistent", "tmpfs", 0, nullptr) == 0) return 8;
        if (chdir(one.c_str()) != 0) return 9;
        if (syscall(SYS_pivot_root, ".", ".") != 0) return 10;
        return chroot("/") == 0 ? 0 : 11;
      },
      &status);
  ASSERT_EQ(WEXITSTATUS(status), 0);
  const auto mounts = Reported("mount", pid);
  ASSERT_EQ(mounts.size(), 5U);
  EXPECT_EQ(mounts[0]["target"], "/");
  EXPECT_EQ(mounts[0]["target_path"], "/");
  EXPECT_EQ(mounts[0]["source"], "null");
  EXPECT_EQ(mounts[0]["fs_type"], "null");
  EXPECT_EQ(mounts[0]["flags"], std::to_string(MS_REC | MS_PRIVATE));
  EXPECT_EQ(mounts[1]["syscall"], "mount");
  EXPECT_EQ(mounts[1]["source"], "rg-source");
  EXPECT_EQ(mounts[1]["source_path"], "null");
  EXPECT_EQ(mounts[1]["target"], one);
  EXPECT_EQ(mounts[1]["target_path"], one);
  EXPECT_EQ(mounts[1]["target_path_status"], "null");
  EXPECT_EQ(mounts[1]["fs_type"], "tmpfs");
  EXPECT_EQ(mounts[1]["flags"], std::to_string(MS_NODEV | MS_NOEXEC));
  EXPECT_EQ(mounts[2]["source"], "one");
  EXPECT_EQ(mounts[2]["source_path"], one);
  EXPECT_EQ(mounts[2]["target"], "./two");
  EXPECT_EQ(mounts[2]["target_path"], two);
  EXPECT_EQ(mounts[2]["flags"], std::to_string(MS_BIND));
  EXPECT_EQ(mounts[3]["syscall"], "move_mount");
  EXPECT_EQ(mounts[3]["target_path"], two);
  EXPECT_EQ(mounts[3]["fs_type"], "tmpfs");
  EXPECT_EQ(mounts[3]["flags"], std::to_string(MOVE_MOUNT_F_EMPTY_PATH));
  EXPECT_EQ(mounts[4]["error"], "ENOENT");
  EXPECT_EQ(mounts[4]["target"], "/nonexistent");
  const Line unmount = ReportedOnce("unmount", pid);
  EXPECT_EQ(unmount["syscall"], "umount2");
  EXPECT_EQ(unmount["target"], "two");
  EXPECT_EQ(unmount["target_path"], two);
  EXPECT_EQ(unmount["flags"], std::to_string(MNT_DETACH));
  const auto roots = Reported("root_change", pid);
  ASSERT_EQ(roots.size(), 2U);
  EXPECT_EQ(roots[0]["syscall"], "pivot_root");
  EXPECT_EQ(roots[0]["new_root"], ".");
  EXPECT_EQ(roots[0]["put_old"], ".");
  EXPECT_EQ(roots[0]["error"], "null");
  EXPECT_EQ(roots[1]["syscall"], "chroot");
  EXPECT_EQ(roots[1]["new_root"], "/");
  EXPECT_EQ(roots[1]["new_root_path"], "/");
  EXPECT_EQ(roots[1]["put_old"], "null");
}

TEST_F(BehaviourTest, AnonymousFiles) {
  const pid_t pid = RunInChild([] { return memfd_create("rg label", MFD_CLOEXEC); });
  const Line l = ReportedOnce("memfd_create", pid);
  EXPECT_EQ(l["name"], "rg label");
  EXPECT_EQ(l["flags"], std::to_string(MFD_CLOEXEC));
  EXPECT_EQ(l["fd"], l["result"]);
  EXPECT_NE(l["fd"], "null");
}

// --- io_uring -----------------------------------------------------------------------------------

std::uint64_t Address(const std::string& text) {
  return reinterpret_cast<std::uint64_t>(text.c_str());
}

TEST_F(BehaviourTest, IoUringNames) {
  const TempFolder folder;
  const std::string file = folder / "file";
  const std::string renamed = folder / "renamed";
  const std::string made = folder / "made";
  WriteFile(file, "x");
  int status = 0;
  const pid_t pid = RunInChild(
      [&] {
        Ring ring;
        if (!ring.ok()) return 99;
        io_uring_sqe open{};
        open.opcode = IORING_OP_OPENAT;
        open.fd = AT_FDCWD;
        open.addr = Address(file);
        open.open_flags = O_RDWR;
        ring.Do(open);
        io_uring_sqe mkdir{};
        mkdir.opcode = IORING_OP_MKDIRAT;
        mkdir.fd = AT_FDCWD;
        mkdir.addr = Address(made);
        mkdir.len = 0700;
        ring.Do(mkdir);
        io_uring_sqe rename{};
        rename.opcode = IORING_OP_RENAMEAT;
        rename.fd = AT_FDCWD;
        rename.addr = Address(file);
        rename.len = static_cast<std::uint32_t>(AT_FDCWD);
        rename.addr2 = Address(renamed);
        ring.Do(rename);
        io_uring_sqe unlink{};
        unlink.opcode = IORING_OP_UNLINKAT;
        unlink.fd = AT_FDCWD;
        unlink.addr = Address(made);
        unlink.unlink_flags = AT_REMOVEDIR;
        ring.Do(unlink);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(1);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        io_uring_sqe connect{};
        connect.opcode = IORING_OP_CONNECT;
        connect.fd = socket(AF_INET, SOCK_STREAM, 0);
        connect.addr = reinterpret_cast<std::uint64_t>(&address);
        connect.off = sizeof(address);
        ring.Do(connect);
        io_uring_sqe nop{};
        nop.opcode = IORING_OP_NOP;
        ring.Do(nop);
        return access(renamed.c_str(), F_OK) == 0 && access(made.c_str(), F_OK) != 0 ? 0 : 1;
      },
      &status);
  if (WEXITSTATUS(status) == 99) GTEST_SKIP() << "no io_uring here";
  ASSERT_EQ(WEXITSTATUS(status), 0);
  const auto lines = Reported("io_uring_operation", pid);
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[0]["operation"], "openat");
  EXPECT_EQ(lines[0]["opcode"], std::to_string(IORING_OP_OPENAT));
  EXPECT_EQ(lines[0]["filename"], file);
  EXPECT_EQ(lines[0]["new_filename"], "null");
  EXPECT_EQ(lines[0]["dirfd"], "null");
  EXPECT_EQ(lines[0].Number("flags") & O_ACCMODE, static_cast<std::uint64_t>(O_RDWR));
  EXPECT_EQ(lines[1]["operation"], "mkdirat");
  EXPECT_EQ(lines[1]["filename"], made);
  EXPECT_EQ(lines[2]["operation"], "renameat");
  EXPECT_EQ(lines[2]["filename"], file);
  EXPECT_EQ(lines[2]["new_filename"], renamed);
  EXPECT_EQ(lines[2]["new_dirfd"], "null");
  EXPECT_EQ(lines[3]["operation"], "unlinkat");
  EXPECT_EQ(lines[3]["filename"], made);
  EXPECT_EQ(lines[3]["flags"], std::to_string(AT_REMOVEDIR));
  EXPECT_EQ(lines[4]["operation"], "connect");
  EXPECT_EQ(lines[4]["filename"], "null");
  EXPECT_EQ(lines[4]["flags"], "null");
  EXPECT_EQ(lines[4]["remote_addr"], "127.0.0.1");
  EXPECT_EQ(lines[4]["remote_port"], "1");
}

// --- what can be switched off -------------------------------------------------------------------

TEST(BehaviourConfigTest, OnlyWhatIsAskedFor) {
  Agent agent({.config = "[process]\nbehaviour = [\"memfd\"]\n"});
  const pid_t pid = RunInChild([] {
    syscall(SYS_setresuid, 4001, 4001, 4001);
    return memfd_create("kept", 0);
  });
  agent.Catch();
  EXPECT_EQ(agent.out().All(TypeAndPid("memfd_create", pid)).size(), 1U);
  EXPECT_TRUE(agent.out().All(TypeAndPid("credentials_change", pid)).empty());
  EXPECT_EQ(agent.Stop(), 0) << agent.Errors();
}

}  // namespace
}  // namespace randguard::live

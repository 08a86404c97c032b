// SPDX-License-Identifier: Apache-2.0
//
// Files as the kernel's own functions show them: to somebody who forges calls, hides behind
// symlinks, swaps descriptors, or makes no system call at all. Hosts that let no program be
// attached to functions skip these tests, but for the one that asks what they say about it.
#include <bpf/bpf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "collector/call_functions.h"
#include "collector/kernel_functions.h"
#include "schema/abi/arch.h"
#include "tests/live/agent.h"
#include "tests/live/forge.h"
#include "tests/live/host.h"
#include "tests/live/ring.h"
#include "tests/live/watched_folder.h"

namespace randguard::live {
namespace {

// One agent for all tests, which watches one folder and is to pass over another.
class FunctionsTest : public WatchedFolderTest {
 protected:
  static void SetUpTestSuite() {
    elsewhere_ = new TempFolder;
    Start(
        [] { return "[ebpf]\nhooks = \"auto\"\n" + Watching("[\"" + elsewhere_->path() + "\"]"); });
  }
  static void TearDownTestSuite() {
    WatchedFolderTest::TearDownTestSuite();
    delete elsewhere_;
  }
  void SetUp() override {
    for (const char* hook : {"file_open", "file_write", "file_names"}) {
      if (agent().StateOf(hook) != "attached") {
        GTEST_SKIP() << "no program can be attached to functions here: "
                     << agent().Health()["hooks"];
      }
    }
  }
  static const std::string& elsewhere() { return elsewhere_->path(); }

 private:
  static inline TempFolder* elsewhere_ = nullptr;
};

TEST_F(FunctionsTest, TheFunctionIsTheWitness) {
  const auto events = EventsOf([] {
    const int fd = open("plain", O_CREAT | O_WRONLY, 0640);
    if (fd < 0 || write(fd, "abc", 3) != 3) return 1;
    if (rename("plain", "moved") != 0 || unlink("moved") != 0) return 2;
    return unlink("moved") == -1 && errno == ENOENT ? 0 : 3;
  });
  ASSERT_EQ(events.size(), 5U);
  for (const Line& e : events) {
    EXPECT_EQ(e["witness"], "function") << e.text;
    EXPECT_EQ(e["origin"], "null") << e.text;
    EXPECT_EQ(e["seccomp"], "false") << e.text;
  }
  EXPECT_EQ(events[0]["resolved_path"], root() + "/plain");
  EXPECT_EQ(events[0]["created"], "true");
  EXPECT_EQ(events[0]["result"], "0");
  EXPECT_EQ(events[0]["fd"], "null");
  EXPECT_EQ(events[0]["create_mode"], "640");
  EXPECT_EQ(events[1]["result"], "3");
  EXPECT_EQ(events[1]["count"], "3");
  EXPECT_EQ(events[2]["old_resolved_path"], root() + "/plain");
  EXPECT_EQ(events[2]["new_resolved_path"], root() + "/moved");
  EXPECT_EQ(events[2]["new_path_source"], "kernel");
  EXPECT_EQ(events[3]["resolved_path"], root() + "/moved");
  EXPECT_EQ(events[3]["path_source"], "kernel");
  EXPECT_EQ(events[4]["result"], std::to_string(-ENOENT));
  EXPECT_EQ(events[4]["filename"], "moved");
  EXPECT_EQ(events[4]["resolved_path"], root() + "/moved");
}

// Each way to change a name, through a symlink that lies where nobody watches.
TEST_F(FunctionsTest, NamesAreFollowedWhereSymlinksLead) {
  for (const char* name : {"one", "two", "three"}) Make(name);
  const std::string link = elsewhere() + "/link";
  ASSERT_EQ(symlink(root().c_str(), link.c_str()), 0);
  const auto events = EventsOf([&] {
    const auto in = [&](const char* name) { return link + "/" + name; };
    if (unlink(in("one").c_str()) != 0) return 1;
    if (rename(in("two").c_str(), in("2").c_str()) != 0) return 2;
    if (::link(in("three").c_str(), in("3").c_str()) != 0) return 3;
    if (symlink("text", in("sym").c_str()) != 0) return 4;
    if (mkdir(in("dir").c_str(), 0700) != 0 || rmdir(in("dir").c_str()) != 0) return 5;
    if (mknod(in("fifo").c_str(), S_IFIFO | 0600, 0) != 0) return 6;
    return mknod(in("file").c_str(), S_IFREG | 0600, 0) == 0 ? 0 : 7;
  });
  ASSERT_EQ(events.size(), 8U);
  EXPECT_EQ(events[0]["resolved_path"], root() + "/one");
  EXPECT_EQ(events[0]["filename"], link + "/one");
  EXPECT_EQ(events[1]["old_resolved_path"], root() + "/two");
  EXPECT_EQ(events[1]["new_resolved_path"], root() + "/2");
  EXPECT_EQ(events[2]["old_resolved_path"], root() + "/three");
  EXPECT_EQ(events[2]["new_resolved_path"], root() + "/3");
  EXPECT_EQ(events[3]["new_resolved_path"], root() + "/sym");
  EXPECT_EQ(events[3]["old_filename"], "text");
  EXPECT_EQ(events[4]["resolved_path"], root() + "/dir");
  EXPECT_EQ(events[5]["resolved_path"], root() + "/dir");
  EXPECT_EQ(events[6]["resolved_path"], root() + "/fifo");
  EXPECT_EQ(events[7]["resolved_path"], root() + "/file");
  for (const Line& e : events) {
    EXPECT_EQ(e["result"], "0") << e.text;
    EXPECT_TRUE(e["path_source"] == "kernel" || e["new_path_source"] == "kernel") << e.text;
  }
}

// Each way to change attributes, through a symlink that lies where nobody watches.
TEST_F(FunctionsTest, AttributesAreFollowedWhereSymlinksLead) {
  Make("f");
  const std::string file = elsewhere() + "/attributes/f";
  ASSERT_EQ(symlink(root().c_str(), (elsewhere() + "/attributes").c_str()), 0);
  const Shared<int> ring_worked;
  const auto events = EventsOf([&] {
    const char* f = file.c_str();
    const timespec times[2] = {{1, 2}, {3, 4}};
    const utimbuf seconds = {5, 6};
    // An access list as the kernel stores it: version 2, then the owner, the group and others.
    const std::uint32_t list[] = {2, 0x60001, ~0U, 0x40004, ~0U, 0x40020, ~0U};
    if (chmod(f, 0640) != 0 || fchmodat(AT_FDCWD, f, 0644, 0) != 0) return 1;
    if (chown(f, 1, 1) != 0 || lchown(f, 2, 2) != 0 || fchownat(AT_FDCWD, f, 0, 0, 0) != 0)
      return 2;
    if (truncate(f, 3) != 0) return 3;
    if (utimensat(AT_FDCWD, f, times, 0) != 0 || utime(f, &seconds) != 0) return 4;
    if (setxattr(f, "trusted.a", "b", 1, 0) != 0 || lsetxattr(f, "trusted.b", "b", 1, 0) != 0)
      return 5;
    if (removexattr(f, "trusted.a") != 0 || lremovexattr(f, "trusted.b") != 0) return 6;
    if (setxattr(f, "system.posix_acl_access", list, sizeof(list), 0) != 0) return 7;
    if (removexattr(f, "system.posix_acl_access") != 0) return 8;
    Ring ring;
    if (ring.ok()) {
      io_uring_sqe set{};
      set.opcode = IORING_OP_SETXATTR;
      set.addr = reinterpret_cast<std::uint64_t>("trusted.c");
      set.addr2 = reinterpret_cast<std::uint64_t>("d");
      set.addr3 = reinterpret_cast<std::uint64_t>(f);
      set.len = 1;
      ring.Do(set);
      char value = 0;
      *ring_worked = getxattr(f, "trusted.c", &value, 1) == 1;
    }
    return 0;
  });
  ASSERT_EQ(events.size(), 14U + *ring_worked);
  for (const Line& e : events) {
    EXPECT_EQ(e["resolved_path"], root() + "/f") << e.text;
    EXPECT_EQ(e["path_source"], "kernel") << e.text;
    EXPECT_EQ(e["witness"], "function") << e.text;
    EXPECT_EQ(e["result"], "0") << e.text;
  }
  EXPECT_EQ(events[0]["filename"], file);
  EXPECT_EQ(events[0]["new_mode"], "640");
  EXPECT_EQ(events[5]["length"], "3");
  EXPECT_EQ(events[8]["attribute"], "trusted.a");
  EXPECT_EQ(events[12]["attribute"], "system.posix_acl_access");
  if (*ring_worked != 0) {
    EXPECT_EQ(events[14]["attribute"], "trusted.c");
    EXPECT_EQ(events[14]["origin"], "io_uring");
    EXPECT_EQ(events[14]["syscall"], "setxattr");
    EXPECT_EQ(events[14]["filename"], file);
  }
}

// A tree that nobody has mounted has no path, so everything in it is reported.
TEST_F(FunctionsTest, AttributesInATreeThatIsNotMounted) {
  Make("unmounted");
  const auto events = EventsOf([] {
    const long tree = syscall(SYS_open_tree, AT_FDCWD, root().c_str(), 1 /* OPEN_TREE_CLONE */);
    if (tree < 0) return 1;
    const std::string name = "/proc/self/fd/" + std::to_string(tree) + "/unmounted";
    return truncate(name.c_str(), 0) == 0 && chmod(name.c_str(), 0600) == 0 ? 0 : 2;
  });
  ASSERT_EQ(events.size(), 2U);
  for (const Line& e : events) {
    EXPECT_EQ(e["path_status"], "detached") << e.text;
    EXPECT_EQ(e["resolved_path"], "/unmounted") << e.text;
    EXPECT_NE(e["inode"], "null") << e.text;
  }
}

// An attempt that came to the file and was refused there, and those that did not come so far.
TEST_F(FunctionsTest, AttributesThatWereRefused) {
  Make("refused");
  Make("folder-less");
  const auto events = EventsOf([] {
    if (setresuid(65534, 65534, 65534) != 0) return 1;
    if (chmod("refused", 0600) == 0 || chmod("folder-less/x", 0600) == 0) return 2;
    return chown("none", 1, 1) == 0 ? 3 : 0;
  });
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0]["error"], "EPERM");
  EXPECT_EQ(events[0]["path_source"], "kernel");
  EXPECT_EQ(events[1]["error"], "ENOTDIR");
  EXPECT_EQ(events[2]["error"], "ENOENT");
}

// The same through a mount of the folder that lies where nobody watches.
TEST_F(FunctionsTest, NamesAndAttributesInAMountElsewhere) {
  if (!IsOnRootFileSystem(root())) GTEST_SKIP() << root() << " has a file system of its own";
  for (const char* name : {"m1", "m2", "m3"}) Make(name);
  const std::string at = elsewhere() + "/mount";
  ASSERT_EQ(mkdir(at.c_str(), 0755), 0);
  const auto all = EventsOf([&] {
    if (OwnMounts() != 0 || mount(".", at.c_str(), nullptr, MS_BIND, nullptr) != 0) return 1;
    if (chdir(at.c_str()) != 0) return 2;
    if (chmod("m1", 0640) != 0 || unlink("m1") != 0) return 3;
    if (rename("m2", "m4") != 0 || ::link("m3", "m5") != 0 || symlink("text", "m6") != 0) return 4;
    return mkdir("m7", 0755) == 0 && rmdir("m7") == 0 ? 0 : 5;
  });
  std::vector<std::string> paths;
  for (const Line& e : all) {
    if (e["operation"] == "null" || e.Is("mount")) continue;
    EXPECT_EQ(e["mount_namespace_foreign"], "true") << e.text;
    const bool two = e["operation"] == "rename" || e["operation"] == "link";
    EXPECT_EQ(e[two ? "new_resolved_path" : "resolved_path"].substr(0, at.size()), at) << e.text;
    paths.push_back(e[two ? "new_fs_path" : "fs_path"]);
  }
  const std::string& r = root();
  EXPECT_EQ(paths, (std::vector<std::string>{r + "/m1", r + "/m1", r + "/m4", r + "/m5", r + "/m6",
                                             r + "/m7", r + "/m7"}));
}

TEST_F(FunctionsTest, CallsThatWereNeverMadeAreNoEvents) {
  Make("forged");
  const Shared<pid_t> forger;
  EventsOf([&] { return ForgeCalls("forged", &*forger); });
  const auto events = agent().out().All(
      [&](const Line& l) { return l.IsOfAFile() && l["pid"] == std::to_string(*forger); });
  for (const Line& e : events) ADD_FAILURE() << e.text;
}

// A second thread puts another file over the descriptor that open is about to return. RG_RACES in
// the environment: how often it is tried.
TEST_F(FunctionsTest, EachOpenNamesItsFileWhateverBecomesOfTheDescriptor) {
  const char* tries = std::getenv("RG_RACES");
  const int files = tries != nullptr ? std::atoi(tries) : 200;
  ASSERT_GT(files, 0);
  for (int i = 0; i < files; ++i) Make("race" + std::to_string(i));
  Make("other");
  const Shared<int> swapped;
  const auto events = EventsOf([&] {
    const int other = open("other", O_RDONLY);
    const int next = other + 1;
    struct stat of_other {
    }, opened{};
    fstat(other, &of_other);
    std::atomic<bool> stop = false;
    std::thread swapper([&] {
      while (!stop) dup2(other, next);
    });
    for (int i = 0; i < files; ++i) {
      const int fd = open(("race" + std::to_string(i)).c_str(), O_RDWR | O_TRUNC);
      *swapped += fstat(fd, &opened) == 0 && opened.st_ino == of_other.st_ino;
      close(fd);
    }
    stop = true;
    swapper.join();
    return 0;
  });
  std::map<std::string, int> named;
  for (const Line& e : events) {
    if (e.Is("file_open")) ++named[e["resolved_path"]];
  }
  for (int i = 0; i < files; ++i) {
    EXPECT_EQ(named[root() + "/race" + std::to_string(i)], 1) << i;
  }
  std::cout << *swapped << " of " << files << " descriptors stood for the other file\n";
}

// The name that was looked for in vain is kept as the kernel had copied it, up to a limit.
TEST_F(FunctionsTest, LongNamesThatLeadNowhereAreSaidToBeCut) {
  const std::string name = "none/" + std::string(200, 'a') + "/" + std::string(200, 'b');
  const auto events = EventsOf([&] {
    if (unlink("none/short") == 0) return 1;
    return unlink(name.c_str()) == -1 ? 0 : 2;
  });
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["filename"], "none/short");
  EXPECT_EQ(events[0]["filename_truncated"], "false");
  EXPECT_EQ(events[0]["path_source"], "lexical");
  EXPECT_EQ(events[1]["filename"], name.substr(0, 255));
  EXPECT_EQ(events[1]["filename_truncated"], "true");
  EXPECT_EQ(events[1]["path_status"], "truncated");
}

// Calls that no function further inside sees are seen in their own functions.
TEST_F(FunctionsTest, CallsAreSeenInTheirOwnFunctions) {
  ASSERT_EQ(agent().LayerOf("syscalls"), "function");
  Make("changed");
  const auto events = EventsOf([] {
    if (chmod("changed", 0600) != 0 || truncate("changed", 3) != 0) return 1;
    if (setxattr("changed", "user.a", "b", 1, 0) != 0) return 2;
    if (chown("none", 1, 1) == 0) return 3;
    return syscall(SYS_chmod, "changed", 0644) == 0 ? 0 : 4;
  });
  ASSERT_EQ(events.size(), 5U);
  for (const Line& e : events) {
    EXPECT_EQ(e["witness"], "function") << e.text;
    EXPECT_EQ(e["doubtful"], "false") << e.text;
    EXPECT_EQ(e["path_status"], "null") << e.text;
  }
  EXPECT_EQ(events[0]["resolved_path"], root() + "/changed");
  EXPECT_EQ(events[3]["error"], "ENOENT");
}

// Calls of behaviour and failed execs, too.
TEST_F(FunctionsTest, CallsOfEveryDomainNameTheFunctionAsWitness) {
  const pid_t pid = fork();
  if (pid == 0) {
    const int file = static_cast<int>(syscall(SYS_memfd_create, "seen", 0));
    if (file < 0 || unshare(CLONE_NEWUTS) != 0) _exit(1);
    if (setresuid(65534, 65534, 65534) != 0) _exit(2);
    if (execl("/nowhere", "nowhere", nullptr) == 0) _exit(3);
    _exit(0);
  }
  int status = -1;
  waitpid(pid, &status, 0);
  ASSERT_EQ(status, 0);
  agent().Catch();
  for (const char* type :
       {"memfd_create", "namespace_change", "credentials_change", "process_exec_failed"}) {
    const auto events = agent().out().All(
        [&](const Line& l) { return l.Is(type) && l["pid"] == std::to_string(pid); });
    ASSERT_EQ(events.size(), 1U) << type;
    if (std::string_view(type) != "process_exec_failed") {
      EXPECT_EQ(events[0]["witness"], "function") << events[0].text;
    }
  }
}

// `bpftool prog` shows the same list: the agent has nothing on the tracepoints of system calls.
TEST_F(FunctionsTest, NothingIsAttachedToTheExitOfAllCalls) {
  int programs = 0;
  bpf_attr next{};
  while (syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &next, sizeof(next)) == 0) {
    next.start_id = next.next_id;
    bpf_attr attr{};
    attr.prog_id = next.next_id;
    const int fd = static_cast<int>(syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr)));
    if (fd < 0) continue;
    bpf_prog_info info{};
    attr = {};
    attr.info.bpf_fd = static_cast<std::uint32_t>(fd);
    attr.info.info_len = sizeof(info);
    attr.info.info = reinterpret_cast<std::uint64_t>(&info);
    ASSERT_EQ(syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)), 0);
    close(fd);
    programs += std::string_view(info.name).starts_with("rg_call_functi");
    EXPECT_STRNE(info.name, "rg_sys_exit");
  }
  EXPECT_GT(programs, 50);
}

// The program on each function of a call, open, by the number of the function's type.
std::map<std::uint32_t, int> ProgramsByFunction() {
  std::map<std::uint32_t, int> programs;
  for (std::uint32_t id = 0; bpf_link_get_next_id(id, &id) == 0;) {
    const int link = bpf_link_get_fd_by_id(id);
    bpf_link_info of{};
    std::uint32_t size = sizeof(of);
    if (link < 0 || bpf_obj_get_info_by_fd(link, &of, &size) != 0) continue;
    close(link);
    if (of.type != BPF_LINK_TYPE_TRACING || of.tracing.attach_type != BPF_TRACE_FEXIT) continue;
    const int program = bpf_prog_get_fd_by_id(of.prog_id);
    bpf_prog_info info{};
    size = sizeof(info);
    if (program < 0 || bpf_obj_get_info_by_fd(program, &info, &size) != 0) continue;
    if (std::string_view(info.name).starts_with("rg_call_functi")) {
      programs[of.tracing.target_btf_id] = program;
    } else {
      close(program);
    }
  }
  return programs;
}

std::uint64_t Runs(int program) {
  bpf_prog_info info{};
  std::uint32_t size = sizeof(info);
  EXPECT_EQ(bpf_obj_get_info_by_fd(program, &info, &size), 0);
  return info.run_cnt;
}

// Each call, with arguments that no call takes, reaches the function that we take for its own. The
// kernel has other functions of such names, which nothing calls.
TEST_F(FunctionsTest, EachCallReachesItsFunction) {
  const Agent all({.config = "[ebpf]\nhooks = \"auto\"\n[events]\nnetwork = true\n"
                             "[network]\nenabled = true\n" +
                             Watching(),
                   .quiet = false});
  const int counting = bpf_enable_stats(BPF_STATS_RUN_TIME);
  ASSERT_GE(counting, 0);
  const collector::KernelFunctions kernel;
  struct Call {
    unsigned call;
    int table;
    long number;
  };
  std::vector<Call> calls;
#define SYSTEM_CALL(name, nr64, nr32)                                   \
  if ((nr64) != RG_ABSENT) calls.push_back({RG_CALL_##name, 64, nr64}); \
  if ((nr32) != RG_ABSENT && No32BitCalls().empty()) {                  \
    calls.push_back({RG_CALL_##name, 32, nr32});                        \
  }
#include RG_SYSTEM_CALLS
#undef SYSTEM_CALL
  const std::map<std::uint32_t, int> programs = ProgramsByFunction();
  int tried = 0;
  for (const Call& call : calls) {
    const std::string name = collector::NameOfCallFunction(call.call, call.table);
    const auto program = programs.find(kernel.Get(name).function);
    if (program == programs.end()) continue;  // this kernel lacks it, or another function sees it
    const std::uint64_t before = Runs(program->second);
    const pid_t pid = fork();
    if (pid == 0) {
      call.table == 64 ? syscall(call.number, -1, -1, -1, -1, -1, -1)
                       : Call32(call.number, -1, -1, -1, -1, -1);
      _exit(0);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0) << name;
    EXPECT_GT(Runs(program->second), before) << name;
    ++tried;
  }
  for (const auto& [function, program] : programs) close(program);
  close(counting);
  EXPECT_GT(tried, No32BitCalls().empty() ? 100 : 50);
}

// The kernel's list of symbols has the function of each call, under the name that we know. Calls
// that this kernel lacks are few.
TEST(CallFunctionsTest, EachCallHasItsFunction) {
  std::set<std::string> symbols;
  std::ifstream list("/proc/kallsyms");
  for (std::string address, type, name, rest; list >> address >> type >> name;) {
    std::getline(list, rest);
    symbols.insert(name);
  }
  ASSERT_TRUE(symbols.contains("__x64_sys_read"));
  rg_settings settings{};
#define SYSTEM_CALL(name, nr64, nr32)                                           \
  if ((nr64) != RG_ABSENT) settings.exit_calls[0][(nr64)&511] = RG_CALL_##name; \
  if ((nr32) != RG_ABSENT) settings.exit_calls[1][(nr32)&511] = RG_CALL_##name;
#include RG_SYSTEM_CALLS
#undef SYSTEM_CALL
  const collector::KernelFunctions kernel;
  collector::CallFunctions functions;
  EXPECT_EQ(collector::FindCallFunctions(settings, kernel, functions), "");
  std::set<std::string> found;
  for (const auto& group : functions) {
    for (const auto& function : group) EXPECT_TRUE(found.insert(function.name).second);
  }
  EXPECT_GT(found.size(), 80U);  // of one table at least
  for (const std::string& name : found) EXPECT_TRUE(symbols.contains(name)) << name;
}

// There are three ways to ask, and each host says what became of it.
TEST(HooksTest, HealthSaysWhichLayerEachHookHas) {
  const std::string file =
      "[events]\nfile = true\n[file]\nenabled = true\nwatch_paths = [\"/etc\"]\n";
  const auto state = [&](const std::string& layer) {
    Agent agent({.config = "[ebpf]\nhooks = \"" + layer + "\"\n" + file, .quiet = false});
    EXPECT_EQ(agent.LayerOf("process_exec"), "");
    return agent.StateOf("file_names") + " " + agent.LayerOf("file_names");
  };
  EXPECT_EQ(state("calls"), "attached call");
  const std::string by_itself = state("auto");
  const bool has_functions = by_itself == "attached function";
  EXPECT_TRUE(has_functions || by_itself == "fallback call") << by_itself;
  EXPECT_EQ(state("functions"), has_functions ? "attached function" : "missing ");
}

// The hook of all other calls, likewise.
TEST(HooksTest, HealthSaysWhereCallsAreSeen) {
  const auto state = [&](const std::string& layer) {
    Agent agent({.config = "[ebpf]\nhooks = \"" + layer + "\"\n", .quiet = false});
    return agent.StateOf("syscalls") + " " + agent.LayerOf("syscalls");
  };
  EXPECT_EQ(state("calls"), "attached call");
  const std::string by_itself = state("auto");
  const bool has_functions = by_itself == "attached function";
  EXPECT_TRUE(has_functions || by_itself == "fallback call") << by_itself;
  EXPECT_EQ(state("functions"), has_functions ? "attached function" : "missing ");
}

}  // namespace
}  // namespace randguard::live

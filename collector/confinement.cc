// SPDX-License-Identifier: Apache-2.0
#include "collector/confinement.h"

#include <grp.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "collector/startup.h"

namespace randguard::collector {
namespace {

void Must(bool done, const char* what) {
  if (!done) Fail("privileges cannot be given up: %s: %s", what, std::strerror(errno));
}

void Check(bool holds, const char* what) {
  if (!holds) Fail("privileges are still there after they were given up: %s", what);
}

}  // namespace

void DropEverything(uid_t uid, gid_t gid) {
  // Newer kernels may have capabilities that this program does not know. They count too: the loop
  // ends when the kernel says that there are no more.
  for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; ++cap) {
    Must(prctl(PR_CAPBSET_DROP, cap) == 0, "bounding set");
  }
  Must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0, "ambient set");
  Must(chdir("/") == 0, "working directory");
  const rlimit none{0, 0};
  Must(setrlimit(RLIMIT_NPROC, &none) == 0 && setrlimit(RLIMIT_CORE, &none) == 0, "limits");
  Must(setgroups(0, nullptr) == 0, "groups");
  Must(setresgid(gid, gid, gid) == 0, "gid");
  Must(setresuid(uid, uid, uid) == 0, "uid");
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  Must(syscall(SYS_capset, &header, sets) == 0, "capabilities");
  Must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  Must(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, "dumpable");

  uid_t r = 0, e = 0, s = 0;
  gid_t rg = 0, eg = 0, sg = 0;
  Must(getresuid(&r, &e, &s) == 0 && getresgid(&rg, &eg, &sg) == 0, "reading ids");
  Check(r == uid && e == uid && s == uid && uid != 0, "uid");
  Check(rg == gid && eg == gid && sg == gid && gid != 0, "gid");
  Check(getgroups(0, nullptr) == 0, "groups");
  Check(setuid(0) != 0 && setgid(0) != 0, "root can be had again");
  Must(syscall(SYS_capget, &header, sets) == 0, "reading capabilities");
  for (const auto& set : sets) {
    Check(set.effective == 0 && set.permitted == 0 && set.inheritable == 0, "capabilities");
  }
  for (int cap = 0, has = 0; (has = prctl(PR_CAPBSET_READ, cap)) >= 0; ++cap) {
    Check(has == 0, "bounding set");
  }
  Check(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no_new_privs");
}

namespace {

struct Allowed {
  int call;
  const char* name;
  const char* reason;
  std::vector<scmp_arg_cmp> when;
};

#define ALLOW(call, reason, ...)                   \
  {                                                \
    SCMP_SYS(call), #call, reason, { __VA_ARGS__ } \
  }

// docs/privileged-surface.md holds the same list; a test compares them.
std::vector<Allowed> Allowlist() {
  return {
      ALLOW(poll, "wait for records, the connection, signals; until the analyzer takes more"),
      ALLOW(clock_nanosleep, "gather records for a batch"),
      ALLOW(clock_gettime, "where the clock is not readable without a system call"),
      ALLOW(read, "the snapshot iterator and the signal descriptor"),
      ALLOW(bpf, "open the snapshot iterator again", SCMP_A0_32(SCMP_CMP_EQ, BPF_ITER_CREATE)),
      ALLOW(bpf, "how often the kernel skipped a program, for the heartbeat",
            SCMP_A0_32(SCMP_CMP_EQ, BPF_OBJ_GET_INFO_BY_FD)),
      ALLOW(socket, "connect to an analyzer that was restarted", SCMP_A0_32(SCMP_CMP_EQ, AF_UNIX)),
      ALLOW(connect, "connect to an analyzer that was restarted"),
      ALLOW(getsockopt, "uid of the peer", SCMP_A1_32(SCMP_CMP_EQ, SOL_SOCKET),
            SCMP_A2_32(SCMP_CMP_EQ, SO_PEERCRED)),
      ALLOW(shutdown, "never receive from the peer", SCMP_A1_32(SCMP_CMP_EQ, SHUT_RD)),
      ALLOW(sendmsg, "messages to the analyzer, notifications to the service manager"),
      ALLOW(close, "a connection that ended, an iterator that was read"),
      ALLOW(write, "one line on stderr", SCMP_A0_32(SCMP_CMP_EQ, STDERR_FILENO)),
      ALLOW(getrusage, "own CPU time and memory, for the heartbeat",
            SCMP_A0_32(SCMP_CMP_EQ, 0 /* RUSAGE_SELF */)),
      ALLOW(brk, "memory allocation"),
      ALLOW(mmap, "memory allocation, never executable",
            SCMP_A2_32(SCMP_CMP_EQ, PROT_READ | PROT_WRITE),
            SCMP_A3_32(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS)),
      ALLOW(munmap, "memory allocation"),
      ALLOW(rt_sigreturn, "return from a signal the kernel delivers by itself"),
      ALLOW(restart_syscall, "go on sleeping after being stopped"),
      ALLOW(exit_group, "end"),
  };
}

}  // namespace

void EnterSteadyState() {
  scmp_filter_ctx context = seccomp_init(SCMP_ACT_KILL_PROCESS);
  if (context == nullptr) Fail("seccomp filter: out of memory");
  for (const Allowed& a : Allowlist()) {
    const int error =
        seccomp_rule_add_array(context, SCMP_ACT_ALLOW, a.call, a.when.size(), a.when.data());
    if (error != 0) Fail("seccomp filter: %s: %s", a.name, std::strerror(-error));
  }
  if (const int error = seccomp_load(context)) {
    Fail("seccomp filter is refused: %s", std::strerror(-error));
  }
  seccomp_release(context);
}

std::string AllowedCalls() {
  std::string rows;
  for (const Allowed& a : Allowlist())
    rows += std::string("| `") + a.name + "` | " + a.reason + " |\n";
  return rows;
}

}  // namespace randguard::collector

// SPDX-License-Identifier: Apache-2.0
#include "collector/steady_state.h"

#include <linux/bpf.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "collector/fail.h"

namespace randguard::collector {
namespace {

struct Allowed {
  int call;
  const char* name;
  const char* reason;
  int conditions;
  scmp_arg_cmp when[2];
};

#define ALLOW(call, reason)              \
  {                                      \
    SCMP_SYS(call), #call, reason, 0, {} \
  }
#define ALLOW_IF(call, reason, first)           \
  {                                             \
    SCMP_SYS(call), #call, reason, 1, { first } \
  }
#define ALLOW_IF2(call, reason, first, second)          \
  {                                                     \
    SCMP_SYS(call), #call, reason, 2, { first, second } \
  }

// docs/privileged-surface.md holds the same list; a test compares them.
constexpr Allowed kAllowed[] = {
    ALLOW(epoll_wait, "wait for records, the connection, signals"),
    ALLOW(epoll_pwait, "what the C library may use for epoll_wait"),
    ALLOW(epoll_ctl, "watch a new connection"),
    ALLOW(clock_nanosleep, "gather records for a batch"),
    ALLOW(clock_gettime, "where the clock is not readable without a system call"),
    ALLOW(read, "the snapshot iterator and the signal descriptor"),
    ALLOW_IF(bpf, "open the snapshot iterator again", SCMP_A0_32(SCMP_CMP_EQ, BPF_ITER_CREATE)),
    ALLOW_IF(socket, "connect to an analyzer that was restarted", SCMP_A0_32(SCMP_CMP_EQ, AF_UNIX)),
    ALLOW(connect, "connect to an analyzer that was restarted"),
    ALLOW_IF2(getsockopt, "uid of the peer", SCMP_A1_32(SCMP_CMP_EQ, SOL_SOCKET),
              SCMP_A2_32(SCMP_CMP_EQ, SO_PEERCRED)),
    ALLOW_IF(shutdown, "never receive from the peer", SCMP_A1_32(SCMP_CMP_EQ, SHUT_RD)),
    ALLOW(sendmsg, "messages to the analyzer, notifications to the service manager"),
    ALLOW(poll, "wait until the analyzer takes more"),
    ALLOW(close, "a connection that ended, an iterator that was read"),
    ALLOW_IF(write, "one line on stderr", SCMP_A0_32(SCMP_CMP_EQ, STDERR_FILENO)),
    ALLOW_IF(getrusage, "own CPU time and memory, for the heartbeat",
             SCMP_A0_32(SCMP_CMP_EQ, 0 /* RUSAGE_SELF */)),
    ALLOW(brk, "memory allocation"),
    ALLOW_IF2(mmap, "memory allocation, never executable",
              SCMP_A2_32(SCMP_CMP_EQ, PROT_READ | PROT_WRITE),
              SCMP_A3_32(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS)),
    ALLOW(munmap, "memory allocation"),
    ALLOW(rt_sigreturn, "return from a signal the kernel delivers by itself"),
    ALLOW(restart_syscall, "go on sleeping after being stopped"),
    ALLOW(exit_group, "end"),
};

}  // namespace

void EnterSteadyState() {
  scmp_filter_ctx context = seccomp_init(SCMP_ACT_KILL_PROCESS);
  if (context == nullptr) Fail("seccomp filter: out of memory");
  for (const Allowed& a : kAllowed) {
    const int error = seccomp_rule_add_array(context, SCMP_ACT_ALLOW, a.call, a.conditions, a.when);
    if (error != 0) Fail("seccomp filter: %s: %s", a.name, std::strerror(-error));
  }
  if (const int error = seccomp_load(context)) {
    Fail("seccomp filter is refused: %s", std::strerror(-error));
  }
  seccomp_release(context);
}

}  // namespace randguard::collector

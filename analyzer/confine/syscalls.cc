// SPDX-License-Identifier: Apache-2.0
#include "analyzer/confine/syscalls.h"

#include <asm/termbits.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <memory>
#include <string_view>
#include <type_traits>

#include "analyzer/base/status.h"
#include "analyzer/confine/sanitized.h"

namespace randguard {
namespace {

constexpr unsigned In(CallList list) { return 1U << static_cast<unsigned>(list); }

constexpr unsigned kService = In(CallList::kService);
constexpr unsigned kBoth = kService | In(CallList::kReader);
constexpr unsigned kCanary = In(CallList::kCanary);
constexpr unsigned kAll = kBoth | kCanary;

struct Allowed {
  int call;
  const char* name;
  unsigned lists;
  const char* reason;
  unsigned conditions;
  scmp_arg_cmp when[2];
};

#define ALLOW(lists, call, reason)              \
  {                                             \
    SCMP_SYS(call), #call, lists, reason, 0, {} \
  }
#define ALLOW_IF(lists, call, reason, first)           \
  {                                                    \
    SCMP_SYS(call), #call, lists, reason, 1, { first } \
  }
#define ALLOW_IF2(lists, call, reason, first, second)          \
  {                                                            \
    SCMP_SYS(call), #call, lists, reason, 2, { first, second } \
  }

// docs/privileged-surface.md holds the same list; a test compares them.
constexpr Allowed kAllowed[] = {
    ALLOW(kAll, read, "messages, captures, signals, configuration; requests"),
    ALLOW(kBoth, pread64, "own memory use, from a file that stays open"),
    ALLOW(kAll, write, "lines, captures, messages on stderr; answers"),
    ALLOW(kBoth, poll, "wait for messages, signals, connections; for a slow reader of stdout"),
    ALLOW(kBoth, close, "a connection or file that is done with"),
    ALLOW(kBoth, lseek, "captures, configuration"),
    ALLOW(kBoth, newfstatat, "what kind of file was opened, whether it still has its name"),
    ALLOW(kBoth, fstat, "what kind of file was opened"),
    ALLOW_IF(kBoth, ioctl, "whether stdout is a terminal (the C library)",
             SCMP_A1_32(SCMP_CMP_EQ, TCGETS)),
    ALLOW_IF(kBoth, ioctl, "how wide the terminal is", SCMP_A1_32(SCMP_CMP_EQ, TIOCGWINSZ)),
    ALLOW(kService, statx, "age of the output file, for its rotation"),
    ALLOW(kService, openat,
          "output after a rotation, configuration again; which files, Landlock says"),
    ALLOW(kService, getdents64, "files in rules.d and in the folders of Sigma rules"),
    ALLOW(kService, fcntl, "close-on-exec of folders that are listed"),
    ALLOW(kService, rename,
          "rotation of the output file; new metrics take the place of the old ones"),
    ALLOW(kService, unlink, "segments beyond those that are kept; metrics that were not completed"),
    // Neither for programs nor for others to write.
    ALLOW_IF(kService, fchmod,
             "a segment that is ended is only read; metrics are for others to read",
             SCMP_A1_32(SCMP_CMP_MASKED_EQ, ~0644U, 0)),
    ALLOW(kService, ftruncate, "the beginning of a line for which the disk has no room"),
    ALLOW(kBoth, fsync, "captures and compressed segments when they are complete"),
    ALLOW(kService, fdatasync, "alerts and compressed segments reach the disk"),
    ALLOW(kService, accept4, "the collector connects"),
    ALLOW_IF2(kService, getsockopt, "uid of the collector", SCMP_A1_32(SCMP_CMP_EQ, SOL_SOCKET),
              SCMP_A2_32(SCMP_CMP_EQ, SO_PEERCRED)),
    ALLOW_IF(kService, shutdown, "take no more from a collector that is to connect again",
             SCMP_A1_32(SCMP_CMP_EQ, SHUT_RD)),
    ALLOW_IF(kService, sendto,
             "to the service manager and the journal, which are connected already",
             SCMP_A4(SCMP_CMP_EQ, 0)),
    ALLOW(kBoth, clock_gettime, "where the clock is not readable without a system call"),
    ALLOW(kAll, brk, "memory allocation"),
    ALLOW_IF(kBoth, mmap, "memory allocation, never executable",
             SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)),
    ALLOW(kAll, munmap, "memory allocation"),
    ALLOW(kBoth, mremap, "memory allocation"),
    ALLOW(kBoth, getrandom, "seeds of hash tables and of the allocator"),
    ALLOW(kBoth, futex, "locks of the C++ library, never contended"),
    ALLOW(kAll, rt_sigreturn, "return from a signal the kernel delivers by itself"),
    ALLOW(kAll, restart_syscall, "go on sleeping after being stopped"),
    ALLOW(kAll, exit_group, "end"),
    ALLOW_IF(kCanary, clone, "a process that ends at once, with nothing that is its parent's",
             SCMP_A0(SCMP_CMP_EQ, SIGCHLD)),
    ALLOW(kCanary, wait4, "the end of that process"),
};

std::string_view Where(unsigned lists) {
  return lists == kAll ? "all" : lists == kBoth ? "both" : lists == kService ? "service" : "canary";
}

}  // namespace

absl::StatusOr<SeccompState> RestrictCalls(CallList list) {
  if (kSanitized) return SeccompState::kOff;
  const std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, decltype(&seccomp_release)> filter(
      seccomp_init(SCMP_ACT_KILL_PROCESS), seccomp_release);
  if (filter == nullptr) return HostError("seccomp filter: out of memory");
  for (const Allowed& a : kAllowed) {
    if ((a.lists & In(list)) == 0) continue;
    const int error =
        seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, a.call, a.conditions, a.when);
    if (error != 0) return ErrnoError(-error, std::string("seccomp filter: ") + a.name);
  }
  if (const int error = seccomp_load(filter.get()); error != 0) {
    return ErrnoError(-error, "seccomp filter is refused");
  }
  return SeccompState::kEnforced;
}

std::string AllowedCalls() {
  std::string rows;
  for (const Allowed& a : kAllowed) {
    rows += absl::StrFormat("| `%s` | %s | %s |\n", a.name, Where(a.lists), a.reason);
  }
  return rows;
}

}  // namespace randguard

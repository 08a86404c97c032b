// SPDX-License-Identifier: Apache-2.0
#include "analyzer/confine/syscalls.h"

#include <asm/termbits.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <memory>
#include <type_traits>

#include "analyzer/base/status.h"
#include "analyzer/confine/sanitized.h"

namespace randguard {
namespace {

struct Allowed {
  int call;
  const char* name;
  bool reader;  // on both lists
  const char* reason;
  unsigned conditions;
  scmp_arg_cmp when[2];
};

#define SERVICE(call, reason)                   \
  {                                             \
    SCMP_SYS(call), #call, false, reason, 0, {} \
  }
#define SERVICE_IF(call, reason, first)                \
  {                                                    \
    SCMP_SYS(call), #call, false, reason, 1, { first } \
  }
#define SERVICE_IF2(call, reason, first, second)               \
  {                                                            \
    SCMP_SYS(call), #call, false, reason, 2, { first, second } \
  }
#define BOTH(call, reason)                     \
  {                                            \
    SCMP_SYS(call), #call, true, reason, 0, {} \
  }
#define BOTH_IF(call, reason, first)                  \
  {                                                   \
    SCMP_SYS(call), #call, true, reason, 1, { first } \
  }

// docs/privileged-surface.md holds the same list; a test compares them.
constexpr Allowed kAllowed[] = {
    BOTH(read, "messages, captures, signals, configuration"),
    BOTH(pread64, "own memory use, from a file that stays open"),
    BOTH(write, "lines, captures, messages on stderr"),
    BOTH(poll, "wait for messages, signals, connections; for a slow reader of stdout"),
    BOTH(close, "a connection or file that is done with"),
    BOTH(lseek, "captures, configuration"),
    BOTH(newfstatat, "what kind of file was opened, whether it still has its name"),
    BOTH(fstat, "what kind of file was opened"),
    BOTH_IF(ioctl, "whether stdout is a terminal (the C library)", SCMP_A1_32(SCMP_CMP_EQ, TCGETS)),
    SERVICE(statx, "age of the output file, for its rotation"),
    SERVICE(openat, "output after a rotation, configuration again; which files, Landlock says"),
    SERVICE(getdents64, "files in rules.d and in the folders of Sigma rules"),
    SERVICE(fcntl, "close-on-exec of folders that are listed"),
    SERVICE(rename, "rotation of the output file"),
    BOTH(fsync, "captures when they are closed"),
    SERVICE(fdatasync, "alerts reach the disk"),
    SERVICE(accept4, "the collector connects"),
    SERVICE_IF2(getsockopt, "uid of the collector", SCMP_A1_32(SCMP_CMP_EQ, SOL_SOCKET),
                SCMP_A2_32(SCMP_CMP_EQ, SO_PEERCRED)),
    SERVICE_IF(shutdown, "take no more from a collector that is to connect again",
               SCMP_A1_32(SCMP_CMP_EQ, SHUT_RD)),
    SERVICE_IF(sendto, "to the service manager and the journal, which are connected already",
               SCMP_A4(SCMP_CMP_EQ, 0)),
    BOTH(clock_gettime, "where the clock is not readable without a system call"),
    BOTH(brk, "memory allocation"),
    BOTH_IF(mmap, "memory allocation, never executable",
            SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)),
    BOTH(munmap, "memory allocation"),
    BOTH(mremap, "memory allocation"),
    BOTH(getrandom, "seeds of hash tables and of the allocator"),
    BOTH(futex, "locks of the C++ library, never contended"),
    BOTH(rt_sigreturn, "return from a signal the kernel delivers by itself"),
    BOTH(restart_syscall, "go on sleeping after being stopped"),
    BOTH(exit_group, "end"),
};

}  // namespace

absl::StatusOr<SeccompState> RestrictCalls(CallList list) {
  if (kSanitized) return SeccompState::kOff;
  const std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, decltype(&seccomp_release)> filter(
      seccomp_init(SCMP_ACT_KILL_PROCESS), seccomp_release);
  if (filter == nullptr) return HostError("seccomp filter: out of memory");
  for (const Allowed& a : kAllowed) {
    if (list == CallList::kReader && !a.reader) continue;
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
    rows +=
        absl::StrFormat("| `%s` | %s | %s |\n", a.name, a.reader ? "both" : "service", a.reason);
  }
  return rows;
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/confine/confine.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <ctime>

#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/confine/landlock.h"
#include "analyzer/confine/syscalls.h"

namespace randguard {
namespace {

absl::StatusOr<std::uint64_t> HeldCapabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return ErrnoError(errno, "reading capabilities");
  std::uint64_t held = 0;
  for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; ++i) {
    // Ambient capabilities are inheritable ones, too.
    const std::uint64_t some = sets[i].effective | sets[i].permitted | sets[i].inheritable;
    held |= some << (32 * i);
  }
  return held;
}

absl::Status GiveUpPrivileges() {
  // gmtime_r(3) reads the time zone's file when it is called for the first time.
  tzset();
  const rlimit none{0, 0};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return ErrnoError(errno, "no_new_privs");
  // Records hold what users type. No core dump and no other process of this user may show them.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return ErrnoError(errno, "dumpable");
  if (setrlimit(RLIMIT_CORE, &none) != 0) return ErrnoError(errno, "limits");
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckUnprivileged(bool allow_root) {
  if (allow_root) return absl::OkStatus();
  uid_t real = 0, effective = 0, saved = 0;
  if (getresuid(&real, &effective, &saved) != 0) return ErrnoError(errno, "reading ids");
  if (real == 0 || effective == 0 || saved == 0) {
    return HostError(
        "the analyzer does not run as root: it reads what others wrote. Start it as a user of its "
        "own (setpriv --reuid=rand-guard --regid=rand-guard --clear-groups rand-guard analyze "
        "...); --allow-root is for development");
  }
  RG_ASSIGN_OR_RETURN(const std::uint64_t held, HeldCapabilities());
  if (held != 0) {
    return HostError(
        "the analyzer does not run with capabilities, and has %#x; start it without "
        "(setpriv --inh-caps=-all --ambient-caps=-all), or with --allow-root for development",
        held);
  }
  return absl::OkStatus();
}

absl::StatusOr<ConfinementHealth> ConfineService(const OpenLater& later) {
  RG_RETURN_IF_ERROR(GiveUpPrivileges());
  ConfinementHealth now;
  now.no_new_privs = true;
  RG_ASSIGN_OR_RETURN(const LandlockResult landlock, RestrictFiles(later));
  now.landlock_abi = landlock.abi;
  now.landlock = landlock.abi == 0          ? LandlockState::kOff
                 : landlock.missing.empty() ? LandlockState::kEnforced
                                            : LandlockState::kPartial;
  if (!landlock.missing.empty()) {
    Log(LogLevel::kWarn, "Landlock: %s", landlock.missing);
  }
  RG_ASSIGN_OR_RETURN(now.seccomp, RestrictCalls(CallList::kService));
  Log(LogLevel::kDebug, "confined: Landlock %s (version %d of the kernel's), seccomp %s",
      Name(now.landlock), now.landlock_abi, Name(now.seccomp));
  return now;
}

absl::Status ConfineReader() {
  RG_RETURN_IF_ERROR(GiveUpPrivileges());
  return RestrictCalls(CallList::kReader).status();
}

absl::Status ConfineCanary() {
  RG_RETURN_IF_ERROR(GiveUpPrivileges());
  return RestrictCalls(CallList::kCanary).status();
}

}  // namespace randguard

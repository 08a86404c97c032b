// SPDX-License-Identifier: Apache-2.0
#include "collector/privileges.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "collector/fail.h"

namespace randguard::collector {
namespace {

void Must(bool done, const char* what) {
  if (!done) Fail("privileges cannot be given up: %s: %s", what, std::strerror(errno));
}

void Check(bool holds, const char* what) {
  if (!holds) Fail("privileges are still there after they were given up: %s", what);
}

void Limit(__rlimit_resource resource, rlim_t value, const char* what) {
  const rlimit limit{value, value};
  Must(setrlimit(resource, &limit) == 0, what);
}

}  // namespace

void DropEverything(uid_t uid, gid_t gid) {
  // Capabilities of newer kernels than this program was built for count too: until the kernel says
  // that there are no more.
  for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; ++cap) {
    Must(prctl(PR_CAPBSET_DROP, cap) == 0, "bounding set");
  }
  Must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0, "ambient set");
  Must(chdir("/") == 0, "working directory");
  Limit(RLIMIT_NPROC, 0, "process limit");
  Limit(RLIMIT_CORE, 0, "core limit");
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

}  // namespace randguard::collector

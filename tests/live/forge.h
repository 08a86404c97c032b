// SPDX-License-Identifier: Apache-2.0
//
// System calls that are never made, and look as if they had worked.
#ifndef TESTS_LIVE_FORGE_H_
#define TESTS_LIVE_FORGE_H_

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

namespace randguard::live {

// A child of this process unlinks and renames the file `name`. The kernel skips each call
// (PTRACE_SYSEMU), and this process writes the result of success. Returns 0, and the child's pid in
// *forger.
inline int ForgeCalls(const char* name, pid_t* forger) {
  constexpr int kPtraceSysemu = 31;  // the C library's header lacks it
  const pid_t pid = fork();
  if (pid == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    syscall(SYS_unlink, name);
    syscall(SYS_rename, name, "elsewhere");
    _exit(0);
  }
  *forger = pid;
  int status = 0;
  waitpid(pid, &status, 0);
  for (int call = 0; call < 2; ++call) {
    if (ptrace(static_cast<__ptrace_request>(kPtraceSysemu), pid, 0, 0) != 0) return 1;
    waitpid(pid, &status, 0);
    user_regs_struct registers{};
    ptrace(PTRACE_GETREGS, pid, 0, &registers);
    registers.rax = 0;
    ptrace(PTRACE_SETREGS, pid, 0, &registers);
  }
  ptrace(PTRACE_CONT, pid, 0, 0);
  waitpid(pid, &status, 0);
  return access(name, F_OK) == 0 ? 0 : 2;
}

}  // namespace randguard::live

#endif  // TESTS_LIVE_FORGE_H_

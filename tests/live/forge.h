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

#include <functional>
#include <vector>

namespace randguard::live {

// A child of this process runs `body`, as that user. The kernel skips each of its system calls
// (PTRACE_SYSEMU), and this process writes the next of `results` in its place. `body` makes as many
// calls as there are results, and no other. Returns 0, and the child's pid in *forger.
inline int Forge(const std::vector<long>& results, uid_t user, const std::function<void()>& body,
                 pid_t* forger) {
  constexpr int kPtraceSysemu = 31;  // the C library's header lacks it
  const pid_t pid = fork();
  if (pid == 0) {
    if (user != 0 && (setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0)) {
      _exit(1);
    }
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    body();
    _exit(0);
  }
  *forger = pid;
  int status = 0;
  waitpid(pid, &status, 0);
  for (const long result : results) {
    if (ptrace(static_cast<__ptrace_request>(kPtraceSysemu), pid, 0, 0) != 0) return 1;
    waitpid(pid, &status, 0);
    user_regs_struct registers{};
    ptrace(PTRACE_GETREGS, pid, 0, &registers);
    registers.rax = static_cast<unsigned long long>(result);
    ptrace(PTRACE_SETREGS, pid, 0, &registers);
  }
  ptrace(PTRACE_CONT, pid, 0, 0);
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 2;
}

// The child unlinks and renames the file `name`, which stays where it is.
inline int ForgeCalls(const char* name, pid_t* forger) {
  const int forged = Forge(
      {0, 0}, 0,
      [name] {
        syscall(SYS_unlink, name);
        syscall(SYS_rename, name, "elsewhere");
      },
      forger);
  if (forged != 0) return forged;
  return access(name, F_OK) == 0 ? 0 : 2;
}

}  // namespace randguard::live

#endif  // TESTS_LIVE_FORGE_H_

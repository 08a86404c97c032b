// SPDX-License-Identifier: Apache-2.0
#include "analyzer/canary/canary_process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string>

#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/confine/confine.h"
#include "analyzer/event/reports.h"

namespace randguard {
namespace {

// A reader of stdout waits for the analyzer's end, and the collector for that of its socket: a
// copy here would let them wait for ever.
absl::Status CloseAllBut(int fd) {
  const auto kept = static_cast<unsigned>(fd);
  if ((kept > 0 && close_range(0, kept - 1, 0) != 0) || close_range(kept + 1, UINT_MAX, 0) != 0) {
    return ErrnoError(errno, "closing files for the canary");
  }
  return absl::OkStatus();
}

// The call itself: fork(3) runs handlers, and its child writes to memory that both have.
bool StartOne() {
  const long child = syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (child == 0) syscall(SYS_exit_group, 0);
  if (child < 0) return false;
  while (waitpid(static_cast<pid_t>(child), nullptr, 0) < 0 && errno == EINTR) {
  }
  return true;
}

constexpr char kStarted = 1, kFailed = 0;  // answers

void Serve(int analyzer, pid_t parent) {
  prctl(PR_SET_NAME, Canary::kComm);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) return;
  // It ends with the analyzer, and not before, when the service manager ends all processes.
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  if (const absl::Status status = CloseAllBut(analyzer); !status.ok()) return;
  if (!ConfineCanary().ok()) return;
  for (;;) {
    char byte = 0;
    const ssize_t n = read(analyzer, &byte, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n != 1) return;
    byte = StartOne() ? kStarted : kFailed;
    if (write(analyzer, &byte, 1) != 1) return;
  }
}

}  // namespace

absl::StatusOr<CanaryProcess> CanaryProcess::Start() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return ErrnoError(errno, "the canary's socket");
  }
  const kj::AutoCloseFd analyzer(ends[0]);
  kj::AutoCloseFd process(ends[1]);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return ErrnoError(errno, "the canary's process");
  if (child == 0) {
    Serve(analyzer, parent);
    _exit(0);
  }
  // Whoever asks does not wait.
  if (fcntl(process, F_SETFL, O_NONBLOCK) != 0) return ErrnoError(errno, "the canary's socket");
  Log(LogLevel::kDebug, "the canary's process has pid %d", child);
  return CanaryProcess(std::move(process));
}

bool CanaryProcess::Ask() {
  char answer = kStarted;
  if (asked_ && read(process_, &answer, 1) != 1) return false;
  asked_ = write(process_, "", 1) == 1;
  return asked_ && answer == kStarted;
}

}  // namespace randguard

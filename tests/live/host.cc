// SPDX-License-Identifier: Apache-2.0
#include "tests/live/host.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "tests/live/agent.h"

namespace randguard::live {
namespace {

constexpr long kGetpid32 = 20;

std::string Ask32BitCalls() {
  int status = 0;
  RunInChild(
      [] {
        const rlimit no_core{};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGSEGV, SIG_DFL);
        return Call32(kGetpid32) == getpid() ? 0 : 1;
      },
      &status);
  if (status == 0) return "";
  const std::string none = "no 32-bit system calls on this host: ";
  if (WIFSIGNALED(status)) return none + "`int $0x80` raises " + strsignal(WTERMSIG(status));
  return none + "getpid by the 32-bit table does not answer with the pid";
}

}  // namespace

long Call32(long number, long a, long b, long c, long d, long e) {
  long result = number;
  asm volatile("int $0x80"
               : "+a"(result)
               : "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
               : "memory", "r8", "r9", "r10", "r11");
  return static_cast<int>(result);
}

void* LowMemory() {
  void* memory =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

const std::string& No32BitCalls() {
  static const std::string why = Ask32BitCalls();
  return why;
}

}  // namespace randguard::live

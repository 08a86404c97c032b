// SPDX-License-Identifier: Apache-2.0
//
// rand-guard-collector: loads the eBPF programs, gives up everything, forwards records.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <span>
#include <string_view>

#include "collector/confinement.h"
#include "collector/forwarder.h"
#include "collector/notify.h"
#include "collector/plan.h"
#include "collector/sensor.h"
#include "collector/startup.h"

namespace randguard::collector {
namespace {

constexpr char kUsage[] =
    "usage: rand-guard-collector --plan FILE --socket PATH [--object FILE] [--parent PID]\n"
    "\n"
    "  --plan FILE    what to do, compiled by `rand-guard plan`\n"
    "  --socket PATH  where the analyzer listens\n"
    "  --object FILE  the eBPF object (default: $EDR_EBPF_OBJECT, else " RG_OBJECT_PATH
    ")\n"
    "  --parent PID   end when the parent process, which is PID, does\n"
    "\n"
    "Needs root to start, keeps nothing of it. Ends on SIGTERM.\n";

struct Arguments {
  const char* plan = nullptr;
  const char* socket = nullptr;
  const char* object = std::getenv("EDR_EBPF_OBJECT");
  const char* parent = nullptr;
};

Arguments Parse(int argc, char** argv) {
  Arguments arguments;
  const std::span<char*> words(argv + 1, static_cast<std::size_t>(argc - 1));
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string_view word = words[i];
    if (word == "--help" || word == "--version") {
      std::fputs(word == "--help" ? kUsage : "rand-guard-collector " RG_VERSION "\n", stdout);
      std::exit(0);
    }
    const char** option = word == "--plan"     ? &arguments.plan
                          : word == "--socket" ? &arguments.socket
                          : word == "--object" ? &arguments.object
                          : word == "--parent" ? &arguments.parent
                                               : nullptr;
    if (option == nullptr || i + 1 == words.size()) {
      std::fputs(kUsage, stderr);
      std::exit(2);
    }
    *option = words[i + 1];
  }
  if (arguments.plan == nullptr || arguments.socket == nullptr) {
    std::fputs(kUsage, stderr);
    std::exit(2);
  }
  if (arguments.object == nullptr) arguments.object = RG_OBJECT_PATH;
  return arguments;
}

int SignalFd() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  const int fd = signalfd(-1, &ends, SFD_CLOEXEC);
  if (fd < 0) Fail("signalfd: %s", std::strerror(errno));
  return fd;
}

// Only now, because the kernel forgets the request when a process changes its uid.
void EndWithParent(const char* parent) {
  if (parent == nullptr) return;
  if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0 || getppid() != std::atoi(parent)) {
    Fail("--parent %s: that is not the parent process (any more)", parent);
  }
}

[[noreturn]] void Run(const Arguments& arguments) {
  const Plan plan = ReadPlan(arguments.plan);
  Notifier notifier;
  const int signal_fd = SignalFd();
  const HostFacts host = ReadHostFacts();
  Sensor sensor = LoadAndAttach(plan, arguments.object);  // bpf(2): the privilege is needed here
  Forwarder forwarder(plan, sensor, host, notifier, arguments.socket, signal_fd);
  DropEverything(plan.collector_uid, plan.collector_gid);
  EndWithParent(arguments.parent);
  EnterSteadyState();
  notifier.Send("READY=1");
  forwarder.Run();
  notifier.Send("STOPPING=1");
  _exit(EXIT_SUCCESS);  // no destructors: the kernel detaches, at once
}

}  // namespace
}  // namespace randguard::collector

int main(int argc, char** argv) {
  // Where a descriptor was closed, a map or the connection would get its number, and messages would
  // go there.
  for (int fd = 0; fd < 3; ++fd) {
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) return EXIT_FAILURE;
  }
  // Errors of write(2) to stderr, not the end.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  const auto arguments = randguard::collector::Parse(argc, argv);
  try {
    randguard::collector::Run(arguments);
  } catch (const kj::Exception& e) {  // Cap'n Proto: a malformed plan, no memory
    randguard::collector::Fail("%s", e.getDescription().cStr());
  } catch (const std::exception& e) {
    randguard::collector::Fail("%s", e.what());
  }
}

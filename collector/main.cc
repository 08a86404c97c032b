// SPDX-License-Identifier: Apache-2.0
//
// rand-guard-collector: loads the eBPF programs, gives up everything, forwards records.
#include <getopt.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "collector/fail.h"
#include "collector/forwarder.h"
#include "collector/notify.h"
#include "collector/plan.h"
#include "collector/privileges.h"
#include "collector/sensor.h"
#include "collector/steady_state.h"

namespace randguard::collector {
namespace {

constexpr char kUsage[] =
    "usage: rand-guard-collector --plan FILE --socket PATH [--object FILE]\n"
    "\n"
    "  --plan FILE    what to do, compiled by `rand-guard plan`\n"
    "  --socket PATH  where the analyzer listens\n"
    "  --object FILE  the eBPF object (default: $EDR_EBPF_OBJECT, else " RG_OBJECT_PATH
    ")\n"
    "\n"
    "Needs root to start, keeps nothing of it. Ends on SIGTERM.\n";

struct Arguments {
  const char* plan = nullptr;
  const char* object = nullptr;
  const char* socket = nullptr;
};

[[noreturn]] void Usage(FILE* stream, int status) {
  std::fputs(kUsage, stream);
  std::exit(status);
}

Arguments Parse(int argc, char** argv) {
  static const option kOptions[] = {
      {"plan", required_argument, nullptr, 'p'},   {"object", required_argument, nullptr, 'o'},
      {"socket", required_argument, nullptr, 's'}, {"help", no_argument, nullptr, 'h'},
      {"version", no_argument, nullptr, 'v'},      {nullptr, 0, nullptr, 0}};
  Arguments arguments;
  for (int c; (c = getopt_long(argc, argv, "", kOptions, nullptr)) >= 0;) {
    switch (c) {
      case 'p':
        arguments.plan = optarg;
        break;
      case 'o':
        arguments.object = optarg;
        break;
      case 's':
        arguments.socket = optarg;
        break;
      case 'h':
        Usage(stdout, 0);
      case 'v':
        std::puts("rand-guard-collector " RG_VERSION);
        std::exit(0);
      default:
        Usage(stderr, 2);
    }
  }
  if (optind != argc || arguments.plan == nullptr || arguments.socket == nullptr) Usage(stderr, 2);
  if (arguments.object == nullptr) arguments.object = std::getenv("EDR_EBPF_OBJECT");
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

[[noreturn]] void Run(const Arguments& arguments) {
  const Plan plan = ReadPlan(arguments.plan);
  Notifier notifier;
  const int signal_fd = SignalFd();
  const HostFacts host = ReadHostFacts();
  Sensor sensor = LoadAndAttach(plan, arguments.object);  // bpf(2): what the privilege is for
  Forwarder forwarder(plan, sensor, host, notifier, arguments.socket, signal_fd);
  DropEverything(plan.collector_uid, plan.collector_gid);
  EnterSteadyState();
  notifier.Ready();
  forwarder.Run();
  notifier.Stopping();
  _exit(EXIT_SUCCESS);  // no destructors: detaching is the kernel's part, and done at once
}

}  // namespace
}  // namespace randguard::collector

int main(int argc, char** argv) {
  const auto arguments = randguard::collector::Parse(argc, argv);
  try {
    randguard::collector::Run(arguments);
  } catch (const kj::Exception& e) {  // Cap'n Proto: a malformed plan, no memory
    randguard::collector::Fail("%s", e.getDescription().cStr());
  } catch (const std::exception& e) {
    randguard::collector::Fail("%s", e.what());
  }
}

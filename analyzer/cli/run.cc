// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard run` and `rand-guard record`: both processes, for a first look and for development.
// This process stays root, but only waits for the two; what parses anything has given root up.
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/capture/capture_writer.h"
#include "analyzer/cli/collector_process.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/outputs.h"
#include "analyzer/cli/setup.h"
#include "analyzer/confine/confine.h"
#include "analyzer/ingest/listener.h"
#include "analyzer/ingest/service.h"
#include "analyzer/view/watched_lines.h"

namespace randguard::cli {
namespace {

constexpr int kBacklog = 8;

absl::Status BecomeAnalyzer(const Identities& identities) {
  if (setgroups(0, nullptr) != 0 ||
      setresgid(identities.analyzer_gid, identities.analyzer_gid, identities.analyzer_gid) != 0 ||
      setresuid(identities.analyzer_uid, identities.analyzer_uid, identities.analyzer_uid) != 0 ||
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) {
    return ErrnoError(errno, "becoming the analyzer's user");
  }
  if (identities.analyzer_uid != 0 && setuid(0) == 0) {
    return HostError("root is still to be had after it was given up");
  }
  return absl::OkStatus();
}

// In the child. Everything that takes root was opened before.
absl::Status AnalyzerChild(const Config& config, Sink& out, kj::AutoCloseFd listener,
                           ServiceOptions options, std::optional<CaptureWriter> recorder,
                           const Identities& identities, const OpenLater& later) {
  setpgid(0, 0);
  RG_RETURN_IF_ERROR(BecomeAnalyzer(identities));
  // The peer's name on a unix socket is that of who listened: not root any more.
  if (listen(listener, kBacklog) != 0) return ErrnoError(errno, "listen");
  RG_ASSIGN_OR_RETURN(kj::AutoCloseFd signals, Service::CatchSignals());
  Service service(config, out, std::move(listener), std::move(options), std::move(recorder),
                  std::nullopt);
  return service.Run(std::move(signals), [&]() -> absl::StatusOr<ConfinementHealth> {
    RG_RETURN_IF_ERROR(CheckUnprivileged(/*allow_root=*/identities.analyzer_uid == 0));
    return ConfineService(later);
  });
}

std::string Describe(int status) {
  if (WIFSIGNALED(status)) return absl::StrFormat("was killed by signal %d", WTERMSIG(status));
  return absl::StrFormat("ended with status %d", WEXITSTATUS(status));
}

bool Clean(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

int WaitFor(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// Waits until one of the two ends or somebody ends us, then ends the collector first, so that its
// last batch finds its reader.
absl::Status Supervise(pid_t collector, pid_t analyzer, const sigset_t& signals) {
  for (;;) {
    siginfo_t info{};
    const int signal = sigwaitinfo(&signals, &info);
    if (signal < 0) continue;
    if (signal == SIGHUP || signal == SIGUSR1) {
      kill(analyzer, signal);
      continue;
    }
    if (signal == SIGTERM || signal == SIGINT) {
      kill(collector, SIGTERM);
      const int collector_status = WaitFor(collector);
      kill(analyzer, SIGTERM);
      const int analyzer_status = WaitFor(analyzer);
      if (!Clean(collector_status)) {
        return HostError("the collector %s", Describe(collector_status));
      }
      if (!Clean(analyzer_status)) return HostError("the analyzer %s", Describe(analyzer_status));
      return absl::OkStatus();
    }
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid != collector && pid != analyzer) continue;
      const bool was_collector = pid == collector;
      const pid_t other = was_collector ? analyzer : collector;
      kill(other, SIGTERM);
      WaitFor(other);
      return HostError("the %s %s", was_collector ? "collector" : "analyzer", Describe(status));
    }
  }
}

// Shown by a terminal in the place of lines; null: it shows the lines themselves.
std::unique_ptr<Sink> LinesForPeople(const Arguments& arguments, const Config& config) {
  const bool for_people = isatty(STDOUT_FILENO) == 1 && !arguments.Has(option::kLines) &&
                          config.output.format == OutputFormat::kJson;
  if (!for_people) return nullptr;
  Watcher::Options options;
  options.screen = Screen::Of(STDOUT_FILENO);
  return std::make_unique<WatchedLines>(std::move(options), /*status=*/true);
}

absl::Status RunBoth(const Arguments& arguments, const Loaded& loaded, const ConfiguredPaths& paths,
                     const std::optional<std::string>& capture) {
  const Config& config = loaded.config;
  if (geteuid() != 0) {
    return HostError(
        "loading eBPF programs takes root: sudo rand-guard run. Without it, `rand-guard "
        "replay CAPTURE` shows what a recorded host did");
  }
  if (!config.ebpf.enabled) return HostError("ebpf.enabled is false: nothing to observe");
  // Before there are children: none of their ends is to be missed.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int s : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD}) sigaddset(&signals, s);
  sigprocmask(SIG_BLOCK, &signals, nullptr);

  RG_ASSIGN_OR_RETURN(const Identities identities, FindOrInventIdentities(arguments));
  RG_ASSIGN_OR_RETURN(RuntimeFolder folder, RuntimeFolder::Make());
  RG_ASSIGN_OR_RETURN(kj::AutoCloseFd listener, ListenAt(folder.socket()));
  if (chown(folder.socket().c_str(), 0, identities.collector_gid) != 0 ||
      chmod(folder.socket().c_str(), 0660) != 0) {
    return ErrnoError(errno, folder.socket());
  }
  RG_ASSIGN_OR_RETURN(
      const std::unique_ptr<Sink> out,
      OpenOutput(arguments, config, FileOwner{identities.analyzer_uid, identities.analyzer_gid},
                 [&] { return LinesForPeople(arguments, config); }));
  std::optional<CaptureWriter> recorder;
  if (capture.has_value()) {
    RG_ASSIGN_OR_RETURN(CaptureWriter writer, CaptureWriter::Open(*capture));
    recorder.emplace(std::move(writer));
  }
  const auto plan = CompilePlan(config, ForPlan(identities), paths);
  ServiceOptions options;
  options.peers = {identities.collector_uid};
  options.plan_digest = PlanDigest(plan);
  Log(LogLevel::kDebug, "the plan's digest is %016x", options.plan_digest);
  options.limitations = config.Unsupported();
  options.links = paths.links();
  options.metrics = MetricsOf(arguments, config);
  options.canary_interval = std::chrono::seconds(config.agent.canary_secs);
  options.rules = loaded.rules;
  options.reload_rules = RuleReloader(arguments, config);

  Log(LogLevel::kInfo, Summary(arguments, loaded));
  const pid_t analyzer = fork();
  if (analyzer < 0) return ErrnoError(errno, "fork");
  if (analyzer == 0) {
    folder.Disown();
    const absl::Status status =
        AnalyzerChild(config, *out, std::move(listener), std::move(options), std::move(recorder),
                      identities, OpenedLater(arguments, config));
    _exit(status.ok() ? 0 : Fail(status));
  }
  listener = nullptr;
  auto collector = StartCollector(FindCollector(arguments), folder, plan, /*stderr_fd=*/-1);
  if (!collector.ok()) {
    kill(analyzer, SIGTERM);
    WaitFor(analyzer);
    return collector.status();
  }
  return Supervise(*collector, analyzer, signals);
}

int RunWith(const Arguments& arguments, const std::optional<std::string>& capture) {
  auto loaded = ReadConfig(arguments, Report::kWarnings, RuleTests::kPassOver);
  if (!loaded.has_value()) return 1;
  DropSources(*loaded);
  const auto paths = ResolvePaths(arguments, loaded->config);
  if (!paths.has_value()) return 1;
  const absl::Status status = RunBoth(arguments, *loaded, *paths, capture);
  return status.ok() ? 0 : Fail(status);
}

}  // namespace

int Run(const Arguments& arguments) { return RunWith(arguments, arguments.Value(option::kRecord)); }

int Record(const Arguments& arguments) { return RunWith(arguments, arguments.operands()[0]); }

}  // namespace randguard::cli

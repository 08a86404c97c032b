// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard analyze`: the analyzer as a service of its own.
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/canary/canary_process.h"
#include "analyzer/capture/capture_writer.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/outputs.h"
#include "analyzer/cli/setup.h"
#include "analyzer/confine/confine.h"
#include "analyzer/ingest/listener.h"
#include "analyzer/ingest/service.h"

namespace randguard::cli {
namespace {

absl::Status AnalyzeWith(const Arguments& arguments, const Loaded& loaded,
                         absl::StatusOr<CanaryProcess> made) {
  RG_RETURN_IF_ERROR(CheckUnprivileged(arguments.Has(option::kAllowRoot)));
  const Config& config = loaded.config;
  RG_ASSIGN_OR_RETURN(kj::AutoCloseFd signals, Service::CatchSignals());
  RG_ASSIGN_OR_RETURN(const Identities identities, FindIdentities(arguments));
  RG_ASSIGN_OR_RETURN(const std::unique_ptr<Sink> out, OpenOutput(arguments, config));
  std::optional<CaptureWriter> recorder;
  if (const auto path = arguments.Value(option::kRecord)) {
    RG_ASSIGN_OR_RETURN(CaptureWriter writer, CaptureWriter::Open(*path));
    recorder.emplace(std::move(writer));
  }
  const char* state = std::getenv("STATE_DIRECTORY");
  std::optional<CursorFile> cursor;
  auto directory = arguments.Value(option::kState);
  if (!directory.has_value() && state != nullptr) directory = state;
  if (directory.has_value()) {
    RG_ASSIGN_OR_RETURN(CursorFile file, CursorFile::Open(*directory));
    cursor.emplace(std::move(file));
  }
  const auto path = arguments.Value(option::kListen);
  RG_ASSIGN_OR_RETURN(kj::AutoCloseFd listener,
                      path.has_value() ? ListenAt(*path) : ActivatedListener());
  ServiceOptions options;
  options.peers = {identities.collector_uid};
  options.plan_digest = PlanDigest(CompilePlan(config, ForPlan(identities)));
  Log(LogLevel::kDebug, "the plan's digest is %016x", options.plan_digest);
  options.limitations = config.Unsupported();
  // For health. The plan was compiled elsewhere; a wrong exclusion is refused there.
  const auto paths = ResolvePaths(arguments, config);
  if (paths.has_value()) {
    options.links = paths->links();
  } else {
    options.limitations.emplace_back("an exclusion is wrong, see the analyzer's messages");
  }
  Log(LogLevel::kInfo, Summary(arguments, loaded));
  options.metrics = MetricsOf(arguments, config);
  options.canary_interval = std::chrono::seconds(config.agent.canary_secs);
  options.rules = loaded.rules;
  options.reload_rules = RuleReloader(arguments, config);
  std::optional<CanaryProcess> canary;
  if (config.agent.canary_secs != 0) {
    RG_ASSIGN_OR_RETURN(canary, std::move(made));
  }
  Service service(config, *out, std::move(listener), std::move(options), std::move(recorder),
                  std::move(cursor), std::move(canary));
  OpenLater later = OpenedLater(arguments, config);
  later.state = directory;
  return service.Run(std::move(signals), [&] { return ConfineService(later); });
}

}  // namespace

int Analyze(const Arguments& arguments) {
  // While there is little memory, of which it keeps a copy. It ends if it is not wanted.
  auto canary = CanaryProcess::Start();
  auto loaded = ReadConfig(arguments, Report::kWarnings, RuleTests::kPassOver);
  if (!loaded.has_value()) return 1;
  DropSources(*loaded);
  const absl::Status status = AnalyzeWith(arguments, *loaded, std::move(canary));
  return status.ok() ? 0 : Fail(status);
}

}  // namespace randguard::cli

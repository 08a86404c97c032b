// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/telemetry_filter.h"

#include <algorithm>

namespace randguard {

TelemetryFilter::TelemetryFilter(const Config& config)
    : telemetry_(config.output.telemetry), limit_(config.performance.max_events_per_second) {
  const auto& hooks = config.process.hooks;
  const auto on = [&](ProcessHook hook) {
    return config.events.process && std::find(hooks.begin(), hooks.end(), hook) != hooks.end();
  };
  execve_ = on(ProcessHook::kExecve);
  execveat_ = on(ProcessHook::kExecveat);
  fork_ = on(ProcessHook::kFork);
  exit_ = on(ProcessHook::kExit);
}

}  // namespace randguard

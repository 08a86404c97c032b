// SPDX-License-Identifier: Apache-2.0
//
// Decides which events are written: those of configured hooks, within the rate limit. Rules have
// seen all of them.
#ifndef ANALYZER_PIPELINE_TELEMETRY_FILTER_H_
#define ANALYZER_PIPELINE_TELEMETRY_FILTER_H_

#include <cstdint>
#include <optional>

#include "analyzer/config/config.h"
#include "analyzer/event/events.h"
#include "analyzer/event/kinds.h"
#include "analyzer/pipeline/rate_limit.h"

namespace randguard {

class TelemetryFilter {
 public:
  enum class Verdict : std::uint8_t {
    kWrite,
    kFiltered,     // not wanted
    kRateLimited,  // one too many
  };

  explicit TelemetryFilter(const Config& config);

  // Counts the event, made of a record of `kind`, against the limit. Once for each event, in the
  // stream's order.
  template <typename E>
  Verdict Judge(const E& event, unsigned kind) {
    if (!telemetry_) return Verdict::kFiltered;
    return ByEvent(event, kind);
  }

  RateLimit& limit() { return limit_; }

 private:
  // Programs can do as much as they like to files and sockets. All else is rare and decisive.
  template <typename E>
  static constexpr bool kIsLimited =
      kDomainOf<E> == RG_DOMAIN_file || kDomainOf<E> == RG_DOMAIN_network;
  static Verdict WriteIf(bool wanted) { return wanted ? Verdict::kWrite : Verdict::kFiltered; }
  // None is const, or the template would be preferred to it.
  Verdict ByExec(std::optional<ExecSource> source) {
    return WriteIf(source == ExecSource::kExecveat ? execveat_ : execve_);
  }
  Verdict ByEvent(const ProcessStart& event, unsigned /*kind*/) { return ByExec(event.source); }
  Verdict ByEvent(const ProcessExecFailed& event, unsigned /*kind*/) {
    return ByExec(event.source);
  }
  Verdict ByEvent(const ProcessRelationship&, unsigned /*kind*/) { return WriteIf(fork_); }
  Verdict ByEvent(const ProcessExit&, unsigned /*kind*/) { return WriteIf(exit_); }
  template <typename E>
  Verdict ByEvent(const E& event, unsigned kind) {
    if constexpr (!kIsLimited<E>) return Verdict::kWrite;
    const Actor& actor = event.actor;
    // Users make as many containers of their own as they like.
    const bool own = actor.container_rootless.value_or(false);
    const Text container = own ? "" : actor.container_id.value_or("");
    return limit_.Consume(actor.timestamp_ns, actor.uid, container, kind) ? Verdict::kWrite
                                                                          : Verdict::kRateLimited;
  }

  const bool telemetry_;
  bool execve_ = false, execveat_ = false, fork_ = false, exit_ = false;
  RateLimit limit_;  // of file and network events
};

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_TELEMETRY_FILTER_H_

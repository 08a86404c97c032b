// SPDX-License-Identifier: Apache-2.0
//
// The collector as it describes itself, in its hello and in its heartbeats. Health shows it; it
// decides nothing.
#ifndef ANALYZER_PIPELINE_COLLECTOR_STATE_H_
#define ANALYZER_PIPELINE_COLLECTOR_STATE_H_

#include <cstdint>
#include <vector>

#include "analyzer/event/reports.h"
#include "analyzer/pipeline/kind_counters.h"
#include "schema/telemetry.capnp.h"

namespace randguard {

class CollectorState {
 public:
  void OnHello(wire::Hello::Reader hello);
  void OnHeartbeat(wire::Heartbeat::Reader heartbeat);

  std::uint64_t plan_digest() const { return plan_digest_; }
  const CollectorHealth& figures() const { return figures_; }
  const std::vector<HookHealth>& hooks() const { return hooks_; }
  // A heartbeat has come: before that, its counters are 0 because they are not known.
  bool heard() const { return heard_; }
  // Records of a kind that the kernel's programs have stored, as of the last heartbeat.
  std::uint64_t stored(unsigned kind) const { return kind < counts_.size() ? counts_[kind] : 0; }
  void FillHealth(Health& health) const;

 private:
  bool heard_ = false;
  std::uint64_t plan_digest_ = 0;
  CollectorHealth figures_;  // of the session before, until a heartbeat brings others
  std::vector<HookHealth> hooks_;
  // The kernel side's counters outlive a session: those of the last heartbeat stand until the next.
  KindCounters counts_{};                               // of stored records
  Named<std::uint64_t> stored_, unwatched_, excluded_;  // by kind
  Named<ProgramHealth> programs_;
};

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_COLLECTOR_STATE_H_

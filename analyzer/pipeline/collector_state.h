// SPDX-License-Identifier: Apache-2.0
//
// The collector as it describes itself, in its hello and in its heartbeats. Health shows it; it
// decides nothing.
#ifndef ANALYZER_PIPELINE_COLLECTOR_STATE_H_
#define ANALYZER_PIPELINE_COLLECTOR_STATE_H_

#include <cstdint>
#include <vector>

#include "analyzer/event/reports.h"
#include "schema/telemetry.capnp.h"

namespace randguard {

class CollectorState {
 public:
  void OnHello(wire::Hello::Reader hello);
  void OnHeartbeat(wire::Heartbeat::Reader heartbeat);

  std::uint64_t plan_digest() const { return plan_digest_; }
  const CollectorHealth& figures() const { return figures_; }
  const std::vector<HookHealth>& hooks() const { return hooks_; }
  void FillHealth(Health& health) const;

 private:
  std::uint64_t plan_digest_ = 0;
  CollectorHealth figures_;
  std::vector<HookHealth> hooks_;
  // The kernel side's counters outlive a session: those of the last heartbeat stand until the next.
  Named<std::uint64_t> stored_, unwatched_, excluded_;  // by kind
  Named<ProgramHealth> programs_;
};

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_COLLECTOR_STATE_H_

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/collector_state.h"

#include <algorithm>
#include <string>

#include "analyzer/decode/record.h"
#include "analyzer/pipeline/kind_counters.h"
#include "analyzer/wire/hook_state.h"
#include "analyzer/wire/message.h"

namespace randguard {
namespace {

constexpr std::size_t kMaxHooks = 256;
constexpr std::size_t kMaxHookText = 256;

}  // namespace

void CollectorState::OnHello(wire::Hello::Reader hello) {
  plan_digest_ = hello.getPlanDigest();
  figures_.version = AsView(hello.getCollectorVersion());
  figures_.kernel_release = AsView(hello.getKernelRelease());
  figures_.critical_ring_bytes = hello.getCriticalRingBytes();
  figures_.bulk_ring_bytes = hello.getBulkRingBytes();
  hooks_.clear();
  for (const auto hook : hello.getHooks()) {
    if (hooks_.size() >= kMaxHooks) break;
    hooks_.push_back({HookOf(hook.getNumber()), StateOf(hook.getState()), LayerOf(hook.getLayer()),
                      std::string(AsView(hook.getWhy()).substr(0, kMaxHookText))});
  }
}

void CollectorState::OnHeartbeat(wire::Heartbeat::Reader heartbeat) {
  const auto counters = heartbeat.getCounters();
  heard_ = true;
  counts_ = ReadKindCounters(counters.getStored());
  stored_ = ByKind(counts_);
  unwatched_ = ByKind(ReadKindCounters(counters.getUnwatched()));
  excluded_ = ByKind(ReadKindCounters(counters.getExcluded()));
  programs_.clear();
  const auto programs = counters.getPrograms();
  for (unsigned i = 1; i < std::min<unsigned>(programs.size(), RG_PROGRAM_END); ++i) {
    const auto p = programs[i];
    programs_.emplace_back(
        ProgramName(i),
        ProgramHealth{p.getRuns(), p.getSelf(), p.getScratchBusy(), p.getErrors(), p.getSkipped()});
  }
  const auto stats = heartbeat.getCollector();
  figures_.connects = stats.getConnects();
  figures_.refused_peers = stats.getRefusedPeers();
  figures_.cpu_user_us = stats.getCpuUserUs();
  figures_.cpu_system_us = stats.getCpuSystemUs();
  figures_.max_rss_kb = stats.getMaxRssKb();
}

void CollectorState::FillHealth(Health& health) const {
  health.kernel_stored_by_kind = stored_;
  health.kernel_unwatched_by_kind = unwatched_;
  health.kernel_excluded_by_kind = excluded_;
  health.programs = programs_;
  health.hooks = hooks_;
  health.collector = figures_;
}

}  // namespace randguard

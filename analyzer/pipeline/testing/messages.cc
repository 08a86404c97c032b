// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/testing/messages.h"

#include <cstddef>
#include <cstring>
#include <string>

namespace randguard::testing {
namespace {

void Set(capnp::List<std::uint64_t>::Builder list, const Counts& counts) {
  for (const auto& [kind, count] : counts) list.set(kind, count);
}

}  // namespace

Bytes HelloOf::Make() const {
  return MakeMessage([this](wire::Message::Builder message) {
    auto hello = message.initHello();
    hello.setAbiVersion(abi_version);
    hello.setCollectorVersion("0.1.0");
    hello.setBootId(std::string(boot_id));
    hello.setHostName(std::string(host));
    hello.setKernelRelease("6.1.0");
    hello.setClockOffsetNs(kClockOffsetNs);
    hello.setCollectorStartNs(collector_start_ns);
    hello.setPlanDigest(99);
    hello.setSession(session);
    hello.setNextBatch(next_batch);
    hello.setNextRecord(next_record);
    Set(hello.initLostBefore(RG_KIND_END), lost_before);
    Set(hello.initSkippedBefore(RG_PROGRAM_END), skipped_before);
  });
}

Bytes BatchOf::Make() const {
  return MakeMessage([this](wire::Message::Builder message) {
    auto batch = message.initBatch();
    batch.setSequence(sequence);
    batch.setFirstRecord(first_record);
    batch.setRecordCount(static_cast<std::uint32_t>(records.size()));
    batch.setDrainedNs(drained_ns);
    batch.setClockOffsetNs(clock_offset_ns);
    batch.setRecords(AsData(Concat(records)));
    Set(batch.initLost(lost_size), lost);
  });
}

Bytes HeartbeatOf(const Counts& lost, std::uint64_t time_ns, const Counts& skipped,
                  unsigned programs) {
  return MakeMessage([&](wire::Message::Builder message) {
    auto heartbeat = message.initHeartbeat();
    heartbeat.setTimeNs(time_ns);
    heartbeat.setClockOffsetNs(kClockOffsetNs);
    auto counters = heartbeat.initCounters();
    Set(counters.initLost(RG_KIND_END), lost);
    auto list = counters.initPrograms(programs);
    for (const auto& [program, count] : skipped) list[program].setSkipped(count);
  });
}

Bytes PrintedOf(std::string_view boot_id, std::uint64_t collector_start_ns, std::uint64_t records,
                const std::optional<Counts>& lost, const std::optional<Counts>& skipped) {
  return MakeMessage([&](wire::Message::Builder message) {
    auto printed = message.initContext().initPrinted();
    printed.setBootId(std::string(boot_id));
    printed.setCollectorStartNs(collector_start_ns);
    printed.setRecords(records);
    if (lost.has_value()) Set(printed.initLost(RG_KIND_END), *lost);
    if (skipped.has_value()) Set(printed.initSkipped(RG_HOOK_END), *skipped);
  });
}

std::vector<Bytes> SnapshotRecords() {
  auto init = ProcessSnapshot();
  init.By(1, 10).ChildOf(0, 0).At(kStartNs);
  SetComm(init.body.hdr.comm, "init");
  init.Put(&rg_process::exe_path, "/sbin/init");
  auto shell = ProcessSnapshot();
  shell.By(100, 20).ChildOf(1, 10).At(kStartNs);
  SetComm(shell.body.hdr.comm, "bash");
  shell.Put(&rg_process::exe_path, "/bin/bash");
  return {init.Build(), shell.Build()};
}

Bytes WithSize(Bytes record, std::uint32_t size) {
  std::memcpy(record.data() + offsetof(rg_header, size), &size, sizeof(size));
  return record;
}

}  // namespace randguard::testing

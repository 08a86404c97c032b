// SPDX-License-Identifier: Apache-2.0
//
// Valid records and messages for tests. Each test then changes one thing.
#ifndef TESTS_SUPPORT_MESSAGE_BUILDER_H_
#define TESTS_SUPPORT_MESSAGE_BUILDER_H_

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "schema/abi/event.h"
#include "schema/telemetry.capnp.h"

namespace randguard::testing {

// Memory from the heap begins at a multiple of 16, so these can be read as messages in place.
using Bytes = std::vector<std::byte>;

inline constexpr std::string_view kBootId = "0e6c9a1c-7b1c-4a39-9e53-2f1b7c1d5a10";
inline constexpr std::uint64_t kStartNs = 60'000'000'000;                  // boot time
inline constexpr std::int64_t kClockOffsetNs = 1'735'689'600'000'000'000;  // 2025-01-01T00:00:00Z

inline Bytes FrameOf(capnp::MessageBuilder& builder) {
  const kj::Array<capnp::word> words = capnp::messageToFlatArray(builder);
  const auto bytes = std::as_bytes(std::span(words.begin(), words.size()));
  return Bytes(bytes.begin(), bytes.end());
}

// fill(message) sets the content of the message.
inline Bytes MakeMessage(const std::function<void(wire::Message::Builder)>& fill) {
  capnp::MallocMessageBuilder builder;
  fill(builder.initRoot<wire::Message>());
  return FrameOf(builder);
}

inline Bytes Concat(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

inline rg_header MakeHeader(std::uint16_t kind, std::size_t size, std::uint64_t time_ns) {
  rg_header header{};
  header.kind = kind;
  header.abi_version = RG_ABI_VERSION;
  header.size = static_cast<std::uint32_t>(size);
  header.time_ns = time_ns;
  header.start_ns = kStartNs;
  header.parent_start_ns = kStartNs / 2;
  header.cgroup_id = 42;
  header.pid = header.tid = 1234;
  header.ppid = 1;
  std::memcpy(header.comm, "sh", 2);
  return header;
}

// Pads `body` to a whole record; its header's size must say RG_ALIGN8(sizeof(body)).
template <typename Body>
Bytes RecordOf(const Body& body) {
  Bytes record(RG_ALIGN8(sizeof(body)));
  std::memcpy(record.data(), &body, sizeof(body));
  return record;
}

inline Bytes MakeExitRecord(std::uint64_t time_ns = kStartNs) {
  rg_exit body{};
  body.hdr = MakeHeader(RG_KIND_process_exit, RG_ALIGN8(sizeof(body)), time_ns);
  body.task_start_ns = kStartNs;
  return RecordOf(body);
}

inline Bytes MakeSnapshotRecord(std::uint64_t time_ns = kStartNs) {
  rg_process body{};
  body.hdr = MakeHeader(RG_KIND_process_snapshot, RG_ALIGN8(sizeof(body)), time_ns);
  return RecordOf(body);
}

inline capnp::Data::Reader AsData(const Bytes& bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

inline Bytes MakeHello(std::uint32_t session = 0, std::uint64_t next_batch = 0,
                       std::uint64_t next_record = 0) {
  return MakeMessage([&](wire::Message::Builder message) {
    wire::Hello::Builder hello = message.initHello();
    hello.setAbiVersion(RG_ABI_VERSION);
    hello.setCollectorVersion("0.1.0");
    hello.setBootId(kBootId.data());
    hello.setHostName("web1");
    hello.setKernelRelease("6.1.0-28-cloud-amd64");
    hello.setMachine("x86_64");
    hello.setClockOffsetNs(kClockOffsetNs);
    hello.setCollectorStartNs(kStartNs);
    hello.setPlanDigest(0x1122334455667788);
    hello.setSession(session);
    hello.setNextBatch(next_batch);
    hello.setNextRecord(next_record);
    auto hooks = hello.initHooks(2);
    hooks[0].setNumber(RG_HOOK_process_exec);
    hooks[0].setState(wire::Hook::State::ATTACHED);
    hooks[1].setNumber(RG_HOOK_syscalls);
    hooks[1].setState(wire::Hook::State::MISSING);
    hooks[1].setWhy("not asked for");
  });
}

inline Bytes MakeSnapshot(const std::vector<Bytes>& records = {MakeSnapshotRecord()},
                          bool last = true) {
  return MakeMessage([&](wire::Message::Builder message) {
    wire::Snapshot::Builder snapshot = message.initSnapshot();
    snapshot.setRecords(AsData(Concat(records)));
    snapshot.setLast(last);
  });
}

// `lost` of exec_failed records, over the collector's life.
inline Bytes MakeBatch(std::uint64_t sequence, std::uint64_t first_record,
                       const std::vector<Bytes>& records = {MakeExitRecord()},
                       std::uint64_t lost = 0) {
  return MakeMessage([&](wire::Message::Builder message) {
    wire::Batch::Builder batch = message.initBatch();
    batch.setSequence(sequence);
    batch.setFirstRecord(first_record);
    batch.setRecordCount(static_cast<std::uint32_t>(records.size()));
    batch.setDrainedNs(kStartNs + 1'000'000 * (sequence + 1));
    batch.setClockOffsetNs(kClockOffsetNs);
    batch.setRecords(AsData(Concat(records)));
    batch.initLost(RG_KIND_END).set(RG_KIND_exec_failed, lost);
  });
}

inline Bytes MakeHeartbeat(std::uint64_t time_ns = kStartNs + 2'000'000'000) {
  return MakeMessage([&](wire::Message::Builder message) {
    wire::Heartbeat::Builder heartbeat = message.initHeartbeat();
    heartbeat.setTimeNs(time_ns);
    heartbeat.setClockOffsetNs(kClockOffsetNs);
    wire::Counters::Builder counters = heartbeat.initCounters();
    counters.initLost(RG_KIND_END);
    counters.initStored(RG_KIND_END).set(RG_KIND_process_exit, 1);
    counters.initPrograms(RG_PROGRAM_END)[1].setRuns(7);
    heartbeat.initCollector().setConnects(1);
  });
}

inline Bytes MakeNumbers() {
  return MakeMessage([](wire::Message::Builder message) { message.initNumbers().setNextSeq(17); });
}

inline Bytes MakeContext() {
  return MakeMessage([](wire::Message::Builder message) {
    auto context = message.initContext();
    context.setReading(1);
    auto users = context.initUsers(1);
    users[0].setUid(0);
    users[0].setName("root");
  });
}

}  // namespace randguard::testing

#endif  // TESTS_SUPPORT_MESSAGE_BUILDER_H_

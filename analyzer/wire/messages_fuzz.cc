// SPDX-License-Identifier: Apache-2.0
//
// Input that the collector's end of the socket could send: bytes -> frames -> messages -> every
// field of every type -> records.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "analyzer/wire/frame_reader.h"
#include "analyzer/wire/message.h"
#include "analyzer/wire/record_walker.h"

namespace randguard::messages_fuzz {
namespace {

// Depends on everything that was read, so that the compiler cannot leave out a read.
std::uint64_t sum = 0;

void Touch(std::uint64_t value) { sum += value; }
void Touch(std::string_view text) {
  for (const char c : text) Touch(static_cast<unsigned char>(c));
}
void Touch(capnp::Text::Reader text) { Touch(AsView(text)); }
void Touch(capnp::List<std::uint64_t>::Reader list) {
  for (const std::uint64_t value : list) Touch(value);
}

void TouchRecords(capnp::Data::Reader data) {
  RecordWalker walker(AsBytes(data));
  for (;;) {
    const auto record = walker.Next();
    if (!record.ok() || !*record) return;
    Touch(std::to_integer<std::uint64_t>((*record)->back()));
  }
}

void TouchHello(wire::Hello::Reader hello) {
  Touch(hello.getAbiVersion());
  Touch(hello.getCollectorVersion());
  Touch(hello.getBootId());
  Touch(hello.getHostName());
  Touch(hello.getKernelRelease());
  Touch(hello.getMachine());
  Touch(static_cast<std::uint64_t>(hello.getClockOffsetNs()));
  Touch(hello.getCollectorStartNs());
  Touch(hello.getPlanDigest());
  Touch(hello.getSession());
  Touch(hello.getNextBatch());
  Touch(hello.getNextRecord());
  Touch(hello.getLostBefore());
  for (const auto hook : hello.getHooks()) {
    Touch(hook.getNumber());
    Touch(static_cast<std::uint64_t>(hook.getState()));
    Touch(hook.getWhy());
  }
  Touch(hello.getCriticalRingBytes());
  Touch(hello.getBulkRingBytes());
}

void TouchBatch(wire::Batch::Reader batch) {
  Touch(batch.getSequence());
  Touch(batch.getFirstRecord());
  Touch(batch.getRecordCount());
  Touch(batch.getDrainedNs());
  Touch(static_cast<std::uint64_t>(batch.getClockOffsetNs()));
  TouchRecords(batch.getRecords());
  Touch(batch.getLost());
}

void TouchHeartbeat(wire::Heartbeat::Reader heartbeat) {
  Touch(heartbeat.getTimeNs());
  Touch(static_cast<std::uint64_t>(heartbeat.getClockOffsetNs()));
  const auto counters = heartbeat.getCounters();
  Touch(counters.getLost());
  Touch(counters.getStored());
  for (const auto program : counters.getPrograms()) {
    Touch(program.getRuns() + program.getSelf() + program.getScratchBusy() + program.getErrors());
  }
  const auto collector = heartbeat.getCollector();
  Touch(collector.getConnects() + collector.getRefusedPeers() + collector.getMaxRssKb());
  Touch(collector.getCpuUserUs() + collector.getCpuSystemUs());
}

void TouchContext(wire::Context::Reader context) {
  for (const auto user : context.getUsers()) {
    Touch(user.getUid());
    Touch(user.getName());
  }
  Touch(context.hasPrinted());
  Touch(context.getPrinted().getBootId());
  Touch(context.getPrinted().getCollectorStartNs());
  Touch(context.getPrinted().getRecords());
}

absl::Status TouchMessage(wire::Message::Reader message) {
  switch (message.which()) {
    case wire::Message::HELLO:
      TouchHello(message.getHello());
      break;
    case wire::Message::SNAPSHOT:
      TouchRecords(message.getSnapshot().getRecords());
      Touch(message.getSnapshot().getLast());
      break;
    case wire::Message::BATCH:
      TouchBatch(message.getBatch());
      break;
    case wire::Message::HEARTBEAT:
      TouchHeartbeat(message.getHeartbeat());
      break;
    case wire::Message::NUMBERS:
      Touch(message.getNumbers().getNextSeq());
      Touch(message.getNumbers().getSessionEnded());
      break;
    case wire::Message::CONTEXT:
      TouchContext(message.getContext());
      break;
    case wire::Message::SEAL:
      Touch(message.getSeal().getCrc32() + message.getSeal().getOffset() +
            message.getSeal().getMessages() + message.getSeal().getEnd());
      break;
  }
  return absl::OkStatus();
}

// Reads all frames that are there. Returns false once the stream cannot be read on.
bool Drain(FrameReader& frames) {
  for (;;) {
    const auto frame = frames.Next();
    if (!frame.ok()) return false;
    if (!*frame) return true;
    (void)ReadMessage(**frame, TouchMessage);
  }
}

}  // namespace
}  // namespace randguard::messages_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The bytes come in pieces, and the last byte says how large. Framing must not depend on that.
  const std::size_t piece = size > 0 ? 1 + std::size_t{data[size - 1]} * 8 : 1;
  randguard::FrameReader frames;
  std::span<const std::uint8_t> rest(data, size);
  while (!rest.empty()) {
    const std::span<std::byte> tail = frames.WritableTail(1);
    if (tail.empty()) std::abort();
    const std::size_t n = std::min({piece, tail.size(), rest.size()});
    std::memcpy(tail.data(), rest.data(), n);
    frames.Commit(n);
    rest = rest.subspan(n);
    if (!randguard::messages_fuzz::Drain(frames)) return 0;
  }
  (void)frames.Finish();
  return 0;
}

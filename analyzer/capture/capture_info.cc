// SPDX-License-Identifier: Apache-2.0
#include "analyzer/capture/capture_info.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/wire/hook_state.h"
#include "analyzer/wire/message.h"
#include "analyzer/wire/record_walker.h"

namespace randguard {
namespace {

// Bounds for the memory that a capture can make us use.
constexpr std::size_t kMaxSessions = 1000;
constexpr std::size_t kMaxProblems = 20;
constexpr std::size_t kMaxText = 256;
constexpr std::size_t kMaxHooks = 64;

std::string Text(capnp::Text::Reader text) { return std::string(AsView(text).substr(0, kMaxText)); }

std::vector<std::uint64_t> Numbers(capnp::List<std::uint64_t>::Reader list) {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(list.size());
  for (const std::uint64_t number : list) numbers.push_back(number);
  return numbers;
}

std::uint64_t Since(std::uint64_t now, std::uint64_t before) {
  return now > before ? now - before : 0;
}

class Inspector {
 public:
  Inspector(CaptureReader& reader, const RecordChecker& checker, CaptureInfo& info)
      : reader_(reader), checker_(checker), info_(info) {}

  void Run() {
    for (;;) {
      const absl::StatusOr<std::optional<Frame>> frame = reader_.Next();
      if (!frame.ok()) info_.damage = frame.status();
      if (!frame.ok() || !*frame) break;
      frame_ = **frame;
      const absl::Status status = ReadMessage(frame_, [this](wire::Message::Reader message) {
        OnMessage(message);
        return absl::OkStatus();
      });
      if (!status.ok()) Problem(0, Message(status));
    }
    AddLosses();
    info_.ended_in_order = reader_.EndedInOrder();
    info_.file_bytes = reader_.BytesInFile();
    info_.stream_bytes = reader_.Bytes();
  }

 private:
  void OnMessage(wire::Message::Reader message) {
    const bool of_analyzer = message.isContext() || message.isNumbers();
    if (!message.isHello() && !of_analyzer && info_.hellos == 0) {
      Problem(0, "a message before the first hello");
    }
    switch (message.which()) {
      case wire::Message::HELLO:
        return OnHello(message.getHello());
      case wire::Message::SNAPSHOT:
        return OnSnapshot(message.getSnapshot());
      case wire::Message::BATCH:
        return OnBatch(message.getBatch());
      case wire::Message::HEARTBEAT:
        return OnHeartbeat(message.getHeartbeat());
      case wire::Message::CONTEXT:
        ++info_.contexts;
        return;
      case wire::Message::NUMBERS:
        ++info_.numbers;
        return;
      case wire::Message::SEAL:
        break;  // the reader takes seals out
    }
    ++info_.unknown_messages;
  }

  // Reads everything before it changes anything: reading may end with an exception.
  void OnHello(wire::Hello::Reader hello) {
    SessionInfo session{.number = hello.getSession(),
                        .abi_version = hello.getAbiVersion(),
                        .collector_version = Text(hello.getCollectorVersion()),
                        .boot_id = Text(hello.getBootId()),
                        .host_name = Text(hello.getHostName()),
                        .kernel_release = Text(hello.getKernelRelease()),
                        .machine = Text(hello.getMachine()),
                        .collector_start_ns = hello.getCollectorStartNs()};
    for (const wire::Hook::Reader hook : hello.getHooks()) {
      if (session.hooks.size() == kMaxHooks) break;
      session.hooks.push_back({.number = hook.getNumber(),
                               .state = StateOf(hook.getState()),
                               .why = Text(hook.getWhy())});
    }
    std::vector<std::uint64_t> lost_before = Numbers(hello.getLostBefore());

    const bool same_collector = info_.hellos > 0 && session_.boot_id == session.boot_id &&
                                session_.collector_start_ns == session.collector_start_ns;
    if (same_collector) {
      session.unseen_batches = Since(hello.getNextBatch(), next_batch_);
      session.unseen_records = Since(hello.getNextRecord(), next_record_);
    } else {
      AddLosses();
      first_lost_ = last_lost_ = std::move(lost_before);
    }
    next_batch_ = hello.getNextBatch();
    next_record_ = hello.getNextRecord();
    clock_offset_ns_ = hello.getClockOffsetNs();
    ++info_.hellos;
    session_ = std::move(session);
    if (info_.sessions.size() < kMaxSessions) info_.sessions.push_back(session_);
  }

  void OnSnapshot(wire::Snapshot::Reader snapshot) {
    ++info_.snapshots;
    const std::uint64_t records = WalkRecords(AsBytes(snapshot.getRecords()));
    if (SessionInfo* session = CurrentSession()) {
      session->snapshot_records += records;
      session->snapshot_complete |= snapshot.getLast();
    }
  }

  void OnBatch(wire::Batch::Reader batch) {
    ++info_.batches;
    clock_offset_ns_ = batch.getClockOffsetNs();
    if (batch.getSequence() != next_batch_ || batch.getFirstRecord() != next_record_) {
      Problem(0, absl::StrFormat("batch %d beginning with record %d in place of batch %d beginning "
                                 "with record %d",
                                 batch.getSequence(), batch.getFirstRecord(), next_batch_,
                                 next_record_));
    }
    const std::uint64_t records = WalkRecords(AsBytes(batch.getRecords()));
    if (records != batch.getRecordCount()) {
      Problem(0, absl::StrFormat("a batch that announces %d records and holds %d",
                                 batch.getRecordCount(), records));
    }
    next_batch_ = batch.getSequence() + 1;
    next_record_ = batch.getFirstRecord() + batch.getRecordCount();
    if (SessionInfo* session = CurrentSession()) {
      ++session->batches;
      session->batch_records += records;
    }
    KeepLost(batch.getLost());
  }

  void OnHeartbeat(wire::Heartbeat::Reader heartbeat) {
    ++info_.heartbeats;
    clock_offset_ns_ = heartbeat.getClockOffsetNs();
    SawTime(heartbeat.getTimeNs());
    KeepLost(heartbeat.getCounters().getLost());
  }

  // Returns how many records there are, up to the first one that is damaged.
  std::uint64_t WalkRecords(std::span<const std::byte> blob) {
    const auto blob_offset = static_cast<std::size_t>(blob.data() - frame_.data());
    RecordWalker walker(blob);
    for (std::uint64_t count = 0;; ++count) {
      const std::size_t offset = blob_offset + walker.Offset();
      const auto record = walker.Next();
      if (!record.ok()) Problem(offset, Message(record.status()));
      if (!record.ok() || !*record) return count;
      OnRecord(offset, **record);
    }
  }

  void OnRecord(std::size_t offset, std::span<const std::byte> record) {
    rg_header header;
    std::memcpy(&header, record.data(), sizeof(header));
    SawTime(header.time_ns);
    if (header.kind == 0 || header.kind >= info_.records.size()) {
      ++info_.unknown_records;
      return;  // no damage: a newer collector knows this kind
    }
    ++info_.records[header.kind];
    if (!checker_) return;
    if (const absl::Status status = checker_(record); !status.ok()) {
      Problem(offset, Message(status));
    }
  }

  // Counters only ever grow.
  void KeepLost(capnp::List<std::uint64_t>::Reader lost) {
    if (last_lost_.size() < lost.size()) last_lost_.resize(lost.size());
    for (unsigned kind = 0; kind < lost.size(); ++kind) {
      last_lost_[kind] = std::max(last_lost_[kind], lost[kind]);
    }
  }

  // To be called after a collector's last message, because its counters cover its whole life.
  void AddLosses() {
    for (std::size_t kind = 0; kind < last_lost_.size(); ++kind) {
      const std::uint64_t before = kind < first_lost_.size() ? first_lost_[kind] : 0;
      std::uint64_t& lost =
          kind > 0 && kind < info_.lost.size() ? info_.lost[kind] : info_.unknown_lost;
      lost += Since(last_lost_[kind], before);
    }
    last_lost_.clear();
  }

  void SawTime(std::uint64_t boot_time_ns) {
    std::int64_t time;
    if (__builtin_add_overflow(boot_time_ns, clock_offset_ns_, &time)) {
      time = std::numeric_limits<std::int64_t>::max();
    }
    if (!info_.time) info_.time = TimeSpan{time, time};
    info_.time->first_ns = std::min(info_.time->first_ns, time);
    info_.time->last_ns = std::max(info_.time->last_ns, time);
  }

  void Problem(std::size_t offset_in_message, std::string_view what) {
    if (++info_.problem_count > kMaxProblems) return;
    info_.problems.push_back(
        absl::StrFormat("byte %d: %s", reader_.MessageOffset() + offset_in_message, what));
  }

  // Null before the first hello, and when the session is beyond those that are listed.
  SessionInfo* CurrentSession() {
    const bool listed = info_.hellos > 0 && info_.hellos <= kMaxSessions;
    return listed ? &info_.sessions.back() : nullptr;
  }

  CaptureReader& reader_;
  const RecordChecker& checker_;
  CaptureInfo& info_;
  Frame frame_;
  SessionInfo session_;  // the latest hello's facts
  std::uint64_t next_batch_ = 0;
  std::uint64_t next_record_ = 0;
  std::int64_t clock_offset_ns_ = 0;
  std::vector<std::uint64_t> first_lost_;
  std::vector<std::uint64_t> last_lost_;
};

}  // namespace

CaptureInfo InspectCapture(CaptureReader& reader, const RecordChecker& checker) {
  CaptureInfo info{.name = reader.Name(), .compressed = reader.Compressed()};
  Inspector(reader, checker, info).Run();
  return info;
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
//
// The content of a capture, and whether the capture is sound: `rand-guard capture info`. Goes
// through every message and every record, and keeps facts and counts instead of content.
#ifndef ANALYZER_CAPTURE_CAPTURE_INFO_H_
#define ANALYZER_CAPTURE_CAPTURE_INFO_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "analyzer/capture/capture_reader.h"
#include "analyzer/event/value_sets.h"
#include "schema/abi/event.h"

namespace randguard {

using CountsByKind = std::array<std::uint64_t, RG_KIND_END>;  // indexed by enum rg_kind

// CLOCK_REALTIME in ns since 1970, computed from boot-time stamps and the clock offset sent with
// them.
struct TimeSpan {
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
};

struct HookFact {
  std::uint16_t number = 0;  // enum rg_hook
  HookState state = HookState::kUnknown;
  std::string why;
};

// A hello and everything up to the next hello. Text is cut at 256 bytes.
struct SessionInfo {
  std::uint32_t number = 0;  // Hello.session
  std::uint16_t abi_version = 0;
  std::string collector_version;
  std::string boot_id;
  std::string host_name;
  std::string kernel_release;
  std::string machine;
  std::uint64_t collector_start_ns = 0;
  std::vector<HookFact> hooks;
  bool snapshot_complete = false;
  std::uint64_t snapshot_records = 0;
  std::uint64_t batches = 0;
  std::uint64_t batch_records = 0;
  // Sent by this collector between the session before and this one, but not in this capture.
  std::uint64_t unseen_batches = 0;
  std::uint64_t unseen_records = 0;
};

struct CaptureInfo {
  std::string name;
  bool compressed = false;
  std::uint64_t file_bytes = 0;    // read from the file
  std::uint64_t stream_bytes = 0;  // verified; uncompressed, seals counted
  std::uint64_t hellos = 0;
  std::uint64_t snapshots = 0;
  std::uint64_t batches = 0;
  std::uint64_t heartbeats = 0;
  std::uint64_t contexts = 0;
  std::uint64_t numbers = 0;           // messages that say how lines are numbered
  std::uint64_t unknown_messages = 0;  // of a newer schema
  std::vector<SessionInfo> sessions;   // the first 1000 of `hellos`
  CountsByKind records{};
  std::uint64_t unknown_records = 0;  // of a kind this program does not know
  std::optional<TimeSpan> time;       // of records and heartbeats
  // Records that the kernel side could not store, from the capture's first hello to its end.
  CountsByKind lost{};
  std::uint64_t unknown_lost = 0;

  // Problems with messages and records: the first 20 of `problem_count`. Each names its byte in the
  // uncompressed stream. `damage` says what ended the reading early, if anything did.
  std::vector<std::string> problems;
  std::uint64_t problem_count = 0;
  absl::Status damage;
  bool ended_in_order = false;

  bool Sound() const { return damage.ok() && ended_in_order && problem_count == 0; }
};

// Checks one record: anything but OK is a problem. May be empty; then only headers are checked.
using RecordChecker = std::function<absl::Status(std::span<const std::byte> record)>;

// Reads `reader` to its end, or to the damage.
CaptureInfo InspectCapture(CaptureReader& reader, const RecordChecker& checker);

// A report for people: several lines, each ended by a newline. Control characters and bytes beyond
// ASCII are written as \xNN, because a damaged or forged capture may contain anything.
std::string FormatCaptureInfo(const CaptureInfo& info);

}  // namespace randguard

#endif  // ANALYZER_CAPTURE_CAPTURE_INFO_H_

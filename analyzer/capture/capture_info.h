// SPDX-License-Identifier: Apache-2.0
//
// What is in a capture, and whether it is sound: `rand-guard capture info`. Goes through every
// message and every record; keeps facts and counts, not content.
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
#include "schema/abi/event.h"

namespace randguard {

using CountsByKind = std::array<std::uint64_t, RG_KIND_END>;  // indexed by enum rg_kind

// CLOCK_REALTIME in ns since 1970; made from boot-time stamps and the clock offset sent with them.
struct TimeSpan {
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
};

struct HookFact {
  std::uint16_t number = 0;  // enum rg_hook
  std::string state;         // off, attached, fallback, missing, unknown
  std::string why;
};

// A hello and what came until the next one. Text is cut at 256 bytes.
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
  // Sent by the same collector between this session and the one before, but not in this capture.
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
  std::uint64_t unknown_messages = 0;  // of a newer schema
  std::vector<SessionInfo> sessions;   // the first 1000 of `hellos`
  CountsByKind records{};
  std::uint64_t unknown_records = 0;  // of a kind this program does not know
  std::optional<TimeSpan> time;       // of records and heartbeats
  // Could not be stored by the kernel side, from the capture's first hello to its end.
  CountsByKind lost{};
  std::uint64_t unknown_lost = 0;

  // What is wrong: with messages and records (the first 20 of `problem_count`), each naming the
  // byte in the uncompressed stream; and what ended the reading early, if anything did.
  std::vector<std::string> problems;
  std::uint64_t problem_count = 0;
  absl::Status damage;
  bool ended_in_order = false;

  bool Sound() const { return damage.ok() && ended_in_order && problem_count == 0; }
};

// Looks into one record: anything but OK is a problem. May be empty; then headers alone are
// checked.
using RecordChecker = std::function<absl::Status(std::span<const std::byte> record)>;

// Reads `reader` to its end, or to where it is damaged.
CaptureInfo InspectCapture(CaptureReader& reader, const RecordChecker& checker);

// For people: several lines, each ended by a newline. Control characters and bytes beyond ASCII,
// which in a damaged or forged capture might be anything, are written as \xNN.
std::string FormatCaptureInfo(const CaptureInfo& info);

}  // namespace randguard

#endif  // ANALYZER_CAPTURE_CAPTURE_INFO_H_

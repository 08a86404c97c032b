// SPDX-License-Identifier: Apache-2.0
//
// What a capture has more than the stream it records: after every message a seal (Seal in
// schema/telemetry.capnp) over it and over all that stands before it, and a last one that says the
// recording was ended in order. docs/formats/telemetry.md shows one byte by byte.
//
// Seals find damage: cut files, flipped bits, pieces lost or swapped. They are checksums, not
// signatures; who can write the file can also seal it.
#ifndef ANALYZER_CAPTURE_SEAL_H_
#define ANALYZER_CAPTURE_SEAL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace randguard {

inline constexpr std::size_t kSealBytes = 56;
using SealBytes = std::array<std::byte, kSealBytes>;

// Where a capture stands between two messages; the writer and the reader keep one each.
struct SealState {
  std::uint32_t crc = 0;       // CRC-32 of all messages so far, seals left out
  std::uint64_t offset = 0;    // bytes of stream so far, seals counted
  std::uint64_t messages = 0;  // seals left out
};

// `state` after one more message.
SealState Extend(const SealState& state, std::span<const std::byte> message);

// `state` after the seal that BuildSeal(state) gives.
SealState AfterSeal(const SealState& state);

// The one and only seal for `state`: a framed message, byte for byte. A reader checks a seal by
// building it again and comparing, so that no bit of it is free, padding included.
SealBytes BuildSeal(const SealState& state, bool end);

}  // namespace randguard

#endif  // ANALYZER_CAPTURE_SEAL_H_

// SPDX-License-Identifier: Apache-2.0
//
// A capture is the recorded stream plus seals (Seal in schema/telemetry.capnp). Each message is
// followed by a seal over that message and everything before it. A last seal says that the
// recording was ended in order. docs/formats/telemetry.md shows a seal byte by byte.
//
// Seals are chained CRC-32 checksums. They find damage: cut files, flipped bits, pieces lost or
// swapped. They are not signatures; anybody who can write the file can also seal it.
#ifndef ANALYZER_CAPTURE_SEAL_H_
#define ANALYZER_CAPTURE_SEAL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace randguard {

inline constexpr std::size_t kSealBytes = 56;
using SealBytes = std::array<std::byte, kSealBytes>;

// The position of a capture between two messages. The writer and the reader keep one each.
struct SealState {
  std::uint32_t crc = 0;       // CRC-32 of all messages so far, seals left out
  std::uint64_t offset = 0;    // bytes of stream so far, seals counted
  std::uint64_t messages = 0;  // seals left out
};

// `state` after one more message.
SealState Extend(const SealState& state, std::span<const std::byte> message);

// `state` after the seal that BuildSeal(state) gives.
SealState AfterSeal(const SealState& state);

// The one and only seal for `state`: a framed message, byte for byte. A reader builds the seal
// again and compares the two, so that every bit is checked, padding included.
SealBytes BuildSeal(const SealState& state, bool end);

}  // namespace randguard

#endif  // ANALYZER_CAPTURE_SEAL_H_

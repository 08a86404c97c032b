// SPDX-License-Identifier: Apache-2.0
#include "analyzer/capture/seal.h"

#include <libdeflate.h>

#include <bit>

namespace randguard {
namespace {

// A framed message of one segment: Message {seal = Seal {...}}. Written by hand, because these
// bytes are a format. A library's bytes may change with the library or with the schema.
constexpr std::array<std::uint64_t, kSealBytes / 8> SealWords(const SealState& state, bool end) {
  return {
      // Segment table: one segment (count - 1 = 0) of 6 words.
      std::uint64_t{6} << 32,
      // Root pointer: a struct right behind it, 1 word of data, 1 pointer.
      std::uint64_t{1} << 32 | std::uint64_t{1} << 48,
      // Message, data: the union's discriminant; `seal` is 5.
      5,
      // Message, pointer: a struct right behind it, 3 words of data, no pointers.
      std::uint64_t{3} << 32,
      // Seal: crc32 in bits 0 to 31, `end` in bit 32.
      state.crc | std::uint64_t{end} << 32,
      state.offset,
      state.messages,
  };
}

}  // namespace

SealState Extend(const SealState& state, std::span<const std::byte> message) {
  return {.crc = libdeflate_crc32(state.crc, message.data(), message.size()),
          .offset = state.offset + message.size(),
          .messages = state.messages + 1};
}

SealState AfterSeal(const SealState& state) {
  return {.crc = state.crc, .offset = state.offset + kSealBytes, .messages = state.messages};
}

SealBytes BuildSeal(const SealState& state, bool end) {
  static_assert(std::endian::native == std::endian::little, "Cap'n Proto is little-endian");
  return std::bit_cast<SealBytes>(SealWords(state, end));
}

}  // namespace randguard

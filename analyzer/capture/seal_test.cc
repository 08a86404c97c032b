// SPDX-License-Identifier: Apache-2.0
#include "analyzer/capture/seal.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

#include "analyzer/wire/message.h"
#include "tests/support/message_builder.h"

namespace randguard {
namespace {

using testing::Bytes;

// CRC-32 by its definition, bit for bit.
std::uint32_t Crc32(const Bytes& bytes) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (const std::byte byte : bytes) {
    crc ^= static_cast<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb8'8320 : 0);
  }
  return ~crc;
}

TEST(SealTest, IsWhatCapnProtoMakesOfTheSchema) {
  for (const bool end : {false, true}) {
    const SealState state{.crc = 0xfedc'ba98, .offset = 0x1122'3344'5566'7788, .messages = 99};
    const Bytes expected = testing::MakeMessage([&](wire::Message::Builder message) {
      wire::Seal::Builder seal = message.initSeal();
      seal.setCrc32(state.crc);
      seal.setOffset(state.offset);
      seal.setMessages(state.messages);
      seal.setEnd(end);
    });
    const SealBytes seal = BuildSeal(state, end);
    EXPECT_EQ(Bytes(seal.begin(), seal.end()), expected);
  }
}

TEST(SealTest, ChecksumRunsOverAllMessagesAndLeavesSealsOut) {
  const Bytes first = testing::MakeHello();
  const Bytes second = testing::MakeBatch(0, 0);
  const Bytes both = testing::Concat({first, second});
  const SealState state = Extend(AfterSeal(Extend(SealState{}, first)), second);
  EXPECT_EQ(state.crc, Crc32(both));
  EXPECT_EQ(state.offset, both.size() + kSealBytes);
  EXPECT_EQ(state.messages, 2u);
}

}  // namespace
}  // namespace randguard

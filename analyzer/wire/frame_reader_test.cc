// SPDX-License-Identifier: Apache-2.0
#include "analyzer/wire/frame_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <vector>

#include "absl/strings/str_format.h"
#include "tests/support/message_builder.h"

namespace randguard {
namespace {

using testing::Bytes;

Bytes Words32(std::initializer_list<std::uint32_t> words) {
  Bytes bytes(words.size() * 4);
  std::memcpy(bytes.data(), std::data(words), bytes.size());
  return bytes;
}

// A message of `words` words in one segment; its content means nothing.
Bytes Blob(std::uint32_t words) {
  Bytes bytes = Words32({0, words});
  bytes.resize(8 + std::size_t{words} * 8, std::byte{0x5a});
  return bytes;
}

void Feed(FrameReader& reader, std::span<const std::byte> bytes) {
  const std::span<std::byte> tail = reader.WritableTail(bytes.size());
  ASSERT_GE(tail.size(), bytes.size());
  std::copy(bytes.begin(), bytes.end(), tail.begin());
  reader.Commit(bytes.size());
}

// Takes out all whole frames, and checks that they can be read in place.
std::vector<Bytes> Drain(FrameReader& reader) {
  std::vector<Bytes> frames;
  for (;;) {
    const auto frame = reader.Next();
    EXPECT_TRUE(frame.ok()) << frame.status();
    if (!frame.ok() || !*frame) return frames;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>((*frame)->data()) % 8, 0u);
    frames.emplace_back((*frame)->begin(), (*frame)->end());
  }
}

std::vector<Bytes> SomeMessages() {
  return {testing::MakeHello(), testing::MakeSnapshot(), testing::MakeBatch(0, 0),
          testing::MakeHeartbeat(), Blob(1)};
}

TEST(FrameReaderTest, FindsMessagesWhereverTheStreamIsSplitInTwo) {
  const std::vector<Bytes> messages = SomeMessages();
  const Bytes stream = testing::Concat(messages);
  for (std::size_t split = 0; split <= stream.size(); ++split) {
    FrameReader reader;
    Feed(reader, std::span(stream).first(split));
    std::vector<Bytes> frames = Drain(reader);
    Feed(reader, std::span(stream).subspan(split));
    for (Bytes& frame : Drain(reader)) frames.push_back(std::move(frame));
    ASSERT_EQ(frames, messages) << "split at " << split;
    EXPECT_TRUE(reader.Finish().ok());
    EXPECT_EQ(reader.Offset(), stream.size());
  }
}

TEST(FrameReaderTest, FindsMessagesFedByteByByte) {
  const std::vector<Bytes> messages = SomeMessages();
  FrameReader reader;
  std::vector<Bytes> frames;
  for (const std::byte byte : testing::Concat(messages)) {
    Feed(reader, std::span(&byte, 1));
    for (Bytes& frame : Drain(reader)) frames.push_back(std::move(frame));
  }
  EXPECT_EQ(frames, messages);
}

TEST(FrameReaderTest, FrameIsTheBytesThatWereReadAndNotACopy) {
  const Bytes message = testing::MakeBatch(0, 0);
  FrameReader reader;
  const std::span<std::byte> tail = reader.WritableTail();
  std::copy(message.begin(), message.end(), tail.begin());
  reader.Commit(message.size());
  const auto frame = reader.Next();
  ASSERT_TRUE(frame.ok() && *frame);
  EXPECT_EQ((*frame)->data(), tail.data());
}

TEST(FrameReaderTest, ManyLargeMessagesInReadsOfAllSizes) {
  std::vector<Bytes> messages;
  for (const std::uint32_t words : {1u, 32'768u, 3u, 40'000u, 131'071u, 7u, 32'768u}) {
    messages.push_back(Blob(words));
  }
  const Bytes stream = testing::Concat(messages);
  for (const std::size_t chunk : {4096u, 65'535u, 65'536u, 262'144u, 1'000'001u}) {
    FrameReader reader;
    std::vector<Bytes> frames;
    for (std::size_t i = 0; i < stream.size();) {
      const std::span<std::byte> tail = reader.WritableTail();
      ASSERT_FALSE(tail.empty());
      const std::size_t size = std::min({chunk, tail.size(), stream.size() - i});
      std::memcpy(tail.data(), stream.data() + i, size);
      reader.Commit(size);
      i += size;
      for (Bytes& frame : Drain(reader)) frames.push_back(std::move(frame));
    }
    EXPECT_TRUE(frames == messages) << "chunk " << chunk;
  }
}

TEST(FrameReaderTest, SegmentedMessageIsOneFrame) {
  capnp::MallocMessageBuilder builder(4, capnp::AllocationStrategy::FIXED_SIZE);
  builder.initRoot<wire::Message>().initHello().setHostName("a host name of more than a word");
  ASSERT_GT(builder.getSegmentsForOutput().size(), 1u);
  const Bytes message = testing::FrameOf(builder);
  FrameReader reader;
  Feed(reader, message);
  EXPECT_EQ(Drain(reader), std::vector<Bytes>{message});
}

TEST(FrameReaderTest, EndInsideMessageIsAnError) {
  const Bytes message = testing::MakeHello();
  for (std::size_t cut = 1; cut < message.size(); ++cut) {
    FrameReader reader;
    Feed(reader, std::span(message).first(cut));
    EXPECT_TRUE(Drain(reader).empty());
    EXPECT_EQ(reader.Finish().code(), absl::StatusCode::kInvalidArgument) << cut;
  }
}

struct BadTable {
  Bytes bytes;
  const char* text;
};

TEST(FrameReaderTest, HostileSegmentTablesAreRefusedFromTheTableAlone) {
  const BadTable cases[] = {
      {Words32({16, 1}), "17 segments"},
      {Words32({0xffff'ffff, 1}), "4294967296 segments"},
      {Words32({0, 0}), "first segment is empty"},
      {Words32({1, 0, 5, 0}), "first segment is empty"},
      {Words32({0, 131'072}), "1048584 bytes"},
      {Words32({0, 0xffff'ffff}), "34359738368 bytes"},
      {Words32({1, 65'536, 65'536, 0}), "1048592 bytes"},
      {Words32({15, 0xffff'ffff, 0xffff'ffff, 0xffff'ffff, 0xffff'ffff, 0xffff'ffff, 0xffff'ffff,
                0xffff'ffff, 0xffff'ffff, 0xffff'ffff, 0xffff'ffff, 0xffff'ffff, 0xffff'ffff,
                0xffff'ffff, 0xffff'ffff, 0xffff'ffff, 0xffff'ffff, 0}),
       "549755813832 bytes"},
  };
  for (const BadTable& bad : cases) {
    FrameReader reader;
    Feed(reader, bad.bytes);
    const auto frame = reader.Next();
    ASSERT_FALSE(frame.ok()) << bad.text;
    EXPECT_EQ(frame.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(frame.status().message().find(bad.text), absl::string_view::npos) << frame.status();
  }
}

TEST(FrameReaderTest, LargestMessageAndMostSegmentsAreAccepted) {
  FrameReader reader;
  const Bytes largest = Blob(kMaxMessageBytes / 8 - 1);
  ASSERT_EQ(largest.size(), kMaxMessageBytes);
  Feed(reader, largest);
  EXPECT_TRUE(Drain(reader) == std::vector<Bytes>{largest});

  Bytes segments = Words32({15, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0});
  segments.resize(segments.size() + std::size_t{15} * 8);
  Feed(reader, segments);
  EXPECT_EQ(Drain(reader), std::vector<Bytes>{segments});
}

TEST(FrameReaderTest, ErrorNamesTheOffsetAndStays) {
  const Bytes good = testing::MakeHello();
  FrameReader reader;
  Feed(reader, testing::Concat({good, Words32({0, 0}), good}));
  ASSERT_TRUE(reader.Next().ok());
  const absl::Status error = reader.Next().status();
  EXPECT_EQ(error.message(),
            absl::StrFormat("byte %d: a message whose first segment is empty", good.size()));
  EXPECT_EQ(reader.Next().status(), error);
  EXPECT_EQ(reader.Finish(), error);
}

TEST(StreamBufferTest, GrowsToItsBoundAndNoFurther) {
  StreamBuffer buffer(1000);
  EXPECT_TRUE(buffer.Data().empty());
  std::span<std::byte> tail = buffer.WritableTail(1 << 20);
  EXPECT_EQ(tail.size(), 1000u);
  buffer.Commit(1000);
  EXPECT_TRUE(buffer.WritableTail(1).empty());
  buffer.Consume(8);
  EXPECT_EQ(buffer.WritableTail(100).size(), 8u);
  EXPECT_EQ(buffer.Data().size(), 992u);
  EXPECT_EQ(buffer.Offset(), 8u);
}

// Writes all the room, so that AddressSanitizer notices when some of it is missing.
TEST(StreamBufferTest, RoomThatIsPromisedIsThere) {
  for (const std::size_t min : {1u, 7u, 8u, 9u, 4095u, 4097u, 65'535u}) {
    StreamBuffer buffer(kMaxMessageBytes);
    for (int i = 0; i < 3; ++i) {
      const std::span<std::byte> tail = buffer.WritableTail(min);
      ASSERT_GE(tail.size(), min);
      std::fill(tail.begin(), tail.end(), std::byte(i));
      buffer.Commit(tail.size());
    }
    EXPECT_EQ(buffer.Data().front(), std::byte{0});
    EXPECT_EQ(buffer.Data().back(), std::byte{2});
  }
}

}  // namespace
}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/wire/message.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <stdexcept>
#include <string>

#include "tests/support/message_builder.h"

namespace randguard {
namespace {

using testing::Bytes;

absl::Status Ignore(wire::Message::Reader) { return absl::OkStatus(); }

Bytes Words(std::initializer_list<std::uint64_t> words) {
  Bytes bytes(words.size() * 8);
  std::memcpy(bytes.data(), std::data(words), bytes.size());
  return bytes;
}

TEST(ReadMessageTest, VisitorReadsInPlace) {
  const Bytes message = testing::MakeBatch(7, 99);
  std::span<const std::byte> records;
  const absl::Status status = ReadMessage(message, [&](wire::Message::Reader reader) {
    EXPECT_TRUE(reader.isBatch());
    EXPECT_EQ(reader.getBatch().getSequence(), 7u);
    EXPECT_EQ(reader.getBatch().getFirstRecord(), 99u);
    records = AsBytes(reader.getBatch().getRecords());
    return absl::OkStatus();
  });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_GE(records.data(), message.data());
  EXPECT_LE(records.data() + records.size(), message.data() + message.size());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(records.data()) % 8, 0u);
  EXPECT_EQ(records.size(), sizeof(rg_exit));
}

TEST(ReadMessageTest, TextBecomesAView) {
  const Bytes message = testing::MakeHello();
  std::string host;
  EXPECT_TRUE(ReadMessage(message, [&](wire::Message::Reader reader) {
                host = AsView(reader.getHello().getHostName());
                return absl::OkStatus();
              }).ok());
  EXPECT_EQ(host, "web1");
}

TEST(ReadMessageTest, VisitorsStatusIsHandedOn) {
  const absl::Status status = ReadMessage(
      testing::MakeHello(), [](wire::Message::Reader) { return absl::NotFoundError("as I said"); });
  EXPECT_EQ(status, absl::NotFoundError("as I said"));
}

TEST(ReadMessageTest, TypeAloneIsRead) {
  EXPECT_EQ(*MessageType(testing::MakeHello()), wire::Message::HELLO);
  EXPECT_EQ(*MessageType(testing::MakeSnapshot()), wire::Message::SNAPSHOT);
  EXPECT_EQ(*MessageType(testing::MakeBatch(0, 0)), wire::Message::BATCH);
  EXPECT_EQ(*MessageType(testing::MakeHeartbeat()), wire::Message::HEARTBEAT);
  EXPECT_EQ(*MessageType(testing::MakeContext()), wire::Message::CONTEXT);
}

TEST(ReadMessageTest, KindOfANewerSchemaReachesTheVisitor) {
  Bytes message = testing::MakeContext();
  message[16] = std::byte{77};  // the union's discriminant
  const auto type = MessageType(message);
  ASSERT_TRUE(type.ok()) << type.status();
  EXPECT_EQ(static_cast<int>(*type), 77);
}

TEST(ReadMessageTest, AnythingButOneWholeMessageIsRefused) {
  const Bytes message = testing::MakeHello();
  const Bytes two = testing::Concat({message, message});
  for (const Frame frame : {Frame{}, Frame(message).first(4), Frame(message).first(8),
                            Frame(message).first(message.size() - 8), Frame(two),
                            Frame(two).subspan(4, message.size())}) {
    EXPECT_EQ(ReadMessage(frame, Ignore).code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(ReadMessageTest, NullRootIsNotAnEmptyHello) {
  EXPECT_EQ(ReadMessage(Words({std::uint64_t{1} << 32, 0}), Ignore).message(),
            "a message without content");
}

TEST(ReadMessageTest, PointerOutOfBoundsIsOneLineOfText) {
  const absl::Status status =
      ReadMessage(Words({std::uint64_t{1} << 32, 0x0001'0001'0000'0ff0}), Ignore);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(std::string(status.message()).starts_with("malformed message: ")) << status;
  EXPECT_EQ(status.message().find('\n'), absl::string_view::npos);
}

TEST(ReadMessageTest, StandardExceptionOfTheVisitorEndsHere) {
  const absl::Status status = ReadMessage(
      testing::MakeHello(),
      [](wire::Message::Reader) -> absl::Status { throw std::runtime_error("two\nlines"); });
  EXPECT_EQ(status, absl::InvalidArgumentError("message cannot be read: two lines"));
}

// A list of 2^29 - 1 elements of no size takes no bytes.
TEST(ReadMessageTest, AmplificationRunsIntoTheTraversalLimit) {
  Bytes message =
      testing::MakeMessage([](wire::Message::Builder builder) { builder.initContext(); });
  // Context.users, behind frame, root, Message and a word of numbers: a composite list of 0 words,
  // its tag at the end.
  const std::uint64_t distance = message.size() / 8 - 6;
  const std::uint64_t list = distance << 2 | 1 | std::uint64_t{7} << 32;
  const std::uint64_t tag = std::uint64_t{0x1fff'ffff} << 2;
  std::memcpy(message.data() + 40, &list, 8);
  message.resize(message.size() + 8);
  std::memcpy(message.data() + message.size() - 8, &tag, 8);
  const auto words = static_cast<std::uint32_t>(message.size() / 8 - 1);
  std::memcpy(message.data() + 4, &words, 4);

  const absl::Status status = ReadMessage(message, [](wire::Message::Reader reader) {
    std::uint64_t sum = 0;
    for (const auto user : reader.getContext().getUsers()) sum += user.getUid();
    return sum == 0 ? absl::OkStatus() : absl::UnknownError("");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_NE(status.message().find("traversal"), absl::string_view::npos) << status;
}

// Run this test under strace to see that damaged messages start and print nothing.
TEST(ReadMessageTest, TenThousandDamagedMessagesAreReadOrRefused) {
  std::mt19937 random(1);  // NOLINT: the same each time
  const Bytes good[] = {testing::MakeHello(), testing::MakeSnapshot(), testing::MakeBatch(0, 0),
                        testing::MakeHeartbeat(), testing::MakeContext()};
  int refused = 0;
  for (int i = 0; i < 10'000; ++i) {
    Bytes message = good[random() % std::size(good)];
    message[8 + random() % (message.size() - 8)] ^= std::byte(1 + random() % 255);
    const absl::Status status = ReadMessage(message, [](wire::Message::Reader reader) {
      (void)reader.toString().flatten();  // follows every pointer the schema names
      return absl::OkStatus();
    });
    if (!status.ok()) ++refused;
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace randguard

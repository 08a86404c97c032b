// SPDX-License-Identifier: Apache-2.0
#include "analyzer/capture/capture_info.h"

#include <capnp/dynamic.h>
#include <capnp/message.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "absl/strings/str_format.h"
#include "analyzer/capture/testing/files.h"

namespace randguard {
namespace {

using testing::Bytes;
using testing::MakeBatch;
using testing::MakeExitRecord;
using testing::MakeHello;

CaptureInfo Inspect(const Bytes& file, const RecordChecker& checker = {}) {
  auto reader = CaptureReader::FromFd(testing::MemoryFile(file), "test");
  EXPECT_TRUE(reader.ok()) << reader.status();
  return InspectCapture(*reader, checker);
}

CaptureInfo InspectMessages(const std::vector<Bytes>& messages) {
  return Inspect(testing::MakeCapture(messages));
}

Bytes WithKind(std::uint16_t kind) {
  Bytes record = MakeExitRecord();
  std::memcpy(record.data() + offsetof(rg_header, kind), &kind, sizeof(kind));
  return record;
}

Bytes WithSize(std::uint32_t size) {
  Bytes record = MakeExitRecord();
  std::memcpy(record.data() + offsetof(rg_header, size), &size, sizeof(size));
  return record;
}

TEST(CaptureInfoTest, CountsWhatIsThere) {
  const CaptureInfo info =
      InspectMessages({MakeHello(), testing::MakeContext(), testing::MakeSnapshot(),
                       MakeBatch(0, 0, {MakeExitRecord(testing::kStartNs + 5), WithKind(60)}, 3),
                       testing::MakeHeartbeat(), MakeHello(1, 1, 2),
                       testing::MakeSnapshot({}, false), MakeBatch(1, 2, {MakeExitRecord()}, 10)});
  EXPECT_TRUE(info.Sound()) << FormatCaptureInfo(info);
  EXPECT_EQ(info.hellos, 2u);
  EXPECT_EQ(info.snapshots, 2u);
  EXPECT_EQ(info.batches, 2u);
  EXPECT_EQ(info.heartbeats, 1u);
  EXPECT_EQ(info.contexts, 1u);
  EXPECT_EQ(info.records[RG_KIND_process_exit], 2u);
  EXPECT_EQ(info.records[RG_KIND_process_snapshot], 1u);
  EXPECT_EQ(info.unknown_records, 1u);
  EXPECT_EQ(info.lost[RG_KIND_exec_failed], 10u);
  ASSERT_TRUE(info.time);
  const std::int64_t start = testing::kClockOffsetNs + std::int64_t{testing::kStartNs};
  EXPECT_EQ(info.time->first_ns, start);
  EXPECT_EQ(info.time->last_ns, start + 2'000'000'000);

  ASSERT_EQ(info.sessions.size(), 2u);
  EXPECT_EQ(info.sessions[0].host_name, "web1");
  EXPECT_EQ(info.sessions[0].batch_records, 2u);
  EXPECT_TRUE(info.sessions[0].snapshot_complete);
  EXPECT_FALSE(info.sessions[1].snapshot_complete);
  EXPECT_EQ(info.sessions[1].unseen_records, 0u);
}

TEST(CaptureInfoTest, EveryKindOfMessageIsCounted) {
  int kinds = 0;
  for (const auto field : capnp::Schema::from<wire::Message>().getUnionFields()) {
    if (field.getProto().getName() == "seal") continue;  // part of the capture
    capnp::MallocMessageBuilder builder;
    builder.initRoot<capnp::DynamicStruct>(capnp::Schema::from<wire::Message>()).init(field);
    const CaptureInfo info = InspectMessages({testing::FrameOf(builder)});
    EXPECT_EQ(info.hellos + info.snapshots + info.batches + info.heartbeats + info.contexts +
                  info.numbers,
              1u)
        << field.getProto().getName().cStr();
    EXPECT_EQ(info.unknown_messages, 0u) << field.getProto().getName().cStr();
    ++kinds;
  }
  EXPECT_EQ(kinds, 6);
}

TEST(CaptureInfoTest, TextSaysItAll) {
  const Bytes file =
      testing::MakeCapture({MakeHello(), testing::MakeSnapshot(),
                            MakeBatch(0, 0, {MakeExitRecord()}, 1234), testing::MakeHeartbeat()});
  EXPECT_EQ(FormatCaptureInfo(Inspect(file)),
            absl::StrFormat(
                "capture   test\n"
                "size      %d,%03d bytes\n"
                "time      2025-01-01T00:01:00.000000000Z to 2025-01-01T00:01:02.000000000Z, 2.000 "
                "seconds\n"
                "messages  1 hello, 1 snapshot, 1 batch, 1 heartbeat, 0 contexts, 0 "
                "numberings of lines\n"
                "records   2\n"
                "            process_exit                    1\n"
                "            process_snapshot                1\n"
                "lost      1,234 (the kernel side could not store them)\n"
                "            exec_failed                 1,234\n"
                "session   0 of the collector on web1, boot 0e6c9a1c-7b1c-4a39-9e53-2f1b7c1d5a10\n"
                "          kernel 6.1.0-28-cloud-amd64 on x86_64, collector 0.1.0, record format "
                "2\n"
                "          hooks attached: process_exec\n"
                "          hooks missing: syscalls (not asked for)\n"
                "          snapshot of 1 process, complete\n"
                "          1 record in 1 batch\n"
                "verdict   sound: every message and record verified, ended in order\n",
                file.size() / 1000, file.size() % 1000));
}

TEST(CaptureInfoTest, LossesAreThoseOfTheCaptureAndOfEachCollector) {
  const auto hello = [](std::uint32_t session, std::uint64_t start, std::uint64_t lost_before) {
    return testing::MakeMessage([=](wire::Message::Builder message) {
      auto builder = message.initHello();
      builder.setSession(session);
      builder.setCollectorStartNs(start);
      builder.initLostBefore(RG_KIND_END).set(RG_KIND_exec_failed, lost_before);
    });
  };
  const CaptureInfo info =
      InspectMessages({hello(3, 100, 50), MakeBatch(0, 0, {MakeExitRecord()}, 60),
                       hello(4, 100, 60),  // the same collector: 50 to 75 in all
                       MakeBatch(0, 0, {MakeExitRecord()}, 75), hello(0, 900, 0),
                       MakeBatch(0, 0, {MakeExitRecord()}, 4)});
  EXPECT_EQ(info.lost[RG_KIND_exec_failed], 29u) << FormatCaptureInfo(info);
}

TEST(CaptureInfoTest, BatchesSentElsewhereAreCounted) {
  const CaptureInfo info =
      InspectMessages({MakeHello(), MakeBatch(0, 0), MakeHello(1, 5, 40), MakeBatch(5, 40)});
  EXPECT_TRUE(info.Sound());
  ASSERT_EQ(info.sessions.size(), 2u);
  EXPECT_EQ(info.sessions[1].unseen_batches, 4u);
  EXPECT_EQ(info.sessions[1].unseen_records, 39u);
}

TEST(CaptureInfoTest, GapInTheNumbersIsAProblem) {
  const CaptureInfo info = InspectMessages({MakeHello(), MakeBatch(0, 0), MakeBatch(2, 9)});
  ASSERT_EQ(info.problem_count, 1u);
  EXPECT_NE(info.problems[0].find("batch 2 beginning with record 9 in place of batch 1 beginning "
                                  "with record 1"),
            std::string::npos)
      << info.problems[0];
}

TEST(CaptureInfoTest, MessageBeforeTheFirstHelloIsAProblem) {
  EXPECT_EQ(InspectMessages({testing::MakeHeartbeat(), MakeHello()}).problem_count, 1u);
  EXPECT_EQ(InspectMessages({testing::MakeContext(), MakeHello()}).problem_count, 0u);
}

TEST(CaptureInfoTest, MalformedHelloIsAProblemAndBeginsNoSession) {
  Bytes hello = MakeHello();
  hello[0x5c] ^= std::byte{1};  // collectorVersion: a list of something else
  const CaptureInfo info = InspectMessages({hello, testing::MakeSnapshot(), MakeBatch(0, 0)});
  EXPECT_EQ(info.hellos, 0u);
  EXPECT_TRUE(info.sessions.empty());
  EXPECT_EQ(info.snapshots, 1u);
  EXPECT_EQ(info.problem_count, 3u) << FormatCaptureInfo(info);
  EXPECT_TRUE(info.problems[0].starts_with("byte 0: malformed message")) << info.problems[0];
}

TEST(CaptureInfoTest, ImpossibleRecordIsAProblemAtItsOffset) {
  for (const std::uint32_t size : {0u, 8u, std::uint32_t{sizeof(rg_exit)} + 4,
                                   std::uint32_t{sizeof(rg_exit)} + 8, 0xffff'fff8u}) {
    const Bytes file =
        testing::MakeCapture({MakeHello(), MakeBatch(0, 0, {MakeExitRecord(), WithSize(size)})});
    const CaptureInfo info = Inspect(file);
    ASSERT_EQ(info.problem_count, 2u) << FormatCaptureInfo(info);  // and too few records
    std::uint64_t offset = 0;
    ASSERT_EQ(std::sscanf(info.problems[0].c_str(), "byte %lu: a record of", &offset), 1)
        << info.problems[0];
    std::uint32_t there;
    std::memcpy(&there, file.data() + offset + offsetof(rg_header, size), sizeof(there));
    EXPECT_EQ(there, size);
    EXPECT_FALSE(info.Sound());
  }
}

TEST(CaptureInfoTest, CheckerSeesEveryKnownRecordAndItsWordCounts) {
  std::size_t seen = 0;
  const Bytes file =
      testing::MakeCapture({MakeHello(), testing::MakeSnapshot(),
                            MakeBatch(0, 0, {MakeExitRecord(), WithKind(60), MakeExitRecord()})});
  const CaptureInfo info = Inspect(file, [&seen](std::span<const std::byte> record) {
    EXPECT_GE(record.size(), sizeof(rg_header));
    return ++seen == 2 ? absl::InvalidArgumentError("that one") : absl::OkStatus();
  });
  EXPECT_EQ(seen, 3u);
  ASSERT_EQ(info.problem_count, 1u);
  EXPECT_TRUE(info.problems[0].ends_with(": that one")) << info.problems[0];
}

TEST(CaptureInfoTest, DamagedCaptureReportsWhatStandsBeforeTheDamage) {
  Bytes file = testing::MakeCapture({MakeHello(), testing::MakeSnapshot(), MakeBatch(0, 0)});
  file.resize(file.size() - 100);
  const CaptureInfo info = Inspect(file);
  EXPECT_EQ(info.hellos, 1u);
  EXPECT_EQ(info.snapshots, 1u);
  EXPECT_EQ(info.batches, 0u);
  EXPECT_FALSE(info.ended_in_order);
  EXPECT_EQ(info.damage.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(FormatCaptureInfo(info).find("DAMAGED"), std::string::npos);
}

TEST(CaptureInfoTest, MemoryAndTextStayBoundedAndPrintable) {
  std::vector<Bytes> messages;
  const Bytes hello = testing::MakeMessage([](wire::Message::Builder message) {
    message.initHello().setHostName(std::string(100'000, '\x1b').c_str());
  });
  messages.insert(messages.end(), 1100, hello);
  messages.insert(messages.end(), 100, MakeBatch(77, 77));
  const CaptureInfo info = Inspect(testing::MakeCapture(messages, CaptureFormat::kZstd));
  EXPECT_EQ(info.hellos, 1100u);
  EXPECT_EQ(info.sessions.size(), 1000u);
  EXPECT_EQ(info.sessions[0].host_name.size(), 256u);
  EXPECT_EQ(info.problem_count, 100u);
  EXPECT_EQ(info.problems.size(), 20u);
  const std::string text = FormatCaptureInfo(info);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("\\x1b\\x1b"), std::string::npos);
}

TEST(CaptureInfoTest, TimesBeyondAllBoundsAreWrittenDown) {
  const CaptureInfo info = InspectMessages(
      {MakeHello(), MakeBatch(0, 0, {MakeExitRecord(0), MakeExitRecord(UINT64_MAX)})});
  EXPECT_NE(FormatCaptureInfo(info).find("2262-04-11T23:47:16.854775807Z"), std::string::npos)
      << FormatCaptureInfo(info);
}

}  // namespace
}  // namespace randguard

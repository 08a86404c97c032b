// SPDX-License-Identifier: Apache-2.0
//
// One user floods; what becomes of the events of others, and of those that are too many.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/confine/sanitized.h"
#include "analyzer/pipeline/testing/stream.h"
#include "tests/support/record_builder.h"
#include "tests/support/rounds.h"

namespace randguard::pipeline_limit_test {
namespace {

using testing::BatchOf;
using testing::Bytes;
using testing::Each;
using testing::HelloOf;
using testing::Line;
using testing::Stream;
using testing::Texts;

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kFirst = 61;  // second
constexpr std::uint32_t kNobody = 65534;

Bytes OpenBy(std::uint32_t uid, std::uint64_t time_ns) {
  auto r = testing::FileOpen();
  r.At(time_ns).body.hdr.uid = uid;
  return r.Build();
}

// Nobody opens his file 13,000 times in each second, root a watched one six times.
constexpr std::uint64_t kSeconds = kSanitized ? 3 : 10, kFlood = 13'000, kRoots = 6;

void Flood(Stream& stream) {
  EXPECT_SENT(stream, testing::MakeMessage([](wire::Message::Builder message) {
                auto users = message.initContext().initUsers(1);
                users[0].setUid(kNobody);
                users[0].setName("nobody");
              }));
  EXPECT_SENT(stream, HelloOf{});
  std::uint64_t sequence = 0, first_record = 0;
  for (std::uint64_t s = kFirst; s < kFirst + kSeconds; ++s) {
    for (std::uint64_t part = 0; part < kRoots; ++part) {
      BatchOf batch{.sequence = sequence++, .first_record = first_record};
      const std::uint64_t from = s * kSecond + part * kSecond / kRoots;
      for (std::uint64_t i = 0; i < kFlood / kRoots; ++i) {
        batch.records.push_back(OpenBy(kNobody, from + i * 1000));
      }
      batch.records.push_back(OpenBy(0, from + kSecond / kRoots - 1000));
      batch.drained_ns = from + kSecond / kRoots - 1;
      first_record += batch.records.size();
      EXPECT_SENT(stream, batch);
    }
  }
}

TEST(PipelineLimitTest, RootsEventsAreWrittenUnderTheFloodOfAUser) {
  Stream stream;
  Flood(stream);
  const std::vector<std::string> uids = Each(stream.Lines("file_open"), {"uid"});
  EXPECT_EQ(std::count(uids.begin(), uids.end(), "0"),
            static_cast<std::ptrdiff_t>(kSeconds * kRoots));
  EXPECT_LE(uids.size(), kSeconds * 5000);
  EXPECT_GE(uids.size(), kSeconds * 3750);
}

TEST(PipelineLimitTest, WhatIsLimitedIsALossWithItsCause) {
  Stream stream;
  Flood(stream);
  stream.pipeline().EndSession();
  const Health health = stream.Filled();
  EXPECT_GT(health.userspace_rate_limited, 0u);
  std::uint64_t lost = 0;
  const std::vector<Line> lines = stream.Lines("loss");
  ASSERT_GE(lines.size(), kSeconds - 1);
  ASSERT_LE(lines.size(), kSeconds + 1) << "one a second for each kind";
  for (const Line& line : lines) {
    EXPECT_EQ(line["reason"], "\"rate_limit\"");
    EXPECT_EQ(line["kind"], "\"file_open\"");
    EXPECT_EQ(line["causes"], R"([{"uid":65534,"user":"nobody","container_id":null,"count":)" +
                                  line["count"] + "}]");
    lost += std::stoull(line["count"]);
    EXPECT_EQ(line["total"], std::to_string(lost));
  }
  // Nothing is missing that is not counted.
  EXPECT_EQ(lost, health.userspace_rate_limited);
  EXPECT_EQ(health.normalized_events_output + health.userspace_filtered + lost,
            health.raw_events_read);
  EXPECT_EQ(health.raw_events_read, kSeconds * kRoots * (kFlood / kRoots + 1));
  EXPECT_EQ(health.losses_reported, lines.size());
  EXPECT_EQ(health.losses_by_reason, (Named<std::uint64_t>{{"rate_limit", lines.size()}}));
}

TEST(PipelineLimitTest, LinesAreThoseOfAnyOtherRun) {
  Stream one, other;
  Flood(one);
  Flood(other);
  EXPECT_TRUE(one.Output() == other.Output());
}

TEST(PipelineLimitTest, OtherLossesHaveNoCauses) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.lost = {{RG_KIND_thread_exit, 5}}});
  EXPECT_EQ(Each(stream.Lines(), {"causes"}), Texts{"(no such field)"});
}

}  // namespace
}  // namespace randguard::pipeline_limit_test

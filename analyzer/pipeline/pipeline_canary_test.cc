// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>
#include <string_view>
#include <vector>

#include "analyzer/pipeline/testing/stream.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "tests/support/record_builder.h"

namespace randguard::pipeline_canary_test {
namespace {

using testing::BatchOf;
using testing::Bytes;
using testing::Each;
using testing::ForkOf;
using testing::HelloOf;
using testing::kStartNs;
using testing::Stream;
using testing::Texts;

Bytes ForkBy(std::string_view comm, std::uint64_t time_ns) {
  auto fork = ForkOf(100, 20, 200, 30, time_ns);
  testing::SetComm(fork.body.hdr.comm, comm);
  return fork.Build();
}

struct Compiled {
  Config config;
  std::shared_ptr<const RuleSet> rules;
};

Compiled Compile(std::string_view text, CanaryRule canary = CanaryRule::kAdded) {
  Compiled out;
  out.config = ParseConfig(text, "c.toml").config.value();
  std::vector<Diagnostic> diagnostics;
  out.rules = CompileRules(out.config, diagnostics, UnusedNames::kIgnore, canary);
  EXPECT_NE(out.rules, nullptr);
  return out;
}

TEST(PipelineCanaryTest, ItsForkIsFoundByTheRuleAndRaisesNoAlert) {
  const Compiled c = Compile("");
  Stream stream(c.config, c.rules);
  EXPECT_SENT(stream, HelloOf{.collector_start_ns = 5, .next_record = 7});
  EXPECT_SENT(stream,
              (BatchOf{.first_record = 7,
                       .records = {ForkBy("bash", kStartNs + 1), ForkBy("rg-canary", kStartNs + 2),
                                   ForkBy("rg-canary2", kStartNs + 3)}}));
  EXPECT_TRUE(stream.pipeline().detects());
  EXPECT_EQ(stream.pipeline().canaries().seen, 1u);
  EXPECT_EQ(stream.pipeline().canaries().fired, 1u);
  EXPECT_EQ(stream.pipeline().canaries().last, (EventId{5, 8}));
  EXPECT_TRUE(stream.Lines("alert").empty());
  EXPECT_EQ(stream.Lines("process_relationship").size(), 3u) << "it is an event like any other";
}

TEST(PipelineCanaryTest, ItsLineHasANumber) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  Canary canary;
  canary.round_trip_us = 9;
  canary.attempts = 1;
  canary.event_id = {5, 8};
  stream.pipeline().WriteCanary(canary);
  stream.pipeline().WriteHealth(stream.Filled());
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "seq", "round_trip_us", "rules"}),
            (Texts{R"("canary" 1 9 false)", R"("health" 2 (no such field) (no such field))"}));
}

TEST(PipelineCanaryTest, WithoutItNothingLooksForIt) {
  const Compiled none = Compile("", CanaryRule::kNone);
  Stream without(none.config, none.rules);
  EXPECT_SENT(without, HelloOf{});
  EXPECT_SENT(without, (BatchOf{.records = {ForkBy("rg-canary", kStartNs + 2)}}));
  EXPECT_EQ(without.pipeline().canaries().seen, 1u);
  EXPECT_EQ(without.pipeline().canaries().fired, 0u);
  const Compiled telemetry = Compile("[agent]\nmode = 'telemetry'\n");
  Stream stream(telemetry.config, telemetry.rules);
  EXPECT_FALSE(stream.pipeline().detects());
}

// Nobody sees it among the rules.
TEST(PipelineCanaryTest, ItCountsAsNoRule) {
  EXPECT_EQ(Compile("").rules->enabled(), Compile("", CanaryRule::kNone).rules->enabled());
  EXPECT_EQ(Compile("").rules->hash(), Compile("", CanaryRule::kNone).rules->hash());
}

TEST(PipelineCanaryTest, WhatTheKernelStoresIsKnownFromAHeartbeatOn) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_FALSE(stream.pipeline().heard_collector());
  EXPECT_SENT(stream, testing::HeartbeatOf({}));
  EXPECT_TRUE(stream.pipeline().heard_collector());
}

}  // namespace
}  // namespace randguard::pipeline_canary_test

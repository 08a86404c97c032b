// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/alert_stats.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/output/testing/sample_events.h"

namespace randguard::alert_stats_test {
namespace {

class AlertStatsTest : public ::testing::Test {
 protected:
  static Alert Made(std::string_view rule, std::string_view exe, std::string_view path) {
    Alert alert = testing::SampleAlert();
    alert.rule_id = rule;
    alert.rule_name = "A rule";
    alert.exe_path = exe;
    alert.path = path;
    alert.count = 1;
    return alert;
  }
  void Add(const Alert& alert, const std::string& host = "one", std::int64_t offset_ns = 0) {
    LineContent line;
    line.event = alert;
    line.host = host;
    line.clock_offset_ns = offset_ns;
    stats_.Add(line);
  }
  static const AlertStats::Field* Find(const AlertStats::Rule& rule, std::string_view name) {
    for (const AlertStats::Field& field : rule.fields) {
      if (field.name == name) return &field;
    }
    return nullptr;
  }

  AlertStats stats_;
};

TEST_F(AlertStatsTest, TheRuleWithTheMostAlertsComesFirst) {
  Add(Made("A-001", "/a", "/p"));
  for (int i = 0; i < 3; ++i) Add(Made("B-001", "/b", "/p"));
  const auto rules = stats_.Rules();
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].id, "B-001");
  EXPECT_EQ(rules[0].name, "A rule");
  EXPECT_EQ(rules[0].alerts, 3u);
  EXPECT_EQ(rules[1].alerts, 1u);
  EXPECT_EQ(stats_.alerts(), 4u);
}

TEST_F(AlertStatsTest, OneThatStandsForManyCountsAsMany) {
  Alert folded = Made("A-001", "/many", "/p");
  folded.folded = true;
  folded.count = 40;
  Add(folded);
  Add(Made("A-001", "/few", "/p"));
  const auto rules = stats_.Rules();
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules[0].alerts, 41u);
  const auto* const exe = Find(rules[0], "exe_path");
  ASSERT_NE(exe, nullptr);
  ASSERT_EQ(exe->values.size(), 2u);
  EXPECT_EQ(exe->values[0].text, "/many");
  EXPECT_EQ(exe->values[0].alerts, 40u);
}

TEST_F(AlertStatsTest, AlertsWithoutAFieldAreCountedApart) {
  Alert without = Made("A-001", "/x", "/p");
  without.path.reset();
  Add(without);
  // A field that none of them has is not listed.
  EXPECT_EQ(Find(stats_.Rules().at(0), "path"), nullptr);
  Add(Made("A-001", "/x", "/p"));
  const auto rules = stats_.Rules();
  const auto* const path = Find(rules.at(0), "path");
  ASSERT_NE(path, nullptr);
  EXPECT_EQ(path->absent, 1u);
  EXPECT_EQ(path->values.at(0).alerts, 1u);
}

TEST_F(AlertStatsTest, WhatAProcessChoosesIsMarked) {
  Alert alert = Made("A-001", "/x", "/p");
  alert.command_line = "x --really";
  Add(alert);
  const auto rules = stats_.Rules();
  ASSERT_NE(Find(rules.at(0), "command_line"), nullptr);
  EXPECT_TRUE(Find(rules.at(0), "command_line")->chosen);
  ASSERT_NE(Find(rules.at(0), "exe_path"), nullptr);
  EXPECT_FALSE(Find(rules.at(0), "exe_path")->chosen);
}

TEST_F(AlertStatsTest, HostsAndTimes) {
  const Alert alert = Made("A-001", "/x", "/p");
  constexpr std::int64_t kDay = std::int64_t{86'400} * 1'000'000'000;
  Add(alert, "one", 2 * kDay);
  Add(alert, "two", kDay);
  Add(alert, "one", 3 * kDay);
  const auto rules = stats_.Rules();
  EXPECT_EQ(rules.at(0).hosts, 2u);
  EXPECT_EQ(stats_.hosts(), 2u);
  EXPECT_EQ(rules.at(0).last - rules.at(0).first, 2 * kDay);
  EXPECT_EQ(stats_.first(), rules.at(0).first);
  EXPECT_EQ(stats_.last(), rules.at(0).last);
}

TEST_F(AlertStatsTest, OtherLinesArePassedOver) {
  LineContent line;
  line.event = testing::SampleOpen();
  stats_.Add(line);
  line.event = testing::SampleHealth();
  stats_.Add(line);
  EXPECT_EQ(stats_.alerts(), 0u);
  EXPECT_TRUE(stats_.Rules().empty());
}

TEST_F(AlertStatsTest, AFrequentValueIsKeptWhateverComesBetween) {
  constexpr int kRounds = 2000;
  for (int i = 0; i < kRounds; ++i) {
    const std::string path = "/p" + std::to_string(i);
    Add(Made("A-001", "/x", path));
    if (i >= kRounds / 2) Add(Made("A-001", "/x", "/often"));
  }
  const auto rules = stats_.Rules();
  const auto* const path = Find(rules.at(0), "path");
  ASSERT_NE(path, nullptr);
  EXPECT_FALSE(path->exact);
  EXPECT_EQ(path->values.size(), AlertStats::kValuesMax);
  EXPECT_EQ(path->values.at(0).text, "/often");
  // Never more than there were, and less by a part of all alerts at most.
  EXPECT_LE(path->values[0].alerts, kRounds / 2u);
  EXPECT_GE(path->values[0].alerts, kRounds / 2u - kRounds * 3 / 2 / AlertStats::kValuesMax);
  for (const auto& value : path->values) {
    if (value.text == "/often") continue;
    EXPECT_LE(value.alerts, 1u) << value.text;
  }
  EXPECT_TRUE(Find(rules.at(0), "exe_path")->exact);
}

TEST_F(AlertStatsTest, LongTextsAreKeptByTheirEnds) {
  const std::string one = "/a" + std::string(10'000, 'x') + "1/end";
  const std::string two =
      "/a" + std::string(10'000, 'x') + "2" + std::string(10'000, 'x') + "1/end";
  Add(Made("A-001", "/x", one));
  Add(Made("A-001", "/x", two));
  const auto rules = stats_.Rules();
  const auto* const path = Find(rules.at(0), "path");
  ASSERT_NE(path, nullptr);
  // They are two values, though they look alike.
  ASSERT_EQ(path->values.size(), 2u);
  EXPECT_LE(path->values[0].text.size(), AlertStats::kTextMax);
  EXPECT_TRUE(path->values[0].text.ends_with("1/end"));
}

TEST_F(AlertStatsTest, HostsAreBounded) {
  const Alert alert = Made("A-001", "/x", "/p");
  for (std::size_t i = 0; i < AlertStats::kHostsMax + 5; ++i) Add(alert, "h" + std::to_string(i));
  EXPECT_EQ(stats_.hosts(), AlertStats::kHostsMax);
  EXPECT_EQ(stats_.Rules().at(0).hosts, AlertStats::kHostsMax);
}

TEST_F(AlertStatsTest, AContainerWithoutRootIsItsMakersChoice) {
  Alert alert = Made("A-001", "/x", "/p");
  alert.container_id = "abc";
  alert.container_rootless = {};
  Add(alert);
  EXPECT_FALSE(Find(stats_.Rules().at(0), "container_id")->chosen);
  alert.container_rootless = true;
  Add(alert);
  EXPECT_TRUE(Find(stats_.Rules().at(0), "container_id")->chosen);
}

TEST_F(AlertStatsTest, OneThatStandsForManyBeganWithTheFirst) {
  Alert folded = Made("A-001", "/x", "/p");
  folded.folded = true;
  folded.count = 2;
  folded.timestamp_ns = 9'000;
  folded.first_time = WallTime{4'000};
  folded.last_time = WallTime{9'000};
  Add(folded);
  EXPECT_EQ(stats_.last() - stats_.first(), 5'000);
}

TEST_F(AlertStatsTest, RulesWithoutRoomAreCounted) {
  for (std::size_t i = 0; i < AlertStats::kRulesMax + 5; ++i) {
    const std::string id = "R-" + std::to_string(i);
    Add(Made(id, "/x", "/p"));
  }
  EXPECT_EQ(stats_.Rules().size(), AlertStats::kRulesMax);
  EXPECT_EQ(stats_.left_out(), 5u);
  EXPECT_EQ(stats_.alerts(), AlertStats::kRulesMax + 5);
}

// Counts of lines may be any.
TEST_F(AlertStatsTest, HugeCountsDoNotOverflow) {
  Alert alert = Made("A-001", "/x", "/p");
  alert.count = UINT64_MAX - 1;
  Add(alert);
  Add(alert);
  EXPECT_EQ(stats_.alerts(), UINT64_MAX);
  EXPECT_EQ(stats_.Rules().at(0).alerts, UINT64_MAX);
}

}  // namespace
}  // namespace randguard::alert_stats_test

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/report/report_page.h"

#include <gtest/gtest.h>

#include <clocale>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/output/json/event_writer.h"
#include "analyzer/output/testing/sample_events.h"

namespace randguard {
namespace {

constexpr std::string_view kHostile = "</script><script>alert(1)</script>\" onload='x' <!-- &amp;";

class ReportPageTest : public ::testing::Test {
 protected:
  ReportPageTest() {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    writer_.SetSession(testing::SampleSession());
  }
  ~ReportPageTest() noexcept override = default;

  template <typename E>
  std::string LineOf(const E& event) {
    std::string line(writer_.Write(event));
    line.pop_back();
    return line;
  }
  template <typename E>
  void Add(ReportData& data, const E& event) {
    const absl::Status status = data.Add(LineOf(event));
    EXPECT_TRUE(status.ok()) << status.message();
  }
  static std::size_t Count(std::string_view text, std::string_view what) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; ++at) ++count;
    return count;
  }

  EventWriter writer_{testing::kSampleAgentId};
};

TEST_F(ReportPageTest, TextOfOthersIsNothingButText) {
  EXPECT_EQ(HtmlText("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(HtmlText("\x1b[2J\xe2\x80\xae\xff"), "\\x1b[2J\\xe2\\x80\\xae\\xff");
}

TEST_F(ReportPageTest, HostileNamesMakeNoElements) {
  ReportData data({}, nullptr);
  ProcessStart start = testing::SampleStart();
  start.actor.comm = start.actor.exe_path.emplace(kHostile);
  start.user = kHostile;
  start.args = TextList{kHostile};
  Add(data, start);
  Alert alert = testing::SampleAlert();
  alert.process_id = start.actor.process_id;
  alert.event_id = start.actor.event_id;
  alert.rule_id = alert.rule_name = alert.comm = kHostile;
  alert.description = alert.command_line = alert.path = alert.user = alert.exe_path = kHostile;
  alert.tags = {kHostile};
  alert.folded = false;
  Add(data, alert);
  data.Finish();
  const std::string page = ReportPage(
      data,
      {.version = "1", .files = {std::string(kHostile)}, .problems = {std::string(kHostile)}});
  EXPECT_EQ(Count(page, "<script"), 1u);
  EXPECT_EQ(Count(page, "</script"), 1u);
  EXPECT_EQ(Count(page, "<!--"), 0u);
  EXPECT_EQ(Count(page, "onload='"), 0u);
  EXPECT_GT(Count(page, "&lt;script&gt;alert(1)"), 5u);
  EXPECT_EQ(Count(page, " style=\""), 0u);
}

TEST_F(ReportPageTest, LossesAndTroubleComeFirst) {
  ReportData data({}, nullptr);
  Loss loss = testing::SampleLoss();
  loss.count = 4321;
  Add(data, loss);
  Health health = testing::SampleHealth();
  health.status = HealthStatus::kBlind;
  health.reasons = {"nobody is connected"};
  Add(data, health);
  data.Finish();
  EXPECT_EQ(data.lost(), 4321u);
  EXPECT_EQ(data.gaps().size(), 2u);
  const std::string page = ReportPage(data, {});
  EXPECT_LT(page.find("4321 records"), page.find("id=\"summary\""));
  EXPECT_LT(page.find("nobody is connected"), page.find("id=\"summary\""));
}

TEST_F(ReportPageTest, ALineThatIsMissingIsSaid) {
  ReportData data({}, nullptr);
  Add(data, testing::SampleOpen());
  LineOf(testing::SampleOpen());
  Add(data, testing::SampleOpen());
  data.Finish();
  EXPECT_FALSE(data.check().ok());
  EXPECT_NE(ReportPage(data, {}).find("Lines are missing"), std::string::npos);
}

TEST_F(ReportPageTest, AnAlertHasItsEventAndItsTree) {
  ReportData data({}, nullptr);
  FileUnlink unlink = testing::SampleUnlink();
  unlink.resolved_path = "/etc/gone";
  Add(data, unlink);
  Alert alert = testing::SampleAlert();
  alert.event_id = unlink.actor.event_id;
  alert.process_id = unlink.actor.process_id;
  alert.matches = {};
  alert.folded = false;
  alert.tags = {"attack.t1070.004"};
  alert.count = 1;
  Add(data, alert);
  data.Finish();
  ASSERT_EQ(data.alerts().size(), 1u);
  ASSERT_EQ(data.alerts()[0].events.size(), 1u);
  EXPECT_NE(data.alerts()[0].events[0].glance.find("unlink /etc/gone"), std::string::npos);
  EXPECT_NE(data.alerts()[0].tree, ProcessTree::kNone);
  EXPECT_EQ(data.techniques().at("T1070.004"), 1u);
  const std::string page = ReportPage(data, {});
  EXPECT_NE(page.find("/etc/gone"), std::string::npos);
  EXPECT_NE(page.find("What it rests on"), std::string::npos);
}

TEST_F(ReportPageTest, ALossWithinThePeriodCountsWheneverItWasReported) {
  Loss loss = testing::SampleLoss();
  loss.count = 3;
  loss.from_ns = loss.timestamp_ns - 1'000'000'000;
  const std::int64_t noticed =
      static_cast<std::int64_t>(loss.timestamp_ns) + testing::SampleSession().clock_offset_ns;
  ReportData data({.from = noticed - 2'000'000'000, .to = noticed - 500'000'000}, nullptr);
  Add(data, loss);
  data.Finish();
  EXPECT_EQ(data.lost(), 3u);
  EXPECT_NE(ReportPage(data, {}).find("cannot be said"), std::string::npos);
}

TEST_F(ReportPageTest, AnAlertThatStandsForOthersIsListedIfTheseAreNot) {
  ReportData data({}, nullptr);
  Alert alert = testing::SampleAlert();
  alert.folded = true;
  alert.count = 7;
  Add(data, alert);
  Add(data, alert);
  data.Finish();
  EXPECT_EQ(data.alerts().size(), 1u);
  EXPECT_EQ(data.alerts_total(), 14u);
  EXPECT_EQ(data.not_listed(), 13u);
}

TEST_F(ReportPageTest, TimesMayBeAny) {
  ReportData data({}, nullptr);
  std::string line = LineOf(testing::SampleOpen());
  const std::size_t at = line.find("\"time\":\"") + 8;
  for (const char* time : {"1677-09-21T00:12:44.000000000Z", "1700-01-01T00:00:00.000000000Z",
                           "2262-04-11T23:47:16.000000000Z", "2026-01-01T00:00:00.000000000Z"}) {
    line.replace(at, 30, time);
    EXPECT_TRUE(data.Add(line).ok()) << line;
  }
  data.Finish();
  EXPECT_EQ(data.events_total(), 4u);
  EXPECT_FALSE(ReportPage(data, {}).empty());
}

TEST_F(ReportPageTest, OnlyThePeriodCounts) {
  ReportData data({.from = 0, .to = 1}, nullptr);
  Add(data, testing::SampleOpen());
  Add(data, testing::SampleAlert());
  data.Finish();
  EXPECT_EQ(data.events_total(), 0u);
  EXPECT_EQ(data.alerts_total(), 0u);
  EXPECT_NE(ReportPage(data, {}).find("No line is of this period"), std::string::npos);
}

TEST_F(ReportPageTest, EverySampleIsTakenAndThePageStaysSmall) {
  ReportData data({}, nullptr);
  std::size_t bytes = 0;
  testing::ForEachSample([&](const auto& event) {
    const std::string line = LineOf(event);
    bytes += line.size();
    EXPECT_TRUE(data.Add(line).ok());
  });
  data.Finish();
  constexpr std::size_t kBesideItsData = 300 << 10;
  EXPECT_LT(ReportPage(data, {}).size(), kBesideItsData + 3 * bytes);
}

}  // namespace
}  // namespace randguard

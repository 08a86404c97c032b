// SPDX-License-Identifier: Apache-2.0
//
// Correlations in the stream: their place among the lines, batches, sessions, boots, reloads.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/pipeline/testing/stream.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "tests/support/record_builder.h"

namespace randguard::pipeline_correlation_test {
namespace {

using testing::BatchOf;
using testing::Bytes;
using testing::Each;
using testing::HelloOf;
using testing::kMs;
using testing::kStartNs;
using testing::Stream;
using testing::Texts;

constexpr std::uint64_t kSecond = 1000 * kMs;

struct Compiled {
  Config config;
  std::shared_ptr<const RuleSet> rules;
};

// A rule for each of two files, and a correlation of them.
Compiled Compile(std::string_view keys) {
  std::string text = "[alerts]\nbuilt_in_rules = false\n";
  for (const std::string_view name : {"a", "b"}) {
    text += "[[rules]]\nid = '" + std::string(name) +
            "'\nname = 'n'\nseverity = 'low'\ntype = 'file'\ncondition = \"path == '/etc/" +
            std::string(name) + "'\"\n";
  }
  text +=
      "[[rules]]\nid = 'C'\nname = 'n'\nseverity = 'high'\ntype = 'correlation'\n"
      "[rules.correlation]\n" +
      std::string(keys);
  Compiled out;
  const ConfigResult parsed = ParseConfig(text, "c.toml");
  EXPECT_TRUE(parsed.config.has_value());
  if (!parsed.config.has_value()) return out;
  out.config = *parsed.config;
  std::vector<Diagnostic> diagnostics;
  out.rules = CompileRules(out.config, diagnostics);
  EXPECT_NE(out.rules, nullptr);
  return out;
}

Bytes Open(std::uint64_t time_ns, std::string_view path) {
  auto open = testing::FileOpen();
  open.At(time_ns);
  open.Put(&rg_file::path, path);
  return open.Build();
}

constexpr std::string_view kOrdered =
    "type = 'temporal_ordered'\nrules = ['a', 'b']\ngroup_by = ['uid']\ntimespan = '10s'\n";
constexpr std::string_view kAbsence = "type = 'absence'\nrules = ['a', 'b']\ntimespan = '10s'\n";

TEST(PipelineCorrelationTest, TheAlertFollowsItsEventAndListsWhatItRestsOn) {
  const auto d = Compile(kOrdered);
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream,
              (BatchOf{.records = {Open(kStartNs + 1, "/etc/a"), Open(kStartNs + 2, "/etc/b"),
                                   Open(kStartNs + 3, "/etc/c")}}));
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "rule_id", "rule_type", "path"}).size(), 4u);
  const auto lines = Each(stream.Lines(), {"event_type"});
  EXPECT_EQ(lines, (Texts{"\"file_open\"", "\"file_open\"", "\"alert\"", "\"file_open\""}));
  EXPECT_EQ(Each(stream.Lines("alert"), {"rule_id", "rule_type", "path", "matches_total"}),
            Texts{"\"C\" \"correlation\" \"/etc/b\" 2"});
  const std::string output = stream.Output();
  EXPECT_NE(output.find("\"group\":{\"uid\":\"1000\"}"), std::string::npos) << output;
  EXPECT_NE(output.find("\"matches\":[{\"rule_id\":\"a\",\"process_id\":"), std::string::npos);
  EXPECT_EQ(stream.Filled().correlations.alerts, 1u);
  EXPECT_EQ(stream.Filled().correlations.groups, 1u);
}

TEST(PipelineCorrelationTest, BasesAlertToo) {
  const auto d = Compile(std::string(kOrdered) + "generate = true\n");
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream,
              (BatchOf{.records = {Open(kStartNs + 1, "/etc/a"), Open(kStartNs + 2, "/etc/b")}}));
  EXPECT_EQ(Each(stream.Lines("alert"), {"rule_id"}), (Texts{"\"a\"", "\"b\"", "\"C\""}));
}

TEST(PipelineCorrelationTest, AbsenceWaitsForTheStreamToBeCompleteBeyondItsEnd) {
  const auto d = Compile(kAbsence);
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {Open(kStartNs + 1, "/etc/a")}}));
  EXPECT_SENT(stream, testing::HeartbeatOf({}, kStartNs + 60 * kSecond));
  EXPECT_EQ(stream.Lines("alert").size(), 0u) << "records may still be on their way";
  EXPECT_SENT(
      stream,
      (BatchOf{
          .sequence = 1, .first_record = 1, .records = {}, .drained_ns = kStartNs + 60 * kSecond}));
  EXPECT_EQ(Each(stream.Lines("alert"), {"rule_id", "path"}), Texts{"\"C\" \"/etc/a\""});
}

TEST(PipelineCorrelationTest, ASessionsEndAnswersNoAbsence) {
  const auto d = Compile(kAbsence);
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {Open(kStartNs + 1, "/etc/a")}}));
  stream.pipeline().EndSession();
  EXPECT_EQ(stream.Lines("alert").size(), 0u);
  EXPECT_EQ(stream.Filled().correlations.absences_dropped, 1u);
}

TEST(PipelineCorrelationTest, WhatWasSeenLastsForABoot) {
  for (const bool same : {true, false}) {
    const auto d = Compile(kOrdered);
    Stream stream(d.config, d.rules);
    EXPECT_SENT(stream, HelloOf{});
    EXPECT_SENT(stream, (BatchOf{.records = {Open(kStartNs + 1, "/etc/a")}}));
    HelloOf again;
    if (!same) again.boot_id = "ffffffff-ffff-ffff-ffff-ffffffffffff";
    again.session = 1, again.next_batch = 1, again.next_record = 1;
    EXPECT_SENT(stream, again);
    EXPECT_SENT(stream, (BatchOf{.sequence = 1,
                                 .first_record = 1,
                                 .records = {Open(kStartNs + 2 * kSecond, "/etc/b")},
                                 .drained_ns = kStartNs + 3 * kSecond}));
    EXPECT_EQ(stream.Lines("alert").size(), same ? 1u : 0u);
  }
}

TEST(PipelineCorrelationTest, AReloadBeginsAnew) {
  const auto d = Compile(kAbsence);
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {Open(kStartNs + 1, "/etc/a")}}));
  stream.pipeline().SetRules(d.rules);
  EXPECT_SENT(
      stream,
      (BatchOf{
          .sequence = 1, .first_record = 1, .records = {}, .drained_ns = kStartNs + 60 * kSecond}));
  EXPECT_EQ(stream.Lines("alert").size(), 0u);
  EXPECT_EQ(stream.Filled().correlations.absences_dropped, 1u);
}

// A merge without room hands records out before older ones have come.
TEST(PipelineCorrelationTest, RecordsThatWereHandedOutEarlyAreBroughtIntoOrder) {
  const auto d = Compile(kOrdered);
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  const std::string long_path = "/srv/" + std::string(3000, 'x');
  std::vector<Bytes> young = {Open(kStartNs + 2 * kSecond, "/etc/b")};
  for (std::uint64_t i = 0; i < 60; ++i) {
    young.push_back(Open(kStartNs + 3 * kSecond + i, long_path));
  }
  std::uint64_t records = 0, sequence = 0;
  for (int batch = 0; batch < 7; ++batch) {  // more than a mebibyte, none of it complete
    EXPECT_SENT(stream, (BatchOf{.sequence = sequence++,
                                 .first_record = records,
                                 .records = young,
                                 .drained_ns = kStartNs + kSecond}));
    records += young.size();
  }
  ASSERT_GT(stream.Lines("file_open").size(), 0u) << "nothing was handed out early";
  EXPECT_EQ(stream.Lines("alert").size(), 0u);
  EXPECT_SENT(stream, (BatchOf{.sequence = sequence,
                               .first_record = records,
                               .records = {Open(kStartNs + 3 * kSecond / 2, "/etc/a")},
                               .drained_ns = kStartNs + 10 * kSecond}));
  EXPECT_EQ(Each(stream.Lines("alert"), {"rule_id", "path"}), Texts{"\"C\" \"/etc/b\""});
  EXPECT_EQ(stream.Filled().correlations.late, 0u);
}

}  // namespace
}  // namespace randguard::pipeline_correlation_test

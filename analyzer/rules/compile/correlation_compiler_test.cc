// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/compile/correlation_compiler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/rules/testing/rule_test_support.h"

namespace randguard::correlation_compiler_test {
namespace {

using testing::CompileText;
using testing::Lines;
using testing::RuleText;

// Rules P and F, of processes and files, and correlations behind them. The first of these begins
// at line 15.
std::string WithBases(std::string_view correlations) {
  return RuleText("pid == 1", "process", "", "P") +
         RuleText("path == '/x'", "file", "events = ['file_open', 'file_write']", "F") +
         std::string(correlations);
}

std::string Correlation(std::string_view keys, std::string_view id = "C",
                        std::string_view more = "") {
  return absl::StrFormat(
      "[[rules]]\nid = \"%s\"\nname = \"n\"\ntype = \"correlation\"\nseverity = \"low\"\n%s\n"
      "[rules.correlation]\n%s\n",
      id, more, keys);
}

constexpr std::string_view kCount = "type = 'event_count'\nrules = ['P']\ntimespan = '1m'\n";

Lines Messages(const std::string& text, bool lint = false) {
  return CompileText(text, lint).diagnostics;
}

bool Accepted(std::string_view keys) {
  const auto compiled = CompileText(WithBases(Correlation(keys)));
  return compiled.rules != nullptr && compiled.diagnostics.empty();
}

// One message with this in it, at a place in the file.
void ExpectRefused(std::string_view keys, std::string_view part, std::string_view id = "C") {
  const auto compiled = CompileText(WithBases(Correlation(keys, id)));
  EXPECT_EQ(compiled.rules, nullptr) << keys;
  ASSERT_EQ(compiled.diagnostics.size(), 1u)
      << keys << ::testing::PrintToString(compiled.diagnostics);
  const std::string& message = compiled.diagnostics[0];
  EXPECT_NE(message.find(part), std::string::npos) << message;
  EXPECT_TRUE(message.starts_with("c.toml:1") || message.starts_with("c.toml:2")) << message;
}

TEST(CorrelationCompilerTest, EveryTypeIsAccepted) {
  EXPECT_TRUE(Accepted(std::string(kCount) + "gte = 2"));
  for (const std::string_view type :
       {"value_count", "value_sum", "value_avg", "value_percentile"}) {
    EXPECT_TRUE(Accepted(absl::StrFormat(
        "type = '%s'\nrules = ['P', 'F']\ntimespan = '1m'\nfield = 'pid'\ngt = 3", type)))
        << type;
  }
  for (const std::string_view type : {"temporal", "temporal_ordered", "absence"}) {
    EXPECT_TRUE(Accepted(absl::StrFormat("type = '%s'\nrules = ['P', 'F']\ntimespan = '1m'", type)))
        << type;
  }
}

TEST(CorrelationCompilerTest, WhatIsWrongIsReportedWithItsPlaceAndARemedy) {
  ExpectRefused("type = 'event_count'\nrules = ['Q']\ntimespan = '1m'\ngte = 2",
                "there is no rule \"Q\"");
  ExpectRefused("type = 'temporal'\nrules = ['P']\ntimespan = '1m'", "takes 2 to 10 rules");
  ExpectRefused("type = 'absence'\nrules = ['P']\ntimespan = '1m'", "takes two rules");
  ExpectRefused("type = 'event_count'\nrules = ['C']\ntimespan = '1m'\ngte = 2",
                "in a circle, C -> C");
  ExpectRefused(std::string(kCount) + "gte = 2\ngroup_by = ['uids']", "did you mean \"uid\"?");
  ExpectRefused(std::string(kCount) + "gte = 2\ngroup_by = ['new_mode']",
                "no event that the rule \"P\" looks at (process_start) has the field new_mode");
  ExpectRefused(std::string(kCount) + "gte = 2\ngroup_by = ['args']", "is a list of texts");
  ExpectRefused(std::string(kCount) + "gte = 2\ngroup_by = ['time']", "is a presence only");
  ExpectRefused(std::string(kCount), "needs one of gt, gte, lt, lte, eq and neq");
  ExpectRefused(std::string(kCount) + "gte = 5\nlt = 5", "can never fire: widen the range");
  ExpectRefused(std::string(kCount) + "eq = 5\nneq = 5", "can never fire");
  ExpectRefused(std::string(kCount) + "lt = 1", "can never fire");
  ExpectRefused(std::string(kCount) + "gte = 1001", "at most 1000 are counted");
  ExpectRefused(std::string(kCount) + "gte = 2\nfield = 'pid'", "event_count counts no values");
  ExpectRefused("type = 'value_count'\nrules = ['P']\ntimespan = '1m'\ngte = 2",
                "field: missing; value_count needs it");
  ExpectRefused("type = 'value_sum'\nrules = ['P']\ntimespan = '1m'\ngte = 2\nfield = 'comm'",
                "takes a number of an event");
  ExpectRefused("type = 'value_sum'\nrules = ['P']\ntimespan = '1m'\ngt = 2\nlt = 3\nfield = 'pid'",
                "no number fulfils all");
  ExpectRefused("type = 'temporal'\nrules = ['P', 'F']\ntimespan = '1m'\ngte = 2",
                "temporal counts nothing");
  ExpectRefused(std::string(kCount) + "gte = 2\naliases = { a = { P = 'uid' } }",
                "\"a\" is neither in group_by nor the field");
  ExpectRefused(
      std::string(kCount) + "gte = 2\ngroup_by = ['a']\naliases = { a = { P = 'uid', F = 'uid' } }",
      "\"F\" is none of the rules");
  ExpectRefused(
      "type = 'temporal'\nrules = ['P', 'F']\ntimespan = '1m'\ngroup_by = ['a']\n"
      "aliases = { a = { P = 'uid' } }",
      "\"a\" names no field for \"F\"");
  ExpectRefused(
      "type = 'temporal'\nrules = ['P', 'F']\ntimespan = '1m'\ngroup_by = ['a']\n"
      "aliases = { a = { P = 'uid', F = 'path' } }",
      "they are never equal");
}

TEST(CorrelationCompilerTest, KeysAreCheckedWhenTheyAreRead) {
  for (const std::string_view timespan : {"0s", "5", "m", "8d", "1w", "", "5 m", "99999999999s"}) {
    ExpectRefused(
        absl::StrFormat("type = 'event_count'\nrules = ['P']\ntimespan = '%s'\ngte = 2", timespan),
        "must be a number and s, m, h or d, from 1s to 7d");
  }
  ExpectRefused(std::string(kCount) + "gte = 2\ngroups = 3", "unknown key \"groups\"");
  ExpectRefused(std::string(kCount) + "gte = '2'", "expected integer, found string");
  ExpectRefused(std::string(kCount) + "gte = 2\nmax_groups = 0", "out of range");
  ExpectRefused("type = 'event_count'\nrules = []\ntimespan = '1m'\ngte = 2", "must not be empty");
  const Lines with_condition = Messages(
      WithBases(Correlation(std::string(kCount) + "gte = 2", "C", "condition = 'pid == 1'")));
  ASSERT_EQ(with_condition.size(), 1u);
  EXPECT_NE(with_condition[0].find("rules.condition: does not belong in a rule of type"),
            std::string::npos)
      << with_condition[0];
}

TEST(CorrelationCompilerTest, CirclesAreFoundOverSeveralRules) {
  const auto compiled = CompileText(
      WithBases(Correlation("type = 'temporal'\nrules = ['P', 'D']\ntimespan = '1m'", "C") +
                Correlation("type = 'temporal'\nrules = ['F', 'C']\ntimespan = '1m'", "D")));
  EXPECT_EQ(compiled.rules, nullptr);
  ASSERT_EQ(compiled.diagnostics.size(), 1u);
  EXPECT_NE(compiled.diagnostics[0].find("C -> D -> C"), std::string::npos)
      << compiled.diagnostics[0];
}

TEST(CorrelationCompilerTest, MistakesInWhatIsOffAreWarnings) {
  const auto compiled = CompileText(WithBases(Correlation(
      "type = 'event_count'\nrules = ['Q']\ntimespan = '1m'\ngte = 2", "C", "enabled = false")));
  EXPECT_NE(compiled.rules, nullptr);
  ASSERT_EQ(compiled.diagnostics.size(), 1u);
  EXPECT_NE(compiled.diagnostics[0].find("warning"), std::string::npos);
}

TEST(CorrelationCompilerTest, ACorrelationGroupsByWhatItsBaseGroupsBy) {
  const std::string base =
      Correlation(std::string(kCount) + "gte = 2\ngroup_by = ['uid', 'comm']", "C");
  const std::string_view chain = "type = 'temporal'\nrules = ['C', 'F']\ntimespan = '1m'\n";
  EXPECT_NE(
      CompileText(WithBases(base + Correlation(std::string(chain) + "group_by = ['comm']", "D")))
          .rules,
      nullptr);
  const Lines wrong =
      Messages(WithBases(base + Correlation(std::string(chain) + "group_by = ['pid']", "D")));
  ASSERT_EQ(wrong.size(), 1u);
  EXPECT_NE(wrong[0].find("have no \"pid\" in common: add it to group_by there"), std::string::npos)
      << wrong[0];
}

std::vector<bool> Silent(const std::string& text) {
  const auto compiled = CompileText(text);
  std::vector<bool> silent;
  if (compiled.rules == nullptr) return silent;
  for (const CompiledRule& rule : compiled.rules->rules()) silent.push_back(rule.silent);
  return silent;
}

TEST(CorrelationCompilerTest, BasesAreSilentUnlessTheyAreToGenerate) {
  const std::string count = std::string(kCount) + "gte = 2\n";
  EXPECT_EQ(Silent(WithBases(Correlation(count))), (std::vector{true, false, false}));
  EXPECT_EQ(Silent(WithBases(Correlation(count + "generate = true"))),
            (std::vector{false, false, false}));
  EXPECT_EQ(Silent(WithBases(Correlation(count) + Correlation(count + "generate = true", "D"))),
            (std::vector{false, false, false, false}));
  EXPECT_EQ(Silent(WithBases(Correlation(count, "C", "enabled = false"))),
            (std::vector{false, false, false}));
  EXPECT_EQ(Silent(RuleText("pid == 1", "process", "alert = false", "P")), std::vector{true});
}

TEST(CorrelationCompilerTest, LintFindsWhatCannotFire) {
  const auto has = [](const Lines& lines, std::string_view part) {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    });
  };
  const std::string off = RuleText("pid == 2", "process", "enabled = false", "Q");
  const Lines needs_both = Messages(
      WithBases(off + Correlation("type = 'temporal'\nrules = ['P', 'Q']\ntimespan = '1m'")),
      /*lint=*/true);
  EXPECT_TRUE(has(needs_both, "the rule \"Q\" is off"));
  EXPECT_TRUE(has(needs_both, "the rule \"C\" cannot fire: rules that it looks at are off"));
  const Lines needs_one = Messages(
      WithBases(off +
                Correlation("type = 'event_count'\nrules = ['P', 'Q']\ntimespan = '1m'\ngte = 2")),
      /*lint=*/true);
  EXPECT_FALSE(has(needs_one, "the rule \"C\" cannot fire"));
  EXPECT_TRUE(has(Messages(RuleText("pid == 1", "process", "alert = false", "P"), /*lint=*/true),
                  "raises no alert, and no correlation that is on looks at it"));
  EXPECT_TRUE(has(Messages(WithBases(Correlation(std::string(kCount) + "lt = 5"))),
                  "fires for the first match already"));
}

TEST(CorrelationCompilerTest, TheHashKnowsCorrelations) {
  const auto hash = [](const std::string& keys) {
    const auto compiled = CompileText(WithBases(Correlation(keys)));
    return compiled.rules == nullptr ? "" : compiled.rules->hash();
  };
  const std::string one = hash(std::string(kCount) + "gte = 2");
  EXPECT_NE(one, "");
  EXPECT_EQ(one, hash(std::string(kCount) + "gte = 2"));
  EXPECT_NE(one, hash(std::string(kCount) + "gte = 3"));
  EXPECT_NE(one, hash(std::string(kCount) + "gt = 2"));
  EXPECT_NE(one, hash(std::string(kCount) + "gte = 2\ngroup_by = ['uid']"));
  EXPECT_NE(one, hash(std::string(kCount) + "gte = 2\ngenerate = true"));
}

TEST(CorrelationCompilerTest, RangesThatNothingFulfilsAreFound) {
  using T = CompiledCorrelation::Threshold;
  EXPECT_TRUE(CanHold(T{.gt = 4, .lt = 5}, /*real=*/true));
  EXPECT_FALSE(CanHold(T{.gt = 4, .lt = 5}, /*real=*/false));
  EXPECT_FALSE(CanHold(T{.gt = 5, .lte = 5}, /*real=*/true));
  EXPECT_TRUE(CanHold(T{.gte = 5, .lte = 5}, /*real=*/true));
  EXPECT_FALSE(CanHold(T{.gte = 5, .lte = 5, .neq = 5}, /*real=*/true));
  EXPECT_FALSE(CanHold(T{.lt = 3, .eq = 3}, /*real=*/true));
  EXPECT_TRUE(CanHold(T{.gte = INT64_MAX}, /*real=*/false));
  EXPECT_FALSE(CanHold(T{.gt = INT64_MAX}, /*real=*/false));
  EXPECT_FALSE(CanHold(T{.lt = INT64_MIN}, /*real=*/true));
}

}  // namespace
}  // namespace randguard::correlation_compiler_test

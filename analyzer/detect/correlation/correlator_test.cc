// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/correlation/correlator.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/detect/correlation/group_key.h"
#include "analyzer/detect/correlation/timed_tests.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/rules/testing/rule_test_support.h"

namespace randguard {
namespace {

using testing::CompiledText;
using testing::CompileText;
using testing::Lines;
using testing::RuleText;

constexpr std::uint64_t kSecond = 1'000'000'000;

std::string Correlation(std::string_view id, std::string_view keys) {
  return absl::StrFormat(
      "[[rules]]\nid = \"%s\"\nname = \"n\"\ntype = \"correlation\"\nseverity = \"low\"\n"
      "[rules.correlation]\n%s\n",
      id, keys);
}

// A, B and C, and these correlations.
std::string WithBases(std::string_view correlations) {
  return RuleText("pid == 1", "process", "", "A") + RuleText("pid == 2", "process", "", "B") +
         RuleText("pid == 3", "process", "", "C") + std::string(correlations);
}

class Host {
 public:
  explicit Host(const std::string& rules) : compiled_(CompileText(rules)) {
    EXPECT_EQ(compiled_.diagnostics, Lines{});
    if (compiled_.rules != nullptr) correlator_.emplace(compiled_.rules, counts_);
    correlator_->SetComplete(UINT64_MAX);
  }

  // Events of rules by their letters, at a second: "AB" is one event that matches both.
  void Match(std::uint64_t at, std::string_view letters, std::uint32_t uid = 0,
             std::string_view comm = "x") {
    std::vector<std::uint32_t> rules;
    for (const char letter : letters) rules.push_back(static_cast<std::uint32_t>(letter - 'A'));
    Value value;
    const auto read = [&](FieldId id) -> const Value& {
      const bool number = FieldCatalogue::Get().field(id).type == ValueType::kNumber;
      value.form = number ? Value::Form::kNumber : Value::Form::kText;
      value.number = uid;
      value.text = comm;
      if (absent_) value = {};
      return value;
    };
    correlator_->OnEvent(
        {at * kSecond, {}, rules}, read, [this]() -> const Alert& { return alert_; }, note_);
  }
  void Advance(std::uint64_t at) { correlator_->Advance(at * kSecond, note_); }
  void EndSession() { correlator_->EndSession(note_); }
  void SetAbsent(bool absent) { absent_ = absent; }

  Correlator& correlator() { return *correlator_; }
  const CorrelationHealth& counts() {
    correlator_->FillHealth(counts_);
    return counts_;
  }
  // "ID@second" of what has fired since.
  Lines Fired() { return std::exchange(fired_, {}); }

 private:
  CompiledText compiled_;
  CorrelationHealth counts_;
  std::optional<Correlator> correlator_;
  Lines fired_;
  const std::function<void(const Correlator::Fired&)> note_ = [this](const Correlator::Fired& f) {
    fired_.push_back(absl::StrFormat("%s@%d", compiled_.rules->rules()[f.correlation.rule].rule.id,
                                     f.time_ns / kSecond));
  };
  Alert alert_;
  bool absent_ = false;
};

constexpr std::string_view kThree =
    "type = 'event_count'\nrules = ['A']\ntimespan = '10s'\ngte = 3\n";

TEST(CorrelatorTest, BothEndsOfTheTimespanBelongToIt) {
  Host host(WithBases(Correlation("X", kThree)));
  host.Match(10, "A"), host.Match(15, "A"), host.Match(20, "A");
  EXPECT_EQ(host.Fired(), Lines{"X@20"});
  Host other(WithBases(Correlation("X", kThree)));
  other.Match(10, "A"), other.Match(15, "A"), other.Match(21, "A");
  EXPECT_EQ(other.Fired(), Lines{});
}

TEST(CorrelatorTest, AGroupThatFiredIsFoldedUntilTheTimespanIsOver) {
  Host host(WithBases(Correlation("X", kThree)));
  for (const std::uint64_t at : {1, 1, 1, 2, 5, 11}) host.Match(at, "A");
  EXPECT_EQ(host.Fired(), Lines{"X@1"});
  EXPECT_EQ(host.counts().folded, 3u);
  host.Match(12, "A"), host.Match(12, "A"), host.Match(12, "A");
  EXPECT_EQ(host.Fired(), Lines{"X@12"});
}

TEST(CorrelatorTest, AnEventThatFitsTwoStagesAdvancesOne) {
  constexpr std::string_view kKeys = "rules = ['A', 'B']\ntimespan = '10s'\n";
  for (const std::string_view type : {"temporal", "temporal_ordered"}) {
    Host host(WithBases(Correlation("X", absl::StrFormat("type = '%s'\n%s", type, kKeys))));
    host.Match(1, "AB");
    EXPECT_EQ(host.Fired(), Lines{}) << type;
    host.Match(2, "AB");
    EXPECT_EQ(host.Fired(), Lines{"X@2"}) << type;
  }
  Host host(WithBases(
      Correlation("X", "type = 'event_count'\nrules = ['A', 'B']\ntimespan = '10s'\ngte = 3\n")));
  host.Match(1, "AB"), host.Match(2, "AB");
  EXPECT_EQ(host.Fired(), Lines{});
}

TEST(CorrelatorTest, TheLatestBeginningOfAChainCounts) {
  Host host(WithBases(
      Correlation("X", "type = 'temporal_ordered'\nrules = ['A', 'B', 'C']\ntimespan = '10s'\n")));
  host.Match(1, "A"), host.Match(2, "B"), host.Match(8, "A"), host.Match(9, "B");
  host.Match(12, "C");
  EXPECT_EQ(host.Fired(), Lines{"X@12"});
  host.Match(30, "B"), host.Match(31, "A"), host.Match(32, "C");
  EXPECT_EQ(host.Fired(), Lines{});
}

TEST(CorrelatorTest, AbsenceFiresWhenTimeHasPassed) {
  Host host(
      WithBases(Correlation("X", "type = 'absence'\nrules = ['A', 'B']\ntimespan = '10s'\n")));
  host.Match(1, "A"), host.Advance(11);
  EXPECT_EQ(host.Fired(), Lines{}) << "B may still come at that very time";
  host.Match(11, "B"), host.Advance(40);
  EXPECT_EQ(host.Fired(), Lines{});
  host.Match(50, "A"), host.Match(51, "A"), host.Match(70, "C");
  EXPECT_EQ(host.Fired(), Lines{}) << "C concerns no correlation, so that nobody looks at the time";
  host.Advance(70);
  EXPECT_EQ(host.Fired(), Lines{"X@60"});
}

TEST(CorrelatorTest, WhatIsAwaitedAtTheEndOfASessionIsCounted) {
  Host host(
      WithBases(Correlation("X", "type = 'absence'\nrules = ['A', 'B']\ntimespan = '10s'\n")));
  host.Match(1, "A"), host.EndSession(), host.Advance(100);
  EXPECT_EQ(host.Fired(), Lines{});
  EXPECT_EQ(host.counts().absences_dropped, 1u);
}

TEST(CorrelatorTest, CorrelationsLookAtEachOther) {
  Host host(WithBases(
      // Y stands before what it looks at.
      Correlation("Y",
                  "type = 'temporal_ordered'\nrules = ['X', 'B']\ngroup_by = ['uid']\ntimespan = "
                  "'1m'\n") +
      Correlation("X",
                  "type = 'event_count'\nrules = ['A']\ngroup_by = ['comm', 'uid']\ntimespan = "
                  "'10s'\ngte = 2\n")));
  host.Match(1, "A", 7), host.Match(2, "A", 7);
  host.Match(3, "B", 8);
  EXPECT_EQ(host.Fired(), Lines{"X@2"});
  host.Match(4, "B", 7);
  EXPECT_EQ(host.Fired(), Lines{"Y@4"});
}

TEST(CorrelatorTest, WhatLacksAFieldToGroupByIsCounted) {
  Host host(WithBases(
      Correlation("X", std::string(kThree) + "group_by = ['uid']\n") +
      Correlation(
          "Y", "type = 'value_count'\nrules = ['B']\nfield = 'comm'\ntimespan = '1s'\ngte = 2\n")));
  host.SetAbsent(true);
  for (int i = 0; i < 5; ++i) host.Match(1, "AB");
  EXPECT_EQ(host.Fired(), Lines{});
  EXPECT_EQ(host.counts().without_group, 5u);
  EXPECT_EQ(host.counts().without_value, 5u);
}

TEST(CorrelatorTest, MatchesWaitUntilTheStreamIsComplete) {
  Host host(WithBases(
      Correlation("X", "type = 'temporal_ordered'\nrules = ['A', 'B']\ntimespan = '10s'\n")));
  host.correlator().SetComplete(1 * kSecond);
  host.Match(3, "A"), host.Match(2, "B");
  host.correlator().SetComplete(4 * kSecond), host.Advance(4);
  EXPECT_EQ(host.Fired(), Lines{}) << "B was before A";
  host.correlator().SetComplete(5 * kSecond);
  host.Match(7, "B"), host.Match(6, "A");
  EXPECT_EQ(host.Fired(), Lines{});
  host.EndSession();
  EXPECT_EQ(host.Fired(), Lines{"X@7"});
  EXPECT_EQ(host.counts().late, 0u);
}

TEST(CorrelatorTest, WhatIsLateCountsAsOfTheLatestTime) {
  Host host(WithBases(Correlation("X", kThree)));
  host.Match(20, "A"), host.Match(19, "A"), host.Match(5, "A");
  EXPECT_EQ(host.Fired(), Lines{"X@20"});
  EXPECT_EQ(host.counts().late, 2u);
}

TEST(CorrelatorTest, WaitingMatchesAreBounded) {
  Host host(WithBases(Correlation("X", kThree)));
  host.correlator().SetComplete(0);
  for (std::size_t i = 0; i < Correlator::kMaxWaiting + 10; ++i) host.Match(1000 + 20 * i, "A");
  EXPECT_EQ(host.counts().reordered_early, 10u);
}

TEST(CorrelatorTest, AFloodOfGroupsStaysWithinItsBounds) {
  std::string rules;
  for (const std::string_view type : {"event_count", "value_count", "temporal", "absence"}) {
    const std::string more = type == "event_count"   ? "gte = 1000\n"
                             : type == "value_count" ? "gte = 1000\nfield = 'comm'\n"
                                                     : "";
    rules += Correlation(absl::StrFormat("X-%s", type),
                         absl::StrFormat("type = '%s'\nrules = ['A', 'B']\ngroup_by = ['comm', "
                                         "'uid']\ntimespan = '7d'\nmax_groups = 65536\n%s",
                                         type, more));
  }
  // Another one, with groups of its own.
  rules += Correlation("Z", "type = 'temporal'\nrules = ['B', 'C']\ntimespan = '7d'\n");
  Host host(WithBases(rules));
  host.Match(1, "C");
  const std::string long_name(3000, 'n');
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    host.Match(2, "A", i, long_name);
    if (i % 10'000 == 0) {
      ASSERT_LE(host.counts().bytes, 5 * Correlator::kMaxShare);
    }
  }
  EXPECT_LE(host.counts().bytes, 5 * Correlator::kMaxShare);
  EXPECT_GT(host.counts().groups_evicted, 300'000u);
  host.Match(3, "B", 1, "x");
  EXPECT_EQ(host.Fired(), Lines{"Z@3"});
}

TEST(CorrelatorTest, GroupsAreBoundedByNumber) {
  Host host(
      WithBases(Correlation("X", std::string(kThree) + "group_by = ['uid']\nmax_groups = 2\n")));
  host.Match(1, "A", 1), host.Match(1, "A", 2), host.Match(1, "A", 3);
  EXPECT_EQ(host.counts().groups, 2u);
  EXPECT_EQ(host.counts().groups_evicted, 1u);
  host.Match(2, "A", 1), host.Match(2, "A", 1);
  EXPECT_EQ(host.Fired(), Lines{}) << "the first of user 1 was forgotten";
}

TEST(CorrelatorTest, OneGroupKeepsWithinTheShareToo) {
  Host host(WithBases(Correlation("X",
                                  "type = 'value_count'\nrules = ['A']\nfield = 'comm'\ntimespan = "
                                  "'7d'\ngte = 1000\n")));
  for (int i = 0; i < 1500; ++i) {
    host.Match(1, "A", 0, std::string(40'000, 'v') + std::to_string(i));
    host.Match(1, "A", 0, std::to_string(i) + std::string(40'000, 'v'));
  }
  EXPECT_LE(host.counts().bytes, Correlator::kMaxShare);
  EXPECT_EQ(host.counts().groups_evicted, 0u);
}

TEST(GroupKeyTest, TwoListsOfValuesHaveTwoKeys) {
  const auto text = [](std::string_view t) {
    Value value;
    value.form = Value::Form::kText;
    value.text = t;
    return value;
  };
  std::string one, two;
  EXPECT_TRUE(AppendToKey(text("a"), one) && AppendToKey(text("bc"), one));
  EXPECT_TRUE(AppendToKey(text("ab"), two) && AppendToKey(text("c"), two));
  EXPECT_NE(one, two);
  EXPECT_EQ(ShowKeyPart(KeyPart(one, 1)), "bc");
  EXPECT_EQ(KeyPart(one, 2), "");
  EXPECT_FALSE(AppendToKey(Value{}, one));
  Value number;
  number.form = Value::Form::kNumber;
  number.number = -5;
  std::string three;
  EXPECT_TRUE(AppendToKey(number, three));
  EXPECT_EQ(ShowKeyPart(three), "-5");
}

}  // namespace
}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/match/rule_set.h"

#include <gtest/gtest.h>

#include <utility>

#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/rules/match/rule_index.h"

namespace randguard::rule_set_test {
namespace {

// One rule that is a single predicate, for the first event class.
RuleSet::Parts OneRule() {
  RuleSet::Parts parts;
  Predicate predicate;
  predicate.type = Predicate::Type::kExists;
  const ExpressionId root = parts.pool.Add(std::move(predicate));
  CompiledRule& rule = parts.rules.emplace_back();
  rule.roots[0] = root;
  parts.steps.push_back({0, RuleSet::Step::kFires, RuleSet::Step::kSilent});
  parts.classes[0].push_back({0, 0});
  parts.index.AddAlways(0, 0);
  return parts;
}

TEST(RuleSetTest, CountsWhatIsEvaluatedWithoutDetections) {
  RuleSet::Parts parts = OneRule();
  parts.rules.emplace_back().rule.enabled = false;
  parts.rules.emplace_back().detection = true;
  const RuleSet rules(std::move(parts));
  EXPECT_EQ(rules.enabled(), 1u);
  EXPECT_EQ(rules.rules().size(), 3u);
}

TEST(RuleSetTest, EachCommonFieldIsAField) {
  for (const std::string_view name : CommonFields()) {
    EXPECT_TRUE(FieldCatalogue::Get().Find(name).has_value()) << name;
  }
}

TEST(RuleSetDeathTest, StepsLeadToEarlierOnesOnly) {
  RuleSet::Parts parts = OneRule();
  parts.steps.push_back({0, RuleSet::Step::kFires, 0});
  RuleSet fine(parts);
  EXPECT_EQ(fine.steps(), 2u);
  parts.steps[0].if_false = 1;
  EXPECT_DEATH(RuleSet{parts}, "");
  parts.steps[0].if_false = 0;
  EXPECT_DEATH(RuleSet{parts}, "");
}

TEST(RuleSetDeathTest, EverythingNamedByItsNumberIsThere) {
  RuleSet::Parts parts = OneRule();
  parts.steps[0].predicate = 1;
  EXPECT_DEATH(RuleSet{parts}, "");
  parts = OneRule();
  parts.classes[0][0].rule = 1;
  EXPECT_DEATH(RuleSet{parts}, "");
  parts = OneRule();
  parts.classes[0][0].first = 1;
  EXPECT_DEATH(RuleSet{parts}, "");
}

}  // namespace
}  // namespace randguard::rule_set_test

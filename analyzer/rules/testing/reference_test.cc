// SPDX-License-Identifier: Apache-2.0
//
// Random rules over sample events: the compiled form and the obvious one agree.
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "analyzer/confine/sanitized.h"
#include "analyzer/rules/language/condition.h"
#include "analyzer/rules/testing/reference_check.h"
#include "tests/support/rounds.h"
#include "tests/support/source_root.h"

namespace randguard::reference_test {
namespace {

TEST(ReferenceTest, CompiledRulesAgreeWithTheObviousWay) {
  std::mt19937 random(20260301);
  testing::ReferenceCheck check([&random](std::size_t n) { return random() % n; });
  // Enough for each operator.
  constexpr int kRounds = kSanitized ? 30 : 150;
  std::size_t held = 0, compared = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto result = check.Round(/*count=*/20);
    EXPECT_EQ(result.disagreement, "") << "round " << round;
    if (!result.disagreement.empty()) return;
    held += result.held;
    compared += result.compared;
  }
  // Conditions that always or never hold would prove nothing.
  EXPECT_GT(compared, 20000u * kRounds / 150);
  EXPECT_GT(held, compared / 50);
  EXPECT_LT(held, compared);
}

std::string PageOfRules() {
  std::ifstream page(testing::SourcePath("docs/rules.md"));
  EXPECT_TRUE(page.is_open());
  return {std::istreambuf_iterator<char>(page), {}};
}

TEST(ReferenceTest, EveryOperatorIsComparedAndOnThePage) {
  std::mt19937 random(20261128);
  testing::ReferenceCheck check([&random](std::size_t n) { return random() % n; });
  std::set<Operator> made;
  for (int round = 0; round < 1000; ++round) {
    const auto parsed = ParseCondition(check.RandomCondition());
    for (const SyntaxNode& node : std::get<Condition>(parsed).nodes) {
      if (node.type == SyntaxNode::Type::kComparison) made.insert(node.comparison.op);
    }
  }
  const std::string page = PageOfRules();
  for (unsigned number = 0; number <= UINT8_MAX; ++number) {
    const auto op = static_cast<Operator>(number);
    const std::string name(OperatorName(op));
    if (name.empty()) continue;  // a bare name, or no operator
    EXPECT_NE(page.find('`' + name), std::string::npos) << "docs/rules.md: no row for " << name;
    // condition_test.cc alone compares addresses with networks.
    EXPECT_TRUE(made.contains(op) || op == Operator::kInNetwork)
        << "analyzer/rules/testing/reference_evaluator.cc: no random condition with " << name;
  }
}

}  // namespace
}  // namespace randguard::reference_test

// SPDX-License-Identifier: Apache-2.0
//
// Random rules over sample events: the compiled form and the obvious one agree.
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "analyzer/rules/testing/reference_check.h"

namespace randguard {
namespace {

TEST(ReferenceTest, CompiledRulesAgreeWithTheObviousWay) {
  std::mt19937 random(20260301);
  testing::ReferenceCheck check([&random](std::size_t n) { return random() % n; });
  std::size_t held = 0, compared = 0;
  for (int round = 0; round < 150; ++round) {
    const auto result = check.Round(/*count=*/20);
    EXPECT_EQ(result.disagreement, "") << "round " << round;
    if (!result.disagreement.empty()) return;
    held += result.held;
    compared += result.compared;
  }
  // Conditions that always or never hold would prove nothing.
  EXPECT_GT(compared, 20000u);
  EXPECT_GT(held, compared / 50);
  EXPECT_LT(held, compared);
}

}  // namespace
}  // namespace randguard

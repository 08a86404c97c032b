// SPDX-License-Identifier: Apache-2.0
//
// Random correlations over random streams, beside the reference. RANDGUARD_CORRELATION_RUNS says
// how many.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <random>

#include "analyzer/detect/correlation/testing/correlation_check.h"
#include "tests/support/rounds.h"

namespace randguard {
namespace {

std::uint64_t Runs() {
  const char* runs = std::getenv("RANDGUARD_CORRELATION_RUNS");
  return runs != nullptr ? std::strtoull(runs, nullptr, 10) : testing::Rounds(2000);
}

TEST(RandomCorrelationsTest, AreLikeTheReference) {
  std::uint64_t compiled = 0;
  std::map<CorrelationType, std::uint64_t> fired;
  for (std::uint64_t seed = 1; seed <= Runs(); ++seed) {
    std::mt19937_64 engine(seed);
    testing::CorrelationCheck check([&](std::uint64_t below) { return engine() % below; });
    const auto result = check.Round();
    compiled += result.compiled ? 1 : 0;
    for (const auto& [type, count] : result.fired) fired[type] += count;
    ASSERT_EQ(result.disagreement, "") << "seed " << seed;
  }
  // The test of the test: it compares something, of each type.
  EXPECT_GT(compiled, Runs() / 3);
  for (std::uint8_t type = 0; type < 8; ++type) {
    EXPECT_GT(fired[static_cast<CorrelationType>(type)], Runs() / 50) << int{type};
  }
}

}  // namespace
}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
//
// The correlations that are installed do what their tests say.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/detect/correlation/timed_tests.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "tests/support/source_root.h"

namespace randguard {
namespace {

TEST(DefaultCorrelationsTest, DoWhatTheirTestsSay) {
  ConfigResult shipped = LoadConfig(testing::SourcePath("etc/config.toml"));
  ASSERT_TRUE(shipped.config.has_value());
  for (Rule& rule : shipped.config->rules) rule.enabled = true;
  std::vector<Diagnostic> diagnostics;
  const auto rules = CompileRules(*shipped.config, diagnostics);
  ASSERT_NE(rules, nullptr);
  const RuleTestResults results = RunCorrelationTests(rules);
  std::vector<std::string> failures;
  for (const Diagnostic& d : results.failures) failures.push_back(FormatDiagnostic(d));
  EXPECT_EQ(failures, std::vector<std::string>{});
  EXPECT_EQ(results.untested, std::vector<std::string>{});
  EXPECT_GE(results.tests, 2 * rules->correlations().size());
  EXPECT_GE(rules->correlations().size(), 6u);
}

}  // namespace
}  // namespace randguard

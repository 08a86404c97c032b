// SPDX-License-Identifier: Apache-2.0
//
// Runs the tests that rules carry.
#ifndef ANALYZER_RULES_TOOLS_RULE_TESTS_H_
#define ANALYZER_RULES_TOOLS_RULE_TESTS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/config/config.h"
#include "analyzer/rules/match/matcher.h"
#include "analyzer/rules/match/rule_set.h"
#include "analyzer/source/diagnostic.h"

namespace randguard {

// Whether the rule at this place of the matcher's rules fires in the test.
absl::StatusOr<bool> RunRuleTest(Matcher& matcher, std::uint32_t rule, const RuleTest& test);

struct RuleTestResults {
  std::size_t tests = 0;
  std::vector<Diagnostic> failures;   // at the test's place
  std::vector<std::string> untested;  // ids of rules that lack a case that fires, or a near miss
};

// Adds the results of one rule's tests, and whether it lacks any.
class TestedRule {
 public:
  // Both are borrowed.
  TestedRule(const Rule& rule, RuleTestResults& results) : rule_(rule), results_(results) {}
  ~TestedRule();
  TestedRule(const TestedRule&) = delete;
  TestedRule& operator=(const TestedRule&) = delete;

  // `fired`: or why the test could not be run.
  void Note(const RuleTest& test, const absl::StatusOr<bool>& fired);

 private:
  const Rule& rule_;
  RuleTestResults& results_;
  bool fires_ = false, misses_ = false;
};

// For all rules but correlations (detect/correlation/timed_tests.h). All rules in `rules` must be
// on: those that are off are not evaluated.
RuleTestResults RunRuleTests(const std::shared_ptr<const RuleSet>& rules);

}  // namespace randguard

#endif  // ANALYZER_RULES_TOOLS_RULE_TESTS_H_

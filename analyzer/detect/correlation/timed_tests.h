// SPDX-License-Identifier: Apache-2.0
//
// Runs the tests of correlations: events with times, which go through all rules.
#ifndef ANALYZER_DETECT_CORRELATION_TIMED_TESTS_H_
#define ANALYZER_DETECT_CORRELATION_TIMED_TESTS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "analyzer/detect/correlation/correlator.h"
#include "analyzer/rules/match/matcher.h"
#include "analyzer/rules/match/rule_set.h"
#include "analyzer/rules/tools/rule_tests.h"

namespace randguard {

// When the time of a test begins, nanoseconds since boot.
inline constexpr std::uint64_t kTestStartNs = 1'000'000'000'000;

// Whether the correlation at that place among the rules fires in the test. All rules are to be on.
absl::StatusOr<bool> RunTimedTest(Matcher& matcher, std::shared_ptr<const RuleSet> rules,
                                  std::uint32_t rule, const RuleTest& test,
                                  Correlator::Observer observer = {});

// As RunRuleTests(), for the correlations.
RuleTestResults RunCorrelationTests(const std::shared_ptr<const RuleSet>& rules);

// The effect of a match on a correlation, in one line.
std::string ExplainStep(const RuleSet& rules, const Correlator::Step& step);

}  // namespace randguard

#endif  // ANALYZER_DETECT_CORRELATION_TIMED_TESTS_H_

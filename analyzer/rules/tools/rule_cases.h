// SPDX-License-Identifier: Apache-2.0
//
// Cases for rules in a file of their own, one JSON object a line:
//
//   {"rule": "RULE-001", "event": {"event_type": "process_start", ...}, "fires": true}
//
// `event` is what a test in [[rules.tests]] has there; `json` may stand in its place, a text that
// holds such an object. `before` is a list of either. Other members are for readers. Empty lines
// are passed over.
#ifndef ANALYZER_RULES_TOOLS_RULE_CASES_H_
#define ANALYZER_RULES_TOOLS_RULE_CASES_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/config/config.h"
#include "analyzer/rules/match/matcher.h"
#include "analyzer/rules/match/rule_set.h"

namespace randguard {

struct RuleCase {
  std::string rule;
  RuleTest test;
};

// One line of the file; a status says what is wrong with it.
absl::StatusOr<RuleCase> ParseRuleCase(std::string_view line);

class RuleCaseRunner {
 public:
  // The rule set is kept. Rules that are off in it are not evaluated.
  explicit RuleCaseRunner(std::shared_ptr<const RuleSet> rules);

  enum class Verdict { kRight, kWrong, kNotLoaded };
  struct Result {
    Verdict verdict = Verdict::kRight;
    std::string why;  // of what is not right; of kNotLoaded the same for all rules of one reason
  };
  Result Run(std::string_view line);

 private:
  std::string WhyNotLoaded(const std::string& id) const;

  std::shared_ptr<const RuleSet> rules_;
  Matcher matcher_;
  std::map<std::string, std::uint32_t, std::less<>> by_id_;
  std::map<std::string, const SigmaOutcome*, std::less<>> left_out_;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_TOOLS_RULE_CASES_H_

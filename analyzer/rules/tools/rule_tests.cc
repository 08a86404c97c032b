// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/tools/rule_tests.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/rules/match/matcher.h"
#include "analyzer/rules/tools/event_fixture.h"
#include "analyzer/source/reporter.h"

namespace randguard {

absl::StatusOr<bool> RunRuleTest(Matcher& matcher, std::uint32_t rule, const RuleTest& test) {
  EventFixture fixture;
  for (const TestEvent& before : test.before) RG_RETURN_IF_ERROR(fixture.Add(before));
  RG_ASSIGN_OR_RETURN(const EventView event, fixture.View(test.event));
  const auto fired = matcher.Match(event);
  return std::find(fired.begin(), fired.end(), rule) != fired.end();
}

RuleTestResults RunRuleTests(const std::shared_ptr<const RuleSet>& rules) {
  RuleTestResults results;
  Matcher matcher(rules);
  for (std::uint32_t index = 0; index < rules->rules().size(); ++index) {
    const CompiledRule& compiled = rules->rules()[index];
    if (compiled.detection || compiled.built_in) continue;
    bool fires = false, misses = false;
    for (const RuleTest& test : compiled.rule.tests) {
      ++results.tests;
      (test.fires ? fires : misses) = true;
      const auto fired = RunRuleTest(matcher, index, test);
      if (fired.ok() && *fired == test.fires) continue;
      const std::string why = !fired.ok()  ? Message(fired.status())
                              : test.fires ? "the rule does not fire"
                                           : "the rule fires";
      results.failures.push_back(
          {.file = test.name.file,
           .line = test.event.position.line,
           .column = test.event.position.column,
           .message = EscapedForTerminal(
               absl::StrFormat("%s: test %s: %s", compiled.rule.id, Quoted(test.name.text), why))});
    }
    if (!fires || !misses) results.untested.push_back(compiled.rule.id);
  }
  return results;
}

}  // namespace randguard

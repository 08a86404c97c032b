// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/tools/rule_tests.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/rules/match/matcher.h"
#include "analyzer/rules/tools/event_fixture.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

// Whether the rule fires in the test.
absl::StatusOr<bool> Run(Matcher& matcher, std::uint32_t rule, const RuleTest& test) {
  EventFixture fixture;
  for (const TestEvent& before : test.before) RG_RETURN_IF_ERROR(fixture.Add(before));
  RG_ASSIGN_OR_RETURN(const EventView event, fixture.View(test.event));
  const auto fired = matcher.Match(event);
  return std::find(fired.begin(), fired.end(), rule) != fired.end();
}

}  // namespace

TestedRule::~TestedRule() {
  if (!fires_ || !misses_) results_.untested.push_back(rule_.id);
}

void TestedRule::Note(const RuleTest& test, const absl::StatusOr<bool>& fired) {
  ++results_.tests;
  (test.fires ? fires_ : misses_) = true;
  if (fired.ok() && *fired == test.fires) return;
  const std::string why = !fired.ok()  ? Message(fired.status())
                          : test.fires ? "the rule does not fire"
                                       : "the rule fires";
  results_.failures.push_back({.file = test.name.file,
                               .line = test.event.position.line,
                               .column = test.event.position.column,
                               .message = EscapedForTerminal(absl::StrFormat(
                                   "%s: test %s: %s", rule_.id, Quoted(test.name.text), why))});
}

RuleTestResults RunRuleTests(const std::shared_ptr<const RuleSet>& rules) {
  RuleTestResults results;
  Matcher matcher(rules);
  for (std::uint32_t index = 0; index < rules->rules().size(); ++index) {
    const CompiledRule& compiled = rules->rules()[index];
    if (compiled.detection || compiled.built_in) continue;
    if (compiled.rule.type == RuleType::kCorrelation) continue;
    TestedRule tested(compiled.rule, results);
    for (const RuleTest& test : compiled.rule.tests) tested.Note(test, Run(matcher, index, test));
  }
  return results;
}

}  // namespace randguard

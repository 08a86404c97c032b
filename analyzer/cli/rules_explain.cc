// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard rules explain`.
#include "analyzer/cli/rules_explain.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/rules.h"
#include "analyzer/cli/setup.h"
#include "analyzer/config/rule_checks.h"
#include "analyzer/detect/correlation/timed_tests.h"
#include "analyzer/rules/match/matcher.h"
#include "analyzer/rules/tools/event_fixture.h"
#include "analyzer/rules/tools/explain.h"
#include "analyzer/source/reporter.h"

namespace randguard::cli {
namespace {

absl::StatusOr<std::size_t> FindRule(const Config& config, const RuleSet& rules,
                                     const std::string& id) {
  for (const Rule& rule : config.rules) {
    if (rule.id == id && IsIncomplete(rule)) {
      return InvalidInput("the rule %s is incomplete; rand-guard check says what it lacks",
                          Quoted(id));
    }
  }
  std::vector<std::string_view> known;
  for (std::size_t i = 0; i < rules.rules().size(); ++i) {
    const CompiledRule& compiled = rules.rules()[i];
    if (compiled.detection) continue;
    if (compiled.rule.id == id) return i;
    known.emplace_back(compiled.rule.id);
  }
  return InvalidInput("there is no rule %s%s", Quoted(id), DidYouMean(id, known));
}

// A test of a correlation, match by match.
int ExplainTest(const std::shared_ptr<const RuleSet>& rules, std::size_t index,
                const std::string& name) {
  const Rule& rule = rules->rules()[index].rule;
  if (rule.type != RuleType::kCorrelation) {
    return Fail(InvalidInput("--test is for correlations, and %s is none; give it an --event",
                             Quoted(rule.id)));
  }
  std::vector<std::string_view> names;
  for (const RuleTest& test : rule.tests) {
    names.emplace_back(test.name.text);
    if (test.name.text != name) continue;
    Matcher matcher(rules);
    const auto print = [&](const Correlator::Step& step) {
      if (step.correlation.rule == index) Print("  " + ExplainStep(*rules, step) + "\n");
    };
    const auto fires = RunTimedTest(matcher, rules, static_cast<std::uint32_t>(index), test, print);
    if (!fires.ok()) return Fail(fires.status());
    Print(absl::StrFormat("%s: %s\n", Title(rule), *fires ? "fires" : "does not fire"));
    return 0;
  }
  return Fail(InvalidInput("the rule %s has no test %s%s", Quoted(rule.id), Quoted(name),
                           DidYouMean(name, names)));
}

int ExplainEvent(const std::shared_ptr<const RuleSet>& rules, std::size_t index,
                 const std::string& json) {
  if (const Rule& of = rules->rules()[index].rule; of.type == RuleType::kCorrelation) {
    return Fail(
        InvalidInput("%s is a correlation, which takes more than one event: give a "
                     "--capture, or the name of a --test of the rule",
                     Quoted(of.id)));
  }
  TestEvent event;
  event.json.text = json;
  EventFixture fixture;
  const auto view = fixture.View(event);
  if (!view.ok()) return Fail(view.status());
  Matcher matcher(rules);
  const auto fired = matcher.Match(*view);
  const bool fires = std::find(fired.begin(), fired.end(), index) != fired.end();
  const CompiledRule& rule = rules->rules()[index];
  const Explanation explanation(rule, matcher, *view);
  Print(absl::StrFormat("%s: %s\n", Title(rule.rule),
                        fires                     ? "fires"
                        : explanation.looked_at() ? "does not fire"
                                                  : "does not look at such events"));
  Print(explanation.text());
  return 0;
}

}  // namespace

int RulesExplain(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments, Report::kErrors);
  if (!loaded.has_value()) return 1;
  const auto rules = CompileAllOn(loaded->config);
  if (rules == nullptr) return Fail(InvalidInput("the rules do not compile when all are on"));
  const auto index = FindRule(loaded->config, *rules, arguments.operands()[0]);
  if (!index.ok()) return Fail(index.status());
  if (const auto event = arguments.Value(option::kEvent)) {
    return ExplainEvent(rules, *index, *event);
  }
  if (const auto test = arguments.Value(option::kTest)) return ExplainTest(rules, *index, *test);
  const absl::Status status =
      ExplainCapture(loaded->config, rules, *index, *arguments.Value(option::kCapture));
  return status.ok() ? 0 : Fail(status);
}

}  // namespace randguard::cli

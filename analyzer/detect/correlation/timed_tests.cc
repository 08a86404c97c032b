// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/correlation/timed_tests.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/detect/correlation/group_key.h"
#include "analyzer/event/actor.h"
#include "analyzer/rules/tools/event_fixture.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

std::string_view EffectText(CorrelationGroups::Effect effect) {
  using Effect = CorrelationGroups::Effect;
  switch (effect) {
    case Effect::kNone:
      return "begins nothing";
    case Effect::kCounted:
      return "counts";
    case Effect::kFired:
      return "fires";
    case Effect::kFolded:
      return "is folded: the group has fired within the timespan";
    case Effect::kAwaits:
      return "waits for the second rule";
    case Effect::kCame:
      return "is what was awaited";
  }
  return "";
}

std::string GroupText(const CompiledCorrelation& correlation, std::string_view key) {
  std::string out;
  for (std::size_t i = 0; i < correlation.names.size(); ++i) {
    absl::StrAppendFormat(&out, "%s%s=%s", out.empty() ? "" : ", ", correlation.names[i],
                          EscapedForTerminal(ShowKeyPart(KeyPart(key, i))));
  }
  return "[" + out + "]";
}

}  // namespace

std::string ExplainStep(const RuleSet& rules, const Correlator::Step& step) {
  using What = Correlator::Step::What;
  const std::string_view rule = rules.rules()[step.rule].rule.id;
  std::string out = absl::StrFormat("%d.%09d s  %s ", step.time_ns / kSecond,
                                    step.time_ns % kSecond, EscapedForTerminal(rule));
  switch (step.what) {
    case What::kNoGroup:
      return out + "lacks a field to group by, and counts nowhere";
    case What::kNoValue:
      return out + "lacks the field whose values count";
    case What::kAbsent:
      return out + GroupText(step.correlation, step.key) +
             " fires: the second rule has not followed";
    case What::kMatch:
      break;
  }
  absl::StrAppendFormat(&out, "%s %s", GroupText(step.correlation, step.key),
                        EffectText(step.effect));
  if (!step.progress.empty()) absl::StrAppendFormat(&out, "; %s", step.progress);
  return out;
}

absl::StatusOr<bool> RunTimedTest(Matcher& matcher, std::shared_ptr<const RuleSet> rules,
                                  std::uint32_t rule, const RuleTest& test,
                                  Correlator::Observer observer) {
  CorrelationHealth counts;
  Correlator correlator(std::move(rules), counts);
  correlator.SetObserver(std::move(observer));
  correlator.SetComplete(UINT64_MAX);  // its events come in their order
  bool fires = false;
  const auto note = [&](const Correlator::Fired& fired) {
    fires = fires || fired.correlation.rule == rule;
  };
  EventFixture fixture;
  for (const TestEvent& before : test.before) RG_RETURN_IF_ERROR(fixture.Add(before));
  const Alert alert;
  std::uint64_t last = kTestStartNs;
  for (const RuleTest::Timed& timed : test.events) {
    last = kTestStartNs + timed.at * kSecond;
    for (std::uint32_t i = 0; i < timed.repeat; ++i) {
      RG_ASSIGN_OR_RETURN(const EventView event, fixture.View(timed.event));
      const auto matches = matcher.Match(event);
      correlator.OnEvent(
          {last, {event.actor->process_id, event.actor->event_id}, matches},
          [&](FieldId field) -> const Value& { return matcher.Read(field); },
          [&]() -> const Alert& { return alert; }, note);
      fixture.Settle();
    }
  }
  correlator.Advance(std::max(last, kTestStartNs + test.until * kSecond), note);
  return fires;
}

RuleTestResults RunCorrelationTests(const std::shared_ptr<const RuleSet>& rules) {
  RuleTestResults results;
  Matcher matcher(rules);
  for (const CompiledCorrelation& correlation : rules->correlations()) {
    const Rule& rule = rules->rules()[correlation.rule].rule;
    TestedRule tested(rule, results);
    for (const RuleTest& test : rule.tests) {
      tested.Note(test, RunTimedTest(matcher, rules, correlation.rule, test));
    }
  }
  return results;
}

}  // namespace randguard

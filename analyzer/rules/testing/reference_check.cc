// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/testing/reference_check.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <variant>

#include "analyzer/config/names.h"
#include "analyzer/output/testing/sample_events.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/rules/match/matcher.h"

namespace randguard::testing {
namespace {

// It looks at all events of its type, so that some lack some of the fields.
Rule MakeRule(RuleType type, std::string condition) {
  Rule rule;
  rule.id = "0";
  rule.type = type;
  rule.condition.text = std::move(condition);
  for (const EventClassInfo& info : FieldCatalogue::Get().classes()) {
    if (info.rule_type != type) continue;
    for (const std::string_view event : info.event_types) {
      rule.events.emplace_back().text = std::string(event);
    }
  }
  return rule;
}

}  // namespace

ReferenceCheck::ReferenceCheck(RandomConditions::Next next) {
  EventWriter writer(kSampleAgentId);
  writer.SetSession(SampleSession());
  for (const Event& event : SampleEvents()) {
    events_.push_back(event);
    std::visit(
        [&]<typename E>(const E& e) {
          if constexpr (Described<E>) lines_.push_back(ParseLine(writer.Write(e)));
        },
        event);
  }
  conditions_.emplace_back(std::move(next), lines_);
}

ReferenceCheck::Result ReferenceCheck::Round(std::size_t count) {
  Result result;
  for (const RuleType type : {RuleType::kProcess, RuleType::kFile, RuleType::kNetwork}) {
    Config config;
    config.alerts.built_in_rules = false;
    for (std::size_t made = 0; made < count; ++made) {
      Rule rule = MakeRule(type, conditions_[0].Make());
      Config alone = config;
      alone.rules = {rule};
      std::vector<Diagnostic> diagnostics;
      if (CompileRules(alone, diagnostics) == nullptr) {
        // Then it must be for never matching, or for a field that none of the events has.
        // Warnings may stand before that.
        const std::string& why = diagnostics.back().message;
        if (why.find("can never match") == why.npos && why.find("no event that") == why.npos) {
          result.disagreement = "does not compile: " + rule.condition.text + ": " + why;
          return result;
        }
        if (Holds(type, rule.condition.text)) {
          result.disagreement = "said never to match: " + rule.condition.text;
          return result;
        }
        continue;
      }
      rule.id = std::to_string(made);
      config.rules.push_back(std::move(rule));
    }
    std::vector<Diagnostic> diagnostics;
    const auto rules = CompileRules(config, diagnostics);
    if (rules == nullptr) {
      result.disagreement = "does not compile together";
      return result;
    }
    Compare(type, rules, result);
    if (!result.disagreement.empty()) return result;
  }
  return result;
}

void ReferenceCheck::ForEachOfType(RuleType type, const Visit& visit) const {
  const EvaluationContext context;
  for (std::size_t i = 0; i < events_.size(); ++i) {
    std::visit(
        [&]<typename E>(const E& event) {
          if constexpr (Described<E>) {
            const EventView view = ViewOf(event, context);
            if (FieldCatalogue::Get().classes()[view.event_class].rule_type == type) {
              visit(view, lines_[i]);
            }
          }
        },
        events_[i]);
  }
}

bool ReferenceCheck::Holds(RuleType type, const std::string& text) const {
  const auto parsed = ParseCondition(text);
  bool held = false;
  ForEachOfType(type, [&](const EventView&, const ReferenceEvent& line) {
    held = held || Evaluate(std::get<Condition>(parsed), line);
  });
  return held;
}

void ReferenceCheck::Compare(RuleType type, const std::shared_ptr<const RuleSet>& rules,
                             Result& result) const {
  Matcher matcher(rules);
  std::vector<Condition> parsed;
  for (const CompiledRule& rule : rules->rules()) {
    parsed.push_back(std::get<Condition>(ParseCondition(rule.rule.condition.text)));
  }
  ForEachOfType(type, [&](const EventView& view, const ReferenceEvent& line) {
    const auto fired = matcher.Match(view);
    for (std::uint32_t i = 0; i < parsed.size(); ++i) {
      const bool wanted = Evaluate(parsed[i], line);
      const bool held = std::find(fired.begin(), fired.end(), i) != fired.end();
      ++result.compared;
      if (held) ++result.held;
      if (held == wanted || !result.disagreement.empty()) continue;
      result.disagreement = std::string(view.event_type) +
                            (held ? ": fires: " : ": does not fire: ") +
                            rules->rules()[i].rule.condition.text;
    }
  });
}

}  // namespace randguard::testing

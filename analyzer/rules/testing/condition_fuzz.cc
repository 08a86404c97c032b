// SPDX-License-Identifier: Apache-2.0
//
// Any text as a condition: a tree whose places are within the text, or an error at a place in it;
// as rules of each type it compiles, or something is reported.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "analyzer/output/testing/sample_events.h"
#include "analyzer/rules/language/condition.h"
#include "analyzer/rules/match/matcher.h"
#include "analyzer/rules/match/rule_set.h"
#include "analyzer/rules/tools/explain.h"
#include "analyzer/rules/tools/lint.h"

namespace randguard::condition_fuzz {
namespace {

void Require(bool fact) {
  if (!fact) std::abort();
}

void CheckTree(std::string_view text) {
  const auto parsed = ParseCondition(text);
  if (const auto* error = std::get_if<ConditionError>(&parsed)) {
    Require(error->offset <= text.size() && !error->message.empty());
    return;
  }
  for (const SyntaxNode& node : std::get<Condition>(parsed).nodes) {
    Require(node.begin <= node.end && node.end <= text.size());
  }
}

void CheckRule(RuleType type, std::string_view text) {
  Config config;
  config.alerts.built_in_rules = false;
  Rule& rule = config.rules.emplace_back();
  rule.id = "FUZZ";
  rule.type = type;
  rule.condition.text = std::string(text);
  std::vector<Diagnostic> diagnostics;
  const auto rules = CompileAndLintRules(config, diagnostics);
  for (const Diagnostic& d : diagnostics) {
    Require(FormatDiagnostic(d).find('\n') == std::string::npos);
  }
  if (rules == nullptr) {
    Require(!diagnostics.empty());
    return;
  }
  Matcher matcher(rules);
  const EvaluationContext context;
  const auto check = [&](const EventView& view) {
    const bool fires = !matcher.Match(view).empty();
    // The tree as it is written says the same as what was compiled from it.
    Require(Explanation(rules->rules()[0], matcher, view).fires() == fires);
  };
  testing::ForEachSample([&](const auto& event) {
    if constexpr (requires { event.actor; }) check(ViewOf(event, context));
  });
}

}  // namespace
}  // namespace randguard::condition_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace randguard;
  using namespace randguard::condition_fuzz;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.empty()) return 0;
  CheckTree(text);
  for (const RuleType type : {RuleType::kProcess, RuleType::kFile, RuleType::kNetwork}) {
    CheckRule(type, text);
  }
  return 0;
}

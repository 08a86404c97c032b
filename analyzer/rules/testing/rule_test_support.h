// SPDX-License-Identifier: Apache-2.0
//
// Rules from a text, for tests.
#ifndef ANALYZER_RULES_TESTING_RULE_TEST_SUPPORT_H_
#define ANALYZER_RULES_TESTING_RULE_TEST_SUPPORT_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/rules/match/matcher.h"
#include "analyzer/rules/match/rule_set.h"

namespace randguard::testing {

using Lines = std::vector<std::string>;

struct CompiledText {
  std::shared_ptr<const RuleSet> rules;
  Lines diagnostics;
};

// Without the built-in rules.
inline CompiledText CompileText(std::string_view text, bool lint = false) {
  CompiledText out;
  ConfigResult parsed = ParseConfig(text, "c.toml");
  std::vector<Diagnostic> diagnostics = parsed.diagnostics;
  if (parsed.config.has_value()) {
    parsed.config->alerts.built_in_rules = false;
    out.rules = RuleSet::Compile(*parsed.config, diagnostics, lint);
  }
  for (const Diagnostic& d : diagnostics) out.diagnostics.push_back(FormatDiagnostic(d));
  return out;
}

// One rule of that type with that condition, and further keys.
inline std::string RuleText(std::string_view condition, std::string_view type = "process",
                            std::string_view more = "", std::string_view id = "R") {
  return "[[rules]]\nid = \"" + std::string(id) + "\"\nname = \"n\"\ntype = \"" +
         std::string(type) + "\"\nseverity = \"low\"\n" + std::string(more) + "\ncondition = '''" +
         std::string(condition) + "'''\n";
}

// The ids of the rules that fire.
template <typename E>
Lines Fired(const CompiledText& compiled, const E& event, const EvaluationContext& context = {}) {
  Lines ids;
  if (compiled.rules == nullptr) return {"(does not compile)"};
  Matcher matcher(compiled.rules);
  for (const std::uint32_t rule : matcher.Match(ViewOf(event, context))) {
    const CompiledRule& fired = compiled.rules->rules()[rule];
    ids.push_back(fired.detection ? "mark:" + fired.rule.name : fired.rule.id);
  }
  return ids;
}

// Whether a rule with that condition fires.
template <typename E>
bool Holds(std::string_view condition, const E& event, std::string_view type = "process",
           const EvaluationContext& context = {}) {
  return Fired(CompileText(RuleText(condition, type)), event, context) == Lines{"R"};
}

}  // namespace randguard::testing

#endif  // ANALYZER_RULES_TESTING_RULE_TEST_SUPPORT_H_

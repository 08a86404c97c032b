// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/tools/where.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/source/diagnostic.h"

namespace randguard {
namespace {

constexpr char kPlace[] = "condition";

SourceText TextAt(const std::string& text, bool exact) {
  return {.text = text, .file = kPlace, .runs = {{0, {1, 1}}}, .exact = exact};
}

// Only what a condition can name.
Config Around(const Config& config, Rule rule) {
  Config around;
  around.alerts.built_in_rules = false;
  around.detections = {};
  around.lists = config.lists;
  around.macros = config.macros;
  around.rules = {std::move(rule)};
  return around;
}

// A rule about all events of rules of the type.
Rule RuleFor(RuleType type, SourceText condition) {
  Rule rule;
  rule.id = rule.name = kPlace;
  rule.source = TextAt(kPlace, /*exact=*/false);
  rule.type = type;
  rule.condition = std::move(condition);
  for (const EventClassInfo& info : FieldCatalogue::Get().classes()) {
    if (info.rule_type != type) continue;
    for (const std::string_view event_type : info.event_types) {
      rule.events.push_back(TextAt(std::string(event_type), /*exact=*/false));
    }
  }
  return rule;
}

std::optional<Diagnostic> FirstError(const std::vector<Diagnostic>& diagnostics) {
  const auto found =
      std::find_if(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& diagnostic) {
        return diagnostic.severity == Diagnostic::Severity::kError;
      });
  return found == diagnostics.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

absl::StatusOr<Where> Where::Parse(const std::string& condition, const Config& config) {
  constexpr std::array kTypes = {RuleType::kProcess, RuleType::kFile, RuleType::kNetwork};
  if (condition.find_first_not_of(" \t\n") == condition.npos) {
    return InvalidInput("the condition is empty");
  }
  const auto compile = [&](RuleType type, bool exact, std::vector<Diagnostic>& diagnostics) {
    const Rule rule = RuleFor(type, TextAt(condition, exact));
    return CompileRules(Around(config, rule), diagnostics);
  };
  // A mistake in the text is one for rules of all types, and has the same words in all of them.
  std::vector<std::optional<Diagnostic>> errors;
  for (const RuleType type : kTypes) {
    std::vector<Diagnostic> diagnostics;
    compile(type, /*exact=*/true, diagnostics);
    errors.push_back(FirstError(diagnostics));
  }
  const std::optional<Diagnostic>& first = errors.front();
  if (first.has_value() && std::all_of(errors.begin(), errors.end(),
                                       [&](const auto& error) { return error == first; })) {
    return InvalidInput("%s", FormatDiagnostic(*first));
  }
  // Whether a field is in the events of one type does not matter where it is in those of another.
  std::vector<Matcher> matchers;
  for (const RuleType type : kTypes) {
    std::vector<Diagnostic> diagnostics;
    auto rules = compile(type, /*exact=*/false, diagnostics);
    if (rules != nullptr) matchers.emplace_back(std::move(rules));
  }
  if (matchers.empty()) {
    return InvalidInput("%s: no event can have all that the condition asks for", kPlace);
  }
  return Where(std::move(matchers));
}

bool Where::Fits(const EventView& event) {
  return std::any_of(matchers_.begin(), matchers_.end(),
                     [&](Matcher& matcher) { return !matcher.Match(event).empty(); });
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard rules test|lint|list`, and what all `rand-guard rules` share.
#include "analyzer/cli/rules.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/setup.h"
#include "analyzer/config/names.h"
#include "analyzer/config/rule_checks.h"
#include "analyzer/detect/correlation/timed_tests.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "analyzer/rules/tools/rule_tests.h"
#include "analyzer/source/reporter.h"

namespace randguard::cli {

std::string Joined(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
  return EscapedForTerminal(out);
}

std::shared_ptr<const RuleSet> CompileAllOn(Config config) {
  for (Rule& rule : config.rules) rule.enabled = rule.enabled || !IsIncomplete(rule);
  std::vector<Diagnostic> diagnostics;  // reported already
  return CompileRules(config, diagnostics);
}

std::string Title(const Rule& rule) {
  return absl::StrFormat("%s %s", EscapedForTerminal(rule.id), Quoted(rule.name));
}

int RulesTest(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments);
  if (!loaded.has_value()) return 1;
  const auto rules = CompileAllOn(loaded->config);
  if (rules == nullptr) return Fail(InvalidInput("the rules do not compile when all are on"));
  RuleTestResults results = RunRuleTests(rules);
  RuleTestResults timed = RunCorrelationTests(rules);
  results.tests += timed.tests;
  std::move(timed.failures.begin(), timed.failures.end(), std::back_inserter(results.failures));
  std::move(timed.untested.begin(), timed.untested.end(), std::back_inserter(results.untested));
  for (const Diagnostic& d : results.failures) {
    LogDiagnostic(LogLevel::kError, FormatDiagnostic(d));
  }
  if (!results.untested.empty()) {
    Print("without a case that fires and one that does not: " + Joined(results.untested) + "\n");
  }
  Print(absl::StrFormat("%d tests, %d failed\n", results.tests, results.failures.size()));
  return results.failures.empty() ? 0 : 1;
}

int RulesLint(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments, Report::kLint);
  if (!loaded.has_value()) return 1;
  Print(absl::StrFormat("%d rules, %d of them on with the built-in ones\n",
                        loaded->config.rules.size(), loaded->rules->enabled()));
  return 0;
}

int RulesList(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments, Report::kErrors);
  if (!loaded.has_value()) return 1;
  const auto print = [](const Rule& rule, bool silent) {
    Print(absl::StrFormat("%-26s %-3s %-11s %-8s %s%s%s%s%s%s\n", EscapedForTerminal(rule.id),
                          rule.enabled ? "on" : "off", Name(rule.type), Name(rule.severity),
                          EscapedForTerminal(rule.name), IsIncomplete(rule) ? " (incomplete)" : "",
                          silent ? " (silent: for correlations alone)" : "",
                          rule.tags.empty() ? "" : "  [", Joined(rule.tags),
                          rule.tags.empty() ? "" : "]"));
  };
  for (const CompiledRule& compiled : loaded->rules->rules()) {
    if (!compiled.detection) print(compiled.rule, compiled.silent);
  }
  for (const Rule& rule : loaded->config.rules) {
    if (IsIncomplete(rule)) print(rule, /*silent=*/false);  // nothing was compiled of it
  }
  return 0;
}

}  // namespace randguard::cli

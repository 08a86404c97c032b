// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard rules test|lint|list`, and what all `rand-guard rules` share.
#include "analyzer/cli/rules.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/setup.h"
#include "analyzer/config/names.h"
#include "analyzer/config/rule_checks.h"
#include "analyzer/detect/correlation/timed_tests.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "analyzer/rules/tools/rule_cases.h"
#include "analyzer/rules/tools/rule_tests.h"
#include "analyzer/rules/tools/sigma_text.h"
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

namespace {

// "3 unsupported: field "Hashes", 1 there is no such rule"
std::string ReasonsOf(const std::map<std::string, std::size_t>& reasons) {
  constexpr std::size_t kNamed = 10;
  std::vector<std::pair<std::string_view, std::size_t>> sorted(reasons.begin(), reasons.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string out;
  for (std::size_t i = 0; i < sorted.size() && i < kNamed; ++i) {
    absl::StrAppendFormat(&out, "%s%d %s", i == 0 ? "" : ", ", sorted[i].second,
                          EscapedForTerminal(sorted[i].first));
  }
  if (sorted.size() > kNamed) {
    absl::StrAppendFormat(&out, " and %d more reasons", sorted.size() - kNamed);
  }
  return out.empty() ? "" : " (" + out + ")";
}

int RunCases(const std::shared_ptr<const RuleSet>& rules, const std::string& path) {
  std::ifstream file(path);
  if (!file) return Fail(ErrnoError(errno, "--cases " + path));
  RuleCaseRunner runner(rules);
  std::size_t number = 0, right = 0, wrong = 0, not_loaded = 0;
  std::map<std::string, std::size_t> reasons;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    const RuleCaseRunner::Result result = runner.Run(line);
    switch (result.verdict) {
      case RuleCaseRunner::Verdict::kRight:
        ++right;
        break;
      case RuleCaseRunner::Verdict::kWrong:
        ++wrong;
        Print(absl::StrFormat("%s:%d: %s\n", path, number, EscapedForTerminal(result.why)));
        break;
      case RuleCaseRunner::Verdict::kNotLoaded:
        ++not_loaded;
        ++reasons[result.why];
        break;
    }
  }
  if (file.bad()) return Fail(HostError("--cases %s cannot be read", path));
  Print(absl::StrFormat("%d cases: %d right, %d wrong, %d of rules that are not loaded%s\n",
                        right + wrong + not_loaded, right, wrong, not_loaded, ReasonsOf(reasons)));
  return wrong == 0 ? 0 : 1;
}

}  // namespace

int RulesTest(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments);
  if (!loaded.has_value()) return 1;
  const auto rules = CompileAllOn(loaded->config);
  if (rules == nullptr) return Fail(InvalidInput("the rules do not compile when all are on"));
  if (const auto cases = arguments.Value(option::kCases)) return RunCases(rules, *cases);
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

int RulesReport(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments, Report::kErrors);
  if (!loaded.has_value()) return 1;
  const SigmaReport& report = loaded->rules->sigma();
  if (arguments.Has(option::kReportJson)) {
    std::fputs(SigmaJson(report).c_str(), stdout);
    return 0;
  }
  Print(SigmaLines(report));
  const std::string summary = SigmaSummary(report);
  Print(summary.empty() ? "there are no Sigma files\n" : summary);
  return 0;
}

int RulesLint(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments, Report::kLint);
  if (!loaded.has_value()) return 1;
  Print(absl::StrFormat("%d rules, and %d are on with the built-in ones and those of Sigma\n",
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

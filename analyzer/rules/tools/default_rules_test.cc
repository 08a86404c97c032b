// SPDX-License-Identifier: Apache-2.0
//
// The rules that are installed: etc/config.toml and etc/rules.d.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/config/config.h"
#include "analyzer/config/names.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "analyzer/rules/tools/lint.h"
#include "analyzer/rules/tools/rule_tests.h"
#include "re2/re2.h"
#include "tests/support/page.h"
#include "tests/support/source_root.h"

namespace randguard::default_rules_test {
namespace {

using Lines = std::vector<std::string>;

// Those of the earlier, single-process sensor, and samples of their shape.
bool IsSample(const Rule& rule) {
  return rule.id.starts_with("PROC-") || rule.id.starts_with("FILE-") ||
         rule.id.starts_with("NET-");
}

const Config& Shipped() {
  static const Config config = [] {
    const ConfigResult result = LoadConfig(testing::SourcePath("etc/config.toml"));
    EXPECT_TRUE(result.config.has_value());
    return result.config.value_or(Config{});
  }();
  return config;
}

Lines ShippedRules(bool (*fits)(const Rule&)) {
  Lines ids;
  for (const Rule& rule : Shipped().rules) {
    if (!IsSample(rule) && fits(rule)) ids.push_back(rule.id);
  }
  return ids;
}

TEST(DefaultRulesTest, LintFindsNothing) {
  std::vector<Diagnostic> diagnostics;
  EXPECT_NE(CompileAndLintRules(Shipped(), diagnostics), nullptr);
  Lines found;
  for (const Diagnostic& d : diagnostics) found.push_back(FormatDiagnostic(d));
  EXPECT_EQ(found, Lines{});
}

TEST(DefaultRulesTest, DoWhatTheirTestsSay) {
  Config config = Shipped();
  for (Rule& rule : config.rules) rule.enabled = true;
  std::erase_if(config.rules, IsSample);
  std::vector<Diagnostic> diagnostics;
  const auto rules = CompileRules(config, diagnostics);
  ASSERT_NE(rules, nullptr);
  const RuleTestResults results = RunRuleTests(rules);
  Lines failures;
  for (const Diagnostic& d : results.failures) failures.push_back(FormatDiagnostic(d));
  EXPECT_EQ(failures, Lines{});
  EXPECT_EQ(results.untested, Lines{});
  // Correlations have theirs in detect/correlation.
  EXPECT_GE(results.tests, 2 * static_cast<std::size_t>(std::count_if(
                                   config.rules.begin(), config.rules.end(), [](const Rule& rule) {
                                     return rule.type != RuleType::kCorrelation;
                                   })));
}

// A name can be had: who has it besides is to be asked, too.
TEST(DefaultRulesTest, ExceptionsForProgramsAskForTrust) {
  static const RE2 names(
      R"(\b(exe_path|process_name|(parent|creator)_(name|exe_path|comm)|ancestors|ancestor_names|)"
      R"(script_path|called_name)\b)");
  static const RE2 trust(
      R"(\b(trusted_\w+|of_the_system|of_a_login|by_package_manager|by_container_runtime|)"
      R"(maintains_accounts)\b)");
  static const RE2 user(
      R"(\b(uid == 0|of_the_system|of_a_login|by_package_manager|by_container_runtime|)"
      R"(maintains_accounts)\b)");
  Lines without, untested;
  for (const Rule& rule : Shipped().rules) {
    std::size_t trusting = 0;
    for (const RuleException& exception : rule.unless) {
      const std::string& condition = exception.condition.text;
      const bool asks = RE2::PartialMatch(condition, trust) && RE2::PartialMatch(condition, user);
      if (RE2::PartialMatch(condition, names) && !asks)
        without.push_back(rule.id + ": " + condition);
      if (asks) ++trusting;
    }
    const auto impostors = static_cast<std::size_t>(std::count_if(
        rule.tests.begin(), rule.tests.end(),
        [](const RuleTest& test) { return test.fires && test.name.text.starts_with("impostor"); }));
    if (impostors < 2 * trusting) untested.push_back(rule.id);
  }
  EXPECT_EQ(without, Lines{});
  EXPECT_EQ(untested, Lines{}) << "of each exception, by its name and by an ordinary user";
}

TEST(DefaultRulesTest, SayWhatTheyMeanAndWhatElseMakesThemFire) {
  EXPECT_EQ(ShippedRules([](const Rule& r) { return r.description.empty(); }), Lines{});
  EXPECT_EQ(ShippedRules([](const Rule& r) { return r.references.empty(); }), Lines{});
  EXPECT_EQ(ShippedRules([](const Rule& r) { return r.false_positives.empty(); }), Lines{});
  EXPECT_EQ(ShippedRules([](const Rule& r) {
              static const RE2 technique(R"(attack\.t[0-9]{4}(\.[0-9]{3})?)");
              return std::none_of(r.tags.begin(), r.tags.end(), [](const std::string& tag) {
                return RE2::FullMatch(tag, technique);
              });
            }),
            Lines{});
}

// "attack.t1543.002" is T1543.002; tactics, which have names, are left out.
std::string Techniques(const Rule& rule) {
  std::string out;
  for (const std::string& tag : rule.tags) {
    static const RE2 technique(R"(attack\.t([0-9.]+))");
    std::string number;
    if (!RE2::FullMatch(tag, technique, &number)) continue;
    out += (out.empty() ? "T" : ", T") + number;
  }
  return out;
}

// RANDGUARD_UPDATE=1 writes the table anew.
TEST(DefaultRulesTest, TableOfTheDocumentationIsUpToDate) {
  std::string table = "\n| rule | | | ATT&CK | else fires for |\n|---|---|---|---|---|\n";
  for (const Rule& rule : Shipped().rules) {
    if (IsSample(rule)) continue;
    std::string others;
    for (const std::string& other : rule.false_positives) {
      others += (others.empty() ? "" : "; ") + other;
    }
    absl::StrAppendFormat(&table, "| `%s` %s | %s | %s | %s | %s |\n", rule.id, rule.name,
                          Name(rule.severity), rule.enabled ? "on" : "off", Techniques(rule),
                          others);
  }
  ExpectPartOfPage(testing::SourcePath("docs/rules.md"), "default rules", table + "\n");
}

}  // namespace
}  // namespace randguard::default_rules_test

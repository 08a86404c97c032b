// SPDX-License-Identifier: Apache-2.0
//
// Holds the installed rules against what attackers do: the procedures of
// tests/procedures/procedures.ndjson, what their recording gave
// (tests/replay/procedures/alerts.tsv, which a replay test compares with the recording), and the
// tables in docs/techniques.md.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "analyzer/config/config.h"
#include "analyzer/config/names.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "analyzer/rules/match/matcher.h"
#include "analyzer/rules/tools/event_fixture.h"
#include "re2/re2.h"
#include "tests/support/page.h"
#include "tests/support/source_root.h"

namespace randguard::procedures_test {
namespace {

using Lines = std::vector<std::string>;

struct Procedure {
  std::string technique, what, rule, event;
  std::int64_t number = 0;
};

std::vector<Procedure> Procedures() {
  std::vector<Procedure> procedures;
  std::ifstream file(testing::SourcePath("tests/procedures/procedures.ndjson"));
  EXPECT_TRUE(file.is_open());
  simdjson::dom::parser parser;
  for (std::string line; std::getline(file, line);) {
    const simdjson::dom::element read = parser.parse(line);
    Procedure& p = procedures.emplace_back();
    p.technique = std::string(std::string_view(read["technique"]));
    p.what = std::string(std::string_view(read["what"]));
    p.rule = std::string(std::string_view(read["rule"]));
    p.event = simdjson::minify(read["event"]);
    p.number = std::int64_t(read["number"]);
  }
  return procedures;
}

// The rules that raised alerts when a procedure was carried out, "T1057 #1" -> "DISC-006 low, ...".
// All recorded procedures are there; those that nothing saw have an empty text.
std::map<std::string, std::string> Recorded() {
  std::map<std::string, std::string> recorded;
  std::ifstream file(testing::SourcePath("tests/replay/procedures/alerts.tsv"));
  EXPECT_TRUE(file.is_open());
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> parts = absl::StrSplit(line, '\t');
    EXPECT_EQ(parts.size(), 3U) << line;
    if (parts.size() == 3) recorded[parts[0] + " #" + parts[1]] = parts[2];
  }
  return recorded;
}

std::string Title(const Procedure& p) { return absl::StrFormat("%s #%d", p.technique, p.number); }

const std::shared_ptr<const RuleSet>& Shipped() {
  static const std::shared_ptr<const RuleSet> rules = [] {
    const ConfigResult result = LoadConfig(testing::SourcePath("etc/config.toml"));
    std::vector<Diagnostic> diagnostics;
    return CompileRules(result.config.value_or(Config{}), diagnostics);
  }();
  return rules;
}

const Rule* FindRule(std::string_view id) {
  const auto& rules = Shipped()->rules();
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [&](const CompiledRule& r) { return r.rule.id == id; });
  return found == rules.end() ? nullptr : &found->rule;
}

TEST(ProceduresTest, RaiseTheAlertsThatTheTableNames) {
  ASSERT_NE(Shipped(), nullptr);
  Matcher matcher(Shipped());
  Lines silent;
  for (const Procedure& procedure : Procedures()) {
    TestEvent event;
    event.json.text = procedure.event;
    EventFixture fixture;
    const auto view = fixture.View(event);
    ASSERT_TRUE(view.ok()) << procedure.what << ": " << view.status().message();
    const auto fired = matcher.Match(*view);
    const bool found = std::any_of(fired.begin(), fired.end(), [&](std::uint32_t rule) {
      return Shipped()->rules()[rule].rule.id == procedure.rule;
    });
    if (!found) silent.push_back(procedure.what + ": " + procedure.rule);
  }
  EXPECT_EQ(silent, Lines{});
}

// The table holds for procedures that are carried out, too.
TEST(ProceduresTest, RaiseTheSameAlertsWhenTheyAreCarriedOut) {
  const std::map<std::string, std::string> recorded = Recorded();
  Lines silent;
  for (const Procedure& procedure : Procedures()) {
    const auto found = recorded.find(Title(procedure));
    ASSERT_NE(found, recorded.end()) << Title(procedure);
    const std::vector<std::string> alerts = absl::StrSplit(found->second, ", ");
    const bool raised = std::any_of(alerts.begin(), alerts.end(), [&](const std::string& alert) {
      return absl::StartsWith(alert, procedure.rule + " ");
    });
    if (!raised)
      silent.push_back(Title(procedure) + ": " + procedure.rule + ", not " + found->second);
  }
  EXPECT_EQ(silent, Lines{});
}

// "attack.t1543.002" is T1543.002; absent: a tactic.
std::optional<std::string> TechniqueOf(const std::string& tag) {
  static const RE2 technique(R"(attack\.t([0-9.]+))");
  std::string number;
  if (!RE2::FullMatch(tag, technique, &number)) return std::nullopt;
  return "T" + number;
}

// RANDGUARD_UPDATE=1 writes both tables anew.
TEST(ProceduresTest, TablesOfTheDocumentationAreUpToDate) {
  ASSERT_NE(Shipped(), nullptr);
  std::map<std::string, std::string> by_technique;
  for (const CompiledRule& compiled : Shipped()->rules()) {
    const Rule& rule = compiled.rule;
    if (compiled.detection || compiled.built_in || !rule.alert) continue;
    for (const std::string& tag : rule.tags) {
      const auto technique = TechniqueOf(tag);
      if (!technique.has_value()) continue;
      std::string& rules = by_technique[*technique];
      absl::StrAppendFormat(&rules, "%s`%s` %s", rules.empty() ? "" : ", ", rule.id,
                            rule.enabled ? Name(rule.severity) : "off");
    }
  }
  std::string table = "\n| ATT&CK | rules |\n|---|---|\n";
  for (const auto& [technique, rules] : by_technique) {
    absl::StrAppendFormat(&table, "| %s | %s |\n", technique, rules);
  }
  ExpectPartOfPage(testing::SourcePath("docs/techniques.md"), "techniques", table + "\n");

  table = "\n| procedure | | alerts |\n|---|---|---|\n";
  std::map<std::string, std::string> recorded = Recorded();
  for (const Procedure& p : Procedures()) {
    ASSERT_NE(FindRule(p.rule), nullptr) << p.rule;
    absl::StrAppendFormat(&table, "| %s | %s | %s |\n", Title(p), p.what, recorded[Title(p)]);
  }
  ExpectPartOfPage(testing::SourcePath("docs/techniques.md"), "procedures", table + "\n");
}

}  // namespace
}  // namespace randguard::procedures_test

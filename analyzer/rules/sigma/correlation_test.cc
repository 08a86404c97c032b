// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/sigma/correlation.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/rules/tools/sigma_text.h"

namespace randguard::correlation_test {
namespace {

// A process rule "p", called program, a network rule "n", and a rule "off" of another system.
constexpr std::string_view kBases = R"(
title: p
id: p
name: program
logsource: {product: linux, category: process_creation}
detection: {s: {Image: /bin/x}, condition: s}
level: informational
---
title: n
id: n
logsource: {product: linux, category: network_connection}
detection: {s: {DestinationPort: 22}, condition: s}
---
title: w
id: w
logsource: {product: windows, category: process_creation}
detection: {s: {Image: /bin/x}, condition: s}
)";

struct Loaded {
  std::shared_ptr<const RuleSet> rules;
  std::map<std::string, std::string> outcomes;  // by id: "loaded", or "unsupported: why"

  const CompiledCorrelation& only() const { return rules->correlations().at(0); }
  std::string FieldOf(const ValueSource& source) const {
    return FieldCatalogue::Get().field(source.field).name;
  }
};

Loaded Load(const std::string& correlations, std::string_view own = "") {
  ConfigResult parsed = ParseConfig(own, "c.toml");
  Loaded out;
  if (!parsed.config.has_value()) return out;
  parsed.config->alerts.built_in_rules = false;
  parsed.config->sigma_sources.files = {{"r.yml", std::string(kBases) + correlations}};
  std::vector<Diagnostic> diagnostics;
  out.rules = CompileRules(*parsed.config, diagnostics);
  if (out.rules == nullptr) return out;
  for (const SigmaOutcome& outcome : out.rules->sigma().documents()) {
    out.outcomes[outcome.id] = std::string(StateName(outcome.state)) +
                               (outcome.reason.empty() ? "" : ": " + outcome.reason);
  }
  return out;
}

std::string Correlation(std::string_view id, std::string_view keys) {
  return absl::StrFormat("---\ntitle: %s\nid: %s\nname: name-%s\ncorrelation: {%s}\nlevel: high\n",
                         id, id, id, keys);
}

TEST(SigmaCorrelationTest, RulesAreNamedByIdOrNameAndFieldsAreMappedForEach) {
  const Loaded loaded = Load(Correlation(
      "c", "type: temporal, rules: [program, n], group-by: [User, LogonId], timespan: 5m"));
  ASSERT_EQ(loaded.outcomes.at("c"), "loaded");
  const CompiledCorrelation& c = loaded.only();
  EXPECT_EQ(c.type, CorrelationType::kTemporal);
  EXPECT_EQ(c.timespan_ns, std::uint64_t{300} * 1'000'000'000);
  EXPECT_EQ(c.names, (std::vector<std::string>{"User", "LogonId"}));
  ASSERT_EQ(c.stages.size(), 2u);
  for (const auto& stage : c.stages) {
    EXPECT_EQ(loaded.FieldOf(stage.group[0]), "user");
    EXPECT_EQ(loaded.FieldOf(stage.group[1]), "uid");
    EXPECT_TRUE(loaded.rules->rules()[stage.rule].silent) << "without generate";
  }
  const Rule& rule = loaded.rules->rules()[c.rule].rule;
  EXPECT_EQ(rule.severity, Severity::kHigh);
  EXPECT_EQ(rule.origin, RuleSource::kSigma);
}

TEST(SigmaCorrelationTest, ConditionsAliasesAndValuesAreTakenOver) {
  const Loaded loaded = Load(Correlation(
      "c",
      "type: value_count, rules: [p, n], group-by: who, aliases: {who: {program: LogonId, n: "
      "User}}, timespan: 1w, condition: {gte: 3, lte: 9, field: Image}, generate: true"));
  // They are never equal, which is found when rules are compiled.
  EXPECT_TRUE(loaded.outcomes.at("c").starts_with("unsupported: ")) << loaded.outcomes.at("c");
  const Loaded fitting = Load(Correlation(
      "c",
      "type: value_count, rules: [p, n], group-by: who, aliases: {who: {program: ProcessId, n: "
      "LogonId}}, timespan: 1w, condition: {gte: 3, lte: 9, field: Image}, generate: true"));
  ASSERT_EQ(fitting.outcomes.at("c"), "loaded");
  const CompiledCorrelation& c = fitting.only();
  EXPECT_EQ(c.needed, 3u);
  EXPECT_EQ(c.timespan_ns, std::uint64_t{7} * 86400 * 1'000'000'000);
  EXPECT_EQ(fitting.FieldOf(c.stages[0].group[0]), "pid");
  EXPECT_EQ(fitting.FieldOf(c.stages[1].group[0]), "uid");
  EXPECT_EQ(fitting.FieldOf(c.stages[0].value), "exe_path");
  for (const auto& stage : c.stages) EXPECT_FALSE(fitting.rules->rules()[stage.rule].silent);
}

TEST(SigmaCorrelationTest, ChainsMayStandInAnyOrderAndLookAtRulesOfOurs) {
  const Loaded loaded = Load(
      Correlation("b",
                  "type: temporal_ordered, rules: [name-a, OWN], group-by: [uid], timespan: 1m") +
          Correlation("a",
                      "type: event_count, rules: p, group-by: [uid], timespan: 1m, condition: "
                      "{gt: 4}"),
      "[[rules]]\nid = \"OWN\"\nname = \"o\"\ntype = \"process\"\nseverity = \"low\"\ncondition = "
      "'uid == 0'\n");
  EXPECT_EQ(loaded.outcomes.at("a"), "loaded");
  EXPECT_EQ(loaded.outcomes.at("b"), "loaded");
  EXPECT_EQ(loaded.rules->correlations().size(), 2u);
}

// A circle through rules of ours and a document: an error, since rules of ours are not left out.
TEST(SigmaCorrelationTest, RulesOfOursThatLookAtWhatIsLeftOutAreAnError) {
  const auto own = [](std::string_view id, std::string_view rules) {
    return absl::StrFormat(
        "[[rules]]\nid = \"%s\"\nname = \"o\"\ntype = \"correlation\"\nseverity = \"low\"\n"
        "[rules.correlation]\ntype = \"temporal\"\nrules = %s\ntimespan = \"1m\"\n",
        id, rules);
  };
  const std::string bases =
      "[[rules]]\nid = \"OWN\"\nname = \"o\"\ntype = \"process\"\nseverity = \"low\"\ncondition "
      "= 'uid == 0'\n";
  const std::string good = own("GOOD", "[\"OWN\", \"p\"]");
  EXPECT_NE(Load("", bases + good).rules, nullptr);
  EXPECT_EQ(Load(Correlation("c", "type: temporal, rules: [p, LOOP], timespan: 1m"),
                 bases + good + own("LOOP", "[\"OWN\", \"c\"]"))
                .rules,
            nullptr);
  EXPECT_EQ(Load(Correlation("big",
                             "type: event_count, rules: p, timespan: 1m, condition: "
                             "{gte: 5000}"),
                 bases + good + own("N", "[\"OWN\", \"big\"]"))
                .rules,
            nullptr);
}

TEST(SigmaCorrelationTest, WhatCannotBeEvaluatedIsLeftOutWithTheReasonAndNothingElseIs) {
  const std::map<std::string, std::pair<std::string, std::string>> cases = {
      {"missing", {"type: temporal, rules: [p, nobody], timespan: 5m", "\"nobody\" is not loaded"}},
      {"filtered", {"type: temporal, rules: [p, w], timespan: 5m", "\"w\" is not loaded"}},
      {"itself", {"type: temporal, rules: [p, itself], timespan: 5m", "looks at this correlation"}},
      {"circle1",
       {"type: temporal, rules: [p, circle2], timespan: 5m", "\"circle2\" is not loaded"}},
      {"circle2",
       {"type: temporal, rules: [p, circle1], timespan: 5m", "\"circle1\" is not loaded"}},
      {"below", {"type: temporal, rules: [p, range], timespan: 5m", "cannot be evaluated"}},
      {"BUILTIN-X", {"type: temporal, rules: [p, n], timespan: 5m", "are reserved"}},
      {"range",
       {"type: event_count, rules: p, timespan: 5m, condition: {gte: 5, lt: 3}", "can never fire"}},
      {"field",
       {"type: event_count, rules: p, group-by: [Hashes], timespan: 5m, condition: {gte: 5}",
        "programs are not hashed"}},
      {"unknown",
       {"type: event_count, rules: p, group-by: [Nothing], timespan: 5m, condition: {gte: 5}",
        "the mapping has none of this name"}},
      {"kind",
       {"type: event_cuont, rules: p, timespan: 5m, condition: {gte: 5}",
        "did you mean \"event_count\"?"}},
      {"key",
       {"type: temporal, rules: [p, n], timespan: 5m, groupby: [User]",
        "did you mean \"group-by\"?"}},
      {"words",
       {"type: temporal, rules: [p, n], timespan: 5m, condition: p and not n",
        "more than its rules"}},
      {"month",
       {"type: event_count, rules: p, timespan: 1M, condition: {gte: 5}", "timespan \"1M\""}},
      {"bound",
       {"type: event_count, rules: p, timespan: 5m, condition: {gte: many}",
        "takes a whole number"}},
      {"none", {"type: event_count, rules: p, timespan: 5m", "the condition is missing"}},
      {"empty",
       {"type: event_count, rules: [], timespan: 5m, condition: {gte: 5}", "list of names"}},
      {"twice", {"type: temporal, rules: [p, p], timespan: 5m", "has \"p\" twice"}},
      {"alias",
       {"type: event_count, rules: p, group-by: a, aliases: {a: p}, timespan: 5m, condition: {gte: "
        "5}",
        "a mapping of rules to fields"}},
  };
  std::string documents = Correlation("good", "type: temporal, rules: [p, n], timespan: 5m");
  for (const auto& [id, c] : cases) documents += Correlation(id, c.first);
  const Loaded loaded = Load(documents);
  ASSERT_NE(loaded.rules, nullptr);
  for (const auto& [id, c] : cases) {
    const std::string& outcome = loaded.outcomes.at(id);
    EXPECT_FALSE(outcome.starts_with("loaded")) << id;
    EXPECT_NE(outcome.find(c.second), outcome.npos) << id << ": " << outcome;
  }
  EXPECT_EQ(loaded.outcomes.at("good"), "loaded");
  EXPECT_EQ(loaded.rules->correlations().size(), 1u);
}

}  // namespace
}  // namespace randguard::correlation_test

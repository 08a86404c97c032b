// SPDX-License-Identifier: Apache-2.0
//
// Documents of Sigma: what becomes of them, and how rules of them are shown. Cases that fire, and
// near misses, are in testdata/cases.jsonl.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/config/sigma_files.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/rules/match/matcher.h"
#include "analyzer/rules/sigma/condition.h"
#include "analyzer/rules/sigma/mapping.h"
#include "analyzer/rules/sigma/pattern.h"
#include "analyzer/rules/tools/event_fixture.h"
#include "analyzer/rules/tools/explain.h"
#include "analyzer/rules/tools/rule_cases.h"
#include "analyzer/rules/tools/sigma_text.h"
#include "tests/support/source_root.h"

namespace randguard::sigma_test {
namespace {

using State = SigmaOutcome::State;
using Lines = std::vector<std::string>;

struct Loaded {
  std::shared_ptr<const RuleSet> rules;
  Lines diagnostics;

  const SigmaOutcome& only() const { return rules->sigma().documents().at(0); }
  const Rule& rule() const { return rules->rules().at(0).rule; }
};

Loaded Load(std::string_view yaml, std::string_view config_text = "",
            std::optional<std::string> mapping = std::nullopt,
            UnusedNames unused = UnusedNames::kIgnore) {
  ConfigResult parsed = ParseConfig(config_text, "c.toml");
  Loaded out;
  std::vector<Diagnostic> diagnostics = parsed.diagnostics;
  if (parsed.config.has_value()) {
    parsed.config->alerts.built_in_rules = false;
    parsed.config->sigma_sources.files = {{"r.yml", std::string(yaml)}};
    if (mapping.has_value()) parsed.config->sigma_sources.mapping = {{"m.toml", *mapping}};
    out.rules = CompileRules(*parsed.config, diagnostics, unused);
  }
  for (const Diagnostic& d : diagnostics) out.diagnostics.push_back(FormatDiagnostic(d));
  return out;
}

// A rule of these lines of `detection`.
std::string RuleOf(std::string_view detection, std::string_view more = "",
                   std::string_view category = "process_creation") {
  std::string out = "title: T\nid: R\n" + std::string(more) +
                    "logsource: {product: linux, category: " + std::string(category) +
                    "}\ndetection:\n";
  std::string line;
  for (const char c : detection) {
    line += c;
    if (c == '\n') out += "  " + std::exchange(line, {});
  }
  return out + "  " + line + "\n";
}

// "unsupported 7: reason"
std::string OutcomeOf(std::string_view yaml, std::string_view config = "") {
  const Loaded loaded = Load(yaml, config);
  if (loaded.rules == nullptr) return "refused";
  const SigmaOutcome& outcome = loaded.only();
  return absl::StrFormat("%s %d: %s", StateName(outcome.state), outcome.position.line,
                         outcome.reason);
}

TEST(SigmaTest, CasesHold) {
  std::vector<Diagnostic> diagnostics;
  SigmaConfig sigma;
  const std::string folder = testing::SourcePath("analyzer/rules/sigma/testdata");
  sigma.paths = {folder + "/rules"};
  Config config;
  config.sigma.disable = {"out-disabled"};
  config.placeholders = {{"admins", {"ann", "root"}}};
  config.sigma_sources = ReadSigmaSources("/nowhere/config.toml", sigma, diagnostics);
  const auto rules = CompileRules(config, diagnostics);
  ASSERT_NE(rules, nullptr);
  RuleCaseRunner runner(rules);
  std::ifstream file(folder + "/cases.jsonl");
  std::size_t cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    const auto result = runner.Run(line);
    EXPECT_EQ(result.verdict, RuleCaseRunner::Verdict::kRight)
        << "line " << cases + 1 << ": " << result.why;
  }
  EXPECT_GT(cases, 500u);
}

TEST(SigmaTest, LeftOutForTheReasonThatTheIdNames) {
  std::vector<Diagnostic> diagnostics;
  SigmaConfig sigma;
  sigma.paths = {testing::SourcePath("analyzer/rules/sigma/testdata/rules/left_out.yml")};
  Config config;
  config.sigma.disable = {"out-disabled"};
  config.sigma_sources = ReadSigmaSources("/nowhere/config.toml", sigma, diagnostics);
  const auto rules = CompileRules(config, diagnostics);
  ASSERT_NE(rules, nullptr);
  std::map<std::string, std::string> groups;
  for (const SigmaOutcome& outcome : rules->sigma().documents()) {
    EXPECT_NE(outcome.state, State::kLoaded) << outcome.id;
    EXPECT_NE(outcome.position.line, 0u) << outcome.id;
    groups.try_emplace(outcome.id, std::string(StateName(outcome.state)) + ": " + outcome.group);
  }
  const std::map<std::string, std::string> expected = {
      {"out-windows", "filtered: log source (product: windows, category: process_creation)"},
      {"out-auth", "filtered: log source (product: linux, service: auth)"},
      {"out-status", "filtered: status deprecated, not in sigma.status"},
      {"out-disabled", "filtered: id in sigma.disable"},
      {"out-hashes", "unsupported: field \"Hashes\""},
      {"out-field", "unsupported: field \"NoSuchField\""},
      {"out-modifier", "unsupported: modifier \"rot13\""},
      {"out-aggregation", "unsupported: aggregation in a condition"},
      {"out-placeholder", "unsupported: placeholder %nobody% without values"},
      {"out-regex", "unsupported: regular expression"},
      {"out-never", "unsupported: rule that can never match"},
      {"out-unknown-selection",
       "broken: condition: there is no selection \"selction\"; did you mean \"selection\"?"},
      {"out-correlation", "unsupported: correlation of the type \"event_counts\""},
      {"out-record", "unsupported: value \"USER_AUTH\" of field \"type\""},
      {"out-call-arguments", "unsupported: rule that can never match"},
      {"out-key", "unsupported: rule that fires for every event"},
      {"out-no-title", "broken: the title is missing"},
  };
  for (const auto& [id, group] : expected) {
    EXPECT_EQ(groups[id], group) << id;
  }
}

TEST(SigmaTest, MetadataComesWithTheRule) {
  const Loaded loaded =
      Load(RuleOf("s: {Image: /x}\ncondition: s",
                  "author: Ann\nlevel: informational\nstatus: stable\ndescription: what it is\n"
                  "references: [a, b]\ntags: [attack.t1059]\nfalsepositives: nobody\n"));
  ASSERT_EQ(loaded.only().state, State::kLoaded);
  const Rule& rule = loaded.rule();
  EXPECT_EQ(rule.id, "R");
  EXPECT_EQ(rule.name, "T");
  EXPECT_EQ(rule.author, "Ann");
  EXPECT_EQ(rule.severity, Severity::kInformational);
  EXPECT_EQ(rule.status, SigmaStatus::kStable);
  EXPECT_EQ(rule.origin, RuleSource::kSigma);
  EXPECT_EQ(rule.description, "what it is");
  EXPECT_EQ(rule.references, (Lines{"a", "b"}));
  EXPECT_EQ(rule.tags, (Lines{"attack.t1059"}));
  EXPECT_EQ(rule.false_positives, (Lines{"nobody"}));
  EXPECT_EQ(rule.source.At(0).line, 2u);
}

TEST(SigmaTest, WithoutAnIdTheFileNamesTheRule) {
  std::string yaml = RuleOf("s: {Image: /x}\ncondition: s");
  yaml.erase(yaml.find("id: R\n"), 6);
  EXPECT_EQ(Load(yaml).rule().id, "r");
  EXPECT_EQ(Load(yaml + "---\n" + yaml).rules->rules().at(1).rule.id, "r#2");
}

TEST(SigmaTest, BrokenAtItsLine) {
  const std::pair<std::string, std::string> broken[] = {
      {"s: {Image: /x}", "broken 5: the condition is missing"},
      {"s: {}\ncondition: s", "broken 5: a selection is empty"},
      {"s: []\ncondition: s", "broken 5: a selection is empty"},
      {"s:\ncondition: s", "broken 5: a selection is empty"},
      {"s: {Image: {a: b}}\ncondition: s",
       "broken 5: \"Image\" holds a mapping; expected a text or a list of texts"},
      {"s: {Image: [[a]]}\ncondition: s",
       "broken 5: a value of \"Image\" is a sequence; expected a text"},
      {"s: {Image: /x}\ncondition: s and",
       "broken 6: condition: expected a selection, \"not\" or "
       "\"(\", found its end"},
      {"s: {Image: /x}\ncondition: (s", "broken 6: condition: expected \")\", found its end"},
      {"s: {Image: /x}\ncondition: s)",
       "broken 6: condition: expected \"and\", \"or\" or the end, "
       "found \")\""},
      {"s: {Image: /x}\ncondition: s s",
       "broken 6: condition: expected \"and\", \"or\" or the end, "
       "found \"s\""},
      {"s: {Image: /x}\ncondition: 1 of f_*", "broken 6: condition: no selection fits \"f_*\""},
      {"s: {Image: /x}\ncondition: [s, [s]]",
       "broken 6: a condition is a text; this is a sequence"},
      {"s: {Image|contains: null}\ncondition: s",
       "broken 5: null in \"Image|contains: null\": nothing is there that contains could look at"},
      {"s: {Image|re|contains: a}\ncondition: s",
       "broken 5: the modifier contains does not go with another one of \"Image|re|contains: a\""},
      {"s: {Image|i: a}\ncondition: s", "broken 5: \"Image|i: a\": i is for re"},
      {"s: {Image|all|all: [a, b]}\ncondition: s", "broken 5: the modifier all comes twice"},
      {"s: {Image|exists: maybe}\ncondition: s",
       "broken 5: \"Image|exists: maybe\": exists takes true or false"},
      {"s: {ProcessId|lt: many}\ncondition: s",
       "broken 5: \"ProcessId|lt: many\": lt takes one whole number"},
      {"s: {CommandLine|base64: a*}\ncondition: s",
       "broken 5: \"a*\" in \"CommandLine|base64: a*\" has wildcards, which cannot be encoded: "
       "write "
       "\\* for a \"*\" of the text"},
      {"s: {'|exists': true}\ncondition: s", "broken 5: \"|exists: true\" needs a field"},
  };
  for (const auto& [detection, expected] : broken) {
    EXPECT_EQ(OutcomeOf(RuleOf(detection)), expected) << detection;
  }
}

TEST(SigmaTest, UnsupportedAtItsLine) {
  const std::pair<std::string, std::string> unsupported[] = {
      {"s: {Image|contain: a}\ncondition: s",
       "unsupported 5: modifier \"contain\"; there is none of this "
       "name; did you mean \"contains\"?"},
      {"s: {Image|hour: 3}\ncondition: s",
       "unsupported 5: modifier \"hour\"; parts of a time cannot be compared"},
      {"s: {Image: /x}\ncondition: 2 of s*",
       "unsupported 6: quantifier \"2\"; there are \"1 of\", "
       "\"any of\" and \"all of\""},
      {"s: {Image: /x}\ntimeframe: 5m\ncondition: s",
       "unsupported 6: timeframe in a detection; a correlation rule says the same"},
      {"s: {ProcessId: '1*'}\ncondition: s",
       "unsupported 5: pattern for the number \"ProcessId\"; write the numbers, or compare with "
       "lt, "
       "lte, gt and gte"},
      {"s: {Image|gt: 5}\ncondition: s", "unsupported 5: comparison by size of the text \"Image\""},
      {"s: {Image|fieldref: ProcessId}\ncondition: s",
       "unsupported 5: comparison of \"Image\" with \"ProcessId\"; one is a text, the other a "
       "number"},
      {"s: {TargetFilename: /x}\ncondition: s",
       "unsupported 5: field \"TargetFilename\"; the mapping has none of this name"},
      {"s: {remote_addr: 1.1.1.1}\ncondition: s",
       "unsupported 5: field \"remote_addr\"; the events of process_creation have nothing that it "
       "could be"},
      {"s: {time: x}\ncondition: s",
       "unsupported 5: field \"time\"; only whether it is there can be "
       "asked"},
  };
  for (const auto& [detection, expected] : unsupported) {
    EXPECT_EQ(OutcomeOf(RuleOf(detection)), expected) << detection;
  }
}

TEST(SigmaTest, MetadataThatIsWrongIsBroken) {
  const std::string detection = "s: {Image: /x}\ncondition: s";
  EXPECT_EQ(OutcomeOf(RuleOf(detection, "level: urgent\n")),
            "broken 3: level: \"urgent\" is none of \"informational\", \"low\", \"medium\", "
            "\"high\", \"critical\"");
  EXPECT_EQ(OutcomeOf(RuleOf(detection, "status: new\n")),
            "broken 3: status: \"new\" is none of \"stable\", \"test\", \"experimental\", "
            "\"deprecated\", \"unsupported\"");
  EXPECT_EQ(OutcomeOf(RuleOf(detection, "description: [a]\n")),
            "broken 3: description: expected a text, found a sequence");
  EXPECT_EQ(OutcomeOf("just a text"),
            "broken 1: a document of Sigma is a mapping; this is a scalar");
  EXPECT_EQ(OutcomeOf("title: T\ndetection: {}\n"),
            "broken 1: the logsource is missing: where the rule's events come from");
}

TEST(SigmaTest, LevelsAndStatusesThatAreNotAskedFor) {
  const std::string low = RuleOf("s: {Image: /x}\ncondition: s", "level: low\nstatus: test\n");
  EXPECT_EQ(OutcomeOf(low), "loaded 1: ");
  EXPECT_EQ(OutcomeOf(low, "[sigma]\nmin_level = \"low\"\n"), "loaded 1: ");
  EXPECT_EQ(OutcomeOf(low, "[sigma]\nmin_level = \"medium\"\n"),
            "filtered 1: level low, below sigma.min_level");
  EXPECT_EQ(OutcomeOf(low, "[sigma]\nstatus = [\"stable\"]\n"),
            "filtered 1: status test, not in sigma.status");
  EXPECT_EQ(OutcomeOf(low, "[sigma]\nstatus = []\n"), "loaded 1: ");
}

TEST(SigmaTest, RefuseMakesErrorsOfWhatIsLeftOut) {
  const std::string yaml = RuleOf("s: {Hashes: x}\ncondition: s");
  const Loaded skipped = Load(yaml);
  ASSERT_NE(skipped.rules, nullptr);
  ASSERT_EQ(skipped.diagnostics.size(), 1u);
  EXPECT_TRUE(skipped.diagnostics[0].starts_with("r.yml:5:7: warning: field \"Hashes\""))
      << skipped.diagnostics[0];
  const Loaded refused = Load(yaml, "[sigma]\non_unsupported = \"refuse\"\n");
  EXPECT_EQ(refused.rules, nullptr);
  EXPECT_EQ(refused.diagnostics, (Lines{"r.yml:5:7: error: field \"Hashes\"; programs are not "
                                        "hashed"}));
}

TEST(SigmaTest, AMistakeCostsNoOtherDocument) {
  const std::string good = RuleOf("s: {Image: /x}\ncondition: s");
  const Loaded loaded = Load("title: [\n---\n" + good);
  EXPECT_EQ(loaded.rules->sigma().counts().broken, 1u);
  const Loaded second = Load(good + "---\ntitle: x\n---\n" + "a: &b c\n");
  EXPECT_EQ(second.rules->sigma().counts().loaded, 1u);
  EXPECT_EQ(second.rules->sigma().counts().broken, 2u);
}

std::string Explain(const std::string& yaml, const std::string& json) {
  const Loaded loaded = Load(yaml);
  TestEvent event;
  event.json.text = json;
  EventFixture fixture;
  const auto view = fixture.View(event);
  Matcher matcher(loaded.rules);
  matcher.Match(*view);
  return Explanation(loaded.rules->rules().at(0), matcher, *view).text();
}

TEST(SigmaTest, ExplainedInTheRulesOwnWords) {
  EXPECT_EQ(Explain(RuleOf("sel: {CommandLine|contains: xa}\nfilter_b: {CommandLine: b}\n"
                           "condition: sel and not 1 of filter_*"),
                    R"({"event_type":"process_start","command_line":"a xa"})"),
            "  + sel (r.yml:5)\n"
            "    + CommandLine|contains: xa\n"
            "          command_line: \"a xa\"\n"
            "  unless filter_b:\n"
            "    - filter_b (r.yml:6)\n"
            "      - CommandLine: b\n"
            "            command_line: \"a xa\"\n");
}

TEST(SigmaTest, DeniedSelectionsAreExceptionsByName) {
  const auto names = [](std::string_view condition) {
    const Loaded loaded =
        Load(RuleOf("s: {Image: /s}\nfilter_a: {CommandLine: a}\nfilter_b: {CommandLine: b}\n"
                    "condition: " +
                    std::string(condition)));
    Lines out;
    for (const TreePart& part : loaded.rules->rules().at(0).tree.parts) {
      if (part.exception) out.push_back(part.name);
    }
    return out;
  };
  EXPECT_EQ(names("s and not 1 of filter_*"), (Lines{"filter_a", "filter_b"}));
  EXPECT_EQ(names("s and not filter_a and not filter_b"), (Lines{"filter_a", "filter_b"}));
  EXPECT_EQ(names("s and not (filter_a or filter_b)"), (Lines{"filter_a", "filter_b"}));
  EXPECT_EQ(names("s and not all of filter_*"), (Lines{"all of filter_*"}));
  EXPECT_EQ(names("s or not filter_a"), (Lines{}));
}

TEST(SigmaTest, BranchesThatCanNeverMatchAreDoubted) {
  const Loaded loaded =
      Load(RuleOf("a: {CommandLine|startswith: x}\nb:\n  CommandLine|startswith: [y, z]\n  "
                  "CommandLine|endswith|cased: e\n  CommandLine: xe\ncondition: a or b"));
  ASSERT_EQ(loaded.only().state, State::kLoaded);
  ASSERT_EQ(loaded.only().doubts.size(), 1u);
  EXPECT_EQ(loaded.only().doubts[0].first.line, 6u);
}

TEST(SigmaTest, ObsoleteRulesThatAreLoadedAreDoubted) {
  const std::string old = RuleOf("s: {Image: /x}\ncondition: s");
  std::string newer =
      RuleOf("s: {Image: /y}\ncondition: s", "related:\n  - {id: R, type: obsolete}\n");
  newer.replace(newer.find("id: R\n"), 6, "id: N\n");
  const Loaded loaded = Load(old + "---\n" + newer, "", std::nullopt, UnusedNames::kReport);
  ASSERT_EQ(loaded.diagnostics.size(), 1u);
  EXPECT_NE(loaded.diagnostics[0].find("it is obsolete: N"), std::string::npos)
      << loaded.diagnostics[0];
}

TEST(SigmaTest, AMappingGoesOverTheBuiltInOne) {
  const std::string yaml = RuleOf("s: {Who: ann}\ncondition: s");
  EXPECT_EQ(Load(yaml).only().state, State::kUnsupported);
  EXPECT_EQ(Load(yaml, "", "[fields.process]\nWho = \"user\"\n").only().state, State::kLoaded);
  const std::string own = RuleOf("s: {Who: ann}\ncondition: s", "", "login");
  EXPECT_EQ(Load(own).only().state, State::kFiltered);
  EXPECT_EQ(Load(own, "", R"([fields.mine]
Who = "user"
[[logsources]]
name = "login"
category = "login"
type = "process"
events = ["credentials_change"]
condition = 'uid == 0'
fields = ["process", "mine"]
)")
                .only()
                .state,
            State::kLoaded);
}

TEST(SigmaTest, MistakesInAMappingAreErrorsAtTheirPlace) {
  const std::pair<std::string, std::string> mappings[] = {
      {"[fields.process]\nWho = \"usr\"\n",
       "m.toml:2:7: error: there is no field \"usr\"; did you mean \"user\"?"},
      {"[fields.process]\nWho = { path = true }\n",
       "m.toml:2:7: error: a field needs field, ignored or unsupported"},
      {"[fields.process]\nWho = { field = \"user\", x = 1 }\n",
       "m.toml:2:25: error: unknown key \"x\"; a field has field, called, path, values, events, "
       "ignored and unsupported"},
      {"[[logsources]]\nname = \"x\"\n",
       "m.toml:1:1: error: logsources: each needs a name and "
       "events"},
      {"[[logsources]]\nname = \"x\"\nevents = [\"process_begin\"]\n",
       "m.toml:3:10: error: there is no event type \"process_begin\""},
      {"[[logsources]]\nname = \"x\"\nevents = [\"process_start\"]\nfields = [\"none\"]\n",
       "m.toml:4:10: error: there is no table [fields.none]"},
      {"[[logsources]]\nname = \"x\"\nevents = [\"process_start\"]\ncondition = 'usr == 0'\n",
       "m.toml:4:14: error: there is no field \"usr\"; did you mean \"user\"?"},
      {"other = 1\n",
       "m.toml:1:1: error: unknown key \"other\"; a mapping has logsources, fields "
       "and same_paths"},
  };
  for (const auto& [mapping, expected] : mappings) {
    const Loaded loaded = Load(RuleOf("s: {Image: /x}\ncondition: s"), "", mapping);
    EXPECT_EQ(loaded.rules, nullptr);
    ASSERT_FALSE(loaded.diagnostics.empty()) << mapping;
    EXPECT_TRUE(loaded.diagnostics[0].starts_with(expected)) << loaded.diagnostics[0];
  }
}

TEST(SigmaTest, CalledNamesAreInNoException) {
  const FieldId called = *FieldCatalogue::Get().Find("called_paths");
  const Loaded loaded = Load(RuleOf("s: {Image: /s}\nf: {Image: /f}\ncondition: s and not f"));
  const RuleTree& tree = loaded.rules->rules().at(0).tree;
  for (const TreePart& part : tree.parts) {
    bool found = false;
    ForEachPredicate(tree, part.root, [&](const TreePredicate& p, const TreeNode&) {
      found = found || p.predicate.field == called;
    });
    EXPECT_EQ(found, !part.exception) << part.name;
  }
}

TEST(SigmaTest, ValuesThatMultiplyAreBounded) {
  std::string list = "s:\n  CommandLine|windash|contains:\n";
  for (int i = 0; i < 100; ++i) list += "    - ' -a -b -c -d " + std::to_string(i) + "'\n";
  EXPECT_EQ(OutcomeOf(RuleOf(list + "condition: s")), "unsupported 6: more than 10000 values");
  EXPECT_EQ(
      OutcomeOf(RuleOf("s: {CommandLine|windash: '-a -b -c -d -e'}\ncondition: s")),
      "broken 5: \"-a -b -c -d -e\" in \"CommandLine|windash: -a -b -c -d -e\" has more dashes "
      "than are taken");
  std::string file;
  for (int i = 0; i < 200; ++i) {
    std::string rule = RuleOf("s: {CommandLine|windash: '-a -b -c -d'}\ncondition: s");
    rule.replace(rule.find("id: R"), 5, "id: R" + std::to_string(i));
    file += "---\n" + rule;
  }
  const SigmaHealth counts = Load(file).rules->sigma().counts();
  EXPECT_EQ(counts.loaded, 26u);  // 625 values each, of 16,384
  EXPECT_EQ(counts.unsupported, 174u);
  std::string condition = "s: {Image: /x}\ncondition: ";
  for (int i = 0; i < 70; ++i) condition += "not ";
  EXPECT_EQ(OutcomeOf(RuleOf(condition + "s")),
            "unsupported 6: condition nested more than 64 deep");
}

// Files below the limits of YAML, of which each is work for its size only because of these bounds.
TEST(SigmaTest, ShapesThatAreLargeAreRefusedByName) {
  const auto value = [](const std::string& text) {
    return Load(RuleOf("s: {CommandLine|contains: '" + text + "'}\ncondition: s")).only();
  };
  EXPECT_EQ(value(std::string(16384, 'a')).state, State::kLoaded);
  EXPECT_EQ(value(std::string(16385, 'a')).reason, "value of more than 16384 bytes");
  std::string stars;
  for (int i = 0; i < 64; ++i) stars += "*a";
  EXPECT_EQ(value(stars).state, State::kLoaded);
  EXPECT_EQ(value(stars + "*a*b").reason, "value of more than 64 wildcards");
}

using MakeItem = std::function<std::string(std::size_t)>;

// A file of `count` rules with one selection of one item.
Loaded LoadRules(std::size_t count, const MakeItem& item) {
  std::string file;
  for (std::size_t i = 0; i < count; ++i) {
    std::string rule = RuleOf("s: {" + item(i) + "}\ncondition: s");
    rule.replace(rule.find("id: R"), 5, "id: R" + std::to_string(i));
    file += "---\n" + rule;
  }
  return Load(file);
}

// How many rules before the first that is not loaded, and why that is not.
std::pair<std::size_t, std::string> LoadedOf(std::size_t count, const MakeItem& item) {
  const Loaded loaded = LoadRules(count, item);
  std::size_t first = 0;
  for (const SigmaOutcome& outcome : loaded.rules->sigma().documents()) {
    if (outcome.state != State::kLoaded) return {first, outcome.reason};
    ++first;
  }
  return {first, ""};
}

TEST(SigmaTest, DocumentsOfAFileAreBounded) {
  const auto image = [](std::size_t i) { return "Image: /x" + std::to_string(i); };
  EXPECT_EQ(LoadedOf(2048, image), (std::pair<std::size_t, std::string>{2048, ""}));
  EXPECT_EQ(LoadedOf(2050, image),
            (std::pair<std::size_t, std::string>{2048, "more than 2048 documents in a file"}));
}

TEST(SigmaTest, RegularExpressionsOfAFileAreBounded) {
  const auto heavy = [](std::size_t i) {
    return "CommandLine|re: '(a{1,900})" + std::to_string(i) + "'";
  };
  EXPECT_EQ(LoadedOf(20, heavy),
            (std::pair<std::size_t, std::string>{
                5,
                "regular expression \"(a{1,900})5\": the file's regular expressions have more "
                "than 8192 steps; divide it into several"}));
  // One that stands in many rules is compiled once.
  const auto same = [](std::size_t) { return "CommandLine|re: '(a{1,900})'"; };
  EXPECT_EQ(LoadedOf(20, same), (std::pair<std::size_t, std::string>{20, ""}));
  // Those that RE2 does not know cost nothing.
  const auto unknown = [](std::size_t i) {
    return "CommandLine|re: '" + std::string(i < 20 ? "(?!a)" : "") + "b" + std::to_string(i) + "'";
  };
  EXPECT_EQ(LoadRules(40, unknown).rules->sigma().counts().loaded, 20u);
  const auto usual = [](std::size_t i) {
    return "CommandLine|re: 'a.*b" + std::to_string(i) + "'";
  };
  EXPECT_EQ(LoadedOf(400, usual), (std::pair<std::size_t, std::string>{400, ""}));
}

TEST(SigmaTest, FiltersAreBoundedByTheirUses) {
  constexpr std::size_t kRules = 400, kFilters = 100;
  std::string yaml;
  for (std::size_t i = 0; i < kRules; ++i) {
    yaml += "---\ntitle: T\nid: R" + std::to_string(i) +
            "\nlogsource: {product: linux, category: process_creation}\n"
            "detection: {s: {Image: /x" +
            std::to_string(i) + "}, condition: s}\n";
  }
  for (std::size_t i = 0; i < kFilters; ++i) {
    yaml += "---\ntitle: F\nid: F" + std::to_string(i) +
            "\nlogsource: {product: linux, category: process_creation}\n"
            "filter: {rules: any, s: {User: u" +
            std::to_string(i) + "}, condition: not s}\n";
  }
  const Loaded loaded = Load(yaml);
  std::size_t filters = 0, rules = 0, refused = 0;
  for (const SigmaOutcome& outcome : loaded.rules->sigma().documents()) {
    if (outcome.state == State::kLoaded) {
      ++(outcome.kind == SigmaOutcome::Kind::kFilter ? filters : rules);
    } else {
      ++refused;
      EXPECT_EQ(
          outcome.reason,
          "filters with more than 8192 uses in rules, in one file; name the rules that the filter "
          "is about");
    }
  }
  EXPECT_EQ(rules, kRules);
  EXPECT_EQ(filters, 8192 / kRules);
  EXPECT_EQ(refused, kFilters - filters);
}

TEST(SigmaTest, AFilterNamesItsRulesInAListOrOneAlone) {
  for (const std::string_view rules : {"R", "[R]", "[missing, R]", "any"}) {
    const Loaded loaded =
        Load(RuleOf("s: {Image: /x}\ncondition: s") +
             "---\ntitle: F\nid: F\nlogsource: {product: linux, category: process_creation}\n"
             "filter: {rules: " +
             std::string(rules) + ", s: {User: u}, condition: not s}\n");
    ASSERT_NE(loaded.rules, nullptr);
    ASSERT_EQ(loaded.rules->sigma().documents().at(1).state, State::kLoaded) << rules;
    EXPECT_TRUE(loaded.rules->rules().at(0).tree.parts.back().exception) << rules;
  }
}

TEST(SigmaPatternTest, Shapes) {
  using T = sigma::Shape::Type;
  const auto shape = [](std::string_view text) {
    return sigma::ShapeOf(sigma::Pattern::Parse(text));
  };
  const std::tuple<std::string, T, std::string> shapes[] = {{"abc", T::kEqual, "abc"},
                                                            {"", T::kEqual, ""},
                                                            {"abc*", T::kStart, "abc"},
                                                            {"*abc", T::kEnd, "abc"},
                                                            {"*abc*", T::kPart, "abc"},
                                                            {"**abc**", T::kPart, "abc"},
                                                            {"*", T::kAny, ""},
                                                            {"***", T::kAny, ""},
                                                            {"\\*", T::kEqual, "*"},
                                                            {"\\?", T::kEqual, "?"},
                                                            {"a\\b", T::kEqual, "a\\b"},
                                                            {"a\\\\b", T::kEqual, "a\\b"},
                                                            {"a\\\\*", T::kStart, "a\\"},
                                                            {"a\\\\\\*", T::kEqual, "a\\*"},
                                                            {"a\\", T::kEqual, "a\\"},
                                                            {"\\\\\\\\x", T::kEqual, "\\\\x"},
                                                            {"a?c", T::kWildcard,
                                                             "a\xff"
                                                             "c"},
                                                            {"a*c", T::kWildcard,
                                                             "a\xfe"
                                                             "c"}};
  for (const auto& [text, type, literal] : shapes) {
    EXPECT_EQ(shape(text).type, type) << text;
    EXPECT_EQ(shape(text).text, literal) << text;
  }
}

TEST(SigmaPatternTest, EveryOffsetOfBase64IsFound) {
  const std::string secret = "http://example";
  std::vector<sigma::Pattern> parts = sigma::InBase64AtOffsets(sigma::Pattern::Literal(secret));
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].literal(), "aHR0cDovL2V4YW1wbG");
  EXPECT_EQ(parts[1].literal(), "h0dHA6Ly9leGFtcGxl");
  EXPECT_EQ(parts[2].literal(), "odHRwOi8vZXhhbXBsZ");
}

}  // namespace
}  // namespace randguard::sigma_test

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/config/rule_checks.h"

namespace randguard::rules_test {
namespace {

using Lines = std::vector<std::string>;

// One valid rule of each type; the keys of its type begin on line 6.
constexpr std::string_view kProcess =
    "[[rules]]\nid = \"P\"\nname = \"n\"\ntype = \"process\"\nseverity = \"low\"\n";
constexpr std::string_view kFile =
    "[[rules]]\nid = \"F\"\nname = \"n\"\ntype = \"file\"\nseverity = \"low\"\n";
constexpr std::string_view kNetwork =
    "[[rules]]\nid = \"N\"\nname = \"n\"\ntype = \"network\"\nseverity = \"low\"\n";

std::string With(std::string_view rule, std::string_view keys) {
  return std::string(rule) + std::string(keys);
}

Lines Format(const ConfigResult& result) {
  Lines lines;
  for (const Diagnostic& diagnostic : result.diagnostics) {
    lines.push_back(FormatDiagnostic(diagnostic));
  }
  return lines;
}

Lines Diagnose(std::string_view text) { return Format(ParseConfig(text, "c.toml")); }

std::vector<Rule> Rules(std::string_view text) {
  const ConfigResult result = ParseConfig(text, "c.toml");
  EXPECT_EQ(Format(result), Lines{});
  return result.config.value_or(Config{}).rules;
}

TEST(RulesTest, ProcessRuleIsRead) {
  const auto rules =
      Rules(With(kProcess, "parent_names = [\"nginx\"]\nprocess_names = [\"sh\"]\n"));
  ASSERT_EQ(rules.size(), 1u);
  const Rule expected = {.id = "P",
                         .name = "n",
                         .enabled = true,
                         .type = RuleType::kProcess,
                         .severity = Severity::kLow,
                         .process_names = {"sh"},
                         .parent_names = {"nginx"},
                         .source = {.text = "P"}};
  EXPECT_EQ(rules[0], expected);
}

TEST(RulesTest, FileRuleIsRead) {
  const auto rules = Rules(With(
      kFile, "paths = [\"/etc/\"]\npatterns = [\"*.service\"]\noperations = [\"file_write\"]\n"));
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules[0].paths, std::vector<std::string>{"/etc/"});
  EXPECT_EQ(rules[0].patterns, std::vector<std::string>{"*.service"});
  EXPECT_EQ(rules[0].operations, std::vector{FileOperation::kWrite});
}

TEST(RulesTest, NetworkRuleIsRead) {
  const auto rules = Rules(
      With(kNetwork, "direction = \"inbound\"\nports = [1, 65535]\nprocess_names = [\"nc\"]\n"));
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules[0].direction, Direction::kInbound);
  EXPECT_EQ(rules[0].ports, (std::vector<std::uint16_t>{1, 65535}));
  EXPECT_EQ(rules[0].process_names, std::vector<std::string>{"nc"});
}

TEST(RulesTest, OperationsHaveShortNamesAndAStar) {
  const auto short_name = Rules(With(kFile, "paths = [\"/a\"]\noperations = [\"unlink\"]\n"));
  ASSERT_EQ(short_name.size(), 1u);
  EXPECT_EQ(short_name[0].operations, std::vector{FileOperation::kUnlink});
  const auto star = Rules(With(kFile, "paths = [\"/a\"]\noperations = [\"*\"]\n"));
  ASSERT_EQ(star.size(), 1u);
  EXPECT_EQ(star[0].operations.size(), 4u);
}

TEST(RulesTest, UnknownOperationIsSuggested) {
  EXPECT_EQ(
      Diagnose(With(kFile, "paths = [\"/a\"]\noperations = [\"wirte\"]\n")),
      Lines{
          "c.toml:7:15: error: rules.operations: unknown value \"wirte\"; did you mean \"write\"? "
          "allowed: \"open\", \"write\", \"rename\", \"unlink\", the same with \"file_\" before "
          "it, or \"*\" for all of them"});
}

TEST(RulesTest, RequiredKeysAreNeeded) {
  EXPECT_EQ(Diagnose("\n[[rules]]\nprocess_names = [\"sh\"]\n"),
            (Lines{"c.toml:2:1: error: rules.id: missing; [[rules]] needs it",
                   "c.toml:2:1: error: rules.name: missing; [[rules]] needs it",
                   "c.toml:2:1: error: rules.type: missing; [[rules]] needs it",
                   "c.toml:2:1: error: rules.severity: missing; [[rules]] needs it"}));
}

TEST(RulesTest, ProcessRuleNeedsNames) {
  EXPECT_EQ(
      Diagnose(kProcess),
      Lines{"c.toml:1:1: error: rules.process_names: missing; a rule of type \"process\" needs "
            "process_names or parent_names"});
  EXPECT_EQ(Diagnose(With(kProcess, "parent_names = [\"x\"]\n")), Lines{});
}

TEST(RulesTest, FileRuleNeedsPathsOrPatternsAndOperations) {
  EXPECT_EQ(
      Diagnose(kFile),
      (Lines{"c.toml:1:1: error: rules.paths: missing; a rule of type \"file\" needs paths or "
             "patterns",
             "c.toml:1:1: error: rules.operations: missing; a rule of type \"file\" needs it"}));
}

TEST(RulesTest, NetworkRuleNeedsDirectionAndPorts) {
  EXPECT_EQ(
      Diagnose(kNetwork),
      (Lines{"c.toml:1:1: error: rules.direction: missing; a rule of type \"network\" needs it",
             "c.toml:1:1: error: rules.ports: missing; a rule of type \"network\" needs it"}));
}

TEST(RulesTest, EmptyListIsNotWhatARuleNeeds) {
  EXPECT_EQ(
      Diagnose(With(kProcess, "process_names = []\n")),
      Lines{"c.toml:6:17: error: rules.process_names: is empty; a rule of type \"process\" needs "
            "process_names or parent_names"});
  EXPECT_EQ(
      Diagnose(With(kProcess, "parent_names = []\n")),
      Lines{"c.toml:6:16: error: rules.parent_names: is empty; a rule of type \"process\" needs "
            "process_names or parent_names"});
  EXPECT_EQ(Diagnose(With(kNetwork, "direction = \"inbound\"\nports = []\n")),
            Lines{"c.toml:7:9: error: rules.ports: is empty; a rule of type \"network\" needs it"});
  EXPECT_EQ(
      Diagnose(With(kFile, "paths = [\"/a\"]\noperations = []\n")),
      Lines{"c.toml:7:14: error: rules.operations: is empty; a rule of type \"file\" needs it"});
}

TEST(RulesTest, RuleThatIsOffMayBeIncomplete) {
  const std::string off = "enabled = false\n";
  EXPECT_EQ(Diagnose(With(kFile, off + "paths = []\n")),
            (Lines{"c.toml:1:1: warning: rules.operations: missing; a rule of type \"file\" needs "
                   "it before it can be enabled",
                   "c.toml:7:9: warning: rules.paths: is empty; a rule of type \"file\" needs "
                   "paths or patterns before it can be enabled"}));
  const auto incomplete = ParseConfig(With(kNetwork, off + "ports = [1]\n"), "c.toml");
  ASSERT_TRUE(incomplete.config.has_value());
  EXPECT_TRUE(IsIncomplete(incomplete.config->rules[0]));
  const auto complete = Rules(With(kProcess, off + "process_names = [\"sh\"]\n"));
  ASSERT_EQ(complete.size(), 1u);
  EXPECT_FALSE(IsIncomplete(complete[0]));
}

// They may never have been finished. The words that all rules have in common are another thing.
TEST(RulesTest, MistakesInARuleThatIsOffAreWarnings) {
  const std::string off = "enabled = false\n";
  EXPECT_EQ(Diagnose(With(kProcess, off + "process_names = [\"/bin/sh\"]\n")),
            Lines{"c.toml:7:18: warning: rules.process_names: \"/bin/sh\" can never match: a "
                  "process name has no folder; write \"sh\" (a warning, because the rule is off)"});
  const auto result =
      ParseConfig(With(kFile, off +
                                  "patterns = [\"templates\"]\noperations = [\"opne\"]\n"
                                  "ports = [1]\nunless = [{ condition = 1 }]\n"
                                  "tests = [{ fires = 3 }]\n" +
                                  std::string(kProcess) + "process_names = [\"sh\"]\n"),
                  "c.toml");
  ASSERT_TRUE(result.config.has_value());
  EXPECT_GE(result.diagnostics.size(), 6u);
  for (const Diagnostic& d : result.diagnostics) {
    EXPECT_EQ(d.severity, Diagnostic::Severity::kWarning) << FormatDiagnostic(d);
    EXPECT_TRUE(d.message.ends_with("(a warning, because the rule is off)")) << d.message;
  }
  ASSERT_EQ(result.config->rules.size(), 2u);
  EXPECT_TRUE(result.config->rules[0].faulty);
  EXPECT_FALSE(result.config->rules[1].faulty);

  for (const char* error : {"enbaled = true\n", "id = \"BUILTIN-X\"\n"}) {
    std::string rule = With(kProcess, off + "process_names = [\"sh\"]\n");
    if (std::string_view(error).starts_with("id")) {
      rule.replace(rule.find("id = \"P\"\n"), 9, error);
    } else {
      rule += error;
    }
    EXPECT_FALSE(ParseConfig(rule, "c.toml").config.has_value()) << error;
  }
  const std::string twice = With(kProcess, off + "process_names = [\"sh\"]\n");
  EXPECT_FALSE(ParseConfig(twice + twice, "c.toml").config.has_value());
}

TEST(RulesTest, OperationsAreNamedAsTheyAreWritten) {
  const auto prefixed = [](std::string_view operations) {
    const auto rules =
        Rules(With(kFile, "paths = [\"/a\"]\noperations = " + std::string(operations) + "\n"));
    return rules.empty() ? std::vector<FileOperation>{} : rules[0].prefixed_operations;
  };
  using Op = FileOperation;
  EXPECT_EQ(prefixed("[\"write\", \"file_unlink\"]"), std::vector{Op::kUnlink});
  EXPECT_EQ(prefixed("[\"*\"]"), (std::vector{Op::kOpen, Op::kWrite, Op::kRename, Op::kUnlink}));
  EXPECT_EQ(prefixed("[\"open\"]"), std::vector<Op>{});
}

TEST(RulesTest, EmptyKeysBesideACondition) {
  const std::string condition = "condition = 'uid == 0'\n";
  const auto alone = Rules(With(kFile, condition));
  const auto beside = Rules(With(
      kFile, condition + "paths = []\npatterns = []\noperations = []\nports = []\nunless = []\n"));
  ASSERT_EQ(alone.size(), 1u);
  EXPECT_EQ(beside, alone);
}

TEST(RulesTest, KeyOfAnotherTypeIsAnError) {
  EXPECT_EQ(
      Diagnose(With(kProcess, "process_names = [\"sh\"]\nports = [1]\n")),
      Lines{"c.toml:7:1: error: rules.ports: does not belong in a rule of type \"process\", which "
            "takes: process_names, parent_names"});
  EXPECT_EQ(
      Diagnose(With(kFile, "paths = [\"/a\"]\noperations = [\"*\"]\nprocess_names = [\"sh\"]\n")),
      Lines{"c.toml:8:1: error: rules.process_names: does not belong in a rule of type \"file\", "
            "which takes: paths, patterns, operations"});
  EXPECT_EQ(
      Diagnose(With(kNetwork, "direction = \"inbound\"\nports = [1]\nparent_names = [\"sh\"]\n")),
      Lines{"c.toml:8:1: error: rules.parent_names: does not belong in a rule of type \"network\", "
            "which "
            "takes: process_names, direction, ports"});
}

TEST(RulesTest, PortsAreSixteenBits) {
  EXPECT_EQ(Diagnose(With(kNetwork, "direction = \"inbound\"\nports = [1, 65536, -1]\n")),
            (Lines{"c.toml:7:13: error: rules.ports: port out of range; allowed: 0 to 65535",
                   "c.toml:7:20: error: rules.ports: port out of range; allowed: 0 to 65535"}));
}

TEST(RulesTest, PatternsThatNeverMatchAreErrors) {
  const auto diagnose = [](std::string_view pattern) {
    return Diagnose(
        With(kFile, "operations = [\"*\"]\npatterns = [\"" + std::string(pattern) + "\"]\n"));
  };
  EXPECT_EQ(diagnose("*.service"), Lines{});
  EXPECT_EQ(diagnose("/etc/crontab"), Lines{});
  EXPECT_EQ(
      diagnose("crontab"),
      Lines{"c.toml:7:13: error: rules.patterns: \"crontab\" can never match: a pattern is \"*\" "
            "and an ending (\"*/crontab\", \"*.ext\") or an absolute path"});
  EXPECT_EQ(
      diagnose("*.d/*"),
      Lines{"c.toml:7:13: error: rules.patterns: \"*.d/*\" can never match: \"*\" is special only "
            "at the start, as in \"*.service\""});
  EXPECT_EQ(
      diagnose("/etc/*"),
      Lines{"c.toml:7:13: error: rules.patterns: \"/etc/*\" can never match: \"*\" is special only "
            "at the start, as in \"*.service\""});
  EXPECT_EQ(diagnose("/etc/"),
            Lines{"c.toml:7:13: error: rules.patterns: \"/etc/\" can never match: no "
                  "file's path ends in \"/\""});
  EXPECT_EQ(diagnose("*"),
            Lines{"c.toml:7:13: error: rules.patterns: \"*\" matches everything: leave the "
                  "pattern out instead"});
}

TEST(RulesTest, PathsAndPatternsMustMeet) {
  const auto diagnose = [](std::string_view patterns) {
    return Diagnose(With(kFile, "operations = [\"*\"]\npaths = [\"/etc\"]\npatterns = " +
                                    std::string(patterns) + "\n"));
  };
  EXPECT_EQ(
      diagnose("[\"/etcetera\"]"),
      Lines{"c.toml:8:12: error: rules.patterns: can never match: paths and patterns must both "
            "match, and none of these is under one of the paths"});
  EXPECT_EQ(diagnose("[\"/etc/passwd\"]"), Lines{});
  EXPECT_EQ(diagnose("[\"/etcetera\", \"*.conf\"]"), Lines{});
}

TEST(RulesTest, ProcessNameIsNoPath) {
  EXPECT_EQ(
      Diagnose(With(kProcess, "process_names = [\"/bin/sh\"]\n")),
      Lines{"c.toml:6:18: error: rules.process_names: \"/bin/sh\" can never match: a process name "
            "has no folder; write \"sh\""});
}

TEST(RulesTest, BuiltInIdsAreReserved) {
  EXPECT_EQ(
      Diagnose("[[rules]]\nname = \"n\"\ntype = \"process\"\nseverity = \"low\"\n"
               "process_names = [\"x\"]\nid = \"BUILTIN-X\"\n"),
      Lines{
          "c.toml:6:6: error: rules.id: \"BUILTIN-X\" begins with \"BUILTIN-\", which is reserved "
          "for built-in rules"});
}

TEST(RulesTest, DuplicateIdNamesTheFirst) {
  const std::string rule = With(kProcess, "process_names = [\"x\"]\n");
  EXPECT_EQ(Diagnose(rule + rule),
            Lines{"c.toml:8:6: error: rules.id: \"P\" is already taken by the rule "
                  "at c.toml:2; ids must be unique"});
}

TEST(RulesTest, DuplicateIdIsFoundAcrossFiles) {
  const std::string rule = With(kProcess, "process_names = [\"x\"]\n");
  const ConfigSource files[] = {{"rules.d/a.toml", rule}, {"rules.d/b.toml", rule}};
  EXPECT_EQ(Format(ParseConfig("", "c.toml", files)),
            Lines{"rules.d/b.toml:2:6: error: rules.id: \"P\" is already taken by the rule at "
                  "rules.d/a.toml:2; ids must be unique"});
}

TEST(RulesTest, FilesOfRulesHoldOnlyRules) {
  const ConfigSource files[] = {{"rules.d/a.toml", "[agent]\nid = 5\n[[rule]]\n"}};
  EXPECT_EQ(
      Format(ParseConfig("", "c.toml", files)),
      (Lines{"rules.d/a.toml:1:2: error: unknown table \"agent\"; a file in rules.d holds only "
             "[[rules]], [lists] and [macros]",
             "rules.d/a.toml:3:3: error: unknown key \"rule\"; did you mean \"rules\"? a file in "
             "rules.d holds only [[rules]], [lists] and [macros]"}));
}

TEST(RulesTest, ProblemsOfAllFilesAreReported) {
  const ConfigSource files[] = {{"a", "x"}, {"b", "[[rules]]\n"}};
  EXPECT_EQ(Format(ParseConfig("[agent]\nid = 1\n", "c.toml", files)).size(), 6u);
}

TEST(RulesTest, UnknownSeverityTypeAndActionAreErrors) {
  EXPECT_EQ(
      Diagnose("[[rules]]\nid = \"a\"\nname = \"n\"\ntype = \"net\"\nseverity = \"hihg\"\n"
               "action = \"kill\"\n"),
      (Lines{
          "c.toml:4:8: error: rules.type: unknown value \"net\"; allowed: \"process\", \"file\", "
          "\"network\", \"correlation\"",
          "c.toml:5:12: error: rules.severity: unknown value \"hihg\"; did you mean \"high\"? "
          "allowed: \"informational\", \"low\", \"medium\", \"high\", \"critical\"",
          "c.toml:6:10: error: rules.action: unknown value \"kill\"; allowed: \"alert\""}));
}

TEST(RulesTest, RulesAreAnArrayOfTables) {
  EXPECT_EQ(
      Diagnose("[rules]\nid = \"x\"\n"),
      Lines{"c.toml:1:1: error: rules: expected array of tables, written [[rules]], found table"});
  EXPECT_EQ(Diagnose("rules = [1]\n"),
            Lines{"c.toml:1:10: error: rules: expected table, found integer"});
}

TEST(RulesTest, DisabledRulesAreCheckedToo) {
  EXPECT_EQ(Diagnose(With(kProcess, "enabled = false\n")).size(), 1u);
}

TEST(DetectionsTest, TheyAreRead) {
  const ConfigResult result = ParseConfig(
      "[[detections.persistence]]\nname = \"cron\"\npaths = [\"/etc/cron.d\"]\noperations = "
      "[\"write\"]\n[[detections.network]]\nname = \"port\"\ndirections = [\"outbound\"]\nports = "
      "[4444]\n",
      "c.toml");
  EXPECT_EQ(Format(result), Lines{});
  ASSERT_TRUE(result.config.has_value());
  const PersistenceDetection cron = {
      .name = "cron", .paths = {"/etc/cron.d"}, .operations = {FileOperation::kWrite}};
  EXPECT_EQ(result.config->detections.persistence, std::vector{cron});
  const NetworkDetection port = {
      .name = "port", .directions = {Direction::kOutbound}, .ports = {4444}};
  EXPECT_EQ(result.config->detections.network, std::vector{port});
}

TEST(DetectionsTest, RequiredKeysAreNeeded) {
  EXPECT_EQ(
      Diagnose("[[detections.persistence]]\n[[detections.network]]\n"),
      // NOLINTNEXTLINE(bugprone-suspicious-missing-comma)
      (Lines{"c.toml:1:1: error: detections.persistence.name: missing; [[detections.persistence]] "
             "needs it",
             "c.toml:1:1: error: detections.persistence.operations: missing; "
             "[[detections.persistence]] "
             "needs it",
             "c.toml:1:1: error: detections.persistence.paths: missing; [[detections.persistence]] "
             "needs paths or patterns",
             "c.toml:2:1: error: detections.network.name: missing; [[detections.network]] needs it",
             "c.toml:2:1: error: detections.network.directions: missing; [[detections.network]] "
             "needs it",
             "c.toml:2:1: error: detections.network.ports: missing; [[detections.network]] needs "
             "it"}));
}

TEST(DetectionsTest, PatternsMayBeAnywhereInAPath) {
  const auto diagnose = [](std::string_view pattern, std::string_view paths = "[]") {
    return Diagnose("[[detections.persistence]]\nname = \"n\"\noperations = [\"*\"]\npaths = " +
                    std::string(paths) + "\npatterns = [\"" + std::string(pattern) + "\"]\n");
  };
  for (const char* pattern : {"crontab", ".ssh", "/etc/cron.", "*.service", "."}) {
    EXPECT_EQ(diagnose(pattern), Lines{}) << pattern;
    EXPECT_EQ(diagnose(pattern, "[\"/srv\"]"), Lines{}) << pattern;
  }
  const std::string at = "c.toml:5:13: error: detections.persistence.patterns: ";
  EXPECT_EQ(diagnose("cron*"), Lines{at + "\"cron*\" can never match: \"*\" is special only at the "
                                          "start, as in \"*.service\""});
  EXPECT_EQ(diagnose("a//b"),
            Lines{at + "\"a//b\" can never match: no path has \"//\" after it has been resolved"});
  EXPECT_EQ(diagnose("/"), Lines{at + "\"/\" matches everything: leave the pattern out instead"});
}

TEST(DetectionsTest, UnknownOneIsSuggested) {
  EXPECT_EQ(Diagnose("[[detections.persistance]]\n"),
            Lines{"c.toml:1:3: error: detections: unknown key \"persistance\"; did you mean "
                  "\"persistence\"? allowed: \"persistence\", \"network\""});
}

}  // namespace
}  // namespace randguard::rules_test

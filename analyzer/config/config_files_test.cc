// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/config/reference.h"
#include "analyzer/config/rule_checks.h"
#include "analyzer/source/toml_limits.h"
#include "tests/support/page.h"
#include "tests/support/source_root.h"

namespace randguard::config_files_test {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

Lines Format(const ConfigResult& result) {
  Lines lines;
  for (const Diagnostic& diagnostic : result.diagnostics) {
    lines.push_back(FormatDiagnostic(diagnostic));
  }
  return lines;
}

std::string Rule(std::string_view id) {
  return "[[rules]]\nid = \"" + std::string(id) +
         "\"\nname = \"n\"\ntype = \"process\"\nseverity = \"low\"\nprocess_names = [\"x\"]\n";
}

class LoadConfigTest : public ::testing::Test {
 protected:
  LoadConfigTest() {
    std::string pattern = (fs::temp_directory_path() / "rand-guard-config-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    fs::create_directory(folder_ / "rules.d");
  }
  ~LoadConfigTest() override { fs::remove_all(folder_); }

  std::string Path(std::string_view name) const { return (folder_ / name).string(); }
  void Write(std::string_view name, std::string_view text) const {
    std::ofstream(folder_ / name) << text;
  }
  ConfigResult Load() const { return LoadConfig(Path("config.toml")); }

 private:
  fs::path folder_;
};

TEST_F(LoadConfigTest, RulesOfTheFolderFollowSortedByName) {
  Write("config.toml", Rule("C"));
  Write("rules.d/20.toml", Rule("B"));
  Write("rules.d/10.toml", Rule("A"));
  const ConfigResult result = Load();
  EXPECT_EQ(Format(result), Lines{});
  ASSERT_TRUE(result.config.has_value());
  std::string ids;
  for (const auto& rule : result.config->rules) ids += rule.id;
  EXPECT_EQ(ids, "CAB");
}

TEST_F(LoadConfigTest, OtherFilesOfTheFolderArePassedOver) {
  Write("config.toml", "");
  Write("rules.d/a.toml.bak", "not TOML");
  Write("rules.d/.a.toml", "not TOML");
  EXPECT_EQ(Format(Load()), Lines{});
}

TEST_F(LoadConfigTest, DuplicateIdAcrossFilesIsAnError) {
  Write("config.toml", Rule("A"));
  Write("rules.d/a.toml", Rule("A"));
  EXPECT_EQ(Format(Load()), Lines{Path("rules.d/a.toml") +
                                  ":2:6: error: rules.id: \"A\" is already taken by the rule at " +
                                  Path("config.toml") + ":2; ids must be unique"});
}

TEST_F(LoadConfigTest, TestsOfRulesCanBePassedOver) {
  constexpr std::string_view kTests =
      "[[rules.tests]]\nname = \"x\"\nfires = true\nevent = { event_type = \"process_start\" }\n";
  Write("config.toml", Rule("A") + std::string(kTests) + Rule("B"));
  Write("rules.d/a.toml", Rule("C") + std::string(kTests) +
                              "[rules.tests.more]\nx = 1\n[lists]\nd = [\"a\"]\n" + Rule("D") +
                              "what = 1\n");
  const ConfigResult result = LoadConfig(Path("config.toml"), RuleTests::kPassOver);
  const std::string rule = Rule("C");
  const std::string line = std::to_string(std::count(rule.begin(), rule.end(), '\n') * 2 + 9);
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(std::to_string(result.diagnostics[0].line), line) << "of what is behind the tests";
  Write("rules.d/a.toml", Rule("C") + std::string(kTests) + "nonsense\n" + Rule("D"));
  const ConfigResult passed = LoadConfig(Path("config.toml"), RuleTests::kPassOver);
  ASSERT_TRUE(passed.config.has_value());
  EXPECT_EQ(passed.config->rules.size(), 4u);
  for (const auto& rule : passed.config->rules) EXPECT_TRUE(rule.tests.empty());
  EXPECT_FALSE(Load().config.has_value()) << "whoever wants the tests reads them";
}

// Whatever a test leaves open would swallow the rules behind it.
TEST_F(LoadConfigTest, NoRuleIsPassedOverWithTests) {
  Write("config.toml", "");
  for (const std::string_view open :
       {"name = \"\"\"\n", "name = '''\n", "name = \"\n", "x = [\n", "x = {\n", "x = [[1], [\n"}) {
    Write("rules.d/a.toml", Rule("C") + "[[rules.tests]]\n" + std::string(open) + Rule("D"));
    const ConfigResult result = LoadConfig(Path("config.toml"), RuleTests::kPassOver);
    if (!result.config.has_value()) continue;
    EXPECT_EQ(result.config->rules.size(), 2u) << open;
  }
  // And where what looks like a header is a part of a test, it is read.
  Write("rules.d/a.toml", Rule("C") + "[[rules.tests]]\nname = '''\n[x]'''\n" + Rule("D"));
  EXPECT_FALSE(LoadConfig(Path("config.toml"), RuleTests::kPassOver).config.has_value());
}

TEST_F(LoadConfigTest, MissingFolderIsFine) {
  Write("config.toml", "");
  fs::remove(Path("rules.d"));
  EXPECT_EQ(Format(Load()), Lines{});
}

TEST_F(LoadConfigTest, MissingConfigIsAnError) {
  const ConfigResult result = Load();
  EXPECT_EQ(Format(result),
            Lines{Path("config.toml") + ": error: cannot be opened: No such file or directory"});
  EXPECT_FALSE(result.config.has_value());
}

TEST_F(LoadConfigTest, UnreadableFileOfRulesIsAnErrorBesideOthers) {
  Write("config.toml", "[agent]\nid = 1\n");
  fs::create_directory(Path("rules.d/a.toml"));
  EXPECT_EQ(Format(Load()),
            (Lines{Path("rules.d/a.toml") + ": error: is not a regular file",
                   Path("config.toml") + ":2:6: error: agent.id: expected string, found integer"}));
}

TEST_F(LoadConfigTest, FifoDoesNotBlock) {
  ASSERT_EQ(mkfifo(Path("config.toml").c_str(), 0600), 0);
  EXPECT_EQ(Format(Load()), Lines{Path("config.toml") + ": error: is not a regular file"});
}

TEST_F(LoadConfigTest, LargeFileIsAnError) {
  Write("config.toml", std::string(kConfigFileMax + 1, '\n'));
  EXPECT_EQ(Format(Load()), Lines{Path("config.toml") + ": error: is larger than 1048576 bytes"});
}

TEST(ShippedConfigTest, LoadsWithItsSamplesWithoutDiagnostics) {
  const ConfigResult result = LoadConfig(testing::SourcePath("etc/config.toml"));
  EXPECT_EQ(Format(result), Lines{});
  ASSERT_TRUE(result.config.has_value());
  // The other rules of rules.d: analyzer/rules/tools/default_rules_test.cc.
  std::string rules;
  for (const auto& rule : result.config->rules) {
    static constexpr std::string_view kSamples[] = {"PROC-", "FILE-", "NET-"};
    if (std::none_of(std::begin(kSamples), std::end(kSamples),
                     [&](std::string_view sample) { return rule.id.starts_with(sample); })) {
      continue;
    }
    rules += rule.id + (rule.enabled ? " on, " : " off, ");
  }
  EXPECT_EQ(rules,
            "PROC-001 on, FILE-001 off, NET-001 off, PROC-002 off, FILE-002 off, NET-002 off, ");
  EXPECT_EQ(result.config->detections.persistence.size(), 2u);
  EXPECT_EQ(result.config->detections.network.size(), 1u);
}

// Where lines go to without a configuration is right for a first look, and not for a host.
TEST(ShippedConfigTest, WritesFilesAndAlertsToTheJournalBeside) {
  const ConfigResult result = LoadConfig(testing::SourcePath("etc/config.toml"));
  ASSERT_TRUE(result.config.has_value());
  const OutputConfig& output = result.config->output;
  EXPECT_EQ(output.type, OutputType::kFile);
  EXPECT_EQ(output.path, "/var/log/rand-guard/events.ndjson");
  EXPECT_EQ(output.alerts.path, "/var/log/rand-guard/alerts.ndjson");
  EXPECT_TRUE(output.alerts.journal);
}

TEST(ShippedConfigTest, HoldsTheDefaultsOfAllElse) {
  ConfigResult result = LoadConfig(testing::SourcePath("etc/config.toml"));
  ASSERT_TRUE(result.config.has_value());
  OutputConfig& output = result.config->output;
  output.type = OutputConfig().type;
  output.path.clear();
  output.alerts.path.clear();
  output.alerts.journal = false;
  // Segments are the packages' choice, with sizes to match.
  EXPECT_EQ(output.rotation, OutputRotation::kSegments);
  EXPECT_GE(output.keep_size / 2, output.rotate_size);
  EXPECT_GE(output.alerts.keep_size / 2, output.alerts.rotate_size);
  EXPECT_TRUE(output.omit_empty);
  output.rotation = OutputConfig().rotation;
  output.omit_empty = OutputConfig().omit_empty;
  output.rotate_size = OutputConfig().rotate_size;
  output.rotate_age = OutputConfig().rotate_age;
  output.keep_size = OutputConfig().keep_size;
  output.alerts.rotate_size = OutputConfig().alerts.rotate_size;
  output.alerts.rotate_age = OutputConfig().alerts.rotate_age;
  output.alerts.keep_size = OutputConfig().alerts.keep_size;
  result.config->rules.clear();
  result.config->lists.clear();
  result.config->macros.clear();
  result.config->detections = {};
  EXPECT_EQ(*result.config, Config{});
}

// A configuration that an administrator wrote for the earlier, single-process sensor.
TEST(ShippedConfigTest, EarlierConfigLoads) {
  const ConfigResult result =
      LoadConfig(testing::SourcePath("analyzer/config/testdata/earlier.toml"));
  EXPECT_EQ(Format(result), Lines{});
  ASSERT_TRUE(result.config.has_value());
  EXPECT_EQ(result.config->performance.max_process_cache_entries, 5000u);
  EXPECT_EQ(result.config->rules.size(), 3u);
}

// Another one, with what only such users write: patterns that are parts of paths, and a rule that
// was never finished and is off.
TEST(ShippedConfigTest, EarlierConfigWithPartsOfPathsLoads) {
  const std::string path = testing::SourcePath("analyzer/config/testdata/earlier/config.toml");
  const ConfigResult result = LoadConfig(path);
  ASSERT_TRUE(result.config.has_value());
  const Lines diagnostics = Format(result);
  ASSERT_EQ(diagnostics.size(), 2u);
  for (const std::string& line : diagnostics) {
    EXPECT_TRUE(line.starts_with(path + ":6") && line.ends_with("because the rule is off)"))
        << line;
  }
  const Config& config = *result.config;
  EXPECT_EQ(config.file.watch_patterns, (Lines{"*.service", "crontab", ".ssh"}));
  EXPECT_EQ(config.rules.size(), 5u);
  EXPECT_EQ(config.detections.persistence.size(), 2u);
}

// The same with lists written empty wherever that is as if they were left out.
TEST(ShippedConfigTest, EarlierConfigWithEmptyListsLoads) {
  const std::string path = testing::SourcePath("analyzer/config/testdata/earlier_empty_lists.toml");
  const ConfigResult result = LoadConfig(path);
  EXPECT_EQ(Format(result),
            (Lines{path + ":82:9: warning: rules.paths: is empty; a rule of type \"file\" needs "
                          "paths or patterns before it can be enabled",
                   path + ":84:14: warning: rules.operations: is empty; a rule of type \"file\" "
                          "needs it before it can be enabled"}));
  ASSERT_TRUE(result.config.has_value());
  const Config& config = *result.config;
  ASSERT_EQ(config.rules.size(), 4u);
  for (const auto& rule : config.rules) EXPECT_EQ(IsIncomplete(rule), rule.id == "FILE-002");
  // Nothing is watched for in particular, and nothing excluded: every file.
  EXPECT_TRUE(config.file.watch_paths.empty());
  EXPECT_TRUE(config.file.watch_patterns.empty());
  EXPECT_TRUE(config.file.exclude_paths.empty());
  EXPECT_EQ(config.detections.persistence.size(), 1u);
  EXPECT_EQ(config.detections.network.size(), 1u);
}

// RANDGUARD_UPDATE=1 writes the page anew.
TEST(DocumentationTest, ReferenceIsUpToDate) {
  ExpectPartOfPage(testing::SourcePath("docs/configuration.md"), "reference",
                   ConfigReference() + "\n");
}

TEST_F(LoadConfigTest, SigmaFilesAreReadFromRulesDAndFromPaths) {
  fs::create_directories(Path("rules.d/linux/.hidden"));
  fs::create_directories(Path("more/a"));
  Write("config.toml", "[sigma]\npaths = [\"more\", \"one.yml\"]\nmapping = \"map.toml\"\n");
  Write("map.toml", "# nothing\n");
  Write("rules.d/b.yml", "b");
  Write("rules.d/linux/a.yaml", "a");
  Write("rules.d/linux/.hidden/x.yml", "x");
  Write("rules.d/linux/.x.yml", "x");
  Write("rules.d/linux/readme.md", "x");
  Write("more/a/c.yml", "c");
  Write("one.yml", "d");
  const ConfigResult result = Load();
  ASSERT_EQ(Format(result), Lines{});
  const SigmaSources& sources = result.config->sigma_sources;
  Lines names;
  for (const ConfigSource& file : sources.files) {
    names.push_back(fs::relative(file.name, Path("")).string());
  }
  EXPECT_EQ(names, (Lines{"rules.d/b.yml", "rules.d/linux/a.yaml", "more/a/c.yml", "one.yml"}));
  ASSERT_TRUE(sources.mapping.has_value());
  EXPECT_EQ(sources.mapping->text, "# nothing\n");
}

TEST_F(LoadConfigTest, SigmaPathsThatAreNotThereAreErrors) {
  Write("config.toml", "[sigma]\npaths = [\"none\"]\nmapping = \"none.toml\"\n");
  EXPECT_EQ(Format(Load()),
            (Lines{Path("none") + ": error: sigma.paths: there is no such file or folder",
                   Path("none.toml") +
                       ": error: sigma.mapping: cannot be opened: No such file or directory"}));
}

TEST_F(LoadConfigTest, SigmaFilesThatCannotBeReadCostNoOtherOne) {
  Write("config.toml", "");
  Write("rules.d/large.yml", std::string((1 << 20) + 1, 'a'));
  Write("rules.d/small.yml", "a");
  mkfifo(Path("rules.d/pipe.yml").c_str(), 0600);
  fs::create_directory_symlink(Path("rules.d"), Path("rules.d/loop"));
  const ConfigResult result = Load();
  ASSERT_TRUE(result.config.has_value());
  const SigmaSources& sources = result.config->sigma_sources;
  EXPECT_EQ(sources.files.size(), 1u);
  ASSERT_EQ(sources.unreadable.size(), 2u);
  EXPECT_EQ(sources.unreadable[0].message, "is larger than 1048576 bytes");
  EXPECT_EQ(sources.unreadable[1].message, "is not a regular file");
}

TEST_F(LoadConfigTest, SigmaFoldersAreLookedIntoToADepth) {
  Write("config.toml", "");
  std::string folder = "rules.d";
  for (int i = 0; i < 20; ++i) folder += "/d";
  fs::create_directories(Path(folder));
  Write(folder + "/x.yml", "x");
  const ConfigResult result = Load();
  ASSERT_TRUE(result.config.has_value());
  EXPECT_TRUE(result.config->sigma_sources.files.empty());
  ASSERT_EQ(result.config->sigma_sources.unreadable.size(), 1u);
}

}  // namespace
}  // namespace randguard::config_files_test

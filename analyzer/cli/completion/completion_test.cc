// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/completion/completion.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"
#include "tests/support/source_root.h"

namespace randguard::cli::completion_test {
namespace {

using Set = std::set<std::string>;
using Lines = std::vector<std::string>;

// A real shell is asked, with the script loaded, in a folder with one file and one folder.
class CompletionTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (Output("command -v " + shell()).empty()) GTEST_SKIP() << "there is no " << shell();
    char path[] = "/tmp/rand-guard-completion-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    folder_ = path;
    const std::filesystem::path files = folder_ / "files";
    std::filesystem::create_directories(files / "configs");
    std::ofstream(files / "capture.zst") << "";
    std::ofstream(folder_ / "script") << (shell() == "bash"   ? BashCompletionScript()
                                          : shell() == "fish" ? FishCompletionScript()
                                                              : ZshCompletionScript());
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  static std::string shell() { return GetParam(); }

  // The completions of the last word of what follows "rand-guard ".
  Set Complete(const std::string& line) const { return Complete(Lines{line}).at(0); }
  // The same of several, for which zsh starts once.
  std::vector<Set> Complete(const Lines& lines) const {
    if (shell() == "zsh") return Answers(Output(AskZsh(lines)));
    std::vector<Set> out;
    for (const std::string& line : lines) {
      out.push_back(Answers(Output(shell() == "fish" ? AskFish(line) : AskBash(line)) + "\n")[0]);
    }
    return out;
  }

 private:
  static std::string Output(const std::string& command) {
    std::string text;
    FILE* answer = popen((command + " 2>&1").c_str(), "r");  // NOLINT(bugprone-command-processor)
    char buffer[4096];
    while (std::fgets(buffer, sizeof(buffer), answer) != nullptr) text += buffer;
    pclose(answer);
    return text;
  }

  // Behind the words of a set stands an empty line.
  static std::vector<Set> Answers(const std::string& text) {
    std::vector<Set> out(1);
    std::istringstream lines(text);
    for (std::string found; std::getline(lines, found);) {
      if (found.empty()) {
        out.emplace_back();
        continue;
      }
      found.resize(std::min(found.find('\t'), found.size()));  // fish: what it means
      // Fish offers the whole word, and says with a slash that it is a folder.
      if (const std::size_t equal = found.find('='); equal != found.npos) found.erase(0, equal + 1);
      if (found.ends_with('/')) found.pop_back();
      out.back().insert(found);
    }
    return out;
  }

  std::string AskZsh(const Lines& lines) const {
    std::string command =
        absl::StrFormat("timeout 60 zsh -f '%s' '%s/script' '%s/files'",
                        testing::SourcePath("analyzer/cli/completion/testing/ask.zsh"),
                        folder_.string(), folder_.string());
    for (const std::string& line : lines) absl::StrAppendFormat(&command, " 'rand-guard %s'", line);
    return command;
  }

  std::string AskFish(const std::string& line) const {
    return absl::StrFormat(
        "HOME='%s' fish --no-config -c \"cd '%s/files'; source ../script; complete -C "
        "'rand-guard %s'\"",
        folder_.string(), folder_.string(), line);
  }

  // Bash splits the words: an = between option and value is a word, too.
  std::string AskBash(const std::string& line) const {
    return absl::StrFormat(
        "bash --norc -c \"set -u; cd '%s/files'; source ../script; COMP_WORDS=(rand-guard '%s'); "
        "COMP_CWORD=\\$((\\${#COMP_WORDS[@]} - 1)); _rand_guard; "
        "((\\${#COMPREPLY[@]} == 0)) || printf '%%s\\n' \\\"\\${COMPREPLY[@]}\\\"\"",
        folder_.string(), absl::StrReplaceAll(line, {{" ", "' '"}, {"=", "' '=' '"}}));
  }

  std::filesystem::path folder_;
};

TEST_P(CompletionTest, NamesEveryCommand) {
  // Bash offers options with all else.
  Set first, group;
  if (shell() == "bash") {
    first = {"--help", "--version"};
    group = {"--help"};
  }
  Lines lines = {"", "-", "re"};
  std::vector<Set> expected = {first, {"--help", "--version"}, {"record", "replay", "report"}};
  for (const std::string_view word : FirstWords()) {
    expected[0].emplace(word);
    if (SubCommands(word).empty()) continue;
    lines.push_back(std::string(word) + " ");
    expected.push_back(group);
    for (const std::string_view own : SubCommands(word)) expected.back().emplace(own);
    lines.push_back(std::string(word) + " -");
    expected.push_back({"--help"});
  }
  const std::vector<Set> found = Complete(lines);
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(found.at(i), expected[i]) << lines[i];
}

TEST_P(CompletionTest, NamesEveryOption) {
  Lines lines;
  std::vector<Set> expected;
  for (const Command& command : Commands()) {
    if (command.name == "help") continue;  // takes names of commands
    lines.push_back(std::string(command.name) + " --");
    expected.push_back({"--help"});
    for (const TakenOption& taken : command.syntax.options) {
      expected.back().emplace(taken.option->name);
    }
  }
  const std::vector<Set> found = Complete(lines);
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(found.at(i), expected[i]) << lines[i];
}

TEST_P(CompletionTest, ValuesAreThoseOfTheOption) {
  const Set files = {"capture.zst", "configs"};
  const std::vector<Set> found =
      Complete(Lines{"check --config ", "check --config con", "check --config=con",
                     "check --config=", "analyze --state ", "run --collector-user roo",
                     "rules explain ID --event ", "analyze --state=con"});
  EXPECT_EQ(found.at(0), files);
  EXPECT_EQ(found.at(1), Set{"configs"});
  EXPECT_EQ(found.at(2), Set{"configs"});
  EXPECT_EQ(found.at(3), files);
  EXPECT_EQ(found.at(4), Set{"configs"});
  EXPECT_EQ(found.at(5), Set{"root"});
  EXPECT_EQ(found.at(6), Set{});
  EXPECT_EQ(found.at(7), Set{"configs"});
}

TEST_P(CompletionTest, OperandsAreFilesWhereTheCommandTakesFiles) {
  const std::vector<Set> found =
      Complete(Lines{"replay cap", "capture info cap", "replay --stats cap", "rules explain cap"});
  EXPECT_EQ(found.at(0), Set{"capture.zst"});
  EXPECT_EQ(found.at(1), Set{"capture.zst"});
  EXPECT_EQ(found.at(2), Set{"capture.zst"});
  EXPECT_EQ(found.at(3), Set{});
}

TEST_P(CompletionTest, HelpTakesCommands) {
  EXPECT_EQ(Complete("help ru"), (Set{"rules", "run"}));
  EXPECT_EQ(Complete("help rules t"), Set{"test"});
}

TEST_P(CompletionTest, UnknownCommandsHaveNone) {
  EXPECT_EQ(Complete("nope "), Set{});
  EXPECT_EQ(Complete("rules nope "), Set{});
}

INSTANTIATE_TEST_SUITE_P(Shells, CompletionTest, ::testing::Values("bash", "fish", "zsh"),
                         [](const auto& shell) { return std::string(shell.param); });

}  // namespace
}  // namespace randguard::cli::completion_test

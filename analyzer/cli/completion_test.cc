// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/completion.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"

namespace randguard::cli::completion_test {
namespace {

using Set = std::set<std::string>;

// Asks a real bash, with the script loaded, in a folder with one file and one folder.
class BashCompletionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/rand-guard-completion-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    folder_ = path;
    std::ofstream(folder_ / "script") << BashCompletionScript();
    std::ofstream(folder_ / "capture.zst") << "";
    std::filesystem::create_directory(folder_ / "configs");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // The completions of the last word of the command line. Bash splits the words: an = between
  // option and value is a word, too.
  Set Complete(const std::vector<std::string>& words) const {
    std::ostringstream script;
    script << "set -u; cd '" << folder_.string() << "'; source ./script; COMP_WORDS=(rand-guard";
    for (const std::string& word : words) script << " '" << word << "'";
    script << "); COMP_CWORD=" << words.size()
           << "; _rand_guard; ((${#COMPREPLY[@]} == 0)) || printf '%s\\n' \"${COMPREPLY[@]}\"\n";
    std::ofstream(folder_ / "question") << script.str();
    const std::string command = "bash --norc '" + (folder_ / "question").string() + "' 2>&1";
    FILE* answer = popen(command.c_str(), "r");  // NOLINT(bugprone-command-processor)
    std::string text;
    char buffer[4096];
    while (std::fgets(buffer, sizeof(buffer), answer) != nullptr) text += buffer;
    EXPECT_EQ(pclose(answer), 0) << text;
    Set out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) out.insert(line);
    return out;
  }

  static std::vector<std::string> Line(const Command& command, const std::string& last) {
    std::vector<std::string> out;
    if (!command.group().empty()) out.emplace_back(command.group());
    out.emplace_back(command.own_name());
    out.push_back(last);
    return out;
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(BashCompletionTest, NamesEveryCommand) {
  Set first = {"--help", "--version"};
  for (const std::string_view word : FirstWords()) first.emplace(word);
  EXPECT_EQ(Complete({""}), first);
  for (const std::string_view word : FirstWords()) {
    if (SubCommands(word).empty()) continue;
    Set second = {"--help"};
    for (const std::string_view own : SubCommands(word)) second.emplace(own);
    EXPECT_EQ(Complete({std::string(word), ""}), second);
  }
  EXPECT_EQ(Complete({"re"}), (Set{"record", "replay", "report"}));
}

TEST_F(BashCompletionTest, NamesEveryOption) {
  for (const Command& command : Commands()) {
    Set options = {"--help"};
    for (const TakenOption& taken : command.syntax.options) {
      options.emplace(taken.option->name);
    }
    if (command.name == "help") continue;  // takes names of commands
    EXPECT_EQ(Complete(Line(command, "-")), options) << command.name;
  }
}

TEST_F(BashCompletionTest, ValuesAreThoseOfTheOption) {
  const Set files = {"capture.zst", "configs", "question", "script"};
  EXPECT_EQ(Complete({"check", "--config", ""}), files);
  EXPECT_EQ(Complete({"check", "--config", "con"}), Set{"configs"});
  EXPECT_EQ(Complete({"check", "--config", "=", "con"}), Set{"configs"});
  EXPECT_EQ(Complete({"check", "--config", "="}), files);
  EXPECT_EQ(Complete({"analyze", "--state", ""}), Set{"configs"});
  EXPECT_EQ(Complete({"run", "--collector-user", "roo"}), Set{"root"});
  EXPECT_EQ(Complete({"rules", "explain", "ID", "--event", ""}), Set{});
}

TEST_F(BashCompletionTest, OperandsAreFilesWhereTheCommandTakesFiles) {
  EXPECT_EQ(Complete({"replay", "cap"}), Set{"capture.zst"});
  EXPECT_EQ(Complete({"capture", "info", "cap"}), Set{"capture.zst"});
  EXPECT_EQ(Complete({"replay", "--stats", "cap"}), Set{"capture.zst"});
  EXPECT_EQ(Complete({"rules", "explain", "cap"}), Set{});
}

TEST_F(BashCompletionTest, HelpTakesCommands) {
  EXPECT_EQ(Complete({"help", "ru"}), (Set{"rules", "run"}));
  EXPECT_EQ(Complete({"help", "rules", "t"}), Set{"test"});
}

TEST_F(BashCompletionTest, UnknownCommandsHaveNone) {
  EXPECT_EQ(Complete({"nope", ""}), Set{});
  EXPECT_EQ(Complete({"rules", "nope", ""}), Set{});
}

}  // namespace
}  // namespace randguard::cli::completion_test

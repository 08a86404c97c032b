// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/commands.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "analyzer/cli/help.h"
#include "analyzer/cli/man_page.h"
#include "analyzer/cli/options.h"
#include "tests/support/page.h"
#include "tests/support/source_root.h"

namespace randguard::cli::commands_test {
namespace {

struct Answer {
  int status;
  std::string out;
  std::string err;
};

Answer Ask(const std::vector<std::string>& words) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int status = Dispatch(words);
  std::string out = ::testing::internal::GetCapturedStdout();
  return {status, std::move(out), ::testing::internal::GetCapturedStderr()};
}

// "rules test" as words, with `more` behind them.
std::vector<std::string> Words(std::string_view name, const std::vector<std::string>& more = {}) {
  std::vector<std::string> out;
  std::istringstream stream{std::string(name)};
  for (std::string word; stream >> word;) out.push_back(word);
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

std::vector<std::string_view> Groups() {
  std::vector<std::string_view> out;
  for (const std::string_view word : FirstWords()) {
    if (!SubCommands(word).empty()) out.push_back(word);
  }
  return out;
}

bool IsOneLine(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n') == 1 && text.back() == '\n';
}

class CommandTest : public ::testing::TestWithParam<std::string> {
 protected:
  const Command& command() const { return *FindCommand(GetParam()); }
};

TEST_P(CommandTest, AnswersHelp) {
  const Answer answer = Ask(Words(command().name, {"--help"}));
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.err, "");
  EXPECT_EQ(answer.out.rfind("usage: rand-guard " + GetParam(), 0), 0u) << answer.out;
  for (const TakenOption& taken : command().syntax.options) {
    const Option& option = *taken.option;
    const std::string line = std::string("\n  ") + std::string(option.name) +
                             (option.takes_value() ? " " : "") + std::string(option.value) + "  ";
    EXPECT_NE(answer.out.find(line), std::string::npos) << line << " is not in\n" << answer.out;
  }
  for (const Operand& operand : command().syntax.operands) {
    EXPECT_NE(answer.out.find("\n  " + std::string(operand.name) + "  "), std::string::npos)
        << operand.name << " is not in\n"
        << answer.out;
  }
  EXPECT_NE(answer.out.find("\n  --help  "), std::string::npos);
  std::istringstream lines(answer.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;

  EXPECT_EQ(Ask(Words(command().name, {"-h"})).out, answer.out);
  EXPECT_EQ(Ask(Words("help", Words(command().name))).out, answer.out);
}

TEST_P(CommandTest, UnknownOptionIsOneLineWithTheUsage) {
  const Answer answer = Ask(Words(command().name, {"--nonexistent=secret"}));
  EXPECT_EQ(answer.status, 2);
  EXPECT_EQ(answer.out, "");
  EXPECT_EQ(answer.err,
            "rand-guard: unknown option --nonexistent; usage: " + FormatUsage(command()) + "\n");
}

TEST_P(CommandTest, OperandTooManyIsOneLineWithTheUsage) {
  const std::vector<Operand>& operands = command().syntax.operands;
  if (!operands.empty() && operands.back().repeated) GTEST_SKIP() << "it takes any number";
  std::vector<std::string> words = Words(command().name);
  words.insert(words.end(), operands.size(), "rules");
  words.emplace_back("surplus");
  const Answer answer = Ask(words);
  EXPECT_EQ(answer.status, 2);
  EXPECT_EQ(answer.err,
            "rand-guard: unexpected argument surplus; usage: " + FormatUsage(command()) + "\n");
}

TEST_P(CommandTest, NamesOfItsOptionsAreDistinct) {
  std::set<std::string_view> names = {option::kHelp.name};
  for (const TakenOption& taken : command().syntax.options) {
    EXPECT_TRUE(names.insert(taken.option->name).second) << taken.option->name;
    EXPECT_EQ(taken.option->name.substr(0, 2), "--");
    EXPECT_FALSE(taken.option->meaning.empty()) << taken.option->name;
  }
}

std::vector<std::string> CommandNames() {
  std::vector<std::string> out;
  for (const Command& command : Commands()) out.emplace_back(command.name);
  return out;
}

INSTANTIATE_TEST_SUITE_P(All, CommandTest, ::testing::ValuesIn(CommandNames()),
                         [](const ::testing::TestParamInfo<std::string>& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

TEST(DispatchTest, HelpNamesEveryCommand) {
  const Answer answer = Ask({"--help"});
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.err, "");
  for (const Command& command : Commands()) {
    EXPECT_NE(answer.out.find("\n  " + std::string(command.name) + " "), std::string::npos)
        << command.name;
  }
  EXPECT_EQ(Ask({"-h"}).out, answer.out);
  EXPECT_EQ(Ask({"help"}).out, answer.out);
}

TEST(DispatchTest, EveryGroupAnswersHelp) {
  EXPECT_EQ(Groups(), (std::vector<std::string_view>{"capture", "rules", "completion"}));
  for (const std::string_view group : Groups()) {
    const Answer answer = Ask(Words(group, {"--help"}));
    EXPECT_EQ(answer.status, 0);
    EXPECT_EQ(answer.err, "");
    for (const std::string_view own : SubCommands(group)) {
      EXPECT_NE(answer.out.find("\n  " + std::string(group) + " " + std::string(own) + " "),
                std::string::npos)
          << own;
    }
    EXPECT_EQ(Ask(Words("help", Words(group))).out, answer.out);
  }
}

// As in the unit of the earlier rand-guard.
TEST(DispatchTest, NoWordsRunWhereTheEnvironmentNamesAConfiguration) {
  setenv("EDR_CONFIG", "/no/such/config.toml", 1);
  const Answer answer = Ask({});
  setenv("EDR_CONFIG", "", 1);
  const Answer empty = Ask({});
  unsetenv("EDR_CONFIG");
  EXPECT_EQ(answer.status, 1);
  EXPECT_EQ(answer.err,
            "/no/such/config.toml: error: cannot be opened: No such file or directory\n");
  EXPECT_EQ(empty.status, 2);
  EXPECT_EQ(empty.err, FormatHelp());
}

TEST(DispatchTest, NoWordsAreAnswersOnStderr) {
  unsetenv("EDR_CONFIG");
  const Answer answer = Ask({});
  EXPECT_EQ(answer.status, 2);
  EXPECT_EQ(answer.out, "");
  EXPECT_EQ(answer.err, FormatHelp());
}

TEST(DispatchTest, Version) {
  const Answer answer = Ask({"--version"});
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.out, "rand-guard " RG_VERSION "\n");
}

TEST(DispatchTest, WrongUsageIsOneLineWithARemedy) {
  struct Case {
    std::vector<std::string> words;
    std::string error;
  };
  const std::vector<Case> cases = {
      {{"replya", "x"},
       "unknown command replya; did you mean \"replay\"? `rand-guard --help` lists them"},
      {{"frobnicate"}, "unknown command frobnicate; `rand-guard --help` lists them"},
      {{"-x"}, "unknown command -x; `rand-guard --help` lists them"},
      {{"a\nb"}, "unknown command a\\x0ab; `rand-guard --help` lists them"},
      {{"rules"}, "rules: a command is missing; `rand-guard rules --help` lists them"},
      {{"rules", "tset"},
       "rules: unknown command tset; did you mean \"test\"? `rand-guard rules --help` lists them"},
      {{"help", "nope"}, "unknown command nope; `rand-guard --help` lists them"},
      {{"help", "check", "x"}, "unexpected argument x; `rand-guard help check` is what there is"},
      {{"check", "--cofnig", "x"},
       "unknown option --cofnig; did you mean \"--config\"? usage: rand-guard check "
       "[--config FILE]"},
      {{"capture", "info"},
       "an argument is missing: CAPTURE; usage: rand-guard capture info CAPTURE"},
      {{"plan"},
       "--output FILE is needed; usage: rand-guard plan [--config FILE] --output FILE "
       "[--collector-user USER] [--analyzer-user USER]"},
      {{"rules", "explain", "ID"},
       "one of --event JSON and --capture CAPTURE and --test NAME is needed; usage: rand-guard "
       "rules "
       "explain ID --event JSON|--capture CAPTURE|--test NAME [--config FILE]"},
  };
  for (const Case& c : cases) {
    const Answer answer = Ask(c.words);
    EXPECT_EQ(answer.status, 2) << answer.err;
    EXPECT_EQ(answer.out, "");
    EXPECT_EQ(answer.err, "rand-guard: " + c.error + "\n");
    EXPECT_TRUE(IsOneLine(answer.err));
  }
}

// In mdoc, a comment begins with .\" and so do the lines of both marks.
void ExpectPartOfManPage(const std::string& part, const std::string& text) {
  ExpectPartOfPage(randguard::testing::SourcePath("docs/man/rand-guard.8"), part, text + ".\\\" ");
}

// RANDGUARD_UPDATE=1 writes these parts of the page anew.
TEST(ManPageTest, SynopsisIsUpToDate) { ExpectPartOfManPage("synopsis", ManSynopsis()); }
TEST(ManPageTest, CommandsAreUpToDate) { ExpectPartOfManPage("commands", ManCommands()); }
TEST(ManPageTest, OptionsAreUpToDate) { ExpectPartOfManPage("options", ManOptions()); }

TEST(ManPageTest, NamesEveryCommandAndOption) {
  for (const Command& command : Commands()) {
    const std::string name(command.name);
    EXPECT_NE(ManSynopsis().find(".Cm " + name + "\n"), std::string::npos) << name;
    EXPECT_NE(ManCommands().find(".It Cm " + name + "\n"), std::string::npos) << name;
    for (const TakenOption& taken : command.syntax.options) {
      const std::string flag = "Fl " + std::string(taken.option->name.substr(1));
      EXPECT_NE(ManSynopsis().find(flag), std::string::npos) << flag;
      EXPECT_NE(ManOptions().find(".It " + flag), std::string::npos) << flag;
    }
  }
}

}  // namespace
}  // namespace randguard::cli::commands_test

// SPDX-License-Identifier: Apache-2.0
//
// One function for each command. They return the exit status: 0 done, 1 the input or the host says
// no (reported on stderr), 2 usage.
#ifndef ANALYZER_CLI_COMMANDS_H_
#define ANALYZER_CLI_COMMANDS_H_

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/cli/arguments.h"

namespace randguard::cli {

int Run(const Arguments& arguments);
int Record(const Arguments& arguments);
int Analyze(const Arguments& arguments);
int Replay(const Arguments& arguments);
int Watch(const Arguments& arguments);
int Tree(const Arguments& arguments);
int ReportCommand(const Arguments& arguments);
int Convert(const Arguments& arguments);
int CaptureInfo(const Arguments& arguments);
int Verify(const Arguments& arguments);
int Check(const Arguments& arguments);
int CompilePlanCommand(const Arguments& arguments);
int Doctor(const Arguments& arguments);
int Schema(const Arguments& arguments);
int RulesTest(const Arguments& arguments);
int RulesReport(const Arguments& arguments);
int RulesLint(const Arguments& arguments);
int RulesList(const Arguments& arguments);
int RulesFields(const Arguments& arguments);
int RulesStats(const Arguments& arguments);
int ConfigCommand(const Arguments& arguments);
int RulesExplain(const Arguments& arguments);
int CompletionBash(const Arguments& arguments);
int CompletionFish(const Arguments& arguments);
int CompletionZsh(const Arguments& arguments);
int Help(const Arguments& arguments);

// The declaration that parser, help, manual page and completion go by.
struct Command {
  std::string_view name;  // "run"; with a blank, a sub-command of a group: "rules test"
  Syntax syntax;
  int (*run)(const Arguments&);
  std::string_view meaning;  // half a sentence
  std::string_view details;  // sentences, for help and the manual page; may be empty

  // "rules" of "rules test"; empty for a command that stands alone.
  std::string_view group() const;
  // "test" of "rules test"; otherwise the name.
  std::string_view own_name() const;
};

const std::vector<Command>& Commands();
// nullptr: there is none.
const Command* FindCommand(std::string_view name);
// The commands and groups that come first on a command line, in the order of Commands().
std::vector<std::string_view> FirstWords();
// The sub-commands' own names; empty: `group` is none.
std::vector<std::string_view> SubCommands(std::string_view group);

// Runs the command that the words (without the program's name) ask for; returns its exit status.
int Dispatch(std::vector<std::string> words);

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_COMMANDS_H_

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <map>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/completion/completion.h"
#include "analyzer/cli/options.h"

namespace randguard::cli::bash {
namespace {

// $words holds what the command line is completed with, $kind names the values that are none of
// $words. Bash makes a word of its own of the = in --config=FILE.
constexpr char kBegin[] = R"(# bash completion for rand-guard; made by `rand-guard completion bash`

_rand_guard() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local first=${COMP_WORDS[1]} second=${COMP_WORDS[2]-} command words='' kind=''
  COMPREPLY=()
  if [[ $current == '=' ]]; then
    current=''
  elif [[ $previous == '=' ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
)";

constexpr char kEnd[] = R"(
  case $kind in
    file)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      ;;
    folder)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      ;;
    user) mapfile -t COMPREPLY < <(compgen -u -- "$current") ;;
    nothing) ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
  esac
}
complete -F _rand_guard rand-guard
)";

std::string Joined(const std::vector<std::string_view>& words, std::string_view separator) {
  std::string out;
  for (const std::string_view word : words) {
    absl::StrAppendFormat(&out, "%s%s", out.empty() ? "" : separator, word);
  }
  return out;
}

// The kind of value; empty where $words has the values.
std::string_view Kind(Completes completes) {
  switch (completes) {
    case Completes::kNothing:
      return "nothing";
    case Completes::kFile:
      return "file";
    case Completes::kFolder:
      return "folder";
    case Completes::kUser:
      return "user";
    case Completes::kCommand:
      return "";
  }
  return "nothing";
}

std::vector<std::string_view> Groups() {
  std::vector<std::string_view> out;
  for (const std::string_view word : FirstWords()) {
    if (!SubCommands(word).empty()) out.push_back(word);
  }
  return out;
}

// Sets $command, or returns from the function after completing its name.
std::string CommandWords() {
  std::string out = absl::StrFormat(
      "  if ((COMP_CWORD == 1)); then\n"
      "    mapfile -t COMPREPLY < <(compgen -W '%s %s %s' -- \"$current\")\n"
      "    return\n"
      "  fi\n"
      "  command=$first\n",
      Joined(FirstWords(), " "), option::kHelp.name, option::kVersion.name);
  out += "  case $first:$COMP_CWORD in\n";
  for (const std::string_view group : Groups()) {
    const std::string commands = Joined(SubCommands(group), " ");
    absl::StrAppendFormat(&out, "    %s:2) command='' words='%s %s' ;;\n", group, commands,
                          option::kHelp.name);
    absl::StrAppendFormat(&out, "    %s:*) command=\"$first $second\" ;;\n", group);
  }
  return out + "  esac\n";
}

std::string OptionsOf(const Command& command) {
  std::vector<std::string_view> names;
  std::map<std::string_view, std::vector<std::string_view>> by_kind;
  for (const TakenOption& taken : command.syntax.options) {
    names.push_back(taken.option->name);
    if (taken.option->takes_value()) {
      by_kind[Kind(taken.option->completes)].push_back(taken.option->name);
    }
  }
  names.push_back(option::kHelp.name);
  std::string out =
      absl::StrFormat("    '%s')\n      words='%s'\n", command.name, Joined(names, " "));
  out += "      case $previous in\n";
  for (const auto& [kind, options] : by_kind) {
    absl::StrAppendFormat(&out, "        %s) kind='%s' ;;\n", Joined(options, " | "), kind);
  }
  // The first one that a shell can complete: where there are several, it is the one that is
  // repeated.
  const std::vector<Operand>& operands = command.syntax.operands;
  const auto completable =
      std::find_if(operands.begin(), operands.end(),
                   [](const Operand& operand) { return operand.completes != Completes::kNothing; });
  const std::string_view kind = operands.empty()                ? ""
                                : completable != operands.end() ? Kind(completable->completes)
                                                                : Kind(Completes::kNothing);
  if (!kind.empty()) {
    absl::StrAppendFormat(&out, "        *) [[ $current == -* ]] || kind='%s' ;;\n", kind);
  }
  return out + "      esac\n      ;;\n";
}

// The operands of `help`: commands, then the sub-commands of a group.
std::string HelpOperands() {
  std::string out = "  case $first:$COMP_CWORD:$second in\n";
  absl::StrAppendFormat(&out, "    help:2:*) words='%s' ;;\n", Joined(FirstWords(), " "));
  for (const std::string_view group : Groups()) {
    absl::StrAppendFormat(&out, "    help:3:%s) words='%s' ;;\n", group,
                          Joined(SubCommands(group), " "));
  }
  return out + "  esac\n";
}

std::string Script() {
  std::string out = kBegin + CommandWords() + "  case $command in\n";
  for (const Command& command : Commands()) out += OptionsOf(command);
  return out + "  esac\n" + HelpOperands() + kEnd;
}

}  // namespace
}  // namespace randguard::cli::bash

namespace randguard::cli {

std::string BashCompletionScript() { return bash::Script(); }

int CompletionBash(const Arguments&) {
  std::fputs(BashCompletionScript().c_str(), stdout);
  return 0;
}

}  // namespace randguard::cli

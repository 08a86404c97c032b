// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string_view>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/completion/completion.h"
#include "analyzer/cli/options.h"

namespace randguard::cli::zsh {
namespace {

constexpr char kBegin[] = R"(#compdef rand-guard
# zsh completion for rand-guard; made by `rand-guard completion zsh`

_rand_guard() {
  local command=$words[2]
  local -a names
)";

// Loaded as a function of the search path it is called; sourced, it is announced.
constexpr char kEnd[] = R"(  esac
}
if [[ $funcstack[1] == _rand-guard ]]; then
  _rand_guard "$@"
else
  compdef _rand_guard rand-guard
fi
)";

// Within '...', and within the [...] and between the : of what describes an option.
std::string Escaped(std::string_view text) {
  return absl::StrReplaceAll(
      absl::string_view(text.data(), text.size()),
      {{"'", "'\\''"}, {"\\", "\\\\"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}});
}

std::string_view Values(Completes completes) {
  switch (completes) {
    case Completes::kFile:
      return "_files";
    case Completes::kFolder:
      return "_files -/";
    case Completes::kUser:
      return "_users";
    case Completes::kNothing:
    case Completes::kCommand:
      break;
  }
  return " ";
}

std::string Name(std::string_view name, std::string_view meaning) {
  return absl::StrFormat(" '%s:%s'", name, Escaped(meaning));
}

std::string NamesOf(std::string_view group) {
  std::string out;
  for (const Command& command : Commands()) {
    if (command.group() == group) out += Name(command.own_name(), command.meaning);
  }
  return out;
}

std::string FirstNames() {
  std::string out = NamesOf("");
  for (const std::string_view word : FirstWords()) {
    if (!SubCommands(word).empty()) out += Name(word, "a group of commands");
  }
  return out;
}

std::string Spec(const Option& option) {
  std::string out = absl::StrFormat("'%s%s[%s]", option.name, option.takes_value() ? "=" : "",
                                    Escaped(option.meaning));
  if (option.takes_value()) {
    absl::StrAppendFormat(&out, ":%s:%s", Escaped(option.value), Values(option.completes));
  }
  return out + "'";
}

std::string Operands(const Command& command) {
  std::string out;
  for (const Operand& operand : command.syntax.operands) {
    absl::StrAppendFormat(&out, " '%s:%s:%s'",
                          operand.repeated   ? "*"
                          : operand.optional ? ":"
                                             : "",
                          Escaped(operand.name), Values(operand.completes));
  }
  return out;
}

// The names of a group's commands where one is to come; otherwise, which command it is.
std::string Groups() {
  std::string out;
  for (const std::string_view group : FirstWords()) {
    if (SubCommands(group).empty()) continue;
    absl::StrAppendFormat(&out,
                          "    %s)\n"
                          "      if (( CURRENT == 3 )); then\n"
                          "        names=(%s)\n"
                          "        [[ $words[3] != -* ]] || names=(%s)\n"
                          "        _describe command names\n"
                          "        return\n"
                          "      fi\n"
                          "      command=\"%s $words[3]\"\n"
                          "      shift words\n"
                          "      (( CURRENT-- ))\n"
                          "      ;;\n",
                          group, NamesOf(group), Name(option::kHelp.name, option::kHelp.meaning),
                          group);
  }
  return out;
}

// The operands of `help`: commands, then the sub-commands of a group.
std::string HelpOperands() {
  std::string out = absl::StrFormat(
      "      if (( CURRENT == 2 )); then names=(%s); else case $words[2] in\n", FirstNames());
  for (const std::string_view group : FirstWords()) {
    if (SubCommands(group).empty()) continue;
    absl::StrAppendFormat(&out, "        %s) names=(%s) ;;\n", group, NamesOf(group));
  }
  return out + "      esac; fi\n      _describe command names\n      ;;\n";
}

std::string Script() {
  std::string out = kBegin;
  absl::StrAppendFormat(&out,
                        "  if (( CURRENT == 2 )); then\n"
                        "    names=(%s)\n"
                        "    [[ $words[2] != -* ]] || names=(%s%s)\n"
                        "    _describe command names\n"
                        "    return\n"
                        "  fi\n"
                        "  case $command in\n",
                        FirstNames(), Name(option::kHelp.name, option::kHelp.meaning),
                        Name(option::kVersion.name, option::kVersion.meaning));
  out += Groups();
  out += "  esac\n  shift words\n  (( CURRENT-- ))\n  case $command in\n";
  for (const Command& command : Commands()) {
    absl::StrAppendFormat(&out, "    '%s')\n", command.name);
    const auto& operands = command.syntax.operands;
    if (!operands.empty() && operands[0].completes == Completes::kCommand) {
      out += HelpOperands();
      continue;
    }
    out += "      _arguments";
    for (const TakenOption& taken : command.syntax.options) out += " " + Spec(*taken.option);
    absl::StrAppendFormat(&out, " %s%s\n      ;;\n", Spec(option::kHelp), Operands(command));
  }
  return out + kEnd;
}

}  // namespace
}  // namespace randguard::cli::zsh

namespace randguard::cli {

std::string ZshCompletionScript() { return zsh::Script(); }

int CompletionZsh(const Arguments&) {
  std::fputs(ZshCompletionScript().c_str(), stdout);
  return 0;
}

}  // namespace randguard::cli

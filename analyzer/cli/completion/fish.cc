// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string_view>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/completion/completion.h"
#include "analyzer/cli/options.h"

namespace randguard::cli::fish {
namespace {

// A command is known by the words it begins with; its name comes before its options.
constexpr char kBegin[] = R"(# fish completion for rand-guard; made by `rand-guard completion fish`

function __rand_guard_words
    set -l words (commandline -opc)
    set -e words[1]
    test (count $words) -gt 0; and printf '%s\n' $words
end

# Whether the words so far are these.
function __rand_guard_after
    set -l words (__rand_guard_words)
    test "$words" = "$argv"
end

# Whether they begin with these.
function __rand_guard_in
    set -l words (__rand_guard_words)
    set -l last (count $argv)
    test (count $words) -ge $last; and test "$words[1..$last]" = "$argv"
end

complete -c rand-guard -f
)";

std::string Quoted(std::string_view text) {
  return "'" +
         absl::StrReplaceAll(absl::string_view(text.data(), text.size()),
                             {{"\\", "\\\\"}, {"'", "\\'"}}) +
         "'";
}

void AddName(std::string& out, std::string_view after, std::string_view name,
             std::string_view meaning) {
  absl::StrAppendFormat(&out, "complete -c rand-guard -n '__rand_guard_after%s%s' -a %s -d %s\n",
                        after.empty() ? "" : " ", after, name, Quoted(meaning));
}

// How fish asks for a value; empty: by files.
std::string_view Values(Completes completes) {
  switch (completes) {
    case Completes::kFile:
      return "-r -F";
    case Completes::kFolder:
      return "-x -a '(__fish_complete_directories)'";
    case Completes::kUser:
      return "-x -a '(__fish_complete_users)'";
    case Completes::kNothing:
    case Completes::kCommand:
      break;
  }
  return "-x";
}

// Without the dashes that fish puts there.
std::string_view Bare(std::string_view name) { return name.substr(name.find_first_not_of('-')); }

void AddOption(std::string& out, std::string_view command, const Option& option) {
  absl::StrAppendFormat(&out, "complete -c rand-guard -n '__rand_guard_in %s' -l %s%s%s -d %s\n",
                        command, Bare(option.name), option.takes_value() ? " " : "",
                        option.takes_value() ? Values(option.completes) : "",
                        Quoted(option.meaning));
}

void AddOperands(std::string& out, const Command& command) {
  for (const Operand& operand : command.syntax.operands) {
    if (operand.completes == Completes::kFile) {
      absl::StrAppendFormat(&out, "complete -c rand-guard -n '__rand_guard_in %s' -F\n",
                            command.name);
      return;
    }
    if (operand.completes != Completes::kCommand) continue;
    for (const std::string_view word : FirstWords()) AddName(out, command.name, word, "");
    for (const std::string_view word : FirstWords()) {
      for (const std::string_view own : SubCommands(word)) {
        AddName(out, absl::StrFormat("%s %s", command.name, word), own, "");
      }
    }
    return;
  }
}

std::string Script() {
  std::string out = kBegin;
  for (const Option* option : {&option::kHelp, &option::kVersion}) {
    absl::StrAppendFormat(&out, "complete -c rand-guard -n __rand_guard_after -l %s -d %s\n",
                          Bare(option->name), Quoted(option->meaning));
  }
  for (const std::string_view word : FirstWords()) {
    if (SubCommands(word).empty()) continue;
    AddName(out, "", word, "a group of commands");
    absl::StrAppendFormat(&out, "complete -c rand-guard -n '__rand_guard_after %s' -l %s -d %s\n",
                          word, Bare(option::kHelp.name), Quoted(option::kHelp.meaning));
  }
  for (const Command& command : Commands()) {
    AddName(out, command.group(), command.own_name(), command.meaning);
    for (const TakenOption& taken : command.syntax.options) {
      AddOption(out, command.name, *taken.option);
    }
    AddOption(out, command.name, option::kHelp);
    AddOperands(out, command);
  }
  return out;
}

}  // namespace
}  // namespace randguard::cli::fish

namespace randguard::cli {

std::string FishCompletionScript() { return fish::Script(); }

int CompletionFish(const Arguments&) {
  std::fputs(FishCompletionScript().c_str(), stdout);
  return 0;
}

}  // namespace randguard::cli

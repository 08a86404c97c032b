// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/man_page.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"

namespace randguard::cli {
namespace {

// As mdoc names it: without the first dash, which Fl writes; placeholders in lower case.
std::string Flag(const Option& option) {
  std::string out = absl::StrFormat("Fl %s", option.name.substr(1));
  if (!option.takes_value()) return out;
  out += " Ar ";
  for (const char c : option.value) out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

std::string Argument(const Operand& operand) {
  std::string name;
  for (const char c : operand.name) name += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return absl::StrFormat(".%sAr %s%s\n", operand.optional ? "Op " : "", name,
                         operand.repeated ? " ..." : "");
}

// Sentences, each on a line of its own, with nothing in them that roff would take for itself.
std::string Sentences(std::string_view text) {
  if (text.empty()) return "";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 0 && c >= 'a' && c <= 'z') {
      out += static_cast<char>(c - 'a' + 'A');
    } else if (c == '\\') {
      out += "\\e";
    } else if (c == '-' && (i == 0 || text[i - 1] == ' ' || text[i - 1] == '-')) {
      out += "\\-";
    } else if (c == ' ' && i > 0 && text[i - 1] == '.') {
      out += '\n';
    } else {
      out += c;
    }
  }
  if (out.back() != '.') out += '.';
  return out + "\n";
}

}  // namespace

std::string ManSynopsis() {
  std::string out;
  for (const Command& command : Commands()) {
    absl::StrAppendFormat(&out, ".Nm\n.Cm %s\n", command.name);
    for (const Operand& operand : command.syntax.operands) out += Argument(operand);
    std::string choice;
    for (const TakenOption& taken : command.syntax.options) {
      const std::string flag = Flag(*taken.option);
      if (taken.need == Need::kOptional) absl::StrAppendFormat(&out, ".Op %s\n", flag);
      if (taken.need == Need::kRequired) absl::StrAppendFormat(&out, ".%s\n", flag);
      if (taken.need == Need::kOneOf) choice += (choice.empty() ? "." : " | ") + flag;
    }
    if (!choice.empty()) out += choice + "\n";
  }
  for (const Option* option : {&option::kHelp, &option::kVersion}) {
    absl::StrAppendFormat(&out, ".Nm\n.%s\n", Flag(*option));
  }
  return out;
}

std::string ManCommands() {
  std::string out = ".Bl -tag -width Ds\n";
  for (const Command& command : Commands()) {
    absl::StrAppendFormat(&out, ".It Cm %s\n%s%s", command.name, Sentences(command.meaning),
                          Sentences(command.details));
  }
  return out + ".El\n";
}

std::string ManOptions() {
  std::vector<const Option*> options;
  for (const Command& command : Commands()) {
    for (const TakenOption& taken : command.syntax.options) {
      if (std::find(options.begin(), options.end(), taken.option) != options.end()) continue;
      // Beside those with the same name.
      const auto same = std::find_if(options.rbegin(), options.rend(), [&](const Option* option) {
        return option->name == taken.option->name;
      });
      options.insert(same == options.rend() ? options.end() : same.base(), taken.option);
    }
  }
  options.push_back(&option::kHelp);
  options.push_back(&option::kVersion);
  std::string out = ".Bl -tag -width Ds\n";
  for (const Option* option : options) {
    absl::StrAppendFormat(&out, ".It %s\n%s", Flag(*option), Sentences(option->meaning));
  }
  return out + ".El\n";
}

}  // namespace randguard::cli

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/help.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/cli/options.h"

namespace randguard::cli {
namespace {

constexpr std::size_t kColumns = 80;

using Row = std::pair<std::string, std::string_view>;  // a name and its meaning

// The parts with blanks between them, broken where a line is full, which has `column` characters
// already; lines but the first are indented.
std::string Wrapped(const std::vector<std::string>& parts, std::size_t indent, std::size_t column) {
  std::string out;
  bool first = true;
  for (const std::string& part : parts) {
    if (!first && column + 1 + part.size() > kColumns) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    first = false;
    out += part;
    column += part.size();
  }
  return out + "\n";
}

std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    out.emplace_back(text.substr(0, text.find(' ')));
    text.remove_prefix(std::min(text.size(), out.back().size() + 1));
  }
  return out;
}

std::string Table(const std::vector<Row>& rows) {
  std::size_t width = 0;
  for (const Row& row : rows) width = std::max(width, row.first.size());
  const std::size_t indent = 2 + width + 2;
  std::string out;
  for (const auto& [name, meaning] : rows) {
    out += "  " + name + std::string(width + 2 - name.size(), ' ');
    out += Wrapped(WordsOf(meaning), indent, indent);
  }
  return out;
}

Row RowOf(const Option& option) {
  return {absl::StrFormat("%s%s%s", option.name, option.takes_value() ? " " : "", option.value),
          option.meaning};
}

Row RowOf(const Command& command) {
  std::string name(command.name);
  for (const Operand& operand : command.syntax.operands) {
    absl::StrAppendFormat(&name, " %s%s%s%s", operand.optional ? "[" : "", operand.name,
                          operand.repeated ? "..." : "", operand.optional ? "]" : "");
  }
  return {name, command.meaning};
}

std::string Paragraph(std::string text) {
  if (text.empty()) return "";
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  if (text.back() != '.') text += '.';
  return "\n" + Wrapped(WordsOf(text), 0, 0);
}

constexpr char kExitStatus[] = "\nExit status: 0 done, 1 the input or the host says no, 2 usage.\n";

}  // namespace

std::string FormatUsage(const Command& command) {
  std::string out = absl::StrFormat("rand-guard %s", command.name);
  for (const std::string& part : SyntaxParts(command.syntax)) out += " " + part;
  return out;
}

std::string FormatHelp() {
  std::vector<Row> rows;
  for (const Command& command : Commands()) rows.push_back(RowOf(command));
  return "usage: rand-guard COMMAND [OPTION]... [ARGUMENT]...\n\n" + Table(rows) + "\n" +
         Table({RowOf(option::kHelp), RowOf(option::kVersion)}) +
         "\n`rand-guard COMMAND --help` says what a command takes.\n"
         "EDR_CONFIG and EDR_EBPF_OBJECT give the defaults for --config and --object.\n" +
         kExitStatus;
}

std::string FormatGroupHelp(std::string_view group) {
  std::vector<Row> rows;
  for (const Command& command : Commands()) {
    if (command.group() == group) rows.push_back(RowOf(command));
  }
  return absl::StrFormat(
      "usage: rand-guard %s COMMAND [OPTION]... [ARGUMENT]...\n\n%s\n"
      "`rand-guard %s COMMAND --help` says what a command takes.\n",
      group, Table(rows), group);
}

std::string FormatCommandHelp(const Command& command) {
  std::vector<Row> rows;
  for (const Operand& operand : command.syntax.operands) {
    rows.emplace_back(operand.name, operand.meaning);
  }
  for (const TakenOption& taken : command.syntax.options) rows.push_back(RowOf(*taken.option));
  rows.push_back(RowOf(option::kHelp));
  std::vector<std::string> usage = SyntaxParts(command.syntax);
  usage.insert(usage.begin(), absl::StrFormat("usage: rand-guard %s", command.name));
  return Wrapped(usage, usage[0].size() + 1, 0) + Paragraph(std::string(command.meaning)) +
         Paragraph(std::string(command.details)) + "\n" + Table(rows) + kExitStatus;
}

std::string WithSeparator(std::string message) {
  if (message.empty() || message.back() != '?') message += ';';
  return message;
}

}  // namespace randguard::cli

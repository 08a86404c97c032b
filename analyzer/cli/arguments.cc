// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/arguments.h"

#include <algorithm>

#include "analyzer/base/status.h"
#include "analyzer/cli/options.h"
#include "analyzer/source/reporter.h"

namespace randguard::cli {
namespace {

std::string FormatOption(const Option& option) {
  return absl::StrFormat("%s%s%s", option.name, option.takes_value() ? " " : "", option.value);
}

std::string Bracketed(const std::string& text, bool optional) {
  return optional ? "[" + text + "]" : text;
}

// All options of which one is needed, with `separator` between them.
std::string FormatChoice(const Syntax& syntax, std::string_view separator) {
  std::string out;
  for (const TakenOption& taken : syntax.options) {
    if (taken.need != Need::kOneOf) continue;
    absl::StrAppendFormat(&out, "%s%s", out.empty() ? "" : separator, FormatOption(*taken.option));
  }
  return out;
}

absl::Status UnknownOption(const std::string& name, const Syntax& syntax) {
  std::vector<std::string_view> known = {option::kHelp.name};
  for (const TakenOption& taken : syntax.options) known.push_back(taken.option->name);
  return InvalidInput("unknown option %s%s", EscapedForTerminal(name), DidYouMean(name, known));
}

}  // namespace

std::vector<std::string> SyntaxParts(const Syntax& syntax) {
  std::vector<std::string> parts;
  for (const Operand& operand : syntax.operands) {
    parts.push_back(
        Bracketed(std::string(operand.name) + (operand.repeated ? "..." : ""), operand.optional));
  }
  bool choice = false;
  for (const TakenOption& taken : syntax.options) {
    if (taken.need == Need::kOneOf) {
      if (!choice) parts.push_back(FormatChoice(syntax, "|"));
      choice = true;
    } else {
      parts.push_back(Bracketed(FormatOption(*taken.option), taken.need == Need::kOptional));
    }
  }
  return parts;
}

absl::StatusOr<Arguments> Arguments::Parse(const std::vector<std::string>& words,
                                           const Syntax& syntax) {
  Arguments out;
  const bool any_number = !syntax.operands.empty() && syntax.operands.back().repeated;
  bool only_operands = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (only_operands || word.size() < 2 || word[0] != '-') {
      if (!any_number && out.operands_.size() == syntax.operands.size()) {
        return InvalidInput("unexpected argument %s", EscapedForTerminal(word));
      }
      out.operands_.push_back(word);
      continue;
    }
    if (word == "--") {
      only_operands = true;
      continue;
    }
    if (word == option::kHelp.name || word == option::kHelpShort) {
      out.help_ = true;
      return out;
    }
    const std::size_t equals = word.find('=');
    std::string name = word.substr(0, equals);
    if (name == option::kOutputShort) name = option::kOutput.name;
    const auto taken = std::find_if(syntax.options.begin(), syntax.options.end(),
                                    [&](const TakenOption& t) { return t.option->name == name; });
    if (taken == syntax.options.end()) return UnknownOption(name, syntax);
    std::string value;
    if (equals != word.npos) {
      if (!taken->option->takes_value()) return InvalidInput("option %s takes no value", name);
      value = word.substr(equals + 1);
    } else if (taken->option->takes_value()) {
      if (i + 1 == words.size()) return InvalidInput("option %s needs a value", name);
      value = words[++i];
    }
    if (!out.options_.emplace(name, value).second) return InvalidInput("option %s twice", name);
  }
  RG_RETURN_IF_ERROR(out.CheckComplete(syntax));
  return out;
}

absl::Status Arguments::CheckComplete(const Syntax& syntax) const {
  if (operands_.size() < syntax.operands.size() && !syntax.operands[operands_.size()].optional) {
    return InvalidInput("an argument is missing: %s", syntax.operands[operands_.size()].name);
  }
  std::size_t choices = 0;
  std::size_t chosen = 0;
  for (const TakenOption& taken : syntax.options) {
    const bool given = Has(*taken.option);
    if (taken.need == Need::kRequired && !given) {
      return InvalidInput("%s is needed", FormatOption(*taken.option));
    }
    if (taken.need != Need::kOneOf) continue;
    ++choices;
    if (given) ++chosen;
  }
  if (choices > 0 && chosen != 1) {
    return InvalidInput("one of %s is needed", FormatChoice(syntax, " and "));
  }
  return absl::OkStatus();
}

std::optional<std::string> Arguments::Value(const Option& option) const {
  const auto it = options_.find(option.name);
  if (it == options_.end()) return std::nullopt;
  return it->second;
}

}  // namespace randguard::cli

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/arguments.h"

#include <algorithm>

#include "analyzer/base/status.h"

namespace randguard::cli {

absl::StatusOr<Arguments> Arguments::Parse(const std::vector<std::string>& words,
                                           const std::vector<Option>& options,
                                           std::size_t operands) {
  Arguments out;
  bool only_operands = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (only_operands || word.size() < 2 || word[0] != '-') {
      if (out.operands_.size() == operands) return InvalidInput("unexpected argument %s", word);
      out.operands_.push_back(word);
      continue;
    }
    if (word == "--") {
      only_operands = true;
      continue;
    }
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto option = std::find_if(options.begin(), options.end(),
                                     [&](const Option& o) { return o.name == name; });
    if (option == options.end()) return InvalidInput("unknown option %s", name);
    std::string value;
    if (equals != word.npos) {
      if (!option->takes_value) return InvalidInput("option %s takes no value", name);
      value = word.substr(equals + 1);
    } else if (option->takes_value) {
      if (i + 1 == words.size()) return InvalidInput("option %s needs a value", name);
      value = words[++i];
    }
    if (!out.options_.emplace(name, value).second) return InvalidInput("option %s twice", name);
  }
  return out;
}

std::optional<std::string> Arguments::Value(std::string_view option) const {
  const auto it = options_.find(option);
  if (it == options_.end()) return std::nullopt;
  return it->second;
}

}  // namespace randguard::cli

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/sigma/regex_pool.h"

#include "absl/strings/str_format.h"

namespace randguard::sigma {

std::variant<Regex, std::string> RegexPool::Get(const std::string& pattern) {
  if (const auto known = compiled_.find(pattern); known != compiled_.end()) return known->second;
  if (steps_ > kStepsMax) {
    return absl::StrFormat(
        "the file's regular expressions have more than %d steps; divide it into several",
        kStepsMax);
  }
  auto regex = CompileRegex(pattern, /*ignore_case=*/false);
  if (auto* error = std::get_if<ConditionError>(&regex)) {
    // RE2 gives up late on what gets too large, and on anything else at once.
    const bool late = error->message.find("pattern too large") != std::string::npos;
    steps_ += late ? kStepsMax / 4 : pattern.size() / 16;
    return std::move(error->message);
  }
  Regex& made = std::get<Regex>(regex);
  steps_ += static_cast<std::size_t>(made->ProgramSize());
  return compiled_.emplace(pattern, std::move(made)).first->second;
}

}  // namespace randguard::sigma

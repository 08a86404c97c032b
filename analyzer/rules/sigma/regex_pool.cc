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
    steps_ += kStepsMax / 4;  // it may have been given up late
    return std::move(error->message);
  }
  Regex& made = std::get<Regex>(regex);
  steps_ += static_cast<std::size_t>(made->ProgramSize());
  return compiled_.emplace(pattern, std::move(made)).first->second;
}

}  // namespace randguard::sigma

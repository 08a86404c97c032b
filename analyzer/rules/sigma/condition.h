// SPDX-License-Identifier: Apache-2.0
//
// The condition of a Sigma rule: selections by name, joined with and, or, not and parentheses, and
// quantified by `1 of` and `all of`.
#ifndef ANALYZER_RULES_SIGMA_CONDITION_H_
#define ANALYZER_RULES_SIGMA_CONDITION_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analyzer/rules/sigma/problem.h"

namespace randguard::sigma {

struct ConditionNode {
  enum class Type : std::uint8_t { kAnd, kOr, kNot, kSelection };
  Type type = Type::kSelection;
  std::vector<ConditionNode> children;
  std::size_t selection = 0;  // in the names given to ParseCondition()
  std::string words;          // as it is written
  bool quantified = false;    // `1 of`, `all of`: children are the selections meant
};

// `names` are those of the rule's selections. The position is that of the condition.
std::variant<ConditionNode, Problem> ParseCondition(std::string_view text, SourcePosition position,
                                                    std::span<const std::string_view> names);

}  // namespace randguard::sigma

#endif  // ANALYZER_RULES_SIGMA_CONDITION_H_

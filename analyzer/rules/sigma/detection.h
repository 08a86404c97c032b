// SPDX-License-Identifier: Apache-2.0
//
// The `detection` of a Sigma rule, or the `filter` of a Sigma filter: its selections and
// conditions.
#ifndef ANALYZER_RULES_SIGMA_DETECTION_H_
#define ANALYZER_RULES_SIGMA_DETECTION_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/rules/sigma/condition.h"
#include "analyzer/rules/sigma/detection_item.h"
#include "analyzer/rules/sigma/problem.h"
#include "analyzer/source/yaml_document.h"

namespace randguard::sigma {

struct SelectionNode {
  enum class Type : std::uint8_t { kAnd, kOr, kItem };
  Type type = Type::kAnd;
  std::vector<SelectionNode> children;
  DetectionItem item;  // of kItem
};

struct Selection {
  std::string name;
  SourcePosition position;
  SelectionNode root;
};

struct Detection {
  std::vector<Selection> selections;
  std::vector<ConditionNode> conditions;  // one of them must hold
  std::size_t values = 0;                 // in all ways in which modifiers have them written
};

// Members of `node` whose names are in `not_selections` are somebody else's.
std::variant<Detection, Problem> ReadDetection(const YamlNode& node,
                                               std::span<const SigmaPlaceholder> placeholders,
                                               std::span<const std::string_view> not_selections);

}  // namespace randguard::sigma

#endif  // ANALYZER_RULES_SIGMA_DETECTION_H_

// SPDX-License-Identifier: Apache-2.0
//
// One line of a selection: a field with modifiers, and its values; or a keyword, which has no
// field.
#ifndef ANALYZER_RULES_SIGMA_DETECTION_ITEM_H_
#define ANALYZER_RULES_SIGMA_DETECTION_ITEM_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/rules/match/predicate.h"
#include "analyzer/rules/sigma/pattern.h"
#include "analyzer/rules/sigma/problem.h"
#include "analyzer/source/yaml_document.h"

namespace randguard::sigma {

// A value as it is written, and what modifiers made of it.
struct ItemValue {
  bool null = false;
  std::string text;
  std::vector<Pattern> patterns;  // any of them
  SourcePosition position;
};

struct DetectionItem {
  enum class Test : std::uint8_t { kText, kRegex, kNetwork, kCompare, kExists, kField };

  std::string field;  // empty: a keyword
  Test test = Test::kText;
  bool all = false;      // each value must hold, not any
  bool cased = false;    // case counts
  bool negated = false;  // neq
  std::string flags;     // of kRegex: "(?i-ms)"
  NumberRange range;     // of kCompare: what the number must be in
  Predicate::Relation relation = Predicate::Relation::kEqual;  // of kField
  bool exists = true;                                          // of kExists
  std::vector<ItemValue> values;
  SourcePosition position;  // of the key; of a keyword, of the value
  std::string words;        // key and values as they are written, cut when they are long
};

// `key` is empty for a list of keywords. `value` is a scalar or a sequence of scalars.
std::variant<DetectionItem, Problem> ReadItem(std::string_view key, SourcePosition position,
                                              const YamlNode& value,
                                              std::span<const SigmaPlaceholder> placeholders);

// The names of all modifiers, for messages and documents.
std::span<const std::string_view> ModifierNames();

}  // namespace randguard::sigma

#endif  // ANALYZER_RULES_SIGMA_DETECTION_ITEM_H_

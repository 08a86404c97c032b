// SPDX-License-Identifier: Apache-2.0
//
// A condition as it is written: its syntax tree. docs/rules.md has the grammar.
#ifndef ANALYZER_RULES_LANGUAGE_CONDITION_H_
#define ANALYZER_RULES_LANGUAGE_CONDITION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/rules/fields/value.h"

namespace randguard {

// Limits of one condition; what is beyond is an error.
inline constexpr std::size_t kConditionNesting = 64;  // of parentheses and not
inline constexpr std::size_t kOperandsMax = 10000;    // of one list
inline constexpr std::size_t kPatternMax = 1024;      // bytes of a regular expression or glob
inline constexpr std::uint32_t kElementMax = 255;     // of args[n]

enum class Operator : std::uint8_t {
  kExists,
  kTrue,   // a boolean field by its bare name
  kEqual,  // from here to kIn: for numbers, too
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,  // from kEqual to here: one value, no list
  kIn,
  kInNetwork,
  kHas,
  kContains,
  kStartsWith,
  kEndsWith,
  kMatches,
  kGlob,
};
// As it is written.
std::string_view OperatorName(Operator op, bool ignore_case = false);

struct Operand {
  enum class Form : std::uint8_t { kText, kNumber, kRange, kName, kBoolean };
  Form form = Form::kText;
  std::string text;  // or name
  Number low = 0, high = 0;
  std::size_t offset = 0;
};

struct Comparison {
  std::string field;
  std::size_t field_offset = 0;
  std::optional<std::uint32_t> element;  // args[0]: that one alone
  Operator op = Operator::kExists;
  std::size_t op_offset = 0;
  bool ignore_case = false;
  bool all_operands = false;  // contains all (...)
  bool all_elements = false;  // all args startswith ...
  bool list = false;          // operands stood in parentheses
  std::vector<Operand> operands;
};

using SyntaxId = std::uint32_t;

struct SyntaxNode {
  enum class Type : std::uint8_t { kAnd, kOr, kNot, kComparison, kName };
  Type type = Type::kName;
  std::size_t begin = 0, end = 0;  // in the text
  std::vector<SyntaxId> children;
  Comparison comparison;
  std::string name;  // kName: a macro or a boolean field
};

struct Condition {
  std::vector<SyntaxNode> nodes;
  SyntaxId root = 0;
};

struct ConditionError {
  std::size_t offset = 0;
  std::string message;
};

// The tree, or the first error.
std::variant<Condition, ConditionError> ParseCondition(std::string_view text);

// Words that are neither a field nor the name of a macro or list.
bool IsReservedWord(std::string_view word);

}  // namespace randguard

#endif  // ANALYZER_RULES_LANGUAGE_CONDITION_H_

// SPDX-License-Identifier: Apache-2.0
//
// One comparison of one field, ready to be tested against a value.
#ifndef ANALYZER_RULES_MATCH_PREDICATE_H_
#define ANALYZER_RULES_MATCH_PREDICATE_H_

#include <re2/re2.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analyzer/base/text_map.h"
#include "analyzer/rules/fields/value.h"
#include "analyzer/rules/language/condition.h"
#include "analyzer/rules/match/wildcard.h"

namespace randguard {

class AffixSearch;
class PartSearch;

// Both ends belong to it.
struct NumberRange {
  Number low = 0, high = 0;
  friend bool operator==(const NumberRange&, const NumberRange&) = default;
};

inline constexpr Number kNumberMin = -(static_cast<Number>(1) << 64);
inline constexpr Number kNumberMax = static_cast<Number>(1) << 64;

// Sorted, disjoint, not adjacent.
using NumberSet = std::vector<NumberRange>;
NumberSet Normalized(NumberSet ranges);
NumberSet Complement(const NumberSet& set);
NumberSet Intersection(const NumberSet& a, const NumberSet& b);
bool Contains(const NumberSet& set, Number number);

// An IP address and how many of its bits count. IPv4 as in IPv6, ::ffff:0:0/96.
struct Network {
  std::array<std::uint8_t, 16> address{};
  unsigned bits = 128;
  friend bool operator==(const Network&, const Network&) = default;
};
std::optional<std::array<std::uint8_t, 16>> ParseAddress(std::string_view text);
// "10.0.0.0/8"; absent: it is none, or has bits set behind those that count.
std::optional<Network> ParseNetwork(std::string_view text);

// An expression or a glob, compiled with bounded memory. Bytes, not characters: what a process
// puts into a name need not be UTF-8, and must not be able to hide behind that.
using Regex = std::shared_ptr<const re2::RE2>;
// Or what is wrong with it, and where in it.
std::variant<Regex, ConditionError> CompileRegex(std::string_view pattern, bool ignore_case);
// "*" and "?" do not match a slash, "**" does; "[a-z]" is a class. The whole text must match.
std::variant<Regex, ConditionError> CompileGlob(std::string_view pattern, bool ignore_case);

std::string Folded(std::string_view text);  // ASCII letters in lower case

struct Predicate {
  // Equal, contains, and so on: any of several operands.
  enum class Type : std::uint8_t {
    kExists,
    kNumberIn,
    kBits,
    kTextIn,
    kTextNotEqual,
    kContains,
    kStartsWith,
    kEndsWith,
    kRegex,
    kNetwork,
    kWildcard,
    kSameAs,
  };
  // With kSameAs: how a text relates to the other field's. Numbers can only be equal.
  enum class Relation : std::uint8_t { kEqual, kContains, kStartsWith, kEndsWith };

  FieldId field = 0;
  std::optional<std::uint32_t> element;  // of a list: this one alone, the first is 0
  Type type = Type::kExists;
  bool ignore_case = false;
  bool all_operands = false;
  bool all_elements = false;
  NumberSet numbers;
  std::vector<std::uint64_t> bits;  // each: all of these
  // Sorted; in lower case with ignore_case; of kRegex and kWildcard: patterns.
  std::vector<std::string> texts;
  std::vector<Network> networks;
  std::vector<Regex> regexes;
  std::vector<Wildcard> wildcards;  // of kWildcard, in the order of their texts
  bool glob = false;
  FieldId other = 0;  // of kSameAs
  Relation relation = Relation::kEqual;
  // Made from long lists of texts: a look into them is quick. Copies share them.
  std::shared_ptr<const TextSet> set;          // of kTextIn
  std::shared_ptr<const PartSearch> parts;     // of kContains
  std::shared_ptr<const AffixSearch> affixes;  // of kStartsWith and kEndsWith
  // For kRegex: no text fits that has none of these parts, in lower case. Empty: none are known,
  // and every text is tested.
  std::vector<std::string> atoms;

  // Sorts the operands.
  void Finish();
  // After Finish(): makes ready for many tests.
  void Prepare();
  // Predicates with the same key are the same.
  std::string Key() const;

  // Whether it is tested against values in lower case (Fold()).
  bool folds() const { return ignore_case && type != Type::kRegex && type != Type::kSameAs; }
  // Whether it holds of the value, in lower case if folds(); never of an absent one.
  bool TestRead(const Value& value) const;
  // The same of a value as it is, which takes longer.
  bool Test(const Value& value) const;
  // The same of a value that is the `element` already.
  bool TestOne(const Value& value) const;
  // With kSameAs: whether the values of `field` and `other`, as they are, relate in this way.
  bool TestPair(const Value& value, const Value& other_value) const;

 private:
  void FindAtoms();
  bool Holds(const Value& value) const;
  bool HoldsOfText(std::string_view text) const;
  bool TestOperand(std::string_view text, std::size_t operand) const;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_MATCH_PREDICATE_H_

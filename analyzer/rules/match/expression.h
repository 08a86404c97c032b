// SPDX-License-Identifier: Apache-2.0
//
// The expressions that rules come down to: predicates, and the ways in which they are joined. The
// pool keeps each of them once, however many rules have it (hash consing): equal expressions have
// equal ids. So a predicate is tested once for an event, steps of equal conditions are shared, and
// "a and not a" is seen by comparing numbers. Joining simplifies, and finds contradictions here,
// where a rule's author can still be warned.
#ifndef ANALYZER_RULES_MATCH_EXPRESSION_H_
#define ANALYZER_RULES_MATCH_EXPRESSION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analyzer/rules/match/predicate.h"

namespace randguard {

using PredicateId = std::uint32_t;
using ExpressionId = std::uint32_t;

struct Expression {
  enum class Type : std::uint8_t { kFalse, kTrue, kPredicate, kNot, kAnd, kOr };
  Type type = Type::kFalse;
  PredicateId predicate = 0;
  std::vector<ExpressionId> children;  // sorted, none twice
};

class ExpressionPool {
 public:
  static constexpr ExpressionId kFalse = 0;
  static constexpr ExpressionId kTrue = 1;

  ExpressionPool();

  ExpressionId Add(Predicate predicate);
  ExpressionId Not(ExpressionId child);
  // False also when no value of a field can fulfil all of it.
  ExpressionId And(std::vector<ExpressionId> children);
  ExpressionId Or(std::vector<ExpressionId> children);

  // To be called when nothing more is joined: what only finds equal ones is forgotten.
  void Finish();

  const Expression& expression(ExpressionId id) const { return expressions_[id]; }
  const Predicate& predicate(PredicateId id) const { return predicates_[id]; }
  std::size_t predicates() const { return predicates_.size(); }

 private:
  ExpressionId Intern(Expression expression);
  void Flatten(Expression::Type type, std::vector<ExpressionId>& children) const;
  bool HasOpposites(const std::vector<ExpressionId>& sorted) const;
  bool Contradicts(const std::vector<ExpressionId>& children);
  bool FieldContradicts(const std::vector<const Predicate*>& asked,
                        const std::vector<const Predicate*>& denied) const;
  void MergeChoices(std::vector<ExpressionId>& children);
  const Predicate* PredicateOf(ExpressionId id) const;

  std::vector<Expression> expressions_;
  std::vector<Predicate> predicates_;
  absl::flat_hash_map<std::string, PredicateId> predicate_ids_;
  absl::flat_hash_map<std::string, ExpressionId> expression_ids_;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_MATCH_EXPRESSION_H_

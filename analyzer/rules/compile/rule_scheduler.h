// SPDX-License-Identifier: Apache-2.0
//
// From a rule's folded expressions to what the matcher runs: steps and the index, and the hash of
// it all.
#ifndef ANALYZER_RULES_COMPILE_RULE_SCHEDULER_H_
#define ANALYZER_RULES_COMPILE_RULE_SCHEDULER_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "analyzer/rules/match/rule_set.h"

namespace randguard {

class RuleScheduler {
 public:
  // Borrowed. Reads pool and rules, adds to steps and classes.
  explicit RuleScheduler(RuleSet::Parts& parts) : parts_(parts), keys_(parts.pool) {}

  // The rule at this index, which is to be evaluated.
  void Add(std::uint32_t rule);
  void Add(const CompiledCorrelation& correlation);
  // The hash of all that was added.
  std::string Hash() const;

 private:
  void AddToHash(const CompiledRule& compiled);
  std::uint32_t Emit(ExpressionId expression, std::uint32_t if_true, std::uint32_t if_false);
  int CostOf(ExpressionId expression) const;

  RuleSet::Parts& parts_;
  KeyFinder keys_;
  absl::flat_hash_map<ExpressionId, std::uint32_t> first_steps_;
  std::string hashed_;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_COMPILE_RULE_SCHEDULER_H_

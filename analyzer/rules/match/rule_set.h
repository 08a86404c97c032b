// SPDX-License-Identifier: Apache-2.0
//
// All rules and detections of a configuration, compiled (compile/compile_rules.h makes it).
// Immutable; a Matcher evaluates it.
#ifndef ANALYZER_RULES_MATCH_RULE_SET_H_
#define ANALYZER_RULES_MATCH_RULE_SET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analyzer/config/config.h"
#include "analyzer/event/event_classes.h"
#include "analyzer/rules/match/expression.h"
#include "analyzer/rules/match/rule_index.h"
#include "analyzer/rules/match/rule_tree.h"
#include "analyzer/rules/match/text_search.h"

namespace randguard {

// A rule, or a detection, which is a rule that marks the event instead of raising an alert.
struct CompiledRule {
  Rule rule;  // of a detection: its name and its condition
  bool detection = false;
  bool built_in = false;
  RuleTree tree;
  // The rest of the rule for each event class: kFalse, the class is not looked at.
  std::array<ExpressionId, kEventClasses> roots{};
};

class RuleSet {
 public:
  // How a rule is evaluated: from its first step on, each a predicate and where to go next.
  struct Step {
    static constexpr std::uint32_t kFires = UINT32_MAX;
    static constexpr std::uint32_t kSilent = UINT32_MAX - 1;
    PredicateId predicate = 0;
    std::uint32_t if_true = kSilent, if_false = kSilent;
  };
  // A rule for one event class.
  struct Entry {
    std::uint32_t rule = 0;
    std::uint32_t first = Step::kSilent;
  };
  struct ForClass {
    std::vector<Entry> entries;  // in the order of the rules
    RuleIndex index;
  };
  struct Parts {
    ExpressionPool pool;
    std::vector<CompiledRule> rules;
    std::vector<Step> steps;
    std::array<ForClass, kEventClasses> classes;
    std::string hash;
  };

  // Ends the program where the parts do not fit together. Each step leads to earlier ones only, so
  // that every evaluation ends; all that is named by its number is there.
  explicit RuleSet(Parts parts);

  // In the order in which their alerts are written: built-in rules, those of the configuration
  // file, those of rules.d. Rules that are off are among them, and not evaluated.
  const std::vector<CompiledRule>& rules() const { return parts_.rules; }
  // How many are evaluated, without detections.
  std::size_t enabled() const { return enabled_; }
  // A hash of all that is evaluated: the same rules, the same hash, on any machine.
  const std::string& hash() const { return parts_.hash; }

  const ForClass& for_class(EventClass event_class) const { return parts_.classes[event_class]; }
  const Step& step(std::uint32_t at) const { return parts_.steps[at]; }
  std::size_t steps() const { return parts_.steps.size(); }
  // The atoms of all predicates about the field, by the predicates' ids; null: there are none.
  const PartSearch* atoms(FieldId field) const {
    const auto found = atoms_.find(field);
    return found == atoms_.end() ? nullptr : &found->second;
  }
  const ExpressionPool& pool() const { return parts_.pool; }

 private:
  Parts parts_;
  absl::flat_hash_map<FieldId, PartSearch> atoms_;
  std::size_t enabled_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_MATCH_RULE_SET_H_

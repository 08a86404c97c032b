// SPDX-License-Identifier: Apache-2.0
//
// All rules and detections of a configuration, checked and compiled. Immutable; a Matcher evaluates
// it.
#ifndef ANALYZER_RULES_MATCH_RULE_SET_H_
#define ANALYZER_RULES_MATCH_RULE_SET_H_

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/rules/match/expression.h"
#include "analyzer/rules/match/rule_index.h"
#include "analyzer/rules/match/rule_tree.h"

namespace randguard {

// A rule, or a detection, which is a rule that marks the event instead of raising an alert.
struct CompiledRule {
  Rule rule;  // of a detection: its name and its condition
  bool detection = false;
  bool built_in = false;
  RuleTree tree;
  // What is left of the rule for each event class: kFalse, the class is not looked at.
  std::array<ExpressionId, kEventClasses> roots{};
};

class RuleSet {
 public:
  // Null when any of it is wrong; diagnostics say what. With `lint`, they also say what is likely
  // to be a mistake: names that are not used, rules that this configuration lets nothing reach.
  // Rules that are off are checked, but not evaluated.
  static std::shared_ptr<const RuleSet> Compile(const Config& config,
                                                std::vector<Diagnostic>& diagnostics,
                                                bool lint = false);

  // In the order in which their alerts are written: built-in rules, those of the configuration
  // file, those of rules.d.
  const std::vector<CompiledRule>& rules() const { return rules_; }
  // How many are evaluated, without detections.
  std::size_t enabled() const { return enabled_; }
  // Of all that is evaluated: the same rules, the same hash, on any machine.
  const std::string& hash() const { return hash_; }

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
  const ForClass& for_class(EventClass event_class) const { return classes_[event_class]; }
  const Step& step(std::uint32_t at) const { return steps_[at]; }
  std::size_t steps() const { return steps_.size(); }
  const ExpressionPool& pool() const { return pool_; }

 private:
  friend class RuleCompiler;
  RuleSet() = default;

  ExpressionPool pool_;
  std::vector<CompiledRule> rules_;
  std::vector<Step> steps_;
  std::array<ForClass, kEventClasses> classes_;
  std::size_t enabled_ = 0;
  std::string hash_;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_MATCH_RULE_SET_H_

// SPDX-License-Identifier: Apache-2.0
//
// All rules and detections of a configuration, compiled (compile/compile_rules.h makes it).
// Immutable; a Matcher evaluates it.
#ifndef ANALYZER_RULES_MATCH_RULE_SET_H_
#define ANALYZER_RULES_MATCH_RULE_SET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/event/event_classes.h"
#include "analyzer/rules/fields/value.h"
#include "analyzer/rules/match/expression.h"
#include "analyzer/rules/match/rule_index.h"
#include "analyzer/rules/match/rule_tree.h"
#include "analyzer/rules/match/sigma_report.h"

namespace randguard {

// A rule that feeds a correlation, as one of its stages.
struct CorrelationInput {
  std::uint32_t correlation = 0;  // in RuleSet::correlations()
  std::uint32_t stage = 0;
};

// Where a stage finds a value: in a field of the event, or, if the stage is a correlation itself,
// among the values that its groups have in common.
struct ValueSource {
  FieldId field = 0;        // also of what a correlation groups by, to be shown
  std::uint32_t group = 0;  // place among the base correlation's values
};

// A rule of type correlation.
struct CompiledCorrelation {
  // A threshold: all that are given must hold.
  struct Threshold {
    std::optional<std::int64_t> gt, gte, lt, lte, eq, neq;
  };
  struct Stage {
    std::uint32_t rule = 0;  // in RuleSet::rules()
    bool correlation = false;
    std::vector<ValueSource> group;  // by place in `names`
    ValueSource value;               // that counts
  };

  std::uint32_t rule = 0;  // in RuleSet::rules()
  CorrelationType type = CorrelationType::kEventCount;
  std::uint64_t timespan_ns = 0;
  std::uint32_t needed = 0;  // event_count, value_count: fires with so many
  Threshold threshold;       // value_sum, value_avg, value_percentile
  std::uint32_t percentile = 0;
  std::uint32_t max_groups = 0;
  std::vector<std::string> names;  // that it groups by: fields and aliases
  std::vector<Stage> stages;
  bool one_key = false;  // every stage finds the same values in one and the same event
};

// A rule, or a detection, which is a rule that marks the event instead of raising an alert.
struct CompiledRule {
  Rule rule;  // of a detection: its name and its condition
  bool detection = false;
  bool built_in = false;
  bool canary = false;  // a detection that looks for the canary
  bool silent = false;  // it raises no alerts, for correlations alone look at what it matches
  std::vector<CorrelationInput> feeds;
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
  using Entries = std::vector<Entry>;  // in the order of the rules
  struct Parts {
    ExpressionPool pool;
    std::vector<CompiledRule> rules;
    std::vector<CompiledCorrelation> correlations;
    std::vector<Step> steps;
    std::array<Entries, kEventClasses> classes;
    RuleIndex index;
    std::string hash;
    SigmaReport sigma;
  };

  // Ends the program where the parts do not fit together. Each step leads to earlier ones only, so
  // that every evaluation ends; all that is named by its number is there.
  explicit RuleSet(Parts parts);

  // In the order in which their alerts are written: built-in rules, those of the configuration
  // file, those of rules.d. Rules that are off are among them, and not evaluated.
  const std::vector<CompiledRule>& rules() const { return parts_.rules; }
  // Those that are on. A correlation stands behind those that it looks at.
  const std::vector<CompiledCorrelation>& correlations() const { return parts_.correlations; }
  // How many are evaluated, without detections.
  std::size_t enabled() const { return enabled_; }
  // A hash of all that is evaluated: the same rules, the same hash, on any machine.
  const std::string& hash() const { return parts_.hash; }

  // The outcome of each document of the Sigma files.
  const SigmaReport& sigma() const { return parts_.sigma; }

  const Entries& for_class(EventClass event_class) const { return parts_.classes[event_class]; }
  const RuleIndex& index() const { return parts_.index; }
  const Step& step(std::uint32_t at) const { return parts_.steps[at]; }
  std::size_t steps() const { return parts_.steps.size(); }
  const ExpressionPool& pool() const { return parts_.pool; }

 private:
  Parts parts_;
  std::size_t enabled_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_MATCH_RULE_SET_H_

// SPDX-License-Identifier: Apache-2.0
//
// For tests and fuzzing: random rules, compiled together, against the reference evaluator.
#ifndef ANALYZER_RULES_TESTING_REFERENCE_CHECK_H_
#define ANALYZER_RULES_TESTING_REFERENCE_CHECK_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "analyzer/event/events.h"
#include "analyzer/rules/fields/event_view.h"
#include "analyzer/rules/match/rule_set.h"
#include "analyzer/rules/testing/reference_evaluator.h"

namespace randguard::testing {

class ReferenceCheck {
 public:
  struct Result {
    std::size_t compared = 0, held = 0;
    std::string disagreement;  // empty: none
  };

  explicit ReferenceCheck(RandomConditions::Next next);

  // So many rules of each type, evaluated at once.
  Result Round(std::size_t count);
  std::string RandomCondition() { return conditions_[0].Make(); }

 private:
  using Visit = std::function<void(const EventView&, const ReferenceEvent&)>;

  void ForEachOfType(RuleType type, const Visit& visit) const;
  bool Holds(RuleType type, const std::string& text) const;
  void Compare(RuleType type, const std::shared_ptr<const RuleSet>& rules, Result& result) const;

  std::vector<Event> events_;
  std::vector<ReferenceEvent> lines_;
  std::vector<RandomConditions> conditions_;
};

}  // namespace randguard::testing

#endif  // ANALYZER_RULES_TESTING_REFERENCE_CHECK_H_

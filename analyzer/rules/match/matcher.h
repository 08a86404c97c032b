// SPDX-License-Identifier: Apache-2.0
//
// Evaluates a rule set, event by event. Each field is read and each predicate tested at most once
// for an event, however many rules ask for it. Most predicates about texts are not even tested:
// they are found, all those of a field at once.
#ifndef ANALYZER_RULES_MATCH_MATCHER_H_
#define ANALYZER_RULES_MATCH_MATCHER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "analyzer/rules/fields/event_view.h"
#include "analyzer/rules/match/rule_set.h"

namespace randguard {

class FieldCatalogue;

class Matcher {
 public:
  explicit Matcher(std::shared_ptr<const RuleSet> rules);

  // The rules that fire, by their place in RuleSet::rules(), in order. Valid until the next call.
  std::span<const std::uint32_t> Match(const EventView& event);

  // The value of a field in the event last given to Match() or Begin(); valid until the next one.
  const Value& Read(FieldId field);
  // For reading fields only.
  void Begin(const EventView& event);

  const RuleSet& rules() const { return *rules_; }

 private:
  struct Memo {
    std::uint64_t event = 0;
    Value value;
    FieldScratch scratch;
  };

  // The same in lower case.
  const Value& ReadFolded(FieldId field);
  // Marks all predicates that the search finds, and the rules that these are keys of.
  void Search(RuleIndex::SearchId id);
  void Mark(PredicateId predicate);
  void AddCandidate(std::uint32_t entry);
  void FindCandidates();
  bool Holds(PredicateId predicate);
  bool Test(PredicateId predicate);
  bool Fires(std::uint32_t step);

  std::shared_ptr<const RuleSet> rules_;
  const FieldCatalogue& catalogue_;
  EventView event_;
  std::uint64_t number_ = 0;  // of the event; what bears another one is of an earlier event
  std::vector<Memo> fields_, folded_;
  std::vector<std::uint64_t> searched_;  // by search
  std::vector<std::uint64_t> marked_;    // by predicate
  std::vector<std::uint64_t> tested_;    // by predicate: twice the event's number, and the result
  std::vector<std::uint64_t> seen_;      // by entry
  std::vector<std::uint32_t> entries_, fired_;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_MATCH_MATCHER_H_

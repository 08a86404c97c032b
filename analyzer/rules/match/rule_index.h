// SPDX-License-Identifier: Apache-2.0
//
// An inverted index: which rules an event could make fire, and how their predicates are tested.
// Each rule is filed under keys, predicates of which at least one must hold before the rule can
// fire. A rule without such keys is tested for every event. The index may name a rule that does not
// fire, but never misses one that does: the condition decides. The searches that find the keys in
// the texts of an event decide most other predicates on the way.
#ifndef ANALYZER_RULES_MATCH_RULE_INDEX_H_
#define ANALYZER_RULES_MATCH_RULE_INDEX_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analyzer/event/event_classes.h"
#include "analyzer/rules/match/expression.h"
#include "analyzer/rules/match/field_search.h"

namespace randguard {

// Names of fields of few values. An index by such a field finds most events, so it is the last to
// be taken.
std::span<const std::string_view> CommonFields();

// Chooses keys.
class KeyFinder {
 public:
  // Borrowed.
  explicit KeyFinder(const ExpressionPool& pool) : pool_(pool) {}

  // Predicates of which at least one holds if the expression does: those that the fewest events
  // are likely to have. Absent: there are none.
  std::optional<std::vector<PredicateId>> KeysOf(ExpressionId expression);

 private:
  struct Keys {
    std::vector<PredicateId> predicates;
    std::size_t cost = 0;  // the more, the more events will have one of them: a guess
  };
  std::optional<Keys> Find(ExpressionId expression);
  std::optional<Keys> FindInOr(const Expression& expression);
  // Absent: the predicate is no key.
  std::optional<std::size_t> CostOf(PredicateId predicate);

  const ExpressionPool& pool_;
  std::vector<std::optional<std::optional<std::size_t>>> costs_;  // by predicate, once asked
};

class RuleIndex {
 public:
  using SearchId = std::uint16_t;
  // All that is looked for in a field, or in one element of a list.
  struct Search {
    FieldId field = 0;
    std::optional<std::uint32_t> element;
    FieldSearch texts;
  };
  // How a predicate is tested.
  struct Plan {
    enum class Way : std::uint8_t {
      kTest,           // by itself
      kSearch,         // it holds if the search has found it
      kSearchAndTest,  // by itself, if the search has found it
    };
    Way way = Way::kTest;
    SearchId search = 0;
  };
  // A rule's place among those of an event class.
  struct Entry {
    EventClass event_class = 0;
    std::uint32_t entry = 0;
  };
  // By the value of a number.
  struct Numbers {
    FieldId field = 0;
    absl::flat_hash_map<std::int64_t, std::vector<std::uint32_t>> entries;
  };
  struct ForClass {
    std::vector<std::uint32_t> always;
    std::vector<SearchId> searches;  // that find keys
    std::vector<Numbers> numbers;
  };

  void Add(EventClass event_class, const std::vector<PredicateId>& keys, std::uint32_t entry);
  void AddAlways(EventClass event_class, std::uint32_t entry);
  // After the last rule: makes the searches for all predicates of the pool.
  void Finish(const ExpressionPool& pool);

  const ForClass& for_class(EventClass event_class) const { return classes_[event_class]; }
  const Search& search(SearchId id) const { return searches_[id]; }
  std::size_t searches() const { return searches_.size(); }
  Plan plan(PredicateId predicate) const { return plans_[predicate]; }
  // The rules that the predicate is a key of.
  std::span<const Entry> entries(PredicateId predicate) const {
    return std::span(entries_).subspan(first_[predicate],
                                       first_[predicate + 1] - first_[predicate]);
  }

 private:
  struct Key {
    PredicateId predicate = 0;
    Entry entry;
  };
  SearchId SearchOf(const Predicate& predicate);
  void AddNumbers(const Predicate& predicate, const Entry& entry);

  std::vector<Key> keys_;  // until Finish()
  std::array<ForClass, kEventClasses> classes_;
  std::vector<Search> searches_;
  std::vector<Plan> plans_;           // by predicate
  std::vector<std::uint32_t> first_;  // by predicate: in entries_
  std::vector<Entry> entries_;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_MATCH_RULE_INDEX_H_

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/match/rule_index.h"

#include <algorithm>
#include <array>
#include <utility>

#include "analyzer/rules/fields/field_catalogue.h"

namespace randguard {
namespace {

using Place = TextMark::Place;

constexpr std::size_t kKeysMax = 8192;  // predicates of one rule for one event class
// Bytes. A shorter part is in most texts: the index would find the rule for nothing.
constexpr std::size_t kShortestPart = 3;
constexpr Number kNumbersMax = 1024;  // of one set of numbers

// Fields of few values: most events have the one that a rule asks for.
constexpr std::array<std::string_view, 29> kCommonFields = {
    "event_type", "syscall",     "operation",      "direction",
    "family",     "protocol",    "socket_type",    "uid",
    "gid",        "euid",        "egid",           "suid",
    "sgid",       "fsuid",       "fsgid",          "user",
    "result",     "error",       "source",         "host",
    "tty",        "path_source", "loginuid",       "prot",
    "flags",      "exit_code",   "address_source", "container_runtime",
    "agent_id"};

bool IsCommon(FieldId field) {
  const std::string& name = FieldCatalogue::Get().field(field).name;
  return std::find(kCommonFields.begin(), kCommonFields.end(), name) != kCommonFields.end();
}

// Absent: of some text, too many events would have it.
std::optional<std::size_t> CostOfTexts(const Predicate& predicate) {
  const auto marks = MarksOf(predicate);
  if (!marks.has_value()) return std::nullopt;
  std::size_t cost = 0;
  for (const TextMark& mark : marks->marks) {
    const bool is_short = mark.text.size() < 5;
    switch (mark.place) {
      case Place::kWhole:
        cost += 1;
        break;
      case Place::kStart:
      case Place::kEnd:
        cost += is_short ? 40 : 4;
        break;
      case Place::kAnywhere:
        if (mark.text.size() < kShortestPart) return std::nullopt;
        cost += is_short ? 40 : 10;
        break;
    }
  }
  return cost;
}

// Absent: too many numbers.
std::optional<std::size_t> CostOfNumbers(const Predicate& predicate) {
  Number count = 0;
  for (const NumberRange& range : predicate.numbers) {
    count += range.high - range.low + 1;
    if (count > kNumbersMax || range.high > INT64_MAX || range.low < INT64_MIN) return std::nullopt;
  }
  return static_cast<std::size_t>(count);
}

}  // namespace

std::span<const std::string_view> CommonFields() { return kCommonFields; }

std::optional<std::size_t> KeyFinder::CostOf(PredicateId id) {
  if (costs_.size() <= id) costs_.resize(std::max<std::size_t>(pool_.predicates(), id + 1));
  auto& known = costs_[id];
  if (known.has_value()) return *known;
  const Predicate& predicate = pool_.predicate(id);
  std::optional<std::size_t> cost;
  if (predicate.all_elements) {  // holds of an empty list
  } else if (predicate.type == Predicate::Type::kNumberIn) {
    cost = CostOfNumbers(predicate);
  } else {
    cost = CostOfTexts(predicate);
  }
  if (cost.has_value()) {
    if (IsCommon(predicate.field)) *cost += 1000;
    if (FieldCatalogue::Get().field(predicate.field).type == ValueType::kBoolean) *cost += 200;
  }
  known = cost;
  return cost;
}

std::optional<std::vector<PredicateId>> KeyFinder::KeysOf(ExpressionId expression) {
  auto keys = Find(expression);
  if (!keys.has_value()) return std::nullopt;
  std::vector<PredicateId>& predicates = keys->predicates;
  std::sort(predicates.begin(), predicates.end());
  predicates.erase(std::unique(predicates.begin(), predicates.end()), predicates.end());
  return std::move(predicates);
}

std::optional<KeyFinder::Keys> KeyFinder::Find(ExpressionId id) {
  const Expression& expression = pool_.expression(id);
  switch (expression.type) {
    case Expression::Type::kPredicate: {
      const auto cost = CostOf(expression.predicate);
      if (!cost.has_value()) return std::nullopt;
      return Keys{{expression.predicate}, *cost};
    }
    case Expression::Type::kAnd: {
      std::optional<Keys> best;
      for (const ExpressionId child : expression.children) {
        auto keys = Find(child);
        if (keys.has_value() && (!best.has_value() || keys->cost < best->cost)) {
          best = std::move(keys);
        }
      }
      return best;
    }
    case Expression::Type::kOr:
      return FindInOr(expression);
    default:
      return std::nullopt;
  }
}

std::optional<KeyFinder::Keys> KeyFinder::FindInOr(const Expression& expression) {
  Keys all;
  for (const ExpressionId child : expression.children) {
    const auto keys = Find(child);
    if (!keys.has_value() || all.predicates.size() + keys->predicates.size() > kKeysMax) {
      return std::nullopt;
    }
    all.predicates.insert(all.predicates.end(), keys->predicates.begin(), keys->predicates.end());
    all.cost += keys->cost;
  }
  return all;
}

void RuleIndex::AddAlways(EventClass event_class, std::uint32_t entry) {
  classes_[event_class].always.push_back(entry);
}

void RuleIndex::Add(EventClass event_class, const std::vector<PredicateId>& keys,
                    std::uint32_t entry) {
  for (const PredicateId predicate : keys) keys_.push_back({predicate, {event_class, entry}});
}

RuleIndex::SearchId RuleIndex::SearchOf(const Predicate& predicate) {
  const auto found = std::find_if(searches_.begin(), searches_.end(), [&](const Search& search) {
    return search.field == predicate.field && search.element == predicate.element;
  });
  if (found == searches_.end()) {
    searches_.push_back({predicate.field, predicate.element, {}});
    return static_cast<SearchId>(searches_.size() - 1);
  }
  return static_cast<SearchId>(found - searches_.begin());
}

void RuleIndex::AddNumbers(const Predicate& predicate, const Entry& entry) {
  std::vector<Numbers>& all = classes_[entry.event_class].numbers;
  auto of = std::find_if(all.begin(), all.end(),
                         [&](const Numbers& numbers) { return numbers.field == predicate.field; });
  if (of == all.end()) of = all.insert(of, Numbers{predicate.field, {}});
  for (const NumberRange& range : predicate.numbers) {
    for (Number n = range.low; n <= range.high; ++n) {
      of->entries[static_cast<std::int64_t>(n)].push_back(entry.entry);
    }
  }
}

void RuleIndex::Finish(const ExpressionPool& pool) {
  plans_.resize(pool.predicates());
  for (PredicateId id = 0; id < pool.predicates(); ++id) {
    const Predicate& predicate = pool.predicate(id);
    const auto marks = MarksOf(predicate);
    if (!marks.has_value()) continue;
    Plan& plan = plans_[id];
    plan.search = SearchOf(predicate);
    plan.way = marks->decide ? Plan::Way::kSearch : Plan::Way::kSearchAndTest;
    searches_[plan.search].texts.Add(*marks, id);
  }
  for (Search& search : searches_) search.texts.Finish();
  searches_.shrink_to_fit();

  std::stable_sort(keys_.begin(), keys_.end(),
                   [](const Key& a, const Key& b) { return a.predicate < b.predicate; });
  first_.resize(pool.predicates() + 1);
  for (const Key& key : keys_) {
    const Plan plan = plans_[key.predicate];
    if (plan.way == Plan::Way::kTest) {
      AddNumbers(pool.predicate(key.predicate), key.entry);
      continue;
    }
    entries_.push_back(key.entry);
    ++first_[key.predicate + 1];
    std::vector<SearchId>& searches = classes_[key.entry.event_class].searches;
    if (std::find(searches.begin(), searches.end(), plan.search) == searches.end()) {
      searches.push_back(plan.search);
    }
  }
  for (std::size_t id = 1; id < first_.size(); ++id) first_[id] += first_[id - 1];
  entries_.shrink_to_fit();
  keys_ = {};
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/match/matcher.h"

#include <algorithm>
#include <utility>

#include "analyzer/rules/fields/field_catalogue.h"

namespace randguard {

Matcher::Matcher(std::shared_ptr<const RuleSet> rules)
    : rules_(std::move(rules)),
      catalogue_(FieldCatalogue::Get()),
      fields_(catalogue_.fields().size()),
      folded_(catalogue_.fields().size()),
      searched_(rules_->index().searches()),
      marked_(rules_->pool().predicates()),
      tested_(rules_->pool().predicates()) {
  std::size_t most = 0;
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    most = std::max(most, rules_->for_class(event_class).size());
  }
  seen_.resize(most);
}

void Matcher::Begin(const EventView& event) {
  event_ = event;
  ++number_;
}

const Value& Matcher::Read(FieldId field) {
  Memo& memo = fields_[field];
  if (memo.event != number_) {
    memo.event = number_;
    memo.value = {};
    const ReadField read = catalogue_.field(field).read[event_.event_class];
    if (read != nullptr) read(event_, memo.scratch, memo.value);
  }
  return memo.value;
}

const Value& Matcher::ReadFolded(FieldId field) {
  Memo& memo = folded_[field];
  if (memo.event != number_) {
    memo.event = number_;
    Fold(Read(field), memo.scratch, memo.value);
  }
  return memo.value;
}

void Matcher::AddCandidate(std::uint32_t entry) {
  if (std::exchange(seen_[entry], number_) != number_) entries_.push_back(entry);
}

void Matcher::Mark(PredicateId id) {
  if (std::exchange(marked_[id], number_) == number_) return;
  for (const RuleIndex::Entry& key : rules_->index().entries(id)) {
    if (key.event_class == event_.event_class) AddCandidate(key.entry);
  }
}

void Matcher::Search(RuleIndex::SearchId id) {
  searched_[id] = number_;
  const RuleIndex::Search& search = rules_->index().search(id);
  const Value& value = Read(search.field);
  if (!value.present()) return;
  const Value& folded = search.texts.folds() ? ReadFolded(search.field) : value;
  const auto mark = [this](PredicateId found) { Mark(found); };
  if (search.element.has_value()) {
    search.texts.Find(ElementOf(value, *search.element), ElementOf(folded, *search.element), mark);
  } else {
    search.texts.Find(value, folded, mark);
  }
}

bool Matcher::Holds(PredicateId id) {
  const Predicate& predicate = rules_->pool().predicate(id);
  if (predicate.type == Predicate::Type::kSameAs) {
    return predicate.TestPair(Read(predicate.field), Read(predicate.other));
  }
  return predicate.TestRead(predicate.folds() ? ReadFolded(predicate.field)
                                              : Read(predicate.field));
}

bool Matcher::Test(PredicateId id) {
  const RuleIndex::Plan plan = rules_->index().plan(id);
  if (plan.way != RuleIndex::Plan::Way::kTest) {
    if (searched_[plan.search] != number_) Search(plan.search);
    const bool found = marked_[id] == number_;
    if (!found || plan.way == RuleIndex::Plan::Way::kSearch) return found;
  }
  std::uint64_t& tested = tested_[id];
  if (tested >> 1 != number_) {
    tested = number_ << 1 | (Holds(id) ? 1 : 0);
  }
  return (tested & 1) != 0;
}

bool Matcher::Fires(std::uint32_t step) {
  while (step < RuleSet::Step::kSilent) {
    const RuleSet::Step& s = rules_->step(step);
    step = Test(s.predicate) ? s.if_true : s.if_false;
  }
  return step == RuleSet::Step::kFires;
}

void Matcher::FindCandidates() {
  const RuleIndex::ForClass& index = rules_->index().for_class(event_.event_class);
  for (const std::uint32_t entry : index.always) AddCandidate(entry);
  for (const RuleIndex::Numbers& numbers : index.numbers) {
    AnyNumber(Read(numbers.field), [&](Number number) {
      const auto found = numbers.entries.find(static_cast<std::int64_t>(number));
      if (found == numbers.entries.end()) return false;
      for (const std::uint32_t entry : found->second) AddCandidate(entry);
      return false;
    });
  }
  for (const RuleIndex::SearchId search : index.searches) Search(search);
}

std::span<const std::uint32_t> Matcher::Match(const EventView& event) {
  Begin(event);
  entries_.clear();
  fired_.clear();
  const RuleSet::Entries& rules = rules_->for_class(event.event_class);
  if (rules.empty()) return fired_;
  FindCandidates();
  std::sort(entries_.begin(), entries_.end());
  for (const std::uint32_t entry : entries_) {
    if (Fires(rules[entry].first)) fired_.push_back(rules[entry].rule);
  }
  return fired_;
}

}  // namespace randguard

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
      searched_(catalogue_.fields().size()),
      may_hold_(rules_->pool().predicates()),
      tested_(rules_->pool().predicates()) {
  std::size_t most = 0;
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    most = std::max(most, rules_->for_class(event_class).entries.size());
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

bool Matcher::MayHold(PredicateId id, FieldId field) {
  if (std::exchange(searched_[field], number_) != number_) {
    const PartSearch& atoms = *rules_->atoms(field);
    const auto mark = [&](std::string_view text) {
      return atoms.Find(text, [this](std::uint32_t found) {
        may_hold_[found] = number_;
        return false;
      });
    };
    const Value& folded = ReadFolded(field);
    // All items at once: what lies across two of them is found in vain, and none is missed.
    if (folded.form == Value::Form::kItems) {
      mark(folded.text);
    } else {
      AnyText(folded, mark);
    }
  }
  return may_hold_[id] == number_;
}

bool Matcher::Holds(PredicateId id) {
  const Predicate& predicate = rules_->pool().predicate(id);
  if (predicate.type == Predicate::Type::kSameAs) {
    return predicate.TestPair(Read(predicate.field), Read(predicate.other));
  }
  if (!predicate.atoms.empty() && !MayHold(id, predicate.field)) return false;
  return predicate.TestRead(predicate.folds() ? ReadFolded(predicate.field)
                                              : Read(predicate.field));
}

bool Matcher::Test(PredicateId id) {
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

std::span<const std::uint32_t> Matcher::Match(const EventView& event) {
  Begin(event);
  const RuleSet::ForClass& rules = rules_->for_class(event.event_class);
  entries_.clear();
  fired_.clear();
  if (rules.entries.empty()) return fired_;
  rules.index.Find([this](FieldId field) -> const Value& { return Read(field); },
                   [this](FieldId field) -> const Value& { return ReadFolded(field); }, scratch_,
                   [this](std::uint32_t entry) {
                     if (std::exchange(seen_[entry], number_) != number_) entries_.push_back(entry);
                   });
  std::sort(entries_.begin(), entries_.end());
  for (const std::uint32_t entry : entries_) {
    if (Fires(rules.entries[entry].first)) fired_.push_back(rules.entries[entry].rule);
  }
  return fired_;
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
//
// Looks at once for everything that predicates look for in a field's texts. Most predicates are
// decided by that: for one event and one field, ten of them cost hardly more than one.
#ifndef ANALYZER_RULES_MATCH_FIELD_SEARCH_H_
#define ANALYZER_RULES_MATCH_FIELD_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/rules/fields/value.h"
#include "analyzer/rules/match/predicate.h"
#include "analyzer/rules/match/text_search.h"

namespace randguard {

struct TextMark {
  enum class Place : std::uint8_t { kWhole, kStart, kEnd, kAnywhere };
  Place place = Place::kWhole;
  std::string text;
  bool any_case = false;  // and in lower case here
};

// A predicate holds of no value without a text that has one of these.
struct TextMarks {
  std::vector<TextMark> marks;
  bool decide = false;  // it holds of all others
};

// Absent: the predicate has to be tested, whatever the texts.
std::optional<TextMarks> MarksOf(const Predicate& predicate);

class FieldSearch {
 public:
  void Add(const TextMarks& marks, std::uint32_t id);
  void Finish();
  // Find() needs the value in lower case.
  bool folds() const;
  std::size_t bytes() const;

  // Calls visit(id) for each mark that a text of the value has, some several times. `folded` is the
  // value in lower case; without folds(), the value itself will do.
  template <typename Visit>
  void Find(const Value& value, const Value& folded, Visit&& visit) const {
    const auto part = [&](std::uint32_t id) {
      visit(id);
      return false;
    };
    switch (value.form) {
      case Value::Form::kText:
        Placed(value.text, folded.text, visit);
        parts_.Find(value.text, folded.text, part);
        return;
      case Value::Form::kItems: {
        // No part has a NUL, so that none lies across two items.
        parts_.Find(value.text, folded.text, part);
        if (!placed_) return;
        std::string_view rest = value.text, folded_rest = folded.text;
        while (!rest.empty()) {
          const std::size_t end = std::min(rest.find('\0'), rest.size());
          Placed(rest.substr(0, end), folded_rest.substr(0, end), visit);
          if (end == rest.size()) return;
          rest.remove_prefix(end + 1);
          folded_rest.remove_prefix(end + 1);
        }
        return;
      }
      case Value::Form::kTextArray: {
        const auto& array = *static_cast<const TextArray*>(value.list);
        const auto& folded_array = *static_cast<const TextArray*>(folded.list);
        for (std::size_t i = 0; i < array.size; ++i) {
          Placed(array.items[i], folded_array.items[i], visit);
          parts_.Find(array.items[i], folded_array.items[i], part);
        }
        return;
      }
      default:
        return;
    }
  }

 private:
  template <typename Visit>
  void Placed(std::string_view text, std::string_view folded, Visit& visit) const {
    wholes_.Find(text, folded, visit);
    starts_.Find(text, folded, visit);
    ends_.Find(text, folded, visit);
  }

  PlacedSearch wholes_{PlacedSearch::Place::kWhole}, starts_{PlacedSearch::Place::kStart},
      ends_{PlacedSearch::Place::kEnd};
  PartSearch parts_;
  bool placed_ = false;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_MATCH_FIELD_SEARCH_H_

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/match/field_search.h"

#include <algorithm>
#include <utility>

namespace randguard {
namespace {

using Place = TextMark::Place;
using PredicateType = Predicate::Type;

bool HasNul(const std::string& text) { return text.find('\0') != text.npos; }

// A beginning or end of every text that the glob fits.
std::optional<TextMark> MarkOfGlob(std::string_view glob) {
  constexpr std::string_view kSpecial = "*?[]";
  const std::size_t first = glob.find_first_of(kSpecial);
  const std::string_view beginning = glob.substr(0, first);
  const std::size_t last = glob.find_last_of(kSpecial);
  const std::string_view ending = last == glob.npos ? "" : glob.substr(last + 1);
  TextMark mark;
  mark.place = first == glob.npos                  ? Place::kWhole
               : beginning.size() >= ending.size() ? Place::kStart
                                                   : Place::kEnd;
  mark.text = std::string(mark.place == Place::kEnd ? ending : beginning);
  if (mark.text.empty()) return std::nullopt;
  return mark;
}

std::optional<TextMark> MarkOfWildcard(const Wildcard& wildcard) {
  const Wildcard::Sure sure = wildcard.LongestLiteral();
  TextMark mark;
  mark.text = std::string(sure.text);
  switch (sure.place) {
    case Wildcard::Sure::Place::kStart:
      mark.place = Place::kStart;
      return mark;
    case Wildcard::Sure::Place::kEnd:
      mark.place = Place::kEnd;
      return mark;
    case Wildcard::Sure::Place::kAnywhere:
      mark.place = Place::kAnywhere;
      return mark;
    case Wildcard::Sure::Place::kNowhere:
      break;
  }
  return std::nullopt;
}

// A literal that is in every text that the operand fits.
std::optional<TextMark> MarkOf(const Predicate& predicate, std::size_t operand) {
  const std::string& text = predicate.texts[operand];
  switch (predicate.type) {
    case PredicateType::kTextIn:
      return TextMark{Place::kWhole, text};
    case PredicateType::kStartsWith:
      return TextMark{Place::kStart, text};
    case PredicateType::kEndsWith:
      return TextMark{Place::kEnd, text};
    case PredicateType::kContains:
      return TextMark{Place::kAnywhere, text};
    case PredicateType::kWildcard:
      return MarkOfWildcard(predicate.wildcards[operand]);
    case PredicateType::kRegex:
      return predicate.glob ? MarkOfGlob(text) : std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<TextMarks> MarksOfAtoms(const Predicate& predicate) {
  if (predicate.atoms.empty()) return std::nullopt;
  TextMarks out;
  for (const std::string& atom : predicate.atoms) {
    out.marks.push_back({Place::kAnywhere, atom, /*any_case=*/true});
  }
  return out;
}

}  // namespace

std::optional<TextMarks> MarksOf(const Predicate& predicate) {
  if (predicate.all_elements || predicate.texts.empty()) return std::nullopt;  // holds of no texts
  TextMarks out;
  for (std::size_t i = 0; i < predicate.texts.size(); ++i) {
    auto mark = MarkOf(predicate, i);
    if (!mark.has_value()) return MarksOfAtoms(predicate);
    // Items are searched all at once, and NULs are between them.
    if (mark->text.empty() ? mark->place != Place::kWhole : HasNul(mark->text)) return std::nullopt;
    mark->any_case = predicate.ignore_case;
    if (mark->any_case) mark->text = Folded(mark->text);
    out.marks.push_back(*std::move(mark));
  }
  out.decide =
      predicate.type != PredicateType::kWildcard && predicate.type != PredicateType::kRegex;
  if (!predicate.all_operands || out.marks.size() == 1) return out;
  // All of them must be there: any one will do, and is not enough.
  std::swap(out.marks.front(), *std::max_element(out.marks.begin(), out.marks.end(),
                                                 [](const TextMark& a, const TextMark& b) {
                                                   return a.text.size() < b.text.size();
                                                 }));
  out.marks.resize(1);
  out.decide = false;
  return out;
}

void FieldSearch::Add(const TextMarks& marks, std::uint32_t id) {
  for (const TextMark& mark : marks.marks) {
    placed_ = placed_ || mark.place != Place::kAnywhere;
    switch (mark.place) {
      case Place::kWhole:
        wholes_.Add(mark.text, mark.any_case, id);
        break;
      case Place::kStart:
        starts_.Add(mark.text, mark.any_case, id);
        break;
      case Place::kEnd:
        ends_.Add(mark.text, mark.any_case, id);
        break;
      case Place::kAnywhere:
        parts_.Add(mark.text, mark.any_case, id);
        break;
    }
  }
}

void FieldSearch::Finish() {
  wholes_.Finish();
  starts_.Finish();
  ends_.Finish();
  parts_.Finish();
}

bool FieldSearch::folds() const {
  return wholes_.folds() || starts_.folds() || ends_.folds() || parts_.folds();
}

std::size_t FieldSearch::bytes() const {
  return wholes_.bytes() + starts_.bytes() + ends_.bytes() + parts_.bytes();
}

}  // namespace randguard

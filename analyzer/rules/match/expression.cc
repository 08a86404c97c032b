// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/match/expression.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "analyzer/rules/fields/field_catalogue.h"

namespace randguard {
namespace {

using NodeType = Expression::Type;

bool IsList(const Predicate& predicate) {
  if (predicate.element.has_value()) return false;
  const ValueType type = FieldCatalogue::Get().field(predicate.field).type;
  return type == ValueType::kTexts || type == ValueType::kNumbers;
}

// Whether no text can begin (end) with both.
bool Exclude(std::string_view a, std::string_view b, bool at_start) {
  if (a.size() > b.size()) std::swap(a, b);
  return at_start ? !b.starts_with(a) : !b.ends_with(a);
}

// Pairs of texts that are compared to find a contradiction in what is asked of a field. Lists of
// thousands make more, and then only some contradictions are found.
class Pairs {
 public:
  // False: these would be too many.
  bool Take(std::size_t a, std::size_t b) {
    if (a * b > left_) return false;
    left_ -= a * b;
    return true;
  }

 private:
  std::size_t left_ = 65536;
};

// How many comparisons it takes to test one text.
std::size_t CostOf(const std::vector<const Predicate*>& predicates) {
  std::size_t cost = 0;
  for (const Predicate* p : predicates) {
    const bool at_once = p->set != nullptr || p->parts != nullptr || p->affixes != nullptr;
    cost += at_once ? 1 : std::max<std::size_t>(p->texts.size(), 1);
  }
  return cost;
}

// Texts, of which a long one counts as several.
std::size_t SizeOf(const std::vector<std::string>& texts) {
  std::size_t size = texts.size();
  for (const std::string& text : texts) size += text.size() / 64;
  return size;
}

bool IsAffix(const Predicate& predicate) {
  return (predicate.type == Predicate::Type::kStartsWith ||
          predicate.type == Predicate::Type::kEndsWith) &&
         !predicate.all_operands;
}

// Asked of one text, a beginning or an end: can no text fulfil both? Only what is sure.
bool AffixesExclude(const Predicate& a, const Predicate& b) {
  if (a.type != b.type) return false;
  if (a.ignore_case != b.ignore_case) {  // what differs without case differs with it, too
    Predicate as_other = a.ignore_case ? b : a;
    as_other.ignore_case = true;
    as_other.Finish();
    return AffixesExclude(as_other, a.ignore_case ? a : b);
  }
  const bool at_start = a.type == Predicate::Type::kStartsWith;
  return std::all_of(a.texts.begin(), a.texts.end(), [&](const std::string& x) {
    return std::all_of(b.texts.begin(), b.texts.end(),
                       [&](const std::string& y) { return Exclude(x, y, at_start); });
  });
}

// Whether the text, which stands for all that differ from it by case if `any_case`, may fulfil the
// predicate or may not. Without an answer, the one that contradicts nothing is given.
bool MayHold(const Predicate& p, const Value& text, bool any_case) {
  return p.type == Predicate::Type::kSameAs || (any_case && !p.ignore_case) || p.TestOne(text);
}
bool MayFail(const Predicate& p, const Value& text, bool any_case) {
  return p.type == Predicate::Type::kSameAs || (any_case && !p.ignore_case) || !p.TestOne(text);
}

}  // namespace

ExpressionPool::ExpressionPool() {
  Intern({NodeType::kFalse});
  Intern({NodeType::kTrue});
}

ExpressionId ExpressionPool::Add(Predicate predicate) {
  predicate.Finish();
  if (predicate.type == Predicate::Type::kNumberIn && predicate.numbers.empty()) return kFalse;
  const auto [at, is_new] =
      predicate_ids_.try_emplace(predicate.Key(), static_cast<PredicateId>(predicates_.size()));
  if (is_new) {
    predicate.Prepare();
    predicates_.push_back(std::move(predicate));
  }
  return Intern({NodeType::kPredicate, at->second});
}

void ExpressionPool::Finish() {
  predicate_ids_ = {};
  expression_ids_ = {};
  expressions_.shrink_to_fit();
  predicates_.shrink_to_fit();
}

ExpressionId ExpressionPool::Not(ExpressionId child) {
  if (child == kFalse) return kTrue;
  if (child == kTrue) return kFalse;
  if (expressions_[child].type == NodeType::kNot) return expressions_[child].children[0];
  return Intern({NodeType::kNot, 0, {child}});
}

ExpressionId ExpressionPool::And(std::vector<ExpressionId> children) {
  Flatten(NodeType::kAnd, children);
  std::erase(children, kTrue);
  if (children.empty()) return kTrue;
  if (children.front() == kFalse || HasOpposites(children) || Contradicts(children)) return kFalse;
  if (children.size() == 1) return children.front();
  return Intern({NodeType::kAnd, 0, std::move(children)});
}

ExpressionId ExpressionPool::Or(std::vector<ExpressionId> children) {
  Flatten(NodeType::kOr, children);
  std::erase(children, kFalse);
  if (children.empty()) return kFalse;
  if (children.front() == kTrue || HasOpposites(children)) return kTrue;
  MergeChoices(children);
  if (children.size() == 1) return children.front();
  return Intern({NodeType::kOr, 0, std::move(children)});
}

// Children of the same type become ours; then sorted, none twice. This normal form makes (a and b)
// and c the same expression as c and (b and a).
void ExpressionPool::Flatten(NodeType type, std::vector<ExpressionId>& children) const {
  std::vector<ExpressionId> flat;
  for (const ExpressionId child : children) {
    const Expression& e = expressions_[child];
    if (e.type == type) {
      flat.insert(flat.end(), e.children.begin(), e.children.end());
    } else {
      flat.push_back(child);
    }
  }
  std::sort(flat.begin(), flat.end());
  flat.erase(std::unique(flat.begin(), flat.end()), flat.end());
  children = std::move(flat);
}

bool ExpressionPool::HasOpposites(const std::vector<ExpressionId>& sorted) const {
  return std::any_of(sorted.begin(), sorted.end(), [&](ExpressionId id) {
    const Expression& e = expressions_[id];
    return e.type == NodeType::kNot &&
           std::binary_search(sorted.begin(), sorted.end(), e.children[0]);
  });
}

const Predicate* ExpressionPool::PredicateOf(ExpressionId id) const {
  const Expression& e = expressions_[id];
  return e.type == NodeType::kPredicate ? &predicates_[e.predicate] : nullptr;
}

bool ExpressionPool::Contradicts(const std::vector<ExpressionId>& children) {
  struct OfField {
    std::vector<const Predicate*> asked, denied;
  };
  std::map<std::pair<FieldId, std::optional<std::uint32_t>>, OfField> fields;
  for (const ExpressionId child : children) {
    const Expression& e = expressions_[child];
    if (const Predicate* asked = PredicateOf(child); asked != nullptr) {
      fields[{asked->field, asked->element}].asked.push_back(asked);
    } else if (e.type == NodeType::kNot) {
      const Predicate* denied = PredicateOf(e.children[0]);
      if (denied != nullptr) fields[{denied->field, denied->element}].denied.push_back(denied);
    }
  }
  return std::any_of(fields.begin(), fields.end(), [&](const auto& of) {
    return FieldContradicts(of.second.asked, of.second.denied);
  });
}

// Whether no single value fulfils everything that is asked of the field.
bool ExpressionPool::FieldContradicts(const std::vector<const Predicate*>& asked,
                                      const std::vector<const Predicate*>& denied) const {
  if (asked.empty() || IsList(*asked.front())) return false;  // another element may fulfil another
  // Something is asked, so the field is there: not exists contradicts it.
  if (std::any_of(denied.begin(), denied.end(),
                  [](const Predicate* p) { return p->type == Predicate::Type::kExists; })) {
    return true;
  }
  NumberSet numbers = {{kNumberMin, kNumberMax}};
  for (const Predicate* p : asked) {
    if (p->type == Predicate::Type::kNumberIn) numbers = Intersection(numbers, p->numbers);
  }
  for (const Predicate* p : denied) {
    if (p->type == Predicate::Type::kNumberIn) {
      numbers = Intersection(numbers, Complement(p->numbers));
    }
  }
  if (numbers.empty()) return true;
  Pairs pairs;
  const std::size_t cost = CostOf(asked) + CostOf(denied);
  // A choice of texts: is there one that everything else lets through?
  for (const Predicate* choice : asked) {
    if (choice->type != Predicate::Type::kTextIn) continue;
    if (!pairs.Take(SizeOf(choice->texts), cost)) continue;
    const bool any_case = choice->ignore_case;
    const bool possible =
        std::any_of(choice->texts.begin(), choice->texts.end(), [&](const std::string& text) {
          Value value;
          value.form = Value::Form::kText;
          value.text = text;
          return std::all_of(asked.begin(), asked.end(),
                             [&](const Predicate* p) {
                               return MayHold(*p, value, any_case && p != choice);
                             }) &&
                 std::all_of(denied.begin(), denied.end(),
                             [&](const Predicate* p) { return MayFail(*p, value, any_case); });
        });
    if (!possible) return true;
  }
  std::vector<const Predicate*> affixes;
  std::copy_if(asked.begin(), asked.end(), std::back_inserter(affixes),
               [](const Predicate* p) { return IsAffix(*p); });
  for (std::size_t i = 0; i < affixes.size(); ++i) {
    for (std::size_t j = i + 1; j < affixes.size(); ++j) {
      if (!pairs.Take(affixes[i]->texts.size(), affixes[j]->texts.size())) return false;
      if (AffixesExclude(*affixes[i], *affixes[j])) return true;
    }
  }
  return false;
}

// `port == 1 or port == 2` is `port in (1, 2)`: one look-up, and easier to contradict.
void ExpressionPool::MergeChoices(std::vector<ExpressionId>& children) {
  using Asked = std::tuple<FieldId, std::optional<std::uint32_t>, Predicate::Type>;
  std::map<Asked, std::vector<ExpressionId>> groups;
  for (const ExpressionId child : children) {
    const Predicate* p = PredicateOf(child);
    if (p == nullptr || p->ignore_case || p->all_elements) continue;
    if (p->type == Predicate::Type::kTextIn || p->type == Predicate::Type::kNumberIn) {
      groups[{p->field, p->element, p->type}].push_back(child);
    }
  }
  for (const auto& [of, members] : groups) {
    if (members.size() < 2) continue;
    Predicate merged;
    std::tie(merged.field, merged.element, merged.type) = of;
    for (const ExpressionId member : members) {
      const Predicate& p = *PredicateOf(member);
      merged.texts.insert(merged.texts.end(), p.texts.begin(), p.texts.end());
      merged.numbers.insert(merged.numbers.end(), p.numbers.begin(), p.numbers.end());
      std::erase(children, member);
    }
    merged.numbers = Normalized(std::move(merged.numbers));
    children.push_back(Add(std::move(merged)));
  }
  std::sort(children.begin(), children.end());
  children.erase(std::unique(children.begin(), children.end()), children.end());
}

// Hash consing. The key is the expression itself, bytewise: children are interned before it, so
// their ids stand for all that is below them.
ExpressionId ExpressionPool::Intern(Expression expression) {
  std::string key(1, static_cast<char>(expression.type));
  key.append(reinterpret_cast<const char*>(&expression.predicate), sizeof(expression.predicate));
  key.append(reinterpret_cast<const char*>(expression.children.data()),
             expression.children.size() * sizeof(ExpressionId));
  const auto [at, is_new] =
      expression_ids_.try_emplace(std::move(key), static_cast<ExpressionId>(expressions_.size()));
  if (is_new) expressions_.push_back(std::move(expression));
  return at->second;
}

}  // namespace randguard

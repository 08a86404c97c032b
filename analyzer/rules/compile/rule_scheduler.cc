// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/compile/rule_scheduler.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/config/names.h"
#include "analyzer/rules/fields/field_catalogue.h"

namespace randguard {
namespace {

constexpr std::uint64_t kFnvBasis = 0xcbf29ce484222325, kFnvPrime = 0x100000001b3;

// FNV-1a, 64 bits. The hash is shown and compared between hosts; hashes of libraries differ from
// one start of a program to the next.
std::uint64_t Fnv1a(std::string_view bytes) {
  std::uint64_t hash = kFnvBasis;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
  return hash;
}

}  // namespace

// All that the rule says, in the order of its members.
void RuleScheduler::Add(const CompiledCorrelation& correlation) {
  const Rule& rule = parts_.rules[correlation.rule].rule;
  const CorrelationRule& c = rule.correlation;
  const auto text = [this](std::string_view t) {
    absl::StrAppendFormat(&hashed_, "%d:%s", t.size(), t);
  };
  const auto texts = [&](const std::vector<SourceText>& list) {
    absl::StrAppendFormat(&hashed_, "[%d]", list.size());
    for (const SourceText& t : list) text(t.text);
  };
  const auto bound = [this](const std::optional<std::int64_t>& number) {
    hashed_ += number.has_value() ? absl::StrFormat("%d,", *number) : std::string("-,");
  };
  for (const std::string_view t :
       {std::string_view(rule.id), std::string_view(rule.name), Name(rule.severity), Name(c.type),
        std::string_view(c.timespan.text), std::string_view(c.field.text)}) {
    text(t);
  }
  texts(c.rules);
  texts(c.group_by);
  for (const CorrelationAlias& alias : c.aliases) {
    text(alias.name.text);
    for (const CorrelationAlias::Of& of : alias.fields) text(of.rule.text), text(of.field.text);
  }
  for (const auto& number : {c.gt, c.gte, c.lt, c.lte, c.eq, c.neq}) bound(number);
  absl::StrAppendFormat(&hashed_, "%d,%d,%d", c.percentile, c.max_groups, c.generate);
}

void RuleScheduler::AddToHash(const CompiledRule& compiled) {
  const Rule& r = compiled.rule;
  for (const std::string_view text :
       {std::string_view(r.id), std::string_view(r.name), Name(r.type), Name(r.severity)}) {
    absl::StrAppendFormat(&hashed_, "%d:%s", text.size(), text);
  }
  if (!r.alert) hashed_ += "silent";
  for (const TreePart& part : compiled.tree.parts) {
    ForEachPredicate(compiled.tree, part.root, [&](const TreePredicate& p, const TreeNode&) {
      hashed_ += p.predicate.Key();
    });
  }
  for (const auto& text : compiled.tree.texts) {
    absl::StrAppendFormat(&hashed_, "%d:%s", text->text.size(), text->text);
  }
}

void RuleScheduler::Add(std::uint32_t rule) {
  const CompiledRule& compiled = parts_.rules[rule];
  if (!compiled.canary) AddToHash(compiled);  // it is no rule of the configuration
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    const ExpressionId root = compiled.roots[event_class];
    if (root == ExpressionPool::kFalse) continue;
    auto found = first_steps_.find(root);
    if (found == first_steps_.end()) {
      const std::uint32_t first = Emit(root, RuleSet::Step::kFires, RuleSet::Step::kSilent);
      found = first_steps_.emplace(root, first).first;
    }
    RuleSet::Entries& entries = parts_.classes[event_class];
    const auto entry = static_cast<std::uint32_t>(entries.size());
    entries.push_back({rule, found->second});
    const auto keys = keys_.KeysOf(root);
    if (keys.has_value()) {
      parts_.index.Add(event_class, *keys, entry);
    } else {
      parts_.index.AddAlways(event_class, entry);
    }
  }
}

// The cheapest question is asked first.
int RuleScheduler::CostOf(ExpressionId id) const {
  const Expression& e = parts_.pool.expression(id);
  if (e.type != Expression::Type::kPredicate) {
    int cost = 0;
    for (const ExpressionId child : e.children) cost += CostOf(child);
    return std::min(cost, 1000);
  }
  const Predicate& p = parts_.pool.predicate(e.predicate);
  const FieldInfo& field = FieldCatalogue::Get().field(p.field);
  const int read = field.derived ? 4 : 1;
  switch (p.type) {
    case Predicate::Type::kRegex:
      return read + 20;
    case Predicate::Type::kContains:
    case Predicate::Type::kWildcard:
    case Predicate::Type::kSameAs:
      return read + 5;
    case Predicate::Type::kNetwork:
      return read + 4;
    default:
      return read;
  }
}

// Short-circuit code, as compilers make it of && and ||. It is emitted from the end to the
// beginning: then both targets of a step are known, and nothing is to be patched later. It also
// makes every step lead to earlier ones, so that an evaluation always ends.
std::uint32_t RuleScheduler::Emit(ExpressionId id, std::uint32_t if_true, std::uint32_t if_false) {
  const Expression& e = parts_.pool.expression(id);
  switch (e.type) {
    case Expression::Type::kFalse:
      return if_false;
    case Expression::Type::kTrue:
      return if_true;
    case Expression::Type::kNot:
      return Emit(e.children[0], if_false, if_true);
    case Expression::Type::kPredicate:
      parts_.steps.push_back({e.predicate, if_true, if_false});
      return static_cast<std::uint32_t>(parts_.steps.size() - 1);
    default:
      break;
  }
  std::vector<ExpressionId> children = e.children;
  std::stable_sort(children.begin(), children.end(),
                   [this](ExpressionId a, ExpressionId b) { return CostOf(a) > CostOf(b); });
  const bool is_and = e.type == Expression::Type::kAnd;
  std::uint32_t next = is_and ? if_true : if_false;
  for (const ExpressionId child : children) {
    next = is_and ? Emit(child, next, if_false) : Emit(child, if_true, next);
  }
  return next;
}

std::string RuleScheduler::Hash() const {
  return absl::StrFormat("%016x", Fnv1a(hashed_ + '\xff'));
}

}  // namespace randguard

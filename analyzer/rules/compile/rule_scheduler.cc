// SPDX-License-Identifier: Apache-2.0
//
// From folded expressions to what the matcher runs: steps, the index, and the hash of it all.
#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/config/names.h"
#include "analyzer/rules/compile/rule_compiler.h"

namespace randguard {
namespace {

std::uint64_t Fnv(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return (hash ^ 0xff) * 0x100000001b3;  // ends the text
}

}  // namespace

void RuleCompiler::Schedule(std::uint32_t rule) {
  const CompiledRule& compiled = set_->rules_[rule];
  if (!compiled.detection) ++set_->enabled_;
  const Rule& r = compiled.rule;
  for (const std::string_view text :
       {std::string_view(r.id), std::string_view(r.name), Name(r.type), Name(r.severity)}) {
    absl::StrAppendFormat(&hashed_, "%d:%s", text.size(), text);
  }
  for (const TreePart& part : compiled.tree.parts) {
    ForEachPredicate(compiled.tree, part.root, [&](const TreePredicate& p, const TreeNode&) {
      hashed_ += p.predicate.Key();
    });
  }
  for (const auto& text : compiled.tree.texts) {
    absl::StrAppendFormat(&hashed_, "%d:%s", text->text.size(), text->text);
  }
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    const ExpressionId root = compiled.roots[event_class];
    if (root == ExpressionPool::kFalse) continue;
    auto found = first_steps_.find(root);
    if (found == first_steps_.end()) {
      const std::uint32_t first = Emit(root, RuleSet::Step::kFires, RuleSet::Step::kSilent);
      found = first_steps_.emplace(root, first).first;
    }
    RuleSet::ForClass& rules = set_->classes_[event_class];
    const auto entry = static_cast<std::uint32_t>(rules.entries.size());
    rules.entries.push_back({rule, found->second});
    const auto keys = KeysOf(set_->pool_, root);
    if (keys.has_value()) {
      rules.index.Add(*keys, entry);
    } else {
      rules.index.AddAlways(entry);
    }
  }
}

// What is cheap to ask is asked first.
int RuleCompiler::CostOf(ExpressionId id) const {
  const Expression& e = set_->pool_.expression(id);
  if (e.type != Expression::Type::kPredicate) {
    int cost = 0;
    for (const ExpressionId child : e.children) cost += CostOf(child);
    return std::min(cost, 1000);
  }
  const Predicate& p = set_->pool_.predicate(e.predicate);
  const FieldInfo& field = catalogue_.field(p.field);
  const int read = field.derived ? 4 : 1;
  switch (p.type) {
    case Predicate::Type::kRegex:
      return read + 20;
    case Predicate::Type::kContains:
      return read + 5;
    case Predicate::Type::kNetwork:
      return read + 4;
    default:
      return read;
  }
}

// From the end to the beginning: where to go next is always known.
std::uint32_t RuleCompiler::Emit(ExpressionId id, std::uint32_t if_true, std::uint32_t if_false) {
  const Expression& e = set_->pool_.expression(id);
  switch (e.type) {
    case Expression::Type::kFalse:
      return if_false;
    case Expression::Type::kTrue:
      return if_true;
    case Expression::Type::kNot:
      return Emit(e.children[0], if_false, if_true);
    case Expression::Type::kPredicate:
      set_->steps_.push_back({e.predicate, if_true, if_false});
      return static_cast<std::uint32_t>(set_->steps_.size() - 1);
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

std::shared_ptr<const RuleSet> RuleCompiler::Finish() {
  const bool failed = std::any_of(
      diagnostics_.begin() + static_cast<std::ptrdiff_t>(first_diagnostic_), diagnostics_.end(),
      [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::kError; });
  if (failed) return nullptr;
  for (RuleSet::ForClass& rules : set_->classes_) rules.index.Finish();
  set_->hash_ = absl::StrFormat("%016x", Fnv(0xcbf29ce484222325, hashed_));
  return std::move(set_);
}

}  // namespace randguard

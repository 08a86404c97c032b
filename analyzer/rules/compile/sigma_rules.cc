// SPDX-License-Identifier: Apache-2.0
//
// Rules of Sigma documents, as the compiler takes them.
#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/rules/compile/rule_compiler.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

// The type of the events that the rule could fire for, if they have one; else the log source's.
RuleType TypeOf(const CompiledRule& compiled, RuleType otherwise) {
  const auto& classes = FieldCatalogue::Get().classes();
  std::optional<RuleType> type;
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    if (compiled.roots[event_class] == ExpressionPool::kFalse) continue;
    const RuleType one = classes[event_class].rule_type;
    if (type.has_value() && *type != one) return otherwise;
    type = one;
  }
  return type.value_or(otherwise);
}

}  // namespace

void RuleCompiler::CheckConditions(const sigma::Mapping& mapping) {
  for (const sigma::LogSource& source : mapping.sources()) {
    if (source.condition.text.empty()) continue;
    const auto text = std::make_shared<const SourceText>(source.condition);
    RuleTree scratch;
    if (resolver_.Resolve(text, scratch).has_value()) conditions_[source.name] = text;
  }
}

void RuleCompiler::AddEventTypes(const sigma::LogSource& source, RuleTree& tree) {
  bool whole = true;
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    if (!source.classes[event_class]) continue;
    const auto& types = catalogue_.classes()[event_class].event_types;
    whole =
        whole && std::all_of(types.begin(), types.end(), [&](std::string_view type) {
          return std::find(source.events.begin(), source.events.end(), type) != source.events.end();
        });
  }
  if (whole) return;
  TreePredicate predicate;
  predicate.predicate.field = catalogue_.event_type();
  predicate.predicate.type = Predicate::Type::kTextIn;
  predicate.predicate.texts = source.events;
  predicate.predicate.Finish();
  AddPredicatePart(std::move(predicate), {.text = absl::StrFormat("logsource %s", source.name)},
                   tree);
}

void RuleCompiler::AddBranchDoubts(const CompiledRule& compiled, const Classes& classes,
                                   std::vector<std::pair<SourcePosition, std::string>>& doubts) {
  const RuleTree& tree = compiled.tree;
  for (const TreeNode& node : tree.nodes) {
    if (!node.named) continue;
    bool ever = false;
    for (EventClass event_class = 0; event_class < kEventClasses && !ever; ++event_class) {
      ever = classes[event_class] &&
             FoldNode(tree, node.children.front(), event_class) != ExpressionPool::kFalse;
    }
    if (ever) continue;
    const SourceText& text = *tree.texts[node.text];
    doubts.emplace_back(
        text.At(node.begin),
        absl::StrFormat(
            "the selection %s can never match: what it asks for contradicts itself, or "
            "is no value that the field has",
            Quoted(std::string_view(text.text).substr(node.begin, node.end - node.begin))));
  }
}

std::optional<sigma::Problem> RuleCompiler::AddLoaded(
    sigma::LoadedRule loaded, std::vector<std::pair<SourcePosition, std::string>>& doubts) {
  off_ = false;
  resolver_.SetOff(false);
  if (parts_.rules.size() >= kRulesMax) {
    return sigma::Unsupported({}, absl::StrFormat("more than %d rules", kRulesMax));
  }
  const sigma::LogSource& source = *loaded.source;
  CompiledRule compiled;
  compiled.rule = std::move(loaded.rule);
  compiled.tree = std::move(loaded.tree);
  if (const auto condition = conditions_.find(source.name); condition != conditions_.end()) {
    AddPart(compiled, condition->second, "", false);
  }
  AddEventTypes(source, compiled.tree);
  std::vector<std::string> always;
  if (!FoldRoots(compiled, source.classes, always)) {
    return sigma::Unsupported({}, "rule that can never match",
                              "what it asks for contradicts itself, or is in none of the events of "
                              "its log source");
  }
  if (!always.empty()) {
    return sigma::Unsupported({}, "rule that fires for every event",
                              "all that it asks for is left out by the mapping, or always true");
  }
  compiled.rule.type = TypeOf(compiled, source.type);
  AddBranchDoubts(compiled, source.classes, doubts);
  compiled.tree.nodes.shrink_to_fit();
  compiled.tree.predicates.shrink_to_fit();
  parts_.rules.push_back(std::move(compiled));
  scheduler_.Add(static_cast<std::uint32_t>(parts_.rules.size() - 1));
  return std::nullopt;
}

}  // namespace randguard

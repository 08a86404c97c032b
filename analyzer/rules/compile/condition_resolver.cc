// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/compile/condition_resolver.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

constexpr std::size_t kMacroNesting = 32;
// Macros in macros multiply: the whole of a rule is bounded, not only what is written.
constexpr std::size_t kTreeMax = 10000;  // nodes

}  // namespace

ConditionResolver::ConditionResolver(const Config& config, std::vector<Diagnostic>& diagnostics)
    : catalogue_(FieldCatalogue::Get()), diagnostics_(diagnostics) {
  for (const RuleList& list : config.lists) {
    CheckName(list.name, "list");
    lists_.try_emplace(list.name.text, NamedList{&list});
  }
  for (const RuleMacro& macro : config.macros) {
    CheckName(macro.name, "macro");
    macros_.try_emplace(macro.name.text,
                        NamedMacro{std::make_shared<const SourceText>(macro.condition), &macro});
  }
}

void ConditionResolver::CheckName(const SourceText& name, std::string_view what) {
  std::string_view taken;
  if (IsReservedWord(name.text)) taken = "a word of the language";
  if (catalogue_.Find(name.text).has_value()) taken = "a field";
  if (taken.empty()) return;
  ReportAt(
      name, 0, Diagnostic::Severity::kError,
      absl::StrFormat("%s cannot be the name of a %s: it is %s", Quoted(name.text), what, taken),
      diagnostics_);
}

bool ConditionResolver::Fail(const Frame& frame, std::size_t offset, std::string_view message) {
  ReportMistake(frame.text, offset, message, off_ && depth_ == 0, diagnostics_);
  return false;
}

std::optional<std::uint32_t> ConditionResolver::Resolve(
    const std::shared_ptr<const SourceText>& text, RuleTree& tree) {
  auto parsed = ParseCondition(text->text);
  if (const auto* error = std::get_if<ConditionError>(&parsed)) {
    ReportMistake(*text, error->offset, error->message, off_, diagnostics_);
    return std::nullopt;
  }
  const auto& condition = std::get<Condition>(parsed);
  const auto index = static_cast<std::uint32_t>(tree.texts.size());
  tree.texts.push_back(text);
  return Node({condition, *text, index, tree}, condition.root);
}

std::optional<std::uint32_t> ConditionResolver::Node(const Frame& frame, SyntaxId id) {
  const SyntaxNode& node = frame.condition.nodes[id];
  if (frame.tree.nodes.size() >= kTreeMax) {
    Fail(frame, node.begin,
         absl::StrFormat("with its macros, the condition has more than %d parts", kTreeMax));
    return std::nullopt;
  }
  if (node.type == SyntaxNode::Type::kName) return Name(frame, node);
  if (node.type == SyntaxNode::Type::kComparison) return Compare(frame, node);
  TreeNode out;
  out.type = node.type == SyntaxNode::Type::kAnd  ? TreeNode::Type::kAnd
             : node.type == SyntaxNode::Type::kOr ? TreeNode::Type::kOr
                                                  : TreeNode::Type::kNot;
  out.text = frame.text_index;
  out.begin = node.begin;
  out.end = node.end;
  bool failed = false;
  for (const SyntaxId child : node.children) {
    const auto resolved = Node(frame, child);
    failed = failed || !resolved.has_value();  // the others may be wrong, too
    if (failed && frame.tree.nodes.size() >= kTreeMax) return std::nullopt;
    if (resolved.has_value()) out.children.push_back(*resolved);
  }
  if (failed) return std::nullopt;
  frame.tree.nodes.push_back(std::move(out));
  return static_cast<std::uint32_t>(frame.tree.nodes.size() - 1);
}

std::optional<std::uint32_t> ConditionResolver::Name(const Frame& frame, const SyntaxNode& node) {
  if (const auto macro = macros_.find(node.name); macro != macros_.end()) {
    return Macro(frame, node, macro->second);
  }
  const auto id = catalogue_.Find(node.name);
  if (!id.has_value()) {
    Fail(frame, node.begin,
         absl::StrFormat("there is no field or macro %s%s", Quoted(node.name),
                         SuggestField(node.name)));
    return std::nullopt;
  }
  if (catalogue_.field(*id).type != ValueType::kBoolean) {
    Fail(frame, node.begin,
         absl::StrFormat("%s is a %s: compare it with something, or ask \"exists %s\"", node.name,
                         TypeName(catalogue_.field(*id).type), node.name));
    return std::nullopt;
  }
  TreePredicate predicate;
  predicate.predicate.field = *id;
  predicate.predicate.type = Predicate::Type::kNumberIn;
  predicate.predicate.numbers = {{1, 1}};
  return AddPredicate(frame, node, std::move(predicate));
}

std::optional<std::uint32_t> ConditionResolver::Macro(const Frame& frame, const SyntaxNode& node,
                                                      NamedMacro& macro) {
  macro.used = true;
  if (macro.open || depth_ >= kMacroNesting) {
    Fail(frame, node.begin,
         macro.open ? absl::StrFormat("the macro %s leads to itself", Quoted(node.name))
                    : absl::StrFormat("macros in macros, more than %d deep", kMacroNesting));
    return std::nullopt;
  }
  if (macro.broken) return std::nullopt;  // reported where it is written
  if (!macro.condition.has_value()) {
    auto parsed = ParseCondition(macro.text->text);
    if (const auto* error = std::get_if<ConditionError>(&parsed)) {
      ReportAt(*macro.text, error->offset, Diagnostic::Severity::kError, error->message,
               diagnostics_);
      macro.broken = true;
      return std::nullopt;
    }
    macro.condition = std::get<Condition>(std::move(parsed));
  }
  const auto index = static_cast<std::uint32_t>(frame.tree.texts.size());
  frame.tree.texts.push_back(macro.text);
  macro.open = true;
  ++depth_;
  const auto resolved =
      Node({*macro.condition, *macro.text, index, frame.tree}, macro.condition->root);
  --depth_;
  macro.open = false;
  macro.broken = !resolved.has_value() && frame.tree.nodes.size() < kTreeMax;
  return resolved;
}

std::optional<std::uint32_t> ConditionResolver::AddPredicate(const Frame& frame,
                                                             const SyntaxNode& node,
                                                             TreePredicate predicate) {
  predicate.predicate.Finish();
  TreeNode out;
  out.type = TreeNode::Type::kPredicate;
  out.predicate = static_cast<std::uint32_t>(frame.tree.predicates.size());
  out.text = frame.text_index;
  out.begin = node.begin;
  out.end = node.end;
  frame.tree.predicates.push_back(std::move(predicate));
  frame.tree.nodes.push_back(std::move(out));
  return static_cast<std::uint32_t>(frame.tree.nodes.size() - 1);
}

std::string ConditionResolver::SuggestField(std::string_view name) const {
  std::vector<std::string_view> known = catalogue_.names();
  for (const auto& [macro, unused] : macros_) known.emplace_back(macro);
  const std::string suggestion = DidYouMean(name, known);
  return suggestion.empty() ? "; \"rand-guard rules fields\" lists them" : suggestion;
}

void ConditionResolver::ReportUnused() {
  for (const auto& [name, list] : lists_) {
    if (list.used) continue;
    ReportAt(list.list->name, 0, Diagnostic::Severity::kWarning,
             absl::StrFormat("the list %s is not used", Quoted(name)), diagnostics_);
  }
  for (const auto& [name, macro] : macros_) {
    if (macro.used) continue;
    ReportAt(macro.macro->name, 0, Diagnostic::Severity::kWarning,
             absl::StrFormat("the macro %s is not used", Quoted(name)), diagnostics_);
  }
}

}  // namespace randguard

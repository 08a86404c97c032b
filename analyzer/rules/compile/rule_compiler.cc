// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/compile/rule_compiler.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/config/names.h"
#include "analyzer/event/events.h"
#include "analyzer/event/reports.h"
#include "analyzer/rules/compile/correlation_compiler.h"
#include "analyzer/rules/compile/simple_rules.h"
#include "analyzer/rules/compile/value_warnings.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/rules/language/condition_lexer.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

std::string Join(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
  return out;
}

}  // namespace

RuleCompiler::RuleCompiler(const Config& config, std::vector<Diagnostic>& diagnostics)
    : catalogue_(FieldCatalogue::Get()),
      diagnostics_(diagnostics),
      first_diagnostic_(diagnostics.size()),
      resolver_(config, diagnostics),
      scheduler_(parts_) {}

bool RuleCompiler::Fail(const SourceText& text, std::size_t offset, std::string_view message) {
  ReportMistake(text, offset, message, off_, diagnostics_);
  return false;
}

void RuleCompiler::AddRule(Rule rule, bool built_in) {
  off_ = !rule.enabled;
  resolver_.SetOff(off_);
  if (rule.type == RuleType::kCorrelation) {  // it looks at no events
    if (!HasRoom(rule)) return;
    parts_.rules.emplace_back().rule = std::move(rule);
    parts_.rules.back().built_in = built_in;
    return;
  }
  const std::string simple = SimpleCondition(rule);
  CompiledRule compiled;
  compiled.rule = std::move(rule);
  compiled.built_in = built_in;
  Add(std::move(compiled), simple);
}

void RuleCompiler::AddDetection(const std::string& name, RuleType type,
                                const std::string& condition) {
  off_ = false;
  resolver_.SetOff(off_);
  CompiledRule compiled;
  compiled.detection = true;
  compiled.rule.name = name;
  compiled.rule.type = type;
  Add(std::move(compiled), condition);
}

void RuleCompiler::AddCanary() {
  off_ = false;
  resolver_.SetOff(off_);
  CompiledRule compiled;
  compiled.detection = true;
  compiled.canary = true;
  compiled.rule.name = "canary";
  compiled.rule.type = RuleType::kProcess;
  Add(std::move(compiled), absl::StrFormat("event_type == \"%s\" and comm == \"%s\"",
                                           ProcessRelationship::kEventType, Canary::kComm));
}

bool RuleCompiler::HasRoom(const Rule& rule) {
  if (parts_.rules.size() == kRulesMax && !full_) {
    off_ = false;
    full_ = true;
    Fail(rule.source, 0, absl::StrFormat("more than %d rules", kRulesMax));
  }
  return !full_;
}

void RuleCompiler::Add(CompiledRule compiled, const std::string& simple) {
  if (!compiled.canary && !HasRoom(compiled.rule)) return;
  bool fine = true;
  const Rule& rule = compiled.rule;
  if (!simple.empty()) {
    auto text = std::make_shared<SourceText>(rule.source);
    text->text = simple;
    text->exact = false;  // it stands nowhere; the rule's id does
    fine = AddPart(compiled, text, "", false) && fine;
  }
  if (!rule.condition.text.empty()) {
    fine = AddPart(compiled, std::make_shared<const SourceText>(rule.condition), "", false) && fine;
  }
  for (const RuleException& exception : rule.unless) {
    fine = AddPart(compiled, std::make_shared<const SourceText>(exception.condition),
                   exception.name, true) &&
           fine;
  }
  Classes classes{};
  if (!ChooseClasses(compiled, !simple.empty(), classes) || !fine) return;
  if (!CheckFields(compiled, classes)) return;
  WarnOfUnknownValues(compiled, classes, diagnostics_);
  if (!Fold(compiled, classes)) return;
  parts_.rules.push_back(std::move(compiled));
  const auto index = static_cast<std::uint32_t>(parts_.rules.size() - 1);
  if (parts_.rules[index].rule.enabled) scheduler_.Add(index);
}

bool RuleCompiler::AddPart(CompiledRule& compiled, const std::shared_ptr<const SourceText>& text,
                           std::string name, bool exception) {
  const auto root = resolver_.Resolve(text, compiled.tree);
  if (!root.has_value()) return false;
  compiled.tree.parts.push_back({std::move(name), exception, *root});
  return true;
}

// `events` as a predicate on event_type, and the classes of these events.
bool RuleCompiler::AddEvents(CompiledRule& compiled, Classes& classes) {
  const Rule& rule = compiled.rule;
  bool fine = true;
  TreePredicate predicate;
  predicate.predicate.field = catalogue_.event_type();
  predicate.predicate.type = Predicate::Type::kTextIn;
  for (const SourceText& event : rule.events) {
    const auto event_class = catalogue_.ClassOfEventType(event.text);
    if (!event_class.has_value()) {
      fine = Fail(event, 0,
                  absl::StrFormat("rules.events: there is no event type %s%s", Quoted(event.text),
                                  DidYouMean(event.text, catalogue_.event_types())));
    } else if (catalogue_.classes()[*event_class].rule_type != rule.type) {
      fine = Fail(
          event, 0,
          absl::StrFormat("rules.events: %s belongs to rules of type \"%s\", and this one "
                          "is of type \"%s\"",
                          Quoted(event.text), Name(catalogue_.classes()[*event_class].rule_type),
                          Name(rule.type)));
    } else {
      classes[*event_class] = true;
      predicate.predicate.texts.push_back(event.text);
    }
  }
  if (!fine) return false;
  predicate.predicate.Finish();
  SourceText text = rule.events.front();
  text.text = "event_type in (";
  for (const SourceText& event : rule.events) {
    text.text += (&event == &rule.events.front() ? "" : ", ") + ConditionText(event.text);
  }
  text.text += ")";
  text.exact = false;
  AddPredicatePart(std::move(predicate), std::move(text), compiled.tree);
  return true;
}

void RuleCompiler::AddPredicatePart(TreePredicate predicate, SourceText text, RuleTree& tree) {
  TreeNode node;
  node.type = TreeNode::Type::kPredicate;
  node.predicate = static_cast<std::uint32_t>(tree.predicates.size());
  node.text = static_cast<std::uint32_t>(tree.texts.size());
  node.end = text.text.size();
  tree.texts.push_back(std::make_shared<const SourceText>(std::move(text)));
  tree.predicates.push_back(std::move(predicate));
  tree.nodes.push_back(std::move(node));
  tree.parts.insert(tree.parts.begin(),
                    {"", false, static_cast<std::uint32_t>(tree.nodes.size() - 1)});
}

bool RuleCompiler::ChooseClasses(CompiledRule& compiled, bool simple, Classes& classes) {
  const Rule& rule = compiled.rule;
  if (!rule.events.empty()) return AddEvents(compiled, classes);
  bool by_type = false;
  for (const TreePart& part : compiled.tree.parts) {
    if (part.exception) continue;
    ForEachPredicate(compiled.tree, part.root, [&](const TreePredicate& p, const TreeNode&) {
      by_type = by_type || p.predicate.field == catalogue_.event_type();
    });
  }
  if (by_type || (simple && rule.type != RuleType::kProcess)) {
    for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
      const EventClassInfo& info = catalogue_.classes()[event_class];
      classes[event_class] = !info.event_types.empty() && info.rule_type == rule.type;
    }
    return true;
  }
  return DefaultClasses(compiled, classes);
}

// A process rule looks at starts, any other rule at all events that have its fields.
bool RuleCompiler::DefaultClasses(const CompiledRule& compiled, Classes& classes) {
  const Rule& rule = compiled.rule;
  if (rule.type == RuleType::kProcess) {
    classes[ClassOf<ProcessStart>()] = true;
    return true;
  }
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    const EventClassInfo& info = catalogue_.classes()[event_class];
    classes[event_class] =
        !info.event_types.empty() && info.rule_type == rule.type &&
        event_class != ClassOf<NetworkClose>();  // which repeats what connect has reported
  }
  const Classes all = classes;
  std::set<std::string> fields;
  for (const TreePart& part : compiled.tree.parts) {
    if (part.exception) continue;
    ForEachPredicate(compiled.tree, part.root, [&](const TreePredicate& p, const TreeNode&) {
      const FieldInfo& field = catalogue_.field(p.predicate.field);
      fields.insert(field.name);
      for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
        if (field.read[event_class] == nullptr) classes[event_class] = false;
      }
    });
  }
  if (std::find(classes.begin(), classes.end(), true) != classes.end()) return true;
  // One field that no event has is reported at its place; here each is somewhere.
  classes = all;
  if (!CheckFields(compiled, classes)) return false;
  return Fail(rule.condition.text.empty() ? rule.source : rule.condition, 0,
              absl::StrFormat("no %s event has all of %s; name the events in \"events\", and a "
                              "field that one of them lacks is absent there",
                              Name(rule.type),
                              Join(std::vector<std::string>(fields.begin(), fields.end()))));
}

// Each field, and each flag, means something in at least one of the events.
bool RuleCompiler::CheckFields(const CompiledRule& compiled, const Classes& classes) {
  bool fine = true;
  const RuleTree& tree = compiled.tree;
  for (const TreePart& part : tree.parts) {
    ForEachPredicate(tree, part.root, [&](const TreePredicate& p, const TreeNode& node) {
      const FieldInfo& field = catalogue_.field(p.predicate.field);
      bool known = false, named = p.symbols == Symbols::kNone;
      std::vector<std::string> others;
      for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
        if (field.read[event_class] == nullptr) continue;
        known = known || classes[event_class];
        named = named || (classes[event_class] && field.symbols[event_class] == p.symbols);
        others.emplace_back(catalogue_.classes()[event_class].name);
      }
      if (known && named) return;
      const SourceText& text = *tree.texts[node.text];
      if (known) {
        fine = Fail(text, node.begin,
                    absl::StrFormat("in the events that the rule looks at, %s has no %s",
                                    field.name, SymbolsName(p.symbols)));
        return;
      }
      // Simple keys stand for more fields than each event has.
      if (!text.exact && compiled.rule.condition.text.empty()) return;
      if (!text.exact) return;
      const bool start_only = classes[ClassOf<ProcessStart>()] && compiled.rule.events.empty();
      fine = Fail(text, node.begin,
                  absl::StrFormat("no event that the rule looks at has the field %s%s; these have "
                                  "it: %s",
                                  field.name,
                                  start_only ? " (without \"events\", that is process_start)" : "",
                                  Join(others)));
    });
  }
  return fine;
}

bool RuleCompiler::FoldRoots(CompiledRule& compiled, const Classes& classes,
                             std::vector<std::string>& always) {
  RuleTree& tree = compiled.tree;
  for (TreePredicate& predicate : tree.predicates) {
    predicate.expression = parts_.pool.Add(predicate.predicate);
  }
  bool ever = false;
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    if (!classes[event_class]) continue;
    std::vector<ExpressionId> parts;
    for (const TreePart& part : tree.parts) {
      const ExpressionId folded = FoldNode(tree, part.root, event_class);
      parts.push_back(part.exception ? parts_.pool.Not(folded) : folded);
    }
    const ExpressionId root = parts_.pool.And(std::move(parts));
    compiled.roots[event_class] = root;
    ever = ever || root != ExpressionPool::kFalse;
    if (root == ExpressionPool::kTrue) always.emplace_back(catalogue_.classes()[event_class].name);
  }
  return ever;
}

bool RuleCompiler::Fold(CompiledRule& compiled, const Classes& classes) {
  std::vector<std::string> always;
  const bool ever = FoldRoots(compiled, classes, always);
  const Rule& rule = compiled.rule;
  const SourceText& place = rule.condition.text.empty() ? rule.source : rule.condition;
  if (!ever) {
    return Fail(place, 0,
                compiled.detection
                    ? absl::StrFormat("the detection %s can never match", Quoted(rule.name))
                    : "the rule can never match: what it asks for contradicts itself, or is in "
                      "none of the events that it looks at");
  }
  if (!always.empty()) {
    ReportAt(place, 0, Diagnostic::Severity::kWarning,
             absl::StrFormat("the rule fires for every event of: %s", Join(always)), diagnostics_);
  }
  return true;
}

ExpressionId RuleCompiler::FoldNode(const RuleTree& tree, std::uint32_t id,
                                    EventClass event_class) {
  const TreeNode& node = tree.nodes[id];
  switch (node.type) {
    case TreeNode::Type::kConstant:
      return node.constant ? ExpressionPool::kTrue : ExpressionPool::kFalse;
    case TreeNode::Type::kPredicate:
      return FoldPredicate(tree.predicates[node.predicate], event_class);
    case TreeNode::Type::kNot:
      return parts_.pool.Not(FoldNode(tree, node.children[0], event_class));
    default:
      break;
  }
  std::vector<ExpressionId> children;
  children.reserve(node.children.size());
  for (const std::uint32_t child : node.children) {
    children.push_back(FoldNode(tree, child, event_class));
  }
  return node.type == TreeNode::Type::kAnd ? parts_.pool.And(std::move(children))
                                           : parts_.pool.Or(std::move(children));
}

ExpressionId RuleCompiler::FoldPredicate(const TreePredicate& predicate, EventClass event_class) {
  const FieldInfo& field = catalogue_.field(predicate.predicate.field);
  if (field.read[event_class] == nullptr) return ExpressionPool::kFalse;
  if (predicate.symbols != Symbols::kNone && field.symbols[event_class] != predicate.symbols) {
    return ExpressionPool::kFalse;  // the same bit means something else there
  }
  const auto& values = field.values[event_class];
  if (values.empty() || predicate.predicate.type == Predicate::Type::kSameAs) {
    return predicate.expression;
  }
  std::size_t holds = 0;
  for (const std::string_view text : values) {
    Value value;
    value.form = Value::Form::kText;
    value.text = text;
    if (predicate.predicate.TestOne(value)) ++holds;
  }
  if (holds == 0) return ExpressionPool::kFalse;
  const bool is_list = field.type != ValueType::kText;  // which may be empty, or too short
  const bool always = holds == values.size() && !field.may_be_absent[event_class] && !is_list;
  return always ? ExpressionPool::kTrue : predicate.expression;
}

std::map<std::string, sigma::Problem> RuleCompiler::CompileCorrelations() {
  CorrelationCompiler compiler(parts_, diagnostics_);
  compiler.Compile();
  return std::move(compiler).refused();
}

std::shared_ptr<const RuleSet> RuleCompiler::Finish() {
  const bool failed = std::any_of(
      diagnostics_.begin() + static_cast<std::ptrdiff_t>(first_diagnostic_), diagnostics_.end(),
      [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::kError; });
  if (failed) return nullptr;
  for (const CompiledCorrelation& correlation : parts_.correlations) scheduler_.Add(correlation);
  parts_.hash = scheduler_.Hash();
  return std::make_shared<const RuleSet>(std::move(parts_));
}

}  // namespace randguard

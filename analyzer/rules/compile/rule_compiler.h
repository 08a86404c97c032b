// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_RULES_COMPILE_RULE_COMPILER_H_
#define ANALYZER_RULES_COMPILE_RULE_COMPILER_H_

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/rules/compile/condition_resolver.h"
#include "analyzer/rules/compile/rule_scheduler.h"
#include "analyzer/rules/match/rule_set.h"

namespace randguard {

// Makes a RuleSet, one rule at a time.
class RuleCompiler {
 public:
  RuleCompiler(const Config& config, std::vector<Diagnostic>& diagnostics);

  void AddRule(Rule rule, bool built_in);
  void AddDetection(const std::string& name, RuleType type, const std::string& condition);
  void ReportUnused() { resolver_.ReportUnused(); }

  // Null: any of it was wrong.
  std::shared_ptr<const RuleSet> Finish();

 private:
  using Classes = std::array<bool, kEventClasses>;

  // False, after reporting it once: there are too many rules.
  bool HasRoom(const Rule& rule);
  void Add(CompiledRule compiled, const std::string& simple);
  bool AddPart(CompiledRule& compiled, const std::shared_ptr<const SourceText>& text,
               std::string name, bool exception);
  bool AddEvents(CompiledRule& compiled, Classes& classes);
  // The event classes that the rule looks at; false after reporting.
  bool ChooseClasses(CompiledRule& compiled, bool simple, Classes& classes);
  bool DefaultClasses(const CompiledRule& compiled, Classes& classes);
  bool CheckFields(const CompiledRule& compiled, const Classes& classes);
  bool Fold(CompiledRule& compiled, const Classes& classes);

  ExpressionId FoldNode(const RuleTree& tree, std::uint32_t node, EventClass event_class);
  ExpressionId FoldPredicate(const TreePredicate& predicate, EventClass event_class);

  bool Fail(const SourceText& text, std::size_t offset, std::string_view message);

  const FieldCatalogue& catalogue_;
  std::vector<Diagnostic>& diagnostics_;
  const std::size_t first_diagnostic_;
  ConditionResolver resolver_;
  RuleSet::Parts parts_;
  RuleScheduler scheduler_;
  bool off_ = false;  // the rule that is being added
  bool full_ = false;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_COMPILE_RULE_COMPILER_H_

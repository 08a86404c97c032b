// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_RULES_COMPILE_RULE_COMPILER_H_
#define ANALYZER_RULES_COMPILE_RULE_COMPILER_H_

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/rules/compile/condition_resolver.h"
#include "analyzer/rules/compile/rule_scheduler.h"
#include "analyzer/rules/match/rule_set.h"
#include "analyzer/rules/sigma/loader.h"
#include "analyzer/rules/sigma/mapping.h"
#include "analyzer/rules/sigma/problem.h"

namespace randguard {

// Makes a RuleSet, one rule at a time.
class RuleCompiler {
 public:
  RuleCompiler(const Config& config, std::vector<Diagnostic>& diagnostics);

  void AddRule(Rule rule, bool built_in);
  // The rule of a Sigma document. Why it cannot be evaluated, or nothing. Doubts about parts of it
  // are added to `doubts`.
  std::optional<sigma::Problem> AddLoaded(
      sigma::LoadedRule loaded, std::vector<std::pair<SourcePosition, std::string>>& doubts);
  // Reports what is wrong with the conditions of log sources.
  void CheckConditions(const sigma::Mapping& mapping);
  void SetReport(SigmaReport report) { parts_.sigma = std::move(report); }
  // Compiles the correlations among the rules that are added already. Returns those of Sigma
  // documents that cannot be evaluated, by id; what is wrong with others is reported.
  std::map<std::string, sigma::Problem> CompileCorrelations();
  void AddDetection(const std::string& name, RuleType type, const std::string& condition);
  void AddCanary();
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
  // Sets the roots. Names the events for which the rule always fires; false: for none it ever does.
  bool FoldRoots(CompiledRule& compiled, const Classes& classes, std::vector<std::string>& always);
  // Puts a predicate in front of the rule's parts; `text` is how it is shown.
  static void AddPredicatePart(TreePredicate predicate, SourceText text, RuleTree& tree);
  // `event_type in (...)`, if the classes have other events, too.
  void AddEventTypes(const sigma::LogSource& source, RuleTree& tree);
  void AddBranchDoubts(const CompiledRule& compiled, const Classes& classes,
                       std::vector<std::pair<SourcePosition, std::string>>& doubts);

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
  std::map<std::string, std::shared_ptr<const SourceText>, std::less<>>
      conditions_;  // by log source
};

}  // namespace randguard

#endif  // ANALYZER_RULES_COMPILE_RULE_COMPILER_H_

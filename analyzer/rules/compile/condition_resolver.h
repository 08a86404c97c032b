// SPDX-License-Identifier: Apache-2.0
//
// From a condition's text to a tree of predicates: looks up fields, lists and macros, and checks
// that what is compared can be compared.
#ifndef ANALYZER_RULES_COMPILE_CONDITION_RESOLVER_H_
#define ANALYZER_RULES_COMPILE_CONDITION_RESOLVER_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/rules/fields/field_info.h"
#include "analyzer/rules/language/condition.h"
#include "analyzer/rules/match/rule_tree.h"
#include "analyzer/source/diagnostic.h"
#include "analyzer/source/source_text.h"

namespace randguard {

class FieldCatalogue;

class ConditionResolver {
 public:
  // Both are borrowed. Reports names of lists and macros that can never be used.
  ConditionResolver(const Config& config, std::vector<Diagnostic>& diagnostics);

  // Appends the condition to the tree. Absent after reporting what is wrong.
  std::optional<std::uint32_t> Resolve(const std::shared_ptr<const SourceText>& text,
                                       RuleTree& tree);

  // Whether the rule whose conditions come next is off. Mistakes in these are warnings then. Lists
  // and macros are others' as well, so mistakes in them stay errors.
  void SetOff(bool off) { off_ = off; }

  // Warns about lists and macros that no condition has used so far.
  void ReportUnused();

 private:
  struct NamedList {
    const RuleList* list;
    bool used = false;
  };
  struct NamedMacro {
    std::shared_ptr<const SourceText> text;
    const RuleMacro* macro;
    bool used = false;
    bool open = false;  // being expanded
    bool broken = false;
    std::optional<Condition> condition;
  };
  // The condition that is being resolved: a rule's or a macro's.
  struct Frame {
    const Condition& condition;
    const SourceText& text;
    std::uint32_t text_index;
    RuleTree& tree;
  };

  void CheckName(const SourceText& name, std::string_view what);
  std::optional<std::uint32_t> Node(const Frame& frame, SyntaxId id);
  std::optional<std::uint32_t> Name(const Frame& frame, const SyntaxNode& node);
  std::optional<std::uint32_t> Macro(const Frame& frame, const SyntaxNode& node, NamedMacro& macro);
  std::optional<std::uint32_t> Compare(const Frame& frame, const SyntaxNode& node);
  std::optional<std::uint32_t> AddPredicate(const Frame& frame, const SyntaxNode& node,
                                            TreePredicate predicate);

  bool CheckQuantifier(const Frame& frame, const Comparison& c, const FieldInfo& field);
  bool NumberPredicate(const Frame& frame, const Comparison& c, const FieldInfo& field,
                       TreePredicate& out);
  bool BitsPredicate(const Frame& frame, const Comparison& c, const FieldInfo& field,
                     TreePredicate& out);
  bool TextPredicate(const Frame& frame, const Comparison& c, const FieldInfo& field,
                     TreePredicate& out);
  bool PatternPredicate(const Frame& frame, const Comparison& c, TreePredicate& out);
  bool NetworkPredicate(const Frame& frame, const Comparison& c, TreePredicate& out);
  // Names of lists replaced by what is in them.
  bool Expand(const Frame& frame, const Comparison& c, std::vector<Operand>& out);
  bool SymbolOperand(const Frame& frame, const Operand& operand, TreePredicate& out,
                     std::uint64_t& bits);

  bool Fail(const Frame& frame, std::size_t offset, std::string_view message);
  std::string SuggestField(std::string_view name) const;

  const FieldCatalogue& catalogue_;
  std::vector<Diagnostic>& diagnostics_;
  std::map<std::string, NamedList, std::less<>> lists_;
  std::map<std::string, NamedMacro, std::less<>> macros_;
  std::size_t depth_ = 0;  // of macros in macros; 0: in the rule itself
  bool off_ = false;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_COMPILE_CONDITION_RESOLVER_H_

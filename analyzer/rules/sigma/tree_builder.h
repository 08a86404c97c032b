// SPDX-License-Identifier: Apache-2.0
//
// From a detection to a rule's tree of predicates. Each node knows its words and place in the YAML.
//
// Where a selection is denied, fields are read by what the kernel says alone (MappedField::called).
// So a selection that a condition asks for and denies becomes two.
#ifndef ANALYZER_RULES_SIGMA_TREE_BUILDER_H_
#define ANALYZER_RULES_SIGMA_TREE_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/rules/match/rule_tree.h"
#include "analyzer/rules/sigma/detection.h"
#include "analyzer/rules/sigma/mapping.h"
#include "analyzer/rules/sigma/problem.h"
#include "analyzer/rules/sigma/regex_pool.h"

namespace randguard::sigma {

class TreeBuilder {
 public:
  // All are borrowed. The tree is empty.
  TreeBuilder(const Mapping& mapping, RegexPool& regexes, const LogSource& source, RuleTree& tree)
      : mapping_(mapping), regexes_(regexes), source_(source), tree_(tree) {}

  // Adds the detection's parts to the tree. `file` is where it stands. `exception` names what the
  // detection denies, where that has no name of its own.
  std::optional<Problem> Add(const Detection& detection, const std::string& file,
                             std::string_view exception = "");

 private:
  using Node = std::optional<std::uint32_t>;  // absent: problem_ says why
  using Type = TreeNode::Type;

  bool AddParts(const ConditionNode& condition);
  bool AddException(const ConditionNode& denied);
  Node Condition(const ConditionNode& condition, bool positive);
  Node SelectionAt(std::size_t index, bool positive);
  Node Select(const SelectionNode& node, bool positive);
  Node Item(const DetectionItem& item, bool positive);

  const MappedField* FieldOf(const DetectionItem& item);
  // Those that the events of the log source have. None: problem_ says so.
  std::vector<Target> TargetsOf(const DetectionItem& item, const MappedField& field, bool positive);

  Node Test(const DetectionItem& item, const MappedField& field,
            const std::vector<Target>& targets);
  Node Texts(const DetectionItem& item, const MappedField& field,
             const std::vector<Target>& targets);
  // Each value must hold.
  Node AllTexts(const DetectionItem& item, const MappedField& field,
                const std::vector<Target>& targets);
  // Any of the patterns, in any of the targets.
  Node AnyText(const DetectionItem& item, const MappedField& field,
               const std::vector<Target>& targets, const std::vector<Pattern>& patterns);
  bool AddTextPredicates(const DetectionItem& item, const MappedField& field, Target target,
                         const std::vector<Pattern>& patterns, std::vector<std::uint32_t>& out);
  bool AddNumberPredicate(const DetectionItem& item, Target target,
                          const std::vector<Pattern>& patterns, std::vector<std::uint32_t>& out);
  Node Regexes(const DetectionItem& item, const std::vector<Target>& targets);
  Node Networks(const DetectionItem& item, const std::vector<Target>& targets);
  Node Numbers(const DetectionItem& item, const std::vector<Target>& targets);
  Node SameAs(const DetectionItem& item, const std::vector<Target>& targets);
  Node Absent(const std::vector<Target>& targets);
  // The predicate about any of the targets.
  std::uint32_t AnyOf(const Predicate& predicate, const std::vector<Target>& targets);
  Node Exists(const std::vector<Target>& targets);

  std::uint32_t Add(TreeNode node);
  std::uint32_t Join(Type type, std::vector<std::uint32_t> children);
  std::uint32_t Not(std::uint32_t child);
  std::uint32_t Constant(bool value);
  std::uint32_t AddPredicate(Predicate predicate, Target target);
  // Puts words with their place into the text that nodes point to.
  void Say(TreeNode& node, std::string_view words, SourcePosition position);

  Node Fail(Problem problem);

  const Mapping& mapping_;
  RegexPool& regexes_;
  const LogSource& source_;
  RuleTree& tree_;
  const Detection* detection_ = nullptr;
  std::string_view exception_;
  SourceText words_;
  std::uint32_t text_ = 0;  // the place of words_ in the tree
  std::map<std::pair<std::size_t, bool>, std::uint32_t> selections_;
  const DetectionItem* item_ = nullptr;  // being built
  const DetectionItem* said_ = nullptr;  // whose words are the last ones
  std::optional<Problem> problem_;
};

}  // namespace randguard::sigma

#endif  // ANALYZER_RULES_SIGMA_TREE_BUILDER_H_

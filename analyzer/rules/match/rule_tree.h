// SPDX-License-Identifier: Apache-2.0
//
// A rule's condition with all names resolved: what its words mean, and where they are written. It
// holds for every event class; what a class lacks is absent.
#ifndef ANALYZER_RULES_MATCH_RULE_TREE_H_
#define ANALYZER_RULES_MATCH_RULE_TREE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "analyzer/rules/fields/symbols.h"
#include "analyzer/rules/match/expression.h"
#include "analyzer/rules/match/predicate.h"
#include "analyzer/source/source_text.h"

namespace randguard {

struct TreeNode {
  enum class Type : std::uint8_t { kConstant, kAnd, kOr, kNot, kPredicate };
  Type type = Type::kConstant;
  bool constant = true;
  std::vector<std::uint32_t> children;
  std::uint32_t predicate = 0;  // in predicates
  std::uint32_t text = 0;       // in texts
  std::size_t begin = 0, end = 0;
  bool named = false;  // these words name what is below, in a rule of named parts
};

struct TreePredicate {
  Predicate predicate;
  Symbols symbols = Symbols::kNone;  // that its operands are names of
  ExpressionId expression = 0;       // in the rule set's pool
};

// An exception of the rule, or the rule's condition itself.
struct TreePart {
  std::string name;
  bool exception = false;
  std::uint32_t root = 0;  // in nodes
};

struct RuleTree {
  std::vector<TreeNode> nodes;
  std::vector<TreePredicate> predicates;
  std::vector<std::shared_ptr<const SourceText>> texts;
  std::vector<TreePart> parts;  // all conditions must hold, no exception may
};

// Calls visit(predicate, node) for each predicate below a node.
template <typename Visit>
void ForEachPredicate(const RuleTree& tree, std::uint32_t id, Visit&& visit) {
  const TreeNode& node = tree.nodes[id];
  if (node.type == TreeNode::Type::kPredicate) visit(tree.predicates[node.predicate], node);
  for (const std::uint32_t child : node.children) ForEachPredicate(tree, child, visit);
}

}  // namespace randguard

#endif  // ANALYZER_RULES_MATCH_RULE_TREE_H_

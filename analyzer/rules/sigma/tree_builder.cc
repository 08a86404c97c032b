// SPDX-License-Identifier: Apache-2.0
//
// Conditions and selections; item_builder.cc has what is in them.
#include "analyzer/rules/sigma/tree_builder.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_format.h"

namespace randguard::sigma {
namespace {

constexpr std::size_t kTreeMax = 10000;  // nodes of a rule

}  // namespace

TreeBuilder::Node TreeBuilder::Fail(Problem problem) {
  if (!problem_.has_value()) problem_ = std::move(problem);
  return std::nullopt;
}

std::optional<Problem> TreeBuilder::Add(const Detection& detection, const std::string& file,
                                        std::string_view exception) {
  detection_ = &detection;
  exception_ = exception;
  selections_.clear();
  said_ = nullptr;
  problem_.reset();
  words_ = SourceText{.file = file, .exact = true};
  text_ = static_cast<std::uint32_t>(tree_.texts.size());
  tree_.texts.push_back(nullptr);  // its place; the words come with the nodes
  bool fine = true;
  if (detection.conditions.size() == 1) {
    fine = AddParts(detection.conditions.front());
  } else {
    std::vector<std::uint32_t> any;
    for (const ConditionNode& condition : detection.conditions) {
      const Node node = Condition(condition, /*positive=*/true);
      fine = fine && node.has_value();
      if (node.has_value()) any.push_back(*node);
    }
    if (fine) tree_.parts.push_back({"", false, Join(Type::kOr, std::move(any))});
  }
  if (fine && tree_.nodes.size() > kTreeMax) {
    Fail(Unsupported({}, absl::StrFormat("detection of more than %d parts", kTreeMax)));
  }
  words_.text.shrink_to_fit();
  words_.runs.shrink_to_fit();
  tree_.texts[text_] = std::make_shared<const SourceText>(std::move(words_));
  return std::move(problem_);
}

// Denied selections are the rule's exceptions: `selection and not 1 of filter_*` has one for each
// filter.
bool TreeBuilder::AddParts(const ConditionNode& condition) {
  if (condition.type == ConditionNode::Type::kAnd && !condition.quantified) {
    return std::all_of(condition.children.begin(), condition.children.end(),
                       [this](const ConditionNode& child) { return AddParts(child); });
  }
  if (condition.type == ConditionNode::Type::kNot) {
    const ConditionNode& denied = condition.children.front();
    if (denied.type != ConditionNode::Type::kOr) return AddException(denied);
    return std::all_of(denied.children.begin(), denied.children.end(),
                       [this](const ConditionNode& child) { return AddException(child); });
  }
  const Node node = Condition(condition, /*positive=*/true);
  if (node.has_value()) tree_.parts.push_back({"", false, *node});
  return node.has_value();
}

bool TreeBuilder::AddException(const ConditionNode& denied) {
  const Node node = Condition(denied, /*positive=*/false);
  if (!node.has_value()) return false;
  tree_.parts.push_back({exception_.empty() ? denied.words : std::string(exception_), true, *node});
  return true;
}

TreeBuilder::Node TreeBuilder::Condition(const ConditionNode& condition, bool positive) {
  switch (condition.type) {
    case ConditionNode::Type::kSelection:
      return SelectionAt(condition.selection, positive);
    case ConditionNode::Type::kNot: {
      const Node child = Condition(condition.children.front(), !positive);
      if (!child.has_value()) return std::nullopt;
      return Not(*child);
    }
    case ConditionNode::Type::kAnd:
    case ConditionNode::Type::kOr:
      break;
  }
  std::vector<std::uint32_t> children;
  for (const ConditionNode& child : condition.children) {
    const Node node = Condition(child, positive);
    if (!node.has_value()) return std::nullopt;
    children.push_back(*node);
  }
  return Join(condition.type == ConditionNode::Type::kAnd ? Type::kAnd : Type::kOr,
              std::move(children));
}

TreeBuilder::Node TreeBuilder::SelectionAt(std::size_t index, bool positive) {
  const auto known = selections_.find({index, positive});
  if (known != selections_.end()) return known->second;
  const Selection& selection = detection_->selections[index];
  const Node root = Select(selection.root, positive);
  if (!root.has_value()) return std::nullopt;
  TreeNode named;
  named.type = Type::kAnd;
  named.children = {*root};
  named.named = true;
  Say(named, selection.name, selection.position);
  const std::uint32_t node = Add(std::move(named));
  selections_.emplace(std::pair(index, positive), node);
  return node;
}

TreeBuilder::Node TreeBuilder::Select(const SelectionNode& node, bool positive) {
  if (node.type == SelectionNode::Type::kItem) return Item(node.item, positive);
  std::vector<std::uint32_t> children;
  for (const SelectionNode& child : node.children) {
    const Node built = Select(child, positive);
    if (!built.has_value()) return std::nullopt;
    children.push_back(*built);
  }
  return Join(node.type == SelectionNode::Type::kAnd ? Type::kAnd : Type::kOr, std::move(children));
}

std::uint32_t TreeBuilder::Add(TreeNode node) {
  node.text = text_;
  tree_.nodes.push_back(std::move(node));
  return static_cast<std::uint32_t>(tree_.nodes.size() - 1);
}

std::uint32_t TreeBuilder::Join(Type type, std::vector<std::uint32_t> children) {
  if (children.empty()) return Constant(type == Type::kAnd);
  if (children.size() == 1) return children.front();
  TreeNode node;
  node.type = type;
  node.children = std::move(children);
  return Add(std::move(node));
}

std::uint32_t TreeBuilder::Not(std::uint32_t child) {
  TreeNode node;
  node.type = Type::kNot;
  node.children = {child};
  return Add(std::move(node));
}

std::uint32_t TreeBuilder::Constant(bool value) {
  TreeNode node;
  node.constant = value;
  return Add(std::move(node));
}

void TreeBuilder::Say(TreeNode& node, std::string_view words, SourcePosition position) {
  node.begin = words_.text.size();
  words_.runs.push_back({node.begin, position});
  words_.text += words;
  node.end = words_.text.size();
}

}  // namespace randguard::sigma

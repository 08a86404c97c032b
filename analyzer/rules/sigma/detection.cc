// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/sigma/detection.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/source/reporter.h"

namespace randguard::sigma {
namespace {

constexpr std::size_t kPartsMax = 10000;  // of all conditions of a document

std::size_t Parts(const ConditionNode& node) {
  std::size_t parts = 1;
  for (const ConditionNode& child : node.children) parts += Parts(child);
  return parts;
}

class DetectionReader {
 public:
  DetectionReader(std::span<const SigmaPlaceholder> placeholders,
                  std::span<const std::string_view> not_selections)
      : placeholders_(placeholders), not_selections_(not_selections) {}

  std::variant<Detection, Problem> Run(const YamlNode& node) && {
    if (Read(node)) return std::move(detection_);
    return std::move(problem_);
  }

 private:
  bool Fail(Problem problem) {
    problem_ = std::move(problem);
    return false;
  }

  bool Read(const YamlNode& node) {
    if (node.type != YamlNode::Type::kMapping) {
      return Fail(Broken(node.position, absl::StrFormat("a detection is a mapping; this is a %s",
                                                        TypeName(node.type))));
    }
    for (const YamlMember& member : node.members) {
      if (member.key == "condition" || Is(member.key, not_selections_)) continue;
      if (member.key == "timeframe") {
        return Fail(Unsupported(member.position, "timeframe in a detection",
                                "a correlation rule says the same"));
      }
      Selection& selection = detection_.selections.emplace_back();
      selection.name = member.key;
      selection.position = member.position;
      if (!ReadSelection(member.value, selection.root)) return false;
    }
    const YamlNode* condition = node.Find("condition");
    if (condition == nullptr || condition->IsNull()) {
      return Fail(Broken(node.position, "the condition is missing"));
    }
    return ReadConditions(*condition);
  }

  static bool Is(std::string_view key, std::span<const std::string_view> names) {
    return std::find(names.begin(), names.end(), key) != names.end();
  }

  bool ReadConditions(const YamlNode& node) {
    std::vector<std::string_view> names;
    for (const Selection& selection : detection_.selections) names.emplace_back(selection.name);
    std::size_t parts = 0;
    const auto read = [&](const YamlNode& one) {
      if (one.type != YamlNode::Type::kScalar) {
        return Fail(Broken(one.position, absl::StrFormat("a condition is a text; this is a %s",
                                                         TypeName(one.type))));
      }
      auto parsed = ParseCondition(one.text, one.position, names);
      if (auto* problem = std::get_if<Problem>(&parsed)) return Fail(std::move(*problem));
      parts += Parts(std::get<ConditionNode>(parsed));
      if (parts > kPartsMax) {
        return Fail(Unsupported(one.position,
                                absl::StrFormat("conditions of more than %d parts", kPartsMax)));
      }
      detection_.conditions.push_back(std::get<ConditionNode>(std::move(parsed)));
      return true;
    };
    if (node.type != YamlNode::Type::kSequence) return read(node);
    if (node.items.empty()) return Fail(Broken(node.position, "the list of conditions is empty"));
    return std::all_of(node.items.begin(), node.items.end(), read);
  }

  bool ReadSelection(const YamlNode& node, SelectionNode& out) {
    switch (node.type) {
      case YamlNode::Type::kScalar:
        if (node.IsNull()) return Fail(Broken(node.position, "a selection is empty"));
        return AddItem("", node.position, node, out);
      case YamlNode::Type::kMapping:
        out.type = SelectionNode::Type::kAnd;
        if (node.members.empty()) return Fail(Broken(node.position, "a selection is empty"));
        return std::all_of(node.members.begin(), node.members.end(), [&](const YamlMember& member) {
          return AddItem(member.key, member.position, member.value, out.children.emplace_back());
        });
      case YamlNode::Type::kSequence:
        break;
    }
    if (node.items.empty()) return Fail(Broken(node.position, "a selection is empty"));
    const bool words = std::all_of(node.items.begin(), node.items.end(), [](const YamlNode& item) {
      return item.type == YamlNode::Type::kScalar && !item.IsNull();
    });
    if (words) return AddItem("", node.position, node, out);
    out.type = SelectionNode::Type::kOr;
    return std::all_of(node.items.begin(), node.items.end(), [&](const YamlNode& item) {
      return ReadSelection(item, out.children.emplace_back());
    });
  }

  bool AddItem(std::string_view key, SourcePosition position, const YamlNode& value,
               SelectionNode& out) {
    auto item = ReadItem(key, position, value, placeholders_);
    if (auto* problem = std::get_if<Problem>(&item)) return Fail(std::move(*problem));
    out.type = SelectionNode::Type::kItem;
    out.item = std::get<DetectionItem>(std::move(item));
    for (const ItemValue& one : out.item.values) detection_.values += one.patterns.size();
    return true;
  }

  std::span<const SigmaPlaceholder> placeholders_;
  std::span<const std::string_view> not_selections_;
  Detection detection_;
  Problem problem_;
};

}  // namespace

std::variant<Detection, Problem> ReadDetection(const YamlNode& node,
                                               std::span<const SigmaPlaceholder> placeholders,
                                               std::span<const std::string_view> not_selections) {
  return DetectionReader(placeholders, not_selections).Run(node);
}

}  // namespace randguard::sigma

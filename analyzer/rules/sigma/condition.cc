// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/sigma/condition.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "analyzer/rules/match/predicate.h"
#include "analyzer/rules/match/wildcard.h"
#include "analyzer/source/reporter.h"

namespace randguard::sigma {
namespace {

constexpr std::size_t kConditionBytesMax = 16384;
constexpr std::size_t kDepthMax = 64;     // of parentheses and not
constexpr std::size_t kNodesMax = 10000;  // with the selections that quantifiers mean

bool IsBlank(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }

// "*" in the pattern is any text.
Wildcard NamePattern(std::string pattern) {
  std::replace(pattern.begin(), pattern.end(), '*', Wildcard::kMany);
  return Wildcard(pattern);
}

class Parser {
 public:
  Parser(std::string_view text, SourcePosition position, std::span<const std::string_view> names)
      : text_(text), position_(position), names_(names) {}

  std::variant<ConditionNode, Problem> Run() {
    if (text_.size() > kConditionBytesMax) {
      return Unsupported(position_,
                         absl::StrFormat("condition of more than %d bytes", kConditionBytesMax));
    }
    Advance();
    if (token_.empty()) return Broken(position_, "the condition is empty");
    auto node = Or(0);
    if (node.has_value() && !token_.empty()) {
      Fail(token_ == "|" ? Unsupported(position_, "aggregation in a condition",
                                       "a correlation rule says the same")
                         : Unexpected("\"and\", \"or\" or the end"));
    }
    if (problem_.has_value()) return *std::move(problem_);
    return *std::move(node);
  }

 private:
  using Node = std::optional<ConditionNode>;

  Node Fail(Problem problem) {
    if (!problem_.has_value()) problem_ = std::move(problem);
    return std::nullopt;
  }
  Problem Unexpected(std::string_view expected) const {
    return Broken(position_, absl::StrFormat("condition: expected %s, found %s", expected,
                                             token_.empty() ? "its end" : Quoted(token_)));
  }

  void Advance() {
    last_end_ = at_;
    while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
    begin_ = at_;
    if (at_ < text_.size() && (text_[at_] == '(' || text_[at_] == ')' || text_[at_] == '|')) {
      ++at_;
    } else {
      while (at_ < text_.size() && !IsBlank(text_[at_]) && text_[at_] != '(' && text_[at_] != ')' &&
             text_[at_] != '|') {
        ++at_;
      }
    }
    token_ = text_.substr(begin_, at_ - begin_);
  }

  bool IsWord(std::string_view word) const { return Folded(token_) == word; }

  std::string WordsFrom(std::size_t begin) const {
    std::string_view words = text_.substr(begin, last_end_ - begin);
    while (!words.empty() && IsBlank(words.back())) words.remove_suffix(1);
    return std::string(words);
  }

  // Parts joined with one word.
  template <typename Part>
  Node Joined(std::size_t depth, std::string_view word, ConditionNode::Type type, Part&& part) {
    const std::size_t begin = begin_;
    Node first = part(depth);
    if (!first.has_value() || !IsWord(word)) return first;
    ConditionNode node;
    node.type = type;
    node.children.push_back(*std::move(first));
    while (IsWord(word)) {
      Advance();
      Node next = part(depth);
      if (!next.has_value()) return std::nullopt;
      node.children.push_back(*std::move(next));
    }
    node.words = WordsFrom(begin);
    return node;
  }

  Node Or(std::size_t depth) {
    return Joined(depth, "or", ConditionNode::Type::kOr, [this](std::size_t d) { return And(d); });
  }
  Node And(std::size_t depth) {
    return Joined(depth, "and", ConditionNode::Type::kAnd,
                  [this](std::size_t d) { return Part(d); });
  }

  Node Part(std::size_t depth) {
    if (depth > kDepthMax) {
      return Fail(
          Unsupported(position_, absl::StrFormat("condition nested more than %d deep", kDepthMax)));
    }
    if (++nodes_ > kNodesMax) return FailTooLarge();
    const std::size_t begin = begin_;
    if (IsWord("not")) {
      Advance();
      Node child = Part(depth + 1);
      if (!child.has_value()) return std::nullopt;
      ConditionNode node;
      node.type = ConditionNode::Type::kNot;
      node.children.push_back(*std::move(child));
      node.words = WordsFrom(begin);
      return node;
    }
    if (token_ == "(") {
      Advance();
      Node inner = Or(depth + 1);
      if (!inner.has_value()) return std::nullopt;
      if (token_ != ")") return Fail(Unexpected("\")\""));
      Advance();
      return inner;
    }
    return NameOrQuantifier(begin);
  }

  Node FailTooLarge() {
    return Fail(
        Unsupported(position_, absl::StrFormat("condition of more than %d parts", kNodesMax)));
  }

  Node NameOrQuantifier(std::size_t begin) {
    if (token_.empty() || token_ == ")" || token_ == "|" || IsWord("and") || IsWord("or")) {
      return Fail(Unexpected("a selection, \"not\" or \"(\""));
    }
    const std::string_view first = token_;
    Advance();
    if (!IsWord("of")) return Selection(first);
    const bool all = Folded(first) == "all";
    if (!all && first != "1" && Folded(first) != "any") {
      return Fail(Unsupported(position_, absl::StrFormat("quantifier %s", Quoted(first)),
                              "there are \"1 of\", \"any of\" and \"all of\""));
    }
    Advance();
    if (token_.empty() || token_ == "(" || token_ == ")" || token_ == "|") {
      return Fail(Unexpected("a pattern of names, or \"them\""));
    }
    const std::string_view pattern = token_;
    const bool them = IsWord("them");
    ConditionNode node;
    node.type = all ? ConditionNode::Type::kAnd : ConditionNode::Type::kOr;
    node.quantified = true;
    const Wildcard wildcard = NamePattern(std::string(pattern));
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const bool fits = them ? !names_[i].starts_with('_') : wildcard.Matches(names_[i]);
      if (!fits) continue;
      if (++nodes_ > kNodesMax) return FailTooLarge();
      node.children.push_back({.selection = i, .words = std::string(names_[i])});
    }
    if (node.children.empty()) {
      return Fail(
          Broken(position_, absl::StrFormat("condition: no selection fits %s", Quoted(pattern))));
    }
    Advance();
    node.words = WordsFrom(begin);
    return node;
  }

  Node Selection(std::string_view name) {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) {
      return Fail(Broken(position_, absl::StrFormat("condition: there is no selection %s%s",
                                                    Quoted(name), DidYouMean(name, names_))));
    }
    return ConditionNode{.selection = static_cast<std::size_t>(found - names_.begin()),
                         .words = std::string(name)};
  }

  const std::string_view text_;
  const SourcePosition position_;
  std::span<const std::string_view> names_;
  std::size_t at_ = 0, begin_ = 0, last_end_ = 0, nodes_ = 0;
  std::string_view token_;
  std::optional<Problem> problem_;
};

}  // namespace

std::variant<ConditionNode, Problem> ParseCondition(std::string_view text, SourcePosition position,
                                                    std::span<const std::string_view> names) {
  return Parser(text, position, names).Run();
}

}  // namespace randguard::sigma

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/tools/explain.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

std::string FormatNumber(Number number) {
  if (number < 0) return absl::StrFormat("%d", static_cast<std::int64_t>(number));
  return absl::StrFormat("%d", static_cast<std::uint64_t>(number));
}

// Runs of blanks and newlines become one blank.
std::string OneLine(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!blank) {
      out += c;
    } else if (!out.ends_with(' ')) {
      out += ' ';
    }
  }
  return EscapedForTerminal(out);
}

}  // namespace

std::string FormatValue(const Value& value) {
  switch (value.form) {
    case Value::Form::kAbsent:
      return "absent";
    case Value::Form::kPresent:
      return "present";
    case Value::Form::kNumber:
      return FormatNumber(value.number);
    case Value::Form::kText:
      return Quoted(value.text);
    default:
      break;
  }
  std::string out;
  AnyText(value, [&](std::string_view text) {
    absl::StrAppendFormat(&out, "%s%s", out.empty() ? "" : ", ", Quoted(text));
    return false;
  });
  AnyNumber(value, [&](Number number) {
    absl::StrAppendFormat(&out, "%s%s", out.empty() ? "" : ", ", FormatNumber(number));
    return false;
  });
  return "[" + out + "]";
}

Explanation::Explanation(const CompiledRule& rule, Matcher& matcher, const EventView& event)
    : rule_(rule), matcher_(matcher), event_(event) {
  looked_at_ = rule.roots[event.event_class] != ExpressionPool::kFalse;
  for (const TreePart& part : rule.tree.parts) {
    if (Part(part) == part.exception) fires_ = false;
  }
  // A class that was not chosen when the rule was compiled, though the words would fit it.
  if (!looked_at_) fires_ = false;
}

bool Explanation::Part(const TreePart& part) {
  if (part.exception) {
    absl::StrAppendFormat(&text_, "  unless%s%s:\n", part.name.empty() ? "" : " ",
                          EscapedForTerminal(part.name));
  }
  return Node(part.root, part.exception ? 2 : 1, !part.exception);
}

// `wanted`: what the node must be for the rule to fire.
bool Explanation::Node(std::uint32_t id, std::size_t depth, bool wanted) {
  const TreeNode& node = rule_.tree.nodes[id];
  if (node.type == TreeNode::Type::kPredicate) return Leaf(node, depth, wanted);
  const std::size_t at = text_.size();
  bool held = node.type == TreeNode::Type::kAnd;
  std::string_view word = "and";
  if (node.type == TreeNode::Type::kNot) {
    word = "not";
    held = !Node(node.children[0], depth + 1, !wanted);
  } else {
    const bool is_and = node.type == TreeNode::Type::kAnd;
    if (!is_and) word = "or";
    for (const std::uint32_t child : node.children) {
      const bool one = Node(child, depth + 1, wanted);
      held = is_and ? held && one : held || one;
    }
  }
  // Its line stands above those of its children.
  std::string children = text_.substr(at);
  text_.resize(at);
  Line(depth, held, node.named ? Named(node) : std::string(word), "");
  text_ += children;
  return held;
}

// "selection (rules.d/a.yml:12)"
std::string Explanation::Named(const TreeNode& node) const {
  const SourceText& text = *rule_.tree.texts[node.text];
  return absl::StrFormat(
      "%s (%s:%d)", OneLine(std::string_view(text.text).substr(node.begin, node.end - node.begin)),
      EscapedForTerminal(text.file), text.At(node.begin).line);
}

bool Explanation::Leaf(const TreeNode& node, std::size_t depth, bool wanted) {
  const TreePredicate& p = rule_.tree.predicates[node.predicate];
  const FieldInfo& field = FieldCatalogue::Get().field(p.predicate.field);
  const std::string& text = rule_.tree.texts[node.text]->text;
  const std::string words =
      OneLine(std::string_view(text).substr(node.begin, node.end - node.begin));
  if (field.read[event_.event_class] == nullptr) {
    Line(depth, false, words, absl::StrFormat("%s: no such field in this event", field.name));
    if (wanted && missing_.empty()) missing_ = words;
    return false;
  }
  const Value& whole = matcher_.Read(p.predicate.field);
  const auto& element = p.predicate.element;
  const Value value = element.has_value() ? ElementOf(whole, *element) : whole;
  const std::string name =
      element.has_value() ? absl::StrFormat("%s[%d]", field.name, *element) : field.name;
  const bool same_bits =
      p.symbols == Symbols::kNone || field.symbols[event_.event_class] == p.symbols;
  const bool held =
      same_bits && (p.predicate.type == Predicate::Type::kSameAs
                        ? p.predicate.TestPair(whole, matcher_.Read(p.predicate.other))
                        : p.predicate.Test(whole));
  const bool boolean = field.type == ValueType::kBoolean && value.present();
  Line(depth, held, words,
       absl::StrFormat("%s: %s", name,
                       boolean ? (value.number != 0 ? "true" : "false") : FormatValue(value)));
  if (held != wanted && missing_.empty()) missing_ = words;
  return held;
}

void Explanation::Line(std::size_t depth, bool held, std::string_view text,
                       std::string_view value) {
  absl::StrAppendFormat(&text_, "%s%c %s\n", std::string(2 * depth, ' '), held ? '+' : '-', text);
  if (!value.empty())
    absl::StrAppendFormat(&text_, "%s%s\n", std::string(2 * depth + 6, ' '), value);
}

}  // namespace randguard

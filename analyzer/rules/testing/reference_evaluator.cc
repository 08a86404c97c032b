// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/testing/reference_evaluator.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <regex>

#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/rules/language/condition_lexer.h"

namespace randguard::testing {
namespace {

void AddTo(ReferenceEvent& event, const std::string& name, simdjson::dom::element element) {
  using simdjson::dom::element_type;
  ReferenceValue& value = event[name];
  switch (element.type()) {
    case element_type::STRING:
      value.texts.emplace_back(std::string_view(element));
      break;
    case element_type::INT64:
      value.form = ReferenceValue::Form::kNumber;
      value.numbers.push_back(std::int64_t(element));
      break;
    case element_type::UINT64:
      value.form = ReferenceValue::Form::kNumber;
      value.numbers.push_back(std::uint64_t(element));
      break;
    case element_type::BOOL:
      value.form = ReferenceValue::Form::kNumber;
      value.numbers.push_back(bool(element) ? 1 : 0);
      break;
    case element_type::ARRAY:
      value.list = true;
      for (const auto item : simdjson::dom::array(element)) {
        AddTo(event, name, item);
        event[name].list = true;
      }
      break;
    case element_type::OBJECT:
      event.erase(name);
      for (const auto& [key, member] : simdjson::dom::object(element)) {
        AddTo(event, name + "." + std::string(key), member);
      }
      break;
    default:
      event.erase(name);
  }
}

std::string Lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

// Recursion over both, without a thought for speed.
bool GlobFits(std::string_view glob, std::string_view text) {
  if (glob.empty()) return text.empty();
  if (glob.starts_with("**")) {
    for (std::size_t skip = 0; skip <= text.size(); ++skip) {
      if (GlobFits(glob.substr(2), text.substr(skip))) return true;
    }
    return false;
  }
  if (glob[0] == '*') {
    for (std::size_t skip = 0; skip <= text.size(); ++skip) {
      if (GlobFits(glob.substr(1), text.substr(skip))) return true;
      if (skip < text.size() && text[skip] == '/') return false;
    }
    return false;
  }
  if (text.empty()) return false;
  if (glob[0] == '?' ? text[0] == '/' : glob[0] != text[0]) return false;
  return GlobFits(glob.substr(1), text.substr(1));
}

bool TextFits(const Comparison& c, std::string text, const Operand& operand) {
  std::string wanted = operand.text;
  if (c.ignore_case) {
    text = Lower(text);
    wanted = Lower(wanted);
  }
  switch (c.op) {
    case Operator::kEqual:
    case Operator::kIn:
      return text == wanted;
    case Operator::kNotEqual:
      return text != wanted;
    case Operator::kContains:
      return text.find(wanted) != std::string::npos;
    case Operator::kStartsWith:
      return text.starts_with(wanted);
    case Operator::kEndsWith:
      return text.ends_with(wanted);
    case Operator::kGlob:
      return GlobFits(wanted, text);
    default:
      return std::regex_search(text, std::regex(wanted));
  }
}

bool NumberFits(const Comparison& c, Number number, const Operand& operand) {
  switch (c.op) {
    case Operator::kNotEqual:
      return number != operand.low;
    case Operator::kLess:
      return number < operand.low;
    case Operator::kLessEqual:
      return number <= operand.low;
    case Operator::kGreater:
      return number > operand.low;
    case Operator::kGreaterEqual:
      return number >= operand.low;
    case Operator::kHas: {
      const auto bits = static_cast<std::uint64_t>(operand.low);
      return (static_cast<std::uint64_t>(number) & bits) == bits;
    }
    default:
      if (operand.form == Operand::Form::kBoolean) return number == operand.low;
      return number >= operand.low && number <= operand.high;
  }
}

// One element against all operands.
template <typename Fits>
bool ElementFits(const Comparison& c, Fits&& fits) {
  if (c.all_operands) return std::all_of(c.operands.begin(), c.operands.end(), fits);
  return std::any_of(c.operands.begin(), c.operands.end(), fits);
}

bool Compare(const Comparison& c, const ReferenceEvent& event) {
  const auto found = event.find(c.field);
  if (found == event.end()) return false;
  ReferenceValue value = found->second;
  if (c.element.has_value()) {
    const auto keep = [&](auto& elements) {
      elements = *c.element < elements.size()
                     ? std::decay_t<decltype(elements)>{elements[*c.element]}
                     : std::decay_t<decltype(elements)>{};
    };
    keep(value.texts);
    keep(value.numbers);
    if (value.texts.empty() && value.numbers.empty()) return false;
  }
  if (c.op == Operator::kExists) return true;
  std::vector<bool> results;
  for (const std::string& text : value.texts) {
    results.push_back(ElementFits(c, [&](const Operand& o) { return TextFits(c, text, o); }));
  }
  for (const Number number : value.numbers) {
    results.push_back(ElementFits(c, [&](const Operand& o) { return NumberFits(c, number, o); }));
  }
  if (c.all_elements) return std::find(results.begin(), results.end(), false) == results.end();
  return std::find(results.begin(), results.end(), true) != results.end();
}

bool EvaluateNode(const Condition& condition, SyntaxId id, const ReferenceEvent& event) {
  const SyntaxNode& node = condition.nodes[id];
  switch (node.type) {
    case SyntaxNode::Type::kNot:
      return !EvaluateNode(condition, node.children[0], event);
    case SyntaxNode::Type::kAnd: {
      bool all = true;
      for (const SyntaxId child : node.children) all = EvaluateNode(condition, child, event) && all;
      return all;
    }
    case SyntaxNode::Type::kOr: {
      bool any = false;
      for (const SyntaxId child : node.children) any = EvaluateNode(condition, child, event) || any;
      return any;
    }
    case SyntaxNode::Type::kName: {
      const auto found = event.find(node.name);
      return found != event.end() && found->second.numbers[0] != 0;
    }
    default:
      return Compare(node.comparison, event);
  }
}

std::string Written(Number number) {
  if (number < 0) return std::to_string(static_cast<std::int64_t>(number));
  return std::to_string(static_cast<std::uint64_t>(number));
}

}  // namespace

ReferenceEvent ParseLine(std::string_view line) {
  simdjson::dom::parser parser;
  const std::string copy(line);
  ReferenceEvent event;
  for (const auto& [key, value] : simdjson::dom::object(parser.parse(copy))) {
    AddTo(event, std::string(key), value);
  }
  return event;
}

bool Evaluate(const Condition& condition, const ReferenceEvent& event) {
  return EvaluateNode(condition, condition.root, event);
}

RandomConditions::RandomConditions(Next next, const std::vector<ReferenceEvent>& events)
    : next_(std::move(next)) {
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  for (const FieldInfo& info : catalogue.fields()) {
    // Derived ones are not in the line; some numbers are there as octal or hex texts.
    const bool shown_otherwise =
        std::any_of(info.symbols.begin(), info.symbols.end(),
                    [](Symbols s) { return s == Symbols::kMode || s == Symbols::kCapability; });
    if (IsOpaque(info.type) || shown_otherwise) continue;
    if (info.derived && info.name != "event_type") continue;
    Field field{.name = info.name};
    field.boolean = info.type == ValueType::kBoolean;
    field.number = info.type == ValueType::kNumber || info.type == ValueType::kNumbers;
    field.list = info.type == ValueType::kTexts || info.type == ValueType::kNumbers;
    for (const ReferenceEvent& event : events) {
      const auto found = event.find(info.name);
      if (found == event.end()) continue;
      const ReferenceValue& value = found->second;
      field.texts.insert(field.texts.end(), value.texts.begin(), value.texts.end());
      field.numbers.insert(field.numbers.end(), value.numbers.begin(), value.numbers.end());
    }
    if (!field.texts.empty() || !field.numbers.empty()) fields_.push_back(std::move(field));
  }
}

std::string RandomConditions::Make(std::size_t depth) {
  switch (depth == 0 ? 9 : next_(10)) {
    case 0:
      return "not " + Make(depth - 1);
    case 1:
    case 2:
      return "(" + Make(depth - 1) + " and " + Make(depth - 1) + ")";
    case 3:
    case 4:
      return "(" + Make(depth - 1) + " or " + Make(depth - 1) + ")";
    case 5:
      return "(" + Make(depth - 1) + " and not " + Make(depth - 1) + " and " + Make(depth - 1) +
             ")";
    default:
      return Comparison();
  }
}

std::string RandomConditions::Comparison() {
  const Field& field = fields_[next_(fields_.size())];
  const bool one = field.list && next_(3) == 0;
  const std::string name = one ? field.name + "[" + std::to_string(next_(4)) + "]" : field.name;
  const bool list = field.list && !one;
  if (next_(12) == 0) return "exists " + name;
  if (field.boolean) {
    return next_(2) == 0 ? field.name : field.name + (next_(2) == 0 ? " == true" : " != true");
  }
  if (field.number) return NumberComparison(name, field.numbers, list);
  return TextComparison(name, field.texts, list);
}

std::string RandomConditions::Number10(const std::vector<Number>& seen) {
  return Written(seen[next_(seen.size())] + static_cast<Number>(next_(3)) -
                 (next_(2) == 0 ? 0 : 1));
}

template <typename MakeOne>
std::string RandomConditions::List(MakeOne&& make) {
  std::string list = "(" + make();
  // Long ones are looked for in another way than short ones.
  const std::size_t others = next_(8) == 0 ? 5 + next_(15) : next_(3);
  for (std::size_t more = others; more > 0; --more) list += ", " + make();
  return list + ")";
}

std::string RandomConditions::NumberComparison(const std::string& field,
                                               const std::vector<Number>& seen, bool list) {
  static constexpr std::array<const char*, 5> kOps = {"==", "<", "<=", ">", ">="};
  const auto in_range = [&] {
    // 2^64 does not lex; what is beyond is not of interest.
    std::string number = Number10(seen);
    return number == "18446744073709551616" ? std::string("7") : number;
  };
  switch (next_(4)) {
    case 0:
      return field + " in " + List([&]() -> std::string {
               if (next_(3) != 0) return in_range();
               const Number low = static_cast<Number>(next_(1000));
               return Written(low) + ".." + Written(low + static_cast<Number>(next_(1000)));
             });
    case 1:
      if (!list) {
        const char* all = next_(2) == 0 ? " has all " : " has any ";
        return field + all + List([&] { return std::to_string(1 + next_(64)); });
      }
      [[fallthrough]];
    case 2:
      if (!list) return field + " != " + in_range();
      [[fallthrough]];
    default:
      return field + " " + kOps[next_(kOps.size())] + " " + in_range();
  }
}

std::string RandomConditions::Text(const std::vector<std::string>& seen) {
  std::string text = seen[next_(seen.size())];
  if (next_(4) == 0) text += "x";
  if (next_(4) == 0)
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return ConditionText(text);
}

// Not empty, without what is special in patterns.
std::string RandomConditions::Part(const std::vector<std::string>& seen) {
  const std::string& text = seen[next_(seen.size())];
  const std::size_t at = next_(text.size() + 1);
  std::string part;
  for (const char c : text.substr(at, 1 + next_(8))) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '_' ||
                       c == '-' || c == ' ' || c == ':';
    if (plain) part += c;
  }
  if (part.empty()) part = "a";
  if (next_(5) == 0) part[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(part[0])));
  return part;
}

std::string RandomConditions::TextComparison(const std::string& field,
                                             const std::vector<std::string>& seen, bool list) {
  const std::string every = list && next_(3) == 0 ? "all " : "";
  const std::string left = every + field;
  const std::string i = next_(3) == 0 ? "i" : "";
  static constexpr std::array<const char*, 3> kParts = {"contains", "startswith", "endswith"};
  switch (next_(7)) {
    case 0:
      // Conditions can ask only for event types that there are.
      return left + " " + i + "in " + List([&] {
               return field == "event_type" ? ConditionText(seen[next_(seen.size())]) : Text(seen);
             });
    case 1:
      return left + (i.empty() ? " == " : " ieq ") +
             (field == "event_type" ? ConditionText(seen[next_(seen.size())]) : Text(seen));
    case 2:
      if (!list) return left + " != " + Text(seen);
      [[fallthrough]];
    case 3: {
      const std::string part = Part(seen);
      static constexpr std::array<const char*, 4> kForms = {"", "*", "**", "?"};
      return left + " " + i + "glob " + ConditionText(kForms[next_(4)] + part + kForms[next_(4)]);
    }
    case 4: {
      const std::string part = Part(seen);
      // Parts that mean the same in both kinds of expressions.
      return left + " matches " + ConditionText(next_(2) == 0 ? "^" + part : part + "$");
    }
    default: {
      const std::string op = " " + i + kParts[next_(3)] + " ";
      const std::string all = next_(4) == 0 ? "all " : "";
      return left + op + all + List([&] { return ConditionText(Part(seen)); });
    }
  }
}

}  // namespace randguard::testing

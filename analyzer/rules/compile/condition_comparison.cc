// SPDX-License-Identifier: Apache-2.0
//
// Comparisons of a condition: whether field, operator and values go together, and the predicate
// that they make.
#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/rules/compile/condition_resolver.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

bool IsList(const FieldInfo& field) {
  return field.type == ValueType::kTexts || field.type == ValueType::kNumbers;
}

// "args[0]" is a text of its own.
bool IsList(const Comparison& c, const FieldInfo& field) {
  return IsList(field) && !c.element.has_value();
}

// As the condition names it.
std::string NameOf(const Comparison& c) {
  return c.element.has_value() ? absl::StrFormat("%s[%d]", c.field, *c.element) : c.field;
}

std::string_view TypeName(const Comparison& c, const FieldInfo& field) {
  if (!c.element.has_value()) return TypeName(field.type);
  return TypeName(field.type == ValueType::kTexts ? ValueType::kText : ValueType::kNumber);
}

bool IsNumeric(const FieldInfo& field) {
  return field.type == ValueType::kNumber || field.type == ValueType::kNumbers ||
         field.type == ValueType::kBoolean;
}

NumberSet RangesOf(Operator op, Number n) {
  switch (op) {
    case Operator::kNotEqual:
      return Complement({{n, n}});
    case Operator::kLess:
      return {{kNumberMin, n - 1}};
    case Operator::kLessEqual:
      return {{kNumberMin, n}};
    case Operator::kGreater:
      return {{n + 1, kNumberMax}};
    case Operator::kGreaterEqual:
      return {{n, kNumberMax}};
    default:
      return {{n, n}};
  }
}

Predicate::Type TextType(Operator op) {
  switch (op) {
    case Operator::kNotEqual:
      return Predicate::Type::kTextNotEqual;
    case Operator::kContains:
      return Predicate::Type::kContains;
    case Operator::kStartsWith:
      return Predicate::Type::kStartsWith;
    case Operator::kEndsWith:
      return Predicate::Type::kEndsWith;
    default:
      return Predicate::Type::kTextIn;
  }
}

std::string_view Written(const Operand& operand) {
  switch (operand.form) {
    case Operand::Form::kText:
      return "a text";
    case Operand::Form::kName:
      return "a name";
    case Operand::Form::kBoolean:
      return "a boolean";
    default:
      return "a number";
  }
}

}  // namespace

std::optional<std::uint32_t> ConditionResolver::Compare(const Frame& frame,
                                                        const SyntaxNode& node) {
  const Comparison& c = node.comparison;
  const auto id = catalogue_.Find(c.field);
  if (!id.has_value()) {
    const bool is_macro = macros_.contains(c.field);
    Fail(frame, c.field_offset,
         is_macro
             ? absl::StrFormat("%s is a macro, which stands alone", Quoted(c.field))
             : absl::StrFormat("there is no field %s%s", Quoted(c.field), SuggestField(c.field)));
    return std::nullopt;
  }
  const FieldInfo& field = catalogue_.field(*id);
  TreePredicate out;
  out.predicate.field = *id;
  out.predicate.element = c.element;
  out.predicate.ignore_case = c.ignore_case;
  out.predicate.all_operands = c.all_operands;
  out.predicate.all_elements = c.all_elements;
  if (c.element.has_value() && !IsList(field)) {
    Fail(frame, c.field_offset,
         absl::StrFormat("%s is a %s; only lists have elements to be numbered", c.field,
                         TypeName(field.type)));
    return std::nullopt;
  }
  if (c.op == Operator::kExists) return AddPredicate(frame, node, std::move(out));
  if (!CheckQuantifier(frame, c, field)) return std::nullopt;
  bool done = false;
  if (IsOpaque(field.type)) {
    Fail(frame, c.op_offset,
         absl::StrFormat("%s cannot be compared: only \"exists %s\" can be asked", c.field,
                         c.field));
  } else if (IsNumeric(field)) {
    done = c.op == Operator::kHas ? BitsPredicate(frame, c, field, out)
                                  : NumberPredicate(frame, c, field, out);
  } else {
    done = TextPredicate(frame, c, field, out);
  }
  if (!done) return std::nullopt;
  return AddPredicate(frame, node, std::move(out));
}

bool ConditionResolver::CheckQuantifier(const Frame& frame, const Comparison& c,
                                        const FieldInfo& field) {
  if (IsList(c, field)) {
    if (c.op != Operator::kNotEqual) return true;
    return Fail(frame, c.op_offset,
                absl::StrFormat("%s is a list, of which one element always differs from another: "
                                "write \"not %s == ...\"",
                                c.field, c.field));
  }
  if (!c.all_elements) return true;
  return Fail(frame, c.field_offset,
              absl::StrFormat("all is for lists; %s is a %s", NameOf(c), TypeName(c, field)));
}

bool ConditionResolver::Expand(const Frame& frame, const Comparison& c, std::vector<Operand>& out) {
  for (const Operand& operand : c.operands) {
    const auto list =
        operand.form == Operand::Form::kName ? lists_.find(operand.text) : lists_.end();
    if (list == lists_.end()) {
      out.push_back(operand);
      continue;
    }
    list->second.used = true;
    for (const RuleList::Item& item : list->second.list->items) {
      Operand& expanded = out.emplace_back();
      expanded.offset = operand.offset;
      if (const auto* text = std::get_if<std::string>(&item.value)) {
        expanded.text = *text;
      } else {
        expanded.form = Operand::Form::kNumber;
        expanded.low = expanded.high = std::get<std::int64_t>(item.value);
      }
    }
    if (out.size() > kOperandsMax) {
      return Fail(frame, operand.offset,
                  absl::StrFormat("with its lists, more than %d values", kOperandsMax));
    }
  }
  return true;
}

bool ConditionResolver::SymbolOperand(const Frame& frame, const Operand& operand,
                                      TreePredicate& out, std::uint64_t& bits) {
  const Symbol* symbol = FindSymbol(operand.text);
  if (symbol == nullptr) {
    std::vector<std::string_view> known;
    for (const Symbol& s : AllSymbols()) known.push_back(s.name);
    for (const auto& [name, list] : lists_) known.emplace_back(name);
    return Fail(frame, operand.offset,
                absl::StrFormat("there is no flag or list %s%s; a text stands between quotes",
                                Quoted(operand.text), DidYouMean(operand.text, known)));
  }
  const FieldInfo& field = catalogue_.field(out.predicate.field);
  const bool fits =
      std::find(field.symbols.begin(), field.symbols.end(), symbol->group) != field.symbols.end();
  if (!fits) {
    std::string has;
    for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
      if (field.symbols[event_class] == Symbols::kNone) continue;
      const std::string_view name = SymbolsName(field.symbols[event_class]);
      if (has.find(name) != has.npos) continue;
      absl::StrAppendFormat(&has, "%s%s", has.empty() ? "" : ", ", name);
    }
    return Fail(frame, operand.offset,
                absl::StrFormat("%s has %s; %s is one of the %s", field.name,
                                has.empty() ? "no named bits" : has, operand.text,
                                SymbolsName(symbol->group)));
  }
  if (out.symbols != Symbols::kNone && out.symbols != symbol->group) {
    return Fail(frame, operand.offset, "names of different kinds of flags in one comparison");
  }
  out.symbols = symbol->group;
  bits = symbol->bits;
  return true;
}

bool ConditionResolver::BitsPredicate(const Frame& frame, const Comparison& c,
                                      const FieldInfo& field, TreePredicate& out) {
  if (field.type == ValueType::kBoolean || IsList(c, field)) {
    return Fail(frame, c.op_offset,
                absl::StrFormat("has asks for bits of a number; %s is a %s", NameOf(c),
                                TypeName(c, field)));
  }
  std::vector<Operand> operands;
  if (!Expand(frame, c, operands)) return false;
  out.predicate.type = Predicate::Type::kBits;
  for (const Operand& operand : operands) {
    std::uint64_t bits = 0;
    if (operand.form == Operand::Form::kName) {
      if (!SymbolOperand(frame, operand, out, bits)) return false;
    } else if (operand.form == Operand::Form::kNumber && operand.low > 0) {
      bits = static_cast<std::uint64_t>(operand.low);
    } else {
      return Fail(frame, operand.offset,
                  "expected the name of a flag, or a number with a bit in it");
    }
    out.predicate.bits.push_back(bits);
  }
  return true;
}

bool ConditionResolver::NumberPredicate(const Frame& frame, const Comparison& c,
                                        const FieldInfo& field, TreePredicate& out) {
  const bool boolean = field.type == ValueType::kBoolean;
  const bool fits = boolean ? c.op == Operator::kEqual || c.op == Operator::kNotEqual
                            : c.op >= Operator::kEqual && c.op <= Operator::kIn;
  if (!fits || c.ignore_case) {
    return Fail(frame, c.op_offset,
                absl::StrFormat("%s is for texts; %s is a %s", OperatorName(c.op, c.ignore_case),
                                NameOf(c), TypeName(c, field)));
  }
  std::vector<Operand> operands;
  if (!Expand(frame, c, operands)) return false;
  out.predicate.type = Predicate::Type::kNumberIn;
  NumberSet ranges;
  for (const Operand& operand : operands) {
    Number low = operand.low, high = operand.high;
    if (operand.form == Operand::Form::kName && !boolean) {
      std::uint64_t bits = 0;
      if (!SymbolOperand(frame, operand, out, bits)) return false;
      low = high = bits;
    } else if (boolean != (operand.form == Operand::Form::kBoolean) ||
               operand.form == Operand::Form::kText) {
      return Fail(frame, operand.offset,
                  absl::StrFormat("%s is a %s, and this is %s", NameOf(c), TypeName(c, field),
                                  Written(operand)));
    } else if (boolean) {
      high = low;
    }
    if (operand.form == Operand::Form::kRange) {
      ranges.push_back({low, high});
    } else {
      const NumberSet of = RangesOf(c.op, low);
      ranges.insert(ranges.end(), of.begin(), of.end());
    }
  }
  out.predicate.numbers = Normalized(std::move(ranges));
  return true;
}

bool ConditionResolver::TextPredicate(const Frame& frame, const Comparison& c,
                                      const FieldInfo& field, TreePredicate& out) {
  const bool ordered = c.op >= Operator::kLess && c.op <= Operator::kGreaterEqual;
  if (ordered || c.op == Operator::kHas) {
    return Fail(frame, c.op_offset,
                absl::StrFormat("%s is for numbers; %s is a %s", OperatorName(c.op), NameOf(c),
                                TypeName(c, field)));
  }
  if (c.op == Operator::kInNetwork) {
    if (field.address) return NetworkPredicate(frame, c, out);
    return Fail(
        frame, c.op_offset,
        absl::StrFormat("in cidr is for addresses; %s is a %s", c.field, TypeName(field.type)));
  }
  if (c.op == Operator::kMatches || c.op == Operator::kGlob) {
    return PatternPredicate(frame, c, out);
  }
  std::vector<Operand> operands;
  if (!Expand(frame, c, operands)) return false;
  out.predicate.type = TextType(c.op);
  for (const Operand& operand : operands) {
    if (operand.form == Operand::Form::kName) {
      std::vector<std::string_view> known;
      for (const auto& [name, list] : lists_) known.emplace_back(name);
      return Fail(frame, operand.offset,
                  absl::StrFormat("there is no list %s%s; a text stands between quotes",
                                  Quoted(operand.text), DidYouMean(operand.text, known)));
    }
    if (operand.form != Operand::Form::kText) {
      return Fail(frame, operand.offset,
                  absl::StrFormat("%s is a %s, and this is %s", NameOf(c), TypeName(c, field),
                                  Written(operand)));
    }
    const bool part = out.predicate.type != Predicate::Type::kTextIn &&
                      out.predicate.type != Predicate::Type::kTextNotEqual;
    if (part && operand.text.empty()) {
      return Fail(frame, operand.offset,
                  absl::StrFormat("every text %s the empty text", OperatorName(c.op)));
    }
    if (out.predicate.field == catalogue_.event_type() &&
        out.predicate.type == Predicate::Type::kTextIn && !c.ignore_case &&
        !catalogue_.ClassOfEventType(operand.text).has_value()) {
      return Fail(frame, operand.offset,
                  absl::StrFormat("there is no event type %s%s", Quoted(operand.text),
                                  DidYouMean(operand.text, catalogue_.event_types())));
    }
    out.predicate.texts.push_back(operand.text);
  }
  return true;
}

bool ConditionResolver::PatternPredicate(const Frame& frame, const Comparison& c,
                                         TreePredicate& out) {
  std::vector<Operand> operands;
  if (!Expand(frame, c, operands)) return false;
  out.predicate.type = Predicate::Type::kRegex;
  out.predicate.glob = c.op == Operator::kGlob;
  for (const Operand& operand : operands) {
    if (operand.form != Operand::Form::kText) {
      return Fail(
          frame, operand.offset,
          absl::StrFormat("expected a pattern between quotes, and this is %s", Written(operand)));
    }
    auto compiled = out.predicate.glob ? CompileGlob(operand.text, c.ignore_case)
                                       : CompileRegex(operand.text, c.ignore_case);
    if (const auto* error = std::get_if<ConditionError>(&compiled)) {
      // Behind the quote; a text with escapes is longer as it is written than as it is.
      const bool verbatim = frame.text.text.substr(operand.offset + 1).starts_with(operand.text);
      return Fail(frame, operand.offset + (verbatim ? 1 + error->offset : 0), error->message);
    }
    out.predicate.texts.push_back(operand.text);
    out.predicate.regexes.push_back(std::get<Regex>(std::move(compiled)));
  }
  return true;
}

bool ConditionResolver::NetworkPredicate(const Frame& frame, const Comparison& c,
                                         TreePredicate& out) {
  std::vector<Operand> operands;
  if (!Expand(frame, c, operands)) return false;
  out.predicate.type = Predicate::Type::kNetwork;
  for (const Operand& operand : operands) {
    const auto network =
        operand.form == Operand::Form::kText ? ParseNetwork(operand.text) : std::nullopt;
    if (!network.has_value()) {
      return Fail(frame, operand.offset,
                  "expected a network like \"10.0.0.0/8\" or \"fe80::/10\", without bits behind "
                  "those that count");
    }
    out.predicate.networks.push_back(*network);
  }
  return true;
}

}  // namespace randguard

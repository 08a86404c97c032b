// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/rules/language/condition.h"
#include "analyzer/rules/language/condition_lexer.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

struct OperatorWord {
  std::string_view word;
  Operator op;
  bool ignore_case;
};

constexpr std::array kOperatorWords = {
    OperatorWord{"==", Operator::kEqual, false},
    OperatorWord{"!=", Operator::kNotEqual, false},
    OperatorWord{"<", Operator::kLess, false},
    OperatorWord{"<=", Operator::kLessEqual, false},
    OperatorWord{">", Operator::kGreater, false},
    OperatorWord{">=", Operator::kGreaterEqual, false},
    OperatorWord{"in", Operator::kIn, false},
    OperatorWord{"iin", Operator::kIn, true},
    OperatorWord{"has", Operator::kHas, false},
    OperatorWord{"ieq", Operator::kEqual, true},
    OperatorWord{"contains", Operator::kContains, false},
    OperatorWord{"icontains", Operator::kContains, true},
    OperatorWord{"startswith", Operator::kStartsWith, false},
    OperatorWord{"istartswith", Operator::kStartsWith, true},
    OperatorWord{"endswith", Operator::kEndsWith, false},
    OperatorWord{"iendswith", Operator::kEndsWith, true},
    OperatorWord{"matches", Operator::kMatches, false},
    OperatorWord{"imatches", Operator::kMatches, true},
    OperatorWord{"glob", Operator::kGlob, false},
    OperatorWord{"iglob", Operator::kGlob, true},
};

constexpr std::array<std::string_view, 9> kOtherWords = {"and", "or",   "not",  "exists", "all",
                                                         "any", "cidr", "true", "false"};

const OperatorWord* FindOperator(std::string_view word) {
  const auto* found = std::find_if(kOperatorWords.begin(), kOperatorWords.end(),
                                   [&](const OperatorWord& o) { return o.word == word; });
  return found == kOperatorWords.end() ? nullptr : found;
}

// Recursive descent. After the first error everything returns at once.
class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text), token_(lexer_.Next()) {}

  std::variant<Condition, ConditionError> Run() {
    const SyntaxId root = Or();
    if (!error_.has_value() && token_.type != Token::Type::kEnd) {
      Fail(token_, "expected and, or, or the end; found " + Found());
    }
    if (error_.has_value()) return *std::move(error_);
    condition_.root = root;
    return std::move(condition_);
  }

 private:
  using Type = SyntaxNode::Type;

  SyntaxId Or() {
    return Chain(Type::kOr, "or", [this] { return And(); });
  }
  SyntaxId And() {
    return Chain(Type::kAnd, "and", [this] { return Unary(); });
  }

  template <typename Parse>
  SyntaxId Chain(Type type, std::string_view word, Parse&& parse) {
    const SyntaxId first = parse();
    if (!IsWord(word)) return first;
    std::vector<SyntaxId> children = {first};
    while (!error_.has_value() && IsWord(word)) {
      Advance();
      children.push_back(parse());
    }
    if (error_.has_value()) return 0;
    SyntaxNode node;
    node.type = type;
    node.begin = condition_.nodes[children.front()].begin;
    node.end = condition_.nodes[children.back()].end;
    node.children = std::move(children);
    return Add(std::move(node));
  }

  SyntaxId Unary() {
    if (error_.has_value()) return 0;
    if (++depth_ > kConditionNesting) {
      return Fail(token_, absl::StrFormat("nested deeper than %d levels", kConditionNesting));
    }
    const SyntaxId id = UnaryInside();
    --depth_;
    return id;
  }

  SyntaxId UnaryInside() {
    const std::size_t begin = token_.begin;
    if (IsWord("not")) {
      Advance();
      const SyntaxId child = Unary();
      if (error_.has_value()) return 0;
      SyntaxNode node;
      node.type = Type::kNot;
      node.begin = begin;
      node.end = condition_.nodes[child].end;
      node.children = {child};
      return Add(std::move(node));
    }
    if (IsSign("(")) {
      Advance();
      const SyntaxId inner = Or();
      if (error_.has_value()) return 0;
      if (!IsSign(")")) return Fail(token_, "expected \")\"; found " + Found());
      Advance();
      return inner;
    }
    return Predicate();
  }

  SyntaxId Predicate() {
    SyntaxNode node;
    node.type = Type::kComparison;
    node.begin = token_.begin;
    Comparison& c = node.comparison;
    if (IsWord("exists")) {
      c.op_offset = token_.begin;
      Advance();
      if (!Name(c.field, c.field_offset, "a field") || !Element(c)) return 0;
      node.end = last_end_;
      return Add(std::move(node));
    }
    if (IsWord("all") || IsWord("any")) {
      c.all_elements = token_.source == "all";
      Advance();
    }
    if (!Name(c.field, c.field_offset, "a field, a macro, not or \"(\"") || !Element(c)) return 0;
    const OperatorWord* op = IsWordOrSign() ? FindOperator(token_.source) : nullptr;
    if (op == nullptr) {
      if (c.all_elements || c.element.has_value())
        return Fail(token_, "expected an operator; found " + Found());
      if (token_.type == Token::Type::kWord && !IsReservedWord(token_.source)) {
        return Fail(token_, "expected an operator; found " + Found() + NearestOperator());
      }
      if (token_.type == Token::Type::kText || token_.type == Token::Type::kNumber) {
        return Fail(token_, "expected an operator before " + Found());
      }
      node.type = Type::kName;
      node.name = std::move(c.field);
      node.end = last_end_;
      return Add(std::move(node));
    }
    c.op = op->op;
    c.ignore_case = op->ignore_case;
    c.op_offset = token_.begin;
    Advance();
    if (!Operands(c)) return 0;
    node.end = last_end_;
    return Add(std::move(node));
  }

  // The right side of an operator.
  bool Operands(Comparison& c) {
    const bool one = c.op >= Operator::kEqual && c.op <= Operator::kGreaterEqual;
    if (one) {
      if (IsSign("(")) {
        Fail(token_, "expected one value; for a choice of several write \"in (...)\"");
        return false;
      }
      return OneOperand(c, /*ranges=*/false);
    }
    if (c.op == Operator::kIn && IsWord("cidr")) {
      if (c.ignore_case) {
        Fail(token_, "addresses have no case: write \"in cidr (...)\"");
        return false;
      }
      c.op = Operator::kInNetwork;
      Advance();
    } else if (c.op != Operator::kIn && (IsWord("all") || IsWord("any"))) {
      c.all_operands = token_.source == "all";
      Advance();
    }
    if (!IsSign("(")) {
      const bool needs_list = c.op == Operator::kIn || c.op == Operator::kInNetwork;
      if (needs_list && token_.type != Token::Type::kWord) {
        Fail(token_, "expected \"(\" or the name of a list; found " + Found());
        return false;
      }
      return OneOperand(c, /*ranges=*/false);
    }
    c.list = true;
    do {
      Advance();
      if (c.operands.size() >= kOperandsMax) {
        Fail(token_, absl::StrFormat("more than %d values in one list", kOperandsMax));
        return false;
      }
      if (!OneOperand(c, c.op == Operator::kIn)) return false;
    } while (IsSign(","));
    if (!IsSign(")")) {
      Fail(token_, "expected \",\" or \")\"; found " + Found());
      return false;
    }
    Advance();
    return true;
  }

  bool OneOperand(Comparison& c, bool ranges) {
    Operand& operand = c.operands.emplace_back();
    operand.offset = token_.begin;
    switch (token_.type) {
      case Token::Type::kText:
        operand.text = std::move(token_.text);
        Advance();
        return true;
      case Token::Type::kNumber:
        operand.form = Operand::Form::kNumber;
        operand.low = operand.high = token_.number;
        Advance();
        return !IsSign("..") || Range(operand, ranges);
      case Token::Type::kWord:
        if (token_.source == "true" || token_.source == "false") {
          operand.form = Operand::Form::kBoolean;
          operand.low = token_.source == "true" ? 1 : 0;
          Advance();
          return true;
        }
        if (!IsReservedWord(token_.source)) {
          operand.form = Operand::Form::kName;
          operand.text = std::string(token_.source);
          Advance();
          return true;
        }
        [[fallthrough]];
      default:
        Fail(token_, "expected a value; found " + Found());
        return false;
    }
  }

  bool Range(Operand& operand, bool allowed) {
    if (!allowed) {
      Fail(token_, "a range stands in a list only: \"in (1..1023)\"");
      return false;
    }
    Advance();
    if (token_.type != Token::Type::kNumber) {
      Fail(token_, "expected the range's end, a number; found " + Found());
      return false;
    }
    operand.form = Operand::Form::kRange;
    operand.high = token_.number;
    if (operand.high < operand.low) {
      Fail(token_, "a range that ends before it begins");
      return false;
    }
    Advance();
    return true;
  }

  bool Name(std::string& name, std::size_t& offset, std::string_view what) {
    if (token_.type != Token::Type::kWord || IsReservedWord(token_.source)) {
      Fail(token_, absl::StrFormat("expected %s; found %s", what, Found()));
      return false;
    }
    name = std::string(token_.source);
    offset = token_.begin;
    Advance();
    return true;
  }

  // "[0]" behind a list's name.
  bool Element(Comparison& c) {
    if (!IsSign("[")) return true;
    Advance();
    if (token_.type != Token::Type::kNumber || token_.number < 0) {
      Fail(token_, "expected which element: a number, the first is 0; found " + Found());
      return false;
    }
    if (token_.number > kElementMax) {
      Fail(token_, absl::StrFormat("elements are numbered up to %d", kElementMax));
      return false;
    }
    c.element = static_cast<std::uint32_t>(token_.number);
    Advance();
    if (!IsSign("]")) {
      Fail(token_, "expected \"]\"; found " + Found());
      return false;
    }
    Advance();
    return true;
  }

  std::string NearestOperator() const {
    std::vector<std::string_view> known;
    known.reserve(kOperatorWords.size());
    for (const OperatorWord& o : kOperatorWords) known.push_back(o.word);
    return DidYouMean(token_.source, known);
  }

  std::string Found() const {
    switch (token_.type) {
      case Token::Type::kEnd:
        return "the end";
      case Token::Type::kText:
        return "the text " + Quoted(token_.text);
      default:
        return Quoted(token_.source);
    }
  }

  bool IsWord(std::string_view word) const {
    return token_.type == Token::Type::kWord && token_.source == word;
  }
  bool IsSign(std::string_view sign) const {
    return token_.type == Token::Type::kSign && token_.source == sign;
  }
  bool IsWordOrSign() const {
    return token_.type == Token::Type::kWord || token_.type == Token::Type::kSign;
  }

  void Advance() {
    last_end_ = token_.end;
    token_ = lexer_.Next();
  }

  SyntaxId Add(SyntaxNode node) {
    condition_.nodes.push_back(std::move(node));
    return static_cast<SyntaxId>(condition_.nodes.size() - 1);
  }

  SyntaxId Fail(const Token& at, std::string message) {
    if (error_.has_value()) return 0;
    // The lexer could not read this: that is the error, not that something else was expected.
    if (at.type == Token::Type::kError) message = at.text;
    error_ = {at.begin, std::move(message)};
    return 0;
  }

  ConditionLexer lexer_;
  Token token_;
  std::size_t last_end_ = 0;
  std::size_t depth_ = 0;
  Condition condition_;
  std::optional<ConditionError> error_;
};

}  // namespace

std::string_view OperatorName(Operator op, bool ignore_case) {
  switch (op) {
    case Operator::kExists:
      return "exists";
    case Operator::kTrue:
      return "";
    case Operator::kInNetwork:
      return "in cidr";
    default:
      for (const OperatorWord& o : kOperatorWords) {
        if (o.op == op && o.ignore_case == ignore_case) return o.word;
      }
      return "";
  }
}

bool IsReservedWord(std::string_view word) {
  return FindOperator(word) != nullptr ||
         std::find(kOtherWords.begin(), kOtherWords.end(), word) != kOtherWords.end();
}

std::variant<Condition, ConditionError> ParseCondition(std::string_view text) {
  if (text.size() > kConditionMax) {
    return ConditionError{0, absl::StrFormat("longer than %d bytes", kConditionMax)};
  }
  return Parser(text).Run();
}

}  // namespace randguard

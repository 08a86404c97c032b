// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/language/condition_lexer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

namespace randguard {
namespace {

bool IsWordStart(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool IsWord(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// 36: no digit.
unsigned DigitOf(char c) {
  if (IsDigit(c)) return static_cast<unsigned>(c - '0');
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'z' ? static_cast<unsigned>(lower - 'a' + 10) : 36;
}

}  // namespace

Token ConditionLexer::Next() {
  SkipBlanks();
  if (at_ >= text_.size()) return Make(Token::Type::kEnd, text_.size());
  const char c = text_[at_];
  if (IsWordStart(c)) return Word();
  if (IsDigit(c) || (c == '-' && at_ + 1 < text_.size() && IsDigit(text_[at_ + 1]))) {
    return NumberToken();
  }
  if (c == '"' || c == '\'') return Text(c);
  static constexpr std::array<std::string_view, 12> kSigns = {"==", "!=", "<=", ">=", "..", "<",
                                                              ">",  "(",  ")",  "[",  "]",  ","};
  for (const std::string_view sign : kSigns) {
    if (!text_.substr(at_).starts_with(sign)) continue;
    const std::size_t begin = at_;
    at_ += sign.size();
    return Make(Token::Type::kSign, begin);
  }
  if (c == '=') return Error(at_, "\"=\" is no operator; write \"==\"");
  if (c == '!') return Error(at_, "\"!\" is no operator; write \"not\" or \"!=\"");
  if (c == '&' || c == '|') return Error(at_, "write \"and\" and \"or\" as words");
  return Error(at_, "a character that has no meaning here");
}

void ConditionLexer::SkipBlanks() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at_;
    } else {
      return;
    }
  }
}

// A name: words joined by single dots. Two dots are a range.
Token ConditionLexer::Word() {
  const std::size_t begin = at_;
  for (;;) {
    while (at_ < text_.size() && IsWord(text_[at_])) ++at_;
    if (at_ + 1 < text_.size() && text_[at_] == '.' && IsWordStart(text_[at_ + 1])) {
      ++at_;
    } else {
      return Make(Token::Type::kWord, begin);
    }
  }
}

Token ConditionLexer::NumberToken() {
  const std::size_t begin = at_;
  const bool negative = text_[at_] == '-';
  if (negative) ++at_;
  unsigned base = 10;
  if (text_.substr(at_).starts_with("0x")) base = 16;
  if (text_.substr(at_).starts_with("0o")) base = 8;
  if (base != 10) at_ += 2;
  const std::size_t digits = at_;
  Number value = 0;
  constexpr Number kMax = UINT64_MAX;
  while (at_ < text_.size() && (IsWord(text_[at_]))) {
    if (text_[at_] != '_') {
      const unsigned digit = DigitOf(text_[at_]);
      if (digit >= base) return Error(at_, "a letter or digit that does not belong in this number");
      value = value * base + digit;
      if (value > kMax) return Error(begin, "a number beyond 64 bits");
    }
    ++at_;
  }
  if (at_ == digits) return Error(begin, "a number without digits");
  if (base == 10 && at_ > digits + 1 && text_[digits] == '0') {
    return Error(begin, "a number that begins with 0; octal is written 0o, as in 0o644");
  }
  Token token = Make(Token::Type::kNumber, begin);
  token.number = negative ? -value : value;
  return token;
}

Token ConditionLexer::Text(char quote) {
  const std::size_t begin = at_++;
  std::string content;
  while (at_ < text_.size() && text_[at_] != quote) {
    if (quote == '"' && text_[at_] == '\\') {
      ++at_;
      if (!Escape(content)) {
        return Error(at_ - 1,
                     R"(no such escape; there are \\ \" \n \r \t \xHH, and none between ' and ')");
      }
    } else {
      content += text_[at_++];
    }
  }
  if (at_ >= text_.size()) return Error(begin, "a text that does not end");
  ++at_;
  Token token = Make(Token::Type::kText, begin);
  token.text = std::move(content);
  return token;
}

bool ConditionLexer::Escape(std::string& out) {
  if (at_ >= text_.size()) return false;
  switch (text_[at_]) {
    case '\\':
    case '"':
      out += text_[at_];
      break;
    case 'n':
      out += '\n';
      break;
    case 'r':
      out += '\r';
      break;
    case 't':
      out += '\t';
      break;
    case 'x': {
      if (at_ + 2 >= text_.size()) return false;
      const unsigned high = DigitOf(text_[at_ + 1]), low = DigitOf(text_[at_ + 2]);
      if (high > 15 || low > 15) return false;
      out += static_cast<char>(high << 4 | low);
      at_ += 2;
      break;
    }
    default:
      return false;
  }
  ++at_;
  return true;
}

Token ConditionLexer::Make(Token::Type type, std::size_t begin) {
  Token token;
  token.type = type;
  token.begin = begin;
  token.end = at_;
  token.source = text_.substr(begin, at_ - begin);
  return token;
}

Token ConditionLexer::Error(std::size_t at, std::string message) {
  at_ = text_.size();
  Token token = Make(Token::Type::kError, std::min(at, text_.size()));
  token.text = std::move(message);
  return token;
}

std::string ConditionText(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppendFormat(&out, "\\x%02x", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace randguard

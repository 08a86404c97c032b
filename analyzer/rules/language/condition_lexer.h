// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_RULES_LANGUAGE_CONDITION_LEXER_H_
#define ANALYZER_RULES_LANGUAGE_CONDITION_LEXER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "analyzer/rules/fields/value.h"

namespace randguard {

struct Token {
  enum class Type : std::uint8_t { kWord, kText, kNumber, kSign, kEnd, kError };
  Type type = Type::kEnd;
  std::string_view source;  // of kWord and kSign, the token
  std::string text;         // of kText its content, of kError what is wrong
  Number number = 0;
  std::size_t begin = 0, end = 0;
};

// As a condition writes it: between quotes, with escapes.
std::string ConditionText(std::string_view text);

// Cuts a condition into words, texts, numbers and signs. After an error there is nothing more.
class ConditionLexer {
 public:
  explicit ConditionLexer(std::string_view text) : text_(text) {}

  Token Next();

 private:
  void SkipBlanks();
  Token Word();
  Token NumberToken();
  Token Text(char quote);
  // Appends what the escape at at_ (behind the backslash) stands for; false: there is none such.
  bool Escape(std::string& out);
  Token Make(Token::Type type, std::size_t begin);
  Token Error(std::size_t at, std::string message);

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_LANGUAGE_CONDITION_LEXER_H_

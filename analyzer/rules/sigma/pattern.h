// SPDX-License-Identifier: Apache-2.0
//
// A value of a Sigma rule: text with wildcards, and what modifiers make of it.
//
// A backslash takes the meaning from a following "*", "?" or backslash; before anything else it is
// itself. So `C:\Temp` and `C:\\Temp` are the same text, and `\\*` is a backslash and a wildcard.
#ifndef ANALYZER_RULES_SIGMA_PATTERN_H_
#define ANALYZER_RULES_SIGMA_PATTERN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace randguard::sigma {

class Pattern {
 public:
  enum class Kind : std::uint8_t { kLiteral, kMany, kOne };
  struct Piece {
    Kind kind = Kind::kLiteral;
    std::string text;  // of kLiteral
    friend bool operator==(const Piece&, const Piece&) = default;
  };

  static Pattern Parse(std::string_view value);
  static Pattern Literal(std::string text);

  // No two literals stand beside each other, nor two kMany. Without pieces: the empty text.
  const std::vector<Piece>& pieces() const { return pieces_; }
  bool IsLiteral() const;
  // The text of a literal.
  std::string_view literal() const;
  // Fits every text.
  bool IsAny() const { return pieces_.size() == 1 && pieces_[0].kind == Kind::kMany; }
  bool StartsWithMany() const;
  bool EndsWithMany() const;

  void Append(Piece piece);
  // "*" at these ends, where there is none.
  Pattern Widened(bool start, bool end) const;

  friend bool operator==(const Pattern&, const Pattern&) = default;

 private:
  std::vector<Piece> pieces_;
};

// A pattern as a predicate of texts.
struct Shape {
  enum class Type : std::uint8_t { kEqual, kStart, kEnd, kPart, kAny, kWildcard };
  Type type = Type::kEqual;
  std::string text;  // of kWildcard: as match/wildcard.h writes patterns
};
Shape ShapeOf(const Pattern& pattern);

// --- modifiers; absent: the value cannot take it -------------------------------------------------

enum class Utf16 : std::uint8_t { kLittle, kBig, kMarked };  // kMarked: little, its mark in front
std::optional<Pattern> InUtf16(const Pattern& pattern, Utf16 form);
std::optional<Pattern> InBase64(const Pattern& pattern);
// The three texts of which one is in any base64 of a text that contains the pattern.
std::vector<Pattern> InBase64AtOffsets(const Pattern& pattern);
// With each dash or slash before a word written in all ways that are taken for a dash. Absent: more
// than 625 ways.
std::optional<std::vector<Pattern>> WithDashes(const Pattern& pattern);

}  // namespace randguard::sigma

#endif  // ANALYZER_RULES_SIGMA_PATTERN_H_

// SPDX-License-Identifier: Apache-2.0
//
// Patterns of literal bytes, "*" (any bytes) and "?" (one character). No regular expression: an
// engine for these takes tens of KiB for each pattern, and rules have many.
#ifndef ANALYZER_RULES_MATCH_WILDCARD_H_
#define ANALYZER_RULES_MATCH_WILDCARD_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace randguard {

class Wildcard {
 public:
  // In these the two are written as bytes that no text of UTF-8 has, so that nothing needs escapes.
  static constexpr char kMany = '\xfe';
  static constexpr char kOne = '\xff';

  explicit Wildcard(std::string_view pattern);

  // Whether all of the text fits. Takes at most the product of the two sizes.
  bool Matches(std::string_view text) const;

  // The longest literal that a text that fits has for certain, and where.
  struct Sure {
    enum class Place { kStart, kEnd, kAnywhere, kNowhere } place = Place::kNowhere;
    std::string_view text;  // of this pattern
  };
  Sure LongestLiteral() const;

 private:
  // Between two kMany; kOne may be in it.
  std::vector<std::string> parts_;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_MATCH_WILDCARD_H_

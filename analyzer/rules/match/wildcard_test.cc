// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/match/wildcard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace randguard::wildcard_test {
namespace {

using Place = Wildcard::Sure::Place;

Wildcard Of(std::string pattern) {
  std::replace(pattern.begin(), pattern.end(), '*', Wildcard::kMany);
  std::replace(pattern.begin(), pattern.end(), '?', Wildcard::kOne);
  return Wildcard(pattern);
}

// The definition, by trying everything.
bool Slow(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    for (std::size_t at = 0; at <= text.size(); ++at) {
      if (Slow(pattern.substr(1), text.substr(at))) return true;
    }
    return false;
  }
  if (text.empty() || (pattern[0] != '?' && pattern[0] != text[0])) return false;
  return Slow(pattern.substr(1), text.substr(1));
}

TEST(WildcardTest, AgreesWithItsDefinition) {
  // All patterns of up to five of these, on all texts of up to five of two letters.
  const std::string_view alphabet = "*?ab";
  std::vector<std::string> patterns = {""}, texts = {""};
  for (std::size_t i = 0; i < patterns.size() && patterns[i].size() < 5; ++i) {
    for (const char c : alphabet) patterns.push_back(patterns[i] + c);
  }
  for (std::size_t i = 0; i < texts.size() && texts[i].size() < 5; ++i) {
    for (const char c : {'a', 'b'}) texts.push_back(texts[i] + c);
  }
  for (const std::string& pattern : patterns) {
    const Wildcard wildcard = Of(pattern);
    for (const std::string& text : texts) {
      ASSERT_EQ(wildcard.Matches(text), Slow(pattern, text)) << pattern << " on " << text;
    }
  }
}

TEST(WildcardTest, CaseCounts) {  // whoever disregards it folds both
  EXPECT_FALSE(Of("a*b").Matches("AxB"));
}

TEST(WildcardTest, OneIsACharacterNotAByte) {
  EXPECT_TRUE(Of("x?y").Matches("x\xc3\xa4y"));
  EXPECT_TRUE(Of("x?y").Matches("x\xe2\x80\x93y"));
  EXPECT_FALSE(Of("x??y").Matches("x\xc3\xa4y"));
  EXPECT_TRUE(Of("x?y").Matches("x\xffy"));  // of no character: itself
  EXPECT_FALSE(Of("x?").Matches("x"));
}

TEST(WildcardTest, LiteralsThatAreSure) {
  const auto sure = [](std::string_view pattern, Place place, std::string_view text) {
    const Wildcard wildcard = Of(std::string(pattern));
    EXPECT_EQ(wildcard.LongestLiteral().text, text) << pattern;
    EXPECT_EQ(wildcard.LongestLiteral().place, place) << pattern;
  };
  sure("abc*d", Place::kStart, "abc");
  sure("a*bcd", Place::kEnd, "bcd");
  sure("a*bcd*e", Place::kAnywhere, "bcd");
  sure("?abc?", Place::kAnywhere, "abc");
  sure("?abc", Place::kEnd, "abc");
  sure("*?*", Place::kNowhere, "");
}

}  // namespace
}  // namespace randguard::wildcard_test

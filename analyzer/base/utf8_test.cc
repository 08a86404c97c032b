// SPDX-License-Identifier: Apache-2.0
#include "analyzer/base/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace randguard {
namespace {

using namespace std::string_view_literals;

std::string Encoded(char32_t code) {
  const auto byte = [](char32_t bits) { return static_cast<char>(bits); };
  const auto tail = [&](int shift) { return byte(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xc0 | code >> 6), tail(0)};
  if (code < 0x10000) return {byte(0xe0 | code >> 12), tail(6), tail(0)};
  return {byte(0xf0 | code >> 18), tail(12), tail(6), tail(0)};
}

TEST(Utf8Test, EveryCharacterIsRead) {
  for (char32_t code = 0; code <= 0x10ffff; ++code) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const std::string text = Encoded(code) + "x";
    const Character first = FirstCharacter(text);
    ASSERT_EQ(unsigned{first.code}, unsigned{code});
    ASSERT_EQ(first.bytes, text.size() - 1);
    ASSERT_EQ(FirstCharacter(std::string_view(text).substr(0, first.bytes)).bytes, first.bytes);
    if (first.bytes > 1) {
      ASSERT_EQ(FirstCharacter(std::string_view(text).substr(0, first.bytes - 1)).bytes, 0u);
    }
  }
}

TEST(Utf8Test, WhatIsNoneIsNotRead) {
  for (const std::string_view text :
       {"\x80"sv, "\xbf"sv, "\xc0\xaf"sv, "\xc1\xbf"sv, "\xc2"sv, "\xc2\x41"sv, "\xe0\x9f\xbf"sv,
        "\xed\xa0\x80"sv, "\xed\xbf\xbf"sv, "\xf0\x8f\xbf\xbf"sv, "\xf4\x90\x80\x80"sv,
        "\xf5\x80\x80\x80"sv, "\xff"sv, "\xe2\x80"sv}) {
    EXPECT_EQ(FirstCharacter(text).bytes, 0u) << text.size();
  }
}

TEST(Utf8Test, HiddenCharacters) {
  for (char32_t code = 0; code < 0x20; ++code) EXPECT_TRUE(IsHidden(code)) << unsigned{code};
  for (char32_t code = 0x7f; code < 0xa0; ++code) EXPECT_TRUE(IsHidden(code)) << unsigned{code};
  for (const char32_t code :
       {U'\u00ad', U'\u061c', U'\u180e', U'\u200b', U'\u200c',     U'\u200d',     U'\u200e',
        U'\u200f', U'\u2028', U'\u2029', U'\u202a', U'\u202b',     U'\u202c',     U'\u202d',
        U'\u202e', U'\u2060', U'\u2066', U'\u2067', U'\u2068',     U'\u2069',     U'\u206a',
        U'\u3164', U'\ufe0f', U'\ufeff', U'\ufff9', U'\U000e0001', U'\U000e007f', U'\U000e0100'}) {
    EXPECT_TRUE(IsHidden(code)) << std::hex << unsigned{code};
  }
  for (const char32_t code :
       {U' ', U'~', U'\u00a0', U'\u00e9', U'\u0410', U'\u05d0', U'\u0627', U'\u2010', U'\u2027',
        U'\u202f', U'\u20ac', U'\u4e2d', U'\ufffd', U'\U0001f600', U'\U0010ffff'}) {
    EXPECT_FALSE(IsHidden(code)) << std::hex << unsigned{code};
  }
}

}  // namespace
}  // namespace randguard

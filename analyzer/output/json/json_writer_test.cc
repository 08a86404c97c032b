// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/json/json_writer.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/base/utf8.h"

namespace randguard::json_writer_test {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

std::string Quoted(std::string_view bytes, bool* replaced = nullptr) {
  JsonWriter json;
  const bool any = json.String(bytes);
  if (replaced != nullptr) *replaced = any;
  return std::string(json.text());
}

// The text that a JSON reader makes of `json`; nullopt when it is not JSON.
std::optional<std::string> ReadBack(const std::string& json) {
  simdjson::dom::parser parser;
  std::string_view text;
  if (parser.parse("[" + json + "]").at(0).get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

// The same by the book: one code point after the other, anything else byte by byte.
std::pair<std::string, bool> WithReplacements(std::string_view s) {
  std::string out;
  bool replaced = false;
  const auto byte = [&](std::size_t i) {
    return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u;
  };
  for (std::size_t i = 0; i < s.size();) {
    std::size_t n = 0;
    std::uint32_t point = 0;
    if (byte(i) < 0x80) {
      n = 1;
    } else if (byte(i) >> 5 == 6) {
      n = 2, point = byte(i) & 0x1f;
    } else if (byte(i) >> 4 == 14) {
      n = 3, point = byte(i) & 0x0f;
    } else if (byte(i) >> 3 == 30) {
      n = 4, point = byte(i) & 0x07;
    }
    for (std::size_t k = 1; k < n; ++k) {
      if (byte(i + k) >> 6 != 2) {
        n = 0;
        break;
      }
      point = point << 6 | (byte(i + k) & 0x3f);
    }
    constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (n > 1 &&
        (point < kSmallest[n] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))) {
      n = 0;
    }
    if (n == 0) {
      out += kReplacement;
      replaced = true;
      ++i;
    } else {
      out += s.substr(i, n);
      i += n;
    }
  }
  return {out, replaced};
}

TEST(JsonWriterTest, PlainTextIsCopied) {
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted("/usr/bin/curl"), "\"/usr/bin/curl\"");
  EXPECT_EQ(Quoted("caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80"),
            "\"caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80\"");
}

// So that a line can be looked at on a terminal.
TEST(JsonWriterTest, HiddenCharactersAreEscaped) {
  EXPECT_EQ(Quoted("\x7f"), R"("\u007f")");
  EXPECT_EQ(Quoted("\xc2\x80\xc2\x9b\xc2\x9f"), R"("\u0080\u009b\u009f")");
  EXPECT_EQ(Quoted("exe.\xe2\x80\xaetxt"), R"("exe.\u202etxt")");
  EXPECT_EQ(Quoted("\xe2\x80\x8b\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf"),
            R"("\u200b\u2028\u2029\ufeff")");
  EXPECT_EQ(Quoted("\xf3\xa0\x80\x81"), R"("\udb40\udc01")");
  for (char32_t code = 0x80; code <= 0x10ffff; code = code < 0xd7ff ? code + 1 : code + 0x33) {
    if (code >= 0xd800 && code < 0xe000) continue;
    std::string text;
    const auto put = [&](char32_t bits) { text += static_cast<char>(bits); };
    if (code < 0x800) {
      put(0xc0 | code >> 6);
    } else {
      put(code < 0x10000 ? 0xe0 | code >> 12 : 0xf0 | code >> 18);
      if (code >= 0x10000) put(0x80 | (code >> 12 & 0x3f));
      put(0x80 | (code >> 6 & 0x3f));
    }
    put(0x80 | (code & 0x3f));
    bool replaced = true;
    const std::string quoted = Quoted(text, &replaced);
    ASSERT_EQ(quoted.find("\\u") != quoted.npos, IsHidden(code)) << unsigned{code};
    ASSERT_EQ(ReadBack(quoted), text) << unsigned{code};
    ASSERT_FALSE(replaced);
  }
}

TEST(JsonWriterTest, BeginningsAndEndsHaveRoom) {
  for (const std::string_view part : {"a"sv, "\x01"sv, "\""sv, "\xff"sv, "\xe2\x80\xae"sv,
                                      "\xe4\xb8\xad"sv, "\xf0\x9f\x98\x80"sv, "a\xe2\x80"sv}) {
    std::string text;
    while (text.size() < 500) text += part;
    for (std::size_t room = 0; room < 1200; room += 7) {
      for (const std::string_view cut :
           {JsonWriter::Beginning(text, room), JsonWriter::End(text, room)}) {
        bool replaced = false;
        const std::size_t json = Quoted(cut, &replaced).size() - 2;
        ASSERT_LE(json + (replaced ? 2 * cut.size() : 0), room);
        if (!replaced && cut.size() != text.size()) {
          ASSERT_GT(json + 12, room) << "there was room for more";
        }
      }
      ASSERT_TRUE(text.starts_with(JsonWriter::Beginning(text, room)));
      ASSERT_TRUE(text.ends_with(JsonWriter::End(text, room)));
    }
  }
}

TEST(JsonWriterTest, QuotesAndBackslashesAreEscaped) {
  EXPECT_EQ(Quoted("a\"b\\c/"), R"("a\"b\\c/")");
}

TEST(JsonWriterTest, ControlCharactersAreEscaped) {
  EXPECT_EQ(Quoted("\n\t\r"), R"("\n\t\r")");
  EXPECT_EQ(Quoted("\0\x01\x0b\x1f"sv), R"("\u0000\u0001\u000b\u001f")");
  for (int c = 0; c < 0x80; ++c) {
    const std::string text(1, static_cast<char>(c));
    bool replaced = true;
    EXPECT_EQ(ReadBack(Quoted(text, &replaced)), text) << c;
    EXPECT_FALSE(replaced) << c;
  }
}

// The fast path looks at eight bytes at once.
TEST(JsonWriterTest, EverySpecialByteIsFoundAtEveryPlace) {
  for (const std::string_view special :
       {"\""sv, "\\"sv, "\n"sv, "\0"sv, "\x1f"sv, "\xff"sv, "\x80"sv, "\xc3\xa9"sv}) {
    for (std::size_t before = 0; before < 20; ++before) {
      for (std::size_t after = 0; after < 10; ++after) {
        for (const char fill : {'a', ' ', '!', '\x7f', '#', '[', ']'}) {
          const std::string text =
              std::string(before, fill) + std::string(special) + std::string(after, fill);
          const auto [expected, expect_replaced] = WithReplacements(text);
          bool replaced = false;
          ASSERT_EQ(ReadBack(Quoted(text, &replaced)), expected) << before << " " << after;
          ASSERT_EQ(replaced, expect_replaced);
        }
      }
    }
  }
}

TEST(JsonWriterTest, Utf8AtItsLimitsIsKept) {
  for (const std::string_view text :
       {"\xc2\x80"sv, "\xdf\xbf"sv, "\xe0\xa0\x80"sv, "\xed\x9f\xbf"sv, "\xee\x80\x80"sv,
        "\xef\xbf\xbf"sv, "\xf0\x90\x80\x80"sv, "\xf4\x8f\xbf\xbf"sv, "\xef\xbf\xbd"sv}) {
    bool replaced = true;
    EXPECT_EQ(ReadBack(Quoted(text, &replaced)), text);
    EXPECT_FALSE(replaced) << ::testing::PrintToString(text);
  }
}

TEST(JsonWriterTest, WhatIsNotUtf8IsReplacedByteByByte) {
  for (const std::string_view text : {
           "\x80"sv,
           "\xbf"sv,  // nothing they continue
           "\xc0\x80"sv,
           "\xc1\xbf"sv,  // overlong
           "\xe0\x80\x80"sv,
           "\xe0\x9f\xbf"sv,  //
           "\xf0\x80\x80\x80"sv,
           "\xf0\x8f\xbf\xbf"sv,  //
           "\xed\xa0\x80"sv,
           "\xed\xbf\xbf"sv,  // surrogates
           "\xf4\x90\x80\x80"sv,
           "\xf5\x80\x80\x80"sv,  // beyond U+10FFFF
           "\xf8\x88\x80\x80\x80"sv,
           "\xfe"sv,
           "\xff"sv,  // never
           "\xc3"sv,
           "\xe2\x82"sv,
           "\xf0\x9f\x98"sv,
           "\xe2"sv,  // cut
       }) {
    bool replaced = false;
    std::string expected;
    for (std::size_t i = 0; i < text.size(); ++i) expected += kReplacement;
    EXPECT_EQ(ReadBack(Quoted(text, &replaced)), expected) << ::testing::PrintToString(text);
    EXPECT_TRUE(replaced);
    // And what follows is read again.
    EXPECT_EQ(ReadBack(Quoted(std::string(text) + "a\xc3\xa9", &replaced)), expected + "a\xc3\xa9");
  }
}

TEST(JsonWriterTest, SequenceIsNotReadBeyondTheEnd) {
  const std::string text = "\xe2\x82\xac";  // what follows in memory would complete it
  EXPECT_EQ(ReadBack(Quoted(std::string_view(text).substr(0, 2))),
            std::string(kReplacement) + std::string(kReplacement));
}

TEST(JsonWriterTest, RandomBytesAreAlwaysJson) {
  std::mt19937 random(7);  // NOLINT: the same each time
  // Bytes near the borders of what is special, and those that begin and continue sequences.
  constexpr std::string_view kInteresting =
      "\0\x1f\x20\x21\x22\x23\x5b\x5c\x5d\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec"
      "\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff"sv;
  int valid = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string text(random() % 24, 'x');
    const unsigned style = random() % 3;
    for (char& c : text) {
      if (style == 0 || (style == 1 && random() % 4 == 0)) {
        c = kInteresting[random() % kInteresting.size()];
      } else if (style == 2) {
        c = static_cast<char>(random());
      }
    }
    if (random() % 2 != 0) text += "\xf0\x9f\x98\x80";
    const auto [expected, expect_replaced] = WithReplacements(text);
    bool replaced = false;
    const std::string json = Quoted(text, &replaced);
    ASSERT_EQ(ReadBack(json), expected) << ::testing::PrintToString(text);
    ASSERT_EQ(replaced, expect_replaced) << ::testing::PrintToString(text);
    if (!replaced) {
      ASSERT_EQ(expected, text);
      ++valid;
    }
  }
  EXPECT_GT(valid, 1000);
}

TEST(JsonWriterTest, NumbersOfAllWidths) {
  JsonWriter json;
  json.Number(std::numeric_limits<std::uint64_t>::max());
  json.Raw(' ');
  json.Number(std::numeric_limits<std::int64_t>::min());
  json.Raw(' ');
  json.Number(std::int32_t{-100});
  json.Raw(' ');
  json.Number(std::uint32_t{0});
  EXPECT_EQ(json.text(), "18446744073709551615 -9223372036854775808 -100 0");
}

TEST(JsonWriterTest, HexIsLowerCaseAndWhole) {
  JsonWriter json;
  json.HexString("\0\x0f\xab\xff"sv);
  EXPECT_EQ(json.text(), "\"000fabff\"");
}

TEST(JsonWriterTest, ClearBeginsAnew) {
  JsonWriter json;
  json.Bool(true);
  json.Clear();
  json.Null();
  json.Bool(false);
  EXPECT_EQ(json.text(), "nullfalse");
  EXPECT_EQ(json.size(), 9u);
}

}  // namespace
}  // namespace randguard::json_writer_test

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/source/toml_document.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>

#include "analyzer/source/toml_limits.h"

namespace randguard::toml_document_test {
namespace {

TomlError ErrorOf(std::string_view text) {
  const auto parsed = ParseToml(text);
  const auto* error = std::get_if<TomlError>(&parsed);
  return error == nullptr ? TomlError{0, "parsed"} : *error;
}

TomlValue ValueOf(std::string_view text) {
  auto parsed = ParseToml(text);
  if (const auto* error = std::get_if<TomlError>(&parsed)) {
    ADD_FAILURE() << error->message;
    return {};
  }
  return std::get<TomlValue>(std::move(parsed));
}

std::string Repeat(std::string_view part, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

// `levels` arrays, the innermost one empty.
std::string Nested(std::size_t levels) {
  return "a = " + Repeat("[", levels) + Repeat("]", levels) + "\n";
}

TEST(ParseTomlTest, KeysAndValuesKnowTheirOffsets) {
  const std::string text = "[t]\n  long_key =  \"v\"\n";
  const TomlValue root = ValueOf(text);
  ASSERT_EQ(root.table.size(), 1u);
  const TomlMember& key = root.table[0].value.table.at(0);
  EXPECT_EQ(root.table[0].key_offset, text.find('t'));
  EXPECT_EQ(key.key_offset, text.find("long_key"));
  EXPECT_EQ(key.value.offset, text.find("\"v\""));
}

TEST(ParseTomlTest, QuotedKeysAndInlineTablesKnowTheirOffsets) {
  const std::string text = "x = { 'q k' = 1, b = 2 }\n\"d\".e = 3\n";
  const TomlValue root = ValueOf(text);
  ASSERT_EQ(root.table.size(), 2u);
  EXPECT_EQ(root.table[0].value.table.at(0).key_offset, text.find("'q k'"));
  EXPECT_EQ(root.table[0].value.table.at(1).key_offset, text.find("b = 2"));
  EXPECT_EQ(root.table[1].key_offset, text.find("\"d\""));
  EXPECT_EQ(root.table[1].value.table.at(0).key_offset, text.find("e = 3"));
}

TEST(ParseTomlTest, EachTypeHasAName) {
  const TomlValue root =
      ValueOf("a=true\nb=1\nc=1.5\nd='s'\ne=[]\nf={}\ng=1979-05-27\nh=07:32:00\n");
  std::string types;
  for (const TomlMember& member : root.table) {
    types += std::string(TypeName(member.value.type)) + ",";
  }
  EXPECT_EQ(types, "boolean,integer,float,string,array,table,date or time,date or time,");
}

TEST(ParseTomlTest, SyntaxErrorPointsAtTheCulprit) {
  const TomlError error = ErrorOf("[a]\nx = 1 2\n");
  EXPECT_EQ(error.offset, 10u);
  EXPECT_EQ(error.message, "TOML syntax: invalid line format (expected newline, but got '2')");
}

TEST(ParseTomlTest, UnfinishedStringPointsAtItsStart) {
  const TomlError error = ErrorOf("[a]\nx = \"abc\ny = 1\n");
  EXPECT_EQ(error.offset, 8u);
  EXPECT_EQ(error.message, "TOML syntax: the next token is not a valid string");
}

TEST(ParseTomlTest, DuplicateKeyPointsAtTheSecond) {
  const TomlError error = ErrorOf("[a]\nx = 1\nx = 2\n");
  EXPECT_EQ(error.offset, 14u);
  EXPECT_EQ(error.message, "TOML syntax: value (\"x\") already exists (value defined twice)");
}

TEST(ParseTomlTest, MissingNewlineAtTheEndIsFine) { EXPECT_EQ(ValueOf("a = 1").table.size(), 1u); }

TEST(ParseTomlTest, EmptyTextIsAnEmptyTable) { EXPECT_TRUE(ValueOf("").table.empty()); }

TEST(TomlLimitsTest, NestingUpToTheLimitParses) {
  EXPECT_EQ(ErrorOf(Nested(kConfigNestingMax)).message, "parsed");
}

TEST(TomlLimitsTest, NestingBeyondTheLimitIsRefusedWhereItIs) {
  const TomlError error = ErrorOf(Nested(kConfigNestingMax + 1));
  EXPECT_EQ(error.message, "nested deeper than 32 levels");
  EXPECT_EQ(error.offset, 4 + kConfigNestingMax);
}

TEST(TomlLimitsTest, DottedKeysNest) {
  EXPECT_EQ(ErrorOf(Repeat("a.", 33) + "a = 1\n").message, "nested deeper than 32 levels");
}

TEST(TomlLimitsTest, HeadersNest) {
  EXPECT_EQ(ErrorOf("[" + Repeat("a.", 33) + "a]\n").message, "nested deeper than 32 levels");
}

TEST(TomlLimitsTest, HeaderAndValueAddUp) {
  const std::string header = "[" + Repeat("a.", 20) + "a]\n";
  EXPECT_EQ(ErrorOf(header + Nested(5)).message, "parsed");
  EXPECT_EQ(ErrorOf(header + Nested(20)).message, "nested deeper than 32 levels");
}

TEST(TomlLimitsTest, InlineTablesNest) {
  EXPECT_EQ(ErrorOf("a = " + Repeat("{a=", 33) + "1" + Repeat("}", 33) + "\n").message,
            "nested deeper than 32 levels");
}

TEST(TomlLimitsTest, BracketsInStringsAndCommentsDoNotNest) {
  const std::string many = Repeat("[", 100);
  EXPECT_EQ(ErrorOf("# " + many + "\na = \"\\\"" + many + "\"\nb = '" + many + "'\nc = \"\"\"\"" +
                    many + "\n" + many + "\"\"\"\"\nd = '''" + many + "'''\n")
                .message,
            "parsed");
}

TEST(TomlLimitsTest, ManySiblingsAreNotNested) {
  EXPECT_EQ(ErrorOf("a = [" + Repeat("[1.5], {a.b.c = 1.5},\n", 100) + "]\n" +
                    Repeat("[[t]]\nx = 1.5\n", 100))
                .message,
            "parsed");
}

TEST(TomlLimitsTest, NulByteIsRefusedWhereItIs) {
  const TomlError error = ErrorOf(std::string_view("a = 1\n\0", 7));
  EXPECT_EQ(error.message, "NUL byte: this is not a text file");
  EXPECT_EQ(error.offset, 6u);
}

// The parser read beyond its buffer on the first of these.
TEST(TomlLimitsTest, WhatIsNotUtf8IsRefusedWhereItIs) {
  for (const std::string_view wrong :
       {"\xb2", "\xc1\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xe2\x82", "\xff"}) {
    const TomlError error = ErrorOf("a = '''x" + std::string(wrong) + "'''\n");
    EXPECT_EQ(error.message, "not UTF-8, as TOML must be");
    EXPECT_EQ(error.offset, 8u);
  }
  EXPECT_EQ(ErrorOf("# \xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82\n").message, "parsed");
}

TEST(TomlLimitsTest, ByteOrderMarkIsPassedOver) {
  EXPECT_EQ(ErrorOf("\xef\xbb\xbf[t]\na = 1\n").message, "parsed");
}

TEST(TomlLimitsTest, LargeFileIsRefused) {
  const std::string lines = Repeat("# 0123456789abc\n", kConfigFileMax / 16);
  EXPECT_EQ(ErrorOf(lines).message, "parsed");
  EXPECT_EQ(ErrorOf(lines + "#").message, "file is larger than 1048576 bytes");
}

TEST(TomlLimitsTest, LongLineIsRefusedWhereItIs) {
  const std::string line = "#" + std::string(kConfigLineMax - 1, 'x');
  EXPECT_EQ(ErrorOf("\n" + line + "\n").message, "parsed");
  const TomlError error = ErrorOf("\n" + line + "x\n");
  EXPECT_EQ(error.message, "line is longer than 16384 bytes");
  EXPECT_EQ(error.offset, 1u);
}

TEST(TomlLimitsTest, BinaryIntegerBeyond64BitsIsRefused) {
  EXPECT_EQ(ErrorOf("a = 0b" + std::string(62, '1') + "\n").message, "parsed");
  const TomlError error = ErrorOf("a = 0b" + std::string(63, '1') + "\n");
  EXPECT_EQ(error.message, "binary integer has more than 62 digits");
  EXPECT_EQ(error.offset, 4u);
}

}  // namespace
}  // namespace randguard::toml_document_test

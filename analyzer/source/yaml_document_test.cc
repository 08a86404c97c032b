// SPDX-License-Identifier: Apache-2.0
#include "analyzer/source/yaml_document.h"

#include <gtest/gtest.h>
#include <time.h>

#include <string>

#include "analyzer/confine/sanitized.h"
#include "tests/support/rounds.h"

namespace randguard::yaml_document_test {
namespace {

using Type = YamlNode::Type;

std::string ErrorOf(std::string_view text) {
  const YamlStream stream = ParseYaml(text);
  if (!stream.refused.empty()) return stream.refused[0].message;
  return stream.error.has_value() ? stream.error->message : "";
}

YamlNode Only(std::string_view text) {
  YamlStream stream = ParseYaml(text);
  EXPECT_EQ(stream.error.has_value(), false) << stream.error->message;
  EXPECT_EQ(stream.documents.size(), 1u);
  return stream.documents.empty() ? YamlNode{} : std::move(stream.documents[0]);
}

TEST(ParseYamlTest, MembersItemsAndPlaces) {
  const YamlNode root = Only("a: 1\nb:\n  - x\n  - 'y'\nc: {d: e}\n");
  ASSERT_EQ(root.type, Type::kMapping);
  ASSERT_EQ(root.members.size(), 3u);
  EXPECT_EQ(root.Find("a")->text, "1");
  EXPECT_EQ(root.Find("b")->items[1].text, "y");
  EXPECT_EQ(root.Find("b")->items[1].position.line, 4u);
  EXPECT_EQ(root.Find("b")->items[1].position.column, 5u);
  EXPECT_EQ(root.members[2].position.line, 5u);
  EXPECT_EQ(root.Find("c")->Find("d")->text, "e");
  EXPECT_EQ(root.Find("z"), nullptr);
}

TEST(ParseYamlTest, ScalarsStayAsTheyAreWritten) {
  for (const std::string text : {"no", "0777", "12:30", "1e3", "0x1f", "2024-01-01", "true"}) {
    EXPECT_EQ(Only("a: " + text).Find("a")->text, text);
  }
}

TEST(ParseYamlTest, OnlyPlainNullsAreNull) {
  for (const char* text : {"a:", "a: ~", "a: null", "a: Null", "a: NULL"}) {
    EXPECT_TRUE(Only(text).Find("a")->IsNull()) << text;
  }
  for (const char* text : {"a: 'null'", "a: ''", "a: \"\"", "a: nil", "a: []"}) {
    EXPECT_FALSE(Only(text).Find("a")->IsNull()) << text;
  }
}

TEST(ParseYamlTest, DocumentsBeforeAMistakeAreKept) {
  const YamlStream stream = ParseYaml("a: 1\n---\nb: 2\n---\n---\nc: [\n");
  EXPECT_EQ(stream.documents.size(), 2u);
  ASSERT_TRUE(stream.error.has_value());
  EXPECT_GE(stream.error->position.line, 6u);
}

TEST(ParseYamlTest, WhatIsRefusedCostsNoOtherDocument) {
  for (const char* bad :
       {"a: &x 1\nb: [1]\n", "a: 1\na: 2\n", "a: [!x {b: 1}]\n", "a: *x\n", "? [a]\n: {b: 1}\n"}) {
    const YamlStream stream =
        ParseYaml("first: 1\n---\n" + std::string(bad) + "---\nlast: 1\n---\na: !y 1\n");
    EXPECT_FALSE(stream.error.has_value()) << bad;
    ASSERT_EQ(stream.documents.size(), 2u) << bad;
    EXPECT_NE(stream.documents[0].Find("first"), nullptr);
    EXPECT_NE(stream.documents[1].Find("last"), nullptr);
    ASSERT_EQ(stream.refused.size(), 2u) << bad;
    EXPECT_GE(stream.refused[0].position.line, 3u);
  }
}

TEST(ParseYamlTest, AByteOrderMarkIsNoText) {
  EXPECT_NE(Only("\xef\xbb\xbf"
                 "a: 1\n")
                .Find("a"),
            nullptr);
}

TEST(ParseYamlTest, WhatStandsForSomethingElseIsRefused) {
  EXPECT_NE(ErrorOf("a: &x 1\n").find("anchors"), std::string::npos);
  EXPECT_NE(ErrorOf("a: &x 1\nb: *x\n").find("anchors"), std::string::npos);
  EXPECT_NE(ErrorOf("b: *x\n").find("aliases"), std::string::npos);
  EXPECT_NE(ErrorOf("a: !!int 1\n").find("tags"), std::string::npos);
  EXPECT_NE(ErrorOf("a: !x {}\n").find("tags"), std::string::npos);
  EXPECT_NE(ErrorOf("%YAML 1.1\n---\na: 1\n").find("directives"), std::string::npos);
  EXPECT_NE(ErrorOf("%TAG ! tag:x,2000:\n---\na: 1\n").find("directives"), std::string::npos);
}

TEST(ParseYamlTest, KeysAreTextsAndComeOnce) {
  EXPECT_EQ(ErrorOf("a: 1\nb: 2\na: 3\n"), "the key \"a\" comes twice");
  EXPECT_EQ(ErrorOf("? [a]\n: 1\n"), "a key must be a text");
  EXPECT_EQ(ErrorOf("{a: 1}: 2\n"), "a key must be a text");
}

TEST(ParseYamlTest, BytesThatAreNoTextAreRefused) {
  EXPECT_NE(ErrorOf("a: \xff\n"), "");
  EXPECT_NE(ErrorOf("a: \xc3\n"), "");
  EXPECT_NE(ErrorOf("a: \xed\xa0\x80\n"), "");
  EXPECT_NE(ErrorOf("a: \x01\n"), "");
  EXPECT_EQ(ErrorOf(std::string("a: b\0c\n", 7)), "holds a NUL byte");
  EXPECT_EQ(ErrorOf("a: \"b\\0c\"\n"), "a text holds a NUL");
  EXPECT_NE(ErrorOf(std::string("\xff\xfe"
                                "a\0:\0",
                                6)),
            "");
}

TEST(ParseYamlTest, LimitsHold) {
  const auto deep = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_EQ(ErrorOf(deep(kYamlNestingMax)), "");
  EXPECT_NE(ErrorOf(deep(kYamlNestingMax + 1)).find("nested"), std::string::npos);
  EXPECT_NE(ErrorOf(std::string(kYamlFileMax + 1, 'a')).find("larger"), std::string::npos);
  std::string many = "[";
  for (std::size_t i = 0; i < kYamlNodesMax; ++i) many += "a,";
  EXPECT_NE(ErrorOf(many + "]").find("keys and values"), std::string::npos);
  std::string documents;
  for (std::size_t i = 0; i <= kYamlDocumentsMax; ++i) documents += "---\n";
  EXPECT_NE(ErrorOf(documents).find("documents"), std::string::npos);
}

// Every prefix is YAML or has an error; nothing else may happen.
TEST(ParseYamlTest, TruncatedTextIsAnErrorOrYaml) {
  const std::string text = "a: \"x\\u00e4\"\nb: [1, {c: 'd'}]\ne: |\n  f\n---\ng: >-\n  h\n";
  for (std::size_t size = 0; size < text.size(); ++size) ParseYaml(text.substr(0, size));
}

// The time that processors gave this thread, whatever else the machine does.
double ProcessorSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

TEST(ParseYamlTest, NothingWithinTheLimitsTakesLong) {
  const auto repeat = [](std::string_view text, std::size_t size = kYamlFileMax) {
    std::string out;
    while (out.size() + text.size() <= size) out += text;
    return out;
  };
  const std::string hostile[] = {
      repeat("["),      repeat("{"),      repeat("- "),    repeat("? "),    repeat("a: "),
      repeat("---\n"),  repeat("#\n"),    repeat("\""),    repeat("'"),     repeat("|\n "),
      repeat("a\n"),    repeat("- a\n"),  repeat("a:\n "), repeat("\"\\n"), repeat("&a "),
      repeat("!a "),    repeat(" "),      repeat("\t"),    repeat("%a\n"),  repeat("- - "),
      repeat("[a,"),    repeat("{a: 1,"), repeat(": "),    repeat("*a "),   repeat(">\n\n"),
      repeat("[[a]: "), repeat("a, b: ")};
  for (const std::string& text : hostile) {
    const double begin = ProcessorSeconds();
    ParseYaml(text);
    const double took = ProcessorSeconds() - begin;
    // Ten times what it takes, or more: where time grows with the square, it is minutes. With the
    // sanitizers it is not known what it takes.
    EXPECT_LT(took, kSanitized ? 30 : 0.5) << text.substr(0, 8);
  }
}

}  // namespace
}  // namespace randguard::yaml_document_test

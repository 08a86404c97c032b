// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/arguments.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace randguard::cli {
namespace {

using Words = std::vector<std::string>;

absl::StatusOr<Arguments> Parse(const Words& words, std::size_t operands = 1) {
  return Arguments::Parse(words, {{"--config", true}, {"--json", false}}, operands);
}

std::string ErrorOf(const Words& words, std::size_t operands = 1) {
  const auto arguments = Parse(words, operands);
  EXPECT_FALSE(arguments.ok());
  EXPECT_EQ(arguments.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(arguments.status().message());
}

TEST(ArgumentsTest, NoWordsAreNoArguments) {
  const auto a = Parse({});
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_FALSE(a->Has("--config"));
  EXPECT_EQ(a->Value("--config"), std::nullopt);
  EXPECT_TRUE(a->operands().empty());
}

TEST(ArgumentsTest, ValueIsTheNextWordOrBehindTheEqualsSign) {
  for (const Words& words : {Words{"--config", "a=b"}, Words{"--config=a=b"}}) {
    const auto a = Parse(words);
    ASSERT_TRUE(a.ok()) << a.status();
    EXPECT_EQ(a->Value("--config"), "a=b");
  }
}

TEST(ArgumentsTest, ValueMayBeEmptyOrLookLikeAnOption) {
  EXPECT_EQ(Parse({"--config="})->Value("--config"), "");
  EXPECT_EQ(Parse({"--config", ""})->Value("--config"), "");
  EXPECT_EQ(Parse({"--config", "--json"})->Value("--config"), "--json");
  EXPECT_EQ(Parse({"--config", "--"})->Value("--config"), "--");
  EXPECT_EQ(Parse({"--config", "-"})->Value("--config"), "-");
}

TEST(ArgumentsTest, OptionWithoutAValueIsThereOrNot) {
  const auto a = Parse({"--json", "x"});
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_TRUE(a->Has("--json"));
  EXPECT_EQ(a->operands(), Words{"x"});
}

TEST(ArgumentsTest, OptionsAndOperandsMix) {
  const auto a = Parse({"one", "--config", "c", "two", "--json"}, 2);
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_EQ(a->operands(), (Words{"one", "two"}));
  EXPECT_EQ(a->Value("--config"), "c");
  EXPECT_TRUE(a->Has("--json"));
}

TEST(ArgumentsTest, SingleDashAndEmptyWordAreOperands) {
  EXPECT_EQ(Parse({"-"})->operands(), Words{"-"});
  EXPECT_EQ(Parse({""})->operands(), Words{""});
}

TEST(ArgumentsTest, BehindTwoDashesAllAreOperands) {
  const auto a = Parse({"--json", "--", "--config", "--"}, 2);
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_FALSE(a->Has("--config"));
  EXPECT_EQ(a->operands(), (Words{"--config", "--"}));
  EXPECT_TRUE(Parse({"--"})->operands().empty());
}

TEST(ArgumentsTest, UnknownOptionIsNamedWithoutItsValue) {
  EXPECT_EQ(ErrorOf({"--nope"}), "unknown option --nope");
  EXPECT_EQ(ErrorOf({"--nope=secret"}), "unknown option --nope");
  EXPECT_EQ(ErrorOf({"-c", "x"}), "unknown option -c");
  EXPECT_EQ(ErrorOf({"--conf", "x"}), "unknown option --conf") << "no abbreviations";
  EXPECT_EQ(ErrorOf({"--configs=x"}), "unknown option --configs");
  EXPECT_EQ(ErrorOf({"--=x"}), "unknown option --");
}

TEST(ArgumentsTest, MissingValueIsNamed) {
  EXPECT_EQ(ErrorOf({"--config"}), "option --config needs a value");
  EXPECT_EQ(ErrorOf({"x", "--json", "--config"}), "option --config needs a value");
}

TEST(ArgumentsTest, ValueForAnOptionWithoutOneIsNamed) {
  EXPECT_EQ(ErrorOf({"--json=yes"}), "option --json takes no value");
  EXPECT_EQ(ErrorOf({"--json="}), "option --json takes no value");
}

TEST(ArgumentsTest, TwiceIsAnErrorInEveryForm) {
  EXPECT_EQ(ErrorOf({"--config", "a", "--config", "a"}), "option --config twice");
  EXPECT_EQ(ErrorOf({"--config=a", "--config", "b"}), "option --config twice");
  EXPECT_EQ(ErrorOf({"--json", "--json"}), "option --json twice");
}

TEST(ArgumentsTest, OperandTooManyIsNamed) {
  EXPECT_EQ(ErrorOf({"one", "two"}), "unexpected argument two");
  EXPECT_EQ(ErrorOf({"one"}, 0), "unexpected argument one");
  EXPECT_EQ(ErrorOf({"--", "--json"}, 0), "unexpected argument --json");
}

}  // namespace
}  // namespace randguard::cli

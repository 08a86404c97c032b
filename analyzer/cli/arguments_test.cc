// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/arguments.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace randguard::cli::arguments_test {
namespace {

using Words = std::vector<std::string>;

constexpr Option kConfig{"--config", "FILE", "a value"};
constexpr Option kJson{"--json", "", "no value"};
constexpr Option kEvent{"--event", "JSON", "one of two"};
constexpr Option kCapture{"--capture", "FILE", "the other"};

template <typename Name>
concept NamesAnOption = requires(const Arguments& arguments, Name name) {
  arguments.Value(name);
};
static_assert(NamesAnOption<const Option&>);
static_assert(!NamesAnOption<const char*>, "a name in quotes could be misspelt");
static_assert(!NamesAnOption<std::string_view>, "a name in quotes could be misspelt");

// Any number of operands, all of them optional.
absl::StatusOr<Arguments> Parse(const Words& words, std::size_t operands = 1) {
  const Operand optional{"NAME", "an operand", Completes::kNothing, true};
  return Arguments::Parse(words, {std::vector<Operand>(operands, optional), {kConfig, kJson}});
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
  EXPECT_FALSE(a->Has(kConfig));
  EXPECT_EQ(a->Value(kConfig), std::nullopt);
  EXPECT_TRUE(a->operands().empty());
}

TEST(ArgumentsTest, ValueIsTheNextWordOrBehindTheEqualsSign) {
  for (const Words& words : {Words{"--config", "a=b"}, Words{"--config=a=b"}}) {
    const auto a = Parse(words);
    ASSERT_TRUE(a.ok()) << a.status();
    EXPECT_EQ(a->Value(kConfig), "a=b");
  }
}

TEST(ArgumentsTest, ValueMayBeEmptyOrLookLikeAnOption) {
  EXPECT_EQ(Parse({"--config="})->Value(kConfig), "");
  EXPECT_EQ(Parse({"--config", ""})->Value(kConfig), "");
  EXPECT_EQ(Parse({"--config", "--json"})->Value(kConfig), "--json");
  EXPECT_EQ(Parse({"--config", "--"})->Value(kConfig), "--");
  EXPECT_EQ(Parse({"--config", "-"})->Value(kConfig), "-");
}

TEST(ArgumentsTest, OptionWithoutAValueIsThereOrNot) {
  const auto a = Parse({"--json", "x"});
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_TRUE(a->Has(kJson));
  EXPECT_EQ(a->operands(), Words{"x"});
}

TEST(ArgumentsTest, OptionsAndOperandsMix) {
  const auto a = Parse({"one", "--config", "c", "two", "--json"}, 2);
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_EQ(a->operands(), (Words{"one", "two"}));
  EXPECT_EQ(a->Value(kConfig), "c");
  EXPECT_TRUE(a->Has(kJson));
}

TEST(ArgumentsTest, SingleDashAndEmptyWordAreOperands) {
  EXPECT_EQ(Parse({"-"})->operands(), Words{"-"});
  EXPECT_EQ(Parse({""})->operands(), Words{""});
}

TEST(ArgumentsTest, BehindTwoDashesAllAreOperands) {
  const auto a = Parse({"--json", "--", "--config", "--"}, 2);
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_FALSE(a->Has(kConfig));
  EXPECT_EQ(a->operands(), (Words{"--config", "--"}));
  EXPECT_TRUE(Parse({"--"})->operands().empty());
}

TEST(ArgumentsTest, UnknownOptionIsNamedWithoutItsValue) {
  EXPECT_EQ(ErrorOf({"--nope"}), "unknown option --nope");
  EXPECT_EQ(ErrorOf({"--nope=secret"}), "unknown option --nope");
  EXPECT_EQ(ErrorOf({"-c", "x"}), "unknown option -c");
  EXPECT_EQ(ErrorOf({"--\x1b[2J"}), "unknown option --\\x1b[2J");
  EXPECT_EQ(ErrorOf({"--=x"}), "unknown option --");
}

TEST(ArgumentsTest, NearestOptionIsProposedAndNotTaken) {
  EXPECT_EQ(ErrorOf({"--conf", "x"}), "unknown option --conf; did you mean \"--config\"?")
      << "no abbreviations";
  EXPECT_EQ(ErrorOf({"--configs=x"}), "unknown option --configs; did you mean \"--config\"?");
  EXPECT_EQ(ErrorOf({"--hepl"}), "unknown option --hepl; did you mean \"--help\"?");
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

TEST(ArgumentsTest, MissingOperandIsNamed) {
  const Syntax syntax{{{"ID", "needed"}, {"NAME", "not needed", Completes::kNothing, true}}, {}};
  EXPECT_EQ(Arguments::Parse({}, syntax).status().message(), "an argument is missing: ID");
  EXPECT_TRUE(Arguments::Parse({"one"}, syntax).ok());
  EXPECT_TRUE(Arguments::Parse({"one", "two"}, syntax).ok());
}

TEST(ArgumentsTest, RequiredOptionIsNamedWithItsValue) {
  const Syntax syntax{{}, {{kConfig, Need::kRequired}, kJson}};
  EXPECT_EQ(Arguments::Parse({"--json"}, syntax).status().message(), "--config FILE is needed");
  EXPECT_TRUE(Arguments::Parse({"--config="}, syntax).ok());
}

TEST(ArgumentsTest, OneOfAChoiceIsNeeded) {
  const Syntax syntax{{}, {{kEvent, Need::kOneOf}, {kCapture, Need::kOneOf}, kJson}};
  const std::string error = "one of --event JSON and --capture FILE is needed";
  EXPECT_EQ(Arguments::Parse({"--json"}, syntax).status().message(), error);
  EXPECT_EQ(Arguments::Parse({"--event", "", "--capture", "x"}, syntax).status().message(), error);
  EXPECT_TRUE(Arguments::Parse({"--event", "{}"}, syntax).ok());
  EXPECT_TRUE(Arguments::Parse({"--capture", "x", "--json"}, syntax).ok());
}

TEST(ArgumentsTest, BehindHelpNothingIsLookedAt) {
  const Syntax syntax{{{"ID", "needed"}}, {{kConfig, Need::kRequired}}};
  for (const Words& words : {Words{"--help"}, Words{"-h"}, Words{"one", "--help", "--nope", "x"}}) {
    const auto a = Arguments::Parse(words, syntax);
    ASSERT_TRUE(a.ok()) << a.status();
    EXPECT_TRUE(a->help());
  }
  EXPECT_FALSE(Arguments::Parse({"--nope", "--help"}, syntax).ok());
}

TEST(ArgumentsTest, HelpAsAValueOrBehindTwoDashesIsNoQuestion) {
  const auto a = Parse({"--config", "--help", "--", "-h"});
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_FALSE(a->help());
  EXPECT_EQ(a->Value(kConfig), "--help");
  EXPECT_EQ(a->operands(), Words{"-h"});
}

TEST(SyntaxPartsTest, SaysWhatIsNeeded) {
  EXPECT_EQ(SyntaxParts({}), Words{});
  EXPECT_EQ(
      SyntaxParts(
          {{{"ID", ""}, {"NAME", "", Completes::kNothing, true}},
           {{kEvent, Need::kOneOf}, kJson, {kCapture, Need::kOneOf}, {kConfig, Need::kRequired}}}),
      (Words{"ID", "[NAME]", "--event JSON|--capture FILE", "[--json]", "--config FILE"}));
}

}  // namespace
}  // namespace randguard::cli::arguments_test

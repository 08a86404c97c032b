// SPDX-License-Identifier: Apache-2.0
#include "analyzer/source/reporter.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace randguard::reporter_test {
namespace {

constexpr std::array<std::string_view, 4> kKnown = {"uid", "command_line", "process_name",
                                                    "Shells"};

TEST(NearestTest, OneMistakeInThreeLettersIsForgiven) {
  EXPECT_EQ(Nearest("uix", kKnown), "uid");
  EXPECT_EQ(Nearest("ui", kKnown), "uid");
  EXPECT_EQ(Nearest("uidd", kKnown), "uid");
  EXPECT_EQ(Nearest("iud", kKnown), "uid");  // neighbours swapped
  EXPECT_EQ(Nearest("xxd", kKnown), "");
  EXPECT_EQ(Nearest("comand_lien", kKnown), "command_line");
  EXPECT_EQ(Nearest("comxxxx_line", kKnown), "command_line");
  EXPECT_EQ(Nearest("cxxxxxx_line", kKnown), "");
}

TEST(NearestTest, CaseIsNoMistake) {
  EXPECT_EQ(Nearest("UID", kKnown), "uid");
  EXPECT_EQ(Nearest("shells", kKnown), "Shells");
  EXPECT_EQ(Nearest("SHELSL", kKnown), "Shells");
}

TEST(NearestTest, OfSeveralTheNearestAndOfThoseTheFirst) {
  constexpr std::array<std::string_view, 3> kNames = {"path_b", "path_a", "path_aa"};
  EXPECT_EQ(Nearest("path_", kNames), "path_b");
  EXPECT_EQ(Nearest("path_aaa", kNames), "path_aa");
  EXPECT_EQ(Nearest("path_a", kNames), "path_a");
}

TEST(NearestTest, NothingIsNearNothingAndNothingToWhatIsTooLong) {
  EXPECT_EQ(Nearest("", kKnown), "");
  const std::string name(48, 'a');
  const std::string longer(49, 'a');
  const std::array<std::string_view, 1> known = {name};
  EXPECT_EQ(Nearest(name, known), name);
  EXPECT_EQ(Nearest(longer, known), "");
  EXPECT_EQ(Nearest(name, std::array<std::string_view, 1>{longer}), "");
}

}  // namespace
}  // namespace randguard::reporter_test

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/json/counting_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace randguard::counting_text_test {
namespace {

TEST(CountingTextTest, ItCountsLikeTheNumber) {
  CountingText text;
  for (std::uint64_t i = 0; i < 11'111; ++i, text.Next()) {
    ASSERT_EQ(text.value(), i);
    ASSERT_EQ(text.text(), std::to_string(i));
  }
}

TEST(CountingTextTest, ItIsSetToAnyNumber) {
  CountingText text(UINT64_MAX);
  EXPECT_EQ(text.text(), "18446744073709551615");
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1}, std::uint64_t{99}, std::uint64_t{100},
        std::uint64_t{98}, UINT64_MAX - 1, UINT64_MAX, std::uint64_t{7}}) {
    text.Set(value);
    EXPECT_EQ(text.value(), value);
    EXPECT_EQ(text.text(), std::to_string(value));
  }
}

TEST(CountingTextTest, BehindTheLargestNumberComesTheFirst) {
  CountingText text(UINT64_MAX);
  text.Next();
  EXPECT_EQ(text.value(), 0u);
  EXPECT_EQ(text.text(), "0");
}

}  // namespace
}  // namespace randguard::counting_text_test

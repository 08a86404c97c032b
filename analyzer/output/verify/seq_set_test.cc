// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/verify/seq_set.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>
#include <vector>

namespace randguard::seq_set_test {
namespace {

using Spans = std::vector<SeqSpan>;

SeqSet SetOf(const Spans& spans) {
  SeqSet set;
  for (const SeqSpan& span : spans) set.Add(span);
  return set;
}

TEST(SeqSetTest, NeighboursAreOneSpan) {
  SeqSet set;
  for (const std::uint64_t number : {5, 7, 6, 1, 3}) EXPECT_TRUE(set.Add(number));
  EXPECT_FALSE(set.Add(6));
  EXPECT_EQ(set.spans(), 3u);
  EXPECT_EQ(set.size(), 5u);
  EXPECT_EQ(set.bounds(), (SeqSpan{1, 7}));
  EXPECT_EQ(set.Missing(), (Spans{{2, 2}, {4, 4}}));
}

TEST(SeqSetTest, WhatAnotherSetHasIsNotMissing) {
  const SeqSet set = SetOf({{10, 12}, {20, 22}, {30, 30}});
  EXPECT_EQ(set.Missing(SetOf({{13, 19}, {23, 29}})), Spans{});
  EXPECT_EQ(set.Missing(SetOf({{1, 14}, {18, 40}})), (Spans{{15, 17}}));
  EXPECT_EQ(set.Missing(SetOf({{1, 9}, {31, 40}})), (Spans{{13, 19}, {23, 29}}));
  EXPECT_EQ(SeqSet().Missing(set), Spans{});
}

TEST(SeqSetTest, TheLargestNumbersAreNumbers) {
  SeqSet set = SetOf({{UINT64_MAX - 1, UINT64_MAX}, {0, 0}});
  EXPECT_FALSE(set.Add(UINT64_MAX));
  EXPECT_FALSE(set.Add(0));
  EXPECT_EQ(set.Missing(), (Spans{{1, UINT64_MAX - 2}}));
  set.Add({0, UINT64_MAX});
  EXPECT_EQ(set.spans(), 1u);
  EXPECT_EQ(set.Missing(), Spans{});
}

TEST(SeqSetTest, RandomSpansAgreeWithAPlainSet) {
  std::mt19937 random(7);
  for (int run = 0; run < 300; ++run) {
    SeqSet set, other;
    std::set<std::uint64_t> plain, plain_other;
    for (int i = 0; i < 30; ++i) {
      const std::uint64_t first = random() % 100;
      const std::uint64_t last = first + random() % 6;
      if (i % 3 == 0) {
        other.Add({first, last});
        for (std::uint64_t n = first; n <= last; ++n) plain_other.insert(n);
      } else if (i % 3 == 1) {
        set.Add({first, last});
        for (std::uint64_t n = first; n <= last; ++n) plain.insert(n);
      } else {
        EXPECT_EQ(set.Add(first), plain.insert(first).second);
      }
    }
    EXPECT_EQ(set.size(), plain.size());
    std::vector<std::uint64_t> missing, expected;
    for (const SeqSpan& span : set.Missing(other)) {
      for (std::uint64_t n = span.first; n <= span.last; ++n) missing.push_back(n);
    }
    for (std::uint64_t n = *plain.begin(); n <= *plain.rbegin(); ++n) {
      if (!plain.contains(n) && !plain_other.contains(n)) expected.push_back(n);
    }
    ASSERT_EQ(missing, expected) << run;
  }
}

}  // namespace
}  // namespace randguard::seq_set_test

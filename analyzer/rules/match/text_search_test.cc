// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/match/text_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace randguard {
namespace {

using Ids = std::set<std::uint32_t>;

Ids Found(const PartSearch& search, std::string_view text) {
  Ids ids;
  search.Find(text, [&](std::uint32_t id) {
    ids.insert(id);
    return false;
  });
  return ids;
}

TEST(PartSearchTest, FindsPartsOfEachLengthAtBothEnds) {
  PartSearch search;
  const std::vector<std::string> parts = {"a", "bc", "def", "ghij", "klmnop"};
  for (std::uint32_t i = 0; i < parts.size(); ++i) search.Add(parts[i], i);
  search.Finish();
  EXPECT_EQ(Found(search, ""), Ids{});
  EXPECT_EQ(Found(search, "a"), Ids{0});
  EXPECT_EQ(Found(search, "xklmnop"), Ids{4});
  EXPECT_EQ(Found(search, "klmnox bcdef"), (Ids{1, 2}));
  EXPECT_EQ(Found(search, "klmno"), Ids{});
  EXPECT_EQ(Found(search, "ghijdefbca"), (Ids{0, 1, 2, 3}));
}

TEST(PartSearchTest, OnePartMayHaveSeveralIds) {
  PartSearch search;
  for (const std::uint32_t id : {7U, 3U, 7U}) search.Add("/bin/sh", id);
  search.Add("/bin/shutdown", 1);
  search.Finish();
  EXPECT_EQ(Found(search, "x /bin/sh"), (Ids{3, 7}));
  EXPECT_EQ(Found(search, "/bin/shutdown"), (Ids{1, 3, 7}));
}

TEST(PartSearchTest, StopsWhereItIsTold) {
  PartSearch search;
  search.Add("aaaa", 0);
  search.Finish();
  int visits = 0;
  EXPECT_TRUE(search.Find("aaaaaaaa", [&](std::uint32_t) { return ++visits == 2; }));
  EXPECT_EQ(visits, 2);
}

TEST(PartSearchTest, NothingIsFoundInNothing) {
  PartSearch search;
  search.Finish();
  EXPECT_TRUE(search.empty());
  EXPECT_EQ(Found(search, "x"), Ids{});
}

// Bytes of few kinds, so that parts overlap and begin with each other.
std::string RandomText(std::mt19937& random, std::size_t size) {
  static constexpr std::string_view kBytes("ab/\0\xff", 5);
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += kBytes[random() % kBytes.size()];
  return text;
}

TEST(PartSearchTest, AgreesWithOneSearchForEach) {
  std::mt19937 random(20261129);
  for (int round = 0; round < 300; ++round) {
    PartSearch search;
    std::vector<std::string> parts;
    for (std::uint32_t i = 0; i < 1 + random() % 60; ++i) {
      parts.push_back(RandomText(random, 1 + random() % 9));
      search.Add(parts.back(), i);
    }
    search.Finish();
    for (int i = 0; i < 20; ++i) {
      const std::string text = RandomText(random, random() % 40);
      Ids wanted;
      for (std::uint32_t id = 0; id < parts.size(); ++id) {
        if (text.find(parts[id]) != std::string::npos) wanted.insert(id);
      }
      ASSERT_EQ(Found(search, text), wanted);
    }
  }
}

TEST(AffixSearchTest, AgreesWithOneComparisonForEach) {
  std::mt19937 random(20261130);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < 1 + random() % 30; ++i) {
      texts.push_back(RandomText(random, 1 + random() % 6));
    }
    const AffixSearch starts(texts, /*at_start=*/true), ends(texts, /*at_start=*/false);
    for (int i = 0; i < 40; ++i) {
      const std::string text = RandomText(random, random() % 8);
      EXPECT_EQ(starts.Find(text), std::any_of(texts.begin(), texts.end(),
                                               [&](const auto& t) { return text.starts_with(t); }));
      EXPECT_EQ(ends.Find(text), std::any_of(texts.begin(), texts.end(),
                                             [&](const auto& t) { return text.ends_with(t); }));
    }
  }
}

}  // namespace
}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/match/text_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/rules/match/predicate.h"

namespace randguard::text_search_test {
namespace {

using Ids = std::set<std::uint32_t>;

Ids Found(const PartSearch& search, std::string_view text) {
  Ids ids;
  search.Find(text, text, [&](std::uint32_t id) {
    ids.insert(id);
    return false;
  });
  return ids;
}

TEST(PartSearchTest, FindsPartsOfEachLengthAtBothEnds) {
  PartSearch search;
  const std::vector<std::string> parts = {"a", "bc", "def", "ghij", "klmnop"};
  for (std::uint32_t i = 0; i < parts.size(); ++i) search.Add(parts[i], /*any_case=*/false, i);
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
  for (const std::uint32_t id : {7U, 3U, 7U}) search.Add("/bin/sh", /*any_case=*/false, id);
  search.Add("/bin/shutdown", /*any_case=*/false, 1);
  search.Finish();
  EXPECT_EQ(Found(search, "x /bin/sh"), (Ids{3, 7}));
  EXPECT_EQ(Found(search, "/bin/shutdown"), (Ids{1, 3, 7}));
}

TEST(PartSearchTest, StopsWhereItIsTold) {
  PartSearch search;
  search.Add("aaaa", /*any_case=*/false, 0);
  search.Finish();
  int visits = 0;
  EXPECT_TRUE(search.Find("aaaaaaaa", "aaaaaaaa", [&](std::uint32_t) { return ++visits == 2; }));
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
      search.Add(parts.back(), /*any_case=*/false, i);
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

TEST(PartSearchTest, AnyCaseAndAsItIsInOneSearch) {
  PartSearch search;
  search.Add("shadow", /*any_case=*/true, 0);
  search.Add("Shadow", /*any_case=*/false, 1);
  search.Add("shadow", /*any_case=*/false, 2);
  search.Finish();
  EXPECT_TRUE(search.folds());
  const auto found = [&](std::string_view text) {
    Ids ids;
    search.Find(text, Folded(text), [&](std::uint32_t id) {
      ids.insert(id);
      return false;
    });
    return ids;
  };
  EXPECT_EQ(found("/etc/SHADOW"), Ids{0});
  EXPECT_EQ(found("/etc/Shadow"), (Ids{0, 1}));
  EXPECT_EQ(found("/etc/shadow"), (Ids{0, 2}));
}

// Long ones, too, and each case: lengths from 63 on have no bit of their own.
TEST(PlacedSearchTest, AgreesWithOneComparisonForEach) {
  using Place = PlacedSearch::Place;
  std::mt19937 random(20261201);
  struct Text {
    std::string text;
    bool any_case;
  };
  const auto make = [&] {
    std::string text = RandomText(random, random() % 7);
    if (random() % 4 == 0) text += std::string(58 + random() % 8, random() % 2 == 0 ? 'a' : 'A');
    if (random() % 3 == 0 && !text.empty()) text[random() % text.size()] = 'B';
    return text;
  };
  for (int round = 0; round < 300; ++round) {
    for (const Place place : {Place::kWhole, Place::kStart, Place::kEnd}) {
      PlacedSearch search(place);
      std::vector<Text> texts;
      for (std::uint32_t i = 0; i < 1 + random() % 30; ++i) {
        const bool any_case = round % 2 == 0 && random() % 2 == 0;
        std::string text = make();
        if (any_case) text = Folded(text);
        search.Add(text, any_case, i);
        texts.push_back({std::move(text), any_case});
      }
      search.Finish();
      for (int i = 0; i < 20; ++i) {
        const std::string text = make(), folded = Folded(text);
        Ids wanted, found;
        for (std::uint32_t id = 0; id < texts.size(); ++id) {
          const std::string& of = texts[id].any_case ? folded : text;
          const std::string& one = texts[id].text;
          const bool is = place == Place::kWhole   ? of == one
                          : place == Place::kStart ? !one.empty() && of.starts_with(one)
                                                   : !one.empty() && of.ends_with(one);
          if (is) wanted.insert(id);
        }
        search.Find(text, folded, [&](std::uint32_t id) { found.insert(id); });
        // Texts other than whole ones are not empty.
        if (place != Place::kWhole && text.empty()) found.clear();
        ASSERT_EQ(found, wanted);
      }
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
}  // namespace randguard::text_search_test

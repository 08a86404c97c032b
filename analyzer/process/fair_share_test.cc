// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/fair_share.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace randguard {
namespace {

constexpr FairShare::Measure kEntries = FairShare::kEntries;

TEST(OwnerTest, IdsThatOneUserCanHaveAreOneGroup) {
  EXPECT_NE(OwnerOf(0, "").group, OwnerOf(1000, "").group);
  EXPECT_NE(OwnerOf(1000, "").group, OwnerOf(1001, "").group);
  EXPECT_NE(OwnerOf(65535, "").group, OwnerOf(65536, "").group);
  // Ranges of useradd(8), which begin at 100,000, and of systemd.
  EXPECT_EQ(OwnerOf(100000, "").group, OwnerOf(165535, "").group);
  EXPECT_NE(OwnerOf(165535, "").group, OwnerOf(165536, "").group);
  EXPECT_NE(OwnerOf(524287, "").group, OwnerOf(524288, "").group);
  EXPECT_EQ(OwnerOf(524288, "").group, OwnerOf(589823, "").group);
  EXPECT_NE(OwnerOf(131072, ""), OwnerOf(131073, ""));
  EXPECT_EQ(OwnerOf(0, "abc").group, OwnerOf(1000, "abc").group);
  EXPECT_NE(OwnerOf(0, "abc").group, OwnerOf(0, "abd").group);
  EXPECT_NE(OwnerOf(0, "abc").group, OwnerOf(0, "").group);
}

TEST(FairShareTest, NobodyHasAnything) {
  FairShare shares;
  EXPECT_EQ(shares.Largest(kEntries), FairShare::kNone);
  const auto account = shares.Open({1, 1});
  EXPECT_EQ(shares.Largest(kEntries), FairShare::kNone);
  shares.Change(account, kEntries, 5);
  EXPECT_EQ(shares.Largest(kEntries), account);
  EXPECT_EQ(shares.Largest(FairShare::kText), FairShare::kNone);
  shares.Change(account, kEntries, -5);
  EXPECT_EQ(shares.Largest(kEntries), FairShare::kNone);
  shares.Close(account);
  EXPECT_EQ(shares.groups(), 0u);
}

TEST(FairShareTest, GroupsAreComparedBeforeTheirUsers) {
  FairShare shares;
  const auto one = shares.Open({1, 1});
  shares.Change(one, kEntries, 100);
  std::vector<FairShare::Account> many;
  for (std::uint32_t uid = 0; uid < 50; ++uid) {
    many.push_back(shares.Open({2, uid}));
    shares.Change(many.back(), kEntries, 10);
  }
  EXPECT_EQ(shares.OwnerOf(shares.Largest(kEntries)).group, 2u);
  EXPECT_EQ(shares.GroupAmount(many[0], kEntries), 500u);
  shares.Change(many[17], kEntries, 30);
  EXPECT_EQ(shares.Largest(kEntries), many[17]);
}

// Compared with maps, through accounts that come and go.
TEST(FairShareTest, LargestHasAtLeastHalfOfTheMost) {
  std::mt19937 random(20250101);  // NOLINT: the same each time
  FairShare shares;
  struct Known {
    FairShare::Account account;
    std::uint64_t amount;
  };
  std::map<std::pair<std::uint64_t, std::uint32_t>, Known> known;
  for (int step = 0; step < 100'000; ++step) {
    const Owner owner{random() % 12, static_cast<std::uint32_t>(random() % 6)};
    const auto it = known.find({owner.group, owner.uid});
    if (it == known.end()) {
      const auto account = shares.Open(owner);
      const std::uint64_t amount = random() % 3 == 0 ? 1 + random() % 100'000 : random() % 20;
      shares.Change(account, kEntries, static_cast<std::int64_t>(amount));
      known[{owner.group, owner.uid}] = {account, amount};
    } else if (random() % 3 == 0) {
      shares.Change(it->second.account, kEntries, -static_cast<std::int64_t>(it->second.amount));
      shares.Close(it->second.account);
      known.erase(it);
    } else {
      const std::uint64_t less = random() % (it->second.amount + 1);
      shares.Change(it->second.account, kEntries, -static_cast<std::int64_t>(less));
      it->second.amount -= less;
    }
    std::map<std::uint64_t, std::uint64_t> groups;
    for (const auto& [key, one] : known) groups[key.first] += one.amount;
    std::uint64_t most = 0;
    for (const auto& [group, amount] : groups) most = std::max(most, amount);
    const auto largest = shares.Largest(kEntries);
    ASSERT_EQ(largest == FairShare::kNone, most == 0) << step;
    ASSERT_EQ(shares.groups(), groups.size()) << step;
    if (most == 0) continue;
    const std::uint64_t group = shares.OwnerOf(largest).group;
    ASSERT_EQ(shares.GroupAmount(largest, kEntries), groups[group]) << step;
    ASSERT_GE(2 * groups[group], most) << step;
    std::uint64_t most_in_group = 0, amount = 0;
    for (const auto& [key, one] : known) {
      if (key.first == group) most_in_group = std::max(most_in_group, one.amount);
      if (one.account == largest) amount = one.amount;
    }
    ASSERT_GE(2 * amount, most_in_group) << step;
    ASSERT_GT(amount, 0u) << step;
  }
}

}  // namespace
}  // namespace randguard

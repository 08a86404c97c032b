// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/rate_limit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace randguard::rate_limit_test {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint32_t kNobody = 65534, kAlice = 1000, kBob = 1001;

// Somebody who does `count` things a second, evenly.
struct Doer {
  std::uint32_t uid = 0;
  std::string container;
  std::uint64_t count = 0;
  std::vector<std::uint64_t> written;  // by second
};

// Second after second, in order of time.
void Play(RateLimit& limit, std::vector<Doer>& doers, std::uint64_t seconds,
          std::uint64_t first = 100) {
  for (std::uint64_t s = 0; s < seconds; ++s) {
    struct Act {
      std::uint64_t ns;
      Doer* doer;
    };
    std::vector<Act> acts;
    for (Doer& doer : doers) {
      doer.written.push_back(0);
      for (std::uint64_t i = 0; i < doer.count; ++i) {
        acts.push_back({(first + s) * kSecond + i * kSecond / doer.count, &doer});
      }
    }
    std::stable_sort(acts.begin(), acts.end(),
                     [](const Act& a, const Act& b) { return a.ns < b.ns; });
    for (const Act& act : acts) {
      if (limit.Consume(act.ns, act.doer->uid, act.doer->container, RG_KIND_file_open)) {
        ++act.doer->written.back();
      }
    }
  }
}

TEST(RateLimitTest, RootHasARoomThatNobodyCanTake) {
  RateLimit limit(5000);
  std::vector<Doer> doers = {{kNobody, "", 13'000, {}}, {0, "", 60, {}}};
  Play(limit, doers, 5);
  EXPECT_EQ(doers[1].written, std::vector<std::uint64_t>(5, 60));
  for (const std::uint64_t written : doers[0].written) {
    EXPECT_GE(written, 3750u) << "one alone has the open part";
    EXPECT_LE(written, 5000u);
  }
}

// And the other way: root's backup is not to hide what users do.
TEST(RateLimitTest, RootDoesNotTakeWhatIsOfOthers) {
  RateLimit limit(5000);
  std::vector<Doer> doers = {{0, "", 13'000, {}}, {kAlice, "", 50, {}}};
  Play(limit, doers, 5);
  EXPECT_EQ(doers[1].written, std::vector<std::uint64_t>(5, 50));
}

TEST(RateLimitTest, ThoseWhoFloodHaveEqualShares) {
  RateLimit limit(5000);
  // Alice's program is not the quickest.
  std::vector<Doer> doers = {
      {kNobody, "", 40'000, {}}, {kAlice, "", 5'000, {}}, {kBob, "", 100, {}}};
  Play(limit, doers, 4);
  for (std::size_t s = 1; s < 4; ++s) {
    EXPECT_EQ(doers[2].written[s], 100u);
    EXPECT_NEAR(static_cast<double>(doers[0].written[s]), static_cast<double>(doers[1].written[s]),
                2);
    EXPECT_GT(doers[1].written[s], 1800u);
  }
}

// The first in a second cannot take what others would do later in it.
TEST(RateLimitTest, BurstAtTheBeginningOfEachSecondTakesNoMore) {
  RateLimit limit(1000);
  std::uint64_t alice = 0;
  for (std::uint64_t s = 10; s < 20; ++s) {
    for (int i = 0; i < 5000; ++i) limit.Consume(s * kSecond, kNobody, "", 1);
    for (int i = 0; i < 5000; ++i) {
      const bool written = limit.Consume(s * kSecond + kSecond / 2, kAlice, "", 1);
      alice += s > 11 && written ? 1 : 0;
    }
  }
  EXPECT_GE(alice, 8u * 375u);
}

TEST(RateLimitTest, ContainersOfOneUserAreApart) {
  RateLimit limit(800);
  std::vector<Doer> doers = {{0, "flooded", 5000, {}}, {0, "quiet", 30, {}}, {0, "", 90, {}}};
  Play(limit, doers, 3);
  EXPECT_EQ(doers[1].written[1], 30u);
  EXPECT_EQ(doers[2].written, std::vector<std::uint64_t>(3, 90)) << "root of no container";
}

TEST(RateLimitTest, NeverMoreThanTheLimit) {
  for (const std::uint32_t per_second : {1u, 2u, 7u, 100u, 5000u}) {
    RateLimit limit(per_second);
    for (std::uint64_t s = 50; s < 54; ++s) {
      std::uint64_t written = 0;
      for (std::uint32_t i = 0; i < 20'000; ++i) {
        const std::uint32_t uid = i % 700;
        written += limit.Consume(s * kSecond + i, uid, uid % 3 == 0 ? "c" : "", 1) ? 1 : 0;
      }
      EXPECT_LE(written, per_second);
      EXPECT_GE(written, per_second / 8 * 6) << "and not much less";
      EXPECT_GE(written, 1u);
    }
  }
}

// A flood that pauses for a second has no second of its own before the next one.
TEST(RateLimitTest, FloodInEveryOtherSecondIsCut) {
  RateLimit limit(5000);
  for (std::uint64_t second = 2; second < 30; second += 2) {
    const std::uint64_t begin = second * kSecond;
    for (std::uint32_t i = 0; i < 13'000; ++i) limit.Consume(begin + i, kAlice, "", 1);
    std::uint32_t written = 0;
    for (std::uint32_t i = 0; i < 1'000; ++i) written += limit.Consume(begin + i, kNobody, "", 1);
    if (second > 2) {
      EXPECT_EQ(written, 1'000u) << second;
    }
  }
}

TEST(RateLimitTest, NoneIsNone) {
  RateLimit limit(0);
  for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(limit.Consume(1, kNobody, "", 1));
  limit.ReportLimited(std::nullopt, [](const RateLimit::Limited&) { ADD_FAILURE(); });
}

// --- many accounts -------------------------------------------------------------------------------

// One who has ids by the thousand is not thousands, and leaves room to others.
TEST(RateLimitTest, ManyIdsAndContainersOfOneAreFewAccounts) {
  RateLimit limit(5000);
  for (std::uint32_t i = 0; i < 60'000; ++i) {
    limit.Consume(kSecond + i, 165'536 + i % 65536, "", 1);  // ids of user namespaces
    limit.Consume(kSecond + i, kAlice, "forged-" + std::to_string(i), 1);
    limit.Consume(kSecond + i, i % 60'000 + 1, "one", 1);  // root of a container becomes anybody
  }
  EXPECT_LE(limit.accounts(), 3 * RateLimit::kAccountsOfOne);
  EXPECT_LT(limit.accounts(), RateLimit::kAccounts);
  std::vector<Doer> doers = {{kBob, "", 20, {}}, {0, "", 500, {}}};
  Play(limit, doers, 1, /*first=*/2);
  EXPECT_EQ(doers[0].written[0], 20u);
  EXPECT_EQ(doers[1].written[0], 500u);
}

TEST(RateLimitTest, AccountsAreBoundedAndThoseThatAreThereKeepTheirs) {
  RateLimit limit(51'200);
  limit.Consume(1, kBob, "", 1);
  std::uint64_t bob = 0;
  for (std::uint64_t s = 1; s <= 120; ++s) {
    // All users of the host collude.
    for (std::uint32_t i = 0; i < 60'000; i += 7) {
      for (int n = 0; n < 10; ++n) limit.Consume(s * kSecond + i, 2000 + i, "", 1);
    }
    for (int n = 0; n < 20; ++n) bob += limit.Consume(s * kSecond + 900'000, kBob, "", 1) ? 1 : 0;
  }
  EXPECT_LE(limit.accounts(), RateLimit::kAccounts);
  EXPECT_EQ(bob, 120u * 20u);
}

TEST(RateLimitTest, IdleAccountsAreGivenUp) {
  RateLimit limit(1000);
  for (std::uint32_t uid = 1; uid <= 2 * RateLimit::kAccounts; ++uid) limit.Consume(1, uid, "", 1);
  EXPECT_EQ(limit.accounts(), RateLimit::kAccounts);
  limit.Consume((RateLimit::kIdleSeconds + 1) * kSecond, kAlice, "", 1);
  EXPECT_EQ(limit.accounts(), 1u);
}

// --- time ----------------------------------------------------------------------------------------

TEST(RateLimitTest, RecordThatIsLateOpensNoNewSecond) {
  RateLimit limit(8);
  for (int i = 0; i < 100; ++i) limit.Consume(20 * kSecond, kAlice, "", 1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(limit.Consume(19 * kSecond, kAlice, "", 1));
    EXPECT_FALSE(limit.Consume(20 * kSecond, kAlice, "", 1));
  }
}

TEST(RateLimitTest, AnotherBootBeginsAnew) {
  RateLimit limit(8);
  for (int i = 0; i < 100; ++i) limit.Consume(90'000 * kSecond, kAlice, "", 1);
  EXPECT_TRUE(limit.Consume(3 * kSecond, kAlice, "", 1));
  EXPECT_TRUE(limit.Consume(4 * kSecond, kAlice, "", 1));
  EXPECT_TRUE(limit.Consume(std::numeric_limits<std::uint64_t>::max(), kAlice, "", 1));
}

// --- reports -------------------------------------------------------------------------------------

TEST(RateLimitTest, ReportsSayKindNumberAndTheLargestCauses) {
  RateLimit limit(80);
  for (int i = 0; i < 1000; ++i) limit.Consume(5 * kSecond + i, kNobody, "", RG_KIND_file_open);
  for (std::uint32_t uid = 1; uid <= 300; ++uid) {
    for (int i = 0; i < 3; ++i) limit.Consume(5 * kSecond + 2000, uid, "c", RG_KIND_file_write);
  }
  std::vector<RateLimit::Limited> reports;
  std::vector<std::vector<std::string>> containers;
  const auto note = [&](const RateLimit::Limited& limited) {
    reports.push_back(limited);
    auto& names = containers.emplace_back();
    for (const auto& cause : limited.causes) names.emplace_back(cause.container);
  };
  limit.ReportLimited(5 * kSecond + 3000, note);
  EXPECT_EQ(reports.size(), 0u) << "once a second";
  limit.ReportLimited(7 * kSecond, note);
  ASSERT_EQ(reports.size(), 2u);
  const auto& [open, write] = std::tie(reports[0], reports[1]);
  EXPECT_EQ(open.kind, unsigned{RG_KIND_file_open});
  EXPECT_EQ(open.count, 930u) << "the open part, and that of newcomers";
  ASSERT_EQ(open.causes.size(), 1u);
  EXPECT_EQ(open.causes[0].uid, kNobody);
  EXPECT_EQ(open.causes[0].count, open.count);
  EXPECT_GE(open.from_ns, 5 * kSecond);
  EXPECT_EQ(write.to_ns, 5 * kSecond + 2000);
  EXPECT_EQ(write.kind, unsigned{RG_KIND_file_write});
  EXPECT_EQ(write.count, 900u);
  EXPECT_EQ(write.causes.size(), RateLimit::kCauses);
  EXPECT_EQ(write.causes[0].uid, std::nullopt) << "those without an account";
  EXPECT_EQ(write.causes[1].uid, 1u);
  EXPECT_EQ(containers[1][1], "c");

  reports.clear();
  limit.ReportLimited(std::nullopt, note);
  EXPECT_EQ(reports.size(), 0u) << "once";
  for (int i = 0; i < 100; ++i) limit.Consume(8 * kSecond, kNobody, "", RG_KIND_file_open);
  limit.ReportLimited(std::nullopt, note);
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].total, 930u + reports[0].count);
}

}  // namespace
}  // namespace randguard::rate_limit_test

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/canary/canary_watch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace randguard {
namespace {

using std::chrono::seconds;
using Task = CanaryWatch::Task;

class CanaryWatchTest : public ::testing::Test {
 protected:
  // Lets time pass, a second each, as a service does whose collector sends a heartbeat each.
  // Returns what was to be done, in order, without kNone.
  std::vector<Task> Pass(int seconds_to_pass, bool heartbeats = true) {
    std::vector<Task> tasks;
    for (int i = 0; i < seconds_to_pass; ++i) {
      now_ += seconds(1);
      if (heartbeats) ++progress_.messages;
      const Task task = watch_.Tick(now_, progress_);
      if (task != Task::kNone) tasks.push_back(task);
    }
    return tasks;
  }

  CanaryWatch::Time now_{};
  CanaryWatch watch_{seconds(60), now_};
  CanaryWatch::Progress progress_{.connected = true, .messages = 5, .stored = 5, .rules = true};
};

TEST_F(CanaryWatchTest, OneEachIntervalThatComesBack) {
  EXPECT_EQ(Pass(59), std::vector<Task>{});
  EXPECT_EQ(watch_.due(), now_ + seconds(1));
  for (std::uint64_t n = 1; n <= 3; ++n) {
    EXPECT_EQ(Pass(1), std::vector<Task>{Task::kSend});
    EXPECT_FALSE(watch_.Look(progress_));
    ++progress_.stored, ++progress_.seen, ++progress_.fired;
    EXPECT_TRUE(watch_.Look(progress_));
    watch_.OnLine(now_ + std::chrono::milliseconds(7), /*written=*/true, progress_);
    EXPECT_FALSE(watch_.Look(progress_)) << "once";
    EXPECT_EQ(watch_.health().sent, n);
    EXPECT_EQ(watch_.health().returned, n);
    EXPECT_EQ(watch_.health().round_trip_us, 7000u);
    EXPECT_EQ(watch_.silent(), std::nullopt);
    EXPECT_EQ(Pass(59), std::vector<Task>{});
  }
}

TEST_F(CanaryWatchTest, OneThatWasLostIsSentAgain) {
  Pass(60);
  EXPECT_EQ(Pass(9), std::vector<Task>{});
  EXPECT_EQ(Pass(1), std::vector<Task>{Task::kSend});
  ++progress_.seen, ++progress_.fired;
  ASSERT_TRUE(watch_.Look(progress_));
  EXPECT_EQ(watch_.attempts(), 2u);
  watch_.OnLine(now_, /*written=*/true, progress_);
  EXPECT_EQ(watch_.health().round_trip_us, 10'000'000u);
  EXPECT_EQ(watch_.health().sent, 1u);
  EXPECT_EQ(Pass(49), std::vector<Task>{}) << "an interval after the first attempt";
  EXPECT_EQ(Pass(1), std::vector<Task>{Task::kSend});
}

TEST_F(CanaryWatchTest, WithoutRulesNoneHasToFire) {
  progress_.rules = false;
  Pass(60);
  ++progress_.seen;
  EXPECT_TRUE(watch_.Look(progress_));
}

TEST_F(CanaryWatchTest, TheStageThatIsSilentIsNamedAfterThirtySeconds) {
  struct Case {
    const char* what;
    bool heartbeats;
    void (*happens)(CanaryWatch&, CanaryWatch::Progress&);
    CanaryStage silent;
  };
  const Case cases[] = {
      {"nothing is stored", true, [](CanaryWatch&, CanaryWatch::Progress&) {},
       CanaryStage::kKernel},
      {"those of others come", true,
       [](CanaryWatch&, CanaryWatch::Progress& p) { ++p.stored, ++p.forks; }, CanaryStage::kKernel},
      {"stored, and not forwarded", true,
       [](CanaryWatch&, CanaryWatch::Progress& p) { ++p.stored; }, CanaryStage::kCollector},
      {"no heartbeat", false, [](CanaryWatch&, CanaryWatch::Progress&) {}, CanaryStage::kCollector},
      {"the connection ends", true,
       [](CanaryWatch&, CanaryWatch::Progress& p) { p.connected = false; },
       CanaryStage::kCollector},
      {"the process is gone", true,
       [](CanaryWatch& watch, CanaryWatch::Progress&) { watch.OnNotSent(); }, CanaryStage::kCanary},
      {"seen, and no rule fired", true,
       [](CanaryWatch&, CanaryWatch::Progress& p) { ++p.stored, ++p.seen; }, CanaryStage::kRules},
  };
  for (const Case& c : cases) {
    watch_ = CanaryWatch(seconds(60), now_);
    progress_ = {.connected = true, .messages = 5, .stored = 5, .rules = true};
    ASSERT_EQ(Pass(60, c.heartbeats), std::vector<Task>{Task::kSend}) << c.what;
    std::vector<Task> tasks;
    for (int i = 0; i < 30; ++i) {
      EXPECT_EQ(watch_.silent(), std::nullopt) << c.what;
      if (i % 10 == 0) c.happens(watch_, progress_);
      EXPECT_FALSE(watch_.Look(progress_)) << c.what;
      for (const Task task : Pass(1, c.heartbeats)) tasks.push_back(task);
    }
    EXPECT_EQ(tasks, (std::vector<Task>{Task::kSend, Task::kSend, Task::kSayWhatIsSilent}))
        << c.what;
    EXPECT_EQ(watch_.silent(), c.silent) << c.what;
    EXPECT_EQ(watch_.health().returned, 0u) << c.what;
  }
}

TEST_F(CanaryWatchTest, ALineThatCannotBeWrittenIsTriedAgain) {
  Pass(60);
  for (int i = 0; i < 3; ++i) {
    ++progress_.seen, ++progress_.fired;
    ASSERT_TRUE(watch_.Look(progress_));
    watch_.OnLine(now_, /*written=*/false, progress_);
    EXPECT_FALSE(watch_.Look(progress_));
    EXPECT_EQ(watch_.silent(), std::nullopt);
    Pass(10);
  }
  EXPECT_EQ(watch_.silent(), CanaryStage::kOutput);
}

TEST_F(CanaryWatchTest, SilenceEndsWithTheNextOneThatComesBack) {
  Pass(90);
  EXPECT_EQ(watch_.silent(), CanaryStage::kKernel);
  EXPECT_EQ(Pass(10), std::vector<Task>{Task::kSend}) << "and not after an interval";
  EXPECT_EQ(watch_.silent(), CanaryStage::kKernel);
  ++progress_.seen, ++progress_.fired;
  ASSERT_TRUE(watch_.Look(progress_));
  watch_.OnLine(now_, /*written=*/true, progress_);
  EXPECT_EQ(watch_.silent(), std::nullopt);
}

TEST_F(CanaryWatchTest, OneThatComesLateEndsTheSilence) {
  Pass(90);
  EXPECT_EQ(watch_.silent(), CanaryStage::kKernel);
  ++progress_.seen, ++progress_.fired;
  ASSERT_TRUE(watch_.Look(progress_));
  watch_.OnLine(now_, /*written=*/true, progress_);
  EXPECT_EQ(watch_.silent(), std::nullopt);
  EXPECT_FALSE(watch_.Look(progress_));
}

TEST_F(CanaryWatchTest, NoneIsSentWhileNobodyIsConnected) {
  progress_.connected = false;
  EXPECT_EQ(Pass(200), std::vector<Task>{});
  EXPECT_EQ(watch_.silent(), std::nullopt);
  progress_.connected = true;
  EXPECT_EQ(Pass(10), std::vector<Task>{Task::kSend});
}

TEST_F(CanaryWatchTest, AnAnalyzerThatStoodStillIsNotBlind) {
  EXPECT_EQ(Pass(60), std::vector<Task>{Task::kSend});
  now_ += seconds(3600);  // and what has come meanwhile is not read yet
  EXPECT_EQ(watch_.Tick(now_, progress_), Task::kSend);
  EXPECT_EQ(watch_.silent(), std::nullopt);
  ++progress_.seen, ++progress_.fired;
  EXPECT_TRUE(watch_.Look(progress_));
}

TEST_F(CanaryWatchTest, AShortIntervalDoesNotOvertakeItself) {
  watch_ = CanaryWatch(seconds(1), now_);
  EXPECT_EQ(Pass(1), std::vector<Task>{Task::kSend});
  EXPECT_EQ(Pass(30), (std::vector<Task>{Task::kSend, Task::kSend, Task::kSayWhatIsSilent}));
  EXPECT_EQ(Pass(9), std::vector<Task>{});
  EXPECT_EQ(Pass(1), std::vector<Task>{Task::kSend});
}

}  // namespace
}  // namespace randguard

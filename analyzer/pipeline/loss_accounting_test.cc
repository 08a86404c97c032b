// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/loss_accounting.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace randguard::loss_accounting_test {
namespace {

struct Reported {
  std::string reason, what;  // kind or hook
  std::uint64_t count = 0, from_ns = 0, to_ns = 0;
  friend bool operator==(const Reported&, const Reported&) = default;
};
using Losses = std::vector<Reported>;

class LossAccountingTest : public ::testing::Test {
 protected:
  void Begin(const Cursor& collector, std::uint64_t next_batch, std::uint64_t last_ns,
             std::uint64_t now_ns) {
    accounting_.Begin({collector, next_batch, last_ns}, now_ns, report_);
  }
  static KindCounters Lost(std::uint64_t opens) {
    KindCounters lost{};
    lost[RG_KIND_file_open] = opens;
    return lost;
  }
  static HookCounters Skipped(std::uint64_t forks) {
    HookCounters skipped{};
    skipped[RG_HOOK_process_fork] = forks;
    return skipped;
  }
  Health Filled() const {
    Health health;
    accounting_.FillHealth(health);
    return health;
  }

  LossAccounting accounting_;
  Losses losses_;
  const std::function<void(const Loss&)> report_ = [this](const Loss& loss) {
    EXPECT_EQ(loss.timestamp_ns, loss.time.boot_ns);
    losses_.push_back({std::string(Name(loss.reason)),
                       std::string(loss.kind.has_value()   ? Name(*loss.kind)
                                   : loss.hook.has_value() ? Name(*loss.hook)
                                                           : ""),
                       loss.count.value_or(0), loss.from_ns, loss.to_ns});
  };
};

TEST_F(LossAccountingTest, FirstSessionLosesNothing) {
  Begin({"boot", 10, 500, Lost(3)}, 7, 0, 20);
  EXPECT_EQ(losses_, Losses{});
  EXPECT_EQ(accounting_.cursor(0).records, 500u);
  EXPECT_EQ(Filled().kernel_lost, 3u);
  EXPECT_EQ(Filled().collector.batches_sent, 7u);
}

TEST_F(LossAccountingTest, RecordsHandedToAnAnalyzerThatEndedAreLost) {
  accounting_.SetBefore({"boot", 10, 480, Lost(1)});
  EXPECT_EQ(accounting_.cursor(0).records, 480u) << "before a hello";
  Begin({"boot", 10, 500, Lost(3)}, 7, 0, 20);
  EXPECT_EQ(losses_, (Losses{{"analyzer_restart", "", 20, 10, 20}}));
  EXPECT_EQ(Filled().restart_lost, 20u);
  // That one had reported only one of the kernel's three.
  accounting_.UpdateKernel(Lost(3), 30, 30, report_);
  EXPECT_EQ(losses_.back(), (Reported{"kernel", "file_open", 2, 20, 30}));
}

TEST_F(LossAccountingTest, SkippedRunsAreLossesOfTheirHook) {
  Begin({"boot", 10, 0, {}, Skipped(4)}, 0, 0, 20);
  accounting_.UpdateSkipped(Skipped(4), 30, 30, report_);
  EXPECT_EQ(losses_, Losses{}) << "reported in an earlier session";
  accounting_.UpdateSkipped(Skipped(9), 40, 41, report_);
  EXPECT_EQ(losses_, (Losses{{"skipped", "process_fork", 5, 30, 40}}));
  EXPECT_EQ(Filled().kernel_skipped, 9u);
  EXPECT_EQ(Filled().kernel_lost, 0u);
  EXPECT_EQ(accounting_.cursor(0).skipped, Skipped(9));
}

TEST_F(LossAccountingTest, SkippedRunsThatOnlyAnEndedAnalyzerWasToldOfAreReported) {
  accounting_.SetBefore({"boot", 10, 0, Lost(0), Skipped(1)});
  Begin({"boot", 10, 0, {}, Skipped(4)}, 0, 0, 20);
  accounting_.UpdateSkipped(Skipped(4), 30, 30, report_);
  EXPECT_EQ(losses_, (Losses{{"skipped", "process_fork", 3, 20, 30}}));
}

TEST_F(LossAccountingTest, AnotherCollectorOfTheBootIsAGap) {
  Begin({"boot", 10, 0, {}}, 0, 0, 20);
  accounting_.SetRead(5);
  Begin({"boot", 100, 0, {}}, 0, 70, 110);
  EXPECT_EQ(losses_, (Losses{{"collector_restart", "", 0, 70, 100}}));
  Begin({"other boot", 3, 0, {}}, 0, 0, 4);
  EXPECT_EQ(losses_.size(), 1u) << "nobody misses what was before a boot";
}

TEST_F(LossAccountingTest, MissingBatchIsAGapOfItsRecords) {
  Begin({"boot", 10, 0, {}}, 0, 0, 20);
  accounting_.BeginBatch(0, 0, 30, report_);
  accounting_.SetRead(5);
  accounting_.BeginBatch(1, 5, 40, report_);
  accounting_.SetRead(9);
  EXPECT_EQ(losses_, Losses{});
  accounting_.BeginBatch(3, 12, 50, report_);
  EXPECT_EQ(losses_, (Losses{{"stream_gap", "", 3, 0, 50}}));
  accounting_.BeginBatch(4, 12, 60, report_);
  EXPECT_EQ(losses_.size(), 1u);
}

TEST_F(LossAccountingTest, RecordsThatAreHeldAreNotPrinted) {
  Begin({"boot", 10, 0, {}}, 0, 0, 20);
  accounting_.SetRead(5);
  EXPECT_EQ(accounting_.cursor(2).records, 3u);
  EXPECT_EQ(accounting_.cursor(9).records, 0u);
}

TEST_F(LossAccountingTest, LostLinesAreReportedOnceTheOutputWorks) {
  EXPECT_FALSE(accounting_.UpdateOutput(0, false, 5, 5, 10, report_));
  EXPECT_FALSE(accounting_.UpdateOutput(4, true, 5, 9, 20, report_));
  EXPECT_TRUE(accounting_.UpdateOutput(6, false, 5, 12, 30, report_));
  EXPECT_FALSE(accounting_.UpdateOutput(6, false, 13, 13, 40, report_));
  EXPECT_EQ(losses_, (Losses{{"output", "", 6, 10, 30}}));
  EXPECT_EQ(accounting_.reported(), 1u);
}

}  // namespace
}  // namespace randguard::loss_accounting_test

// SPDX-License-Identifier: Apache-2.0
//
// Snapshots within a session: the collector takes them when the kernel has skipped programs that
// report the starts and ends of processes.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/pipeline/testing/stream.h"
#include "tests/support/record_builder.h"

namespace randguard::pipeline_repair_test {
namespace {

using testing::BatchOf;
using testing::Bytes;
using testing::Each;
using testing::ExitOf;
using testing::ForkOf;
using testing::HelloOf;
using testing::kStartNs;
using testing::MakeSnapshot;
using testing::SnapshotRecords;
using testing::Stream;
using testing::Texts;

// Times are in nanoseconds since the collector's start.
constexpr std::uint64_t At(std::uint64_t ns) { return kStartNs + ns; }

constexpr std::uint64_t StartOf(std::uint32_t pid) { return std::uint64_t{pid} * 10; }

Bytes Seen(std::uint32_t pid, std::uint64_t ns, std::string_view exe_path) {
  auto r = testing::ProcessSnapshot();
  r.By(pid, StartOf(pid)).ChildOf(1, 10).At(At(ns));
  r.Put(&rg_process::exe_path, exe_path);
  return r.Build();
}

Bytes Exec(std::uint32_t pid, std::uint64_t ns, std::string_view exe_path) {
  auto r = testing::ProcessExec();
  r.By(pid, StartOf(pid)).ChildOf(1, 10).At(At(ns));
  r.Put(&rg_process::exe_path, exe_path);
  return r.Build();
}

Bytes Fork(std::uint32_t pid, std::uint32_t child, std::uint64_t ns) {
  return ForkOf(pid, StartOf(pid), child, StartOf(child), At(ns)).Build();
}

Bytes Exit(std::uint32_t pid, std::uint64_t ns) {
  return ExitOf(pid, StartOf(pid), At(ns)).Build();
}

// A session that knows processes 1, 100 and 101.
class PipelineRepairTest : public ::testing::Test {
 protected:
  PipelineRepairTest() {
    EXPECT_SENT(stream_, HelloOf{});
    EXPECT_SENT(stream_, MakeSnapshot({Seen(1, 0, "/sbin/init"), Seen(100, 1, "/bin/bash"),
                                       Seen(101, 2, "/bin/sleep")}));
  }

  // Everything up to that time is in this batch, or in an earlier one.
  void SendBatch(std::uint64_t complete, const std::vector<Bytes>& records = {}) {
    EXPECT_SENT(stream_, (BatchOf{.sequence = batches_++,
                                  .first_record = records_,
                                  .records = records,
                                  .drained_ns = At(complete)}));
    records_ += records.size();
  }
  Texts ExePaths() { return Each(stream_.Lines(), {"event_type", "pid", "exe_path"}); }

  Stream stream_;
  std::uint64_t batches_ = 0, records_ = 0;
};

TEST_F(PipelineRepairTest, FindsBirthsDeathsAndPrograms) {
  EXPECT_SENT(stream_, MakeSnapshot({Seen(1, 100, "/sbin/init"), Seen(100, 101, "/usr/bin/vi"),
                                     Seen(200, 102, "/usr/bin/id")}));
  SendBatch(103);
  const Health health = stream_.Filled();
  EXPECT_EQ(health.process_table_repairs, 1u);
  EXPECT_EQ(health.processes_found, 1u);
  EXPECT_EQ(health.programs_found, 1u);
  EXPECT_EQ(health.processes_reconciled, 1u);
  EXPECT_EQ(stream_.Output(), "") << "nothing is made up";
  SendBatch(300, {Fork(100, 300, 200), Fork(200, 301, 201)});
  EXPECT_EQ(ExePaths(), (Texts{R"("process_relationship" 100 "/usr/bin/vi")",
                               R"("process_relationship" 200 "/usr/bin/id")"}));
}

TEST_F(PipelineRepairTest, SnapshotThatFindsNothingChangesNothing) {
  EXPECT_SENT(stream_, MakeSnapshot({Seen(1, 100, "/sbin/init"), Seen(100, 101, "/bin/bash"),
                                     Seen(101, 102, "/bin/sleep")}));
  SendBatch(103);
  const Health health = stream_.Filled();
  EXPECT_EQ(health.process_table_repairs, 1u);
  EXPECT_EQ(health.processes_found + health.programs_found + health.processes_reconciled, 0u);
}

// The rings still hold what was before it.
TEST_F(PipelineRepairTest, RecordsOfASnapshotComeInTheirTurn) {
  EXPECT_SENT(stream_, MakeSnapshot({Seen(1, 100, "/sbin/init"), Seen(100, 101, "/bin/second"),
                                     Seen(101, 102, "/bin/sleep")}));
  EXPECT_EQ(stream_.Filled().process_table_repairs, 0u);
  // The exec of "second" was skipped.
  SendBatch(200, {Exec(100, 50, "/bin/first"), Fork(100, 300, 60), Fork(100, 301, 150)});
  EXPECT_EQ(Each(stream_.Lines("process_relationship"), {"exe_path"}),
            (Texts{R"("/bin/first")", R"("/bin/second")"}));
  EXPECT_EQ(stream_.Filled().process_table_repairs, 1u);
}

TEST_F(PipelineRepairTest, LaterRecordsStandAboveIt) {
  EXPECT_SENT(stream_, MakeSnapshot({Seen(1, 100, "/sbin/init"), Seen(100, 101, "/bin/second"),
                                     Seen(101, 102, "/bin/sleep")}));
  SendBatch(200, {Exec(100, 102, "/bin/third"), Fork(100, 300, 103)});
  EXPECT_EQ(Each(stream_.Lines("process_relationship"), {"exe_path"}), Texts{R"("/bin/third")"});
  EXPECT_EQ(stream_.Filled().processes_reconciled, 0u);
}

// Processes of which the snapshot has nothing.
TEST_F(PipelineRepairTest, OnlyWhoWasThereBeforeItHasEnded) {
  EXPECT_SENT(stream_, MakeSnapshot({Seen(1, 100, "/sbin/init")}, /*last=*/false));
  EXPECT_SENT(stream_, MakeSnapshot({Seen(100, 110, "/bin/bash")}));
  // 300: born before, and its end was skipped. 301: born when the snapshot had begun. 101: its end
  // is still on its way.
  SendBatch(200, {Fork(100, 300, 50), Fork(100, 301, 105), Exit(101, 109)});
  EXPECT_EQ(stream_.Filled().processes_reconciled, 1u);
  EXPECT_EQ(Each(stream_.Lines("process_exit"), {"pid", "group_dead"}), Texts{"101 true"});
}

TEST_F(PipelineRepairTest, EndThatIsRecordedAfterItStillIsOne) {
  EXPECT_SENT(stream_, MakeSnapshot({Seen(1, 100, "/sbin/init"), Seen(100, 101, "/bin/bash")}));
  SendBatch(102);
  EXPECT_EQ(stream_.Filled().processes_reconciled, 1u);
  SendBatch(200, {Exit(101, 103)});
  EXPECT_EQ(Each(stream_.Lines("process_exit"), {"pid", "group_dead", "exe_path"}),
            Texts{R"(101 true "/bin/sleep")"});
}

TEST_F(PipelineRepairTest, EndsNobodyBeforeItIsWhole) {
  EXPECT_SENT(stream_, MakeSnapshot({Seen(1, 100, "/sbin/init")}, /*last=*/false));
  SendBatch(150);
  EXPECT_EQ(stream_.Filled().processes_reconciled, 0u);
  EXPECT_SENT(stream_, MakeSnapshot({Seen(100, 160, "/bin/bash")}));
  SendBatch(159);
  EXPECT_EQ(stream_.Filled().processes_reconciled, 0u) << "who acted last may be on the way";
  SendBatch(160);
  EXPECT_EQ(stream_.Filled().processes_reconciled, 1u);
  EXPECT_EQ(stream_.Filled().process_table_repairs, 1u);
}

// The first one waits for its batch while the second one arrives.
TEST_F(PipelineRepairTest, SnapshotsDoNotMix) {
  EXPECT_SENT(stream_, MakeSnapshot({Seen(1, 100, "/sbin/init"), Seen(100, 101, "/bin/bash"),
                                     Seen(101, 102, "/bin/sleep")}));
  EXPECT_SENT(stream_, MakeSnapshot({Seen(1, 200, "/sbin/init")}, /*last=*/false));
  SendBatch(201);
  EXPECT_EQ(stream_.Filled().process_table_repairs, 1u);
  EXPECT_EQ(stream_.Filled().processes_reconciled, 0u);
  EXPECT_SENT(stream_, MakeSnapshot({Seen(100, 202, "/bin/bash")}));
  SendBatch(203);
  EXPECT_EQ(stream_.Filled().process_table_repairs, 2u);
  EXPECT_EQ(stream_.Filled().processes_reconciled, 1u);
}

TEST_F(PipelineRepairTest, SessionThatEndsMeanwhileEndsNobody) {
  EXPECT_SENT(stream_, MakeSnapshot({Seen(1, 100, "/sbin/init"), Seen(200, 101, "/bin/id")}));
  EXPECT_SENT(stream_, (HelloOf{.session = 1, .next_batch = 0}));
  EXPECT_EQ(stream_.Filled().processes_reconciled, 0u);
  EXPECT_EQ(stream_.Filled().process_table_repairs, 0u);
  EXPECT_EQ(stream_.Filled().process_table_size, 4u);
  // The session's own snapshot is no repair.
  EXPECT_SENT(stream_, MakeSnapshot(SnapshotRecords()));
  SendBatch(1000);
  EXPECT_EQ(stream_.Filled().process_table_repairs, 0u);
}

TEST_F(PipelineRepairTest, SnapshotWithoutAnyProcessEndsNobody) {
  EXPECT_SENT(stream_, MakeSnapshot({}));
  SendBatch(200);
  EXPECT_EQ(stream_.Filled().processes_reconciled, 0u);
}

TEST_F(PipelineRepairTest, DamageEndsTheSessionAndWhatWasWholeStays) {
  EXPECT_EQ(stream_
                .Send(MakeSnapshot(
                    {Seen(200, 100, "/bin/id"), testing::WithSize(Seen(201, 101, "/bin/id"), 4)}))
                .code(),
            absl::StatusCode::kInvalidArgument);
  stream_.pipeline().EndSession();
  EXPECT_EQ(stream_.Filled().process_table_size, 4u);
  EXPECT_EQ(stream_.Filled().processes_reconciled, 0u);
}

// Its records have no numbers: they do not move the position that a later analyzer goes on from.
TEST_F(PipelineRepairTest, PositionCountsRecordsOfTheLanesAlone) {
  SendBatch(50, {Fork(100, 300, 40)});
  EXPECT_SENT(stream_, MakeSnapshot({Seen(1, 100, "/sbin/init"), Seen(100, 101, "/bin/bash")}));
  EXPECT_EQ(stream_.pipeline().cursor().records, 1u);
  SendBatch(90, {Fork(100, 301, 80), Fork(100, 302, 95)});
  EXPECT_EQ(stream_.pipeline().cursor().records, 2u);
}

}  // namespace
}  // namespace randguard::pipeline_repair_test

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/pipeline/testing/stream.h"
#include "tests/support/record_builder.h"

namespace randguard::pipeline_loss_test {
namespace {

using testing::BatchOf;
using testing::Bytes;
using testing::Counts;
using testing::Each;
using testing::ExitOf;
using testing::Fields;
using testing::HeartbeatOf;
using testing::HelloOf;
using testing::kBootId;
using testing::kOtherBoot;
using testing::kStartNs;
using testing::PrintedOf;
using testing::Stream;
using testing::Texts;
using testing::WithSize;

// --- losses ------------------------------------------------------------------------------------

constexpr std::string_view kLossFields[] = {"reason", "kind", "lane", "count", "total"};

TEST(PipelineLossTest, CountersThatMoveBecomeLossRecords) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.drained_ns = kStartNs + 5, .lost = {{RG_KIND_exec_failed, 3}}});
  EXPECT_SENT(stream, (BatchOf{.sequence = 1, .lost = {{RG_KIND_exec_failed, 3}}}));
  EXPECT_SENT(stream,
              HeartbeatOf({{RG_KIND_exec_failed, 5}, {RG_KIND_process_exec, 1}}, kStartNs + 20));
  const auto lines = stream.Lines();
  EXPECT_EQ(Each(lines, kLossFields), (Texts{R"("kernel" "exec_failed" "bulk" 3 3)",
                                             R"("kernel" "process_exec" "critical" 1 1)",
                                             R"("kernel" "exec_failed" "bulk" 2 5)"}));
  EXPECT_EQ(Fields(lines[0], {"from_ns", "to_ns", "timestamp_ns", "host"}),
            R"(60000000000 60000000005 60000000005 "web1")");
  const Health health = stream.Filled();
  EXPECT_EQ(health.losses_reported, 3u);
  EXPECT_EQ(health.losses_by_reason, (Named<std::uint64_t>{{"kernel", 3}}));
  EXPECT_EQ(health.kernel_lost, 6u);
}

TEST(PipelineLossTest, WhatAnEarlierSessionReportedIsNotReportedAgain) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{.session = 3, .lost_before = {{RG_KIND_thread_exit, 5}}});
  EXPECT_SENT(stream, BatchOf{.lost = {{RG_KIND_thread_exit, 7}}});
  EXPECT_EQ(Each(stream.Lines(), kLossFields), Texts{R"("kernel" "thread_exit" "bulk" 2 7)"});
}

// Hello repeats what the last batch said; the heartbeat behind it had said more.
TEST(PipelineLossTest, WhatAHeartbeatReportedIsNotReportedAgainAfterReconnecting) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.lost = {{RG_KIND_thread_exit, 5}}});
  EXPECT_SENT(stream, HeartbeatOf({{RG_KIND_thread_exit, 7}}));
  EXPECT_SENT(stream,
              (HelloOf{.session = 1, .next_batch = 1, .lost_before = {{RG_KIND_thread_exit, 5}}}));
  EXPECT_SENT(stream, (BatchOf{.sequence = 1, .lost = {{RG_KIND_thread_exit, 8}}}));
  EXPECT_EQ(Each(stream.Lines(), {"count", "total"}), (Texts{"5 5", "2 7", "1 8"}));
}

// The batch that said it was sent and never read.
TEST(PipelineLossTest, WhatOnlyAnUnreadBatchReportedIsReported) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream,
              (HelloOf{.session = 1, .next_batch = 1, .lost_before = {{RG_KIND_thread_exit, 4}}}));
  EXPECT_SENT(stream, (BatchOf{.sequence = 1, .lost = {{RG_KIND_thread_exit, 4}}}));
  EXPECT_EQ(Each(stream.Lines(), {"count", "total"}), Texts{"4 4"});
}

TEST(PipelineLossTest, AnotherCollectorCountsFromItsOwnBeginning) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.lost = {{RG_KIND_thread_exit, 9}}});
  EXPECT_SENT(stream, HelloOf{.collector_start_ns = kStartNs + 1});
  EXPECT_SENT(stream, BatchOf{.lost = {{RG_KIND_thread_exit, 2}}});
  EXPECT_EQ(Each(stream.Lines(), {"count", "total"}), (Texts{"9 9", "null null", "2 2"}));
  EXPECT_EQ(stream.Filled().kernel_lost, 2u);
}

TEST(PipelineLossTest, CountersThatShrinkOrAreMissingReportNothing) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.lost = {{RG_KIND_thread_exit, 9}}});
  EXPECT_SENT(stream, (BatchOf{.sequence = 1, .lost = {{RG_KIND_thread_exit, 3}}}));
  EXPECT_SENT(stream, (BatchOf{.sequence = 2, .lost_size = 0}));
  // One entry for a kind that is not known here.
  EXPECT_SENT(stream, (BatchOf{.sequence = 3,
                               .lost = {{RG_KIND_thread_exit, 9}, {RG_KIND_END, 1}},
                               .lost_size = RG_KIND_END + 1}));
  EXPECT_EQ(stream.Lines().size(), 1u);
}

constexpr std::string_view kSkipFields[] = {"reason", "kind", "lane", "hook", "count", "total"};

// One line for all programs of a hook.
TEST(PipelineLossTest, RunsThatTheKernelSkippedBecomeLossRecords) {
  Stream stream;
  EXPECT_SENT(stream, (HelloOf{.session = 1, .skipped_before = {{RG_PROGRAM_exit, 2}}}));
  EXPECT_SENT(stream, HeartbeatOf({}, kStartNs + 10,
                                  {{RG_PROGRAM_exit, 2},
                                   {RG_PROGRAM_rename_begin, 3},
                                   {RG_PROGRAM_mkdir_end, 4},
                                   {RG_PROGRAM_fork, 1}}));
  EXPECT_SENT(stream, HeartbeatOf({}, kStartNs + 20, {{RG_PROGRAM_exit, 5}}));
  const auto lines = stream.Lines();
  EXPECT_EQ(Each(lines, kSkipFields), (Texts{R"("skipped" null null "process_fork" 1 1)",
                                             R"("skipped" null null "file_names" 7 7)",
                                             R"("skipped" null null "process_exit" 3 5)"}));
  EXPECT_EQ(Fields(lines[2], {"from_ns", "to_ns"}), "60000000010 60000000020");
  const Health health = stream.Filled();
  EXPECT_EQ(health.kernel_skipped, 13u);
  EXPECT_EQ(health.kernel_skipped_by_hook[RG_HOOK_file_names - 1],
            (std::pair<std::string_view, std::uint64_t>("file_names", 7)));
  EXPECT_EQ(health.kernel_lost, 0u);
  EXPECT_EQ(health.losses_reported, 3u);
  EXPECT_EQ(health.programs[RG_PROGRAM_exit - 1].second.skipped, 5u);
  EXPECT_EQ(stream.pipeline().skipped(), 11u) << "what this analyzer has reported";
}

TEST(PipelineLossTest, SkippedProgramOfANewerCollectorIsOfAnUnknownHook) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, HeartbeatOf({}, kStartNs + 10, {{RG_PROGRAM_END, 6}}, RG_PROGRAM_END + 1));
  EXPECT_EQ(Each(stream.Lines(), kSkipFields), Texts{R"("skipped" null null "unknown" 6 6)"});
  EXPECT_EQ(stream.Filled().kernel_skipped, 6u);
}

TEST(PipelineLossTest, SkippedRunsThatWereReportedAreNotReportedAgain) {
  Stream stream;
  EXPECT_SENT(stream, PrintedOf(kBootId, kStartNs, 5, Counts{}, Counts{{RG_HOOK_process_exec, 3}}));
  // The collector had sent 7, in a heartbeat that nobody read.
  EXPECT_SENT(stream,
              (HelloOf{.session = 1, .next_record = 5, .skipped_before = {{RG_PROGRAM_exec, 7}}}));
  EXPECT_SENT(stream, HeartbeatOf({}, kStartNs + 10, {{RG_PROGRAM_exec, 8}}));
  EXPECT_EQ(Each(stream.Lines(), kSkipFields), Texts{R"("skipped" null null "process_exec" 5 8)"});
  EXPECT_EQ(stream.pipeline().cursor().skipped.value()[RG_HOOK_process_exec], 8u);
}

// Lines of other losses are as they were before there were skipped runs.
TEST(PipelineLossTest, OtherLossesHaveNoHook) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.lost = {{RG_KIND_thread_exit, 5}}});
  EXPECT_EQ(Each(stream.Lines(), {"hook"}), Texts{"(no such field)"});
}

TEST(PipelineLossTest, RecordsOfAnAnalyzerThatEndedEarlyAreALoss) {
  Stream stream;
  EXPECT_SENT(stream, PrintedOf(kBootId, kStartNs, 5));
  EXPECT_SENT(stream, (HelloOf{.session = 1, .next_record = 12}));
  EXPECT_EQ(Each(stream.Lines(), kLossFields), Texts{R"("analyzer_restart" null null 7 null)"});
  EXPECT_EQ(stream.Filled().restart_lost, 7u);
  // Once: a hello that follows finds nothing more missing.
  EXPECT_SENT(stream, (HelloOf{.session = 2, .next_record = 12}));
  EXPECT_EQ(stream.Lines().size(), 1u);
}

// While there was no collector, nobody observed.
TEST(PipelineLossTest, CollectorThatIsAnotherOneIsALossOfUnknownSize) {
  Stream stream;
  EXPECT_SENT(stream, PrintedOf(kBootId, kStartNs - 7, 5));
  EXPECT_SENT(stream, HelloOf{.next_record = 12});
  EXPECT_EQ(Each(stream.Lines(), kLossFields), Texts{R"("collector_restart" null null null null)"});
  EXPECT_EQ(Each(stream.Lines(), {"from_ns", "to_ns"}),
            Texts{std::to_string(kStartNs - 7) + " " + std::to_string(kStartNs)});
  EXPECT_EQ(stream.Filled().restart_lost, 0u);
}

TEST(PipelineLossTest, CursorThatIsUpToDateOrOfAnotherBootIsNoLoss) {
  for (const Bytes& printed : {PrintedOf(kBootId, kStartNs, 12), PrintedOf(kBootId, kStartNs, 13),
                               PrintedOf(kOtherBoot, kStartNs, 5), PrintedOf("", 0, 0)}) {
    Stream stream;
    EXPECT_SENT(stream, printed);
    EXPECT_SENT(stream, HelloOf{.next_record = 12});
    EXPECT_EQ(stream.Output(), "");
  }
}

// The collector had sent 9, in a batch that nobody read.
TEST(PipelineLossTest, LossesThatWereSentAndNotReportedAreReported) {
  Stream stream;
  EXPECT_SENT(stream, PrintedOf(kBootId, kStartNs, 5, Counts{{RG_KIND_thread_exit, 4}}));
  EXPECT_SENT(stream,
              (HelloOf{.session = 1, .next_record = 5, .lost_before = {{RG_KIND_thread_exit, 9}}}));
  EXPECT_SENT(stream, (BatchOf{.first_record = 5, .lost = {{RG_KIND_thread_exit, 11}}}));
  EXPECT_EQ(Each(stream.Lines(), kLossFields), Texts{R"("kernel" "thread_exit" "bulk" 7 11)"});
  EXPECT_EQ(stream.pipeline().cursor().lost.value()[RG_KIND_thread_exit], 11u);
}

TEST(PipelineLossTest, LossesThatWereReportedAreNotReportedAgain) {
  // Without a word of the analyzer before this one, the collector's counts.
  for (const Bytes& printed :
       {PrintedOf(kBootId, kStartNs, 5, Counts{{RG_KIND_thread_exit, 9}}),
        PrintedOf(kBootId, kStartNs, 5), PrintedOf(kOtherBoot, kStartNs, 5, Counts{})}) {
    Stream stream;
    EXPECT_SENT(stream, printed);
    EXPECT_SENT(
        stream,
        (HelloOf{.session = 1, .next_record = 5, .lost_before = {{RG_KIND_thread_exit, 9}}}));
    EXPECT_SENT(stream, (BatchOf{.first_record = 5, .lost = {{RG_KIND_thread_exit, 9}}}));
    EXPECT_EQ(stream.Output(), "");
  }
}

TEST(PipelineLossTest, RecordsBetweenTwoSessionsAreALoss) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {ExitOf(5, 1, kStartNs).Build()}});
  EXPECT_SENT(stream, (HelloOf{.session = 1, .next_batch = 3, .next_record = 4}));
  EXPECT_EQ(Each(stream.Lines("loss"), {"reason", "count"}), Texts{"\"analyzer_restart\" 3"});
}

TEST(PipelineLossTest, MissingBatchIsAGap) {
  Stream stream;
  EXPECT_SENT(stream, (HelloOf{.next_batch = 7, .next_record = 100}));
  EXPECT_SENT(stream, (BatchOf{.sequence = 7, .first_record = 100}));
  EXPECT_EQ(stream.Output(), "");
  EXPECT_SENT(stream, (BatchOf{.sequence = 9, .first_record = 130}));
  EXPECT_EQ(Each(stream.Lines(), kLossFields), Texts{R"("stream_gap" null null 30 null)"});
  EXPECT_SENT(stream, (BatchOf{.sequence = 10, .first_record = 130}));
  EXPECT_EQ(stream.Lines().size(), 1u);
}

TEST(PipelineLossTest, FirstBatchThatIsNotTheAnnouncedOneIsAGap) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.sequence = 1, .first_record = 3}));
  EXPECT_EQ(Each(stream.Lines(), {"reason", "count"}), Texts{"\"stream_gap\" 3"});
}

// --- how far it has got --------------------------------------------------------------------------

TEST(PipelineCursorTest, BeforeHelloItIsThatOfTheAnalyzerBefore) {
  Stream stream;
  EXPECT_EQ(stream.pipeline().cursor().boot_id, "");
  EXPECT_SENT(stream, PrintedOf(kBootId, kStartNs, 5));
  EXPECT_EQ(stream.pipeline().cursor().boot_id, kBootId);
  EXPECT_EQ(stream.pipeline().cursor().collector_start_ns, kStartNs);
  EXPECT_EQ(stream.pipeline().cursor().records, 5u);
  EXPECT_FALSE(stream.Send(HelloOf{.abi_version = 0}).ok());
  EXPECT_EQ(stream.pipeline().cursor().records, 5u) << "nothing was taken over yet";
}

TEST(PipelineCursorTest, HeldRecordsAreNotPrinted) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{.next_record = 10});
  EXPECT_EQ(stream.pipeline().cursor().records, 10u);
  EXPECT_SENT(
      stream,
      (BatchOf{.first_record = 10,
               .records = {ExitOf(5, 1, kStartNs + 1).Build(), ExitOf(6, 1, kStartNs + 3).Build()},
               .drained_ns = kStartNs + 2}));
  EXPECT_EQ(stream.pipeline().cursor().records, 11u);
  EXPECT_SENT(stream, (BatchOf{.sequence = 1, .first_record = 12, .drained_ns = kStartNs + 3}));
  EXPECT_EQ(stream.pipeline().cursor().records, 12u);
  EXPECT_EQ(stream.Lines("loss").size(), 0u);
}

// An analyzer that is killed within a large message has printed a part of it.
TEST(PipelineCursorTest, WithinAMessageItGoesWithTheLinesThatArePassedOn) {
  constexpr unsigned kRecords = 4000;
  Stream stream;
  std::vector<std::uint64_t> cursors;
  stream.pipeline().SetProgress([&] {
    cursors.push_back(stream.pipeline().cursor().records);
    const auto file = stream.sink().position();
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(stream.pipeline().cursor().output, file);
    FilePosition begin = *file;
    begin.bytes = 0;
    EXPECT_EQ(stream.sink().Behind(begin).events, cursors.back());
  });
  EXPECT_SENT(stream, HelloOf{});
  BatchOf batch{.drained_ns = kStartNs + kRecords};
  for (unsigned i = 0; i < kRecords; ++i) {
    batch.records.push_back(ExitOf(5 + i, 1, kStartNs + 1 + i).Build());
  }
  // Held back, then behind all the others.
  batch.records.push_back(ExitOf(5 + kRecords, 1, kStartNs + kRecords + 1).Build());
  EXPECT_SENT(stream, batch);
  stream.pipeline().Flush();
  ASSERT_GT(cursors.size(), 3u) << "one message, passed on in parts";
  EXPECT_TRUE(std::is_sorted(cursors.begin(), cursors.end()));
  EXPECT_LT(cursors.front(), kRecords / 2);
  EXPECT_EQ(cursors.back(), kRecords);
}

TEST(PipelineCursorTest, EndOfTheSessionPrintsWhatWasHeld) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream,
              (BatchOf{.records = {ExitOf(5, 1, kStartNs + 3).Build()}, .drained_ns = kStartNs}));
  EXPECT_EQ(stream.Output(), "");
  stream.pipeline().EndSession();
  EXPECT_EQ(stream.Lines("process_exit").size(), 1u);
  EXPECT_EQ(stream.pipeline().cursor().records, 1u);
}

TEST(PipelineCursorTest, NewHelloPrintsWhatWasHeldAndLosesNothing) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream,
              (BatchOf{.records = {ExitOf(5, 1, kStartNs + 3).Build()}, .drained_ns = kStartNs}));
  EXPECT_SENT(stream, (HelloOf{.session = 1, .next_batch = 1, .next_record = 1}));
  EXPECT_EQ(stream.Lines("process_exit").size(), 1u);
  EXPECT_EQ(stream.Lines("loss").size(), 0u);
}

TEST(PipelineCursorTest, RecordsBehindDamageAreALossOfTheNextSession) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  const BatchOf batch{.records = {ExitOf(5, 1, kStartNs).Build(),
                                  WithSize(ExitOf(6, 1, kStartNs).Build(), 4),
                                  ExitOf(7, 1, kStartNs).Build()}};
  EXPECT_EQ(stream.Send(batch).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Each(stream.Lines("process_exit"), {"pid"}), Texts{"5"});
  EXPECT_EQ(stream.Filled().userspace_invalid_schema, 1u);
  EXPECT_EQ(stream.pipeline().cursor().records, 1u);
  stream.pipeline().EndSession();
  EXPECT_SENT(stream, (HelloOf{.session = 1, .next_batch = 1, .next_record = 3}));
  EXPECT_EQ(Each(stream.Lines("loss"), {"reason", "count"}), Texts{"\"analyzer_restart\" 2"});
}

}  // namespace
}  // namespace randguard::pipeline_loss_test

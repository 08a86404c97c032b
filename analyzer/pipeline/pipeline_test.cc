// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/pipeline/testing/stream.h"
#include "tests/support/record_builder.h"

namespace randguard::pipeline_test {
namespace {

using testing::BatchOf;
using testing::Bytes;
using testing::Each;
using testing::ExitOf;
using testing::ForkOf;
using testing::HeartbeatOf;
using testing::HelloOf;
using testing::kClockOffsetNs;
using testing::kMs;
using testing::kStartNs;
using testing::SnapshotRecords;
using testing::Stream;
using testing::Texts;
using testing::WithSize;

// --- the order of messages ---------------------------------------------------------------------

TEST(PipelineTest, MessagesBeforeHelloAreErrors) {
  Stream stream;
  for (const Bytes& message :
       {testing::MakeSnapshot(), testing::MakeBatch(0, 0), testing::MakeHeartbeat()}) {
    EXPECT_EQ(stream.Send(message).code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_SENT(stream, testing::MakeContext());
  EXPECT_EQ(stream.Output(), "");
  EXPECT_EQ(stream.pipeline().records_read(), 0u);
}

TEST(PipelineTest, MessagesAfterTheSessionAreErrors) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_TRUE(stream.pipeline().connected());
  stream.pipeline().EndSession();
  EXPECT_FALSE(stream.pipeline().connected());
  EXPECT_FALSE(stream.Send(BatchOf{}).ok());
}

TEST(PipelineTest, AnotherAbiIsRefusedAndNamed) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  const absl::Status status = stream.Send(HelloOf{.abi_version = RG_ABI_VERSION + 1});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find(absl::StrCat("version ", RG_ABI_VERSION + 1)),
            absl::string_view::npos)
      << status;
  EXPECT_NE(status.message().find(absl::StrCat("version ", RG_ABI_VERSION)),
            absl::string_view::npos)
      << status;
  EXPECT_FALSE(stream.pipeline().connected());
  EXPECT_FALSE(stream.Send(BatchOf{}).ok()) << "the session before is over, too";
}

TEST(PipelineTest, SealIsForCapturesOnly) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_EQ(
      stream.Send(testing::MakeMessage([](wire::Message::Builder message) { message.initSeal(); }))
          .code(),
      absl::StatusCode::kInvalidArgument);
}

TEST(PipelineTest, UnknownMessageIsCountedAndPassedOver) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  Bytes message = testing::MakeHeartbeat();
  message[0x10] = std::byte{99};  // the discriminant: docs/formats/telemetry.md
  EXPECT_SENT(stream, message);
  EXPECT_EQ(stream.Filled().unknown_messages, 1u);
  EXPECT_SENT(stream, BatchOf{});
}

TEST(PipelineTest, FileEventsAboveTheLimitAreCountedAndProcessesAreNot) {
  Config config;
  config.performance.max_events_per_second = 2;
  Stream stream(config);
  EXPECT_SENT(stream, HelloOf{});
  std::vector<Bytes> records;
  for (int i = 0; i < 5; ++i) {
    records.push_back(testing::FileWrite().At(61'000'000'000 + i).Build());
    records.push_back(ExitOf(5 + i, 1, 61'000'000'000 + i).Build());
  }
  records.push_back(testing::FileWrite().At(62'000'000'000).Build());
  EXPECT_SENT(stream, (BatchOf{.records = records, .drained_ns = 63'000'000'000}));
  EXPECT_EQ(stream.Lines("file_pwrite64").size(), 3u);
  EXPECT_EQ(stream.Lines("process_exit").size(), 5u);
  EXPECT_EQ(stream.Filled().userspace_rate_limited, 3u);
}

TEST(PipelineTest, WithoutTelemetryEventsAreCountedAndLossesWritten) {
  Config config;
  config.output.telemetry = false;
  Stream stream(config);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {testing::FileWrite().Build(), ExitOf(5, 1, 2).Build()},
                               .lost = {{RG_KIND_file_open, 7}}}));
  ASSERT_EQ(stream.Lines().size(), 1u);
  EXPECT_EQ(stream.Lines("loss").size(), 1u);
  EXPECT_EQ(stream.Filled().userspace_filtered, 2u);
  EXPECT_EQ(stream.Filled().normalized_events_output, 0u);
}

TEST(PipelineTest, ContainerIsThatOfTheCgroupOrElseOfTheParent) {
  const std::string id(64, 'a');
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  auto parent = testing::ProcessExec();
  parent.By(50, kStartNs).At(kStartNs + 1).body.hdr.cgroup_id = 7;
  parent.Put(&rg_process::cgroup, "/system.slice/docker-" + id + ".scope");
  const auto exit_of = [&](std::uint32_t pid, std::uint64_t cgroup_id) {
    auto r = testing::ProcessExit();
    r.By(pid, kStartNs).ChildOf(50, kStartNs).At(kStartNs + pid).body.hdr.cgroup_id = cgroup_id;
    return r.Build();
  };
  EXPECT_SENT(stream, (BatchOf{.records = {parent.Build(), exit_of(51, 7), exit_of(52, 8)}}));
  const std::vector<std::string_view> fields = {"container_id", "container_runtime",
                                                "container_inherited"};
  EXPECT_EQ(Each(stream.Lines("process_start"), fields), Texts{"\"" + id + "\" \"docker\" false"});
  EXPECT_EQ(Each(stream.Lines("process_exit"), fields),
            (Texts{"\"" + id + "\" \"docker\" false", "\"" + id + "\" \"docker\" true"}));
}

TEST(PipelineTest, HelloWithEndlessTextsIsRefused) {
  const std::string text(300, 'x');
  Stream stream;
  EXPECT_EQ(stream.Send(HelloOf{.boot_id = text}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(stream.Send(HelloOf{.host = text}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(stream.Filled().collector.connected);
}

// --- what is printed
// ------------------------------------------------------------------------------

TEST(PipelineOutputTest, EventsOfBothLanesAreInOrderOfTime) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  auto failed = testing::ExecFailed();
  auto thread = testing::ThreadExit();
  EXPECT_SENT(stream, (BatchOf{.records = {failed.At(kStartNs + 20).Build(),
                                           thread.At(kStartNs + 40).Build(),
                                           ForkOf(1, 10, 300, 40, kStartNs + 10).Build(),
                                           testing::ProcessExec().At(kStartNs + 30).Build(),
                                           ExitOf(300, 40, kStartNs + 60).Build()},
                               .drained_ns = kStartNs + 50}));
  EXPECT_SENT(stream, (BatchOf{.sequence = 1,
                               .first_record = 5,
                               .records = {failed.At(kStartNs + 55).Build()},
                               .drained_ns = kStartNs + 60}));
  EXPECT_EQ(Each(stream.Lines(), {"timestamp_ns", "event_type"}),
            (Texts{"60000000010 \"process_relationship\"", "60000000020 \"process_exec_failed\"",
                   "60000000030 \"process_start\"", "60000000040 \"process_exit\"",
                   "60000000055 \"process_exec_failed\"", "60000000060 \"process_exit\""}));
}

TEST(PipelineOutputTest, HooksThatAreNotAskedForAreFilteredAndCounted) {
  const auto run = [](std::vector<ProcessHook> hooks, bool process = true) {
    Config config;
    config.process.hooks = std::move(hooks);
    config.events.process = process;
    Stream stream(config);
    EXPECT_SENT(stream, HelloOf{});
    auto execveat = testing::ProcessExec();
    execveat.body.source = RG_EXEC_EXECVEAT;
    EXPECT_SENT(
        stream,
        BatchOf{.records = {testing::ProcessExec().Build(), execveat.Build(),
                            testing::ExecFailed().Build(), testing::ProcessFork().Build(),
                            testing::ThreadStart().Build(), testing::ThreadExit().Build(),
                            testing::ProcessExit().Build(), testing::CgroupMkdir().Build()}});
    const Health health = stream.Filled();
    const auto lines = stream.Lines();
    EXPECT_EQ(health.userspace_filtered + lines.size(), 7u);
    EXPECT_EQ(health.normalized_events_output, lines.size());
    EXPECT_EQ(health.raw_events_read, 8u);
    return Each(lines, {"event_type", "source"});
  };
  const std::string fork = "\"process_relationship\" (no such field)";
  const std::string exit = "\"process_exit\" (no such field)";
  EXPECT_EQ(run({ProcessHook::kExecve}), Texts{R"("process_start" "execve")"});
  EXPECT_EQ(run({ProcessHook::kExecveat}),
            (Texts{R"("process_start" "execveat")", R"("process_exec_failed" "execveat")"}));
  EXPECT_EQ(run({ProcessHook::kFork}), (Texts{fork, fork}));
  EXPECT_EQ(run({ProcessHook::kExit}), (Texts{exit, exit}));
  EXPECT_EQ(run(Config{}.process.hooks).size(), 7u);
  EXPECT_EQ(run(Config{}.process.hooks, /*process=*/false), Texts{});
}

TEST(PipelineOutputTest, UnknownKindsAreCountedAndPassedOver) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  auto unknown = testing::ProcessExit();
  unknown.body.hdr.kind = RG_KIND_END;
  auto version = testing::ProcessExit();
  version.body.hdr.abi_version = RG_ABI_VERSION + 1;
  auto invalid = testing::ProcessExec();
  invalid.body.tty.offset = 1;
  EXPECT_SENT(stream, BatchOf{.records = {unknown.Build(), version.Build(), invalid.Build(),
                                          testing::ProcessExit().Build()}});
  const Health health = stream.Filled();
  EXPECT_EQ(health.userspace_unsupported_kind, 2u);
  EXPECT_EQ(health.userspace_invalid_schema, 1u);
  EXPECT_EQ(health.raw_events_read, 4u);
  EXPECT_EQ(stream.pipeline().invalid_records(), 3u);
  EXPECT_EQ(stream.Lines().size(), 1u);
}

// Its body is an exec's; printed, it would say that something was started.
TEST(PipelineOutputTest, SnapshotRecordInABatchIsInvalid) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {testing::ProcessSnapshot().Build()}});
  EXPECT_EQ(stream.Filled().userspace_invalid_schema, 1u);
  EXPECT_EQ(stream.Output(), "");
}

TEST(PipelineOutputTest, DamagedSnapshotIsAnErrorAndEndsNoProcess) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  EXPECT_SENT(stream, HelloOf{.session = 1});
  EXPECT_FALSE(stream.Send(testing::MakeSnapshot({WithSize(SnapshotRecords()[0], 16)}, true)).ok());
  EXPECT_EQ(stream.Filled().processes_reconciled, 0u);
}

TEST(PipelineOutputTest, WallClockIsTheBatchsOwn) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {ExitOf(5, 1, kStartNs).Build()}});
  EXPECT_SENT(stream, (BatchOf{.sequence = 1,
                               .first_record = 1,
                               .records = {ExitOf(6, 1, kStartNs).Build()},
                               .clock_offset_ns = kClockOffsetNs + 3'600'000 * std::int64_t{kMs}}));
  EXPECT_EQ(Each(stream.Lines(), {"time"}),
            (Texts{"\"2025-01-01T00:01:00.000000000Z\"", "\"2025-01-01T01:01:00.000000000Z\""}));
}

TEST(PipelineOutputTest, HealthSaysWhatTheCollectorSaid) {
  Stream stream;
  EXPECT_SENT(stream, testing::MakeHello());
  EXPECT_SENT(stream, testing::MakeHeartbeat());
  Health health = stream.Filled();
  ASSERT_EQ(health.hooks.size(), 2u);
  EXPECT_EQ(health.hooks[0].name, Hook{RG_HOOK_process_exec});
  EXPECT_EQ(health.hooks[0].state, HookState::kAttached);
  EXPECT_EQ(health.hooks[1].name, Hook{RG_HOOK_syscalls});
  EXPECT_EQ(health.hooks[1].state, HookState::kMissing);
  EXPECT_EQ(health.hooks[1].why, "not asked for");
  EXPECT_TRUE(health.collector.connected);
  EXPECT_EQ(health.collector.sessions, 1u);
  EXPECT_EQ(health.collector.version, "0.1.0");
  ASSERT_EQ(health.kernel_stored_by_kind.size(), std::size_t{RG_KIND_END - 1});
  EXPECT_EQ(health.kernel_stored_by_kind[RG_KIND_process_exit - 1].first, "process_exit");
  EXPECT_EQ(health.kernel_stored_by_kind[RG_KIND_process_exit - 1].second, 1u);
  ASSERT_EQ(health.programs.size(), std::size_t{RG_PROGRAM_END - 1});
  EXPECT_EQ(health.programs[0].first, "exec");
  EXPECT_EQ(health.programs[0].second.runs, 7u);
  EXPECT_EQ(stream.pipeline().plan_digest(), 0x1122334455667788u);
  stream.pipeline().WriteHealth(health);
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "host"}), Texts{"\"health\" \"web1\""});
}

TEST(PipelineOutputTest, ManyHooksAreBounded) {
  Stream stream;
  EXPECT_SENT(stream, testing::MakeMessage([](wire::Message::Builder message) {
                auto hello = message.initHello();
                hello.setAbiVersion(RG_ABI_VERSION);
                hello.initHooks(5000);
              }));
  EXPECT_EQ(stream.Filled().hooks.size(), 256u);
  EXPECT_EQ(stream.Filled().hooks[0].name, Hook{});
}

TEST(PipelineOutputTest, SameInputGivesTheSameBytes) {
  const auto run = [] {
    Stream stream;
    EXPECT_SENT(stream, testing::MakeContext());
    EXPECT_SENT(stream, HelloOf{});
    EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
    std::vector<Bytes> records;
    for (const auto& [kind, record] : testing::OneRecordOfEachKind()) records.push_back(record);
    EXPECT_SENT(stream, (BatchOf{.records = records,
                                 .drained_ns = kStartNs + 1,
                                 .lost = {{RG_KIND_thread_exit, 1}, {RG_KIND_process_exec, 2}}}));
    EXPECT_SENT(stream, HeartbeatOf({{RG_KIND_thread_exit, 4}}));
    EXPECT_SENT(stream, (HelloOf{.session = 1, .next_batch = 1, .next_record = 100}));
    stream.pipeline().EndSession();
    return stream.Output();
  };
  const std::string first = run();
  // One line for each kind but for snapshots and names of cgroups, and four losses.
  EXPECT_EQ(std::count(first.begin(), first.end(), '\n'), RG_KIND_END - 1 - 2 + 4);
  EXPECT_EQ(run(), first);
}

}  // namespace
}  // namespace randguard::pipeline_test

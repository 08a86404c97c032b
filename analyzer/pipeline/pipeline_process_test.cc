// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/pipeline/testing/stream.h"
#include "tests/support/record_builder.h"

namespace randguard::pipeline_process_test {
namespace {

using testing::BatchOf;
using testing::Bytes;
using testing::Each;
using testing::ExitOf;
using testing::Fields;
using testing::ForkOf;
using testing::HeartbeatOf;
using testing::HelloOf;
using testing::kMs;
using testing::kOtherBoot;
using testing::kStartNs;
using testing::SnapshotRecords;
using testing::Stream;
using testing::Texts;

TEST(PipelineProcessTest, SnapshotIsNotPrintedAndFillsParentsAndAncestors) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  EXPECT_EQ(stream.Output(), "");
  EXPECT_EQ(stream.Filled().process_table_size, 2u);
  auto exec = testing::ProcessExec();
  exec.By(200, 30).ChildOf(100, 20);
  EXPECT_SENT(stream, BatchOf{.records = {exec.Build()}});
  const auto lines = stream.Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(Fields(lines[0], {"event_type", "pid", "parent_comm", "parent_exe_path", "ancestors",
                              "parent_process_id"}),
            R"("process_start" 200 "bash" "/bin/bash" ["/bin/bash","/sbin/init"] )"
            R"("0e6c9a1c7b1c4a39-100-14")");
}

TEST(PipelineProcessTest, AncestorWithoutAnExecutableIsShownByItsName) {
  Stream stream;
  auto thread = testing::ProcessSnapshot();
  thread.By(2, 5).ChildOf(0, 0);
  thread.body.flags = RG_PROCESS_KERNEL_THREAD;
  testing::SetComm(thread.body.hdr.comm, "kthreadd");
  thread.Put(&rg_process::exe_path, "");
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot({thread.Build()}));
  EXPECT_SENT(stream, BatchOf{.records = {testing::ProcessExec().ChildOf(2, 5).Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"parent_comm", "parent_exe_path", "ancestors"}),
            Texts{R"("kthreadd" null ["kthreadd"])"});
}

TEST(PipelineProcessTest, UnknownParentIsNull) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {testing::ProcessExec().ChildOf(100, 20).Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"parent_comm", "parent_exe_path", "ancestors"}),
            Texts{"null null []"});
}

// A reused pid is another process.
TEST(PipelineProcessTest, ParentIsFoundByPidAndStart) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  EXPECT_SENT(stream, BatchOf{.records = {testing::ProcessExec().ChildOf(100, 21).Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"ppid", "parent_comm", "parent_process_id"}),
            Texts{R"(100 null "0e6c9a1c7b1c4a39-100-15")"});
}

TEST(PipelineProcessTest, ProcessThatIsItsOwnAncestorEndsSomewhere) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  auto loop = testing::ProcessSnapshot();
  loop.By(7, 7).ChildOf(7, 7);
  EXPECT_SENT(stream, testing::MakeSnapshot({loop.Build()}));
  EXPECT_SENT(stream, BatchOf{.records = {testing::ProcessExec().ChildOf(7, 7).Build()}});
  const auto lines = stream.Lines();
  ASSERT_EQ(lines.size(), 1u);
  const std::string ancestors = lines[0]["ancestors"];
  EXPECT_EQ(std::count(ancestors.begin(), ancestors.end(), ','), 15);
}

TEST(PipelineProcessTest, ForkGoesOnWithTheParentsImageUntilItsExec) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  auto exec = testing::ProcessExec();
  exec.By(200, 30).ChildOf(100, 20).At(kStartNs + 4);
  exec.Put(&rg_process::exe_path, "/bin/true");
  EXPECT_SENT(stream, BatchOf{.records = {ForkOf(100, 20, 200, 30, kStartNs + 1).Build(),
                                          ForkOf(200, 30, 201, 31, kStartNs + 2).Build(),
                                          ForkOf(200, 30, 202, 32, kStartNs + 3).Build(),
                                          exec.Build(), ExitOf(201, 31, kStartNs + 5).Build(),
                                          ExitOf(200, 30, kStartNs + 6).Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "pid", "exe_path", "parent_exe_path"}),
            (Texts{R"("process_relationship" 100 "/bin/bash" (no such field))",
                   R"("process_relationship" 200 "/bin/bash" (no such field))",
                   R"("process_relationship" 200 "/bin/bash" (no such field))",
                   R"("process_start" 200 "/bin/true" "/bin/bash")",
                   R"("process_exit" 201 "/bin/bash" (no such field))",
                   R"("process_exit" 200 "/bin/true" (no such field))"}));
}

// A thread's first change: what was, the process table knows.
TEST(PipelineBehaviourTest, CredentialsBeforeComeFromWhereTheProcessIsKnownFrom) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  const auto change = [](std::uint32_t pid, std::uint64_t start_ns, std::uint32_t euid,
                         std::uint64_t time_ns) {
    auto r = testing::CredentialsChange();
    r.By(pid, start_ns).At(time_ns);
    r.body.flags = 0;
    r.body.after.euid = euid;
    return r.Build();
  };
  EXPECT_SENT(
      stream,
      BatchOf{.records = {ForkOf(100, 20, 200, 30, kStartNs + 1).Build(),
                          testing::ProcessExec().By(300, 40).At(kStartNs + 2).Build(),
                          change(100, 20, 7, kStartNs + 3), change(100, 20, 8, kStartNs + 4),
                          change(200, 30, 9, kStartNs + 5), change(300, 40, 9, kStartNs + 6),
                          change(400, 50, 9, kStartNs + 7)}});
  const auto lines = stream.Lines("credentials_change");
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(Each(lines, {"pid", "before_source"}),
            (Texts{R"(100 "snapshot")", R"(100 "credentials_change")", R"(200 "fork")",
                   R"(300 "exec")", "400 null"}));
  const std::string euid_7 = "\"euid\":7,";
  EXPECT_NE(lines[0]["after"].find(euid_7), std::string::npos);
  EXPECT_NE(lines[1]["before"].find(euid_7), std::string::npos);
  EXPECT_EQ(lines[4]["before"], "null");
}

// As one does for every thread of a process, or an empty call.
TEST(PipelineBehaviourTest, CredentialsThatAreKnownAreNotToldAgain) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  auto first = testing::CredentialsChange();
  first.body.flags = 0;
  auto again = first;
  auto groups = first;
  groups.body.call = RG_CALL_setgroups;
  auto denied = testing::CredentialsCommon();
  EXPECT_SENT(stream,
              BatchOf{.records = {first.Build(), again.Build(), groups.Build(), denied.Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"syscall", "error", "before_source"}),
            (Texts{R"("setresuid" null null)", R"("setgroups" null "credentials_change")",
                   R"("setresuid" "EPERM" null)"}));
  EXPECT_EQ(stream.Filled().userspace_filtered, 1u);
}

TEST(PipelineBehaviourTest, TargetsAreKnownByTheirExecutable) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  auto access = testing::ProcessAccess();
  access.body.target_pid = 100;
  access.body.target_start_ns = 20;
  EXPECT_SENT(stream, BatchOf{.records = {access.Build(), testing::AgentSignal().Build()}});
  const auto lines = stream.Lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[0]["target"].find(R"("exe_path":"/bin/bash")"), std::string::npos);
  EXPECT_NE(lines[1]["target"].find(R"("exe_path":null)"), std::string::npos);
}

TEST(PipelineBehaviourTest, BehaviourIsNotLimited) {
  Config config;
  config.performance.max_events_per_second = 1;
  Stream stream(config);
  EXPECT_SENT(stream, HelloOf{});
  std::vector<Bytes> records;
  for (int i = 0; i < 5; ++i) {
    records.push_back(testing::MemfdCreate().At(61'000'000'000 + i).Build());
    records.push_back(testing::IoUring().At(61'000'000'000 + i).Build());
  }
  EXPECT_SENT(stream, (BatchOf{.records = records, .drained_ns = 63'000'000'000}));
  EXPECT_EQ(stream.Lines().size(), 10u);
}

TEST(PipelineProcessTest, ThreadIsNoNewProcess) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {testing::ThreadStart().Build()}});
  EXPECT_EQ(stream.Filled().process_table_size, 0u);
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "thread"}), Texts{"\"process_relationship\" true"});
}

TEST(PipelineProcessTest, ForkThatTheSnapshotKnewBetterChangesNothing) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  // The fork that made the shell waited in the ring while the snapshot was taken.
  EXPECT_SENT(stream, BatchOf{.records = {ForkOf(1, 10, 100, 20, kStartNs + 1).Build(),
                                          ExitOf(100, 20, kStartNs + 2).Build()}});
  EXPECT_EQ(Each(stream.Lines("process_exit"), {"exe_path"}), Texts{"\"/bin/bash\""});
}

TEST(PipelineProcessTest, ProcessEndsOnceHoweverManyThreadsWereTheLast) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  auto second = ExitOf(100, 20, kStartNs + 2);
  second.body.hdr.tid = 101;
  auto thread = testing::ThreadExit();
  thread.By(100, 20, 102).At(kStartNs);
  EXPECT_SENT(stream, BatchOf{.records = {thread.Build(), ExitOf(100, 20, kStartNs + 1).Build(),
                                          second.Build()}});
  // And one more, in a batch of its own.
  EXPECT_SENT(stream, (BatchOf{.sequence = 1,
                               .first_record = 3,
                               .records = {ExitOf(100, 20, kStartNs + 3).Build()}}));
  EXPECT_EQ(Each(stream.Lines(), {"tid", "group_dead", "exe_path"}),
            (Texts{"102 false \"/bin/bash\"", "100 true \"/bin/bash\"", "101 false \"/bin/bash\"",
                   "100 false \"/bin/bash\""}));
}

TEST(PipelineProcessTest, EndOfAnUnknownProcessIsToldOnceToo) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {ExitOf(9, 9, kStartNs + 1).Build(),
                                          ExitOf(9, 9, kStartNs + 1).Build(),
                                          ExitOf(9, 10, kStartNs + 1).Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"group_dead"}), (Texts{"true", "false", "true"}));
}

TEST(PipelineProcessTest, NewSnapshotEndsWhatIsNotInIt) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  EXPECT_SENT(stream, HelloOf{.session = 1});
  EXPECT_SENT(stream, testing::MakeSnapshot({SnapshotRecords()[0]}, /*last=*/false));
  EXPECT_EQ(stream.Filled().processes_reconciled, 0u) << "not before it is complete";
  EXPECT_SENT(stream, testing::MakeSnapshot({}, /*last=*/true));
  EXPECT_EQ(stream.Filled().processes_reconciled, 1u);
  EXPECT_EQ(stream.Filled().process_table_size, 2u) << "kept for the grace time";
  EXPECT_SENT(stream, HeartbeatOf({}, kStartNs + 61'000 * kMs));
  EXPECT_EQ(stream.Filled().process_table_size, 1u);
}

// It ended while nobody was connected; its record waited in the ring.
TEST(PipelineProcessTest, EndThatComesAfterTheSnapshotThatMissedTheProcessIsStillItsEnd) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  EXPECT_SENT(stream, HelloOf{.session = 1});
  EXPECT_SENT(stream, testing::MakeSnapshot({SnapshotRecords()[0]}));
  EXPECT_SENT(stream, BatchOf{.records = {ExitOf(100, 20, kStartNs + 1).Build(),
                                          ExitOf(100, 20, kStartNs + 1).Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"group_dead", "exe_path"}),
            (Texts{"true \"/bin/bash\"", "false \"/bin/bash\""}));
}

TEST(PipelineProcessTest, TableIsAsLargeAsConfigured) {
  Config config;
  config.performance.max_process_cache_entries = 3;
  Stream stream(config);
  EXPECT_SENT(stream, HelloOf{});
  std::vector<Bytes> records;
  for (std::uint32_t i = 0; i < 10; ++i) {
    records.push_back(ForkOf(1, 10, 300 + i, 40 + i, kStartNs + i).Build());
  }
  EXPECT_SENT(stream, BatchOf{.records = records});
  EXPECT_EQ(stream.Filled().process_table_size, 3u);
  EXPECT_EQ(stream.Filled().process_records_evicted, 7u);
}

TEST(PipelineProcessTest, NothingOfAnotherBootIsKept) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  EXPECT_SENT(stream, BatchOf{.records = {testing::CgroupMkdir().Build()}});
  EXPECT_SENT(stream, (HelloOf{.boot_id = kOtherBoot, .collector_start_ns = 7}));
  EXPECT_EQ(stream.Filled().process_table_size, 0u);
  EXPECT_EQ(stream.Filled().cgroup_names, 0u);
  // Its clock begins anew: what ended 50 s ago is kept, whatever the time was before.
  auto exit = ExitOf(5, 1, 1'000 * kMs);
  exit.body.hdr.cgroup_id = 77;
  EXPECT_SENT(stream, (BatchOf{.records = {exit.Build()},
                               .drained_ns = 51'000 * kMs,
                               .lost = {{RG_KIND_thread_exit, 1}}}));
  EXPECT_EQ(stream.Filled().process_table_size, 1u);
  EXPECT_EQ(Each(stream.Lines("process_exit"), {"process_id", "cgroup"}),
            Texts{R"("ffffffff00004a39-5-1" null)"});
  EXPECT_EQ(Each(stream.Lines("loss"), {"timestamp_ns", "from_ns", "to_ns"}),
            Texts{"51000000000 7 51000000000"});
}

TEST(PipelineProcessTest, UsersOfTheContextHaveNames) {
  Stream stream;
  EXPECT_SENT(stream, testing::MakeContext());
  EXPECT_SENT(stream, HelloOf{});
  auto root = testing::ProcessExec();
  root.body.hdr.uid = 0;
  EXPECT_SENT(stream, BatchOf{.records = {root.Build(), testing::ProcessExec().Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"uid", "user"}), (Texts{"0 \"root\"", "1000 null"}));
}

TEST(PipelineProcessTest, CgroupsAreNamedByWhoeverNamedThem) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  const auto exit_in = [](std::uint64_t cgroup, std::uint64_t at) {
    auto r = ExitOf(9, at, kStartNs + at);
    r.body.hdr.cgroup_id = cgroup;
    return r.Build();
  };
  auto fork = ForkOf(1, 10, 300, 40, kStartNs + 2);
  fork.Put(&rg_fork::child_cgroup, "/forked");
  EXPECT_SENT(stream,
              BatchOf{.records = {testing::CgroupMkdir().At(kStartNs).Build(),
                                  testing::ProcessExec().At(kStartNs + 1).Build(), fork.Build(),
                                  exit_in(77, 3), exit_in(42, 4), exit_in(43, 5), exit_in(44, 6)}});
  EXPECT_EQ(Each(stream.Lines("process_exit"), {"cgroup_id", "cgroup"}),
            (Texts{"77 \"/system.slice/new.service\"", "42 \"/user.slice/session-3.scope\"",
                   "43 \"/forked\"", "44 null"}));
}

TEST(PipelineProcessTest, CutCgroupNamesAreNotLearnt) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  auto mkdir = testing::CgroupMkdir();
  mkdir.Put(&rg_cgroup::path, "/tail", RG_STR_TRUNCATED);
  auto fork = ForkOf(1, 10, 300, 40, kStartNs + 2);
  fork.Put(&rg_fork::child_cgroup, "/tail", RG_STR_TRUNCATED);
  EXPECT_SENT(stream, BatchOf{.records = {mkdir.Build(), fork.Build()}});
  EXPECT_EQ(stream.Filled().cgroup_names, 0u);
}

// The names of /etc/passwd have changed, so the analyzer has put another reading into the stream.
TEST(PipelineProcessTest, NamesOfUsersChangeWhereTheStreamSaysSo) {
  const auto names = [](std::uint32_t reading, const std::string& name) {
    return testing::MakeMessage([&](wire::Message::Builder message) {
      auto context = message.initContext();
      context.setReading(reading);
      auto users = context.initUsers(1);
      users[0].setUid(1000);
      users[0].setName(name);
    });
  };
  const auto exec = [](std::uint64_t start_ns, std::uint64_t time_ns) {
    auto r = testing::ProcessExec();
    r.By(200, start_ns).ChildOf(1, 10).At(time_ns);
    r.body.hdr.uid = 1000;
    return r.Build();
  };
  Stream stream;
  EXPECT_SENT(stream, testing::PrintedOf("other", 1, 1));
  EXPECT_SENT(stream, names(1, "alice"));
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  EXPECT_SENT(stream, BatchOf{.records = {exec(30, kStartNs + kMs)}});
  EXPECT_EQ(stream.Filled().user_names_read, 1u);
  EXPECT_SENT(stream, names(2, "bob"));
  EXPECT_SENT(stream, (BatchOf{.sequence = 1,
                               .first_record = 1,
                               .records = {exec(40, kStartNs + 1001 * kMs)},
                               .drained_ns = kStartNs + 2000 * kMs}));
  EXPECT_EQ(Each(stream.Lines(), {"uid", "user"}), (Texts{R"(1000 "alice")", R"(1000 "bob")"}));
  EXPECT_EQ(stream.Filled().user_names_read, 2u);
  EXPECT_EQ(stream.Filled().user_names, 1u);
}

}  // namespace
}  // namespace randguard::pipeline_process_test

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/telemetry_filter.h"

#include <gtest/gtest.h>

namespace randguard::telemetry_filter_test {
namespace {

using Verdict = TelemetryFilter::Verdict;

template <typename E>
E At(std::uint64_t time_ns) {
  E event;
  event.actor.timestamp_ns = time_ns;
  return event;
}

TEST(TelemetryFilterTest, HookThatIsNotConfiguredIsFiltered) {
  Config config;
  config.process.hooks = {ProcessHook::kExecve, ProcessHook::kExit};
  TelemetryFilter filter(config);
  ProcessStart start;
  start.source = ExecSource::kExecve;
  EXPECT_EQ(filter.Judge(start, 0), Verdict::kWrite);
  start.source = ExecSource::kExecveat;
  EXPECT_EQ(filter.Judge(start, 0), Verdict::kFiltered);
  EXPECT_EQ(filter.Judge(ProcessRelationship(), 0), Verdict::kFiltered);
  EXPECT_EQ(filter.Judge(ProcessExit(), 0), Verdict::kWrite);
}

TEST(TelemetryFilterTest, ProcessesSwitchedOffAreFiltered) {
  Config config;
  config.events.process = false;
  TelemetryFilter filter(config);
  EXPECT_EQ(filter.Judge(ProcessStart(), 0), Verdict::kFiltered);
  EXPECT_EQ(filter.Judge(ProcessExecFailed(), 0), Verdict::kFiltered);
  EXPECT_EQ(filter.Judge(ProcessExit(), 0), Verdict::kFiltered);
}

TEST(TelemetryFilterTest, FilesAndNetworkShareALimitForEachSecond) {
  Config config;
  config.performance.max_events_per_second = 2;
  TelemetryFilter filter(config);
  EXPECT_EQ(filter.Judge(At<FileOpen>(1), 0), Verdict::kWrite);
  EXPECT_EQ(filter.Judge(At<NetworkConnect>(2), 0), Verdict::kWrite);
  EXPECT_EQ(filter.Judge(At<FileOpen>(3), 0), Verdict::kRateLimited);
  EXPECT_EQ(filter.Judge(At<FileOpen>(1'000'000'000), 0), Verdict::kWrite);
}

TEST(TelemetryFilterTest, ProcessesAndBehaviourAreNeverLimited) {
  Config config;
  config.performance.max_events_per_second = 1;
  TelemetryFilter filter(config);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(filter.Judge(At<ProcessExit>(1), 0), Verdict::kWrite);
    EXPECT_EQ(filter.Judge(At<CredentialsChange>(1), 0), Verdict::kWrite);
    EXPECT_EQ(filter.Judge(At<MemfdCreate>(1), 0), Verdict::kWrite);
    EXPECT_EQ(filter.Judge(At<IoUringOperation>(1), 0), Verdict::kWrite);
  }
  EXPECT_EQ(filter.Judge(At<FileWrite>(1), 0), Verdict::kWrite) << "none of them has counted";
}

TEST(TelemetryFilterTest, WithoutTelemetryAllIsFiltered) {
  Config config;
  config.output.telemetry = false;
  config.performance.max_events_per_second = 1;
  TelemetryFilter filter(config);
  EXPECT_EQ(filter.Judge(At<FileOpen>(1), 0), Verdict::kFiltered);
  EXPECT_EQ(filter.Judge(At<FileOpen>(1), 0), Verdict::kFiltered) << "not limited";
  EXPECT_EQ(filter.Judge(At<MemfdCreate>(1), 0), Verdict::kFiltered);
}

}  // namespace
}  // namespace randguard::telemetry_filter_test

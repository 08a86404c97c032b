// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/event/events.h"
#include "analyzer/event/field.h"
#include "analyzer/event/reports.h"

namespace randguard {
namespace {

// The description of one type: no name twice, in order, each with its key and its words.
template <typename T>
std::vector<std::string> NamesOf() {
  std::vector<std::string> names;
  VisitFields(T{}, [&](const auto& field, const auto&) {
    names.emplace_back(field.name());
    EXPECT_EQ(field.json_key(), ",\"" + names.back() + "\":");
    EXPECT_FALSE(std::string_view(field.doc).empty()) << names.back();
    EXPECT_EQ(names.back().find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"),
              std::string::npos)
        << names.back();
  });
  return names;
}

template <typename Event>
void ExpectNoNameTwice() {
  std::set<std::string> seen = {"event_type", "raw_bytes", "same_as", "texts_cut"};
  std::vector<std::string> names = NamesOf<Event>();
  if constexpr (requires(Event e) { e.actor; }) {
    const auto actor = NamesOf<Actor>();
    names.insert(names.end(), actor.begin(), actor.end());
  }
  for (const std::string& name : names) EXPECT_TRUE(seen.insert(name).second) << name;
}

TEST(FieldsTest, NamesAreUniqueWithinALine) {
  ExpectNoNameTwice<ProcessStart>();
  ExpectNoNameTwice<ProcessExecFailed>();
  ExpectNoNameTwice<ProcessRelationship>();
  ExpectNoNameTwice<ProcessExit>();
  ExpectNoNameTwice<Loss>();
  ExpectNoNameTwice<Health>();
  ExpectNoNameTwice<Capabilities>();
  ExpectNoNameTwice<Namespaces>();
  ExpectNoNameTwice<HookHealth>();
  ExpectNoNameTwice<ProgramHealth>();
  ExpectNoNameTwice<CollectorHealth>();
  ExpectNoNameTwice<CanaryHealth>();
  ExpectNoNameTwice<Canary>();
}

// Users of the original rely on these names. Names may be added, but never renamed.
template <typename... Parts>
void ExpectFields(std::initializer_list<std::string_view> wanted) {
  std::set<std::string> names;
  (names.merge([] {
    const auto part = NamesOf<Parts>();
    return std::set<std::string>(part.begin(), part.end());
  }()),
   ...);
  for (const std::string_view name : wanted) EXPECT_TRUE(names.contains(std::string(name))) << name;
}

TEST(FieldsTest, StableNamesAreThere) {
  ExpectFields<Actor>({"timestamp_ns", "pid", "tid", "ppid", "uid", "gid", "comm", "exe_path",
                       "time", "process_id", "parent_process_id", "host", "agent_id"});
  ExpectFields<ProcessStart>({"source",
                              "filename_truncated",
                              "args",
                              "command_line",
                              "args_truncated",
                              "cwd",
                              "euid",
                              "egid",
                              "user",
                              "loginuid",
                              "session_id",
                              "pgid",
                              "tty",
                              "exe_inode",
                              "exe_dev",
                              "exe_mode",
                              "fileless",
                              "interpreter",
                              "parent_comm",
                              "parent_exe_path",
                              "creator_process_id",
                              "creator_pid",
                              "creator_comm",
                              "creator_exe_path",
                              "adopted"});
  ExpectFields<ProcessRelationship>(
      {"parent_pid", "parent_comm", "child_pid", "child_tid", "child_comm"});
  ExpectFields<ProcessExit>({"group_dead", "exit_code", "signal", "duration_ns"});
  ExpectFields<Health>({"raw_events_read", "normalized_events_output", "alerts_output",
                        "userspace_filtered", "userspace_rate_limited", "userspace_invalid_schema",
                        "userspace_unsupported_kind", "userspace_output_failures",
                        "process_table_size", "pending_exec_source_size", "process_records_evicted",
                        "pending_sources_evicted", "uptime_secs", "rss_kb", "status"});
  EXPECT_EQ(ProcessStart::kEventType, "process_start");
  EXPECT_EQ(ProcessRelationship::kEventType, "process_relationship");
  EXPECT_EQ(ProcessExit::kEventType, "process_exit");
  EXPECT_EQ(Health::kEventType, "health");
  EXPECT_EQ(Loss::kEventType, "loss");
}

TEST(FieldsTest, VisitGivesValuesInOrder) {
  ProgramHealth program{1, 2, 3, 4, 5};
  std::string all;
  VisitFields(program, [&](const auto& field, std::uint64_t value) {
    all += std::string(field.name()) + "=" + std::to_string(value) + " ";
  });
  EXPECT_EQ(all, "runs=1 own=2 busy=3 errors=4 skipped=5 ");
}

// By type: a field that has a closed set of values can hold no other one.
TEST(FieldsTest, ValuesAreNamedOnce) {
  const auto check = []<typename E>(E) {
    const ValueList& values = kValueList<E>;
    ASSERT_EQ(values.names.size(), values.meanings.size());
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < values.names.size(); ++i) {
      const auto value = static_cast<E>(i);
      EXPECT_TRUE(seen.insert(values.names[i]).second) << values.names[i];
      EXPECT_EQ(Name(value), values.names[i]);
      EXPECT_EQ(FindNamed<E>(values.names[i]), value);
      EXPECT_EQ(JsonOf(value), "\"" + std::string(values.names[i]) + "\"");
    }
    EXPECT_EQ(FindNamed<E>("no_such_value"), std::nullopt);
  };
  check(ContainerRuntime{});
  check(ExecSource{});
  check(StreamType{});
  check(CredentialsSource{});
  check(PathSource{});
  check(PathStatus{});
  check(AddressFamily{});
  check(AddressSource{});
  check(Direction{});
  check(AccessOperation{});
  check(ModuleSource{});
  check(BpfCommand{});
  check(BpfObject{});
  check(BpfProgramType{});
  check(RingOperation{});
  check(RuleType{});
  check(Severity{});
  check(RuleAction{});
  check(LossReason{});
  check(AgentMode{});
  check(Lane{});
  check(HealthStatus{});
  check(HookState{});
  check(LandlockState{});
  check(SeccompState{});
  check(Kind{});
  check(Hook{});
}

TEST(FieldsTest, ValuesAreListedWithTheirMeanings) {
  EXPECT_EQ(Listed(kValueList<HealthStatus>),
            "ok, degraded (something is missing, lost or failing), blind (no collector is "
            "connected, or the canary does not come back)");
  EXPECT_EQ(Listed(kValueList<RuleAction>), "alert");
}

}  // namespace
}  // namespace randguard

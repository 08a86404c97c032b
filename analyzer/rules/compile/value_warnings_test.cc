// SPDX-License-Identifier: Apache-2.0
//
// Comparisons with values that a field never has.
#include "analyzer/rules/compile/value_warnings.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "analyzer/output/testing/sample_events.h"
#include "analyzer/rules/testing/rule_test_support.h"
#include "analyzer/rules/tools/event_fixture.h"

namespace randguard::value_warnings_test {
namespace {

using testing::CompileText;
using testing::Lines;
using testing::RuleText;

// The diagnostics of a condition that stands in line 7.
Lines Said(std::string_view condition, std::string_view type = "process",
           std::string_view more = "events = [\"process_start\"]") {
  return CompileText(RuleText(condition, type, more)).diagnostics;
}

TEST(ValueWarningsTest, ASlipOfThePenIsSaidAtItsPlace) {
  EXPECT_EQ(Said("uid == 0 or stdin_type == 'sokcet'"),
            Lines{"c.toml:7:28: warning: stdin_type is never \"sokcet\"; did you mean "
                  "\"socket\"?"});
}

TEST(ValueWarningsTest, WhatIsLikeNothingGetsTheList) {
  EXPECT_EQ(Said("uid == 0 or container_runtime == 'qemu'"),
            Lines{"c.toml:7:28: warning: container_runtime is never \"qemu\"; it is one of "
                  "\"docker\", \"containerd\", \"cri-o\", \"podman\", \"kubernetes\", "
                  "\"systemd-nspawn\", \"lxc\", \"buildkit\", \"ecs\", \"machined\", "
                  "\"garden\", \"oci\""});
}

TEST(ValueWarningsTest, EachValueOfAListIsLookedAt) {
  EXPECT_EQ(Said("stdin_type in ('socket', 'null', 'pipe')"),
            Lines{"c.toml:7:16: warning: stdin_type is never \"null\"; it is one of \"file\", "
                  "\"directory\", \"pipe\", \"socket\", \"terminal\", \"null_device\", "
                  "\"device\", \"block_device\", \"anonymous\""});
}

TEST(ValueWarningsTest, WhatDiffersFromItAlwaysDoes) {
  EXPECT_EQ(Said("uid == 0 and stdin_type != 'sockets'").size(), 1u);
  EXPECT_EQ(Said("uid == 0 and not stdin_type == 'sockets'").size(), 1u);
}

TEST(ValueWarningsTest, ARuleThatCanNeverMatchIsAnError) {
  const auto compiled = CompileText(RuleText("stdin_type == 'sokcet'"));
  EXPECT_EQ(compiled.rules, nullptr);
  ASSERT_EQ(compiled.diagnostics.size(), 2u);
  EXPECT_NE(compiled.diagnostics[0].find("did you mean \"socket\"?"), std::string::npos);
  EXPECT_NE(compiled.diagnostics[1].find("error: the rule can never match"), std::string::npos);
  EXPECT_EQ(CompileText(RuleText("stdin_type startswith 'sox'")).rules, nullptr);
}

TEST(ValueWarningsTest, KnownValuesAreFine) {
  EXPECT_EQ(Said("stdin_type in ('socket', 'null_device')"), Lines{});
  EXPECT_EQ(Said("stdin_type ieq 'SOCKET'"), Lines{});
  EXPECT_EQ(Said("stdin_type contains 'device'"), Lines{});
  EXPECT_EQ(Said("direction == 'outbound' and family == 'unix'", "network", ""), Lines{});
}

TEST(ValueWarningsTest, SystemCallsAreKnown) {
  EXPECT_EQ(Said("syscall in ('openat', 'opnat')", "file", ""),
            Lines{"c.toml:7:16: warning: syscall is never \"opnat\"; did you mean \"openat\"?"});
  EXPECT_EQ(Said("syscall in ('openat2', 'truncate64', 'execveat')", "file", ""), Lines{});
}

// One name, several sets: it is the events that the rule looks at which count.
TEST(ValueWarningsTest, TheEventsDecide) {
  const std::string_view access = "events = [\"process_access\"]";
  const std::string_view both = "events = [\"process_access\", \"bpf_operation\"]";
  const std::string_view mount = "events = [\"process_start\", \"mount\"]";
  EXPECT_EQ(Said("operation in ('attach', 'get_descriptor')", "process", access), Lines{});
  EXPECT_EQ(Said("operation in ('attach', 'prog_load')", "process", both), Lines{});
  EXPECT_EQ(Said("operation in ('attach', 'prog_load')", "process", access).size(), 1u);
  EXPECT_EQ(Said("source in ('execve', 'tmpfs')", "process", mount), Lines{}) << "any text";
  EXPECT_EQ(Said("operation in ('open', 'rename')", "file", "events = [\"file_open\"]"),
            Lines{"c.toml:7:16: warning: operation is never \"rename\" in these events; it is one "
                  "of \"open\""});
  EXPECT_EQ(Said("source in ('execve', 'tmpfs')").size(), 1u);
}

// A value may be absent: no condition holds for all events because it holds for all values.
TEST(ValueWarningsTest, AbsentIsNoValue) {
  const auto compiled = CompileText(RuleText("stdin_type != 'no such'"));
  ASSERT_NE(compiled.rules, nullptr);
  EXPECT_EQ(compiled.diagnostics.size(), 1u);
  ProcessStart start;
  EXPECT_EQ(testing::Fired(compiled, start), Lines{});
  start.stdin_type = StreamType::kFile;
  EXPECT_EQ(testing::Fired(compiled, start), Lines{"R"});
}

TEST(ValueWarningsTest, TestsOfRulesAreHeldToTheValues) {
  EventFixture world;
  TestEvent event;
  event.fields = {{"event_type", std::string("process_start")},
                  {"stdin_type", std::string("sokcet")}};
  const auto view = world.View(event);
  ASSERT_FALSE(view.ok());
  EXPECT_EQ(view.status().message(), "stdin_type is never \"sokcet\"; did you mean \"socket\"?");
  event.fields[1].value = std::string("socket");
  EXPECT_TRUE(world.View(event).ok());
}

}  // namespace
}  // namespace randguard::value_warnings_test

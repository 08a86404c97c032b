// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/tools/event_fixture.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/rules/testing/rule_test_support.h"

namespace randguard::event_fixture_test {
namespace {

using testing::CompileText;
using testing::Lines;
using testing::RuleText;

Lines FiredFor(const std::string& condition, const TestEvent& event) {
  const auto compiled = CompileText(RuleText(condition));
  EventFixture fixture;
  const auto view = fixture.View(event);
  if (!view.ok()) return {std::string(view.status().message())};
  Matcher matcher(compiled.rules);
  Lines ids;
  for (const std::uint32_t rule : matcher.Match(*view)) {
    ids.push_back(compiled.rules->rules()[rule].rule.id);
  }
  return ids;
}

TEST(EventFixtureTest, FieldsOfTheSessionCanBeGiven) {
  TestEvent event;
  event.fields = {{"event_type", std::string("process_start")},
                  {"host", std::string("web1")},
                  {"agent_id", std::string("sensor-7")}};
  EXPECT_EQ(FiredFor("host == 'web1' and agent_id == 'sensor-7'", event), Lines{"R"});
  EXPECT_EQ(FiredFor("host == 'web2' or agent_id == 'sensor-8'", event), Lines{});
}

TEST(EventFixtureTest, FieldsOfTheSessionAreReadFromALineOfOutput) {
  TestEvent event;
  event.json.text =
      R"({"event_type":"process_start","time":null,"host":"web1","agent_id":"sensor-7","pid":1})";
  EXPECT_EQ(FiredFor("host == 'web1' and agent_id == 'sensor-7'", event), Lines{"R"});
}

TEST(EventFixtureTest, LongTextsOfALineAreTakenFromWhereTheyStand) {
  TestEvent event;
  event.json.text =
      R"({"event_type":"process_start","exe_path":"/x/long","filename":"","args":["","-v"],)"
      R"("command_line":null,"parent_exe_path":null,"same_as":{"/filename":"/exe_path",)"
      R"("/args/0":"/exe_path","/parent_exe_path":"/exe_path","/command_line":"/args"},)"
      R"("texts_cut":["/args"]})";
  EXPECT_EQ(FiredFor("filename == '/x/long' and command_line == '/x/long -v' and "
                     "parent_exe_path == '/x/long'",
                     event),
            Lines{"R"});
}

TEST(EventFixtureTest, FieldsOfTheSessionAreAbsentOtherwise) {
  TestEvent event;
  event.fields = {{"event_type", std::string("process_start")}};
  EXPECT_EQ(FiredFor("exists host or exists agent_id", event), Lines{});
}

TEST(EventFixtureTest, AFieldOfTheSessionIsAText) {
  TestEvent event;
  event.fields = {{"event_type", std::string("process_start")}, {"host", std::int64_t{1}}};
  EXPECT_EQ(FiredFor("exists host", event),
            Lines{"host is a text, and its value is none, or is out of range"});
}

TestEvent StartOf(std::vector<TestField> fields) {
  TestEvent event;
  event.fields = std::move(fields);
  event.fields.push_back({"event_type", std::string("process_start")});
  return event;
}

// Whether a rule with the condition fires for a child of the process.
Lines FiredForChildOf(const TestEvent& before, const std::string& condition,
                      TestEvent event = StartOf({{"pid", std::int64_t{11}},
                                                 {"ppid", std::int64_t{10}}})) {
  const auto compiled = CompileText(RuleText(condition));
  if (compiled.rules == nullptr) return compiled.diagnostics;
  EventFixture fixture;
  if (const auto added = fixture.Add(before); !added.ok()) {
    return {std::string(added.message())};
  }
  const auto view = fixture.View(event);
  if (!view.ok()) return {std::string(view.status().message())};
  Matcher matcher(compiled.rules);
  return matcher.Match(*view).empty() ? Lines{} : Lines{"R"};
}

TEST(EventFixtureTest, AProcessIsRememberedByItsCommandLineOrItsArguments) {
  const TestEvent line =
      StartOf({{"pid", std::int64_t{10}}, {"command_line", std::string("sh -c a  b")}});
  EXPECT_EQ(FiredForChildOf(line, "parent_command_line == 'sh -c a  b'"), Lines{"R"});
  const TestEvent list =
      StartOf({{"pid", std::int64_t{10}}, {"args", std::vector<std::string>{"sh", "-c", "a b"}}});
  EXPECT_EQ(FiredForChildOf(list, "parent_command_line == 'sh -c a b'"), Lines{"R"});
}

TEST(EventFixtureTest, AProcessIsRememberedByItsNameWhereItsProgramIsNotGiven) {
  const TestEvent before = StartOf({{"pid", std::int64_t{10}}, {"comm", std::string("nginx")}});
  EXPECT_EQ(FiredForChildOf(before, "parent_name == 'nginx' and ancestor_names[0] == 'nginx'"),
            Lines{"R"});
}

// Everything that the process table keeps of a start.
TEST(EventFixtureTest, LaterEventsOfAProcessHaveWhatItsStartSaid) {
  const TestEvent before = StartOf({{"pid", std::int64_t{10}},
                                    {"ppid", std::int64_t{9}},
                                    {"uid", std::int64_t{1000}},
                                    {"exe_path", std::string("/usr/bin/sudo")},
                                    {"exe_mode", std::int64_t{04755}},
                                    {"command_line", std::string("sudo -l")},
                                    {"cwd", std::string("/home/ann")},
                                    {"tty", std::string("pts/0")},
                                    {"loginuid", std::int64_t{1000}},
                                    {"script_path", std::string("/x.sh")},
                                    {"comm", std::string("sudo")},
                                    {"trusted_exe", true}});
  TestEvent later;
  later.fields = {{"event_type", std::string("module_load")}, {"pid", std::int64_t{10}}};
  const std::string every =
      "exe_path == '/usr/bin/sudo' and command_line == 'sudo -l' and args[1] == '-l' and "
      "called_name == 'x.sh' and cwd == '/home/ann' and tty == 'pts/0' and loginuid == 1000 and "
      "script_path == '/x.sh' and "
      "comm == 'sudo' and ppid == 9 and trusted_exe and set_id and event_type == 'module_load'";
  EXPECT_EQ(FiredForChildOf(before, every, later), Lines{"R"});
}

TEST(EventFixtureTest, AnEventHasWhatFollowsFromItsFields) {
  const TestEvent line = StartOf({{"command_line", std::string("ls -l /etc")}});
  EXPECT_EQ(FiredFor("args[1] == '-l' and args == '/etc' and argc == 3", line), Lines{"R"});
  const TestEvent login = StartOf({{"command_line", std::string("-bash")}});
  EXPECT_EQ(FiredFor("called_name == 'bash'", login), Lines{"R"});
  const TestEvent service =
      StartOf({{"script_path", std::string("/usr/sbin/service")},
               {"command_line", std::string("/bin/sh /usr/sbin/service x stop")}});
  EXPECT_EQ(FiredFor("called_name == 'service'", service), Lines{"R"});
  const TestEvent script = StartOf({{"script_path", std::string("/x.sh")}});
  EXPECT_EQ(FiredFor("script_paths == '/x.sh'", script), Lines{"R"});
  const TestEvent set_id = StartOf({{"exe_mode", std::int64_t{04755}}, {"uid", std::int64_t{1}}});
  EXPECT_EQ(FiredFor("set_id", set_id), Lines{"R"});
  TestEvent other;
  other.fields = {{"event_type", std::string("module_load")},
                  {"command_line", std::string("insmod x.ko")},
                  {"creator_command_line", std::string("bash")}};
  EXPECT_EQ(FiredFor("event_type == 'module_load' and args[1] == 'x.ko' and "
                     "parent_command_line == 'bash'",
                     other),
            Lines{"R"});
}

TEST(EventFixtureTest, WhatWouldNotBeRememberedIsRefused) {
  EXPECT_EQ(FiredForChildOf(StartOf({{"process_name", std::string("nginx")}}), "uid == 0"),
            Lines{"before: process_name follows from other fields; give those, such as exe_path, "
                  "args or exe_mode"});
  EXPECT_EQ(FiredForChildOf(StartOf({{"parent_comm", std::string("nginx")}}), "uid == 0"),
            Lines{"before: parent_comm is about another process, which needs an event of its own"});
  TestEvent open;
  open.fields = {{"event_type", std::string("file_open")}};
  EXPECT_EQ(FiredForChildOf(open, "uid == 0"),
            Lines{"before: file_open changes nothing that is remembered; process_start and "
                  "process_relationship do"});
}

}  // namespace
}  // namespace randguard::event_fixture_test

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/tools/event_fixture.h"

#include <gtest/gtest.h>

#include <string>

#include "analyzer/rules/testing/rule_test_support.h"

namespace randguard {
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

}  // namespace
}  // namespace randguard

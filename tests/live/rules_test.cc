// SPDX-License-Identifier: Apache-2.0
//
// Alerts of a running agent, and rules that an analyzer reads again after it has confined itself.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <cstdio>
#include <string>

#include "tests/live/agent.h"

namespace randguard::live {
namespace {

// Fires for every program that has the word as its last argument.
std::string RuleOn(const std::string& id, const std::string& word) {
  return "[[rules]]\nid = \"" + id +
         "\"\nname = \"test\"\ntype = \"process\"\nseverity = \"low\"\ncondition = 'command_line "
         "endswith \" " +
         word + "\"'\n";
}

// Editors do this: the new file takes the old one's name.
void ReplaceFile(const std::string& path, const std::string& text) {
  WriteFile(path + ".new", text);
  ASSERT_EQ(rename((path + ".new").c_str(), path.c_str()), 0) << path;
}

class RulesTest : public testing::Test {
 protected:
  explicit RulesTest() : agent_({.config = RuleOn("IN-CONFIG", "red")}) {}

  std::string Path(const std::string& name) { return agent_.folder() / name; }
  // The health record after the analyzer has read its rules again.
  Line Reload() {
    const Line before = agent_.Health();
    kill(agent_.supervisor(), SIGHUP);
    const Line after = agent_.Health();  // signals are taken in order
    EXPECT_EQ(after.Number("rule_reloads") + after.Number("rule_reload_failures"),
              before.Number("rule_reloads") + before.Number("rule_reload_failures") + 1)
        << agent_.Errors();
    return after;
  }
  // The rule that fires for a process with that word; "" for none.
  std::string FiredBy(const std::string& word) {
    // Each with a command line of its own, because identical alerts are folded.
    const pid_t pid = RunProgram({"/bin/true", std::to_string(++tries_), word});
    agent_.Catch();
    for (const Line& alert : agent_.out().alerts()) {
      if (alert["pid"] == std::to_string(pid)) return alert["rule_id"];
    }
    return "";
  }

  Agent agent_;

 private:
  int tries_ = 0;
};

TEST_F(RulesTest, AlertFollowsItsEventAndNamesIt) {
  const pid_t pid = RunProgram({"/bin/true", "red"});
  ASSERT_TRUE(agent_.out().WaitForAlert(TypeAndPid("alert", pid)));
  agent_.Catch();
  ASSERT_EQ(agent_.out().alerts().size(), 1u);
  const Line alert = agent_.out().alerts()[0];
  const auto starts = agent_.out().All(TypeAndPid("process_start", pid));
  ASSERT_EQ(starts.size(), 1u);
  for (const char* field : {"process_id", "parent_process_id", "timestamp_ns", "time", "exe_path",
                            "command_line", "uid", "comm"}) {
    EXPECT_EQ(alert[field], starts[0][field]) << field;
  }
  EXPECT_EQ(alert["source_event_type"], "process_start");
  EXPECT_EQ(alert["process_name"], "true");
  const std::string output = ReadFile(Path("out.ndjson"));
  EXPECT_LT(output.find(starts[0].text), output.find(alert.text));
}

TEST_F(RulesTest, RulesAreReadAgainInsideOfTheConfinement) {
  const Line first = agent_.Health();
  EXPECT_NE(first["confinement"].find("\"seccomp\":\"enforced\""), std::string::npos) << first.text;
  EXPECT_EQ(first["confinement"].find("\"landlock\":\"off\""), std::string::npos) << first.text;
  EXPECT_EQ(FiredBy("red"), "IN-CONFIG");
  EXPECT_EQ(FiredBy("blue"), "");

  // A folder that did not exist when the analyzer confined itself.
  ASSERT_EQ(mkdir(Path("rules.d").c_str(), 0755), 0);
  WriteFile(Path("rules.d/a.toml"), RuleOn("IN-FOLDER", "blue"));
  const Line added = Reload();
  EXPECT_EQ(added["rule_reloads"], "1");
  EXPECT_NE(added["rule_set_hash"], first["rule_set_hash"]);
  EXPECT_EQ(FiredBy("red"), "IN-CONFIG");
  EXPECT_EQ(FiredBy("blue"), "IN-FOLDER");

  ReplaceFile(Path("rules.d/a.toml"), RuleOn("OTHER", "green"));
  EXPECT_EQ(Reload()["rule_reloads"], "2");
  EXPECT_EQ(FiredBy("blue"), "");
  EXPECT_EQ(FiredBy("green"), "OTHER");

  ReplaceFile(Path("config.toml"), ReadFile(Path("config.toml")) + RuleOn("MORE", "yellow"));
  EXPECT_EQ(Reload()["rule_reloads"], "3");
  EXPECT_EQ(FiredBy("yellow"), "MORE");
}

TEST_F(RulesTest, RulesThatAreWrongChangeNothingAndAreTold) {
  const Line before = agent_.Health();
  ReplaceFile(Path("config.toml"),
              ReadFile(Path("config.toml")) + RuleOn("MORE", "yellow") + "severty = \"low\"\n");
  const Line after = Reload();
  EXPECT_EQ(after["rule_reload_failures"], "1");
  EXPECT_EQ(after["rule_set_hash"], before["rule_set_hash"]);
  EXPECT_EQ(after["status"], "degraded");
  EXPECT_NE(after["rule_reload_error"].find("config.toml:"), std::string::npos) << after.text;
  EXPECT_NE(after["rule_reload_error"].find("severty"), std::string::npos) << after.text;
  EXPECT_NE(agent_.Errors().find("severty"), std::string::npos) << agent_.Errors();
  EXPECT_EQ(FiredBy("red"), "IN-CONFIG");
  EXPECT_EQ(FiredBy("yellow"), "");
}

TEST_F(RulesTest, OutputIsOpenedAgainWithTheRules) {
  const std::string moved = Path("moved.ndjson");
  ASSERT_EQ(rename(Path("out.ndjson").c_str(), moved.c_str()), 0);
  WriteFile(Path("out.ndjson"), "", 0666);
  ReplaceFile(Path("config.toml"), ReadFile(Path("config.toml")) + RuleOn("MORE", "yellow"));
  kill(agent_.supervisor(), SIGHUP);
  Output fresh = agent_.OutputAt(Path("out.ndjson"));
  ASSERT_TRUE(fresh.WaitFor([](const Line& l) { return l.Is("health"); }));
  const pid_t pid = RunProgram({"/bin/true", "yellow"});
  EXPECT_TRUE(fresh.WaitForAlert(TypeAndPid("alert", pid))) << agent_.Errors();
}

}  // namespace
}  // namespace randguard::live

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/tools/rule_cases.h"

#include <gtest/gtest.h>

#include <string>

#include "analyzer/rules/testing/rule_test_support.h"

namespace randguard::rule_cases_test {
namespace {

using testing::CompileText;
using testing::RuleText;
using Verdict = RuleCaseRunner::Verdict;

class RuleCasesTest : public ::testing::Test {
 protected:
  RuleCaseRunner::Result Run(std::string_view line) { return runner_.Run(line); }

 private:
  RuleCaseRunner runner_{CompileText(RuleText("parent_name == 'nginx' or process_name == 'x' or "
                                              "args == 'y'"))
                             .rules};
};

constexpr const char* kX = R"("event":{"event_type":"process_start","exe_path":"/bin/x"})";

TEST_F(RuleCasesTest, RightAndWrong) {
  const std::string event = kX;
  EXPECT_EQ(Run(R"({"rule":"R",)" + event + R"(,"fires":true})").verdict, Verdict::kRight);
  const auto wrong = Run(R"({"rule":"R",)" + event + R"(,"fires":false})");
  EXPECT_EQ(wrong.verdict, Verdict::kWrong);
  EXPECT_EQ(wrong.why, "R: the rule fires");
  EXPECT_EQ(Run(R"({"rule":"R","event":{"event_type":"process_start"},"fires":true})").why,
            "R: the rule does not fire");
}

TEST_F(RuleCasesTest, EventsAreTablesOrLines) {
  EXPECT_EQ(Run(R"({"rule":"R","json":"{\"event_type\":\"process_start\",\"args\":[\"y\"]}",)"
                R"("fires":true})")
                .verdict,
            Verdict::kRight);
  EXPECT_EQ(Run(R"({"rule":"R","event":{"event_type":"process_start","args":["y"]},"fires":true,)"
                R"("why":"members that nobody knows are for readers"})")
                .verdict,
            Verdict::kRight);
}

TEST_F(RuleCasesTest, EarlierEventsSayWhoTheProcessesAre) {
  const std::string line =
      R"({"rule":"R","before":[{"event_type":"process_start","pid":10,"exe_path":"/usr/bin/nginx"}],)"
      R"("event":{"event_type":"process_start","pid":11,"ppid":10},"fires":true})";
  EXPECT_EQ(Run(line).verdict, Verdict::kRight);
}

TEST_F(RuleCasesTest, RulesThatAreNotThere) {
  const auto result = Run(R"({"rule":"S",)" + std::string(kX) + R"(,"fires":true})");
  EXPECT_EQ(result.verdict, Verdict::kNotLoaded);
  EXPECT_EQ(result.why, "there is no such rule");
}

TEST_F(RuleCasesTest, LinesThatAreNoCaseAreWrong) {
  const std::pair<std::string, std::string> lines[] = {
      {"{", "not a JSON object"},
      {"[]", "not a JSON object"},
      {R"({"event":{},"fires":true})", "rule is missing"},
      {R"({"rule":"R","fires":true})", "event is missing"},
      {R"({"rule":"R","event":{"event_type":"process_start"}})", "fires is missing"},
      {R"({"rule":"R","event":{},"json":"{}","fires":true})", "event and json: one of them"},
      {R"({"rule":1,"event":{},"fires":true})", "rule: expected"},
      {R"({"rule":"R","event":1,"fires":true})", "event: expected"},
      {R"({"rule":"R","event":{},"fires":1})", "fires: expected"},
      {R"({"rule":"R","event":{},"before":{},"fires":true})", "before: expected"},
      {R"({"rule":"R","event":{},"fires":true})", "R: event_type is missing"},
      {R"({"rule":"R","event":{"event_type":"process_start","x":1},"fires":true})",
       "R: there is no field \"x\""},
      {std::string((1 << 20) + 1, ' '), "longer than"},
  };
  for (const auto& [line, why] : lines) {
    const auto result = Run(line);
    EXPECT_EQ(result.verdict, Verdict::kWrong) << line.substr(0, 80);
    EXPECT_TRUE(result.why.starts_with(why)) << result.why;
  }
}

}  // namespace
}  // namespace randguard::rule_cases_test

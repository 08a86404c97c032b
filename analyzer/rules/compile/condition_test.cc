// SPDX-License-Identifier: Apache-2.0
//
// The meaning of conditions, operator by operator.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "analyzer/output/testing/sample_events.h"
#include "analyzer/rules/testing/rule_test_support.h"

namespace randguard::condition_test {
namespace {

using namespace std::string_view_literals;
using testing::CompileText;
using testing::Fired;
using testing::Holds;
using testing::Lines;
using testing::RuleText;

// SampleStart(): curl -s "" "http://example.org/ a" of ann.
TEST(ConditionTest, ComparesTexts) {
  const ProcessStart e = testing::SampleStart();
  EXPECT_TRUE(Holds("process_name == 'curl'", e));
  EXPECT_FALSE(Holds("process_name == 'CURL'", e));
  EXPECT_TRUE(Holds("process_name ieq 'CURL'", e));
  EXPECT_TRUE(Holds("process_name != 'wget'", e));
  EXPECT_TRUE(Holds("process_name in ('wget', \"curl\")", e));
  EXPECT_TRUE(Holds("command_line contains 'http://'", e));
  EXPECT_TRUE(Holds("command_line icontains ('nothing', 'HTTP://')", e));
  EXPECT_FALSE(Holds("command_line contains all ('nothing', 'http://')", e));
  EXPECT_TRUE(Holds("command_line contains all ('-s', 'http://')", e));
  EXPECT_TRUE(Holds("exe_path startswith '/usr/'", e));
  EXPECT_TRUE(Holds("exe_path iendswith ('/CURL', '/wget')", e));
  EXPECT_TRUE(Holds("command_line matches 'https?://[a-z.]+/'", e));
  EXPECT_FALSE(Holds("command_line matches '^http'", e));
  EXPECT_TRUE(Holds("command_line imatches 'EXAMPLE[.]ORG'", e));
}

TEST(ConditionTest, GlobsStopAtSlashes) {
  ProcessStart e = testing::SampleStart();
  EXPECT_TRUE(Holds("exe_path glob '/usr/*/cur?'", e));
  EXPECT_FALSE(Holds("exe_path glob '/usr/*'", e));
  EXPECT_TRUE(Holds("exe_path glob '/usr/**'", e));
  EXPECT_TRUE(Holds("exe_path glob '**/curl'", e));
  EXPECT_TRUE(Holds("exe_path glob '/usr/bin/[a-d]url'", e));
  EXPECT_FALSE(Holds("exe_path glob '/usr/bin/[!a-d]url'", e));
  EXPECT_FALSE(Holds("exe_path glob '/usr/bin/cur'", e));
}

TEST(ConditionTest, ComparesNumbersAndBits) {
  FileOpen e = testing::SampleOpen();  // flags 0102: O_RDWR, O_CREAT
  EXPECT_TRUE(Holds("uid == 1000", e, "file"));
  EXPECT_TRUE(Holds("uid in (1, 500..1000)", e, "file"));
  EXPECT_FALSE(Holds("uid in (1, 500..999)", e, "file"));
  EXPECT_TRUE(Holds("uid >= 1000 and uid < 1001 and uid != 7", e, "file"));
  EXPECT_TRUE(Holds("result == -13", e, "file"));
  EXPECT_TRUE(Holds("flags has O_CREAT", e, "file"));
  EXPECT_FALSE(Holds("flags has O_TRUNC", e, "file"));
  EXPECT_TRUE(Holds("flags has any (O_TRUNC, O_RDWR)", e, "file"));
  EXPECT_FALSE(Holds("flags has all (O_TRUNC, O_RDWR)", e, "file"));
  EXPECT_TRUE(Holds("flags == 0o102", e, "file"));
  EXPECT_FALSE(Holds("mode has S_ISUID", e, "file"));
  EXPECT_TRUE(Holds("mode has S_IWUSR", e, "file"));
}

TEST(ConditionTest, NumbersBeyondSixtyThreeBitsAreExact) {
  NetworkClose e = testing::SampleClose();
  EXPECT_TRUE(Holds("bytes_sent == 18446744073709551615", e, "network") ||
              Fired(CompileText(RuleText("bytes_sent == 18446744073709551615", "network",
                                         "events = [\"network_close\"]")),
                    e) == Lines{"R"});
  EXPECT_EQ(Fired(CompileText(RuleText("bytes_sent > 18446744073709551614", "network",
                                       "events = [\"network_close\"]")),
                  e),
            Lines{"R"});
  EXPECT_EQ(
      Fired(CompileText(RuleText("bytes_sent == -1", "network", "events = [\"network_close\"]")),
            e),
      Lines{});
}

TEST(ConditionTest, AbsentFieldsMakeComparisonsFalse) {
  NetworkConnect e = testing::SampleConnect();
  e.object.remote_port = std::nullopt;
  EXPECT_FALSE(Holds("port == 443", e, "network"));
  EXPECT_FALSE(Holds("port != 443", e, "network"));
  EXPECT_FALSE(Holds("exists port", e, "network"));
  EXPECT_TRUE(Holds("not port == 443", e, "network"));
  EXPECT_TRUE(Holds("not port != 443", e, "network"));
}

TEST(ConditionTest, ListsHoldByAnyElementOrByAll) {
  const ProcessStart e = testing::SampleStart();
  EXPECT_TRUE(Holds("args == '-s'", e));
  EXPECT_TRUE(Holds("args == ''", e));
  EXPECT_FALSE(Holds("args == '-k'", e));
  EXPECT_FALSE(Holds("all args startswith '-'", e));
  ProcessStart dashes = e;
  dashes.args = TextList{"-a\0-b\0"sv};
  EXPECT_TRUE(Holds("all args startswith '-'", dashes));
  ProcessStart unknown = e;
  unknown.args = std::nullopt;
  EXPECT_FALSE(Holds("all args startswith '-'", unknown));
}

TEST(ConditionTest, AnElementOfAListIsAValueOfItsOwn) {
  const ProcessStart e = testing::SampleStart();
  EXPECT_TRUE(Holds("args[0] == 'curl'", e));
  EXPECT_FALSE(Holds("args[0] == '-s'", e));
  EXPECT_TRUE(Holds("args[1] in ('-s', '-k') and args[3] startswith 'http'", e));
  EXPECT_TRUE(Holds("args[2] == '' and exists args[2]", e));
  EXPECT_TRUE(Holds("args[1] != 'curl'", e));
  EXPECT_TRUE(Holds("args[3] imatches '^HTTP' and args[0] ieq 'CURL'", e));
  // One that is not there is absent.
  EXPECT_FALSE(Holds("exists args[4]", e));
  EXPECT_FALSE(Holds("args[4] != 'x'", e));
  EXPECT_TRUE(Holds("not args[4] == 'x'", e));
  EXPECT_FALSE(Holds("args[0] == 'curl' and args[0] == '-s' or args[255] == 'x'", e));
  // Elements are not taken for each other, nor for the whole list.
  EXPECT_FALSE(Holds("args[0] == '-s' or args[1] == 'curl'", e));
  EXPECT_TRUE(Holds("args == '-s' and args[0] != '-s'", e));
  ProcessStart unknown = e;
  unknown.args = std::nullopt;
  EXPECT_FALSE(Holds("exists args[0]", unknown));
}

TEST(ConditionTest, AnElementIsRememberedForLaterEvents) {
  EXPECT_FALSE(Holds("exists args[0]", testing::SampleOpen(), "file"));
  EXPECT_TRUE(Holds("exists ancestors[0] and not exists ancestors[15]", testing::SampleStart()));
}

TEST(ConditionTest, AChoiceWithoutRegardToCase) {
  const ProcessStart e = testing::SampleStart();
  EXPECT_TRUE(Holds("process_name iin ('WGET', 'Curl')", e));
  EXPECT_FALSE(Holds("process_name iin ('WGET', 'CURLY')", e));
  EXPECT_TRUE(Holds("args iin ('-S')", e));
  EXPECT_TRUE(Holds("not args[0] iin ('-S')", e));
  EXPECT_EQ(
      Fired(CompileText("[lists]\ntools = ['CURL', 'wget']\n" + RuleText("process_name iin tools")),
            e),
      Lines{"R"});
}

TEST(ConditionTest, AddressesMatchNetworks) {
  NetworkConnect e = testing::SampleConnect();  // 2001:db8::7
  EXPECT_TRUE(Holds("addr in cidr ('10.0.0.0/8', '2001:db8::/32')", e, "network"));
  EXPECT_FALSE(Holds("addr in cidr ('10.0.0.0/8')", e, "network"));
  e.object.remote_addr = testing::SampleAddress("10.1.2.3");
  EXPECT_TRUE(Holds("addr in cidr ('10.0.0.0/8')", e, "network"));
  EXPECT_FALSE(Holds("addr in cidr ('10.0.0.0/16')", e, "network"));
  EXPECT_TRUE(Holds("addr in cidr ('0.0.0.0/0')", e, "network"));
  EXPECT_FALSE(Holds("addr in cidr ('2001:db8::/32')", e, "network"));
}

TEST(ConditionTest, BytesThatAreNotUtf8AreCompared) {
  ProcessStart e = testing::SampleStart();
  e.args = TextList{"a\xff\xc3z\0"sv};
  e.command_line = JoinedText{e.args->bytes};
  EXPECT_TRUE(Holds("command_line contains \"\\xff\\xc3\"", e));
  EXPECT_TRUE(Holds("command_line matches '^a.*z$'", e));
}

TEST(ConditionTest, NamesOfListsAndMacrosStandForThem) {
  const std::string text = std::string("[lists]\ntools = ['curl', 'wget']\nids = [1000]\n") +
                           "[macros]\ntool = 'process_name in tools and by_user'\n" +
                           "by_user = 'uid in (ids, 5)'\n" + RuleText("tool and pid == 1234");
  const auto compiled = CompileText(text);
  EXPECT_EQ(compiled.diagnostics, Lines{});
  EXPECT_EQ(Fired(compiled, testing::SampleStart()), Lines{"R"});
}

TEST(ConditionTest, ExceptionsSilence) {
  EXPECT_EQ(Fired(CompileText(RuleText("uid == 1000", "process", "unless = 'pid == 1234'")),
                  testing::SampleStart()),
            Lines{});
  EXPECT_EQ(
      Fired(CompileText(RuleText("uid == 1000", "process",
                                 "unless = ['pid == 1', {name = 'x', condition = 'pid == 2'}]")),
            testing::SampleStart()),
      Lines{"R"});
}

}  // namespace
}  // namespace randguard::condition_test

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/compile/compile_rules.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "analyzer/output/testing/sample_events.h"
#include "analyzer/process/process_table.h"
#include "analyzer/rules/compile/simple_rules.h"
#include "analyzer/rules/testing/rule_test_support.h"

namespace randguard::compile_rules_test {
namespace {

using testing::CompileText;
using testing::Fired;
using testing::Holds;
using testing::Lines;
using testing::RuleText;

TEST(CompileRulesTest, EveryRuleThatMatchesFiresInOrder) {
  const auto compiled = CompileText(RuleText("uid == 1000", "process", "", "B") +
                                    RuleText("process_name == 'curl'", "process", "", "A") +
                                    RuleText("process_name == 'wget'", "process", "", "C") +
                                    RuleText("fileless", "process", "", "D"));
  EXPECT_EQ(Fired(compiled, testing::SampleStart()), (Lines{"B", "A", "D"}));
}

TEST(CompileRulesTest, RulesThatAreOffDoNotFire) {
  const auto compiled = CompileText(RuleText("uid == 1000", "process", "enabled = false"));
  EXPECT_EQ(Fired(compiled, testing::SampleStart()), Lines{});
  EXPECT_EQ(compiled.rules->enabled(), 0u);
}

TEST(CompileRulesTest, NothingIsMadeOfAnIncompleteRuleThatIsOff) {
  const std::string off = "[[rules]]\nname = 'n'\nseverity = 'low'\nenabled = false\n";
  const auto compiled =
      CompileText(off + "id = 'A'\ntype = 'file'\npaths = []\noperations = ['write']\n" + off +
                      "id = 'B'\ntype = 'network'\ndirection = 'inbound'\nports = []\n" + off +
                      "id = 'C'\ntype = 'process'\n" + RuleText("uid == 1000"),
                  /*lint=*/true);
  ASSERT_NE(compiled.rules, nullptr);
  EXPECT_EQ(compiled.diagnostics.size(), 3u) << "a warning of each";
  EXPECT_EQ(compiled.rules->rules().size(), 1u);
  EXPECT_EQ(Fired(compiled, testing::SampleStart()), Lines{"R"});
}

// Lists and macros are not off: another rule may use them.
TEST(CompileRulesTest, MistakesInAConditionOfARuleThatIsOffAreWarnings) {
  for (const char* condition : {"uid ==", "no_such_field == 1", "uid == 'x'", "path == 'x'"}) {
    const auto compiled = CompileText(RuleText(condition, "process", "enabled = false", "OFF") +
                                      RuleText("uid == 1000"));
    ASSERT_NE(compiled.rules, nullptr) << condition;
    ASSERT_EQ(compiled.diagnostics.size(), 1u) << condition;
    EXPECT_NE(compiled.diagnostics[0].find(": warning: "), std::string::npos);
    EXPECT_TRUE(compiled.diagnostics[0].ends_with("(a warning, because the rule is off)"));
    EXPECT_EQ(Fired(compiled, testing::SampleStart()), Lines{"R"});
    EXPECT_EQ(CompileText(RuleText(condition)).rules, nullptr) << condition;
  }
  for (const char* macro : {"uid ==", "no_such_field == 1"}) {
    const std::string macros = "[macros]\nbroken = \"" + std::string(macro) + "\"\n";
    const std::string off = RuleText("broken", "process", "enabled = false", "OFF");
    EXPECT_EQ(CompileText(macros + off).rules, nullptr) << macro;
    EXPECT_EQ(CompileText(macros + off + RuleText("broken")).rules, nullptr) << macro;
  }
}

TEST(CompileRulesTest, ProcessRulesLookAtStartsOnlyUnlessToldOtherwise) {
  const ProcessExit exit = testing::SampleExit();
  EXPECT_FALSE(Holds("comm == 'curl'", exit));
  EXPECT_EQ(
      Fired(CompileText(RuleText("comm == 'curl'", "process", "events = ['process_exit']")), exit),
      Lines{"R"});
  EXPECT_TRUE(Holds("event_type == 'process_exit' and comm == 'curl'", exit));
}

TEST(CompileRulesTest, EventTypesOfOneRecordAreToldApart) {
  const std::string rule = RuleText("comm == 'curl'", "file", "events = ['file_openat2']");
  EXPECT_EQ(Fired(CompileText(rule), testing::SampleOpen(RG_CALL_openat2)), Lines{"R"});
  EXPECT_EQ(Fired(CompileText(rule), testing::SampleOpen(RG_CALL_openat)), Lines{});
}

constexpr std::string_view kHead =
    "[[rules]]\nid = \"S\"\nname = \"n\"\nseverity = \"low\"\ntype = ";

TEST(SimpleRuleTest, ProcessByNameAndParent) {
  const auto compiled = CompileText(
      std::string(kHead) + "\"process\"\nprocess_names = ['dash', 'sh']\nparent_names = ['nginx']");
  ProcessStart e = testing::SampleStart();
  e.actor.exe_path = "/usr/bin/dash";
  e.parent_exe_path = "/usr/lib/systemd/systemd";
  e.creator_exe_path = "/usr/sbin/nginx";  // that has ended
  EXPECT_EQ(Fired(compiled, e), Lines{"S"});
  e.parent_exe_path = "/usr/sbin/nginx";
  e.creator_exe_path = "/usr/bin/python3";
  EXPECT_EQ(Fired(compiled, e), Lines{});
  e.creator_exe_path = e.creator_comm = std::nullopt;
  EXPECT_EQ(Fired(compiled, e), Lines{"S"});
  e.parent_exe_path = "/usr/sbin/apache2";
  e.parent_comm = "apache2";
  EXPECT_EQ(Fired(compiled, e), Lines{});
  // sh is busybox here, and a fork has not started a program yet.
  e.parent_comm = "nginx", e.actor.exe_path = "/bin/busybox", e.actor.comm = "sh";
  EXPECT_EQ(Fired(compiled, e), Lines{"S"});
  ProcessRelationship fork = testing::SampleRelationship();
  fork.actor.exe_path = "/usr/bin/dash";
  EXPECT_EQ(Fired(compiled, fork), Lines{});
}

TEST(SimpleRuleTest, FileByPathAndPattern) {
  const auto compiled = CompileText(std::string(kHead) +
                                    "\"file\"\npaths = ['/etc/systemd/system']\n"
                                    "patterns = ['*.service']\noperations = ['write', 'rename']");
  FileWrite write = testing::SampleWrite();
  write.resolved_path = "/etc/systemd/system/a/x.service";
  EXPECT_EQ(Fired(compiled, write), Lines{"S"});
  write.resolved_path = "/etc/systemd/system2/x.service";
  EXPECT_EQ(Fired(compiled, write), Lines{});
  write.resolved_path = "/etc/systemd/system/x.timer";
  EXPECT_EQ(Fired(compiled, write), Lines{});
  FileRename rename = testing::SampleRename();
  rename.old_resolved_path = "/etc/systemd/system/x.service";
  EXPECT_EQ(Fired(compiled, rename), Lines{"S"});
  // Each of the two by another name.
  rename.old_resolved_path = "/tmp/x.service";
  rename.new_resolved_path = "/etc/systemd/system/x.service.new";
  EXPECT_EQ(Fired(compiled, rename), Lines{});
  FileOpen open = testing::SampleOpen();
  open.resolved_path = "/etc/systemd/system/x.service";
  EXPECT_EQ(Fired(compiled, open), Lines{});
}

TEST(SimpleRuleTest, PathThatEndsInASlashIsABeginning) {
  const auto compiled =
      CompileText(std::string(kHead) + "\"file\"\npaths = ['/etc/ssh/']\noperations = ['*']");
  FileOpen open = testing::SampleOpen();
  open.resolved_path = "/etc/ssh/sshd_config";
  EXPECT_EQ(Fired(compiled, open), Lines{"S"});
  open.resolved_path = "/etc/ssh";
  EXPECT_EQ(Fired(compiled, open), Lines{});
}

TEST(SimpleRuleTest, NetworkByDirectionAndPort) {
  const auto outbound =
      CompileText(std::string(kHead) + "\"network\"\ndirection = 'outbound'\nports = [443]");
  const auto inbound =
      CompileText(std::string(kHead) + "\"network\"\ndirection = 'inbound'\nports = [65535]");
  EXPECT_EQ(Fired(outbound, testing::SampleConnect()), Lines{"S"});
  EXPECT_EQ(Fired(inbound, testing::SampleConnect()), Lines{});
  EXPECT_EQ(Fired(inbound, testing::SampleListen()), Lines{"S"});
  EXPECT_EQ(Fired(outbound, testing::SampleListen()), Lines{});
}

TEST(SimpleRuleTest, ListsAndConditionMustBothHold) {
  const auto compiled = CompileText(std::string(kHead) +
                                    "\"process\"\nprocess_names = ['curl']\n"
                                    "condition = 'uid == 0'");
  EXPECT_EQ(compiled.diagnostics, Lines{});
  ProcessStart e = testing::SampleStart();
  EXPECT_EQ(Fired(compiled, e), Lines{});
  e.actor.uid = 0;
  EXPECT_EQ(Fired(compiled, e), Lines{"S"});
}

TEST(DetectionTest, MarksByPathAndByPort) {
  const auto compiled = CompileText(
      "[[detections.persistence]]\nname = 'cron'\npaths = ['/etc/cron.d']\n"
      "operations = ['write']\n[[detections.network]]\nname = 'port'\ndirections = ['outbound']\n"
      "ports = [443]\n");
  FileWrite write = testing::SampleWrite();
  write.resolved_path = "/etc/cron.d/x";
  EXPECT_EQ(Fired(compiled, write), Lines{"mark:cron"});
  EXPECT_EQ(Fired(compiled, testing::SampleConnect()), Lines{"mark:port"});
}

TEST(DetectionTest, PatternsWithoutStarAreAnywhereInThePath) {
  const std::string head = "[[detections.persistence]]\nname = 'n'\noperations = ['*']\n";
  FileWrite write = testing::SampleWrite();
  const auto marks = [&](std::string_view keys, std::string_view path) {
    write.resolved_path = path;
    const auto compiled = CompileText(head + std::string(keys));
    EXPECT_EQ(compiled.diagnostics, Lines{}) << keys;
    return Fired(compiled, write) == Lines{"mark:n"};
  };
  const char* alone = "patterns = ['crontab', '/.ssh/', '*.service']\n";
  EXPECT_TRUE(marks(alone, "/var/spool/my-crontabs/root"));
  EXPECT_TRUE(marks(alone, "/home/u/.ssh/config"));
  EXPECT_TRUE(marks(alone, "/srv/x.service"));
  EXPECT_FALSE(marks(alone, "/srv/x.service/y"));
  EXPECT_FALSE(marks(alone, "/etc/cron.tab"));
  const char* below = "paths = ['/etc/']\npatterns = ['cron']\n";
  EXPECT_TRUE(marks(below, "/etc/cron.d/x"));
  EXPECT_FALSE(marks(below, "/srv/cron"));
}

// A rule's pattern is the whole path, as before.
TEST(SimpleRuleTest, NamesFitAsTheConditionHasThem) {
  const auto compiled = CompileText(std::string(kHead) +
                                    "\"file\"\npaths = ['/etc/', '/srv/x']\npatterns = ['*.d/a', "
                                    "'/etc/b', '/srv/x']\noperations = ['*']");
  ASSERT_NE(compiled.rules, nullptr);
  const Rule& rule = compiled.rules->rules()[0].rule;
  FileWrite write = testing::SampleWrite();
  int fits = 0;
  for (const char* path : {"/etc/b", "/etc/b/c", "/etc/x.d/a", "/etc/a", "/srv/x", "/srv/x/y.d/a",
                           "/srv/xx.d/a", "/x.d/a", "/etc", "/b", ""}) {
    write.resolved_path = path;
    EXPECT_EQ(FitsSimplePaths(rule, path), Fired(compiled, write) == Lines{"S"}) << path;
    fits += FitsSimplePaths(rule, path) ? 1 : 0;
  }
  EXPECT_EQ(fits, 4);
}

TEST(CompileRulesTest, ProcessTableTellsOfParentsAndAncestors) {
  ProcessTable table(100, 1);
  Process& init = table.Upsert({1, 0x10});
  table.SetImage(
      init, table.MakeImage({"/sbin/init", std::string_view("init\0splash\0", 12), "/", "", 7}));
  FileOpen e = testing::SampleOpen();
  Process& curl = table.Upsert(e.actor.process_id);
  curl.parent = {1, 0x10};
  table.SetImage(curl, table.MakeImage({"/usr/bin/curl", std::string_view("curl\0-k\0", 8), "/home",
                                        "pts0", 5}));
  const EvaluationContext context{.processes = &table};
  const auto holds = [&](std::string_view c) { return Holds(c, e, "file", context); };
  EXPECT_TRUE(holds("parent_name == 'init'"));
  EXPECT_TRUE(holds("parent_exe_path == '/sbin/init'"));
  EXPECT_TRUE(holds("parent_command_line == 'init splash'"));
  EXPECT_TRUE(holds("parent_name == 'init' and parent_command_line == 'init splash'"));
  EXPECT_TRUE(holds("command_line == 'curl -k' and args == '-k' and cwd == '/home'"));
  EXPECT_TRUE(holds("ancestors == '/sbin/init' and ancestor_names == 'init'"));
  EXPECT_TRUE(holds("loginuid == 5 and tty == 'pts0'"));
  EXPECT_FALSE(Holds("exists parent_name", e, "file"));
}

TEST(CompileRulesTest, CreatorIsNotLostWithAnAdoption) {
  ProcessTable table(100, 1);
  table.SetImage(table.Upsert({1, 0x10}), table.MakeImage({"/sbin/init"}));
  table.SetImage(table.Upsert({5, 5}),
                 table.MakeImage({"/usr/sbin/nginx", std::string_view("nginx\0-g\0x\0", 11)}));
  FileOpen e = testing::SampleOpen();
  e.actor.parent_process_id = ProcessKey{1, 0x10};
  table.Upsert(e.actor.process_id).creator = table.MakeCreator({5, 5}, {1, 0x10}, "worker");
  const EvaluationContext context{.processes = &table};
  const auto holds = [&](std::string_view c) { return Holds(c, e, "file", context); };
  EXPECT_TRUE(holds("parent_name == 'nginx' and parent_exe_path == '/usr/sbin/nginx'"));
  EXPECT_TRUE(holds("parent_comm == 'worker' and parent_command_line == 'nginx -g x'"));
  EXPECT_TRUE(holds("creator_name == 'nginx' and creator_exe_path == '/usr/sbin/nginx'"));
  EXPECT_TRUE(holds("creator_comm == 'worker' and creator_command_line == 'nginx -g x'"));
  EXPECT_TRUE(holds("creator_pid == 5 and adopted"));
  EXPECT_TRUE(holds("ancestors == '/usr/sbin/nginx' and ancestors == '/sbin/init'"));
  e.actor.parent_process_id = ProcessKey{5, 5};
  EXPECT_TRUE(holds("exists adopted and not adopted"));
  e.actor.process_id.pid = 77;
  EXPECT_FALSE(holds("exists creator_name or exists creator_pid or exists adopted"));
}

TEST(CompileRulesTest, ParentOfAStartIsItsCreator) {
  ProcessStart e = testing::SampleStart();
  e.parent_exe_path = "/sbin/init", e.parent_comm = "init";
  e.creator_exe_path = "/usr/sbin/nginx", e.creator_comm = "worker";
  EXPECT_TRUE(Holds("parent_exe_path == '/usr/sbin/nginx' and parent_comm == 'worker'", e));
  EXPECT_TRUE(Holds("parent_name == 'nginx' and creator_name == 'nginx' and adopted", e));
  e.creator_exe_path = e.creator_comm = std::nullopt;
  EXPECT_TRUE(Holds("parent_exe_path == '/sbin/init' and parent_comm == 'init'", e));
  EXPECT_FALSE(Holds("exists creator_name", e));
}

TEST(CompileRulesTest, PathsWithinFileSystems) {
  FileOpen open = testing::SampleOpen();
  open.resolved_path = "/tmp/mount/shadow";
  open.fs_path = "/etc/shadow";
  const auto holds = [&](std::string_view condition) { return Holds(condition, open, "file"); };
  EXPECT_TRUE(holds("paths == '/etc/shadow' and paths == '/tmp/mount/shadow'"));
  EXPECT_TRUE(holds("fs_path == '/etc/shadow' and mount_namespace_foreign"));
  EXPECT_FALSE(holds("path == '/etc/shadow'"));
  open.fs_path = std::nullopt;
  EXPECT_FALSE(holds("paths == '/etc/shadow' or exists fs_path"));
}

TEST(CompileRulesTest, ScriptOfAProgram) {
  ProcessStart e = testing::SampleStart();
  EXPECT_TRUE(Holds("script_path == '/usr/local/bin/fetch' and script_mode has 0o111", e));
  EXPECT_TRUE(Holds("script_memfd and script_unlinked and script_dev == '8:1'", e));
  EXPECT_TRUE(Holds("script_paths == 'memfd:run' and script_paths endswith '/fetch'", e));
  e.scripts->clear();
  EXPECT_FALSE(Holds("script_paths == 'memfd:run'", e));
  e.scripts = std::nullopt;
  EXPECT_FALSE(Holds("exists script_paths", e));

  ProcessTable table(100, 1);
  FileOpen open = testing::SampleOpen();
  ProgramImage image{"/usr/bin/dash"};
  image.script_path = "/opt/x";
  table.SetImage(table.Upsert(open.actor.process_id), table.MakeImage(image));
  const EvaluationContext context{.processes = &table};
  EXPECT_TRUE(Holds("script_path == '/opt/x'", open, "file", context));
  EXPECT_FALSE(Holds("exists script_path", open, "file"));
}

struct Mistake {
  std::string_view type, condition, message;
};

TEST(CompileRulesTest, MistakesAreToldWithTheirPlace) {
  const Mistake mistakes[] = {
      {"process", "commandline == 'x'",
       "c.toml:7:16: error: there is no field \"commandline\"; did you mean \"command_line\"?"},
      {"process", "uid == 0 and\n  pid == 'x'",
       "c.toml:8:10: error: pid is a number, and this is a text"},
      {"process", "comm == 5", "c.toml:7:24: error: comm is a text, and this is a number"},
      {"process", "comm < 'x'", "c.toml:7:21: error: < is for numbers; comm is a text"},
      {"process", "uid contains 'x'", "c.toml:7:20: error: contains is for texts; uid is a number"},
      {"process", "comm",
       "c.toml:7:16: error: comm is a text: compare it with something, or ask "
       "\"exists comm\""},
      {"process", "fileless == 1",
       "c.toml:7:28: error: fileless is a boolean, and this is a number"},
      {"process", "comm matches 'a(b'",
       "c.toml:7:30: error: not a regular expression: missing ): a(b"},
      {"process", "comm = 'x'", "c.toml:7:21: error: \"=\" is no operator; write \"==\""},
      {"process", "comm == 'x", "c.toml:7:24: error: a text that does not end"},
      {"process", "comm == \"\\q\"",
       "c.toml:7:25: error: no such escape; there are \\\\ \\\" \\n \\r \\t \\xHH, and none "
       "between "
       "' and '"},
      {"process", "(uid == 1", "c.toml:7:25: error: expected \")\"; found the end"},
      {"process", "uid == 1 uid == 2",
       "c.toml:7:25: error: expected and, or, or the end; found \"uid\""},
      {"process", "comm equals 'x'", "c.toml:7:21: error: expected an operator; found \"equals\""},
      {"process", "comm contians 'x'",
       "c.toml:7:21: error: expected an operator; found \"contians\"; did you mean \"contains\"?"},
      {"process", "comm in shells",
       "c.toml:7:24: error: there is no list \"shells\"; a text stands between quotes"},
      {"process", "args != 'x'",
       "c.toml:7:21: error: args is a list, of which one element always differs from another: "
       "write \"not args == ...\""},
      {"process", "all comm == 'x'", "c.toml:7:20: error: all is for lists; comm is a text"},
      {"process", "args[256] == 'x'", "c.toml:7:21: error: elements are numbered up to 255"},
      {"process", "args[x] == 'y'",
       "c.toml:7:21: error: expected which element: a number, the first is 0; found \"x\""},
      {"process", "args[-1] == 'y'",
       "c.toml:7:21: error: expected which element: a number, the first is 0; found \"-1\""},
      {"process", "args[1 == 'y'", "c.toml:7:23: error: expected \"]\"; found \"==\""},
      {"process", "args[0]", "c.toml:7:23: error: expected an operator; found the end"},
      {"process", "args[0] == 5", "c.toml:7:27: error: args[0] is a text, and this is a number"},
      {"process", "all args[0] == 'x'", "c.toml:7:20: error: all is for lists; args[0] is a text"},
      {"process", "comm[0] == 'x'",
       "c.toml:7:16: error: comm is a text; only lists have elements to be numbered"},
      {"process", "exists pid[0]",
       "c.toml:7:23: error: pid is a number; only lists have elements to be numbered"},
      {"process", "uid iin (1)", "c.toml:7:20: error: iin is for texts; uid is a number"},
      {"process", "uid ieq 1", "c.toml:7:20: error: ieq is for texts; uid is a number"},
      {"network", "addr iin cidr ('10.0.0.0/8')",
       "c.toml:7:25: error: addresses have no case: write \"in cidr (...)\""},
      {"process", "process_id == 'x'",
       "c.toml:7:27: error: process_id cannot be compared: only \"exists process_id\" can be "
       "asked"},
      {"process", "comm contains ''", "c.toml:7:30: error: every text contains the empty text"},
      {"process", "comm in cidr ('10.0.0.0/8')",
       "c.toml:7:21: error: in cidr is for addresses; comm is a text"},
      {"network", "addr in cidr ('10.0.0.1/8')",
       "c.toml:7:30: error: expected a network like \"10.0.0.0/8\" or \"fe80::/10\", without bits "
       "behind those that count"},
      {"process", "pid in (5..1)", "c.toml:7:27: error: a range that ends before it begins"},
      {"file", "flags has O_CREATE",
       "c.toml:7:26: error: there is no flag or list \"O_CREATE\"; did you mean \"O_CREAT\"?; a "
       "text stands between quotes"},
      {"process", "exe_mode has O_CREAT",
       "c.toml:7:29: error: exe_mode has mode bits (S_...); O_CREAT is one of the open flags "
       "(O_...)"},
      {"process", "event_type == 'process_begin'",
       "c.toml:7:30: error: there is no event type \"process_begin\"; did you mean "
       "\"process_exit\"?"},
      {"process", "signal == 9",
       "c.toml:7:16: error: no event that the rule looks at has the field signal (without "
       "\"events\", that is process_start); these have it: process_exit, agent_signal"},
      {"network", "exists port and old_path == 'x'",
       "c.toml:7:32: error: no event that the rule looks at has the field old_path; these have it: "
       "file_rename, mount, io_uring_operation"},
      {"network", "backlog == 1 and accepted_fd == 2",
       "c.toml:7:16: error: no network event has all of accepted_fd, backlog; name the events in "
       "\"events\", and a field that one of them lacks is absent there"},
  };
  for (const Mistake& m : mistakes) {
    EXPECT_EQ(CompileText(RuleText(m.condition, m.type)).diagnostics, Lines{std::string(m.message)})
        << m.condition;
  }
}

TEST(CompileRulesTest, RulesThatCanNeverMatchAreErrors) {
  for (const std::string_view condition :
       {"comm == 'a' and comm == 'b'", "uid == 1 and uid > 5", "uid in (1..3) and not uid < 9",
        "comm == 'ab' and comm startswith 'b'",
        "exe_path startswith '/a/' and exe_path startswith '/b'", "comm == 'a' and not comm == 'a'",
        "fileless and not fileless", "comm in ('a', 'b') and not comm in ('a', 'b', 'c')",
        "uid == 1 and not exists uid", "exe_path endswith '.a' and exe_path endswith '.b'",
        "(uid == 1 or uid == 2) and uid == 3", "args[0] == 'a' and args[0] == 'b'",
        "args[1] == 'a' and not exists args[1]"}) {
    const auto compiled = CompileText(RuleText(condition));
    ASSERT_EQ(compiled.diagnostics.size(), 1u) << condition;
    EXPECT_TRUE(compiled.diagnostics[0].find("the rule can never match") != std::string::npos)
        << compiled.diagnostics[0];
  }
  const auto of_other_type = CompileText(RuleText("event_type == 'file_open'"));
  ASSERT_EQ(of_other_type.diagnostics.size(), 2u);
  EXPECT_NE(of_other_type.diagnostics[0].find("never \"file_open\" in these events"),
            std::string::npos)
      << of_other_type.diagnostics[0];
  EXPECT_NE(of_other_type.diagnostics[1].find("the rule can never match"), std::string::npos)
      << of_other_type.diagnostics[1];
}

TEST(CompileRulesTest, RulesThatOnlySeemContradictoryAreNot) {
  for (const std::string_view condition :
       {"args == 'a' and args == 'b'", "args[0] == 'a' and args[1] == 'b'",
        "args == 'a' and args[0] == 'b'", "comm != 'a' and comm != 'b'",
        "exe_path startswith '/a' and exe_path startswith '/a/b'", "comm ieq 'A' and comm ieq 'a'",
        "not comm == 'a' and not comm == 'b'", "uid > 1 and uid < 3"}) {
    EXPECT_EQ(CompileText(RuleText(condition)).diagnostics, Lines{}) << condition;
  }
}

TEST(CompileRulesTest, RulesThatAlwaysFireAreWarnings) {
  EXPECT_EQ(CompileText(RuleText("comm == 'a' or not comm == 'a'")).diagnostics,
            Lines{"c.toml:7:16: warning: the rule fires for every event of: process_start"});
}

TEST(CompileRulesTest, MacrosThatLeadToThemselvesAreErrors) {
  EXPECT_EQ(CompileText("[macros]\na = 'b'\nb = 'a or uid == 1'\n" + RuleText("a")).diagnostics,
            Lines{"c.toml:3:6: error: the macro \"a\" leads to itself"});
}

TEST(CompileRulesTest, MacrosThatMultiplyAreBounded) {
  std::string text = "[macros]\nm0 = 'uid == 1 or uid == 2'\n";
  for (int i = 1; i < 20; ++i) {
    const std::string before = "m" + std::to_string(i - 1);
    text += "m" + std::to_string(i) + " = '" + before + " and " + before + "'\n";
  }
  const auto compiled = CompileText(text + RuleText("m19"));
  ASSERT_FALSE(compiled.diagnostics.empty());
  EXPECT_EQ(compiled.rules, nullptr);
  EXPECT_TRUE(compiled.diagnostics[0].find("more than 10000 parts") != std::string::npos);
}

TEST(CompileRulesTest, NestingIsBounded) {
  const std::string deep = std::string(100, '(') + "uid == 1" + std::string(100, ')');
  EXPECT_EQ(CompileText(RuleText(deep)).diagnostics,
            Lines{"c.toml:7:80: error: nested deeper than 64 levels"});
}

TEST(CompileRulesTest, NamesThatMeanSomethingElseAreErrors) {
  EXPECT_EQ(CompileText("[lists]\nuid = [1]\n").diagnostics,
            Lines{"c.toml:2:1: error: \"uid\" cannot be the name of a list: it is a field"});
  EXPECT_EQ(CompileText("[macros]\ncontains = 'uid == 1'\n").diagnostics,
            Lines{"c.toml:2:1: error: \"contains\" cannot be the name of a macro: it is a word of "
                  "the language"});
}

TEST(CompileRulesTest, HashIsOfWhatIsEvaluated) {
  const auto hash = [](std::string_view condition, std::string_view more = "") {
    return CompileText(RuleText(condition, "process", more)).rules->hash();
  };
  EXPECT_EQ(hash("uid == 1"), hash("uid == 1"));
  EXPECT_NE(hash("uid == 1"), hash("uid == 2"));
  EXPECT_NE(hash("uid == 1"), hash("uid == 1", "unless = 'pid == 1'"));
  EXPECT_EQ(hash("uid == 1", "enabled = false"), hash("uid == 2", "enabled = false"));
}

TEST(BuiltInRulesTest, CompileAndFire) {
  std::vector<Diagnostic> diagnostics;
  const auto rules = CompileRules(Config{}, diagnostics);
  ASSERT_NE(rules, nullptr);
  EXPECT_TRUE(diagnostics.empty());
  FileWrite write = testing::SampleWrite();
  write.resolved_path = "/etc/cron.d/x";
  EXPECT_EQ(Fired({rules, {}}, write), Lines{"BUILTIN-FILE-CRON-001"});
  write.resolved_path = "/run/systemd/system/x.service";
  EXPECT_EQ(Fired({rules, {}}, write), Lines{"BUILTIN-FILE-SYSTEMD-001"});
  NetworkConnect connect = testing::SampleConnect();
  connect.object.remote_port = 4444;
  EXPECT_EQ(Fired({rules, {}}, connect), Lines{"BUILTIN-NET-OUTBOUND-001"});
}

}  // namespace
}  // namespace randguard::compile_rules_test

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/detect/alert_folder.h"
#include "analyzer/output/sinks/journal.h"
#include "analyzer/pipeline/testing/stream.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "tests/support/fake_journal.h"
#include "tests/support/record_builder.h"

namespace randguard::pipeline_detection_test {
namespace {

using testing::BatchOf;
using testing::Bytes;
using testing::Each;
using testing::ExitOf;
using testing::ForkOf;
using testing::HeartbeatOf;
using testing::HelloOf;
using testing::kMs;
using testing::kStartNs;
using testing::Stream;
using testing::Texts;

struct Detection {
  Config config;
  std::shared_ptr<const RuleSet> rules;
};

Detection Compile(std::string_view text) {
  Detection out;
  const ConfigResult parsed = ParseConfig(text, "c.toml");
  EXPECT_TRUE(parsed.config.has_value());
  if (!parsed.config.has_value()) return out;
  out.config = *parsed.config;
  std::vector<Diagnostic> diagnostics;
  out.rules = CompileRules(out.config, diagnostics);
  EXPECT_NE(out.rules, nullptr) << FormatDiagnostic(diagnostics.empty() ? Diagnostic{}
                                                                        : diagnostics[0]);
  return out;
}

std::string RuleOf(std::string_view id, std::string_view type, std::string_view condition) {
  return "[[rules]]\nid = '" + std::string(id) + "'\nname = 'n'\nseverity = 'high'\ntype = '" +
         std::string(type) + "'\ncondition = \"" + std::string(condition) + "\"\n";
}

Bytes OpenAt(std::uint64_t time_ns, std::string_view path = "/etc/shadow") {
  auto open = testing::FileOpen();
  open.At(time_ns);
  open.Put(&rg_file::path, path);
  return open.Build();
}

constexpr std::uint64_t kSecond = 1000 * kMs;

TEST(PipelineDetectionTest, TheSensorsNameIsInEveryLineAndInRules) {
  const auto d = Compile("[agent]\nid = 'sensor \"7\"'\n" +
                         RuleOf("A", "file", "agent_id == 'sensor \\\"7\\\"'") +
                         RuleOf("B", "file", "agent_id == 'another' and path == '/etc/shadow'"));
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream,
              (BatchOf{.records = {OpenAt(kStartNs + 1)}, .lost = {{RG_KIND_file_open, 1}}}));
  Health health = stream.Filled();
  stream.pipeline().WriteHealth(health);
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "rule_id", "agent_id"}),
            (Texts{R"("loss" (no such field) "sensor \"7\"")",
                   R"("file_open" (no such field) "sensor \"7\"")", R"("alert" "A" "sensor \"7\"")",
                   R"("health" (no such field) "sensor \"7\"")"}));
}

TEST(PipelineDetectionTest, AlertsFollowTheirEventInTheOrderOfRules) {
  const auto d = Compile(RuleOf("B", "file", "path == '/etc/shadow'") +
                         RuleOf("A", "file", "operation == 'open'"));
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {OpenAt(kStartNs + 1), OpenAt(kStartNs + 2, "/etc/x")}}));
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "rule_id", "path"}),
            (Texts{"\"file_open\" (no such field) (no such field)",
                   "\"alert\" \"B\" \"/etc/shadow\"", "\"alert\" \"A\" \"/etc/shadow\"",
                   "\"file_open\" (no such field) (no such field)", "\"alert\" \"A\" \"/etc/x\""}));
  const Health health = stream.Filled();
  EXPECT_EQ(health.alerts_output, 3u);
  EXPECT_EQ(health.rules_enabled, 5u);
  EXPECT_EQ(health.rule_set_hash, d.rules->hash());
}

TEST(PipelineDetectionTest, AlertsAreCountedBySeverity) {
  const auto d = Compile(RuleOf("A", "file", "path == '/etc/shadow'") +
                         "[[rules]]\nid = 'B'\nname = 'n'\nseverity = 'low'\ntype = 'file'\n"
                         "condition = \"operation == 'open'\"\n");
  Stream stream(d.config, d.rules);
  EXPECT_EQ(stream.Filled().alerts_by_severity, Named<std::uint64_t>{});
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {OpenAt(kStartNs + 1), OpenAt(kStartNs + 2, "/etc/x")}}));
  EXPECT_EQ(stream.Filled().alerts_by_severity, (Named<std::uint64_t>{{"low", 2}, {"high", 1}}));
}

TEST(PipelineDetectionTest, AlertsNameTheRulesAuthor) {
  auto d = Compile(RuleOf("A", "file", "operation == 'open'") + "author = 'Ann'\n" +
                   "references = ['r']\nfalse_positives = ['f']\n");
  d.config.sigma_sources.files = {
      {"r.yml",
       "title: T\nid: S\nauthor: Bob\nlevel: low\nstatus: test\nreferences: [x]\n"
       "logsource: {category: file_access}\n"
       "detection: {s: {TargetFilename: /etc/shadow}, condition: s}\n"}};
  std::vector<Diagnostic> diagnostics;
  d.rules = CompileRules(d.config, diagnostics);
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {OpenAt(kStartNs + 1)}}));
  const Texts alerts = Each(
      stream.Lines(), {"rule_id", "rule_source", "rule_author", "rule_status", "rule_references"});
  ASSERT_EQ(alerts.size(), 3u);
  EXPECT_EQ(alerts[1], R"("A" (no such field) "Ann" (no such field) ["r"])");
  EXPECT_EQ(alerts[2], R"("S" "sigma" "Bob" "test" ["x"])");
  const Health health = stream.Filled();
  ASSERT_TRUE(health.sigma.has_value());
  EXPECT_EQ(health.sigma->loaded, 1u);
}

TEST(PipelineDetectionTest, RulesBelowTheLeastSeverityAreCounted) {
  const std::string rule =
      "[[rules]]\nid = 'I'\nname = 'n'\nseverity = 'informational'\n"
      "type = 'file'\ncondition = \"operation == 'open'\"\n";
  const auto d = Compile(rule);
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {OpenAt(kStartNs + 1)}}));
  EXPECT_EQ(stream.Filled().alerts_output, 0u);
  EXPECT_EQ(stream.Filled().alerts_below_severity, 1u);

  const auto all = Compile("[alerts]\nmin_severity = 'informational'\n" + rule);
  Stream others(all.config, all.rules);
  EXPECT_SENT(others, HelloOf{});
  EXPECT_SENT(others, (BatchOf{.records = {OpenAt(kStartNs + 1)}}));
  EXPECT_EQ(others.Filled().alerts_output, 1u);
  EXPECT_EQ(others.Filled().alerts_below_severity, std::nullopt);
}

std::string FileRule(std::string_view id, std::string_view operations) {
  return "[[rules]]\nid = '" + std::string(id) +
         "'\nname = 'n'\nseverity = 'high'\ntype = 'file'\npaths = ['/etc/cron.d', "
         "'/etc/shadow']\noperations = [" +
         std::string(operations) + "]\n";
}

Bytes Rename(std::uint64_t time_ns, std::string_view from, std::string_view to) {
  auto rename = testing::FileRename();
  rename.At(time_ns);
  rename.Put(&rg_file::path, from, RG_STR_LEXICAL);
  rename.Put(&rg_file::path2, to, RG_STR_LEXICAL);
  return rename.Build();
}

TEST(PipelineDetectionTest, AlertsNameTheOperationAsTheRuleDoes) {
  const auto d = Compile("[alerts]\nbuilt_in_rules = false\n" + FileRule("SHORT", "'open'") +
                         FileRule("LONG", "'file_write', 'file_open'") + FileRule("STAR", "'*'") +
                         FileRule("MIXED", "'open', 'file_unlink'") +
                         RuleOf("CONDITION", "file", "path == '/etc/shadow'"));
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {OpenAt(kStartNs + 1)}}));
  EXPECT_EQ(Each(stream.Lines("alert"), {"rule_id", "operation"}),
            (Texts{"\"SHORT\" \"open\"", "\"LONG\" \"file_open\"", "\"STAR\" \"file_open\"",
                   "\"MIXED\" \"open\"", "\"CONDITION\" \"open\""}));
}

TEST(PipelineDetectionTest, AnAlertsPathIsTheNameThatFits) {
  const auto d = Compile("[alerts]\nwindow_secs = 0\nbuilt_in_rules = false\n" +
                         FileRule("R", "'file_rename'") +
                         RuleOf("CONDITION", "file", "operation == 'rename'"));
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream,
              (BatchOf{.records = {Rename(kStartNs + 1, "/etc/cron.d/job", "/srv/job"),
                                   Rename(kStartNs + 2, "/srv/job", "/etc/cron.d/job"),
                                   Rename(kStartNs + 3, "/etc/cron.d/a", "/etc/cron.d/b")}}));
  EXPECT_EQ(Each(stream.Lines("alert"), {"rule_id", "path", "old_path", "operation"}),
            (Texts{R"("R" "/etc/cron.d/job" "/etc/cron.d/job" "file_rename")",
                   R"("CONDITION" "/srv/job" "/etc/cron.d/job" "rename")",
                   R"("R" "/etc/cron.d/job" "/srv/job" "file_rename")",
                   R"("CONDITION" "/etc/cron.d/job" "/srv/job" "rename")",
                   R"("R" "/etc/cron.d/b" "/etc/cron.d/a" "file_rename")",
                   R"("CONDITION" "/etc/cron.d/b" "/etc/cron.d/a" "rename")"}));
}

TEST(PipelineDetectionTest, BuiltInRulesNameOperationsAsTheyEverDid) {
  const auto d = Compile("");
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {Rename(kStartNs + 1, "/etc/crontab", "/root/x")}}));
  EXPECT_EQ(Each(stream.Lines("alert"), {"rule_id", "path", "operation"}),
            (Texts{R"("BUILTIN-FILE-CRON-001" "/etc/crontab" "file_rename")"}));
}

TEST(PipelineDetectionTest, AlertsReachTheJournalWithWhatCanBeSearchedFor) {
  const auto d = Compile(
      "[[rules]]\nid = 'FILE-7'\nname = 'Shadow file'\nseverity = 'critical'\ntype = 'file'\n"
      "tags = ['attack.credential_access', 'attack.t1003.008']\n"
      "condition = \"path == '/etc/shadow'\"\n");
  testing::FakeJournal journal;
  Stream stream(d.config, d.rules);
  auto connected = Journal::Connect(journal.path());
  ASSERT_TRUE(connected.ok()) << connected.status();
  stream.Add(std::make_unique<Journal>(*std::move(connected)));
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {OpenAt(kStartNs + 1), OpenAt(kStartNs + 2),
                                           OpenAt(kStartNs + 3, "/etc/x")}}));
  const auto entry = journal.Next();
  const auto lines = stream.Lines("alert");
  ASSERT_EQ(lines.size(), 1u);
  const auto is = [&entry](const char* name, const std::string& value) {
    ASSERT_EQ(entry.count(name), 1u) << name;
    EXPECT_EQ(entry.find(name)->second, value) << name;
  };
  is("PRIORITY", "2");
  is("RANDGUARD_SEVERITY", "critical");
  is("RANDGUARD_RULE_ID", "FILE-7");
  is("RANDGUARD_RULE_NAME", "Shadow file");
  is("RANDGUARD_RULE_TYPE", "file");
  is("RANDGUARD_SOURCE_EVENT_TYPE", "file_open");
  is("RANDGUARD_PATH", "/etc/shadow");
  is("RANDGUARD_OPERATION", "open");
  is("RANDGUARD_EVENT", lines[0].text());
  for (const auto& [name, member] :
       std::map<const char*, const char*>{{"RANDGUARD_PROCESS_ID", "process_id"},
                                          {"RANDGUARD_PROCESS_NAME", "process_name"},
                                          {"RANDGUARD_COMM", "comm"}}) {
    ASSERT_EQ(entry.count(name), 1u) << name;
    EXPECT_EQ("\"" + entry.find(name)->second + "\"", lines[0][member]) << name;
  }
  is("RANDGUARD_PID", lines[0]["pid"]);
  is("RANDGUARD_PPID", lines[0]["ppid"]);
  is("RANDGUARD_UID", lines[0]["uid"]);
  EXPECT_EQ(entry.count("RANDGUARD_PORT"), 0u);
  EXPECT_EQ(entry.count("RANDGUARD_FOLDED"), 0u);
  Texts tags;
  const auto [first, last] = entry.equal_range("RANDGUARD_TAG");
  for (auto tag = first; tag != last; ++tag) tags.push_back(tag->second);
  EXPECT_EQ(tags, (Texts{"attack.credential_access", "attack.t1003.008"}));

  EXPECT_TRUE(journal.Next().empty()) << "events are no alerts, the second alert is folded";
  stream.pipeline().EndSession();
  const auto summary = journal.Next();
  ASSERT_EQ(summary.count("RANDGUARD_FOLDED"), 1u);
  EXPECT_EQ(summary.find("RANDGUARD_FOLDED")->second, "1");
  EXPECT_TRUE(journal.Next().empty());
  EXPECT_EQ(stream.Filled().journal_failures, 0u);
}

TEST(PipelineDetectionTest, TheLimitOfTelemetryLimitsNoAlert) {
  const std::string rules = "[alerts]\nwindow_secs = 0\n" + RuleOf("A", "file", "uid == 1000");
  const auto count = [&](const std::string& more) {
    const auto d = Compile(more + rules);
    Stream stream(d.config, d.rules);
    EXPECT_SENT(stream, HelloOf{});
    BatchOf batch;
    for (std::uint64_t i = 0; i < 50; ++i) batch.records.push_back(OpenAt(kStartNs + i));
    EXPECT_SENT(stream, batch);
    return std::pair(stream.Lines("file_open").size(), stream.Lines("alert").size());
  };
  EXPECT_EQ(count(""), std::pair(std::size_t{50}, std::size_t{50}));
  EXPECT_EQ(count("[performance]\nmax_events_per_second = 1\n"),
            std::pair(std::size_t{1}, std::size_t{50}));
}

TEST(PipelineDetectionTest, RulesSeeEventsThatAreNotPrinted) {
  const auto d = Compile("[process]\nhooks = ['exit']\n" + RuleOf("A", "process", "uid == 1000"));
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {testing::ProcessExec().Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "source_event_type"}),
            Texts{"\"alert\" \"process_start\""});
}

TEST(PipelineDetectionTest, EitherModeWithRulesDetects) {
  for (const std::string mode : {"monitor", "detect"}) {
    const auto d =
        Compile("[agent]\nmode = '" + mode + "'\n" + RuleOf("A", "process", "uid == 1000"));
    Stream stream(d.config, d.rules);
    EXPECT_SENT(stream, HelloOf{});
    EXPECT_SENT(stream, BatchOf{.records = {testing::ProcessExec().Build()}});
    EXPECT_EQ(stream.Lines("alert").size(), 1u) << mode;
    EXPECT_NE(stream.Filled().rule_set_hash, std::nullopt) << mode;
    EXPECT_EQ(Name(stream.Filled().mode), mode);
  }
}

TEST(PipelineDetectionTest, TelemetryModeDetectsNothingAndHealthSaysSo) {
  const auto d = Compile("[agent]\nmode = 'telemetry'\n" + RuleOf("A", "process", "uid == 1000"));
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {testing::ProcessExec().Build()}});
  EXPECT_EQ(stream.Lines("process_start").size(), 1u);
  EXPECT_EQ(stream.Lines("alert").size(), 0u);
  EXPECT_EQ(stream.Filled().rule_set_hash, std::nullopt);
  EXPECT_EQ(stream.Filled().rules_enabled, 0u);
  EXPECT_EQ(stream.Filled().mode, AgentMode::kTelemetry);
}

TEST(PipelineDetectionTest, DetectionsMarkTheEvent) {
  const auto d = Compile(
      "[[detections.persistence]]\nname = 'shadow'\npaths = ['/etc/shadow']\n"
      "operations = ['open']\n");
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {OpenAt(kStartNs + 1), OpenAt(kStartNs + 2, "/etc/x")}}));
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "alert", "detection_type"}),
            (Texts{"\"file_open\" true \"shadow\"", "\"file_open\" false null"}));
}

TEST(PipelineDetectionTest, IdenticalAlertsAreFoldedWithinTheWindow) {
  const auto d = Compile("[alerts]\nwindow_secs = 10\n" + RuleOf("A", "file", "uid == 1000"));
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream,
              (BatchOf{.records = {OpenAt(kStartNs + 1 * kSecond), OpenAt(kStartNs + 2 * kSecond),
                                   OpenAt(kStartNs + 3 * kSecond, "/etc/x"),
                                   OpenAt(kStartNs + 4 * kSecond)},
                       .drained_ns = kStartNs + 5 * kSecond}));
  EXPECT_EQ(stream.Lines("alert").size(), 2u);
  EXPECT_SENT(stream, HeartbeatOf({}, kStartNs + 10 * kSecond));
  EXPECT_EQ(stream.Lines("alert").size(), 2u) << "the window lasts until 11 s";
  EXPECT_SENT(stream, HeartbeatOf({}, kStartNs + 30 * kSecond));
  // The other one was alone.
  EXPECT_EQ(Each(stream.Lines("alert"), {"path", "count", "folded", "timestamp_ns"}),
            (Texts{"\"/etc/shadow\" 1 false 61000000000", "\"/etc/x\" 1 false 63000000000",
                   "\"/etc/shadow\" 2 true 64000000000"}));
  const Health health = stream.Filled();
  EXPECT_EQ(health.alerts_output, 3u);
  EXPECT_EQ(health.alerts_folded, 2u);
  EXPECT_SENT(
      stream,
      (BatchOf{.sequence = 1,
               .first_record = 4,
               .records = {OpenAt(kStartNs + 31 * kSecond), OpenAt(kStartNs + 32 * kSecond)},
               .drained_ns = kStartNs + 33 * kSecond}));
  stream.pipeline().EndSession();
  EXPECT_EQ(Each(stream.Lines("alert"), {"count", "folded"}),
            (Texts{"1 false", "1 false", "2 true", "1 false", "1 true"}))
      << "the end of the session ends all windows";
}

TEST(PipelineDetectionTest, FoldedAlertsAreBounded) {
  const auto d = Compile("[alerts]\nmax_folded = 2\n" + RuleOf("A", "file", "uid == 1000"));
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {OpenAt(kStartNs + 1), OpenAt(kStartNs + 2),
                                           OpenAt(kStartNs + 3, "/etc/b"),
                                           OpenAt(kStartNs + 4, "/etc/c")}}));
  EXPECT_EQ(Each(stream.Lines("alert"), {"path", "folded"}),
            (Texts{"\"/etc/shadow\" false", "\"/etc/b\" false", "\"/etc/shadow\" true",
                   "\"/etc/c\" false"}));
  EXPECT_EQ(stream.Filled().alert_windows_ended_early, 1u);
}

// How many alerts are written at once when both happen, the second one a second after the first.
std::size_t WrittenAtOnce(Bytes first, Bytes second) {
  const auto d =
      Compile(RuleOf("A", "file", "uid == 1000") + RuleOf("B", "process", "uid == 1000") +
              "events = ['process_start', 'process_access', 'agent_signal', "
              "'module_load', 'mount', 'credentials_change', 'bpf_operation']\n" +
              RuleOf("C", "network", "uid == 1000"));
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  const auto at = [](Bytes& record, std::uint64_t time_ns) {
    reinterpret_cast<rg_header*>(record.data())->time_ns = time_ns;
  };
  at(first, kStartNs + kSecond);
  at(second, kStartNs + 2 * kSecond);
  EXPECT_SENT(stream, (BatchOf{.records = {first, second}, .drained_ns = kStartNs + 3 * kSecond}));
  std::size_t written = 0;
  for (const auto& text : Each(stream.Lines("alert"), {"folded"})) written += text == "false";
  return written;
}

// Two records that differ in what `change` does to the second.
template <typename Body, typename Change>
std::size_t WithAnother(testing::RecordBuilder<Body> record, Change&& change) {
  const Bytes first = record.Build();
  change(record);
  return WrittenAtOnce(first, record.Build());
}

TEST(PipelineDetectionTest, WhatMeansSomethingElseIsNotFolded) {
  // A file: what was done to it, how, and whether it worked.
  EXPECT_EQ(WithAnother(testing::FileOpen(), [](auto& r) { r.body.args[2] = 0; }), 2u)
      << "opened for reading, then for writing";
  EXPECT_EQ(WithAnother(testing::FileOpen(), [](auto& r) { r.body.call = RG_CALL_openat2; }), 2u)
      << "another event type";
  EXPECT_EQ(WithAnother(testing::FileOpen(), [](auto& r) { r.body.result = -13; }), 2u)
      << "refused";
  EXPECT_EQ(
      WithAnother(testing::FileOpen(), [](auto& r) { r.Put(&rg_file::path, "/etc/ssh/other"); }),
      2u);
  EXPECT_EQ(WithAnother(testing::FileOpen(), [](auto& r) { r.body.owner_uid = 0; }), 2u);
  EXPECT_EQ(WithAnother(testing::FileRename(),
                        [](auto& r) { r.Put(&rg_file::path, "/etc/other", RG_STR_LEXICAL); }),
            2u)
      << "another old name";
  EXPECT_EQ(WithAnother(testing::FileChange(), [](auto& r) { r.body.args[2] = 0; }), 2u)
      << "given to another user";
  {
    auto open = testing::FileOpen();
    auto write = testing::FileWrite();
    EXPECT_EQ(WrittenAtOnce(open.Build(), write.Build()), 2u) << "another operation";
  }
  // Another user.
  EXPECT_EQ(WithAnother(testing::FileOpen(), [](auto& r) { r.body.hdr.gid = 0; }), 2u);
  EXPECT_EQ(WithAnother(testing::FileOpen(), [](auto& r) { r.body.hdr.euid = 0; }), 1u)
      << "not a field of file events";
  // Another process that it was done to.
  EXPECT_EQ(WithAnother(testing::ProcessAccess(), [](auto& r) { r.body.target_pid = 800; }), 2u);
  EXPECT_EQ(WithAnother(testing::ProcessAccess(), [](auto& r) { r.body.args[0] = 4; }), 2u)
      << "attached, then wrote memory";
  EXPECT_EQ(WithAnother(testing::AgentSignal(), [](auto& r) { r.body.args[1] = 19; }), 2u);
  EXPECT_EQ(
      WithAnother(testing::ModuleLoad(), [](auto& r) { r.Put(&rg_behaviour::name, "rootkit"); }),
      2u);
  EXPECT_EQ(WithAnother(testing::MountRecord(),
                        [](auto& r) { r.Put(&rg_behaviour::path, "/etc", RG_STR_LEXICAL); }),
            2u);
  EXPECT_EQ(WithAnother(testing::CredentialsChange(), [](auto& r) { r.body.after.euid = 0; }), 2u);
  EXPECT_EQ(WithAnother(testing::BpfOperation(), [](auto& r) { r.body.object_type = 2; }), 2u);
  // A program: how it was started, and from where.
  EXPECT_EQ(
      WithAnother(testing::ProcessExec(),
                  [](auto& r) {
                    r.Put(&rg_process::args, testing::ListOf({"curl", "-s http://example.org/"}));
                  }),
      2u)
      << "the same text, but other arguments";
  EXPECT_EQ(WithAnother(testing::ProcessExec(), [](auto& r) { r.Put(&rg_process::cwd, "/"); }), 2u);
  EXPECT_EQ(WithAnother(testing::ProcessExec(),
                        [](auto& r) { r.Put(&rg_process::env, testing::ListOf({"LANG=other"})); }),
            2u);
  EXPECT_EQ(WithAnother(testing::ProcessExec(), [](auto& r) { r.body.login_uid = 7; }), 2u);
  EXPECT_EQ(WithAnother(testing::ProcessExec(), [](auto& r) { r.body.cap_effective = 77; }), 2u);
  // The network.
  EXPECT_EQ(WithAnother(testing::NetworkConnect(), [](auto& r) { r.body.remote_port = 4445; }), 2u);
  EXPECT_EQ(WithAnother(testing::NetworkConnect(), [](auto& r) { r.body.remote_addr[3] ^= 1; }),
            2u);
  EXPECT_EQ(WithAnother(testing::NetworkConnect(), [](auto& r) { r.body.result = -111; }), 2u);
}

TEST(PipelineDetectionTest, AnotherOccasionOfTheSameIsFolded) {
  EXPECT_EQ(WithAnother(testing::FileOpen(),
                        [](auto& r) {
                          r.By(77, 700, 78).ChildOf(5, 6);
                          r.body.result = 9;
                          r.body.inode = 12;
                          r.body.args[0] = 8;
                        }),
            1u);
  EXPECT_EQ(WithAnother(testing::FileWrite(),
                        [](auto& r) {
                          r.body.args[2] = 100;
                          r.body.args[3] = 4096;
                          r.body.result = 100;
                        }),
            1u);
  EXPECT_EQ(WithAnother(testing::NetworkConnect(),
                        [](auto& r) {
                          r.body.local_port = 50000;
                          r.body.socket = 99;
                          r.body.fd = 17;
                        }),
            1u);
}

TEST(PipelineDetectionTest, FoldedAlertsAreBoundedInBytes) {
  const auto d = Compile("[alerts]\nmax_folded = 1000000\n" + RuleOf("A", "file", "uid == 1000"));
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  constexpr std::size_t kPath = 4000;
  const std::size_t count = 2 * AlertFolder::kMaxBytes / kPath;
  std::uint64_t sequence = 0, made = 0;
  while (made < count) {
    std::vector<Bytes> records;
    for (int i = 0; i < 60; ++i, ++made) {
      const std::string path = "/etc/" + std::to_string(made) + "/" + std::string(kPath - 20, 'x');
      records.push_back(OpenAt(kStartNs + made + 1, path));
    }
    EXPECT_SENT(stream, (BatchOf{.sequence = sequence++,
                                 .first_record = made - records.size(),
                                 .records = records}));
  }
  EXPECT_GT(stream.Filled().alert_windows_ended_early, count / 2);
  EXPECT_LT(stream.Filled().alert_windows_ended_early, count);
}

TEST(PipelineDetectionTest, OtherRulesTakeOverBetweenMessages) {
  const auto first = Compile(RuleOf("A", "file", "uid == 1000"));
  const auto second = Compile(RuleOf("B", "file", "uid == 1000"));
  Stream stream(first.config, first.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {OpenAt(kStartNs + 1), OpenAt(kStartNs + 2)}}));
  stream.pipeline().SetRules(second.rules);
  EXPECT_SENT(stream, (BatchOf{.sequence = 1,
                               .first_record = 2,
                               .records = {OpenAt(kStartNs + 3)},
                               .drained_ns = kStartNs + 1001 * kMs}));
  stream.pipeline().EndSession();
  // The summary names the rule that folded the alerts, although another rule is in force by then.
  EXPECT_EQ(Each(stream.Lines("alert"), {"rule_id", "folded"}),
            (Texts{"\"A\" false", "\"B\" false", "\"A\" true"}));
}

TEST(PipelineDetectionTest, ShellOfAWebServerFiresOnceAtItsExec) {
  const auto d = Compile(
      "[[rules]]\nid = 'P'\nname = 'n'\nseverity = 'high'\ntype = 'process'\n"
      "parent_names = ['nginx']\nprocess_names = ['sh']\n");
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  auto server = testing::ProcessSnapshot();
  server.By(100, 20).ChildOf(1, 10).At(kStartNs);
  server.Put(&rg_process::exe_path, "/usr/sbin/nginx");
  EXPECT_SENT(stream, testing::MakeSnapshot({server.Build()}));
  auto shell = testing::ProcessExec();
  shell.By(200, 30).ChildOf(100, 20).At(kStartNs + 20);
  shell.Put(&rg_process::exe_path, "/usr/bin/sh");
  EXPECT_SENT(stream,
              (BatchOf{.records = {ForkOf(100, 20, 200, 30, kStartNs + 10).Build(), shell.Build(),
                                   ExitOf(200, 30, kStartNs + 30).Build()}}));
  EXPECT_EQ(Each(stream.Lines("alert"), {"pid", "process_name", "parent_name"}),
            Texts{"200 \"sh\" \"nginx\""});
}

}  // namespace
}  // namespace randguard::pipeline_detection_test

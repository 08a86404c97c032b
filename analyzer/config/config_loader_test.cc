// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/config/config.h"

namespace randguard::config_loader_test {
namespace {

using Lines = std::vector<std::string>;

Lines Diagnose(std::string_view text) {
  Lines lines;
  for (const Diagnostic& diagnostic : ParseConfig(text, "c.toml").diagnostics) {
    lines.push_back(FormatDiagnostic(diagnostic));
  }
  return lines;
}

Config Parse(std::string_view text) {
  const ConfigResult result = ParseConfig(text, "c.toml");
  for (const Diagnostic& diagnostic : result.diagnostics) {
    ADD_FAILURE() << FormatDiagnostic(diagnostic);
  }
  return result.config.value_or(Config{});
}

TEST(ParseConfigTest, EmptyTextIsTheDefault) { EXPECT_EQ(Parse(""), Config{}); }

TEST(ParseConfigTest, ValuesAreRead) {
  const Config config = Parse(R"(
[agent]
id = "host-7"
mode = "monitor"
log_level = "warn"
[ebpf]
buffer_size = 100
[process]
hooks = ["exit", "execve"]
collect_env = true
env_names = ["LD_PRELOAD", "PATH"]
threads = false
[output]
type = "file"
path = "/var/log/rand-guard/events.ndjson"
[performance]
max_events_per_second = 0
)");
  EXPECT_EQ(config.agent.id, "host-7");
  EXPECT_EQ(config.agent.mode, AgentMode::kMonitor);
  EXPECT_EQ(config.agent.log_level, LogLevel::kWarn);
  EXPECT_EQ(config.ebpf.buffer_size, 100u);
  EXPECT_EQ(config.process.hooks, (std::vector{ProcessHook::kExit, ProcessHook::kExecve}));
  EXPECT_TRUE(config.process.collect_env);
  EXPECT_EQ(config.process.env_names, (std::vector<std::string>{"LD_PRELOAD", "PATH"}));
  EXPECT_FALSE(config.process.threads);
  EXPECT_EQ(config.output.type, OutputType::kFile);
  EXPECT_EQ(config.output.path, "/var/log/rand-guard/events.ndjson");
  EXPECT_EQ(config.performance.max_events_per_second, 0u);
}

TEST(ParseConfigTest, WatchPatternsAreNoneBesideWrittenPaths) {
  EXPECT_TRUE(Parse("[file]\nwatch_paths = [\"/opt\"]\n").file.watch_patterns.empty());
  EXPECT_FALSE(Parse("[file]\nexclude_paths = [\"/opt\"]\n").file.watch_patterns.empty());
}

TEST(ParseConfigTest, UnknownTableIsSuggested) {
  EXPECT_EQ(Diagnose("[agnet]\nid = \"x\"\n"),
            Lines{"c.toml:1:2: error: unknown table \"agnet\"; did you mean \"agent\"? allowed: "
                  "\"agent\", \"ebpf\", \"events\", \"process\", \"file\", \"network\", "
                  "\"outputs\", \"output\", "
                  "\"metrics\", \"performance\", \"alerts\", \"rules\", \"lists\", \"macros\", "
                  "\"detections\", "
                  "\"sigma\""});
}

TEST(ParseConfigTest, UnknownKeyIsSuggested) {
  EXPECT_EQ(
      Diagnose("[agent]\nid = \"x\"\n  log_levle = \"info\"\n"),
      Lines{"c.toml:3:3: error: agent: unknown key \"log_levle\"; did you mean \"log_level\"? "
            "allowed in agent: id, mode, log_level, canary_secs"});
}

TEST(ParseConfigTest, UnknownKeyFarFromAllIsNotSuggested) {
  EXPECT_EQ(
      Diagnose("[events]\ntelemetry = true\n"),
      Lines{"c.toml:2:1: error: events: unknown key \"telemetry\"; allowed in events: process, "
            "file, network"});
}

TEST(ParseConfigTest, KeyOutsideOfTablesIsUnknown) {
  const Lines lines = Diagnose("mode = \"detect\"\n");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].starts_with("c.toml:1:1: error: unknown key \"mode\"; allowed: \"agent\""));
}

TEST(ParseConfigTest, UnknownValueIsSuggested) {
  EXPECT_EQ(
      Diagnose("[agent]\nmode = \"Detct\"\n"),
      Lines{"c.toml:2:8: error: agent.mode: unknown value \"Detct\"; did you mean \"detect\"? "
            "allowed: \"monitor\", \"detect\", \"telemetry\""});
}

TEST(ParseConfigTest, WrongTypeIsReportedWithBoth) {
  EXPECT_EQ(Diagnose("[process]\ncollect_args = \"yes\"\n"),
            Lines{"c.toml:2:16: error: process.collect_args: expected boolean, found string"});
  EXPECT_EQ(Diagnose("[ebpf]\nbuffer_size = 1.5\n"),
            Lines{"c.toml:2:15: error: ebpf.buffer_size: expected integer, found float"});
  EXPECT_EQ(Diagnose("[process]\nhooks = \"exit\"\n"),
            Lines{"c.toml:2:9: error: process.hooks: expected array, found string"});
}

TEST(ParseConfigTest, WrongTypeInAListPointsAtTheItem) {
  EXPECT_EQ(Diagnose("[process]\nhooks = [\"exit\",\n  7]\n"),
            Lines{"c.toml:3:3: error: process.hooks: expected string, found integer"});
}

TEST(ParseConfigTest, TableThatIsNoneIsAnError) {
  EXPECT_EQ(Diagnose("agent = \"x\"\n"),
            Lines{"c.toml:1:9: error: agent: expected table, found string"});
  EXPECT_EQ(Diagnose("detections = 1\n"),
            Lines{"c.toml:1:14: error: detections: expected table, found integer"});
}

TEST(ParseConfigTest, IntegersHaveRanges) {
  const std::string error =
      "c.toml:2:15: error: ebpf.buffer_size: out of range; allowed: 64 to 1048576 KiB";
  EXPECT_EQ(Diagnose("[ebpf]\nbuffer_size = 63\n"), Lines{error});
  EXPECT_EQ(Diagnose("[ebpf]\nbuffer_size = 1048577\n"), Lines{error});
  EXPECT_EQ(Diagnose("[ebpf]\nbuffer_size = -1\n"), Lines{error});
  EXPECT_EQ(Diagnose("[ebpf]\nbuffer_size = 99999999999999999999\n"), Lines{error});
  EXPECT_EQ(Diagnose("[ebpf]\nbuffer_size = 64\ncritical_buffer_size = 1048576\n"), Lines{});
  EXPECT_EQ(
      Diagnose("[performance]\nmax_process_cache_entries = 63\n"),
      Lines{"c.toml:2:29: error: performance.max_process_cache_entries: out of range; allowed: "
            "64 to 4194304"});
  EXPECT_EQ(
      Diagnose("[performance]\nmax_pending_exec_sources = 0\n"),
      Lines{"c.toml:2:28: error: performance.max_pending_exec_sources: out of range; allowed: "
            "1 to 1000000"});
}

TEST(ParseConfigTest, AValueForAKeyWithoutEffectIsAWarning) {
  EXPECT_EQ(Diagnose("[performance]\nmax_pending_exec_sources = 500\n"), Lines{});
  EXPECT_EQ(Diagnose("[performance]\nmax_pending_exec_sources = 499\n"),
            Lines{"c.toml:2:28: warning: performance.max_pending_exec_sources: has no effect: "
                  "nothing waits for its exec source any more, each record carries its own"});
  EXPECT_TRUE(
      ParseConfig("[performance]\nmax_pending_exec_sources = 499\n", "c.toml").config.has_value());
}

TEST(ParseConfigTest, ProcessCollectionCannotBeOff) {
  const std::string why =
      "process collection cannot be turned off, every other event names its process; must be true";
  EXPECT_EQ(Diagnose("[events]\nprocess = false\n"),
            Lines{"c.toml:2:11: error: events.process: " + why});
  EXPECT_EQ(Diagnose("[process]\nenabled = false\n"),
            Lines{"c.toml:2:11: error: process.enabled: " + why});
}

TEST(ParseConfigTest, SwitchesMustAgree) {
  EXPECT_EQ(Diagnose("[events]\nfile = true\n[file]\nenabled = false\n"),
            Lines{"c.toml:2:8: error: events.file: events.file is true, but file.enabled is false; "
                  "they must be equal"});
  EXPECT_EQ(Diagnose("[events]\nfile = false\n[file]\nenabled = true\n"),
            Lines{"c.toml:2:8: error: events.file: events.file is false, but file.enabled is true; "
                  "they must be equal"});
  EXPECT_EQ(
      Diagnose("[events]\nnetwork = true\n"),
      Lines{"c.toml:2:11: error: events.network: events.network is true, but network.enabled is "
            "false (by default); they must be equal"});
  EXPECT_EQ(Diagnose("[network]\nenabled = true\n"),
            Lines{"c.toml:2:11: error: network.enabled: events.network is false (by default), but "
                  "network.enabled is true; they must be equal"});
  EXPECT_EQ(Diagnose("[events]\nnetwork = true\n[network]\nenabled = true\n"), Lines{});
}

TEST(ParseConfigTest, HookOfAnotherTableIsAnError) {
  EXPECT_EQ(Diagnose("[process]\nhooks = [\"exit\", \"connect\"]\n"),
            Lines{"c.toml:2:18: error: process.hooks: unknown value \"connect\"; it is a hook of "
                  "[network]; allowed: \"execve\", \"execveat\", \"fork\", \"exit\""});
  EXPECT_EQ(Diagnose("[network]\nhooks = [\"openat\"]\n"),
            Lines{"c.toml:2:10: error: network.hooks: unknown value \"openat\"; it is a hook of "
                  "[file]; allowed: \"connect\", \"bind\", \"listen\", \"accept\", \"accept4\", "
                  "\"sendto\", \"sendmsg\", \"sendmmsg\", \"recvfrom\", \"recvmsg\", \"recvmmsg\", "
                  "\"close\", \"socket\""});
}

TEST(ParseConfigTest, UnknownHookIsSuggested) {
  EXPECT_EQ(
      Diagnose("[network]\nhooks = [\"conect\"]\n"),
      Lines{"c.toml:2:10: error: network.hooks: unknown value \"conect\"; did you mean "
            "\"connect\"? allowed: \"connect\", \"bind\", \"listen\", \"accept\", \"accept4\", "
            "\"sendto\", \"sendmsg\", \"sendmmsg\", \"recvfrom\", \"recvmsg\", \"recvmmsg\", "
            "\"close\", \"socket\""});
}

TEST(ParseConfigTest, RepeatedHookIsAWarning) {
  const ConfigResult result = ParseConfig("[process]\nhooks = [\"exit\", \"exit\"]\n", "c.toml");
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(FormatDiagnostic(result.diagnostics[0]),
            "c.toml:2:18: warning: process.hooks: repeated in this list");
  ASSERT_TRUE(result.config.has_value());
  EXPECT_EQ(result.config->process.hooks, std::vector{ProcessHook::kExit});
}

TEST(ParseConfigTest, HooksOfAnEnabledTableAreNotEmpty) {
  EXPECT_EQ(
      Diagnose("[process]\nhooks = []\n"),
      Lines{"c.toml:2:9: error: process.hooks: must not be empty while process.enabled is true; "
            "without it, all hooks are on"});
  EXPECT_EQ(Diagnose("[network]\nhooks = []\n"), Lines{});
}

TEST(ParseConfigTest, EnvironmentNeedsNames) {
  const std::string error =
      "c.toml:2:15: error: process.collect_env: needs process.env_names: the 1 to 64 variables to "
      "keep";
  EXPECT_EQ(Diagnose("[process]\ncollect_env = true\n"), Lines{error});
  EXPECT_EQ(Diagnose("[process]\ncollect_env = true\nenv_names = []\n"), Lines{error});
  EXPECT_EQ(Diagnose("[process]\ncollect_env = true\nenv_names = [\"A\"]\n"), Lines{});
}

TEST(ParseConfigTest, EnvironmentNamesAreChecked) {
  EXPECT_EQ(Diagnose("[process]\nenv_names = [\"A=B\"]\n"),
            Lines{"c.toml:2:14: error: process.env_names: \"A=B\" must be the name alone, without "
                  "\"=\""});
  EXPECT_EQ(Diagnose("[process]\nenv_names = [\"\"]\n"),
            Lines{"c.toml:2:14: error: process.env_names: \"\" must have 1 to 63 bytes"});
  const std::string longest(63, 'A');
  EXPECT_EQ(Diagnose("[process]\ncollect_env = true\nenv_names = [\"" + longest + "\"]\n"),
            Lines{});
  EXPECT_EQ(
      Diagnose("[process]\nenv_names = [\"A" + longest + "\"]\n"),
      Lines{"c.toml:2:14: error: process.env_names: \"A" + longest + "\" must have 1 to 63 bytes"});
}

TEST(ParseConfigTest, EnvironmentNamesAreAtMost64) {
  std::string names;
  for (int i = 0; i < 64; ++i) names += "\"V" + std::to_string(i) + "\", ";
  EXPECT_EQ(Diagnose("[process]\ncollect_env = true\nenv_names = [" + names + "]\n"), Lines{});
  EXPECT_EQ(Diagnose("[process]\nenv_names = [" + names + "\"V64\"]\n"),
            Lines{"c.toml:2:13: error: process.env_names: has 65 items; at most 64 are allowed"});
}

TEST(ParseConfigTest, DnsAndPayloadAreRefused) {
  EXPECT_EQ(Diagnose("[network]\ncollect_dns = true\ncollect_payload = true\n"),
            (Lines{"c.toml:2:15: error: network.collect_dns: is not implemented yet; must be false",
                   "c.toml:3:19: error: network.collect_payload: is not implemented yet; must be "
                   "false"}));
}

TEST(ParseConfigTest, FormatIsOneOfThree) {
  EXPECT_EQ(Parse("").output.format, OutputFormat::kJson);
  EXPECT_EQ(Parse("[output]\nformat = \"json\"\n").output.format, OutputFormat::kJson);
  EXPECT_EQ(Parse("[output]\nformat = \"ecs\"\n").output.format, OutputFormat::kEcs);
  EXPECT_EQ(Parse("[output]\nformat = \"ocsf\"\n").output.format, OutputFormat::kOcsf);
  EXPECT_EQ(Diagnose("[output]\nformat = \"xml\"\n"),
            Lines{"c.toml:2:10: error: output.format: unknown value \"xml\"; allowed: \"json\", "
                  "\"ecs\", \"ocsf\""});
}

TEST(ParseConfigTest, SegmentsOmitWhatIsEmptyUnlessToldOtherwise) {
  const auto omits = [](const std::string& keys) {
    return Parse("[output]\ntype = \"file\"\npath = \"/var/log/x.ndjson\"\n" + keys)
        .output.omit_empty;
  };
  EXPECT_FALSE(omits(""));
  EXPECT_TRUE(omits("omit_empty = true\n"));
  EXPECT_TRUE(omits("rotation = \"segments\"\n"));
  EXPECT_FALSE(omits("rotation = \"segments\"\nomit_empty = false\n"));
  EXPECT_FALSE(omits("rotation = \"segments\"\nformat = \"ecs\"\n"));
}

TEST(ParseConfigTest, FurtherOutputs) {
  const auto outputs = Parse(R"([output]
type = "file"
path = "/var/log/x.ndjson"
[[outputs]]
name = "siem"
path = "/var/log/ecs.ndjson"
format = "ecs"
kinds = ["alert", "loss"]
rotation = "segments"
[[outputs]]
name = "local"
type = "syslog"
[[outputs]]
name = "copy"
path = "/var/log/copy.ndjson"
rotation = "segments"
)")
                           .outputs;
  ASSERT_EQ(outputs.size(), 3u);
  EXPECT_EQ(outputs[0].format, OutputFormat::kEcs);
  EXPECT_EQ(outputs[0].kinds, (std::vector{LineKind::kAlert, LineKind::kLoss}));
  EXPECT_FALSE(outputs[0].omit_empty);
  EXPECT_EQ(outputs[1].path, kSyslogSocket);
  EXPECT_TRUE(outputs[1].kinds.empty()) << "all";
  EXPECT_TRUE(outputs[2].omit_empty);
}

TEST(ParseConfigTest, MistakesInFurtherOutputs) {
  const std::string first = "[output]\ntype = \"file\"\npath = \"/l/x\"\n";
  const auto errors = [&](const std::string& more) { return Diagnose(first + more); };
  EXPECT_EQ(errors("[[outputs]]\npath = \"/l/y\"\n"),
            Lines{"c.toml:4:1: error: outputs.name: missing; [[outputs]] needs it"});
  EXPECT_EQ(errors("[[outputs]]\nname = \"a\"\n"),
            Lines{"c.toml:4:1: error: outputs.path: needed when type is \"file\": the file to "
                  "write to"});
  const std::string shared =
      "is the file of another output, or the name of an old file of one of the two; each needs a "
      "file of its own";
  for (const char* path : {"/l/x", "/l//x", "/l/x.1"}) {
    EXPECT_EQ(errors("[[outputs]]\nname = \"a\"\npath = \"" + std::string(path) + "\"\n"),
              Lines{"c.toml:6:8: error: outputs.path: " + shared})
        << path;
  }
  EXPECT_EQ(errors("[[outputs]]\nname = \"a\"\npath = \"/l/y\"\n"
                   "[[outputs]]\nname = \"a\"\npath = \"/l/y\"\n"),
            (Lines{"c.toml:8:8: error: outputs.name: is the name of another one of them",
                   "c.toml:9:8: error: outputs.path: " + shared}));
  EXPECT_EQ(errors("[[outputs]]\nname = \"a\"\ntype = \"journald\"\nkinds = [\"loss\"]\n"),
            Lines{"c.toml:7:9: error: outputs.kinds: must have \"alert\" when type is "
                  "\"journald\": nothing else goes there"});
  EXPECT_EQ(errors("[[outputs]]\nname = \"a\"\ntype = \"syslog\"\nkinds = [\"all\"]\n"),
            Lines{"c.toml:7:10: error: outputs.kinds: unknown value \"all\"; allowed: \"event\", "
                  "\"alert\", \"loss\", \"health\", \"canary\""});
  EXPECT_EQ(
      errors("[[outputs]]\nname = \"a\"\ntype = \"syslog\"\nrotate_size = 5\n"),
      Lines{"c.toml:7:15: warning: outputs.rotate_size: has no effect: lines are not written to "
            "a file"});
  EXPECT_EQ(errors("[[outputs]]\nname = \"a\"\ntype = \"syslog\"\npath = \"log\"\n"),
            Lines{"c.toml:7:8: error: outputs.path: must be a unix socket: a path from / on, of at "
                  "most 107 bytes"});
  EXPECT_EQ(errors("[[outputs]]\nname = \"a\"\nrotation = \"segments\"\npath = \"/l/x.zst\"\n"),
            Lines{"c.toml:7:8: error: outputs.path: must not end in \".zst\" when rotation is "
                  "\"segments\": compressed ones do"});
  EXPECT_EQ(errors("[[outputs]]\nname = \"a\"\nrotation = \"segments\"\npath = \"/l/y.a\"\n"
                   "[[outputs]]\nname = \"b\"\nrotation = \"segments\"\npath = \"/l/y.b\"\n"),
            Lines{"c.toml:11:8: error: outputs.path: " + shared});
  EXPECT_EQ(errors("[[outputs]]\nname = \"a\"\ntype = \"journald\"\n"), Lines{});
  EXPECT_EQ(errors("[[outputs]]\nname = \"a\"\ntype = \"syslog\"\nkinds = []\n"), Lines{});
  EXPECT_EQ(
      errors("[[outputs]]\nname = \"a\"\ntype = \"journald\"\nkinds = [\"alert\", \"loss\"]\n"),
      Lines{"c.toml:7:9: warning: outputs.kinds: has no effect but for \"alert\": nothing else "
            "goes to the journal"});
  std::string many;
  for (int i = 0; i < 9; ++i) {
    many += "[[outputs]]\nname = \"" + std::to_string(i) + "\"\ntype = \"syslog\"\n";
  }
  EXPECT_EQ(errors(many),
            Lines{"c.toml:29:8: error: outputs.name: is that of one too many: there can be 8"});
  EXPECT_EQ(errors("[[outputs]]\nname = \"a\"\ntype = \"syslog\"\n[metrics]\npath = "
                   "\"/l/m.prom\"\n"),
            Lines{});
}

TEST(ParseConfigTest, JournaldTakesAPathOrNone) {
  EXPECT_EQ(Diagnose("[output]\ntype = \"journald\"\n"), Lines{});
  EXPECT_EQ(Diagnose("[output]\ntype = \"journald\"\npath = \"/var/log/x\"\n"), Lines{});
  EXPECT_EQ(Diagnose("[output]\ntype = \"syslog\"\n"),
            Lines{"c.toml:2:8: error: output.type: unknown value \"syslog\"; allowed: \"stdout\", "
                  "\"file\", \"journald\""});
}

TEST(ParseConfigTest, RotationHasBounds) {
  EXPECT_EQ(Diagnose("[output]\ntype = \"file\"\npath = \"/x\"\nrotate_size = 0\nrotate_age = 24\n"
                     "rotate_keep = 1\n"),
            Lines{});
  EXPECT_EQ(Diagnose("[output]\nrotate_keep = 0\n").size(), 1u);
  EXPECT_EQ(Diagnose("[output]\nrotate_size = 1048577\n").size(), 1u);
}

TEST(ParseConfigTest, FileOutputNeedsAPath) {
  const std::string message =
      "error: output.path: needed when output.type is \"file\": the file to write to";
  EXPECT_EQ(Diagnose("[output]\ntype = \"file\"\n"), Lines{"c.toml:2:8: " + message});
  EXPECT_EQ(Diagnose("[output]\ntype = \"file\"\npath = \"\"\n"), Lines{"c.toml:3:8: " + message});
  EXPECT_EQ(Diagnose("[output]\ntype = \"stdout\"\npath = \"\"\n"), Lines{});
}

TEST(ParseConfigTest, AlertsHaveAnOutputOfTheirOwn) {
  const ConfigResult result = ParseConfig(
      "[output.alerts]\npath = \"/var/log/a\"\nrotate_size = 1\nrotate_age = 2\n"
      "rotate_keep = 3\njournal = true\n[output]\ntype = \"file\"\npath = \"/var/log/x\"\n",
      "c.toml");
  EXPECT_TRUE(result.diagnostics.empty());
  ASSERT_TRUE(result.config.has_value());
  EXPECT_EQ(result.config->output.path, "/var/log/x");
  EXPECT_EQ(result.config->output.alerts, (AlertOutputConfig{.path = "/var/log/a",
                                                             .rotate_size = 1,
                                                             .rotate_age = 2,
                                                             .rotate_keep = 3,
                                                             .journal = true}));
  EXPECT_EQ(Diagnose("[output]\nalerts = 1\n"),
            Lines{"c.toml:2:10: error: output.alerts: expected table, found integer"});
  EXPECT_EQ(Diagnose("[output.alert]\npath = \"/a\"\n").size(), 1u);
  EXPECT_EQ(Diagnose("[output.alerts]\nrotate_keeps = 1\n"),
            Lines{"c.toml:2:1: error: output.alerts: unknown key \"rotate_keeps\"; did you mean "
                  "\"rotate_keep\"? allowed in output.alerts: path, rotate_size, rotate_age, "
                  "rotate_keep, keep_size, keep_age, journal"});
  EXPECT_EQ(Diagnose("[output.alerts]\nrotate_keep = 0\n").size(), 1u);
}

TEST(ParseConfigTest, MetricsAreOffUntilTheyHaveAFile) {
  EXPECT_EQ(Config().metrics, (MetricsConfig{.path = "", .interval_secs = 15}));
  const ConfigResult result = ParseConfig(
      "[metrics]\npath = \"/var/lib/prometheus/node-exporter/a.prom\"\ninterval_secs = 60\n",
      "c.toml");
  EXPECT_TRUE(result.diagnostics.empty());
  ASSERT_TRUE(result.config.has_value());
  EXPECT_EQ(result.config->metrics,
            (MetricsConfig{"/var/lib/prometheus/node-exporter/a.prom", 60}));
  EXPECT_EQ(Diagnose("[metrics]\npath = \"\"\n"), Lines{});
  EXPECT_EQ(Diagnose("[metrics]\npath = \"a.prom\"\n"),
            Lines{"c.toml:2:8: error: metrics.path: \"a.prom\" is not an absolute path: it must "
                  "begin with \"/\""});
  const std::string name = " must end in a name and \".prom\": node-exporter reads no other files";
  for (const std::string path : {"/metrics", "/metrics/", "/a.prom/", "/.prom", "/a.prom.new"}) {
    EXPECT_EQ(Diagnose("[metrics]\npath = \"" + path + "\"\n"),
              Lines{"c.toml:2:8: error: metrics.path: \"" + path + "\"" + name});
  }
  EXPECT_EQ(Diagnose("[metrics]\npath = \"/" + std::string(243, 'a') + ".prom\"\n").size(), 1u);
  EXPECT_EQ(Diagnose("[metrics]\npath = \"/" + std::string(242, 'a') + ".prom\"\n"), Lines{});
  for (const std::string interval : {"0", "3601"}) {
    EXPECT_EQ(Diagnose("[metrics]\npath = \"/a.prom\"\ninterval_secs = " + interval + "\n").size(),
              1u);
  }
}

TEST(ParseConfigTest, MetricsShareNoFileWithLines) {
  const auto diagnose = [](const std::string& lines, const std::string& alerts) {
    return Diagnose("[output]\ntype = \"file\"\npath = \"" + lines +
                    "\"\n[output.alerts]\npath = \"" + alerts +
                    "\"\n[metrics]\npath = \"/srv/a.prom\"\n");
  };
  const Lines refused{
      "c.toml:7:8: error: metrics.path: is a file that lines go to, or that name and \".new\" is; "
      "metrics need a file of their own"};
  EXPECT_EQ(diagnose("/srv/a.prom", "/srv/b"), refused);
  EXPECT_EQ(diagnose("/srv/b", "/srv/x/..//a.prom"), refused);
  EXPECT_EQ(diagnose("/srv/a.prom.new", "/srv/b"), refused);
  EXPECT_EQ(diagnose("/srv/b.prom", "/srv/a.prom.1"), Lines{});
}

TEST(ParseConfigTest, AlertsShareNoFileWithOtherLines) {
  const auto diagnose = [](const std::string& lines, const std::string& alerts) {
    return Diagnose("[output]\ntype = \"file\"\npath = \"" + lines +
                    "\"\nrotate_keep = 4\n[output.alerts]\nrotate_keep = 8\npath = \"" + alerts +
                    "\"\n");
  };
  const Lines refused{
      "c.toml:7:8: error: output.alerts.path: is output.path, or the name of an old file of one of "
      "the two; alerts need a file of their own"};
  EXPECT_EQ(diagnose("/var/log/a", "/var/log/a"), refused);
  EXPECT_EQ(diagnose("/var/log/a", "/var/./log//b/../a"), refused);
  EXPECT_EQ(diagnose("/var/log/a", "/var/log/a.1"), refused);
  EXPECT_EQ(diagnose("/var/log/a", "/var/log/a.4"), refused);
  EXPECT_EQ(diagnose("/var/log/b.8", "/var/log/b"), refused);
  EXPECT_EQ(diagnose("/var/log/a", "/var/log/b"), Lines{});
  EXPECT_EQ(diagnose("/var/log/a", "/var/log/a.5"), Lines{}) << "no file is kept so long";
  EXPECT_EQ(diagnose("/var/log/a", "/var/log/a.alerts"), Lines{});
  EXPECT_EQ(diagnose("/var/log/a", "/var/log/a.0"), Lines{});
}

TEST(ParseConfigTest, WatchedPathsAreAbsoluteAndPlain) {
  EXPECT_EQ(
      Diagnose("[file]\nwatch_paths = [\"etc\"]\n"),
      Lines{"c.toml:2:16: error: file.watch_paths: \"etc\" is not an absolute path: it must begin "
            "with \"/\""});
  EXPECT_EQ(
      Diagnose("[file]\nexclude_paths = [\"/var/../etc\"]\n"),
      Lines{"c.toml:2:18: error: file.exclude_paths: \"/var/../etc\" can never match: paths are "
            "compared after \".\" and \"..\" have been resolved"});
  EXPECT_EQ(
      Diagnose("[file]\nwatch_paths = [\"/etc/*.conf\"]\n"),
      Lines{"c.toml:2:16: error: file.watch_paths: \"/etc/*.conf\" \"*\" is not special in a path: "
            "use a pattern"});
  EXPECT_EQ(Diagnose("[file]\nwatch_paths = [\"/etc/..conf\", \"/\"]\n"), Lines{});
}

TEST(ParseConfigTest, EbpfOffIsAWarning) {
  const ConfigResult result = ParseConfig("[ebpf]\nenabled = false\n", "c.toml");
  EXPECT_TRUE(result.config.has_value());
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(FormatDiagnostic(result.diagnostics[0]),
            "c.toml:2:11: warning: ebpf.enabled: is false: the sensor observes nothing");
}

TEST(ParseConfigTest, EveryProblemIsReportedInOrder) {
  EXPECT_EQ(
      Diagnose("[process]\nenabled = false\nthreds = 1\ncollect_cwd = 1\n"
               "[output]\ntype = \"file\"\n[agent]\nid = \"\"\n[nets]\n"),
      (Lines{
          // NOLINTNEXTLINE(bugprone-suspicious-missing-comma)
          "c.toml:2:11: error: process.enabled: process collection cannot be turned off, every "
          "other event names its process; must be true",
          "c.toml:3:1: error: process: unknown key \"threds\"; did you mean \"threads\"? allowed "
          "in process: enabled, hooks, collect_args, collect_env, collect_cwd, env_names, "
          "threads, failed_exec, behaviour",
          "c.toml:4:15: error: process.collect_cwd: expected boolean, found integer",
          "c.toml:6:8: error: output.path: needed when output.type is \"file\": the file to "
          "write to",
          "c.toml:8:6: error: agent.id: \"\" must not be empty",
          "c.toml:9:2: error: unknown table \"nets\"; allowed: \"agent\", \"ebpf\", "
          "\"events\", \"process\", \"file\", \"network\", \"outputs\", \"output\", \"metrics\", "
          "\"performance\", "
          "\"alerts\", "
          "\"rules\", \"lists\", \"macros\", \"detections\", \"sigma\""}));
}

TEST(ParseConfigTest, SyntaxErrorIsOneLineOfTheSameForm) {
  EXPECT_EQ(
      Diagnose("[agent]\nid = \n"),
      Lines{"c.toml:2:6: error: TOML syntax: missing value after key-value separator '=' (expected "
            "value, but got nothing)"});
}

TEST(ParseConfigTest, AnErrorLeavesNoConfig) {
  EXPECT_FALSE(ParseConfig("[agent]\nid = 1\n", "c.toml").config.has_value());
}

TEST(ParseConfigTest, ControlCharactersOfTheInputAreEscaped) {
  EXPECT_EQ(Diagnose("[agent]\nmode = \"\\u001b[31m\\n\"\n"),
            Lines{"c.toml:2:8: error: agent.mode: unknown value \"\\x1b[31m\\x0a\"; allowed: "
                  "\"monitor\", \"detect\", \"telemetry\""});
  EXPECT_EQ(Diagnose("[agent]\nid = \"a\\u0000\"\n"),
            Lines{"c.toml:2:6: error: agent.id: \"a\\x00\" has a NUL byte"});
}

TEST(ParseConfigTest, LongValuesAreCutInMessages) {
  const Lines lines = Diagnose("[agent]\nmode = \"" + std::string(10000, 'x') + "\"\n");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_LT(lines[0].size(), 200u);
}

// --- keys without effect -------------------------------------------------------------------------

Lines Idle(const std::string& text) {
  Lines keys;
  for (const std::string& line : Diagnose(text)) {
    const std::size_t from = line.find("warning: ");
    const std::size_t end = line.find(": has no effect: ");
    if (from == line.npos || end == line.npos) {
      ADD_FAILURE() << line;
    } else {
      keys.push_back(line.substr(from + 9, end - from - 9));
    }
  }
  return keys;
}

TEST(WithoutEffectTest, KeyIsNamedWithItsPlaceAndWhatSwitchesItOff) {
  EXPECT_EQ(Diagnose("[network]\nhooks = [\"connect\"]\n"),
            Lines{"c.toml:2:9: warning: network.hooks: has no effect: network.enabled is false"});
}

TEST(WithoutEffectTest, KeysOfASectionThatIsOff) {
  EXPECT_EQ(Idle("[network]\nenabled = false\nhooks = [\"connect\"]\nunix_sockets = true\n"),
            (Lines{"network.hooks", "network.unix_sockets"}));
  EXPECT_EQ(Idle("[events]\nfile = false\n[file]\nenabled = false\nhooks = [\"open\"]\n"
                 "watch_paths = [\"/etc\"]\nwatch_patterns = [\"*.x\"]\n"
                 "exclude_paths = [\"/var/log\"]\n"),
            (Lines{"file.hooks", "file.watch_paths", "file.watch_patterns", "file.exclude_paths"}));
  EXPECT_EQ(Idle("[events]\nnetwork = true\n[network]\nenabled = true\nhooks = [\"connect\"]\n"),
            Lines{});
  EXPECT_EQ(Idle("[process]\nenv_names = [\"PATH\"]\n"), Lines{"process.env_names"});
}

// As many as there are hooks is the default, too.
TEST(WithoutEffectTest, ListsAreNamedEvenIfTheyHoldTheDefault) {
  std::string all;
  for (const char* hook : {"connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg",
                           "sendmmsg", "recvfrom", "recvmsg", "recvmmsg", "close", "socket"}) {
    all += std::string(all.empty() ? "" : ", ") + '"' + hook + '"';
  }
  EXPECT_EQ(Idle("[network]\nhooks = [" + all + "]\n"), Lines{"network.hooks"});
}

TEST(WithoutEffectTest, KeysOfAFileWithoutAFile) {
  EXPECT_EQ(Idle("[output]\ntype = \"stdout\"\npath = \"/var/log/x\"\nrotate_size = 1\n"
                 "rotate_age = 2\nrotate_keep = 3\nsync_alerts = false\n"),
            (Lines{"output.path", "output.rotate_size", "output.rotate_age", "output.rotate_keep",
                   "output.sync_alerts"}));
  EXPECT_EQ(Idle("[output]\ntype = \"journald\"\nrotate_keep = 3\n"), Lines{"output.rotate_keep"});
  EXPECT_EQ(Idle("[output]\ntype = \"journald\"\npath = \"/var/log/x\"\nrotate_keep = 3\n"),
            Lines{});
  EXPECT_EQ(Idle("[output]\ntype = \"file\"\npath = \"/var/log/x\"\nrotate_size = 0\n"
                 "rotate_keep = 3\n"),
            Lines{"output.rotate_keep"});
}

TEST(WithoutEffectTest, IntervalOfMetricsWithoutAFile) {
  EXPECT_EQ(Idle("[metrics]\ninterval_secs = 60\n"), Lines{"metrics.interval_secs"});
  EXPECT_EQ(Idle("[metrics]\npath = \"/a.prom\"\ninterval_secs = 60\n"), Lines{});
}

TEST(WithoutEffectTest, KeysOfEventsThatNobodyWritesAndRulesThatNobodyEvaluates) {
  EXPECT_EQ(Idle("[process]\nhooks = [\"exit\"]\n[output]\ntelemetry = false\n"
                 "[performance]\nmax_events_per_second = 9\n"),
            (Lines{"process.hooks", "performance.max_events_per_second"}));
  EXPECT_EQ(Idle("[agent]\nmode = \"telemetry\"\n[alerts]\nwindow_secs = 9\nmax_folded = 8\n"
                 "built_in_rules = false\n"),
            (Lines{"alerts.window_secs", "alerts.max_folded", "alerts.built_in_rules"}));
  EXPECT_EQ(Idle("[alerts]\nwindow_secs = 0\nmax_folded = 8\n"), Lines{"alerts.max_folded"});
  EXPECT_EQ(Idle("[agent]\nmode = \"monitor\"\n[alerts]\nmax_folded = 8\n"), Lines{});
}

// Each once, whatever is off.
TEST(WithoutEffectTest, NothingIsNamedTwice) {
  Lines lines = Diagnose(
      "[ebpf]\nenabled = false\nbuffer_size = 64\n[events]\nfile = false\n"
      "[file]\nenabled = false\nhooks = [\"open\"]\n[network]\nhooks = [\"bind\"]\n"
      "[process]\nenv_names = [\"A\"]\n[output]\ntelemetry = false\n"
      "[performance]\nmax_events_per_second = 9\n");
  for (std::string& line : lines) line = line.substr(0, line.rfind(": "));
  EXPECT_EQ(lines.size(), 6u);
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(std::unique(lines.begin(), lines.end()), lines.end());
}

TEST(UnsupportedTest, NothingIsSaidOfTheDefaults) { EXPECT_EQ(Parse("").Unsupported(), Lines{}); }

TEST(UnsupportedTest, EachPartIsSaid) {
  Config config;
  config.rules.push_back({.enabled = true});
  config.detections.network.emplace_back();
  config.performance.drop_when_full = true;
  const Lines said = config.Unsupported();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_TRUE(said[0].starts_with("performance.drop_when_full is true, but"));
}

}  // namespace
}  // namespace randguard::config_loader_test

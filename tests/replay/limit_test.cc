// SPDX-License-Identifier: Apache-2.0
//
// Telemetry is limited, alerts are not: recorded attacks raise the same alerts when only one event
// a second is written.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/capture/capture_reader.h"
#include "analyzer/config/config.h"
#include "analyzer/ingest/replay.h"
#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/pipeline/pipeline.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "tests/support/source_root.h"
#include "tests/support/without_number.h"

namespace randguard {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

const std::string& Attacks() {
  static const auto& path = *new std::string(testing::SourcePath("tests/replay/attacks"));
  return path;
}

struct LimitedReplay {
  Lines alerts;
  std::set<std::string> written;  // times of the events whose types are limited
};

std::string TimeOf(const std::string& line) {
  static const std::string key = R"("timestamp_ns":)";
  const std::size_t at = line.find(key);
  if (at == line.npos) return "";
  const std::size_t from = at + key.size();
  return line.substr(from, line.find(',', from) - from);
}

LimitedReplay Replay(const std::string& capture, const Config& config,
                     const std::shared_ptr<const RuleSet>& rules) {
  LimitedReplay replayed;
  std::string path = (fs::temp_directory_path() / "rand-guard-limit-XXXXXX").string();
  close(mkstemp(path.data()));
  auto reader = CaptureReader::Open(capture);
  auto out = LineSink::File(path);
  EXPECT_TRUE(reader.ok() && out.ok());
  Pipeline pipeline(config, *out, rules);
  EXPECT_TRUE(ReplayCapture(*reader, pipeline, [](const absl::Status&) {}).ok());
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(R"({"event_type":"alert")")) {
      replayed.alerts.push_back(testing::WithoutNumber(line));
    }
    if (line.starts_with(R"({"event_type":"file_)") ||
        line.starts_with(R"({"event_type":"network_)")) {
      replayed.written.insert(TimeOf(line));
    }
  }
  fs::remove(path);
  return replayed;
}

TEST(LimitTest, EveryAlertComesWithOneEventASecond) {
  ConfigResult loaded = LoadConfig(Attacks() + "/config.toml");
  ASSERT_TRUE(loaded.config.has_value());
  std::vector<Diagnostic> diagnostics;
  const auto rules = CompileRules(*loaded.config, diagnostics);
  ASSERT_NE(rules, nullptr);
  std::size_t written = 0, limited = 0, without_event = 0;
  for (const auto& attack : fs::directory_iterator(Attacks())) {
    const std::string capture = attack.path() / "capture.rgcap.zst";
    if (!fs::exists(capture)) continue;
    loaded.config->performance.max_events_per_second = 0;
    const LimitedReplay all = Replay(capture, *loaded.config, rules);
    loaded.config->performance.max_events_per_second = 1;
    const LimitedReplay some = Replay(capture, *loaded.config, rules);
    EXPECT_FALSE(all.alerts.empty()) << attack.path();
    EXPECT_EQ(some.alerts, all.alerts) << attack.path();
    written += all.written.size();
    limited += some.written.size();
    for (const std::string& alert : all.alerts) {
      const std::string time = TimeOf(alert);
      if (all.written.contains(time) && !some.written.contains(time)) ++without_event;
    }
  }
  EXPECT_LT(limited, written / 2);
  // Among what was not written were events that made rules fire.
  EXPECT_GT(without_event, 10u);
}

}  // namespace
}  // namespace randguard

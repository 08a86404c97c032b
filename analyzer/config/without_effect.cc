// SPDX-License-Identifier: Apache-2.0
#include "analyzer/config/without_effect.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "analyzer/config/keys.h"

namespace randguard {
namespace {

template <typename T>
constexpr bool kIsList = false;
template <typename T>
constexpr bool kIsList<std::vector<T>> = true;

// The visitor of VisitKeys: walks one table of the configuration beside the defaults, and notes the
// keys that ask for something.
class Asking {
 public:
  template <typename T>
  static std::set<std::string_view> In(T table) {
    Asking values, defaults;
    T standard;
    VisitKeys(values, table);
    VisitKeys(defaults, standard);
    std::set<std::string_view> asking;
    for (std::size_t i = 0; i < values.found_.size(); ++i) {
      const Found& found = values.found_[i];
      const bool asks = found.list ? !found.value.empty()  // an empty one asks for nothing
                                   : found.value != defaults.found_[i].value;
      if (asks) asking.insert(found.key);
    }
    return asking;
  }

  template <typename T, typename... Bounds>
  void operator()(const Key& key, const T& value, const Bounds&... /*bounds*/) {
    found_.push_back({key.name, TextOf(value), kIsList<T>});
  }

 private:
  struct Found {
    std::string_view key;
    std::string value;
    bool list;
  };
  static std::string TextOf(const std::string& value) { return value; }
  template <typename T>
  requires std::is_enum_v<T> || std::is_integral_v<T>
  static std::string TextOf(T value) { return std::to_string(static_cast<std::int64_t>(value)); }
  template <typename T>
  static std::string TextOf(const std::vector<T>& values) {
    std::string text;
    for (const T& value : values) text += TextOf(value) + '\n';
    return text;
  }

  std::vector<Found> found_;
};

class Finder {
 public:
  using Report = absl::FunctionRef<void(std::string_view, std::string_view, std::string_view)>;
  explicit Finder(Report report) : report_(report) {}

  template <typename T>
  void Off(bool off, std::string_view table, const T& config,
           std::initializer_list<std::string_view> keys, std::string_view why) {
    if (!off) return;
    const auto asking = Asking::In(config);
    for (const std::string_view key : keys) {
      if (!asking.contains(key)) continue;
      if (said_.insert(std::string(table) + '.' + std::string(key)).second) {
        report_(table, key, why);
      }
    }
  }

 private:
  Report report_;
  std::set<std::string> said_;
};

}  // namespace

void ForEachWithoutEffect(const Config& config, Finder::Report report) {
  Finder find(report);
  const auto& [agent, ebpf, events, process, file, network, output, outputs, metrics, performance,
               alerts, rules, lists, macros, detections, sigma, placeholders, sigma_sources] =
      config;
  static_cast<void>(outputs);  // each has a table of its own: output_checks.h
  const bool to_file = output.type == OutputType::kFile ||
                       (output.type == OutputType::kJournald && !output.path.empty());
  const bool rotates = output.rotate_size != 0 || output.rotate_age != 0;
  find.Off(!ebpf.enabled, "ebpf", ebpf, {"hooks", "buffer_size", "critical_buffer_size"},
           "ebpf.enabled is false");
  find.Off(!ebpf.enabled, "process", process,
           {"hooks", "collect_args", "collect_env", "collect_cwd", "env_names", "threads",
            "failed_exec", "behaviour"},
           "ebpf.enabled is false");
  for (const auto& [off, why] : {std::pair(!ebpf.enabled, "ebpf.enabled is false"),
                                 std::pair(!file.enabled, "file.enabled is false")}) {
    find.Off(off, "file", file, {"hooks", "watch_paths", "watch_patterns", "exclude_paths"}, why);
  }
  for (const auto& [off, why] : {std::pair(!ebpf.enabled, "ebpf.enabled is false"),
                                 std::pair(!network.enabled, "network.enabled is false")}) {
    find.Off(off, "network", network, {"hooks", "unix_sockets"}, why);
  }
  find.Off(!process.collect_env, "process", process, {"env_names"}, "process.collect_env is false");
  find.Off(!output.telemetry, "process", process, {"hooks"},
           "output.telemetry is false, so that no event is written");
  find.Off(output.type == OutputType::kStdout, "output", output, {"path"},
           "output.type is \"stdout\"");
  find.Off(!to_file, "output", output,
           {"rotate_size", "rotate_age", "rotate_keep", "keep_size", "keep_age"},
           "lines are not written to a file");
  find.Off(!to_file && output.alerts.path.empty(), "output", output, {"rotation", "compress_age"},
           "nothing is written to a file");
  find.Off(output.format != OutputFormat::kJson, "output", output, {"omit_empty"},
           "output.format is another one than \"json\"");
  const bool segments = output.rotation == OutputRotation::kSegments;
  find.Off(segments, "output", output, {"rotate_keep"}, "output.rotation is \"segments\"");
  find.Off(!segments, "output", output, {"keep_size", "keep_age", "compress_age"},
           "output.rotation is \"rename\"");
  find.Off(segments, "output.alerts", output.alerts, {"rotate_keep"},
           "output.rotation is \"segments\"");
  find.Off(!segments, "output.alerts", output.alerts, {"keep_size", "keep_age"},
           "output.rotation is \"rename\"");
  find.Off(!to_file && output.alerts.path.empty(), "output", output, {"sync_alerts"},
           "nothing is written to a file");
  find.Off(output.alerts.path.empty(), "output.alerts", output.alerts,
           {"rotate_size", "rotate_age", "rotate_keep", "keep_size", "keep_age"},
           "output.alerts.path is not set");
  find.Off(output.alerts.rotate_size == 0 && output.alerts.rotate_age == 0, "output.alerts",
           output.alerts, {"rotate_keep"},
           "output.alerts.rotate_size and output.alerts.rotate_age are 0");
  find.Off(!rotates, "output", output, {"rotate_keep"},
           "output.rotate_size and output.rotate_age are 0");
  find.Off(metrics.path.empty(), "metrics", metrics, {"interval_secs"}, "metrics.path is not set");
  find.Off(!output.telemetry, "performance", performance, {"max_events_per_second"},
           "output.telemetry is false, so that no event is written");
  find.Off(!file.enabled && !network.enabled, "performance", performance, {"max_events_per_second"},
           "neither files nor the network are observed");
  find.Off(agent.mode == AgentMode::kTelemetry, "alerts", alerts,
           {"window_secs", "max_folded", "built_in_rules", "min_severity"},
           "agent.mode is \"telemetry\", so that no rule is evaluated");
  find.Off(alerts.window_secs == 0, "alerts", alerts, {"max_folded"}, "alerts.window_secs is 0");
}

}  // namespace randguard

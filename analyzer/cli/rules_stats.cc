// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard rules stats`: alerts by rule, and by what those of a rule have in common.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "analyzer/base/status.h"
#include "analyzer/cli/arguments.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/period.h"
#include "analyzer/cli/recorded_files.h"
#include "analyzer/cli/setup.h"
#include "analyzer/config/names.h"
#include "analyzer/confine/confine.h"
#include "analyzer/output/convert/line_reader.h"
#include "analyzer/output/json/json_writer.h"
#include "analyzer/output/sinks/segments.h"
#include "analyzer/view/alert_stats.h"
#include "analyzer/view/compact_lines.h"
#include "analyzer/view/screen_text.h"

namespace randguard::cli {
namespace {

std::string TimeText(std::int64_t time) {
  return DateText(time) + " " + ClockText(time, /*milliseconds=*/false);
}

// Per cent; only all of them are 100.
std::uint64_t Percent(std::uint64_t part, std::uint64_t all) {
  constexpr std::uint64_t kAll = 100;
  return all == 0 ? 0
                  : static_cast<std::uint64_t>(static_cast<long double>(part) * kAll /
                                               static_cast<long double>(all));
}

// "1 alert", "2 alerts"
std::string Count(std::uint64_t number, std::string_view what) {
  return absl::StrFormat("%d %s%s", number, what, number == 1 ? "" : "s");
}

// For people. All text of others is harmless in it.
class StatsTable {
 public:
  explicit StatsTable(const Screen& screen) : screen_(screen) {}

  std::string Of(const AlertStats& stats) {
    if (stats.empty()) return "no alerts\n";
    const std::vector<AlertStats::Rule> rules = stats.Rules();
    Line(absl::StrFormat("%s of %s on %s, %s to %s", Count(stats.alerts(), "alert"),
                         Count(rules.size(), "rule"), Hosts(stats.hosts()), TimeText(stats.first()),
                         TimeText(stats.last())));
    for (const AlertStats::Rule& rule : rules) Add(rule);
    if (chosen_) {
      text_ += "\n* chosen by whoever starts the process or makes the container\n";
    }
    if (stats.left_out() != 0) {
      Line(absl::StrFormat("\n%s of further rules: counted above, and not listed",
                           Count(stats.left_out(), "alert")));
    }
    return std::move(text_);
  }

 private:
  // A value that fewer alerts have is nothing that they have in common.
  static constexpr std::uint64_t kCommonPercent = 20;
  static constexpr std::size_t kIndent = 10, kShare = 8, kName = 22;

  static std::string Hosts(std::uint64_t hosts) {
    return Count(hosts, "host") + (hosts == AlertStats::kHostsMax ? " or more" : "");
  }

  void Line(const std::string& line) {
    text_ += screen_.columns == 0 ? line : CutEnd(line, screen_.columns, screen_);
    text_ += '\n';
  }

  void Add(const AlertStats::Rule& rule) {
    text_ += '\n';
    Line(absl::StrFormat("%8d  %-8s  %s %s%s", rule.alerts, Name(rule.severity), Shown(rule.id),
                         Shown(rule.name), rule.hosts > 1 ? ", " + Hosts(rule.hosts) : ""));
    for (const AlertStats::Field& field : rule.fields) Add(rule, field);
  }

  void Add(const AlertStats::Rule& rule, const AlertStats::Field& field) {
    std::size_t named = 0;
    for (const AlertStats::Value& value : field.values) {
      if (Percent(value.alerts, rule.alerts) < kCommonPercent) break;
      ++named;
    }
    const std::size_t others = field.values.size() - named;
    for (std::size_t i = 0; i < named; ++i) {
      std::string rest;
      if (i + 1 == named && !field.exact) {
        rest = "  and many others";
      } else if (i + 1 == named && others != 0) {
        rest = "  and " + Count(others, "other");
      }
      const std::size_t taken = kIndent + kShare + kName + rest.size();
      constexpr std::size_t kLeast = 12;
      std::string shown = Shown(field.values[i].text);
      if (screen_.columns != 0) {
        shown = CutMiddle(
            shown, std::max(screen_.columns - std::min(screen_.columns, taken), kLeast), screen_);
      }
      absl::StrAppendFormat(&text_, "%*s%4d %%  %-*s%s%s\n", kIndent, "",
                            Percent(field.values[i].alerts, rule.alerts), kName,
                            std::string(field.name) + (field.chosen ? " *" : ""), shown,
                            Coloured(Colour::kDim, rest, screen_));
      chosen_ = chosen_ || field.chosen;
    }
  }

  std::string Shown(std::string_view text) const { return Harmless(text, screen_); }

  Screen screen_;
  std::string text_;
  bool chosen_ = false;  // something was shown that is
};

class StatsJson {
 public:
  std::string Of(const AlertStats& stats) {
    json_.Raw("{\"alerts\":");
    json_.Number(stats.alerts());
    json_.Raw(",\"hosts\":");
    json_.Number(stats.hosts());
    json_.Raw(",\"more_hosts\":");
    json_.Bool(stats.hosts() == AlertStats::kHostsMax);
    json_.Raw(",\"first_time\":");
    Time(stats.empty(), stats.first());
    json_.Raw(",\"last_time\":");
    Time(stats.empty(), stats.last());
    json_.Raw(",\"alerts_not_listed\":");
    json_.Number(stats.left_out());
    json_.Raw(",\"rules\":[");
    bool comma = false;
    for (const AlertStats::Rule& rule : stats.Rules()) {
      if (std::exchange(comma, true)) json_.Raw(',');
      Rule(rule);
    }
    json_.Raw("]}\n");
    return std::string(json_.text());
  }

 private:
  static constexpr std::size_t kValues = 10;  // of a field

  void Time(bool none, std::int64_t time) {
    if (none) return json_.Null();
    json_.String(
        absl::FormatTime(absl::RFC3339_full, absl::FromUnixNanos(time), absl::UTCTimeZone()));
  }

  void Rule(const AlertStats::Rule& rule) {
    json_.Raw("\n{\"rule_id\":");
    json_.String(rule.id);
    json_.Raw(",\"rule_name\":");
    json_.String(rule.name);
    json_.Raw(",\"severity\":");
    json_.String(Name(rule.severity));
    json_.Raw(",\"alerts\":");
    json_.Number(rule.alerts);
    json_.Raw(",\"hosts\":");
    json_.Number(rule.hosts);
    json_.Raw(",\"first_time\":");
    Time(false, rule.first);
    json_.Raw(",\"last_time\":");
    Time(false, rule.last);
    json_.Raw(",\"fields\":[");
    bool comma = false;
    for (const AlertStats::Field& field : rule.fields) {
      if (std::exchange(comma, true)) json_.Raw(',');
      Field(field);
    }
    json_.Raw("]}");
  }

  void Field(const AlertStats::Field& field) {
    json_.Raw("{\"name\":");
    json_.String(field.name);
    json_.Raw(",\"chosen_by_process\":");
    json_.Bool(field.chosen);
    json_.Raw(",\"absent\":");
    json_.Number(field.absent);
    json_.Raw(",\"exact\":");
    json_.Bool(field.exact);
    json_.Raw(",\"distinct\":");
    if (field.exact) {
      json_.Number(field.values.size());
    } else {
      json_.Null();
    }
    json_.Raw(",\"values\":[");
    for (std::size_t i = 0; i < field.values.size() && i < kValues; ++i) {
      json_.Raw(i == 0 ? "{\"value\":" : ",{\"value\":");
      json_.String(field.values[i].text);
      json_.Raw(",\"alerts\":");
      json_.Number(field.values[i].alerts);
      json_.Raw('}');
    }
    json_.Raw("]}");
  }

  JsonWriter json_;
};

absl::StatusOr<bool> CountAlerts(const Arguments& arguments, std::vector<RecordedFile>& files,
                                 const Loaded& loaded, const Period& period) {
  const Screen screen = Screen::Of(STDOUT_FILENO);
  RG_RETURN_IF_ERROR(ConfineReader());
  AlertStats stats;
  LineReader reader;
  const bool whole = VisitRecorded(files, loaded, [&](std::string_view line) -> absl::Status {
    if (IsManifest(line)) return absl::OkStatus();
    RG_ASSIGN_OR_RETURN(const LineContent* const content, reader.Read(line));
    if (period.Has(RealTimeOf(*content))) stats.Add(*content);
    return absl::OkStatus();
  });
  const std::string text =
      arguments.Has(option::kStatsJson) ? StatsJson().Of(stats) : StatsTable(screen).Of(stats);
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) return ErrnoError(errno, "standard output");
  return whole;
}

}  // namespace

int RulesStats(const Arguments& arguments) {
  const auto period = PeriodOf(arguments);
  if (!period.ok()) {
    Say(Message(period.status()));
    return 2;
  }
  const auto loaded = ReadConfig(arguments, Report::kErrors, RuleTests::kPassOver);
  if (!loaded.has_value()) return 1;
  std::vector<RecordedFile> files;
  const auto paths = PathsOrOutput(arguments.operands(), loaded->config);
  if (!paths.ok()) return Fail(paths.status());
  const bool all = OpenRecorded(*paths, files);
  const auto whole = CountAlerts(arguments, files, *loaded, *period);
  if (!whole.ok()) return Fail(whole.status());
  return all && *whole ? 0 : 1;
}

}  // namespace randguard::cli

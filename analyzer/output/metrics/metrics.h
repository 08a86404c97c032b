// SPDX-License-Identifier: Apache-2.0
//
// Health as metrics, in the text format of Prometheus (version 0.0.4). One table describes all of
// them; docs/metrics.md is written from it. Names and types are a promise: rows are added, never
// changed.
//
// How many series there are depends on nothing that happens: labels are of closed sets, and each
// value of a set has its series from the beginning, 0 included.
#ifndef ANALYZER_OUTPUT_METRICS_METRICS_H_
#define ANALYZER_OUTPUT_METRICS_METRICS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "analyzer/event/reports.h"

namespace randguard {

// All that metrics are made of.
struct MetricsSource {
  const Health& health;
  std::string_view version;  // of the analyzer
  bool running = true;       // false: this is the last that it says
  // False: what the collector and the kernel count is not known yet. These metrics are left out,
  // for a counter that falls to 0 and comes back looks as if all of it were new.
  bool heard_collector = true;
  std::int64_t unix_time_s = 0;  // now
};

// Takes the series of one metric.
class MetricSeries;

struct Metric {
  std::string_view name;   // a counter's ends in _total, every other one is a gauge
  std::string_view label;  // empty: there is one series without labels
  std::string_view
      fields;  // of health that it is made of, as in "rss_kb, sigma.loaded"; empty: none
  std::string_view help;
  void (*write)(const MetricsSource& source, MetricSeries& series);
  bool of_collector = false;  // or of the kernel: counts on when an analyzer starts

  constexpr bool is_counter() const { return name.ends_with("_total"); }
};

std::span<const Metric> Metrics();

// A number in health that no metric is made of.
struct FieldWithoutMetric {
  std::string_view field, why;
};
std::span<const FieldWithoutMetric> FieldsWithoutMetric();

// The whole file.
std::string RenderMetrics(const MetricsSource& source);

// Both tables, for docs/metrics.md.
std::string MetricsReference();

// As the format wants it: within quotes, and behind "# HELP".
std::string EscapedLabelValue(std::string_view value);
std::string EscapedHelp(std::string_view text);

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_METRICS_METRICS_H_

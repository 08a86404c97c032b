// SPDX-License-Identifier: Apache-2.0
//
// The cost of correlations: for an event that concerns none, and for a match.
#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/detect/detector.h"
#include "analyzer/output/testing/sample_events.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "tests/bench/sample_rules.h"

namespace randguard::bench {
namespace {

// Rules of the usual shapes, and so many correlations of them.
Config ConfigWithCorrelations(std::size_t correlations) {
  Config config = ConfigWithRules(100);
  for (std::size_t n = 0; n < correlations; ++n) {
    Rule rule;
    rule.id = rule.name = "C-" + std::to_string(n);
    rule.type = RuleType::kCorrelation;
    rule.correlation.rules.emplace_back().text = "B-" + std::to_string(n % 6);
    rule.correlation.group_by.emplace_back().text = "uid";
    rule.correlation.timespan.text = "1m";
    rule.correlation.gte = 5;
    config.rules.push_back(std::move(rule));
  }
  return config;
}

// An event that no rule matches, through the whole detector.
void Unconcerned(benchmark::State& state) {
  const Config config = ConfigWithCorrelations(static_cast<std::size_t>(state.range(0)));
  Detector detector(config, MustCompile(config));
  detector.SetComplete(UINT64_MAX);
  ProcessStart start = testing::SampleStart();
  for (auto _ : state) benchmark::DoNotOptimize(detector.Detect(start));
}
BENCHMARK(Unconcerned)->Arg(0)->Arg(100)->Arg(500)->Unit(benchmark::kNanosecond);

// A match of the rule P, for one of so many groups, with one of so many values.
void Match(benchmark::State& state, std::string_view keys) {
  const std::string text = absl::StrFormat(
      "[[rules]]\nid = 'P'\nname = 'n'\ntype = 'process'\nseverity = 'low'\ncondition = 'pid == "
      "1'\n[[rules]]\nid = 'Q'\nname = 'n'\ntype = 'process'\nseverity = 'low'\ncondition = 'pid "
      "== "
      "2'\n[[rules]]\nid = 'C'\nname = 'n'\ntype = 'correlation'\nseverity = 'low'\n"
      "[rules.correlation]\ntimespan = '1m'\ngroup_by = ['uid', 'comm']\nmax_groups = 65536\n%s",
      keys);
  ConfigResult parsed = ParseConfig(text, "bench");
  if (!parsed.config.has_value()) {
    std::fprintf(stderr, "%s\n", FormatDiagnostic(parsed.diagnostics.at(0)).c_str());
    std::exit(1);
  }
  parsed.config->alerts.built_in_rules = false;
  CorrelationHealth counts;
  Correlator correlator(MustCompile(*parsed.config), counts);
  correlator.SetComplete(UINT64_MAX);
  const Alert alert;
  const std::array<std::uint32_t, 1> rules = {0};
  const auto groups = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t n = 0;
  Value number, text_value;
  number.form = Value::Form::kNumber;
  text_value.form = Value::Form::kText;
  text_value.text = "bash";
  const FieldId uid = *FieldCatalogue::Get().Find("uid");
  const FieldId pid = *FieldCatalogue::Get().Find("pid");
  const auto read = [&](FieldId field) -> const Value& {
    number.number = field == pid ? n % 64 : n % groups;
    return field == uid || field == pid ? number : text_value;
  };
  for (auto _ : state) {
    // A millisecond between matches: those of a group are older than a minute soon.
    correlator.OnEvent(
        {++n * 1'000'000, {}, rules}, read, [&]() -> const Alert& { return alert; },
        [](const Correlator::Fired& fired) { benchmark::DoNotOptimize(fired.found.total); });
  }
}
BENCHMARK_CAPTURE(Match, event_count, "type = 'event_count'\nrules = ['P']\ngte = 100\n")
    ->Arg(1)
    ->Arg(1000)
    ->Arg(50000)
    ->Unit(benchmark::kNanosecond);
BENCHMARK_CAPTURE(Match, value_count,
                  "type = 'value_count'\nrules = ['P']\nfield = 'pid'\ngte = 100\n")
    ->Arg(1)
    ->Arg(1000)
    ->Arg(50000)
    ->Unit(benchmark::kNanosecond);
BENCHMARK_CAPTURE(Match, value_percentile,
                  "type = 'value_percentile'\nrules = ['P']\nfield = 'pid'\ngt = 1000\n")
    ->Arg(1)
    ->Arg(1000)
    ->Unit(benchmark::kNanosecond);
BENCHMARK_CAPTURE(Match, temporal, "type = 'temporal'\nrules = ['P', 'Q']\n")
    ->Arg(1)
    ->Arg(1000)
    ->Arg(50000)
    ->Unit(benchmark::kNanosecond);
BENCHMARK_CAPTURE(Match, temporal_ordered, "type = 'temporal_ordered'\nrules = ['P', 'Q']\n")
    ->Arg(1)
    ->Arg(1000)
    ->Arg(50000)
    ->Unit(benchmark::kNanosecond);
BENCHMARK_CAPTURE(Match, absence, "type = 'absence'\nrules = ['Q', 'P']\n")
    ->Arg(1)
    ->Arg(1000)
    ->Unit(benchmark::kNanosecond);

}  // namespace
}  // namespace randguard::bench

// SPDX-License-Identifier: Apache-2.0
//
// The cost of an event by the number of rules.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/output/testing/sample_events.h"
#include "analyzer/rules/fields/symbols.h"
#include "analyzer/rules/match/matcher.h"
#include "tests/bench/sample_rules.h"
#include "tests/bench/sigma_rules.h"
#include "tests/support/source_root.h"

namespace randguard::bench::rules_bench {
namespace {

// A start, an open, a write and a connection. No rule matches them.
void Match(benchmark::State& state) {
  Matcher matcher(MustCompile(ConfigWithRules(static_cast<std::size_t>(state.range(0)))));
  const EvaluationContext context;
  const ProcessStart start = testing::SampleStart();
  const FileOpen open = testing::SampleOpen();
  const FileWrite write = testing::SampleWrite();
  const NetworkConnect connect = testing::SampleConnect();
  const std::array views = {ViewOf(start, context), ViewOf(open, context), ViewOf(write, context),
                            ViewOf(connect, context)};
  for (auto _ : state) {
    for (const EventView& view : views) benchmark::DoNotOptimize(matcher.Match(view).size());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(views.size()));
}
BENCHMARK(Match)->RangeMultiplier(10)->Range(10, 10000)->Unit(benchmark::kNanosecond);

void Compile(benchmark::State& state) {
  const Config config = ConfigWithRules(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    std::vector<Diagnostic> diagnostics;
    benchmark::DoNotOptimize(CompileRules(config, diagnostics));
  }
}
BENCHMARK(Compile)->RangeMultiplier(10)->Range(10, 10000)->Unit(benchmark::kMillisecond);

// The rules that are installed, with all of them on, and as many of Sigma's kind.
Config InstalledAndSigma(std::size_t rules) {
  ConfigResult loaded = LoadConfig(testing::SourcePath("etc/config.toml"));
  if (!loaded.config.has_value()) std::exit(1);
  Config config = *std::move(loaded.config);
  for (std::size_t n = 0; n < rules; ++n) config.rules.push_back(MakeSigmaRule(n));
  return config;
}

// The start of a program, with the installed rules and some of Sigma's kind.
void Start(benchmark::State& state) {
  Matcher matcher(MustCompile(InstalledAndSigma(static_cast<std::size_t>(state.range(0)))));
  const EvaluationContext context;
  std::array<std::string, kPrograms.size()> args;
  std::vector<ProcessStart> starts;
  for (std::size_t i = 0; i < kPrograms.size(); ++i) {
    starts.push_back(StartOf(kPrograms[i], args[i]));
  }
  for (auto _ : state) {
    for (const ProcessStart& start : starts) {
      benchmark::DoNotOptimize(matcher.Match(ViewOf(start, context)).size());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(starts.size()));
}
BENCHMARK(Start)->Arg(0)->Arg(170)->Arg(1000)->Arg(10000)->Unit(benchmark::kMicrosecond);

// Makes a set of rules, whose size is what it takes from the heap.
void Load(benchmark::State& state) {
  const auto rules = static_cast<std::size_t>(state.range(0));
  Config config;
  config.alerts.built_in_rules = false;
  for (std::size_t n = 0; n < rules; ++n) config.rules.push_back(MakeSigmaRule(n));
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::size_t before = mallinfo2().uordblks;
    const auto compiled = MustCompile(config);
    bytes = mallinfo2().uordblks - before;
  }
  state.counters["bytes_of_a_rule"] = static_cast<double>(bytes) / static_cast<double>(rules);
}
BENCHMARK(Load)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

// One list of many texts, and a long line in which none of them is.
void LongList(benchmark::State& state, std::string_view op) {
  Config config;
  config.alerts.built_in_rules = false;
  RuleList& words = config.lists.emplace_back();
  words.name.text = "words";
  for (std::size_t n = 0; n < static_cast<std::size_t>(state.range(0)); ++n) {
    words.items.emplace_back().value = Word(n * 7 + 3);
  }
  Rule& rule = config.rules.emplace_back();
  rule.id = rule.name = "L";
  // In an exception, where the index does not look for the texts.
  rule.condition.text =
      "uid == 1000 and not command_line " + std::string(op) + " words and not pid == 1";
  Matcher matcher(MustCompile(config));
  std::string args;
  ProcessStart start = StartOf(kPrograms[0], args);
  std::string line;
  for (std::size_t n = 0; line.size() < 8192; ++n) {
    line += "/usr/lib/" + Word(n * 31).substr(0, 7) + ".SO --" + Word(n * 17).substr(2, 6) + '\0';
  }
  line.resize(8192);
  start.args = TextList{line};
  start.command_line = JoinedText{line};
  const EvaluationContext context;
  for (auto _ : state) benchmark::DoNotOptimize(matcher.Match(ViewOf(start, context)).size());
}
BENCHMARK_CAPTURE(LongList, icontains, "icontains")->Arg(64)->Arg(4096);
BENCHMARK_CAPTURE(LongList, contains, "contains")->Arg(4096);
BENCHMARK_CAPTURE(LongList, istartswith, "istartswith")->Arg(4096);
BENCHMARK_CAPTURE(LongList, endswith, "endswith")->Arg(4096);

}  // namespace
}  // namespace randguard::bench::rules_bench

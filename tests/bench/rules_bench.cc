// SPDX-License-Identifier: Apache-2.0
//
// The cost of an event by the number of rules.
#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "analyzer/output/testing/sample_events.h"
#include "analyzer/rules/fields/symbols.h"
#include "analyzer/rules/match/matcher.h"
#include "analyzer/rules/match/rule_set.h"
#include "tests/bench/sample_rules.h"

namespace randguard::bench {
namespace {

// A start, an open, a write and a connection. No rule matches them.
void Match(benchmark::State& state) {
  Matcher matcher(CompileRules(ConfigWithRules(static_cast<std::size_t>(state.range(0)))));
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
    benchmark::DoNotOptimize(RuleSet::Compile(config, diagnostics));
  }
}
BENCHMARK(Compile)->RangeMultiplier(10)->Range(10, 10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace randguard::bench

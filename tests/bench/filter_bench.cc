// SPDX-License-Identifier: Apache-2.0
//
// The path filter: compiling the kernel side's tables, and the verdict as plain code.
// scripts/throughput measures the kernel side itself.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <string>

#include "analyzer/plan/path_filter.h"

namespace randguard::bench {
namespace {

FileConfig Watching(std::size_t paths) {
  FileConfig config;
  config.watch_paths.clear();
  for (std::size_t n = 0; n < paths; ++n) {
    config.watch_paths.push_back("/srv/data-" + std::to_string(n) + "/files");
  }
  return config;
}

void Compile(benchmark::State& state) {
  const FileConfig config = Watching(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(CompileFilter(config).entries.size());
}
BENCHMARK(Compile)->RangeMultiplier(10)->Range(10, 1000)->Unit(benchmark::kMicrosecond);

void Judge(benchmark::State& state) {
  const FileConfig config = Watching(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(JudgePath(config, "/usr/lib/x86_64-linux-gnu/libc.so.6"));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Judge)->RangeMultiplier(10)->Range(10, 1000);

}  // namespace
}  // namespace randguard::bench

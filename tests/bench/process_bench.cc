// SPDX-License-Identifier: Apache-2.0
//
// The process table: a look-up among many, and the life of a process.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "analyzer/process/process_table.h"
#include "tests/bench/allocations.h"

namespace randguard::bench {
namespace {

constexpr std::size_t kCapacity = 65536;
constexpr std::uint64_t kGraceNs = 60'000'000'000;

ProcessKey KeyOf(std::uint64_t n) { return {static_cast<std::uint32_t>(n), 1'000'000 + n}; }

void Find(benchmark::State& state) {
  ProcessTable table(kCapacity, kGraceNs);
  const auto processes = static_cast<std::uint64_t>(state.range(0));
  for (std::uint64_t n = 0; n < processes; ++n) table.Upsert(KeyOf(n));
  std::uint64_t n = 0;
  for (auto _ : state) {
    n = (n + 7919) % processes;
    benchmark::DoNotOptimize(table.Find(KeyOf(n)));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Find)->Arg(200)->Arg(5000)->Arg(65536);

// Forked, another program, ended; forgotten after the grace time, or to make room.
void Life(benchmark::State& state) {
  ProcessTable table(kCapacity, kGraceNs);
  const auto step_ns = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t n = 0, now_ns = 0;
  const Allocations before = AllocationsSoFar();
  for (auto _ : state) {
    const ProcessKey key = KeyOf(++n);
    table.SetImage(table.Upsert(key),
                   table.MakeImage({.exe_path = "/usr/bin/a-program",
                                    .args = std::string_view("a-program\0--option\0", 19),
                                    .cwd = "/srv"}));
    benchmark::DoNotOptimize(table.Exit(key, now_ns += step_ns));
    table.Expire(now_ns);
  }
  TellAllocations(state, before, static_cast<std::uint64_t>(state.iterations()));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Life)->ArgName("ns_apart")->Arg(1'000'000)->Arg(1'000);

}  // namespace
}  // namespace randguard::bench

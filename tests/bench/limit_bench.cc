// SPDX-License-Identifier: Apache-2.0
//
// The limit of telemetry: what each file or network event pays for having a share.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/pipeline/rate_limit.h"
#include "tests/bench/allocations.h"

namespace randguard::bench {
namespace {

// Events in turn of so many users, each in a container of their own; far over the limit.
void Consume(benchmark::State& state) {
  RateLimit limit(5000);
  const auto users = static_cast<std::uint32_t>(state.range(0));
  std::vector<std::string> containers;
  for (std::uint32_t user = 0; user < users; ++user) {
    containers.push_back(std::string(60, 'c') + std::to_string(1000 + user));
  }
  std::uint64_t now_ns = 1'000'000'000;
  std::uint32_t user = 0;
  const auto step = [&] {
    user = user + 1 == users ? 0 : user + 1;
    return limit.Consume(now_ns += 1000, 1000 + user, containers[user], RG_KIND_file_open);
  };
  for (std::uint32_t n = 0; n < users; ++n) step();  // all accounts are open
  const Allocations before = AllocationsSoFar();
  for (auto _ : state) benchmark::DoNotOptimize(step());
  TellAllocations(state, before, static_cast<std::uint64_t>(state.iterations()));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Consume)->ArgName("users")->Arg(1)->Arg(20)->Arg(256)->Arg(4096);

}  // namespace
}  // namespace randguard::bench

// SPDX-License-Identifier: Apache-2.0
//
// Counts the memory that a benchmark takes from the heap. Programs that link allocations.cc have
// their operator new counted.
#ifndef TESTS_BENCH_ALLOCATIONS_H_
#define TESTS_BENCH_ALLOCATIONS_H_

#include <benchmark/benchmark.h>

#include <cstdint>

namespace randguard::bench {

struct Allocations {
  std::uint64_t calls = 0;
  std::uint64_t bytes = 0;
};

// All since the program began.
Allocations AllocationsSoFar();

// Sets counters of the allocations since `before`, for each of `items`.
inline void TellAllocations(benchmark::State& state, const Allocations& before,
                            std::uint64_t items) {
  const Allocations now = AllocationsSoFar();
  const auto each = [&](std::uint64_t count) {
    return items == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(items);
  };
  state.counters["allocations"] = each(now.calls - before.calls);
  state.counters["allocated_bytes"] = each(now.bytes - before.bytes);
}

}  // namespace randguard::bench

#endif  // TESTS_BENCH_ALLOCATIONS_H_

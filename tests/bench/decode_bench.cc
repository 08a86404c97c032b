// SPDX-License-Identifier: Apache-2.0
//
// Decodes records to events, kind by kind.
#include <benchmark/benchmark.h>

#include <span>

#include "analyzer/decode/record.h"
#include "tests/bench/allocations.h"
#include "tests/support/record_builder.h"

namespace randguard::bench {
namespace {

void Decode(benchmark::State& state, const testing::Bytes& record) {
  const RecordBytes bytes = std::span(record);
  const Allocations before = AllocationsSoFar();
  Event event;
  for (auto _ : state) {
    if (!DecodeRecord(bytes, event).ok()) {
      state.SkipWithError("the record was not understood");
      break;
    }
    benchmark::DoNotOptimize(&event);
    benchmark::ClobberMemory();
  }
  TellAllocations(state, before, static_cast<std::uint64_t>(state.iterations()));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(Decode, process_exec, testing::ProcessExec().Build());
BENCHMARK_CAPTURE(Decode, process_fork, testing::ProcessFork().Build());
BENCHMARK_CAPTURE(Decode, process_exit, testing::ProcessExit().Build());
BENCHMARK_CAPTURE(Decode, file_open, testing::FileOpen().Build());
BENCHMARK_CAPTURE(Decode, file_write, testing::FileWrite().Build());
BENCHMARK_CAPTURE(Decode, network_connect, testing::NetworkConnect().Build());
BENCHMARK_CAPTURE(Decode, credentials_change, testing::CredentialsChange().Build());

}  // namespace
}  // namespace randguard::bench

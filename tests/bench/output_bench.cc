// SPDX-License-Identifier: Apache-2.0
//
// Events to lines of JSON.
#include <benchmark/benchmark.h>

#include "analyzer/config/config.h"
#include "analyzer/output/json/event_writer.h"
#include "analyzer/output/testing/sample_events.h"
#include "tests/bench/allocations.h"

namespace randguard::bench {
namespace {

template <typename Event>
void Write(benchmark::State& state, const Event& event, OutputFormat format = OutputFormat::kJson) {
  EventWriter writer(testing::kSampleAgentId, format);
  writer.SetSession(testing::SampleSession());
  const std::size_t size = writer.Write(event).size();  // its buffers have grown now
  const Allocations before = AllocationsSoFar();
  for (auto _ : state) benchmark::DoNotOptimize(writer.Write(event).data());
  TellAllocations(state, before, static_cast<std::uint64_t>(state.iterations()));
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
}
BENCHMARK_CAPTURE(Write, process_start, testing::SampleStart());
BENCHMARK_CAPTURE(Write, file_open, testing::SampleOpen());
BENCHMARK_CAPTURE(Write, file_write, testing::SampleWrite());
BENCHMARK_CAPTURE(Write, network_connect, testing::SampleConnect());

constexpr OutputFormat kEcs = OutputFormat::kEcs, kOcsf = OutputFormat::kOcsf;
BENCHMARK_CAPTURE(Write, ecs_process_start, testing::SampleStart(), kEcs);
BENCHMARK_CAPTURE(Write, ecs_file_open, testing::SampleOpen(), kEcs);
BENCHMARK_CAPTURE(Write, ecs_file_write, testing::SampleWrite(), kEcs);
BENCHMARK_CAPTURE(Write, ecs_network_connect, testing::SampleConnect(), kEcs);
BENCHMARK_CAPTURE(Write, ocsf_process_start, testing::SampleStart(), kOcsf);
BENCHMARK_CAPTURE(Write, ocsf_file_open, testing::SampleOpen(), kOcsf);
BENCHMARK_CAPTURE(Write, ocsf_file_write, testing::SampleWrite(), kOcsf);
BENCHMARK_CAPTURE(Write, ocsf_network_connect, testing::SampleConnect(), kOcsf);

}  // namespace
}  // namespace randguard::bench

// SPDX-License-Identifier: Apache-2.0
//
// Whole messages through the pipeline, as in replay: what one core does in a second, and what it
// allocates for one event.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/pipeline/pipeline.h"
#include "analyzer/wire/message.h"
#include "tests/bench/allocations.h"
#include "tests/bench/sample_rules.h"
#include "tests/bench/synthetic_host.h"

namespace randguard::bench {
namespace {

// More than fit into a cache.
constexpr std::size_t kBatches = 400;

struct Stream {
  std::vector<testing::Bytes> beginning, batches;
};

const Stream& TheStream() {
  static const Stream stream = [] {
    SyntheticHost host;
    Stream out;
    out.beginning = host.Beginning();
    for (std::size_t i = 0; i < kBatches; ++i) out.batches.push_back(host.NextBatch());
    return out;
  }();
  return stream;
}

void Feed(const std::vector<testing::Bytes>& messages, Pipeline& pipeline) {
  for (const testing::Bytes& message : messages) {
    const absl::Status status = ReadMessage(
        std::span(message), [&](wire::Message::Reader m) { return pipeline.OnMessage(m); });
    if (!status.ok()) {
      std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
      std::exit(1);
    }
  }
}

void Replay(benchmark::State& state, bool telemetry) {
  Config config = ConfigWithRules(static_cast<std::size_t>(state.range(0)));
  config.performance.max_events_per_second = 0;
  config.output.telemetry = telemetry;
  const auto rules = CompileRules(config);
  const Stream& stream = TheStream();
  std::uint64_t events = 0, bytes = 0;
  Allocations allocated;
  for (auto _ : state) {
    state.PauseTiming();
    auto out = LineSink::File("/dev/null");
    if (!out.ok()) std::exit(1);
    auto pipeline = std::make_unique<Pipeline>(config, *out, rules);
    Feed(stream.beginning, *pipeline);
    const Allocations before = AllocationsSoFar();
    state.ResumeTiming();
    Feed(stream.batches, *pipeline);
    state.PauseTiming();
    const Allocations after = AllocationsSoFar();
    allocated.calls += after.calls - before.calls;
    allocated.bytes += after.bytes - before.bytes;
    events += kBatches * SyntheticHost::kRecordsInBatch;
    if (pipeline->invalid_records() != 0) {
      state.SkipWithError("records were not understood");
      break;
    }
    pipeline->EndSession();
    out->Flush();
    bytes += out->bytes();
    pipeline.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
  const auto each = [&](std::uint64_t count) {
    return static_cast<double>(count) / static_cast<double>(events);
  };
  state.counters["allocations"] = each(allocated.calls);
  state.counters["allocated_bytes"] = each(allocated.bytes);
  state.counters["written_bytes"] = each(bytes);
}

void AlertsOnly(benchmark::State& state) { Replay(state, false); }
BENCHMARK(AlertsOnly)->Arg(0)->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);

void AllTelemetry(benchmark::State& state) { Replay(state, true); }
BENCHMARK(AllTelemetry)->Arg(0)->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace randguard::bench

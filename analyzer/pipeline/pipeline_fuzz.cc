// SPDX-License-Identifier: Apache-2.0
//
// Takes anything that a collector could send all the way: bytes -> frames -> messages -> pipeline
// -> lines, to /dev/null.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/pipeline/pipeline.h"
#include "analyzer/wire/frame_reader.h"
#include "analyzer/wire/message.h"

namespace randguard::pipeline_fuzz {
namespace {

// Reads all frames that are there, as replay does: an error ends the session and the next hello
// begins another. False once the stream is of no more use.
bool Drain(FrameReader& frames, Pipeline& pipeline) {
  for (;;) {
    const auto frame = frames.Next();
    if (!frame.ok()) return false;
    if (!*frame) return true;
    const absl::Status status = ReadMessage(
        **frame, [&](wire::Message::Reader message) { return pipeline.OnMessage(message); });
    if (!status.ok()) pipeline.EndSession();
    (void)pipeline.cursor();
  }
}

}  // namespace
}  // namespace randguard::pipeline_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace randguard;
  using namespace randguard::pipeline_fuzz;
  static LineSink sink = *LineSink::File("/dev/null");
  Config config;
  config.performance.max_process_cache_entries = 16;  // few inputs are long enough to fill more
  Pipeline pipeline(config, sink);
  FrameReader frames;
  std::span<const std::uint8_t> rest(data, size);
  while (!rest.empty()) {
    const std::span<std::byte> tail = frames.WritableTail(1);
    if (tail.empty()) std::abort();
    const std::size_t n = std::min(tail.size(), rest.size());
    std::memcpy(tail.data(), rest.data(), n);
    frames.Commit(n);
    rest = rest.subspan(n);
    if (!Drain(frames, pipeline)) break;
  }
  pipeline.EndSession();
  Health health;
  pipeline.FillHealth(health);
  pipeline.WriteHealth(health);
  sink.Flush();
  if (sink.failures() != 0) std::abort();
  return 0;
}

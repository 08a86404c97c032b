// SPDX-License-Identifier: Apache-2.0
//
// Prints lines of each type, with each value of each closed set in it, for schema_check.py.
#include <cstdio>
#include <exception>

#include "analyzer/output/testing/sample_events.h"

namespace {

void PrintSamples() {
  randguard::EventWriter writer(randguard::testing::kSampleAgentId);
  const auto print = [&](const auto& event) {
    const std::string_view line = writer.Write(event);
    std::fwrite(line.data(), 1, line.size(), stdout);
  };
  randguard::testing::ForEachSample(print);  // before a session: health is written then too
  writer.SetSession(randguard::testing::SampleSession());
  randguard::testing::ForEachSample(print);
  randguard::testing::ForEachValue(print);
  auto start = randguard::testing::SampleStart();
  start.actor.comm = "\xff";
  print(start);
}

}  // namespace

int main() {
  try {
    PrintSamples();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sample_lines: %s\n", error.what());
    return 1;
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// sample_lines [FORMAT [omit]]: prints lines of each type, with each value of each closed set in
// it, for schema_check.py and profile_check.py.
#include <cstdio>
#include <exception>
#include <string_view>

#include "analyzer/config/config.h"
#include "analyzer/config/names.h"
#include "analyzer/output/testing/sample_events.h"

namespace {

void PrintSamples(randguard::OutputFormat format, bool omit_empty) {
  randguard::EventWriter writer(randguard::testing::kSampleAgentId, format);
  writer.OmitEmpty(omit_empty);
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

int main(int argc, char** argv) {
  try {
    const auto format = randguard::FindNamed<randguard::OutputFormat>(argc > 1 ? argv[1] : "json");
    if (!format.has_value()) {
      std::fprintf(stderr, "sample_lines: no format %s\n", argv[1]);
      return 2;
    }
    PrintSamples(*format, argc > 2 && std::string_view(argv[2]) == "omit");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sample_lines: %s\n", error.what());
    return 1;
  }
  return 0;
}

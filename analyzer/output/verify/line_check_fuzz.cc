// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as files of output, divided by NUL. The counts agree with each other.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "analyzer/output/verify/line_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace randguard;  // NOLINT: a function outside of all namespaces
  LineCheck check;
  std::size_t n = 0;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    std::string_view file = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(file.size() == rest.size() ? file.size() : file.size() + 1);
    // By turns a file, a segment, and several segments.
    constexpr const char* kNames[] = {
        "f", "events-0e6c9a1c-7b1c-4a39-9e53-2f1b7c1d5a10-000000000001.ndjson", "-"};
    check.BeginFile(kNames[n % 3],
                    n % 3 == 2 ? LineCheck::Files::kSeveral : LineCheck::Files::kOne);
    ++n;
    for (std::size_t end; (end = file.find('\n')) != file.npos; file.remove_prefix(end + 1)) {
      check.Add(file.substr(0, end));
    }
    check.EndFile(file.empty());
  }
  check.Finish();
  for (const auto& [id, boot] : check.boots()) {
    if (boot.seen.empty() || boot.seen.size() + boot.twice != boot.lines) std::abort();
    std::uint64_t missing = 0;
    for (const SeqSpan& span : boot.seen.Missing()) missing += span.size();
    if (boot.seen.size() + missing != boot.seen.bounds().size()) std::abort();
    for (const SeqSpan& span : boot.seen.Missing(boot.named)) {
      if (span.first > span.last) std::abort();
    }
  }
  if (check.ok() && !check.problems().empty()) std::abort();
  if (check.Report().size() > (size + 1) * 1000) std::abort();
  return 0;
}

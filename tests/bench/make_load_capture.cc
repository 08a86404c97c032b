// SPDX-License-Identifier: Apache-2.0
//
// Writes the capture of a busy host, of any length, to stdout: for `rand-guard replay --stats`,
// through a pipe where a file would be too large.
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/status.h"
#include "analyzer/capture/capture_writer.h"
#include "tests/bench/synthetic_host.h"

namespace randguard::bench {
namespace {

constexpr char kUsage[] =
    "usage: make_load_capture RECORDS >FILE\n"
    "\n"
    "RECORDS is rounded up to whole batches.\n";

absl::Status Write(std::uint64_t records) {
  RG_ASSIGN_OR_RETURN(
      CaptureWriter writer,
      CaptureWriter::FromFd(kj::AutoCloseFd(dup(STDOUT_FILENO)), CaptureFormat::kPlain, "stdout"));
  SyntheticHost host;
  for (const testing::Bytes& message : host.Beginning()) {
    RG_RETURN_IF_ERROR(writer.Append(std::span(message)));
  }
  for (std::uint64_t done = 0; done < records; done += SyntheticHost::kRecordsInBatch) {
    const testing::Bytes batch = host.NextBatch();
    RG_RETURN_IF_ERROR(writer.Append(std::span(batch)));
  }
  return writer.Close();
}

}  // namespace
}  // namespace randguard::bench

int main(int argc, char** argv) {
  std::uint64_t records = 0;
  const std::string_view word = argc == 2 ? argv[1] : "";
  if (const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), records);
      error != std::errc() || end != word.data() + word.size() || records == 0) {
    std::fputs(randguard::bench::kUsage, stderr);
    return 2;
  }
  const absl::Status status = randguard::bench::Write(records);
  if (status.ok()) return 0;
  std::fprintf(stderr, "make_load_capture: %s\n", randguard::Message(status).c_str());
  return 1;
}

// SPDX-License-Identifier: Apache-2.0
//
// A made-up busy host: messages as a collector sends them, always the same ones. A thousand records
// are 540 file opens, 270 writes, 30 of files that are named or unlinked, 90 of processes that
// start, run a program and end, and 70 of connections.
#ifndef TESTS_BENCH_SYNTHETIC_HOST_H_
#define TESTS_BENCH_SYNTHETIC_HOST_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/message_builder.h"

namespace randguard::bench {

class SyntheticHost {
 public:
  // The beginning of a session: users, hello, and the processes that are there already.
  std::vector<testing::Bytes> Beginning();
  // The next batch: one message of kRecordsInBatch records, with a time of its own for each.
  testing::Bytes NextBatch();

  static constexpr std::size_t kRecordsInBatch = 500;

 private:
  struct Running {
    std::uint32_t pid = 0;
    std::uint64_t start_ns = 0;
    std::uint32_t ppid = 0;
    std::uint64_t parent_start_ns = 0;
    std::size_t program = 0;
  };
  std::uint32_t Random(std::uint32_t below);
  template <typename Builder>
  void Sign(Builder& record, const Running& process);
  testing::Bytes NextRecord();
  testing::Bytes File(std::uint32_t what);
  testing::Bytes Connection(std::uint32_t what);
  testing::Bytes Life();
  std::string Path();

  std::vector<Running> services_;
  Running child_;
  int step_ = 0;  // of the child's life
  std::uint32_t next_pid_ = 20'000;
  std::uint64_t now_ns_ = testing::kStartNs + 2'000'000'000;
  std::uint64_t sequence_ = 0;
  std::uint64_t random_ = 0x9e3779b97f4a7c15;
};

}  // namespace randguard::bench

#endif  // TESTS_BENCH_SYNTHETIC_HOST_H_

// SPDX-License-Identifier: Apache-2.0
//
// Messages and records for a pipeline, made of what a test says of them.
#ifndef ANALYZER_PIPELINE_TESTING_MESSAGES_H_
#define ANALYZER_PIPELINE_TESTING_MESSAGES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "tests/support/record_builder.h"

namespace randguard::testing {

inline constexpr std::string_view kOtherBoot = "ffffffff-0000-4a39-9e53-2f1b7c1d5a10";
inline constexpr std::uint64_t kMs = 1'000'000;

using Counts = std::map<unsigned, std::uint64_t>;  // by kind, program or hook

struct HelloOf {
  std::string_view boot_id = kBootId;
  std::uint64_t collector_start_ns = kStartNs;
  std::uint32_t session = 0;
  std::uint64_t next_batch = 0, next_record = 0;
  Counts lost_before = {};
  std::string_view host = "web1";
  std::uint16_t abi_version = RG_ABI_VERSION;
  Counts skipped_before = {};

  Bytes Make() const;
};

struct BatchOf {
  std::uint64_t sequence = 0, first_record = 0;
  std::vector<Bytes> records = {};
  std::uint64_t drained_ns = kStartNs + 1000 * kMs;
  Counts lost = {};
  std::int64_t clock_offset_ns = kClockOffsetNs;
  unsigned lost_size = RG_KIND_END;

  Bytes Make() const;
};

// `skipped` by program, of which a newer collector may have more.
Bytes HeartbeatOf(const Counts& lost, std::uint64_t time_ns = kStartNs + 2000 * kMs,
                  const Counts& skipped = {}, unsigned programs = RG_PROGRAM_END);

Bytes PrintedOf(std::string_view boot_id, std::uint64_t collector_start_ns, std::uint64_t records,
                const std::optional<Counts>& lost = std::nullopt,
                const std::optional<Counts>& skipped = std::nullopt);

// Its processes: 1 (init), 100 (a shell, child of 1).
std::vector<Bytes> SnapshotRecords();

inline auto ExitOf(std::uint32_t pid, std::uint64_t start_ns, std::uint64_t time_ns) {
  auto r = ProcessExit();
  r.By(pid, start_ns).At(time_ns);
  return r;
}

inline auto ForkOf(std::uint32_t pid, std::uint64_t start_ns, std::uint32_t child,
                   std::uint64_t child_start_ns, std::uint64_t time_ns) {
  auto r = ProcessFork();
  r.By(pid, start_ns).At(time_ns);
  r.body.child_pid = r.body.child_tid = child;
  r.body.child_start_ns = child_start_ns;
  r.body.child_ppid = pid;
  r.body.child_parent_start_ns = start_ns;
  r.Put(&rg_fork::child_cgroup, "");
  return r;
}

Bytes WithSize(Bytes record, std::uint32_t size);

}  // namespace randguard::testing

#endif  // ANALYZER_PIPELINE_TESTING_MESSAGES_H_

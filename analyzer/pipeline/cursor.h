// SPDX-License-Identifier: Apache-2.0
//
// How far an analyzer has got with what one collector has sent.
#ifndef ANALYZER_PIPELINE_CURSOR_H_
#define ANALYZER_PIPELINE_CURSOR_H_

#include <cstdint>
#include <optional>
#include <string>

#include "analyzer/output/sinks/sink.h"
#include "analyzer/pipeline/kind_counters.h"

namespace randguard {

// Boot id and start name the life of the collector that the figures are about.
struct Cursor {
  std::string boot_id;
  std::uint64_t collector_start_ns = 0;
  std::uint64_t records = 0;                 // printed
  std::optional<KindCounters> lost = {};     // kernel losses reported
  std::optional<HookCounters> skipped = {};  // skipped runs of programs reported
  // The output's end at that time. An analyzer that is killed before it can say so may have written
  // more.
  std::optional<FilePosition> output = {};

  bool SameLife(const Cursor& other) const {
    return boot_id == other.boot_id && collector_start_ns == other.collector_start_ns;
  }
};

// How far the numbers of a boot's lines have got. An analyzer that is killed may have handed out
// lines with the next kReserved numbers, and no others.
struct LineNumbers {
  static constexpr std::uint64_t kReserved = 4096;

  std::string boot_id;
  std::uint64_t next = 1;
  // Lines with lower numbers were written, or a loss record says that they are missing.
  std::uint64_t sure = 1;
  bool ended = true;  // no line was handed out since
  // The line with the number `next` is a loss record that says what `sure` leaves open. It may have
  // been written.
  bool begun_with_loss = false;

  // The number that whoever goes on begins with.
  std::uint64_t Continued() const { return next + (ended ? 0 : kReserved); }
};

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_CURSOR_H_

// SPDX-License-Identifier: Apache-2.0
//
// The host's clocks, as records and lines have them.
#ifndef ANALYZER_INGEST_HOST_CLOCK_H_
#define ANALYZER_INGEST_HOST_CLOCK_H_

#include <cstdint>
#include <ctime>

namespace randguard {

inline std::int64_t NanosecondsOf(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

// Since boot, CLOCK_BOOTTIME.
inline std::uint64_t BootNs() { return static_cast<std::uint64_t>(NanosecondsOf(CLOCK_BOOTTIME)); }

// To be added to it for the time since 1970.
inline std::int64_t ClockOffsetNs() {
  return NanosecondsOf(CLOCK_REALTIME) - NanosecondsOf(CLOCK_BOOTTIME);
}

}  // namespace randguard

#endif  // ANALYZER_INGEST_HOST_CLOCK_H_

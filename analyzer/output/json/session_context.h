// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_OUTPUT_JSON_SESSION_CONTEXT_H_
#define ANALYZER_OUTPUT_JSON_SESSION_CONTEXT_H_

#include <cstdint>
#include <string>

namespace randguard {

// Facts that a session's Hello gives for all its events.
struct SessionContext {
  std::string host_name;
  std::string boot_id;               // 36 characters, hex and dashes
  std::int64_t clock_offset_ns = 0;  // CLOCK_REALTIME - CLOCK_BOOTTIME
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_JSON_SESSION_CONTEXT_H_

// SPDX-License-Identifier: Apache-2.0
//
// The system calls the sensor looks at (schema/abi/calls.def), by number.
#ifndef ANALYZER_EVENT_CALLS_H_
#define ANALYZER_EVENT_CALLS_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "schema/abi/event.h"

namespace randguard {

struct CallInfo {
  std::string_view name;        // as in the kernel's table
  std::string_view event_type;  // of the event it becomes
  std::uint16_t kind = 0;       // enum rg_kind
  int number64 = -1;            // in the 64-bit table; -1: not there
  int number32 = -1;            // in the 32-bit table
};

inline constexpr std::array<CallInfo, RG_CALL_END> kCalls = [] {
  std::array<CallInfo, RG_CALL_END> calls{{
      {"unknown", "unknown", 0},
#define CALL(number, name, nr64, nr32, kind, fd, dirfd, name1, dirfd2, name2, keep) \
  {#name, "file_" #name, RG_KIND_##kind, nr64, nr32},
#include "schema/abi/calls.def"
#undef CALL
  }};
  // Three ways to ask for the same; openat2 is told apart, for it can do more.
  for (const int call : {RG_CALL_open, RG_CALL_openat, RG_CALL_creat}) {
    calls[static_cast<std::size_t>(call)].event_type = "file_open";
  }
  for (const int call : {RG_CALL_execve, RG_CALL_execveat}) {
    calls[static_cast<std::size_t>(call)].event_type = "process_exec_failed";
  }
  return calls;
}();

}  // namespace randguard

#endif  // ANALYZER_EVENT_CALLS_H_

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

// Kinds of records that are about rare, telling behaviour.
constexpr bool IsConduct(unsigned kind) {
  return kind >= RG_KIND_credentials_change && kind <= RG_KIND_conduct_failed;
}

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
  // What is not about files is called after what it is about, whichever call it was.
  for (CallInfo& call : calls) {
    switch (call.kind) {
#define EVENT_KIND(number, name, body, lane)        \
  case number:                                      \
    if (IsConduct(number)) call.event_type = #name; \
    break;
#include "schema/abi/event_kinds.def"
#undef EVENT_KIND
      default:
        break;
    }
  }
  for (std::size_t call = RG_CALL_connect; call <= RG_CALL_socketcall; ++call) {
    switch (calls[call].kind) {
      case RG_KIND_network_bind:
        calls[call].event_type = "network_bind";
        break;
      case RG_KIND_network_listen:
        calls[call].event_type = "network_listen";
        break;
      case RG_KIND_network_accept:
        calls[call].event_type = "network_accept";
        break;
      case RG_KIND_network_datagram:
        calls[call].event_type = call < RG_CALL_recvfrom ? "network_send" : "network_receive";
        break;
      default:
        calls[call].event_type = "network_connect";
    }
  }
  for (const int call : {RG_CALL_execve, RG_CALL_execveat}) {
    calls[static_cast<std::size_t>(call)].event_type = "process_exec_failed";
  }
  return calls;
}();

}  // namespace randguard

#endif  // ANALYZER_EVENT_CALLS_H_

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
  std::uint16_t like = 0;       // enum rg_call: another way to the same, and switched on with it
};

// Kinds of records that are about rare, telling behaviour.
constexpr bool IsBehaviour(unsigned kind) {
  return kind >= RG_KIND_credentials_change && kind <= RG_KIND_conduct_common;
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
  // Other ways to the same.
  constexpr struct {
    int call, like;
    std::string_view name;  // empty: it has one of its own
  } kLike[] = {
      {RG_CALL_truncate64, RG_CALL_truncate, ""},
      {RG_CALL_ftruncate64, RG_CALL_ftruncate, ""},
      {RG_CALL_sendfile64, RG_CALL_sendfile, ""},
      {RG_CALL_chown16, RG_CALL_chown, "chown"},
      {RG_CALL_fchown16, RG_CALL_fchown, "fchown"},
      {RG_CALL_lchown16, RG_CALL_lchown, "lchown"},
      {RG_CALL_pwrite64_32, RG_CALL_pwrite64, "pwrite64"},
      {RG_CALL_fallocate_32, RG_CALL_fallocate, "fallocate"},
      {RG_CALL_old_mmap, RG_CALL_mmap, "mmap"},
      {RG_CALL_open_by_handle_at, RG_CALL_openat, ""},
      {RG_CALL_setxattrat, RG_CALL_setxattr, ""},
      {RG_CALL_removexattrat, RG_CALL_removexattr, ""},
      {RG_CALL_ioctl, RG_CALL_copy_file_range, ""},
  };
  for (const auto& entry : kLike) {
    CallInfo& call = calls[static_cast<std::size_t>(entry.call)];
    const CallInfo& like = calls[static_cast<std::size_t>(entry.like)];
    call.like = static_cast<std::uint16_t>(entry.like);
    call.event_type = like.event_type;
    if (!entry.name.empty()) call.name = entry.name;
  }
  // What is not about files is called after what it is about, whichever call it was.
  for (CallInfo& call : calls) {
    switch (call.kind) {
#define EVENT_KIND(number, name, body, lane)          \
  case number:                                        \
    if (IsBehaviour(number)) call.event_type = #name; \
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

// SPDX-License-Identifier: Apache-2.0
//
// The system calls the sensor looks at (schema/abi/calls.def), by number.
#ifndef ANALYZER_EVENT_CALLS_H_
#define ANALYZER_EVENT_CALLS_H_

#include <array>
#include <bit>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "schema/abi/arch.h"
#include "schema/abi/event.h"

namespace randguard {

struct CallInfo {
  std::string_view name = "unknown";        // as events and the configuration say it
  std::string_view event_type = "unknown";  // of the event it becomes
  std::string_view operation;               // on a file or socket; empty: it is about neither
  rg_hook hook = RG_HOOK_syscalls;          // whose programs see it
  std::uint16_t kind = 0;                   // enum rg_kind
  std::uint16_t like = 0;  // enum rg_call: another way to the same, and switched on with it
  int number64 = RG_ABSENT;
  int number32 = RG_ABSENT;
  bool nofollow = false;  // acts on the name itself, also where it is a symlink's
  bool ids16 = false;     // its user and group ids have 16 bits
  bool changes_attributes = false;
  int kept = 0;  // how many of its arguments records hold
};

constexpr std::string_view NameUnlessNone(rg_operation operation, std::string_view name) {
  return operation == RG_OPERATION_none ? std::string_view() : name;
}

inline constexpr rg_hook kHookOfOperation[] = {
#define OPERATION(name, hook) RG_HOOK_##hook,
#include "schema/abi/operations.def"
#undef OPERATION
};

inline constexpr std::array<CallInfo, RG_CALL_END> kCalls = {{
    {},
#define CALL(number, name, shown, kind, event_type, operation, like, traits, fd, dirfd, name1, \
             dirfd2, name2, keep)                                                              \
  {#shown,                                                                                     \
   #event_type,                                                                                \
   NameUnlessNone(RG_OPERATION_##operation, #operation),                                       \
   RG_HOOK_OF_CALL(RG_KIND_##kind, kHookOfOperation[RG_OPERATION_##operation]),                \
   RG_KIND_##kind,                                                                             \
   RG_CALL_##like,                                                                             \
   RG_NR64_##name,                                                                             \
   RG_NR32_##name,                                                                             \
   ((traits)&RG_NOFOLLOW) != 0,                                                                \
   ((traits)&RG_IDS16) != 0,                                                                   \
   RG_CHANGES_ATTRIBUTES(RG_KIND_##kind, RG_OPERATION_##operation),                            \
   std::popcount(unsigned{keep})},
#include "schema/abi/calls.def"
#undef CALL
}};

// A call that no longer is in calls.def has no place in the architecture's list, either.
inline constexpr std::string_view kSystemCalls[] = {
#define SYSTEM_CALL(name, nr64, nr32) #name,
#include RG_SYSTEM_CALLS
#undef SYSTEM_CALL
};
static_assert(std::size(kSystemCalls) == RG_CALL_END - 1,
              "one row in schema/abi/arch/ for each call");

// That of call 0, of kind 0, which no record has, if the number is none.
constexpr const CallInfo& CallInfoOf(unsigned call) {
  return kCalls[call < kCalls.size() ? call : 0];
}

// That of the calls whose events are of the type; empty: there is none.
constexpr std::string_view OperationOf(std::string_view event_type) {
  for (const CallInfo& call : kCalls) {
    if (call.event_type == event_type) return call.operation;
  }
  return {};
}

// The name by which the configuration switches the call on.
constexpr std::string_view SwitchOf(const CallInfo& call) {
  return call.like == RG_CALL_none ? call.name : kCalls[call.like].name;
}

}  // namespace randguard

#endif  // ANALYZER_EVENT_CALLS_H_

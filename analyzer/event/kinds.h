// SPDX-License-Identifier: Apache-2.0
//
// The kinds of records (schema/abi/event_kinds.def), by number.
#ifndef ANALYZER_EVENT_KINDS_H_
#define ANALYZER_EVENT_KINDS_H_

#include <array>
#include <cstddef>
#include <string_view>

#include "analyzer/event/value_sets.h"
#include "schema/abi/event.h"

namespace randguard {

struct RecordKind {
  std::string_view name = "unknown";
  Lane lane = Lane::kUnknown;
  std::size_t body = 0;  // bytes
  rg_domain domain = RG_DOMAIN_process;
};

inline constexpr std::array<RecordKind, RG_KIND_END> kRecordKinds = {{
    {},
#define EVENT_KIND(number, name, body, domain, behaviour, lane) \
  {#name, *FindNamed<Lane>(#lane), sizeof(rg_##body), RG_DOMAIN_##domain},
#include "schema/abi/event_kinds.def"
#undef EVENT_KIND
}};

constexpr bool IsKnownKind(unsigned kind) { return kind != 0 && kind < kRecordKinds.size(); }

// That of kind 0, which no record has, if the number is none.
constexpr const RecordKind& RecordKindOf(unsigned kind) {
  return kRecordKinds[IsKnownKind(kind) ? kind : 0];
}

// Does an event class say that it is made of records of this kind?
template <typename E>
constexpr bool IsMadeOf(unsigned kind) {
  for (const unsigned its : E::kKinds) {
    if (its == kind) return true;
  }
  return false;
}

// The domain that the events of a class belong to.
template <typename E>
inline constexpr rg_domain kDomainOf = kRecordKinds[E::kKinds[0]].domain;

// Lists are indexed by number: 1, 2, 3 and so on.
template <std::size_t kSize>
constexpr bool AreConsecutive(const std::array<unsigned, kSize>& numbers) {
  for (std::size_t i = 0; i < kSize; ++i) {
    if (numbers[i] != i + 1) return false;
  }
  return true;
}

static_assert(AreConsecutive(std::array<unsigned, RG_KIND_END - 1>{
#define EVENT_KIND(number, name, body, domain, behaviour, lane) number,
#include "schema/abi/event_kinds.def"
#undef EVENT_KIND
}));
static_assert(AreConsecutive(std::array<unsigned, RG_CALL_END - 1>{
#define CALL(number, name, shown, kind, event_type, operation, like, traits, fd, dirfd, name1, \
             dirfd2, name2, keep)                                                              \
  number,
#include "schema/abi/calls.def"
#undef CALL
}));
static_assert(AreConsecutive(std::array<unsigned, RG_HOOK_END - 1>{
#define HOOK(number, name, need, about) number,
#include "schema/abi/hooks.def"
#undef HOOK
}));
static_assert(AreConsecutive(std::array<unsigned, RG_PROGRAM_END - 1>{
#define PROGRAM(number, name, hook, choice, signature) number,
#include "schema/abi/programs.def"
#undef PROGRAM
}));

}  // namespace randguard

#endif  // ANALYZER_EVENT_KINDS_H_

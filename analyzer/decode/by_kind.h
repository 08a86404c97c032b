// SPDX-License-Identifier: Apache-2.0
//
// Which event a record becomes. For the decoders only.
#ifndef ANALYZER_DECODE_BY_KIND_H_
#define ANALYZER_DECODE_BY_KIND_H_

#include <type_traits>

#include "analyzer/event/events.h"
#include "schema/abi/event.h"

namespace randguard {

// Puts the choice of an event class off until Body is known. A kind that IsNamedByCall() has no
// class of its own, and compilers may refuse an expression that no template parameter decides.
template <typename Body, unsigned kKind>
struct MadeOf {
  using Type = EventMadeOf<kKind>;
};

// Makes the event that records of `kind` become and calls fill(event's class&). False, and nothing
// is made: such records have another body, or the call in them names the event.
template <typename Body, typename Fill>
bool EmplaceByKind(unsigned kind, Event& event, Fill&& fill) {
  switch (kind) {
#define EVENT_KIND(number, name, body, domain, behaviour, lane)                \
  case number:                                                                 \
    if constexpr (std::is_same_v<Body, rg_##body> && !IsNamedByCall(number)) { \
      fill(event.emplace<typename MadeOf<Body, number>::Type>());              \
      return true;                                                             \
    }                                                                          \
    break;
#include "schema/abi/event_kinds.def"
#undef EVENT_KIND
  }
  return false;
}

}  // namespace randguard

#endif  // ANALYZER_DECODE_BY_KIND_H_

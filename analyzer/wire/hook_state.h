// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_WIRE_HOOK_STATE_H_
#define ANALYZER_WIRE_HOOK_STATE_H_

#include "analyzer/event/value_sets.h"
#include "schema/telemetry.capnp.h"

namespace randguard {

// A hook's state as the collector reports it; a newer collector may have states without a name
// here.
inline HookState StateOf(wire::Hook::State state) {
  switch (state) {
    case wire::Hook::State::OFF:
      return HookState::kOff;
    case wire::Hook::State::ATTACHED:
      return HookState::kAttached;
    case wire::Hook::State::FALLBACK:
      return HookState::kFallback;
    case wire::Hook::State::MISSING:
      return HookState::kMissing;
  }
  return HookState::kUnknown;
}

}  // namespace randguard

#endif  // ANALYZER_WIRE_HOOK_STATE_H_

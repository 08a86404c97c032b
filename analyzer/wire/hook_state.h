// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_WIRE_HOOK_STATE_H_
#define ANALYZER_WIRE_HOOK_STATE_H_

#include <optional>

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

// Where a hook sees files and calls, likewise.
inline std::optional<Witness> LayerOf(wire::Hook::Layer layer) {
  switch (layer) {
    case wire::Hook::Layer::NONE:
      return std::nullopt;
    case wire::Hook::Layer::FUNCTION:
      return Witness::kFunction;
    case wire::Hook::Layer::CALL:
      return Witness::kCall;
  }
  return std::nullopt;
}

}  // namespace randguard

#endif  // ANALYZER_WIRE_HOOK_STATE_H_

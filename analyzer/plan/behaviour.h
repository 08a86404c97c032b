// SPDX-License-Identifier: Apache-2.0
//
// Which behaviour of the configuration a kind of records belongs to (event_kinds.def).
#ifndef ANALYZER_PLAN_BEHAVIOUR_H_
#define ANALYZER_PLAN_BEHAVIOUR_H_

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "analyzer/config/config.h"
#include "analyzer/config/names.h"
#include "schema/abi/event.h"

namespace randguard {

// Does not compile for what is neither "none" nor in behaviours.def.
consteval std::optional<Behaviour> BehaviourNamed(std::string_view name) {
  if (name == "none") return std::nullopt;
  const auto& names = EnumTraits<Behaviour>::kNames;
  std::size_t at = 0;
  while (names[at] != name) ++at;
  return static_cast<Behaviour>(at);
}

inline constexpr std::array<std::optional<Behaviour>, RG_KIND_END> kBehaviourOfKind = {
    std::nullopt,
#define EVENT_KIND(number, name, body, domain, behaviour, lane) BehaviourNamed(#behaviour),
#include "schema/abi/event_kinds.def"
#undef EVENT_KIND
};

// None: another key of the configuration switches the kind on.
constexpr std::optional<Behaviour> BehaviourOf(unsigned kind) {
  return kind < kBehaviourOfKind.size() ? kBehaviourOfKind[kind] : std::nullopt;
}

inline bool Has(const ProcessConfig& config, Behaviour behaviour) {
  return std::find(config.behaviour.begin(), config.behaviour.end(), behaviour) !=
         config.behaviour.end();
}

}  // namespace randguard

#endif  // ANALYZER_PLAN_BEHAVIOUR_H_

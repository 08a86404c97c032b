// SPDX-License-Identifier: Apache-2.0
//
// Rules of which type look at an event class: its struct says so by what it is made of.
#ifndef ANALYZER_RULES_FIELDS_RULE_TYPE_H_
#define ANALYZER_RULES_FIELDS_RULE_TYPE_H_

#include <concepts>

#include "analyzer/config/config.h"
#include "analyzer/event/file_events.h"
#include "analyzer/event/network_events.h"

namespace randguard {

template <typename E>
concept AboutFiles = requires(E event) {
  { event.call } -> std::same_as<FileCall&>;
};
// A connection's end is no call, but about a socket, too.
template <typename E>
concept AboutSockets = requires(E event) {
  { event.object } -> std::same_as<Socket&>;
};

template <typename E>
constexpr RuleType RuleTypeOf() {
  if constexpr (AboutFiles<E>) return RuleType::kFile;
  if constexpr (AboutSockets<E>) return RuleType::kNetwork;
  return RuleType::kProcess;
}

}  // namespace randguard

#endif  // ANALYZER_RULES_FIELDS_RULE_TYPE_H_

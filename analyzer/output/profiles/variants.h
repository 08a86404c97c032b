// SPDX-License-Identifier: Apache-2.0
//
// Events whose layout depends on what they say.
#ifndef ANALYZER_OUTPUT_PROFILES_VARIANTS_H_
#define ANALYZER_OUTPUT_PROFILES_VARIANTS_H_

#include "analyzer/event/alert.h"
#include "analyzer/event/events.h"
#include "analyzer/output/profiles/layout.h"

namespace randguard::profiles {

// Variants of ProcessRelationship.
inline constexpr int kFork = 0, kThread = 1;
template <>
inline constexpr int kVariants<ProcessRelationship> = 2;
inline int VariantOf(const ProcessRelationship& e) { return e.thread ? kThread : kFork; }

// Variants of FileRename: a file got another name, or a further one (also a symbolic link).
inline constexpr int kRename = 0, kLink = 1;
template <>
inline constexpr int kVariants<FileRename> = 2;
inline int VariantOf(const FileRename& e) { return e.call.operation == "link" ? kLink : kRename; }

// Variants of events of the network, by who asked.
inline constexpr int kOutbound = 0, kInbound = 1;
template <>
inline constexpr int kVariants<NetworkDatagram> = 2;
inline int VariantOf(const NetworkDatagram& e) {
  return e.call.operation == "receive" ? kInbound : kOutbound;
}
template <>
inline constexpr int kVariants<NetworkClose> = 2;
inline int VariantOf(const NetworkClose& e) {
  return e.direction == Direction::kInbound ? kInbound : kOutbound;
}

// Variants of Alert.
inline constexpr int kNoDirection = 0, kAlertInbound = 1, kAlertOutbound = 2, kAlertLocal = 3;
template <>
inline constexpr int kVariants<Alert> = 4;
inline int VariantOf(const Alert& e) {
  if (!e.direction.has_value()) return kNoDirection;
  if (*e.direction == Direction::kOutbound) return kAlertOutbound;
  // Rules see what no peer has asked for as inbound, too, with the socket's own address.
  const bool local = e.source_event_type == "network_bind" ||
                     e.source_event_type == "network_listen" ||
                     e.source_event_type == "network_socket";
  return local ? kAlertLocal : kAlertInbound;
}

template <typename Event>
int VariantOf(const Event&) {
  return 0;
}

}  // namespace randguard::profiles

#endif  // ANALYZER_OUTPUT_PROFILES_VARIANTS_H_

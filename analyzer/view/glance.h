// SPDX-License-Identifier: Apache-2.0
//
// An event in a few words: what was done, to what, and what came of it.
#ifndef ANALYZER_VIEW_GLANCE_H_
#define ANALYZER_VIEW_GLANCE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analyzer/event/actor.h"
#include "analyzer/output/convert/line_reader.h"

namespace randguard {

struct Glance {
  std::string what;    // the event's type without its domain: "open", "connect", "start"
  std::string object;  // as it was recorded: bytes of others
  std::string result;  // empty: it worked, or there is nothing to say
  bool failed = false;
};

// The event of a line that was read.
Glance GlanceAt(const AnyEvent& event);

// Counts of lines may be any.
constexpr std::uint64_t SaturatedSum(std::uint64_t a, std::uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

// "192.0.2.1:80", "[2001:db8::1]:80"; without a port, the address.
std::string AddressText(std::string_view address, std::optional<std::uint32_t> port);

// The process that a line is about.
struct Who {
  std::string_view comm;
  std::uint32_t pid = 0, uid = 0;
  ProcessKey process_id;
};
// Absent: it is a report of the sensor's own.
std::optional<Who> WhoOf(const AnyEvent& event);

// The event's actor; null: it has none, for it is the sensor's own report, or an alert.
const Actor* ActorOf(const AnyEvent& event);

}  // namespace randguard

#endif  // ANALYZER_VIEW_GLANCE_H_

// SPDX-License-Identifier: Apache-2.0
//
// The body of EventWriter::Write(). To be included where the template is instantiated and nowhere
// else: each event takes a compiler a second.
#ifndef ANALYZER_OUTPUT_JSON_EVENT_LINE_H_
#define ANALYZER_OUTPUT_JSON_EVENT_LINE_H_

#include <string_view>

#include "analyzer/output/json/event_writer.h"

namespace randguard {

template <Described Event>
std::string_view EventWriter::Write(const Event& event) {
  json_.Clear();
  raw_bytes_.clear();
  json_.Raw("{\"event_type\":\"");
  json_.Raw(EventType(event));
  json_.Raw('"');
  if constexpr (requires { event.actor; }) ActorMembers(event.actor);
  if constexpr (requires { event.call; }) Members(event.call);
  Members(event);
  if constexpr (requires { event.object; }) Members(event.object);
  if (!raw_bytes_.empty()) RawBytes();
  json_.Raw("}\n");
  return json_.text();
}

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_JSON_EVENT_LINE_H_

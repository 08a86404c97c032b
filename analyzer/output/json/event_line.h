// SPDX-License-Identifier: Apache-2.0
//
// The body of EventWriter::Write(). To be included where the template is instantiated and nowhere
// else: each event takes a compiler a second.
#ifndef ANALYZER_OUTPUT_JSON_EVENT_LINE_H_
#define ANALYZER_OUTPUT_JSON_EVENT_LINE_H_

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string_view>

#include "analyzer/output/json/event_writer.h"

namespace randguard {

template <Described Event>
void EventWriter::Lay(const Event& event) {
  if (fields_ != Fields::kOwn) [[unlikely]]
    return LayForeign(event);
  if constexpr (requires { event.actor; }) {
    omits_ = omit_empty_;
  } else {
    omits_ = false;
  }
  Begin();
  json_.Raw("{\"event_type\":\"");
  json_.Raw(EventType(event));
  Short(before_seq_);
  Count(seq_);
  if constexpr (requires { event.actor; }) ActorMembers(event.actor);
  if constexpr (requires { event.call; }) Members(event.call);
  Members(event);
  if constexpr (requires { event.object; }) Members(event.object);
  End();
}

template <Described Event>
std::string_view EventWriter::Write(const Event& event) {
  constexpr std::size_t kMax = std::same_as<Event, Alert> ? kAlertMax : kLineMax;
  room_ = SIZE_MAX;
  too_long_ = false;
  // Each text is looked at where some of them were cut before.
  long_ = cut_before_ == nullptr || cut_before_->empty() ? kLong : 0;
  know_cut_.clear();
  Lay(event);
  if (json_.size() > kMax) [[unlikely]] {
    too_long_ = true;
    long_ = std::min(long_, kCut);
    Lay(event);  // for the sizes of these texts
    if (json_.size() > kMax) ++lines_cut_;
    while (json_.size() > kMax && MakeRoom(kMax)) {
      Lay(event);
      know_cut_ = cut_;
      // The field that says so comes before the texts.
      if constexpr (requires { event.call.text_truncated; }) Lay(event);
    }
  }
  seq_.Next();
  return json_.text();
}

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_JSON_EVENT_LINE_H_

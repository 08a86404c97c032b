// SPDX-License-Identifier: Apache-2.0
//
// The classes of events: a struct each, and an alternative of Event. Code that only names or counts
// them includes this; events.h describes them.
#ifndef ANALYZER_EVENT_EVENT_CLASSES_H_
#define ANALYZER_EVENT_EVENT_CLASSES_H_

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <variant>

namespace randguard {

#define EVENT_CLASS(name) struct name;
#include "analyzer/event/event_classes.def"
#undef EVENT_CLASS

template <typename, typename... E>
struct EventVariant {
  using Type = std::variant<E...>;
};
using Event = EventVariant<void
#define EVENT_CLASS(name) , name
#include "analyzer/event/event_classes.def"
#undef EVENT_CLASS
                           >::Type;

// Position of an event's struct in Event.
using EventClass = std::size_t;
inline constexpr EventClass kEventClasses = std::variant_size_v<Event>;

template <typename E, EventClass kAt = 0>
constexpr EventClass ClassOf() {
  if constexpr (std::is_same_v<E, std::variant_alternative_t<kAt, Event>>) {
    return kAt;
  } else {
    return ClassOf<E, kAt + 1>();
  }
}

// A class has a name of its own if its events are of several types, else that of its type.
template <typename E>
constexpr std::string_view ClassName() {
  if constexpr (requires { E::kClassName; }) {
    return E::kClassName;
  } else {
    return E::kEventType;
  }
}

}  // namespace randguard

#endif  // ANALYZER_EVENT_EVENT_CLASSES_H_

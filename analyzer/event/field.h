// SPDX-License-Identifier: Apache-2.0
//
// How an event describes itself. Next to each event struct stands one function
//
//   constexpr auto FieldsOf(const Event*) { return FieldList{Field<"name">(&Event::name, "doc")};
//   }
//
// and JSON output, JSON Schema and field reference walk that list: a field exists once.
#ifndef ANALYZER_EVENT_FIELD_H_
#define ANALYZER_EVENT_FIELD_H_

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace randguard {

// A string literal as template argument.
template <std::size_t kSize>
struct FixedString {
  // NOLINTNEXTLINE(google-explicit-constructor): "name" is to become one by itself
  constexpr FixedString(const char (&text)[kSize]) {
    for (std::size_t i = 0; i < kSize; ++i) chars[i] = text[i];
  }
  constexpr std::string_view view() const { return {chars, kSize - 1}; }
  char chars[kSize] = {};
};

template <FixedString kName, typename Event, typename Value>
struct FieldOf {
  static constexpr std::string_view name() { return kName.view(); }
  // `,"name":` ready to be appended to a JSON object.
  static constexpr std::string_view json_key() { return {kKey.data(), kKey.size()}; }

  constexpr const Value& Get(const Event& event) const { return event.*member; }

  Value Event::*member;
  const char* doc;

 private:
  static constexpr auto kKey = [] {
    std::array<char, kName.view().size() + 4> key{};
    std::size_t at = 0;
    key[at++] = ',';
    key[at++] = '"';
    for (const char c : kName.view()) key[at++] = c;
    key[at++] = '"';
    key[at] = ':';
    return key;
  }();
};

template <FixedString kName, typename Event, typename Value>
constexpr auto Field(Value Event::*member, const char* doc) {
  return FieldOf<kName, Event, Value>{member, doc};
}

template <std::size_t kAt, typename Field>
struct FieldAt {
  Field field;
};

template <typename Places, typename... Fields>
struct FieldPlaces;
template <std::size_t... kAt, typename... Fields>
struct FieldPlaces<std::index_sequence<kAt...>, Fields...> : FieldAt<kAt, Fields>... {};

// Used instead of std::tuple, whose constructors and std::get() keep a compiler busy for longer
// than all that is done with the fields.
template <typename... Fields>
class FieldList {
 public:
  constexpr explicit(false) FieldList(Fields... fields) : places_{{fields}...} {}

  static constexpr std::size_t size() { return sizeof...(Fields); }

  template <std::size_t kAt>
  constexpr const auto& At() const {
    return Find<kAt>(places_);
  }

  // Returns function(field...).
  template <typename Function>
  constexpr decltype(auto) Apply(Function&& function) const {
    return [&]<std::size_t... kAt>(std::index_sequence<kAt...>)->decltype(auto) {
      return function(static_cast<const FieldAt<kAt, Fields>&>(places_).field...);
    }
    (std::index_sequence_for<Fields...>());
  }

 private:
  template <std::size_t kAt, typename Field>
  static constexpr const Field& Find(const FieldAt<kAt, Field>& place) {
    return place.field;
  }

  FieldPlaces<std::index_sequence_for<Fields...>, Fields...> places_;
};

template <typename Event>
inline constexpr auto kFields = FieldsOf(static_cast<const Event*>(nullptr));

// Calls visit(field, value) for each field of the event, in order.
template <typename Event, typename Visit>
constexpr void VisitFields(const Event& event, Visit&& visit) {
  kFields<Event>.Apply([&](const auto&... field) { (visit(field, field.Get(event)), ...); });
}

// The value of `event_type` in the output. Events of system calls carry their type; every other
// event class has only one.
template <typename Event>
constexpr std::string_view EventType(const Event& event) {
  if constexpr (requires { event.call; }) {
    return event.call.event_type;
  } else {
    return Event::kEventType;
  }
}

template <typename T>
concept Described = requires(const T* event) {
  FieldsOf(event);
};

}  // namespace randguard

#endif  // ANALYZER_EVENT_FIELD_H_

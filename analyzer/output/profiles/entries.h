// SPDX-License-Identifier: Apache-2.0
//
// Makes the entries of a struct's fields. To be included where they are made and nowhere else.
#ifndef ANALYZER_OUTPUT_PROFILES_ENTRIES_H_
#define ANALYZER_OUTPUT_PROFILES_ENTRIES_H_

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "analyzer/event/field.h"
#include "analyzer/output/profiles/fields.h"
#include "analyzer/output/profiles/line.h"
#include "analyzer/output/profiles/values.h"

namespace randguard::profiles {

template <typename Struct, std::size_t kAt>
using ValueOf =
    std::remove_cvref_t<decltype(kFields<Struct>.template At<kAt>().Get(std::declval<Struct>()))>;

// Where the value is that is in a field of such a type; null: there is none.
template <typename T>
const void* PresentIn(const T& value) {
  if constexpr (std::same_as<T, typename Within<T>::Type>) {
    return &value;
  } else {
    return value.has_value() ? &*value : nullptr;
  }
}

template <typename T>
std::string_view TextOf(const void* value) {
  return ViewOf(*static_cast<const T*>(value));
}

template <typename Value>
FieldEntry EntryOf(std::string_view name, const void* (*find)(const void*)) {
  using T = typename Within<Value>::Type;
  FieldEntry entry{name, find, &ProfileLine::Write<T>, nullptr, !std::same_as<T, Value>};
  if constexpr (std::convertible_to<T, std::string_view> || requires(const T& t) { t.view(); }) {
    entry.text = &TextOf<T>;
  }
  return entry;
}

template <typename Struct, std::size_t kAt>
void AddEntries(std::vector<FieldEntry>& entries) {
  using Value = ValueOf<Struct, kAt>;
  using Inner = typename Within<Value>::Type;
  const std::string_view name = kFields<Struct>.template At<kAt>().name();
  entries.push_back(EntryOf<Value>(name, [](const void* object) {
    return PresentIn(kFields<Struct>.template At<kAt>().Get(*static_cast<const Struct*>(object)));
  }));
  if constexpr (Described<Inner>) {
    const auto add =
        [&]<std::size_t kMember>() {
          // Names are kept by whoever keeps the entries: for good.
          static const std::string dotted =
              std::string(name) + "." + std::string(kFields<Inner>.template At<kMember>().name());
          entries.push_back(EntryOf<ValueOf<Inner, kMember>>(dotted,
                                                             [](const void* object) -> const void* {
                                                               const void* const inner = PresentIn(
                kFields<Struct>.template At<kAt>().Get(*static_cast<const Struct*>(object)));
                                                               if (inner == nullptr) return nullptr;
                                                               return PresentIn(
                kFields<Inner>.template At<kMember>().Get(*static_cast<const Inner*>(inner)));
                                                             }));
        };
    [&]<std::size_t... kMember>(std::index_sequence<kMember...>) {
      (add.template operator()<kMember>(), ...);
    }
    (std::make_index_sequence<kFields<Inner>.size()>());
  }
}

template <typename Struct>
FieldTable TableOf() {
  static const std::vector<FieldEntry> all = [] {
    std::vector<FieldEntry> entries;
    [&]<std::size_t... kAt>(std::index_sequence<kAt...>) {
      (AddEntries<Struct, kAt>(entries), ...);
    }
    (std::make_index_sequence<kFields<Struct>.size()>());
    return entries;
  }();
  return {all, &ProfileLine::WriteRest<Struct>};
}

template <typename Event>
Structs StructsOf() {
  Structs structs;
  structs.own = TableOf<Event>();
  if constexpr (requires(Event e) { e.actor; }) structs.actor = TableOf<decltype(Event::actor)>();
  if constexpr (requires(Event e) { e.call; }) structs.call = TableOf<decltype(Event::call)>();
  if constexpr (requires(Event e) { e.object; }) {
    structs.object = TableOf<decltype(Event::object)>();
  }
  return structs;
}

template <typename Profile, typename Event>
const Layout& LayoutOf(int variant) {
  static const std::vector<Layout> all = [] {
    std::vector<Layout> layouts;
    layouts.reserve(static_cast<std::size_t>(kVariants<Event>));
    for (int i = 0; i < kVariants<Event>; ++i) {
      layouts.emplace_back(Profile::Writing().schema,
                           Profile::RowsOf(static_cast<const Event*>(nullptr), i),
                           StructsOf<Event>());
    }
    return layouts;
  }();
  return all[static_cast<std::size_t>(variant)];
}

template <typename Event>
LineInput InputOf(const Event& event, const Parts& parts) {
  LineInput input{EventType(event), parts, nullptr, {}};
  const auto set = [&](Block block, const void* at) {
    input.blocks[static_cast<std::size_t>(block)] = at;
  };
  set(Block::kOwn, &event);
  if constexpr (requires { event.actor; }) {
    input.actor = &event.actor;
    set(Block::kActor, &event.actor);
  }
  if constexpr (requires { event.call; }) set(Block::kCall, &event.call);
  if constexpr (requires { event.object; }) set(Block::kObject, &event.object);
  return input;
}

}  // namespace randguard::profiles

#endif  // ANALYZER_OUTPUT_PROFILES_ENTRIES_H_

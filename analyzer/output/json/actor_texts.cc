// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/json/actor_texts.h"

#include <concepts>
#include <optional>
#include <type_traits>

namespace randguard {
namespace {

// A session has one host and one sensor, so these need no comparison.
template <typename Field>
constexpr bool IsKept(const Field& field) {
  using Value = std::remove_cvref_t<decltype(field.Get(Actor()))>;
  return !ActorTexts::IsMoment(field.name()) && !std::same_as<Value, Host> &&
         !std::same_as<Value, AgentId>;
}

template <typename T>
bool IsEqual(const T& a, const T& b) {
  return a == b;
}
// An OrLeftOut is compared as the optional that it is.
template <typename T>
bool IsEqual(const OrLeftOut<T>& a, const OrLeftOut<T>& b) {
  return static_cast<const std::optional<T>&>(a) == static_cast<const std::optional<T>&>(b);
}

template <typename Field>
bool Same(const Field& field, const Actor& a, const Actor& b) {
  if constexpr (IsKept(Field{})) {
    return IsEqual(field.Get(a), field.Get(b));
  } else {
    return true;
  }
}

bool SameButForWhen(const Actor& a, const Actor& b) {
  bool same = true;
  kFields<Actor>.Apply([&](const auto&... field) { same = (Same(field, a, b) && ...); });
  return same;
}

// Puts a text behind `bytes`, which have room for it, and has the actor's point there.
template <typename Value>
void Own(Value& value, std::string& bytes) {
  if constexpr (std::same_as<Value, Text>) {
    const std::size_t at = bytes.size();
    bytes += value;
    value = Text(bytes).substr(at);
  } else if constexpr (std::same_as<Value, OptionalText>) {
    if (value.has_value()) Own(*value, bytes);
  } else if constexpr (std::same_as<Value, OrLeftOut<TextList>>) {
    if (value.has_value()) Own(value->bytes, bytes);
  } else {
    static_assert(std::integral<Value> || std::same_as<Value, OrLeftOut<bool>> ||
                      std::same_as<Value, ProcessKey> ||
                      std::same_as<Value, std::optional<ProcessKey>> ||
                      std::same_as<Value, WallTime> || std::same_as<Value, EventId> ||
                      std::same_as<Value, Host> || std::same_as<Value, AgentId> ||
                      kValuesOf<Value> != nullptr,
                  "a type that is known to point nowhere");
  }
}

template <typename Value>
std::size_t BytesOf(const Value& value) {
  if constexpr (std::same_as<Value, Text>) {
    return value.size();
  } else if constexpr (std::same_as<Value, OptionalText>) {
    return value.has_value() ? value->size() : 0;
  } else if constexpr (std::same_as<Value, OrLeftOut<TextList>>) {
    return value.has_value() ? value->bytes.size() : 0;
  } else {
    return 0;
  }
}

}  // namespace

std::string_view ActorTexts::Find(const Actor& actor) const {
  const Slot& slot = slots_[SlotOf(actor)];
  return !slot.json.empty() && SameButForWhen(slot.actor, actor) ? slot.json : std::string_view();
}

void ActorTexts::Keep(const Actor& actor, std::string_view json) {
  Slot& slot = slots_[SlotOf(actor)];
  const bool again = slot.actor.tid == actor.tid && slot.actor.process_id == actor.process_id;
  slot.json.clear();
  slot.actor.tid = actor.tid;
  slot.actor.process_id = actor.process_id;
  if (!again || json.size() > kTextMax) return;
  std::size_t size = 0;
  VisitFields(actor, [&](const auto&, const auto& value) { size += BytesOf(value); });
  slot.bytes.clear();
  slot.bytes.reserve(size);
  slot.actor = actor;
  kFields<Actor>.Apply(
      [&](const auto&... field) { (Own(slot.actor.*field.member, slot.bytes), ...); });
  slot.json = json;
}

void ActorTexts::Clear() {
  for (Slot& slot : slots_) slot = Slot();
}

}  // namespace randguard

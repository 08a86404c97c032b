// SPDX-License-Identifier: Apache-2.0
//
// How own fields are read and set: for own_*_fields.cc only. The parts that events share are
// compiled once (own_shared_fields.cc).
#ifndef ANALYZER_RULES_FIELDS_OWN_FIELD_ACCESS_H_
#define ANALYZER_RULES_FIELDS_OWN_FIELD_ACCESS_H_

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "analyzer/event/events.h"
#include "analyzer/event/field.h"
#include "analyzer/event/kinds.h"
#include "analyzer/event/value_set.h"
#include "analyzer/event/values.h"
#include "analyzer/rules/fields/event_view.h"
#include "analyzer/rules/fields/own_fields.h"
#include "analyzer/rules/fields/rule_type.h"

namespace randguard::own_fields {

template <typename T>
struct OptionalOf {
  using Type = T;
};
template <typename T>
struct OptionalOf<std::optional<T>> {
  using Type = T;
};
template <typename T>
struct OptionalOf<OrLeftOut<T>> {
  using Type = T;
};
// The type that a field holds when it is not null.
template <typename T>
using Plain = typename OptionalOf<T>::Type;

template <typename T>
constexpr bool kIsOptional = !std::is_same_v<T, Plain<T>>;

// Objects in a list have no fields of their own in rules; a derived field may gather what they
// hold.
template <typename T>
struct IsObjectList : std::false_type {};
template <Described T>
struct IsObjectList<std::vector<T>> : std::true_type {};

template <typename T>
struct IsFixedText : std::false_type {};
template <std::size_t kSize>
struct IsFixedText<FixedText<kSize>> : std::true_type {};

template <typename T>
constexpr ValueType TypeOf() {
  if constexpr (std::same_as<T, bool>) {
    return ValueType::kBoolean;
  } else if constexpr (std::integral<T> || std::same_as<T, Mode> ||
                       std::same_as<T, CapabilitySet>) {
    return ValueType::kNumber;
  } else if constexpr (std::same_as<T, TextList> || std::same_as<T, TextArray>) {
    return ValueType::kTexts;
  } else if constexpr (std::same_as<T, std::vector<std::uint32_t>> ||
                       std::same_as<T, std::vector<std::int64_t>>) {
    return ValueType::kNumbers;
  } else if constexpr (std::same_as<T, ProcessKey>) {
    return ValueType::kProcess;  // its text takes the session's boot
  } else if constexpr (std::same_as<T, WallTime> || std::same_as<T, EventId>) {
    return ValueType::kOpaque;  // its text takes the session's clock, or its boot
  } else {
    static_assert(std::convertible_to<T, std::string_view> || IsFixedText<T>::value ||
                  std::same_as<T, Device> || std::same_as<T, JoinedText> || std::same_as<T, Host> ||
                  std::same_as<T, AgentId> || ValueSet<T>);
    return ValueType::kText;
  }
}

inline void SetText(std::string_view text, Value& out) {
  out.form = Value::Form::kText;
  out.text = text;
}

inline void SetNumber(Number number, Value& out) {
  out.form = Value::Form::kNumber;
  out.number = number;
}

void LoadDevice(Device device, FieldScratch& scratch, Value& out);
// The pid, then the start, as they lie in memory.
void LoadProcess(const ProcessKey& process, FieldScratch& scratch, Value& out);

template <typename T>
void Load(const T& field, FieldScratch& scratch, Value& out) {
  if constexpr (kIsOptional<T>) {
    if (field.has_value()) Load(*field, scratch, out);
  } else if constexpr (std::integral<T>) {
    SetNumber(static_cast<Number>(field), out);
  } else if constexpr (std::same_as<T, Mode> || std::same_as<T, CapabilitySet>) {
    SetNumber(field.bits, out);
  } else if constexpr (std::same_as<T, TextList>) {
    out.form = Value::Form::kItems;
    out.text = field.bytes;
  } else if constexpr (std::same_as<T, TextArray>) {
    out.form = Value::Form::kTextArray;
    out.list = &field;
  } else if constexpr (std::same_as<T, JoinedText>) {
    JoinItems(field.bytes, scratch.text);
    SetText(scratch.text, out);
  } else if constexpr (std::same_as<T, std::vector<std::uint32_t>>) {
    out.form = Value::Form::kUnsigned32s;
    out.list = field.data();
    out.size = field.size();
  } else if constexpr (std::same_as<T, std::vector<std::int64_t>>) {
    out.form = Value::Form::kSigned64s;
    out.list = field.data();
    out.size = field.size();
  } else if constexpr (std::same_as<T, ProcessKey>) {
    out.form = Value::Form::kPresent;
    LoadProcess(field, scratch, out);
  } else if constexpr (std::same_as<T, WallTime> || std::same_as<T, EventId>) {
    out.form = Value::Form::kPresent;
  } else if constexpr (ValueSet<T>) {
    SetText(Name(field), out);
  } else if constexpr (IsFixedText<T>::value) {
    SetText(field.view(), out);
  } else if constexpr (std::same_as<T, Device>) {
    LoadDevice(field, scratch, out);
  } else if constexpr (!std::same_as<T, Host> && !std::same_as<T, AgentId>) {
    SetText(field, out);
  }
}

// "8:1".
bool StoreDevice(const FieldInput& input, Device& device);
// A mode is written in octal, a set of capabilities in hex, as in the output; or as a number.
bool StoreBits(const FieldInput& input, int base, std::uint64_t& bits);

// Tests alone do this: one copy for each type is quick enough, and compiles quicker.
template <typename T>
[[gnu::noinline]] bool Store(T& field, const FieldInput& input) {
  using Form = FieldInput::Form;
  if constexpr (kIsOptional<T>) {
    if (!field.has_value()) field.emplace();
    return Store(*field, input);
  } else if constexpr (std::same_as<T, bool>) {
    field = input.boolean;
    return input.form == Form::kBoolean;
  } else if constexpr (std::integral<T>) {
    if (input.form != Form::kNumber ||
        input.number < static_cast<Number>(std::numeric_limits<T>::min()) ||
        input.number > static_cast<Number>(std::numeric_limits<T>::max())) {
      return false;
    }
    field = static_cast<T>(input.number);
    return true;
  } else if constexpr (std::same_as<T, Mode>) {
    std::uint64_t bits = 0;
    const bool fits = StoreBits(input, 8, bits);
    if (fits) field.bits = static_cast<std::uint32_t>(bits);
    return fits;
  } else if constexpr (std::same_as<T, CapabilitySet>) {
    return StoreBits(input, 16, field.bits);
  } else if constexpr (std::same_as<T, TextList> || std::same_as<T, JoinedText>) {
    field.bytes = input.text;
    return input.form == (std::same_as<T, TextList> ? Form::kList : Form::kText);
  } else if constexpr (std::same_as<T, TextArray>) {
    field = {};
    ForEachItem(input.text, [&](std::string_view item) { field.Add(item); });
    return input.form == Form::kList;
  } else if constexpr (std::same_as<T, std::vector<std::uint32_t>> ||
                       std::same_as<T, std::vector<std::int64_t>>) {
    field.assign(input.numbers.begin(), input.numbers.end());
    return input.form == Form::kList;
  } else if constexpr (ValueSet<T>) {
    const std::optional<T> value = FindNamed<T>(input.text);
    if (input.form != Form::kText || !value.has_value()) return false;
    field = *value;
    return true;
  } else if constexpr (IsFixedText<T>::value) {
    if (input.form != Form::kText || input.text.size() >= field.chars.size()) return false;
    field.chars = {};
    std::copy(input.text.begin(), input.text.end(), field.chars.begin());
    return true;
  } else if constexpr (std::same_as<T, Device>) {
    return StoreDevice(input, field);
  } else if constexpr (std::same_as<T, std::string_view>) {
    field = input.text;
    return input.form == Form::kText;
  } else {
    return false;
  }
}

// The parts an event is written from, in this order.
enum class Part { kActor, kCall, kOwn, kObject };

// The part, in an EventView or EventParts.
template <Part kPart, typename Parts>
auto* PartOf(const Parts& event) {
  if constexpr (kPart == Part::kActor) {
    return event.actor;
  } else if constexpr (kPart == Part::kCall) {
    return event.call;
  } else if constexpr (kPart == Part::kOwn) {
    return event.own;
  } else {
    return event.object;
  }
}

template <typename T, std::size_t kAt, std::size_t... kRest>
void LoadPath(const T& object, FieldScratch& scratch, Value& out) {
  const auto& value = kFields<T>.template At<kAt>().Get(object);
  using V = std::remove_cvref_t<decltype(value)>;
  if constexpr (sizeof...(kRest) == 0) {
    Load(value, scratch, out);
  } else if constexpr (kIsOptional<V>) {
    if (value.has_value()) LoadPath<Plain<V>, kRest...>(*value, scratch, out);
  } else {
    LoadPath<V, kRest...>(value, scratch, out);
  }
}

template <Part kPart, typename T, std::size_t... kPath>
void ReadPath(const EventView& event, FieldScratch& scratch, Value& out) {
  LoadPath<T, kPath...>(*static_cast<const T*>(PartOf<kPart>(event)), scratch, out);
}

template <typename T, std::size_t kAt, std::size_t... kRest>
bool StorePath(T& object, const FieldInput& input) {
  auto& value = object.*(kFields<T>.template At<kAt>().member);
  using V = std::remove_cvref_t<decltype(value)>;
  if constexpr (sizeof...(kRest) == 0) {
    return Store(value, input);
  } else if constexpr (kIsOptional<V>) {
    if (!value.has_value()) value.emplace();
    return StorePath<Plain<V>, kRest...>(*value, input);
  } else {
    return StorePath<V, kRest...>(value, input);
  }
}

template <Part kPart, typename T, std::size_t... kPath>
bool SetPath(const EventParts& event, const FieldInput& input) {
  return StorePath<T, kPath...>(*static_cast<T*>(PartOf<kPart>(event)), input);
}

// The object that a path of fields leads to.
template <typename T, std::size_t... kPath>
struct Inner {
  using Type = T;
};
template <typename T, std::size_t kAt, std::size_t... kRest>
struct Inner<T, kAt, kRest...> {
  using Field = std::remove_cvref_t<decltype(kFields<T>.template At<kAt>().Get(std::declval<T>()))>;
  using Type = typename Inner<Plain<Field>, kRest...>::Type;
};

struct Form {
  ValueType type;
  bool mode, capabilities, address, may_be_absent;
  const ValueList* values;
};

// The part that does not depend on the field's type.
void AddField(std::string_view prefix, std::string_view field, const char* doc, Form form,
              ReadField read, SetField set, std::vector<OwnField>& out);

template <Part kPart, typename T, std::size_t... kPath>
void AddPath(const std::string& prefix, std::vector<OwnField>& out) {
  using Object = typename Inner<T, kPath...>::Type;
  const auto add = [&]<std::size_t kAt>() {
    const auto& field = kFields<Object>.template At<kAt>();
    using Whole = std::remove_cvref_t<decltype(field.Get(std::declval<Object>()))>;
    using V = Plain<Whole>;
    if constexpr (Described<V>) {
      AddPath<kPart, T, kPath..., kAt>(prefix + std::string(field.name()) + ".", out);
    } else if constexpr (!IsObjectList<V>::value) {
      constexpr Form kForm = {.type = TypeOf<V>(),
                              .mode = std::same_as<V, Mode>,
                              .capabilities = std::same_as<V, CapabilitySet>,
                              .address = std::same_as<V, Address>,
                              // Nested ones go with what holds them.
                              .may_be_absent = kIsOptional<Whole> || sizeof...(kPath) > 0,
                              .values = kValuesOf<V>};
      AddField(prefix, field.name(), field.doc, kForm, &ReadPath<kPart, T, kPath..., kAt>,
               &SetPath<kPart, T, kPath..., kAt>, out);
    }
  };
  [&]<std::size_t... kAt>(std::index_sequence<kAt...>) { (add.template operator()<kAt>(), ...); }
  (std::make_index_sequence<kFields<Object>.size()>());
}

template <Part kPart, typename T>
void AddPart(std::vector<OwnField>& out) {
  AddPath<kPart, T>("", out);
}

extern template void AddPart<Part::kActor, Actor>(std::vector<OwnField>& out);
extern template void AddPart<Part::kCall, BehaviourCall>(std::vector<OwnField>& out);
extern template void AddPart<Part::kCall, FileCall>(std::vector<OwnField>& out);
extern template void AddPart<Part::kCall, NetworkCall>(std::vector<OwnField>& out);
extern template void AddPart<Part::kObject, FileObject>(std::vector<OwnField>& out);
extern template void AddPart<Part::kObject, Socket>(std::vector<OwnField>& out);

// Those of all system calls whose records are of such a kind, each once.
std::vector<std::string_view> EventTypesOf(bool (*is_made_of)(unsigned kind));
std::vector<std::string_view> OperationsOf(bool (*is_made_of)(unsigned kind));

void SetValues(std::string_view field, std::vector<std::string_view> values,
               std::vector<OwnField>& fields);

template <typename E>
OwnFields OwnFieldsOf() {
  OwnFields out;
  if constexpr (requires(E e) { e.actor; }) {
    out.info.name = ClassName<E>();
    out.info.rule_type = RuleTypeOf(kDomainOf<E>);
    out.info.record = E::kKinds[0];
    if constexpr (requires { E::kEventType; }) {
      out.info.event_types = {E::kEventType};
    } else {
      out.info.event_types = EventTypesOf(IsMadeOf<E>);
    }
    AddPart<Part::kActor, Actor>(out.fields);
    if constexpr (requires(E e) { e.call; }) AddPart<Part::kCall, decltype(E::call)>(out.fields);
    AddPart<Part::kOwn, E>(out.fields);
    if constexpr (requires(E e) { e.object; }) {
      AddPart<Part::kObject, decltype(E::object)>(out.fields);
    }
    if constexpr (requires { E::kOperation; }) {
      SetValues("operation", {E::kOperation}, out.fields);
    } else if constexpr (requires(E e) { e.call.operation; }) {
      SetValues("operation", OperationsOf(IsMadeOf<E>), out.fields);
    }
    if constexpr (std::same_as<E, FileFlags>) {
      const auto names = kValueList<InodeFlag>.names;
      SetValues("file_flags", {names.begin(), names.end()}, out.fields);
    }
  }
  return out;
}

}  // namespace randguard::own_fields

namespace randguard {

template <rg_domain kDomain>
void DescribeDomain(OwnFieldsByClass& out) {
  const auto describe = [&]<EventClass kClass>() {
    using E = std::variant_alternative_t<kClass, Event>;
    if constexpr (kDomainOf<E> == kDomain) out[kClass] = own_fields::OwnFieldsOf<E>();
  };
  [&]<EventClass... kClass>(std::index_sequence<kClass...>) {
    (describe.template operator()<kClass>(), ...);
  }
  (std::make_index_sequence<kEventClasses>());
}

}  // namespace randguard

#endif  // ANALYZER_RULES_FIELDS_OWN_FIELD_ACCESS_H_

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/fields/field_catalogue.h"

#include <algorithm>
#include <concepts>
#include <cstdlib>
#include <limits>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/event/calls.h"
#include "analyzer/event/kinds.h"
#include "analyzer/rules/fields/derived_fields.h"

namespace randguard {
namespace {

template <typename T>
struct OptionalOf {
  using Type = T;
};
template <typename T>
struct OptionalOf<std::optional<T>> {
  using Type = T;
};
// What a field holds when it is not null.
template <typename T>
using Plain = typename OptionalOf<T>::Type;

template <typename T>
constexpr bool kIsOptional = !std::is_same_v<T, Plain<T>>;

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
  } else if constexpr (std::same_as<T, WallTime> || std::same_as<T, ProcessKey>) {
    return ValueType::kOpaque;  // its text takes the session's clock or boot
  } else {
    static_assert(std::convertible_to<T, std::string_view> || IsFixedText<T>::value ||
                  std::same_as<T, Device> || std::same_as<T, JoinedText> || std::same_as<T, Host> ||
                  std::same_as<T, AgentId>);
    return ValueType::kText;
  }
}

void SetText(std::string_view text, Value& out) {
  out.form = Value::Form::kText;
  out.text = text;
}

void SetNumber(Number number, Value& out) {
  out.form = Value::Form::kNumber;
  out.number = number;
}

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
  } else if constexpr (std::same_as<T, WallTime> || std::same_as<T, ProcessKey>) {
    out.form = Value::Form::kPresent;
  } else if constexpr (IsFixedText<T>::value) {
    SetText(field.view(), out);
  } else if constexpr (std::same_as<T, Device>) {
    scratch.text = absl::StrFormat("%d:%d", field.dev >> 20, field.dev & 0xfffff);
    SetText(scratch.text, out);
  } else if constexpr (!std::same_as<T, Host> && !std::same_as<T, AgentId>) {
    SetText(field, out);
  }
}

bool ParseDevice(std::string_view text, Device& device) {
  unsigned major = 0, minor = 0;
  const std::string copy(text);
  int end = 0;
  // NOLINTNEXTLINE(cert-err34-c): %n and the comparison see to what is wrong
  if (std::sscanf(copy.c_str(), "%u:%u%n", &major, &minor, &end) != 2 ||
      static_cast<std::size_t>(end) != copy.size()) {
    return false;
  }
  device.dev = major << 20 | (minor & 0xfffff);
  return true;
}

// A mode is written in octal, a set of capabilities in hex, as in the output; or as a number.
template <typename T>
bool StoreBits(T& field, const FieldInput& input, int base) {
  if (input.form == FieldInput::Form::kNumber && input.number >= 0) {
    field.bits = static_cast<decltype(field.bits)>(input.number);
    return true;
  }
  if (input.form != FieldInput::Form::kText || input.text.empty()) return false;
  const std::string text(input.text);
  char* end = nullptr;
  field.bits = static_cast<decltype(field.bits)>(std::strtoull(text.c_str(), &end, base));
  return end == text.c_str() + text.size();
}

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
    return StoreBits(field, input, 8);
  } else if constexpr (std::same_as<T, CapabilitySet>) {
    return StoreBits(field, input, 16);
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
  } else if constexpr (IsFixedText<T>::value) {
    if (input.form != Form::kText || input.text.size() >= field.chars.size()) return false;
    field.chars = {};
    std::copy(input.text.begin(), input.text.end(), field.chars.begin());
    return true;
  } else if constexpr (std::same_as<T, Device>) {
    return input.form == Form::kText && ParseDevice(input.text, field);
  } else if constexpr (std::same_as<T, std::string_view>) {
    field = input.text;
    return input.form == Form::kText;
  } else {
    return false;
  }
}

// The parts an event is written from, in this order.
enum Part : std::size_t { kActor, kCall, kOwn, kObject };

template <Part kPart>
const void* PartOf(const EventView& event) {
  if constexpr (kPart == kActor) return event.actor;
  if constexpr (kPart == kCall) return event.call;
  if constexpr (kPart == kOwn) return event.own;
  if constexpr (kPart == kObject) return event.object;
}

template <Part kPart, typename E>
auto& PartOf(E& event) {
  if constexpr (kPart == kActor) {
    return event.actor;
  } else if constexpr (kPart == kCall) {
    return event.call;
  } else if constexpr (kPart == kOwn) {
    return event;
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
[[gnu::noinline]] bool StorePath(T& object, const FieldInput& input) {
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

template <typename E, Part kPart, typename T, std::size_t... kPath>
bool SetPath(void* event, const FieldInput& input) {
  return StorePath<T, kPath...>(PartOf<kPart>(*static_cast<E*>(event)), input);
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

template <typename E>
constexpr std::string_view ClassName() {
  if constexpr (requires { E::kClassName; }) {
    return E::kClassName;
  } else {
    return E::kEventType;
  }
}

RuleType RuleTypeOf(rg_domain domain) {
  switch (domain) {
    case RG_DOMAIN_process:
    case RG_DOMAIN_behaviour:
      return RuleType::kProcess;
    case RG_DOMAIN_file:
      return RuleType::kFile;
    case RG_DOMAIN_network:
      return RuleType::kNetwork;
  }
  return RuleType::kProcess;
}

}  // namespace

template <typename E, std::size_t kPart, typename T, std::size_t... kPath>
void FieldCatalogue::AddPart(const std::string& prefix) {
  using Object = typename Inner<T, kPath...>::Type;
  const auto add = [&]<std::size_t kAt>() {
    const auto& field = kFields<Object>.template At<kAt>();
    using V = Plain<std::remove_cvref_t<decltype(field.Get(std::declval<Object>()))>>;
    if constexpr (Described<V>) {
      AddPart<E, kPart, T, kPath..., kAt>(prefix + std::string(field.name()) + ".");
    } else {
      constexpr Part kOf = static_cast<Part>(kPart);
      constexpr Form kForm = {.type = TypeOf<V>(),
                              .mode = std::same_as<V, Mode>,
                              .capabilities = std::same_as<V, CapabilitySet>,
                              .address = std::same_as<V, Address>};
      AddOwn(ClassOf<E>(), prefix, field.name(), field.doc, kForm, &ReadPath<kOf, T, kPath..., kAt>,
             &SetPath<E, kOf, T, kPath..., kAt>);
    }
  };
  [&]<std::size_t... kAt>(std::index_sequence<kAt...>) { (add.template operator()<kAt>(), ...); }
  (std::make_index_sequence<kFields<Object>.size()>());
}

template <typename E>
void FieldCatalogue::AddClass() {
  if constexpr (requires(E e) { e.actor; }) {
    EventClassInfo& info = classes_[ClassOf<E>()];
    info.name = ClassName<E>();
    info.rule_type = RuleTypeOf(kDomainOf<E>);
    info.record = E::kKinds[0];
    if constexpr (requires { E::kEventType; }) {
      info.event_types = {E::kEventType};
    } else {
      for (const CallInfo& call : kCalls) {
        if (IsMadeOf<E>(call.kind) && std::find(info.event_types.begin(), info.event_types.end(),
                                                call.event_type) == info.event_types.end()) {
          info.event_types.push_back(call.event_type);
        }
      }
    }
    event_types_.insert(event_types_.end(), info.event_types.begin(), info.event_types.end());
    AddPart<E, kActor, Actor>("");
    if constexpr (requires(E e) { e.call; }) AddPart<E, kCall, decltype(E::call)>("");
    AddPart<E, kOwn, E>("");
    if constexpr (requires(E e) { e.object; }) AddPart<E, kObject, decltype(E::object)>("");
  }
}

FieldCatalogue::FieldCatalogue() {
  [&]<std::size_t... kClass>(std::index_sequence<kClass...>) {
    (AddClass<std::variant_alternative_t<kClass, Event>>(), ...);
  }
  (std::make_index_sequence<kEventClasses>());
  AddDerived();
  for (const FieldInfo& field : fields_) names_.emplace_back(field.name);
}

void FieldCatalogue::AddOwn(EventClass event_class, const std::string& prefix,
                            std::string_view field, const char* doc, Form form, ReadField read,
                            SetField set) {
  const std::string name = prefix + std::string(field);
  Symbols symbols = SymbolsOf(classes_[event_class].name, name);
  if (form.mode) symbols = Symbols::kMode;
  if (form.capabilities) symbols = Symbols::kCapability;
  Add(event_class, name, form.type, doc, read, set, symbols);
  if (form.address) fields_[*Find(name)].address = true;
}

void FieldCatalogue::Add(EventClass event_class, std::string name, ValueType type, const char* doc,
                         ReadField read, SetField set, Symbols symbols) {
  const auto [at, is_new] = by_name_.try_emplace(name, static_cast<FieldId>(fields_.size()));
  if (is_new) {
    FieldInfo& field = fields_.emplace_back();
    field.name = std::move(name);
    field.type = type;
    field.doc = doc;
  }
  FieldInfo& field = fields_[at->second];
  // One name, one type: a condition on several event classes is checked once.
  if (field.type != type) std::abort();
  field.read[event_class] = read;
  field.set[event_class] = set;
  field.symbols[event_class] = symbols;
}

void FieldCatalogue::AddDerived() {
  for (const DerivedField& derived : DerivedFields()) {
    for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
      if (classes_[event_class].event_types.empty() || !derived.applies(classes_[event_class]))
        continue;
      const auto known = Find(derived.name);
      // The event's own field goes first, but for the names of host and sensor, which only the
      // writer has.
      const bool of_writer = derived.name == "host" || derived.name == "agent_id";
      if (known.has_value() && fields_[*known].read[event_class] != nullptr && !of_writer) {
        continue;
      }
      Add(event_class, std::string(derived.name), derived.type, derived.doc, derived.read, nullptr,
          Symbols::kNone);
      FieldInfo& field = fields_[*Find(derived.name)];
      field.derived = true;
      field.address = derived.address;
    }
  }
}

const FieldCatalogue& FieldCatalogue::Get() {
  static const FieldCatalogue& catalogue = *new FieldCatalogue;
  return catalogue;
}

std::optional<FieldId> FieldCatalogue::Find(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

std::optional<EventClass> FieldCatalogue::ClassOfEventType(std::string_view event_type) const {
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    const auto& types = classes_[event_class].event_types;
    if (std::find(types.begin(), types.end(), event_type) != types.end()) return event_class;
  }
  return std::nullopt;
}

std::string_view TypeName(ValueType type) {
  switch (type) {
    case ValueType::kBoolean:
      return "boolean";
    case ValueType::kNumber:
      return "number";
    case ValueType::kText:
      return "text";
    case ValueType::kTexts:
      return "list of texts";
    case ValueType::kNumbers:
      return "list of numbers";
    case ValueType::kOpaque:
      return "presence only";
  }
  return "";
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/json/json_schema.h"

#include <algorithm>
#include <array>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "analyzer/event/alert.h"
#include "analyzer/event/calls.h"
#include "analyzer/event/events.h"
#include "analyzer/event/kinds.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/json/empty.h"
#include "analyzer/output/json/json_writer.h"

namespace randguard {
namespace {

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <typename T>
struct IsOptional<OrLeftOut<T>> : std::true_type {};
template <typename T>
struct IsList : std::false_type {};
template <typename T>
struct IsList<std::vector<T>> : std::true_type {};
template <typename T>
struct IsNamed : std::false_type {};
template <typename T>
struct IsNamed<std::vector<std::pair<std::string_view, T>>> : std::true_type {};

// All that is said about types is collected in tables, which one function reads: as a template
// for each type it would be compiled several hundred times.
enum class Shape {
  kText,
  kTime,
  kBoolean,
  kInteger,
  kUnsigned,
  kOneOf,
  kTexts,
  kList,
  kNamed,
  kObject
};

struct MemberInfo;
struct TypeInfo {
  Shape shape;
  bool nullable = false;
  const ValueList* values = nullptr;      // of kOneOf
  const TypeInfo* items = nullptr;        // of kList and kNamed
  std::span<const MemberInfo> members{};  // of kObject
};
struct MemberInfo {
  std::string_view name, doc;
  const ValueList* values;
  const TypeInfo* type;
  bool or_left_out, may_say_nothing;  // as in empty.h
};

template <typename T>
constexpr TypeInfo TypeOf(bool nullable);
template <typename T>
inline constexpr TypeInfo kTypeOf = TypeOf<T>(/*nullable=*/false);

template <FixedString kName, typename Object, typename Value>
constexpr MemberInfo InfoOf(const FieldOf<kName, Object, Value>& field) {
  return {.name = field.name(),
          .doc = field.doc,
          .values = kValuesOf<Value>,
          .type = &kTypeOf<Value>,
          .or_left_out = kIsOrLeftOut<Value>,
          .may_say_nothing = kMaySayNothing<Value>};
}
template <typename Object>
inline constexpr auto kMembersOf = kFields<Object>.Apply([](const auto&... field) {
  return std::array<MemberInfo, sizeof...(field)>{InfoOf(field)...};
});

template <typename T>
constexpr TypeInfo TypeOf(bool nullable) {
  if constexpr (IsOptional<T>::value) {
    return TypeOf<typename T::value_type>(!kIsOrLeftOut<T>);
  } else if constexpr (IsNamed<T>::value) {
    return {Shape::kNamed, nullable, nullptr, &kTypeOf<typename T::value_type::second_type>};
  } else if constexpr (IsList<T>::value) {
    return {Shape::kList, nullable, nullptr, &kTypeOf<typename T::value_type>};
  } else if constexpr (std::same_as<T, TextList> || std::same_as<T, TextArray>) {
    return {Shape::kTexts, nullable};
  } else if constexpr (ValueSet<T>) {
    return {Shape::kOneOf, nullable, kValuesOf<T>};
  } else if constexpr (std::same_as<T, bool>) {
    return {Shape::kBoolean, nullable};
  } else if constexpr (std::integral<T>) {
    return {std::unsigned_integral<T> ? Shape::kUnsigned : Shape::kInteger, nullable};
  } else if constexpr (std::same_as<T, WallTime>) {
    return {Shape::kTime, true};
  } else if constexpr (std::same_as<T, Host>) {
    return {Shape::kText, true};  // before the first collector has said it
  } else if constexpr (Described<T>) {
    return {Shape::kObject, nullable, nullptr, nullptr, kMembersOf<T>};
  } else {
    return {Shape::kText, nullable};
  }
}

struct EventInfo {
  std::string_view title, doc;
  bool (*is_made_of)(unsigned kind) = nullptr;  // null: the title is its only type
  std::string_view operation{};                 // empty: as its calls say, or none
  bool has_operation_of_call = false;
  bool has_actor = false;
  std::array<std::span<const MemberInfo>, 4> members{};  // one after the other
};

template <typename Event>
constexpr EventInfo EventInfoOf() {
  EventInfo info{.title = {}, .doc = Event::kDoc};
  std::size_t count = 0;
  if constexpr (requires(Event e) { e.actor; }) {
    info.has_actor = true;
    info.members[count++] = kMembersOf<Actor>;
  }
  if constexpr (requires(Event e) { e.call; }) {
    info.title = Event::kClassName;
    info.is_made_of = IsMadeOf<Event>;
    info.members[count++] = kMembersOf<decltype(Event::call)>;
  } else {
    info.title = Event::kEventType;
  }
  info.members[count++] = kMembersOf<Event>;
  if constexpr (requires(Event e) { e.object; }) {
    info.members[count++] = kMembersOf<decltype(Event::object)>;
  }
  if constexpr (requires { Event::kOperation; }) {
    info.operation = Event::kOperation;
  } else if constexpr (requires(Event e) { e.call.operation; }) {
    info.has_operation_of_call = true;
  }
  return info;
}

class Writer {
 public:
  void Add(const EventInfo& event) {
    json_.Raw(first_ ? "\n    {" : ",\n    {");
    first_ = false;
    json_.Raw("\"title\":");
    json_.String(event.title);
    json_.Raw(",\"description\":");
    json_.String(event.doc);
    json_.Raw(",\"type\":\"object\",\"properties\":{\n      \"event_type\":{");
    if (event.is_made_of != nullptr) {
      Enum(NamesOf(event.is_made_of, &CallInfo::event_type), /*nullable=*/false);
    } else {
      json_.Raw("\"const\":");
      json_.String(event.title);
    }
    json_.Raw(
        "},\n      \"boot_id\":{\"description\":\"the host's boot; null: a replay, before its "
        "first collector has said it\",\"type\":[\"string\",\"null\"]},"
        "\n      \"seq\":{\"description\":\"number of the line: all lines of a host and boot are "
        "numbered without a gap, but for those that a loss line names\",\"type\":\"integer\","
        "\"minimum\":1}");
    operations_.clear();
    if (!event.operation.empty()) {
      operations_ = {event.operation};
    } else if (event.has_operation_of_call) {
      operations_ = NamesOf(event.is_made_of, &CallInfo::operation);
    }
    std::string required = "\"event_type\",\"boot_id\",\"seq\"";
    unless_omitted_.clear();
    omits_ = event.has_actor;
    for (const auto& members : event.members) Members(members, required);
    json_.Raw(
        ",\n      \"raw_bytes\":{\"type\":\"object\",\"description\":\"strings that are not UTF-8: "
        "JSON Pointer to hex of the bytes\",\"additionalProperties\":{\"type\":\"string\"}},"
        "\n      \"same_as\":{\"type\":\"object\",\"description\":\"long texts that the line has "
        "in "
        "another place already, and which are null or empty: JSON Pointer to that of the other "
        "place\",\"additionalProperties\":{\"type\":\"string\"}},"
        "\n      \"texts_cut\":{\"type\":\"array\",\"description\":\"JSON Pointers of texts that "
        "were "
        "cut because the line would have been too long\",\"items\":{\"type\":\"string\"}}");
    omits_ = false;
    json_.Raw("},\n     \"required\":[" + required + "]");
    // No keyword of JSON Schema: validators pass over it.
    if (!unless_omitted_.empty()) {
      json_.Raw(",\n     \"x-required-unless-omitted\":[" + unless_omitted_ + "]");
    }
    json_.Raw(",\"additionalProperties\":false}");
  }

  JsonWriter& json() { return json_; }

 private:
  // Those of all system calls whose records become such events, each once.
  static std::vector<std::string_view> NamesOf(bool (*is_made_of)(unsigned kind),
                                               std::string_view CallInfo::*member) {
    std::vector<std::string_view> names;
    for (const CallInfo& call : kCalls) {
      if (!is_made_of(call.kind)) continue;
      if (std::find(names.begin(), names.end(), call.*member) == names.end()) {
        names.push_back(call.*member);
      }
    }
    return names;
  }

  void Members(std::span<const MemberInfo> members, std::string& required, bool comma = true) {
    for (const MemberInfo& info : members) Member(info, comma);
    for (const MemberInfo& info : members) Require(info, required);
  }

  void Require(const MemberInfo& info, std::string& required) {
    if (info.or_left_out) return;
    // Members of objects are all there.
    std::string& list = omits_ && info.may_say_nothing ? unless_omitted_ : required;
    if (!list.empty()) list += ',';
    list += '"' + std::string(info.name) + '"';
  }

  void Member(const MemberInfo& info, bool& comma) {
    json_.Raw(comma ? ",\n      " : "\n      ");
    comma = true;
    json_.String(info.name);
    json_.Raw(":{\"description\":");
    std::string doc(info.doc);
    if (info.values != nullptr) doc += ". One of: " + Listed(*info.values);
    json_.String(doc);
    json_.Raw(',');
    Type(*info.type);
    if (info.name == "operation" && info.values == nullptr && !operations_.empty()) {
      json_.Raw(',');
      Enum(operations_, /*nullable=*/false);
    }
    json_.Raw('}');
  }

  // "type": ..., and what belongs to it.
  void Type(const TypeInfo& type) {
    switch (type.shape) {
      case Shape::kText:
        return Simple("string", type.nullable);
      case Shape::kTime:
        Simple("string", type.nullable);
        return json_.Raw(",\"format\":\"date-time\"");
      case Shape::kBoolean:
        return Simple("boolean", type.nullable);
      case Shape::kInteger:
        return Simple("integer", type.nullable);
      case Shape::kUnsigned:
        Simple("integer", type.nullable);
        return json_.Raw(",\"minimum\":0");
      case Shape::kOneOf:
        Simple("string", type.nullable);
        json_.Raw(',');
        return Enum(type.values->names, type.nullable);
      case Shape::kTexts:
        Simple("array", type.nullable);
        return json_.Raw(",\"items\":{\"type\":\"string\"}");
      case Shape::kList:
        Simple("array", type.nullable);
        json_.Raw(",\"items\":{");
        Type(*type.items);
        return json_.Raw('}');
      case Shape::kNamed:
        Simple("object", type.nullable);
        json_.Raw(",\"additionalProperties\":{");
        Type(*type.items);
        return json_.Raw('}');
      case Shape::kObject:
        return Object(type);
    }
  }

  void Object(const TypeInfo& type) {
    Simple("object", type.nullable);
    json_.Raw(",\"properties\":{");
    std::string required;
    const bool omits = std::exchange(omits_, false);
    Members(type.members, required, /*comma=*/false);
    omits_ = omits;
    json_.Raw("},\"required\":[" + required + "],\"additionalProperties\":false");
  }

  void Enum(std::span<const std::string_view> values, bool nullable) {
    json_.Raw("\"enum\":[");
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i != 0) json_.Raw(',');
      json_.String(values[i]);
    }
    json_.Raw(nullable ? ",null]" : "]");
  }

  void Simple(std::string_view type, bool nullable) {
    json_.Raw("\"type\":");
    if (nullable) json_.Raw('[');
    json_.String(type);
    if (nullable) json_.Raw(",\"null\"]");
  }

  JsonWriter json_;
  bool first_ = true;
  std::vector<std::string_view> operations_;  // of the event being described
  bool omits_ = false;                        // are these the fields of an event?
  std::string unless_omitted_;                // those of them that may be left out
};

// In the order of Event, but for what is no event that goes out.
template <typename... E>
constexpr auto EventInfos(const std::variant<E...>*) {
  constexpr std::size_t kCount = ((requires { E::kDoc; } ? 1 : 0) + ...);
  std::array<EventInfo, kCount> infos{};
  std::size_t count = 0;
  const auto add = [&]<typename One>(const One*) {
    if constexpr (requires { One::kDoc; }) infos[count++] = EventInfoOf<One>();
  };
  (add(static_cast<const E*>(nullptr)), ...);
  return infos;
}
constexpr auto kEventInfos = EventInfos(static_cast<const Event*>(nullptr));
constexpr std::array kReportInfos = {EventInfoOf<Alert>(), EventInfoOf<Loss>(),
                                     EventInfoOf<Health>(), EventInfoOf<Canary>()};

}  // namespace

std::string JsonSchema() {
  Writer writer;
  writer.json().Raw(
      "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
      "  \"title\": \"rand-guard: a line of output\",\n"
      "  \"description\": \"With output.omit_empty, which is the default of segments, fields of "
      "events are left out where they are null, and where they are false or empty and cannot be "
      "null: those in x-required-unless-omitted. Without it they are there.\",\n"
      "  \"oneOf\": [");
  for (const EventInfo& event : kEventInfos) writer.Add(event);
  for (const EventInfo& report : kReportInfos) writer.Add(report);
  writer.json().Raw("\n  ]\n}\n");
  return std::string(writer.json().text());
}

}  // namespace randguard

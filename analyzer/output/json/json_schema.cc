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

class Writer {
 public:
  template <typename Event>
  void Add() {
    json_.Raw(first_ ? "\n    {" : ",\n    {");
    first_ = false;
    json_.Raw("\"title\":");
    if constexpr (requires(Event e) { e.call; }) {
      json_.String(Event::kClassName);
    } else {
      json_.String(Event::kEventType);
    }
    json_.Raw(",\"description\":");
    json_.String(Event::kDoc);
    json_.Raw(",\"type\":\"object\",\"properties\":{\n      \"event_type\":{");
    if constexpr (requires(Event e) { e.call; }) {
      Enum(NamesOf(IsMadeOf<Event>, &CallInfo::event_type), /*nullable=*/false);
    } else {
      json_.Raw("\"const\":");
      json_.String(Event::kEventType);
    }
    json_.Raw(
        "},\n      \"boot_id\":{\"description\":\"the host's boot; null: a replay, before its "
        "first collector has said it\",\"type\":[\"string\",\"null\"]},"
        "\n      \"seq\":{\"description\":\"number of the line: all lines of a host and boot are "
        "numbered without a gap, but for those that a loss line names\",\"type\":\"integer\","
        "\"minimum\":1}");
    operations_.clear();
    if constexpr (requires { Event::kOperation; }) {
      operations_ = {Event::kOperation};
    } else if constexpr (requires(Event e) { e.call.operation; }) {
      operations_ = NamesOf(IsMadeOf<Event>, &CallInfo::operation);
    }
    std::string required = "\"event_type\",\"boot_id\",\"seq\"";
    unless_omitted_.clear();
    if constexpr (requires(Event e) { e.actor; }) omits_ = true;
    if constexpr (requires(Event e) { e.actor; }) Members<Actor>(required);
    if constexpr (requires(Event e) { e.call; }) Members<decltype(Event::call)>(required);
    Members<Event>(required);
    if constexpr (requires(Event e) { e.object; }) Members<decltype(Event::object)>(required);
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

  using WriteType = void (Writer::*)(bool nullable);
  struct MemberInfo {
    std::string_view name, doc;
    const ValueList* values;
    WriteType type;
    bool or_left_out, may_say_nothing;  // as in empty.h
  };

  template <FixedString kName, typename Object, typename Value>
  static constexpr MemberInfo InfoOf(const FieldOf<kName, Object, Value>& field) {
    return {.name = field.name(),
            .doc = field.doc,
            .values = kValuesOf<Value>,
            .type = &Writer::Type<Value>,
            .or_left_out = kIsOrLeftOut<Value>,
            .may_say_nothing = kMaySayNothing<Value>};
  }

  // A table for each kind of object, because code would be compiled for each of several hundred
  // fields.
  template <typename Object>
  void Members(std::string& required, bool comma = true) {
    static constexpr auto kInfos = kFields<Object>.Apply([](const auto&... field) {
      return std::array<MemberInfo, sizeof...(field)>{InfoOf(field)...};
    });
    for (const MemberInfo& info : kInfos) Member(info, comma);
    for (const MemberInfo& info : kInfos) Require(info, required);
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
    (this->*info.type)(false);
    if (info.name == "operation" && info.values == nullptr && !operations_.empty()) {
      json_.Raw(',');
      Enum(operations_, /*nullable=*/false);
    }
    json_.Raw('}');
  }

  // "type": ..., and what belongs to it.
  template <typename T>
  void Type(bool nullable = false) {
    if constexpr (IsOptional<T>::value) {
      Type<typename T::value_type>(!kIsOrLeftOut<T>);
    } else if constexpr (IsNamed<T>::value) {
      Simple("object", nullable);
      json_.Raw(",\"additionalProperties\":{");
      Type<typename T::value_type::second_type>();
      json_.Raw('}');
    } else if constexpr (IsList<T>::value) {
      Simple("array", nullable);
      json_.Raw(",\"items\":{");
      Type<typename T::value_type>();
      json_.Raw('}');
    } else if constexpr (std::same_as<T, TextList> || std::same_as<T, TextArray>) {
      Simple("array", nullable);
      json_.Raw(",\"items\":{\"type\":\"string\"}");
    } else if constexpr (ValueSet<T>) {
      Simple("string", nullable);
      json_.Raw(',');
      Enum(kValuesOf<T>->names, nullable);
    } else if constexpr (std::same_as<T, bool>) {
      Simple("boolean", nullable);
    } else if constexpr (std::integral<T>) {
      Simple("integer", nullable);
      if constexpr (std::unsigned_integral<T>) json_.Raw(",\"minimum\":0");
    } else if constexpr (std::same_as<T, WallTime>) {
      Simple("string", true);
      json_.Raw(",\"format\":\"date-time\"");
    } else if constexpr (std::same_as<T, Host>) {
      Simple("string", true);  // before the first collector has said it
    } else if constexpr (Described<T>) {
      Simple("object", nullable);
      json_.Raw(",\"properties\":{");
      std::string required;
      const bool omits = std::exchange(omits_, false);
      Members<T>(required, /*comma=*/false);
      omits_ = omits;
      json_.Raw("},\"required\":[" + required + "],\"additionalProperties\":false");
    } else {
      Simple("string", nullable);
    }
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
void AddEvents(Writer& writer, const std::variant<E...>*) {
  const auto add = [&]<typename One>(const One*) {
    if constexpr (requires { One::kDoc; }) writer.Add<One>();
  };
  (add(static_cast<const E*>(nullptr)), ...);
}

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
  AddEvents(writer, static_cast<const Event*>(nullptr));
  writer.Add<Alert>();
  writer.Add<Loss>();
  writer.Add<Health>();
  writer.Add<Canary>();
  writer.json().Raw("\n  ]\n}\n");
  return std::string(writer.json().text());
}

}  // namespace randguard

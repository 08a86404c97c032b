// SPDX-License-Identifier: Apache-2.0
//
// Every field that a condition can name: those by which events describe themselves (FieldsOf), and
// a few that follow from them and from the process table (derived_fields.h). A field is read
// through one function for each event class, chosen when a rule is compiled.
#ifndef ANALYZER_RULES_FIELDS_FIELD_CATALOGUE_H_
#define ANALYZER_RULES_FIELDS_FIELD_CATALOGUE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analyzer/base/text_map.h"
#include "analyzer/config/config.h"
#include "analyzer/event/events.h"
#include "analyzer/process/process_table.h"
#include "analyzer/rules/fields/symbols.h"
#include "analyzer/rules/fields/value.h"

namespace randguard {

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

// Values of derived fields that a test gives instead of a process table.
using FieldOverrides = absl::flat_hash_map<std::size_t, Value>;  // by field

// What is known beside the event. All borrowed, each may be null.
struct EvaluationContext {
  const ProcessTable* processes = nullptr;
  const absl::flat_hash_map<std::uint32_t, std::string>* users = nullptr;
  const FieldOverrides* overrides = nullptr;
  std::string_view host, agent_id;
};

// An event as conditions see it.
struct EventView {
  EventClass event_class = 0;
  std::string_view event_type;
  const Actor* actor = nullptr;
  const void* call = nullptr;    // its FileCall, NetworkCall or BehaviourCall
  const void* own = nullptr;     // itself
  const void* object = nullptr;  // its FileObject or Socket
  const EvaluationContext* context = nullptr;
};

template <typename E>
EventView ViewOf(const E& event, const EvaluationContext& context) {
  EventView view;
  view.event_class = ClassOf<E>();
  view.event_type = EventType(event);
  view.actor = &event.actor;
  view.own = &event;
  if constexpr (requires { event.call; }) view.call = &event.call;
  if constexpr (requires { event.object; }) view.object = &event.object;
  view.context = &context;
  return view;
}

using ReadField = void (*)(const EventView& event, FieldScratch& scratch, Value& out);

// What a test writes for a field; text stays where it is.
struct FieldInput {
  enum class Form : std::uint8_t { kBoolean, kNumber, kText, kList };
  Form form = Form::kBoolean;
  bool boolean = false;
  Number number = 0;
  std::string_view text;              // of a list: its items, each ends with NUL
  std::vector<std::int64_t> numbers;  // of a list of numbers
};
// Sets the field of an event of that class. False: the input is of another type.
using SetField = bool (*)(void* event, const FieldInput& input);

using FieldId = std::uint16_t;

struct FieldInfo {
  std::string name;
  ValueType type = ValueType::kText;
  bool address = false;  // text that is an IP address
  bool derived = false;
  std::string doc;                               // of the first class that has it
  std::array<ReadField, kEventClasses> read{};   // null: events of this class do not have it
  std::array<SetField, kEventClasses> set{};     // null also for derived ones
  std::array<Symbols, kEventClasses> symbols{};  // names for its bits
};

struct EventClassInfo {
  std::string_view name;
  std::vector<std::string_view> event_types;  // what its events are called in the output
  RuleType rule_type = RuleType::kProcess;    // of rules that look at it
  unsigned record = 0;                        // enum rg_kind of the records its events are made of
};

class FieldCatalogue {
 public:
  // The one there is.
  static const FieldCatalogue& Get();

  const std::vector<FieldInfo>& fields() const { return fields_; }
  const FieldInfo& field(FieldId id) const { return fields_[id]; }
  std::optional<FieldId> Find(std::string_view name) const;
  // By event class; the one of CgroupName, which is no event that goes out, has no event types.
  const std::array<EventClassInfo, kEventClasses>& classes() const { return classes_; }
  std::optional<EventClass> ClassOfEventType(std::string_view event_type) const;
  // For suggestions in messages.
  const std::vector<std::string_view>& names() const { return names_; }
  const std::vector<std::string_view>& event_types() const { return event_types_; }

 private:
  FieldCatalogue();
  struct Form {
    ValueType type;
    bool mode, capabilities, address;
  };

  template <typename E>
  void AddClass();
  template <typename E, std::size_t kPart, typename T, std::size_t... kPath>
  void AddPart(const std::string& prefix);
  // A field that events describe; what does not depend on its type.
  void AddOwn(EventClass event_class, const std::string& prefix, std::string_view field,
              const char* doc, Form form, ReadField read, SetField set);
  void Add(EventClass event_class, std::string name, ValueType type, const char* doc,
           ReadField read, SetField set, Symbols symbols);
  void AddDerived();

  std::vector<FieldInfo> fields_;
  TextMap<FieldId> by_name_;
  std::array<EventClassInfo, kEventClasses> classes_;
  std::vector<std::string_view> names_, event_types_;
};

std::string_view TypeName(ValueType type);

}  // namespace randguard

#endif  // ANALYZER_RULES_FIELDS_FIELD_CATALOGUE_H_

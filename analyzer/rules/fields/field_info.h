// SPDX-License-Identifier: Apache-2.0
//
// A field that conditions can name: what it is, and in which event classes.
#ifndef ANALYZER_RULES_FIELDS_FIELD_INFO_H_
#define ANALYZER_RULES_FIELDS_FIELD_INFO_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/event/event_classes.h"
#include "analyzer/event/value_set.h"
#include "analyzer/rules/fields/symbols.h"
#include "analyzer/rules/fields/value.h"

namespace randguard {

struct EventView;

using ReadField = void (*)(const EventView& event, FieldScratch& scratch, Value& out);

// A value that a test writes for a field; text stays where it is.
struct FieldInput {
  enum class Form : std::uint8_t { kBoolean, kNumber, kText, kList };
  Form form = Form::kBoolean;
  bool boolean = false;
  Number number = 0;
  std::string_view text;              // of a list: its items, each ends with NUL
  std::vector<std::int64_t> numbers;  // of a list of numbers
};

// An event's parts, to be written to; those that it does not have are null.
struct EventParts {
  void* actor = nullptr;
  void* call = nullptr;
  void* own = nullptr;
  void* object = nullptr;
};
// Sets the field in the parts of an event of its class. False: the input is of another type.
using SetField = bool (*)(const EventParts& event, const FieldInput& input);

struct FieldInfo {
  std::string name;
  ValueType type = ValueType::kText;
  bool address = false;  // text that is an IP address
  bool derived = false;
  std::string doc;                               // of the first class that has it
  std::array<ReadField, kEventClasses> read{};   // null: events of this class do not have it
  std::array<SetField, kEventClasses> set{};     // null also for derived ones
  std::array<Symbols, kEventClasses> symbols{};  // names for its bits
  // All texts that it can be in events of a class; empty: there is no end of them.
  std::array<std::vector<std::string_view>, kEventClasses> values;
  std::array<const ValueList*, kEventClasses> meanings{};  // of these values, where they are a set
  std::array<bool, kEventClasses> may_be_absent{};
};

struct EventClassInfo {
  std::string_view name;
  std::vector<std::string_view> event_types;  // what its events are called in the output
  RuleType rule_type = RuleType::kProcess;    // of rules that look at it
  unsigned record = 0;                        // enum rg_kind of the records its events are made of
};

std::string_view TypeName(ValueType type);

}  // namespace randguard

#endif  // ANALYZER_RULES_FIELDS_FIELD_INFO_H_

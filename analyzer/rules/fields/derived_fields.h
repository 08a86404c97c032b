// SPDX-License-Identifier: Apache-2.0
//
// Fields that follow from an event's own ones and from what is known of its process.
#ifndef ANALYZER_RULES_FIELDS_DERIVED_FIELDS_H_
#define ANALYZER_RULES_FIELDS_DERIVED_FIELDS_H_

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "analyzer/event/event_classes.h"
#include "analyzer/rules/fields/field_info.h"

namespace randguard {

using EventClassSet = std::array<bool, kEventClasses>;

struct DerivedField {
  std::string_view name;
  ValueType type;
  const char* doc;
  // That have it; where one describes a field of this name itself, that goes first ...
  EventClassSet classes;
  ReadField read;
  bool address = false;
  bool replaces_own = false;  // ... unless it leaves the value to the writer
  bool keeps_set = false;     // with replaces_own: a test still sets the event's own field
  // All that it can be in events of a class; null: there is no end of them.
  std::vector<std::string_view> (*values)(EventClass, const EventClassInfo&) = nullptr;
};

std::span<const DerivedField> DerivedFields();

}  // namespace randguard

#endif  // ANALYZER_RULES_FIELDS_DERIVED_FIELDS_H_

// SPDX-License-Identifier: Apache-2.0
//
// Fields that follow from an event's own ones and from what is known of its process.
#ifndef ANALYZER_RULES_FIELDS_DERIVED_FIELDS_H_
#define ANALYZER_RULES_FIELDS_DERIVED_FIELDS_H_

#include <span>
#include <string>
#include <string_view>

#include "analyzer/rules/fields/field_catalogue.h"

namespace randguard {

struct DerivedField {
  std::string_view name;
  ValueType type;
  const char* doc;
  // Which events have it; an event's own field of the same name goes first.
  bool (*applies)(const EventClassInfo& info);
  ReadField read;
  bool address = false;
};

std::span<const DerivedField> DerivedFields();

// The items, which end with NUL each, joined with one space.
void JoinItems(std::string_view items, std::string& out);

// What follows the last slash.
std::string_view BaseName(std::string_view path);

// The operation of a file event, by its event_type: "open", "write", "rename", "link", ...
std::string_view FileOperationOf(std::string_view event_type);

}  // namespace randguard

#endif  // ANALYZER_RULES_FIELDS_DERIVED_FIELDS_H_

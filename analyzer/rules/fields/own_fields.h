// SPDX-License-Identifier: Apache-2.0
//
// The fields by which the events of a class describe themselves (FieldsOf), as the catalogue takes
// them.
#ifndef ANALYZER_RULES_FIELDS_OWN_FIELDS_H_
#define ANALYZER_RULES_FIELDS_OWN_FIELDS_H_

#include <string>
#include <vector>

#include "analyzer/rules/fields/field_info.h"

namespace randguard {

struct OwnField {
  std::string name;  // of nested ones: with dots
  const char* doc = nullptr;
  ValueType type = ValueType::kText;
  bool address = false;
  Symbols symbols = Symbols::kNone;
  ReadField read = nullptr;
  SetField set = nullptr;
};

struct OwnFields {
  EventClassInfo info;  // without event types: events of this class do not go out
  std::vector<OwnField> fields;
};

// Instantiated in own_*_fields.cc, for every class: the linker names the one that was forgotten.
template <typename E>
OwnFields OwnFieldsOf();

}  // namespace randguard

#endif  // ANALYZER_RULES_FIELDS_OWN_FIELDS_H_

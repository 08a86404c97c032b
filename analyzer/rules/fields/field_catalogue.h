// SPDX-License-Identifier: Apache-2.0
//
// Every field that a condition can name: those by which events describe themselves (own_fields.h),
// and a few that follow from them and from the process table (derived_fields.h). A field is read
// through one function for each event class, chosen when a rule is compiled.
#ifndef ANALYZER_RULES_FIELDS_FIELD_CATALOGUE_H_
#define ANALYZER_RULES_FIELDS_FIELD_CATALOGUE_H_

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/text_map.h"
#include "analyzer/event/event_classes.h"
#include "analyzer/rules/fields/field_info.h"
#include "analyzer/rules/fields/value.h"

namespace randguard {

struct DerivedField;
struct OwnFields;

class FieldCatalogue {
 public:
  // The one there is.
  static const FieldCatalogue& Get();

  const std::vector<FieldInfo>& fields() const { return fields_; }
  const FieldInfo& field(FieldId id) const { return fields_[id]; }
  std::optional<FieldId> Find(std::string_view name) const;
  FieldId event_type() const { return event_type_; }
  // The one of CgroupName, which is no event that goes out, has no event types.
  const std::array<EventClassInfo, kEventClasses>& classes() const { return classes_; }
  std::optional<EventClass> ClassOfEventType(std::string_view event_type) const;
  // For suggestions in messages.
  const std::vector<std::string_view>& names() const { return names_; }
  const std::vector<std::string_view>& event_types() const { return event_types_; }

 private:
  FieldCatalogue();

  void AddOwn(EventClass event_class, OwnFields own);
  void AddDerived(const DerivedField& derived);
  // The field of that name, made if need be. One name, one type: a condition on several event
  // classes is checked once.
  FieldInfo& Upsert(std::string_view name, ValueType type, const char* doc);

  std::vector<FieldInfo> fields_;
  TextMap<FieldId> by_name_;
  std::array<EventClassInfo, kEventClasses> classes_;
  std::vector<std::string_view> names_, event_types_;
  FieldId event_type_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_FIELDS_FIELD_CATALOGUE_H_

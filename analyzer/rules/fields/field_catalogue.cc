// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/fields/field_catalogue.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <utility>

#include "analyzer/rules/fields/derived_fields.h"
#include "analyzer/rules/fields/own_fields.h"

namespace randguard {

FieldCatalogue::FieldCatalogue() {
  OwnFieldsByClass own = DescribeEvents();
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    AddOwn(event_class, std::move(own[event_class]));
  }
  for (const DerivedField& derived : DerivedFields()) AddDerived(derived);
  for (const FieldInfo& field : fields_) names_.emplace_back(field.name);
  event_type_ = Find("event_type").value();
}

FieldInfo& FieldCatalogue::Upsert(std::string_view name, ValueType type, const char* doc) {
  const auto [at, is_new] = by_name_.try_emplace(name, static_cast<FieldId>(fields_.size()));
  if (is_new) {
    FieldInfo& field = fields_.emplace_back();
    field.name = std::string(name);
    field.type = type;
    field.doc = doc;
  }
  FieldInfo& field = fields_[at->second];
  if (field.type != type) std::abort();
  return field;
}

void FieldCatalogue::AddOwn(EventClass event_class, OwnFields own) {
  event_types_.insert(event_types_.end(), own.info.event_types.begin(), own.info.event_types.end());
  classes_[event_class] = std::move(own.info);
  for (const OwnField& of : own.fields) {
    FieldInfo& field = Upsert(of.name, of.type, of.doc);
    field.address = field.address || of.address;
    field.read[event_class] = of.read;
    field.set[event_class] = of.set;
    field.values[event_class] = of.values;
    field.meanings[event_class] = of.meanings;
    field.may_be_absent[event_class] = of.may_be_absent;
    field.symbols[event_class] =
        of.symbols == Symbols::kNone ? SymbolsOf(event_class, of.name) : of.symbols;
  }
}

void FieldCatalogue::AddDerived(const DerivedField& derived) {
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    const EventClassInfo& info = classes_[event_class];
    if (info.event_types.empty() || !derived.classes[event_class]) continue;
    FieldInfo& field = Upsert(derived.name, derived.type, derived.doc);
    if (derived.values != nullptr) field.values[event_class] = derived.values(event_class, info);
    if (field.read[event_class] != nullptr && !derived.replaces_own) continue;
    field.read[event_class] = derived.read;
    if (!derived.keeps_set) field.set[event_class] = nullptr;
    field.symbols[event_class] = Symbols::kNone;
    field.derived = true;
    field.address = derived.address;
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
    case ValueType::kProcess:
    case ValueType::kOpaque:
      return "presence only";
  }
  return "";
}

}  // namespace randguard

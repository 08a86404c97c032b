// SPDX-License-Identifier: Apache-2.0
//
// The fields by which events describe themselves (FieldsOf), as the catalogue takes them.
#ifndef ANALYZER_RULES_FIELDS_OWN_FIELDS_H_
#define ANALYZER_RULES_FIELDS_OWN_FIELDS_H_

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/event/event_classes.h"
#include "analyzer/rules/fields/field_info.h"
#include "schema/abi/event.h"

namespace randguard {

struct OwnField {
  std::string name;  // nested ones have dots
  const char* doc = nullptr;
  ValueType type = ValueType::kText;
  bool address = false;
  Symbols symbols = Symbols::kNone;
  std::vector<std::string_view> values;  // all texts that it can be; empty: there is no end of them
  const ValueList* meanings = nullptr;   // of these values, where they are a set
  bool may_be_absent = false;
  ReadField read = nullptr;
  SetField set = nullptr;
};

struct OwnFields {
  EventClassInfo info;  // without event types: events of this class do not go out
  std::vector<OwnField> fields;
};

using OwnFieldsByClass = std::array<OwnFields, kEventClasses>;

// Those of all classes of a domain. Each domain is compiled alone (own_*_fields.cc).
template <rg_domain kDomain>
void DescribeDomain(OwnFieldsByClass& out);

extern template void DescribeDomain<RG_DOMAIN_process>(OwnFieldsByClass& out);
extern template void DescribeDomain<RG_DOMAIN_file>(OwnFieldsByClass& out);
extern template void DescribeDomain<RG_DOMAIN_behaviour>(OwnFieldsByClass& out);
extern template void DescribeDomain<RG_DOMAIN_network>(OwnFieldsByClass& out);

OwnFieldsByClass DescribeEvents();

}  // namespace randguard

#endif  // ANALYZER_RULES_FIELDS_OWN_FIELDS_H_

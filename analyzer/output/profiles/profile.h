// SPDX-License-Identifier: Apache-2.0
//
// How values are written in one of the other schemas.
#ifndef ANALYZER_OUTPUT_PROFILES_PROFILE_H_
#define ANALYZER_OUTPUT_PROFILES_PROFILE_H_

#include <string_view>

#include "analyzer/event/value_sets.h"
#include "analyzer/event/values.h"
#include "analyzer/output/profiles/layout.h"

namespace randguard::profiles {

struct Profile {
  Schema schema;
  // Numbers of protocols are texts.
  bool numbers_are_texts;
  int (*severity_number)(Severity);
  // As JSON; empty: the schema has no word for it. Null: no row asks for it.
  std::string_view (*severity_json)(Severity);
  std::string_view (*direction_json)(Direction);
  std::string_view (*file_type_json)(const Mode&);
};

}  // namespace randguard::profiles

#endif  // ANALYZER_OUTPUT_PROFILES_PROFILE_H_

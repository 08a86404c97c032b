// SPDX-License-Identifier: Apache-2.0
//
// The tables of the profiles as data: for docs/formats/profiles.md, and for the test that no field
// is without a place.
#ifndef ANALYZER_OUTPUT_PROFILES_PAGE_H_
#define ANALYZER_OUTPUT_PROFILES_PAGE_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/output/profiles/row.h"

namespace randguard::profiles {

struct FieldNames {
  std::string_view name;
  std::vector<std::string_view> members;  // of an object
};

// A part of events with the same rows, in all of them.
struct Section {
  std::string title;                // "actor", "call", "file_open", ...
  std::vector<std::string> events;  // that have it
  std::vector<FieldNames> fields;   // empty: what no field says
  std::span<const Row> ecs, ocsf;
};

std::vector<Section> Sections();

// The rows of a field, or of its members; `rest`: the row of those that no row names.
struct Places {
  std::vector<const Row*> rows;
  const Row* rest = nullptr;
};
Places PlacesOf(std::string_view field, std::span<const Row> rows);

// The page, in Markdown.
std::string Page();

}  // namespace randguard::profiles

#endif  // ANALYZER_OUTPUT_PROFILES_PAGE_H_

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/profiles/fields.h"

#include <algorithm>

namespace randguard::profiles {

const FieldEntry* FindEntry(std::span<const FieldEntry> entries, std::string_view name) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const FieldEntry& entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace randguard::profiles

// SPDX-License-Identifier: Apache-2.0
//
// The forms that values take in other schemas, by the kind of value.
#ifndef ANALYZER_OUTPUT_PROFILES_VALUES_H_
#define ANALYZER_OUTPUT_PROFILES_VALUES_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "analyzer/event/values.h"
#include "analyzer/output/json/json_writer.h"

namespace randguard::profiles {

template <typename T>
std::string_view ViewOf(const T& value) {
  if constexpr (requires { value.view(); }) {
    return value.view();
  } else {
    return value;
  }
}

// The whole of "/".
std::string_view Base(std::string_view path);
std::string_view Folder(std::string_view path);
std::string_view Extension(std::string_view path);

// Is it a numeric address of ipv4 or ipv6? Those of other families are plain numbers.
bool IsIp(std::string_view address);

// As IANA numbers them; 0: none of those that events name.
int ProtocolNumber(std::string_view name);
void Number(JsonWriter& json, int number, bool as_text);

// As OCSF numbers them; 0: not known.
int FileTypeId(const Mode& mode);
// "0644"
void Permissions(JsonWriter& json, const Mode& mode);
// ["CAP_CHOWN"]; one without a name is "CAP_" and its number.
void CapabilityNames(JsonWriter& json, const CapabilitySet& set);

}  // namespace randguard::profiles

#endif  // ANALYZER_OUTPUT_PROFILES_VALUES_H_

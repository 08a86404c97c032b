// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_RULES_TOOLS_JSON_FIELDS_H_
#define ANALYZER_RULES_TOOLS_JSON_FIELDS_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/config/config.h"

namespace randguard {

// The fields of a line of output. Members that are null are left out, nested ones get dots.
absl::StatusOr<std::vector<TestField>> FieldsOfJson(std::string_view json);

}  // namespace randguard

#endif  // ANALYZER_RULES_TOOLS_JSON_FIELDS_H_

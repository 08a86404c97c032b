// SPDX-License-Identifier: Apache-2.0
//
// JSON Schema (draft 2020-12) of every line, made from the description of the fields. The copy in
// docs/formats/events.schema.json is what tests hold real output against.
#ifndef ANALYZER_OUTPUT_JSON_JSON_SCHEMA_H_
#define ANALYZER_OUTPUT_JSON_JSON_SCHEMA_H_

#include <string>

namespace randguard {

std::string JsonSchema();

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_JSON_JSON_SCHEMA_H_

// SPDX-License-Identifier: Apache-2.0
//
// The configuration for editors: a JSON Schema of its files, written from analyzer/config/keys.h.
#ifndef ANALYZER_CONFIG_CONFIG_SCHEMA_H_
#define ANALYZER_CONFIG_CONFIG_SCHEMA_H_

#include <string>

namespace randguard {

// Draft 7, which editors for TOML read. It knows names, types, values of closed sets and bounds of
// numbers. Whether a path, a pattern or a condition is right is known to `rand-guard check`, which
// is also milder with rules that are off, and stricter with rules.d: there are no other tables
// there.
std::string ConfigSchema();

}  // namespace randguard

#endif  // ANALYZER_CONFIG_CONFIG_SCHEMA_H_

// SPDX-License-Identifier: Apache-2.0
//
// Keys that are written, ask for something, and get nothing, because another key switches them off.
#ifndef ANALYZER_CONFIG_WITHOUT_EFFECT_H_
#define ANALYZER_CONFIG_WITHOUT_EFFECT_H_

#include <string_view>

#include "absl/functional/function_ref.h"
#include "analyzer/config/config.h"

namespace randguard {

// Calls report(table, key, why) once for each key that would have no effect if it was written. A
// key whose value is its default asks for nothing, unless it is a list with items.
void ForEachWithoutEffect(
    const Config& config,
    absl::FunctionRef<void(std::string_view table, std::string_view key, std::string_view why)>
        report);

}  // namespace randguard

#endif  // ANALYZER_CONFIG_WITHOUT_EFFECT_H_

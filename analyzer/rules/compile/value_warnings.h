// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_RULES_COMPILE_VALUE_WARNINGS_H_
#define ANALYZER_RULES_COMPILE_VALUE_WARNINGS_H_

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/event/event_classes.h"
#include "analyzer/rules/fields/field_info.h"
#include "analyzer/rules/match/rule_set.h"

namespace randguard {

// Why the text is no value of the field, which has the known ones, and the remedy.
std::string NeverHas(const FieldInfo& field, std::string_view text,
                     std::span<const std::string_view> known);

// Warns, at its place, of each comparison with a value that the field never has in the events that
// the rule looks at: `stdin_type == "sokcet"`.
void WarnOfUnknownValues(const CompiledRule& rule, const std::array<bool, kEventClasses>& classes,
                         std::vector<Diagnostic>& diagnostics);

}  // namespace randguard

#endif  // ANALYZER_RULES_COMPILE_VALUE_WARNINGS_H_

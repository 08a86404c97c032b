// SPDX-License-Identifier: Apache-2.0
//
// Rules and detections of lists, written as conditions.
#ifndef ANALYZER_RULES_COMPILE_SIMPLE_RULES_H_
#define ANALYZER_RULES_COMPILE_SIMPLE_RULES_H_

#include <string>
#include <string_view>

#include "analyzer/config/config.h"

namespace randguard {

// The lists of the rule as a condition; empty when it has none.
std::string SimpleCondition(const Rule& rule);
std::string SimpleCondition(const PersistenceDetection& detection);
std::string SimpleCondition(const NetworkDetection& detection);

// Whether the lists of a file rule fit this name, as SimpleCondition() has it for each name.
bool FitsSimplePaths(const Rule& rule, std::string_view path);

// TOML: the rules that are there without a file.
std::string_view BuiltInRules();

}  // namespace randguard

#endif  // ANALYZER_RULES_COMPILE_SIMPLE_RULES_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_RULES_COMPILE_COMPILE_RULES_H_
#define ANALYZER_RULES_COMPILE_COMPILE_RULES_H_

#include <memory>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/rules/match/rule_set.h"
#include "analyzer/source/diagnostic.h"

namespace randguard {

// Lists and macros that no condition uses.
enum class UnusedNames { kIgnore, kReport };

// A detection that looks for what the agent itself makes happen. It counts as no rule.
enum class CanaryRule { kNone, kAdded };

// All rules and detections of the configuration. Null when any of it is wrong; diagnostics say
// what. Rules that are off are checked, but not evaluated.
std::shared_ptr<const RuleSet> CompileRules(const Config& config,
                                            std::vector<Diagnostic>& diagnostics,
                                            UnusedNames unused = UnusedNames::kIgnore,
                                            CanaryRule canary = CanaryRule::kNone);

}  // namespace randguard

#endif  // ANALYZER_RULES_COMPILE_COMPILE_RULES_H_

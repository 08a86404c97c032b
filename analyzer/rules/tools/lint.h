// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_RULES_TOOLS_LINT_H_
#define ANALYZER_RULES_TOOLS_LINT_H_

#include <vector>

#include "analyzer/rules/match/rule_set.h"

namespace randguard {

// Warns about rules of the configuration's own that are on and that nothing can reach: their events
// are not observed, or their files are filtered out.
void LintRules(const Config& config, const RuleSet& rules, std::vector<Diagnostic>& diagnostics);

}  // namespace randguard

#endif  // ANALYZER_RULES_TOOLS_LINT_H_

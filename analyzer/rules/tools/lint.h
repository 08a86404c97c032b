// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_RULES_TOOLS_LINT_H_
#define ANALYZER_RULES_TOOLS_LINT_H_

#include <memory>
#include <vector>

#include "analyzer/plan/path_filter.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "analyzer/rules/match/rule_set.h"
#include "analyzer/source/diagnostic.h"

namespace randguard {

// As CompileRules(). The diagnostics also say what is likely to be a mistake: names that are not
// used, rules that nothing can reach.
std::shared_ptr<const RuleSet> CompileAndLintRules(const Config& config,
                                                   std::vector<Diagnostic>& diagnostics,
                                                   const ResolvePath& resolve = nullptr,
                                                   CanaryRule canary = CanaryRule::kNone);

// Warns about rules of the configuration's own that are on and that nothing can reach: their events
// are not observed, or their files are filtered out. With `resolve`, names in exceptions that are
// links on this host are doubted, too.
void LintRules(const Config& config, const RuleSet& rules, std::vector<Diagnostic>& diagnostics,
               const ResolvePath& resolve = nullptr);

}  // namespace randguard

#endif  // ANALYZER_RULES_TOOLS_LINT_H_

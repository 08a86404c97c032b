// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_CLI_RULES_EXPLAIN_H_
#define ANALYZER_CLI_RULES_EXPLAIN_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "analyzer/config/config.h"
#include "analyzer/rules/match/rule_set.h"

namespace randguard::cli {

// Prints each event of the capture that made the rule with that index fire, and what kept the rule
// from firing for the others.
absl::Status ExplainCapture(const Config& config, const std::shared_ptr<const RuleSet>& rules,
                            std::size_t index, const std::string& path);

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_RULES_EXPLAIN_H_

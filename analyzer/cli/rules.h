// SPDX-License-Identifier: Apache-2.0
//
// Shared by the commands of `rand-guard rules`.
#ifndef ANALYZER_CLI_RULES_H_
#define ANALYZER_CLI_RULES_H_

#include <memory>
#include <string>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/rules/match/rule_set.h"

namespace randguard::cli {

// With commas, for a terminal.
std::string Joined(const std::vector<std::string>& items);

// All rules of the configuration are on in it: those that are off can be tested and explained, too.
std::shared_ptr<const RuleSet> CompileAllOn(Config config);

std::string Title(const Rule& rule);

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_RULES_H_

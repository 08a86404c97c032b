// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/match/rule_set.h"

#include <cstdlib>

#include "analyzer/config/rule_checks.h"
#include "analyzer/rules/compile/rule_compiler.h"
#include "analyzer/rules/compile/simple_rules.h"
#include "analyzer/rules/tools/lint.h"

namespace randguard {

std::shared_ptr<const RuleSet> RuleSet::Compile(const Config& config,
                                                std::vector<Diagnostic>& diagnostics, bool lint) {
  RuleCompiler compiler(config, diagnostics);
  for (const PersistenceDetection& detection : config.detections.persistence) {
    compiler.AddDetection(detection.name, RuleType::kFile, SimpleCondition(detection));
  }
  for (const NetworkDetection& detection : config.detections.network) {
    compiler.AddDetection(detection.name, RuleType::kNetwork, SimpleCondition(detection));
  }
  if (config.alerts.built_in_rules) {
    const ConfigSource source{"built-in rules", std::string(BuiltInRules())};
    const ConfigResult built_in = ParseBuiltInRules(source);
    if (!built_in.config.has_value()) std::abort();  // they are ours
    for (const Rule& rule : built_in.config->rules) compiler.AddRule(rule, /*built_in=*/true);
  }
  for (const Rule& rule : config.rules) {
    // Nothing can be made of one that is off and incomplete, which was a warning.
    if (rule.enabled || !IsIncomplete(rule)) compiler.AddRule(rule, /*built_in=*/false);
  }
  if (lint) compiler.ReportUnused();
  auto set = compiler.Finish();
  if (lint && set != nullptr) LintRules(config, *set, diagnostics);
  return set;
}

}  // namespace randguard

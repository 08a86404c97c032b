// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/compile/compile_rules.h"

#include <cstdlib>
#include <string>

#include "analyzer/config/rule_checks.h"
#include "analyzer/rules/compile/rule_compiler.h"
#include "analyzer/rules/compile/simple_rules.h"

namespace randguard {

std::shared_ptr<const RuleSet> CompileRules(const Config& config,
                                            std::vector<Diagnostic>& diagnostics,
                                            UnusedNames unused) {
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
    // Nothing can be made of one that is off and wrong or incomplete, which was a warning.
    if (rule.enabled || !(rule.faulty || IsIncomplete(rule)))
      compiler.AddRule(rule, /*built_in=*/false);
  }
  if (unused == UnusedNames::kReport) compiler.ReportUnused();
  return compiler.Finish();
}

}  // namespace randguard

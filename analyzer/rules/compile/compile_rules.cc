// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/compile/compile_rules.h"

#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/config/rule_checks.h"
#include "analyzer/rules/compile/rule_compiler.h"
#include "analyzer/rules/compile/simple_rules.h"
#include "analyzer/rules/sigma/loader.h"
#include "analyzer/rules/sigma/mapping.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

// One line for all that is left out; or, if the configuration wants all or nothing, one for each.
void ReportLeftOut(const Config& config, const SigmaReport& report,
                   std::vector<Diagnostic>& diagnostics) {
  const bool refuse = config.sigma.on_unsupported == OnUnsupported::kRefuse;
  const SigmaOutcome* first = nullptr;
  for (const SigmaOutcome& outcome : report.documents()) {
    const bool left_out = outcome.state == SigmaOutcome::State::kUnsupported ||
                          outcome.state == SigmaOutcome::State::kBroken;
    if (!left_out) continue;
    if (first == nullptr) first = &outcome;
    if (!refuse) continue;
    diagnostics.push_back({.file = outcome.file,
                           .line = outcome.position.line,
                           .column = outcome.position.column,
                           .severity = Diagnostic::Severity::kError,
                           .message = EscapedForTerminal(outcome.reason)});
  }
  if (refuse || first == nullptr) return;
  const SigmaHealth& counts = report.counts();
  diagnostics.push_back(
      {.file = first->file,
       .line = first->position.line,
       .column = first->position.column,
       .severity = Diagnostic::Severity::kWarning,
       .message = EscapedForTerminal(absl::StrFormat(
           "%s; of all Sigma documents, %d are not supported and %d are broken: rand-guard rules "
           "report lists them",
           first->reason, counts.unsupported, counts.broken))});
}

void AddSigmaRules(const Config& config, UnusedNames unused, RuleCompiler& compiler,
                   std::vector<Diagnostic>& diagnostics) {
  const SigmaSources& sources = config.sigma_sources;
  if (sources.files.empty() && sources.unreadable.empty() && !sources.mapping.has_value()) return;
  const auto mapping = sigma::Mapping::Load(sources.mapping, diagnostics);
  if (mapping == nullptr) return;  // an error
  compiler.CheckConditions(*mapping);
  std::map<std::string, std::string, std::less<>> taken;
  for (const Rule& rule : config.rules) {
    taken.try_emplace(
        rule.id, absl::StrFormat("the rule at %s:%d", rule.source.file, rule.source.At(0).line));
  }
  sigma::Loader loader(config, *mapping, taken);
  loader.Run();
  SigmaReport& report = loader.report();
  for (sigma::LoadedRule& rule : loader.rules()) {
    SigmaOutcome& outcome = report.documents()[rule.outcome];
    const auto problem = compiler.AddLoaded(std::move(rule), outcome.doubts);
    if (!problem.has_value()) continue;
    outcome.state = SigmaOutcome::State::kUnsupported;
    outcome.group = problem->group;
    outcome.reason = problem->message;
  }
  loader.AddDoubts();
  report.Finish();
  ReportLeftOut(config, report, diagnostics);
  if (unused == UnusedNames::kReport) {
    for (const SigmaOutcome& outcome : report.documents()) {
      for (const auto& [position, doubt] : outcome.doubts) {
        diagnostics.push_back({.file = outcome.file,
                               .line = position.line,
                               .column = position.column,
                               .severity = Diagnostic::Severity::kWarning,
                               .message = EscapedForTerminal(doubt)});
      }
    }
  }
  compiler.SetReport(std::move(report));
}

}  // namespace

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
  AddSigmaRules(config, unused, compiler, diagnostics);
  if (unused == UnusedNames::kReport) compiler.ReportUnused();
  return compiler.Finish();
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/compile/compile_rules.h"

#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
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

// The rules of Sigma documents: added, and then, with all correlations compiled, reported.
class SigmaRules {
 public:
  // All are borrowed.
  SigmaRules(const Config& config, RuleCompiler& compiler, std::vector<Diagnostic>& diagnostics)
      : config_(config), compiler_(compiler), diagnostics_(diagnostics) {}

  void Add() {
    const SigmaSources& sources = config_.sigma_sources;
    if (sources.files.empty() && sources.unreadable.empty() && !sources.mapping.has_value()) return;
    mapping_ = sigma::Mapping::Load(sources.mapping, diagnostics_);
    if (mapping_ == nullptr) return;  // an error
    compiler_.CheckConditions(*mapping_);
    for (const Rule& rule : config_.rules) {
      taken_.try_emplace(
          rule.id, absl::StrFormat("the rule at %s:%d", rule.source.file, rule.source.At(0).line));
    }
    loader_.emplace(config_, *mapping_, taken_);
    loader_->Run();
    for (sigma::LoadedRule& rule : loader_->rules()) {
      const std::size_t outcome = rule.outcome;
      auto& doubts = loader_->report().documents()[outcome].doubts;
      const auto problem = compiler_.AddLoaded(std::move(rule), doubts);
      if (problem.has_value()) loader_->Refuse(outcome, *problem);
    }
    for (sigma::LoadedCorrelation& correlation : loader_->ResolveCorrelations()) {
      correlations_.emplace(correlation.rule.id, correlation.outcome);
      compiler_.AddRule(std::move(correlation.rule), /*built_in=*/false);
    }
  }

  void Report(const std::map<std::string, sigma::Problem>& refused, UnusedNames unused) {
    if (!loader_.has_value()) return;
    SigmaReport& report = loader_->report();
    for (const auto& [id, problem] : refused) loader_->Refuse(correlations_.at(id), problem);
    loader_->AddDoubts();
    report.Finish();
    ReportLeftOut(config_, report, diagnostics_);
    if (unused == UnusedNames::kReport) ReportDoubts(report);
    compiler_.SetReport(std::move(report));
  }

 private:
  void ReportDoubts(const SigmaReport& report) {
    for (const SigmaOutcome& outcome : report.documents()) {
      for (const auto& [position, doubt] : outcome.doubts) {
        diagnostics_.push_back({.file = outcome.file,
                                .line = position.line,
                                .column = position.column,
                                .severity = Diagnostic::Severity::kWarning,
                                .message = EscapedForTerminal(doubt)});
      }
    }
  }

  const Config& config_;
  RuleCompiler& compiler_;
  std::vector<Diagnostic>& diagnostics_;
  std::unique_ptr<const sigma::Mapping> mapping_;
  std::map<std::string, std::string, std::less<>> taken_;  // ids, and where they are
  std::optional<sigma::Loader> loader_;
  std::map<std::string, std::size_t> correlations_;  // outcomes by id
};

}  // namespace

std::shared_ptr<const RuleSet> CompileRules(const Config& config,
                                            std::vector<Diagnostic>& diagnostics,
                                            UnusedNames unused, CanaryRule canary) {
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
  SigmaRules sigma(config, compiler, diagnostics);
  sigma.Add();
  sigma.Report(compiler.CompileCorrelations(), unused);
  if (canary == CanaryRule::kAdded) compiler.AddCanary();
  if (unused == UnusedNames::kReport) compiler.ReportUnused();
  return compiler.Finish();
}

}  // namespace randguard

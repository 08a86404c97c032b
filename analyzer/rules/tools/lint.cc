// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/tools/lint.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "analyzer/config/names.h"
#include "analyzer/event/calls.h"
#include "analyzer/event/events.h"
#include "analyzer/plan/behaviour.h"
#include "analyzer/plan/path_filter.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

// Is one of the hooks what switches on a call that makes events of the type?
template <typename Hook>
bool TypeObserved(const std::vector<Hook>& hooks, std::string_view type) {
  return std::any_of(kCalls.begin(), kCalls.end(), [&](const CallInfo& call) {
    return call.event_type == type && std::any_of(hooks.begin(), hooks.end(), [&](Hook hook) {
             return Name(hook) == SwitchOf(call);
           });
  });
}

bool NetworkTypeObserved(const NetworkConfig& config, std::string_view type) {
  if (type != NetworkClose::kEventType) return TypeObserved(config.hooks, type);
  return std::find(config.hooks.begin(), config.hooks.end(), NetworkHook::kClose) !=
         config.hooks.end();
}

bool ProcessClassObserved(const ProcessConfig& config, const EventClassInfo& info) {
  if (info.record == RG_KIND_exec_failed) return config.failed_exec;
  const auto behaviour = BehaviourOf(info.record);
  return !behaviour.has_value() || Has(config, *behaviour);
}

bool ClassObserved(const Config& config, const EventClassInfo& info) {
  switch (info.rule_type) {
    case RuleType::kProcess:
      return ProcessClassObserved(config.process, info);
    case RuleType::kFile:
      return config.file.enabled && std::any_of(info.event_types.begin(), info.event_types.end(),
                                                [&](std::string_view type) {
                                                  return TypeObserved(config.file.hooks, type);
                                                });
    case RuleType::kNetwork:
      return config.network.enabled &&
             std::any_of(
                 info.event_types.begin(), info.event_types.end(),
                 [&](std::string_view type) { return NetworkTypeObserved(config.network, type); });
    case RuleType::kCorrelation:
      break;  // no events are of its type
  }
  return true;
}

// Whether the filter could let a file through whose path is, or begins with, this.
bool MayBeReported(const FileConfig& config, std::string_view path, bool beginning) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (JudgePath(config, path) == PathVerdict::kReport) return true;
  if (!beginning) return false;
  if (JudgePath(config, path) == PathVerdict::kExcluded) return false;
  // Something watched below it, or a pattern that fits anywhere.
  return !config.watch_patterns.empty() ||
         std::any_of(config.watch_paths.begin(), config.watch_paths.end(),
                     [&](const std::string& p) { return p.starts_with(path); });
}

// False: every path that the predicate lets through is filtered out.
bool PredicateReachable(const FileConfig& config, const Predicate& predicate) {
  const std::string& field = FieldCatalogue::Get().field(predicate.field).name;
  if (field != "path" && field != "resolved_path") return true;
  const bool beginning = predicate.type == Predicate::Type::kStartsWith;
  if ((!beginning && predicate.type != Predicate::Type::kTextIn) || predicate.ignore_case) {
    return true;
  }
  return std::any_of(predicate.texts.begin(), predicate.texts.end(), [&](const std::string& text) {
    return MayBeReported(config, text, beginning);
  });
}

bool Reachable(const FileConfig& config, const ExpressionPool& pool, ExpressionId id) {
  const Expression& e = pool.expression(id);
  const auto reachable = [&](ExpressionId child) { return Reachable(config, pool, child); };
  switch (e.type) {
    case Expression::Type::kPredicate:
      return PredicateReachable(config, pool.predicate(e.predicate));
    case Expression::Type::kAnd:
      return std::all_of(e.children.begin(), e.children.end(), reachable);
    case Expression::Type::kOr:
      return std::any_of(e.children.begin(), e.children.end(), reachable);
    default:
      return true;
  }
}

// The reason why a rule that looks at events cannot fire; empty: it can.
std::string_view WhyNot(const Config& config, const RuleSet& rules, const CompiledRule& compiled) {
  const auto& classes = FieldCatalogue::Get().classes();
  bool observed = false;
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    if (compiled.roots[event_class] == ExpressionPool::kFalse ||
        !ClassObserved(config, classes[event_class])) {
      continue;
    }
    observed = true;
    if (classes[event_class].rule_type != RuleType::kFile ||
        Reachable(config.file, rules.pool(), compiled.roots[event_class])) {
      return {};
    }
  }
  return observed ? "[file] lets no file through that it asks for"
                  : "this configuration observes none of its events";
}

// Those that count need one of their rules, those that wait for several need each of them, and an
// absence its first.
bool Reachable(const CompiledCorrelation& correlation, const std::vector<bool>& reached) {
  const auto is_reached = [&](const CompiledCorrelation::Stage& stage) {
    return reached[stage.rule];
  };
  const auto& stages = correlation.stages;
  switch (correlation.type) {
    case CorrelationType::kTemporal:
    case CorrelationType::kTemporalOrdered:
      return std::all_of(stages.begin(), stages.end(), is_reached);
    case CorrelationType::kAbsence:
      return is_reached(stages.front());
    default:
      return std::any_of(stages.begin(), stages.end(), is_reached);
  }
}

void WarnThatItCannotFire(const Rule& rule, std::string_view why,
                          std::vector<Diagnostic>& diagnostics) {
  ReportAt(rule.source, 0, Diagnostic::Severity::kWarning,
           absl::StrFormat("the rule %s cannot fire: %s", Quoted(rule.id), why), diagnostics);
}

}  // namespace

void LintRules(const Config& config, const RuleSet& rules, std::vector<Diagnostic>& diagnostics) {
  std::vector<bool> reached(rules.rules().size());
  for (std::size_t i = 0; i < rules.rules().size(); ++i) {
    const CompiledRule& compiled = rules.rules()[i];
    if (compiled.detection || !compiled.rule.enabled ||
        compiled.rule.type == RuleType::kCorrelation) {
      continue;
    }
    const std::string_view why = WhyNot(config, rules, compiled);
    reached[i] = why.empty();
    if (!compiled.rule.alert && compiled.feeds.empty()) {
      ReportAt(
          compiled.rule.source, 0, Diagnostic::Severity::kWarning,
          absl::StrFormat("the rule %s raises no alert, and no correlation that is on looks at "
                          "it",
                          Quoted(compiled.rule.id)),
          diagnostics);
    }
    if (!why.empty() && !compiled.built_in) WarnThatItCannotFire(compiled.rule, why, diagnostics);
  }
  for (const CompiledCorrelation& correlation : rules.correlations()) {
    reached[correlation.rule] = Reachable(correlation, reached);
    if (reached[correlation.rule]) continue;
    WarnThatItCannotFire(rules.rules()[correlation.rule].rule,
                         "rules that it looks at are off, or cannot fire", diagnostics);
  }
}

std::shared_ptr<const RuleSet> CompileAndLintRules(const Config& config,
                                                   std::vector<Diagnostic>& diagnostics) {
  auto rules = CompileRules(config, diagnostics, UnusedNames::kReport);
  if (rules != nullptr) LintRules(config, *rules, diagnostics);
  return rules;
}

}  // namespace randguard

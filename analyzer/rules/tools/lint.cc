// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/tools/lint.h"

#include <algorithm>
#include <array>
#include <set>
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

// The filter of files, and the same without case.
class PathLint {
 public:
  explicit PathLint(const FileConfig& config) : as_is_(config), folded_(config) {
    for (auto* list : {&folded_.watch_paths, &folded_.watch_patterns, &folded_.exclude_paths}) {
      for (std::string& text : *list) text = Folded(text);
    }
  }

  bool Reachable(const ExpressionPool& pool, ExpressionId id) {
    const Expression& e = pool.expression(id);
    const auto reachable = [&](ExpressionId child) { return Reachable(pool, child); };
    switch (e.type) {
      case Expression::Type::kPredicate:
        return PredicateReachable(pool.predicate(e.predicate));
      case Expression::Type::kAnd:
        return std::all_of(e.children.begin(), e.children.end(), reachable);
      case Expression::Type::kOr:
        return std::any_of(e.children.begin(), e.children.end(), reachable);
      default:
        return true;
    }
  }

  // The change that [file] needs, by the paths that were not reachable.
  std::string Remedy() const {
    FileConfig watched = folded_;
    watched.exclude_paths.clear();
    std::string watch, excluded;
    const auto add = [](const std::string& path, std::string& list) {
      absl::StrAppendFormat(&list, "%s%s", list.empty() ? "" : ", ", Quoted(path));
    };
    for (const std::string& path : unreachable_) {
      const std::string folded = Folded(path);
      if (!MayBeReported(watched, folded, /*beginning=*/false)) add(path, watch);
      const auto& exclusions = folded_.exclude_paths;
      if (std::any_of(exclusions.begin(), exclusions.end(),
                      [&](const std::string& exclusion) { return IsUnder(folded, exclusion); })) {
        add(path, excluded);
      }
    }
    std::string remedy;
    if (!watch.empty()) remedy += "; file.watch_paths would have to hold " + watch;
    if (!excluded.empty()) remedy += "; file.exclude_paths leaves out " + excluded;
    return remedy;
  }

 private:
  static constexpr std::size_t kNamedMax = 3;

  // False: every path that the predicate lets through is filtered out.
  bool PredicateReachable(const Predicate& predicate) {
    const std::string& field = FieldCatalogue::Get().field(predicate.field).name;
    if (field != "path" && field != "resolved_path") return true;
    const bool beginning = predicate.type == Predicate::Type::kStartsWith;
    if (!beginning && predicate.type != Predicate::Type::kTextIn) return true;
    const FileConfig& config = predicate.ignore_case ? folded_ : as_is_;
    const bool reachable = std::any_of(
        predicate.texts.begin(), predicate.texts.end(),
        [&](const std::string& text) { return MayBeReported(config, text, beginning); });
    if (reachable) return true;
    for (const std::string& text : predicate.texts) {
      if (unreachable_.size() < kNamedMax) unreachable_.insert(text);
    }
    return false;
  }

  const FileConfig& as_is_;
  FileConfig folded_;
  std::set<std::string> unreachable_;
};

// Which switch would have to be on for the rule to see any event.
std::string WhatIsOff(const Config& config, const CompiledRule& rule) {
  if (rule.rule.type == RuleType::kNetwork && !config.network.enabled) {
    return "network.enabled is false";
  }
  if (rule.rule.type == RuleType::kFile && !config.file.enabled) return "file.enabled is false";
  return "the hooks that report its events are off";
}

// Fields that hold paths as the kernel reports them.
bool IsKernelPath(std::string_view field) {
  static constexpr std::array<std::string_view, 5> kPaths = {"exe_path", "parent_exe_path", "path",
                                                             "old_path", "cwd"};
  return std::find(kPaths.begin(), kPaths.end(), field) != kPaths.end();
}

// Doubts about the texts that paths of a Sigma rule are compared with. Its author may have had
// another system in mind.
void LintSigmaPaths(const CompiledRule& compiled, const ResolvePath& resolve,
                    std::vector<Diagnostic>& diagnostics) {
  const RuleTree& tree = compiled.tree;
  for (const TreePart& part : tree.parts) {
    ForEachPredicate(tree, part.root, [&](const TreePredicate& p, const TreeNode& node) {
      const Predicate& predicate = p.predicate;
      if (!IsKernelPath(FieldCatalogue::Get().field(predicate.field).name)) return;
      const SourceText& text = *tree.texts[node.text];
      const auto warn = [&](std::string_view message) {
        ReportAt(text, node.begin, Diagnostic::Severity::kWarning, message, diagnostics);
      };
      for (const std::string& value : predicate.texts) {
        if (predicate.type != Predicate::Type::kRegex && value.find('\\') != value.npos) {
          warn(absl::StrFormat("%s: a path of this host has no backslash between folders",
                               Quoted(value)));
          return;
        }
        if (!part.exception || resolve == nullptr || predicate.type != Predicate::Type::kTextIn ||
            !value.starts_with('/')) {
          continue;
        }
        const std::string target = resolve(value);
        if (target.empty() || Folded(target) == Folded(value)) continue;
        const bool has_target =
            std::find(predicate.texts.begin(), predicate.texts.end(),
                      predicate.ignore_case ? Folded(target) : target) != predicate.texts.end();
        if (has_target) continue;
        warn(
            absl::StrFormat("the exception never holds for %s: on this host it is a link to %s, "
                            "which the kernel reports",
                            Quoted(value), Quoted(target)));
        return;
      }
    });
  }
}

// The reason why a rule that looks at events cannot fire; empty: it can.
std::string WhyNot(const Config& config, const RuleSet& rules, const CompiledRule& compiled) {
  const auto& classes = FieldCatalogue::Get().classes();
  bool observed = false;
  PathLint paths(config.file);
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    if (compiled.roots[event_class] == ExpressionPool::kFalse ||
        !ClassObserved(config, classes[event_class])) {
      continue;
    }
    observed = true;
    if (classes[event_class].rule_type != RuleType::kFile ||
        paths.Reachable(rules.pool(), compiled.roots[event_class])) {
      return "";
    }
  }
  if (observed) return "[file] lets no file through that it asks for" + paths.Remedy();
  return "this configuration observes none of its events: " + WhatIsOff(config, compiled);
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

// A correlation silences the rules that it looks at. One that raises no alert either hides them.
void WarnOfSilence(const Config& config, const RuleSet& rules,
                   const CompiledCorrelation& correlation, std::vector<Diagnostic>& diagnostics) {
  const CompiledRule& compiled = rules.rules()[correlation.rule];
  if (compiled.rule.severity >= config.alerts.min_severity || !compiled.feeds.empty()) return;
  for (const CompiledCorrelation::Stage& stage : correlation.stages) {
    const CompiledRule& base = rules.rules()[stage.rule];
    if (!base.silent || !base.rule.alert || base.rule.severity < config.alerts.min_severity) {
      continue;
    }
    ReportAt(
        compiled.rule.source, 0, Diagnostic::Severity::kWarning,
        absl::StrFormat("the correlation %s is below alerts.min_severity, and the rule %s that "
                        "it looks at raises no alert any more: give it generate = true, or a "
                        "higher severity",
                        Quoted(compiled.rule.id), Quoted(base.rule.id)),
        diagnostics);
  }
}

void WarnThatItCannotFire(const Rule& rule, std::string_view why,
                          std::vector<Diagnostic>& diagnostics) {
  ReportAt(rule.source, 0, Diagnostic::Severity::kWarning,
           absl::StrFormat("the rule %s cannot fire: %s", Quoted(rule.id), why), diagnostics);
}

}  // namespace

void LintRules(const Config& config, const RuleSet& rules, std::vector<Diagnostic>& diagnostics,
               const ResolvePath& resolve) {
  std::vector<bool> reached(rules.rules().size());
  for (std::size_t i = 0; i < rules.rules().size(); ++i) {
    const CompiledRule& compiled = rules.rules()[i];
    if (compiled.detection || !compiled.rule.enabled ||
        compiled.rule.type == RuleType::kCorrelation) {
      continue;
    }
    if (compiled.rule.origin == RuleSource::kSigma) LintSigmaPaths(compiled, resolve, diagnostics);
    const std::string why = WhyNot(config, rules, compiled);
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
    WarnOfSilence(config, rules, correlation, diagnostics);
    reached[correlation.rule] = Reachable(correlation, reached);
    if (reached[correlation.rule]) continue;
    WarnThatItCannotFire(rules.rules()[correlation.rule].rule,
                         "rules that it looks at are off, or cannot fire", diagnostics);
  }
}

std::shared_ptr<const RuleSet> CompileAndLintRules(const Config& config,
                                                   std::vector<Diagnostic>& diagnostics,
                                                   const ResolvePath& resolve, CanaryRule canary) {
  auto rules = CompileRules(config, diagnostics, UnusedNames::kReport, canary);
  if (rules != nullptr) LintRules(config, *rules, diagnostics, resolve);
  return rules;
}

}  // namespace randguard

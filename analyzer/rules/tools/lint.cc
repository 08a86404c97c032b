// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/tools/lint.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "analyzer/config/names.h"
#include "analyzer/plan/path_filter.h"
#include "analyzer/rules/compile/condition_resolver.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

template <typename T>
bool Has(const std::vector<T>& list, T value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Any of the hooks that an event type is made by; none: it does not depend on one.
bool FileTypeObserved(const FileConfig& config, std::string_view type) {
  return std::any_of(config.hooks.begin(), config.hooks.end(), [&](FileHook hook) {
    const std::string_view name = Name(hook);
    if (type == "file_open") {
      return hook == FileHook::kOpen || hook == FileHook::kCreat || hook == FileHook::kOpenat;
    }
    return type.substr(5) == name;
  });
}

bool NetworkTypeObserved(const NetworkConfig& config, std::string_view type) {
  return std::any_of(config.hooks.begin(), config.hooks.end(), [&](NetworkHook hook) {
    const std::string_view name = Name(hook);
    const std::string_view what = type.substr(8);
    if (what == "receive") return name.starts_with("recv");
    return name.starts_with(what);  // accept4, sendto, close
  });
}

bool ProcessClassObserved(const ProcessConfig& config, std::string_view name) {
  struct Needs {
    std::string_view name;
    Behaviour behaviour;
  };
  static constexpr Needs kNeeds[] = {
      {"credentials_change", Behaviour::kCredentials},
      {"process_access", Behaviour::kProcessAccess},
      {"agent_signal", Behaviour::kAgentSignals},
      {"module_load", Behaviour::kModules},
      {"module_unload", Behaviour::kModules},
      {"bpf_operation", Behaviour::kBpf},
      {"namespace_change", Behaviour::kNamespaces},
      {"mount", Behaviour::kMounts},
      {"unmount", Behaviour::kMounts},
      {"root_change", Behaviour::kMounts},
      {"memfd_create", Behaviour::kMemfd},
      {"io_uring_operation", Behaviour::kIoUring},
  };
  if (name == "process_exec_failed") return config.failed_exec;
  return std::none_of(std::begin(kNeeds), std::end(kNeeds), [&](const Needs& needs) {
    return needs.name == name && !Has(config.behaviour, needs.behaviour);
  });
}

bool ClassObserved(const Config& config, const EventClassInfo& info) {
  switch (info.rule_type) {
    case RuleType::kProcess:
      return ProcessClassObserved(config.process, info.name);
    case RuleType::kFile:
      return config.file.enabled && std::any_of(info.event_types.begin(), info.event_types.end(),
                                                [&](std::string_view type) {
                                                  return FileTypeObserved(config.file, type);
                                                });
    case RuleType::kNetwork:
      return config.network.enabled &&
             std::any_of(
                 info.event_types.begin(), info.event_types.end(),
                 [&](std::string_view type) { return NetworkTypeObserved(config.network, type); });
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
  return std::any_of(config.watch_patterns.begin(), config.watch_patterns.end(),
                     [](const std::string& p) { return p.starts_with('*'); }) ||
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

}  // namespace

void LintRules(const Config& config, const RuleSet& rules, std::vector<Diagnostic>& diagnostics) {
  const auto& classes = FieldCatalogue::Get().classes();
  for (const CompiledRule& compiled : rules.rules()) {
    if (compiled.built_in || compiled.detection || !compiled.rule.enabled) continue;
    bool observed = false, reachable = false;
    for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
      if (compiled.roots[event_class] == ExpressionPool::kFalse ||
          !ClassObserved(config, classes[event_class])) {
        continue;
      }
      observed = true;
      reachable = reachable || classes[event_class].rule_type != RuleType::kFile ||
                  Reachable(config.file, rules.pool(), compiled.roots[event_class]);
    }
    if (reachable) continue;
    ReportAt(compiled.rule.source, 0, Diagnostic::Severity::kWarning,
             absl::StrFormat("the rule %s cannot fire: %s", Quoted(compiled.rule.id),
                             observed ? "[file] lets no file through that it asks for"
                                      : "this configuration observes none of its events"),
             diagnostics);
  }
}

}  // namespace randguard

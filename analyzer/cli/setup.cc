// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/setup.h"

#include <capnp/serialize.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/outputs.h"
#include "analyzer/config/names.h"
#include "analyzer/config/sigma_files.h"
#include "analyzer/ingest/service.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "analyzer/rules/tools/lint.h"
#include "schema/plan.capnp.h"

namespace randguard::cli {
namespace {

// Unassigned on Debian and used by nothing that allocates ids (systemd's dynamic users begin
// above).
constexpr uid_t kFirstInventedId = 59900;

struct User {
  uid_t uid;
  gid_t gid;
};

absl::StatusOr<User> FindUser(const std::string& name, std::string_view option) {
  std::uint32_t number = 0;
  const char* end = name.data() + name.size();
  if (const auto [at, error] = std::from_chars(name.data(), end, number);
      error == std::errc() && at == end) {
    return User{number, number};
  }
  errno = 0;
  const passwd* entry = getpwnam(name.c_str());
  if (entry == nullptr) {
    return HostError(
        "there is no user %s; make it (systemd-sysusers does so for the installed "
        "package) or name another with %s",
        name, option);
  }
  return User{entry->pw_uid, entry->pw_gid};
}

uid_t UnusedId(uid_t from) {
  while (getpwuid(from) != nullptr) ++from;
  return from;
}

absl::StatusOr<Identities> Find(const Arguments& arguments, bool invent) {
  Identities out;
  const auto find = [&](const Option& option, const char* standard, uid_t& uid,
                        gid_t& gid) -> absl::Status {
    const auto named = arguments.Value(option);
    auto user = FindUser(named.value_or(standard), option.name);
    if (!user.ok() && invent && !named.has_value()) {
      uid = gid =
          UnusedId(standard == kDefaultCollectorUser ? kFirstInventedId : out.collector_uid + 1);
      return absl::OkStatus();
    }
    if (!user.ok()) return user.status();
    uid = user->uid;
    gid = user->gid;
    return absl::OkStatus();
  };
  out.collector_uid = kFirstInventedId;
  RG_RETURN_IF_ERROR(
      find(option::kCollectorUser, kDefaultCollectorUser, out.collector_uid, out.collector_gid));
  RG_RETURN_IF_ERROR(
      find(option::kAnalyzerUser, kDefaultAnalyzerUser, out.analyzer_uid, out.analyzer_gid));
  if (out.collector_uid == 0 || out.collector_gid == 0) {
    return HostError("the collector's user must not be root: it is what it becomes to lose root");
  }
  return out;
}

}  // namespace

void Print(const std::string& text) { std::fputs(EscapedLinesForTerminal(text).c_str(), stdout); }

void Say(std::string_view text) { Log(LogLevel::kError, text); }

int Fail(const absl::Status& status) {
  Say(Message(status));
  return 1;
}

std::optional<std::string> ConfigPath(const Arguments& arguments) {
  if (auto path = arguments.Value(option::kConfig)) return path;
  if (const char* path = std::getenv("EDR_CONFIG")) return path;
  if (access(RG_CONFIG_PATH, F_OK) == 0) return RG_CONFIG_PATH;
  return std::nullopt;
}

namespace {

// Where a path leads on this host; empty: nowhere.
std::string Canonical(const std::string& path) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  return error ? std::string() : real.string();
}

CanaryRule CanaryRuleOf(const Config& config) {
  return config.agent.canary_secs != 0 ? CanaryRule::kAdded : CanaryRule::kNone;
}

// `canary`: as the process was started, if it is one that reads events; else as the file says.
std::optional<Loaded> Load(const std::optional<std::string>& path, Report report, RuleTests tests,
                           std::vector<Diagnostic>& diagnostics,
                           std::optional<CanaryRule> canary = std::nullopt) {
  ConfigResult result = path.has_value() ? LoadConfig(*path, tests) : ParseConfig("", "defaults");
  diagnostics = std::move(result.diagnostics);
  if (!result.config.has_value()) return std::nullopt;
  const bool on_host = report == Report::kLint;
  // Only what reads events looks for canaries, not what is about the rules themselves.
  if (!canary.has_value()) {
    canary = tests == RuleTests::kPassOver ? CanaryRuleOf(*result.config) : CanaryRule::kNone;
  }
  auto rules = report == Report::kErrors
                   ? CompileRules(*result.config, diagnostics, UnusedNames::kIgnore, *canary)
                   : CompileAndLintRules(*result.config, diagnostics,
                                         on_host ? ResolvePath(Canonical) : ResolvePath(), *canary);
  if (rules == nullptr) return std::nullopt;
  return Loaded{*std::move(result.config), std::move(rules)};
}

LogLevel LevelOf(const Diagnostic& diagnostic) {
  return diagnostic.severity == Diagnostic::Severity::kError ? LogLevel::kError : LogLevel::kWarn;
}

}  // namespace

std::optional<Loaded> ReadConfig(const Arguments& arguments, Report report, RuleTests tests) {
  std::vector<Diagnostic> diagnostics;
  auto loaded = Load(ConfigPath(arguments), report, tests, diagnostics);
  for (const Diagnostic& d : diagnostics) {
    if (report == Report::kErrors && d.severity == Diagnostic::Severity::kWarning) continue;
    LogDiagnostic(LevelOf(d), FormatDiagnostic(d));
  }
  if (!loaded.has_value()) return loaded;
  if (report != Report::kErrors) {
    for (const std::string& limitation : loaded->config.Unsupported()) {
      LogDiagnostic(LogLevel::kWarn, "warning: " + limitation);
    }
  }
  // From here on: what is wrong with the configuration itself is said whatever it says of levels.
  SetLogLevel(loaded->config.agent.log_level);
  Log(LogLevel::kDebug, "configuration %s: %d rules enabled, hash %s",
      ConfigPath(arguments).value_or("defaults"), loaded->rules->enabled(), loaded->rules->hash());
  return loaded;
}

void DropSources(Loaded& loaded) { loaded.config.sigma_sources = {}; }

std::vector<std::string> SigmaPaths(const Arguments& arguments, const Config& config) {
  std::vector<std::string> paths;
  const std::string at = ConfigPath(arguments).value_or("");
  for (const std::string& path : config.sigma.paths) paths.push_back(FromConfig(at, path));
  if (!config.sigma.mapping.empty()) paths.push_back(FromConfig(at, config.sigma.mapping));
  return paths;
}

std::function<absl::StatusOr<std::shared_ptr<const RuleSet>>()> RuleReloader(
    const Arguments& arguments, const Config& config) {
  return [path = ConfigPath(arguments),
          canary = CanaryRuleOf(config)]() -> absl::StatusOr<std::shared_ptr<const RuleSet>> {
    std::vector<Diagnostic> diagnostics;
    auto loaded = Load(path, Report::kErrors, RuleTests::kPassOver, diagnostics, canary);
    for (const Diagnostic& d : diagnostics) {
      LogDiagnostic(LevelOf(d), FormatDiagnostic(d));
    }
    if (loaded.has_value()) return std::move(loaded->rules);
    const auto first = std::find_if(diagnostics.begin(), diagnostics.end(), [](const auto& d) {
      return d.severity == Diagnostic::Severity::kError;
    });
    return InvalidInput("%s", FormatDiagnostic(*first));
  };
}

std::optional<MetricsOptions> MetricsOf(const Arguments& arguments, const Config& config) {
  if (config.metrics.path.empty() || arguments.Value(option::kOutput).has_value()) {
    return std::nullopt;
  }
  return MetricsOptions{config.metrics.path, std::chrono::seconds(config.metrics.interval_secs),
                        RG_VERSION};
}

OpenLater OpenedLater(const Arguments& arguments, const Config& config) {
  OpenLater later{.config = ConfigPath(arguments),
                  .outputs = WrittenFiles(arguments, config),
                  .users = kUserNamesPath,
                  .rules = SigmaPaths(arguments, config)};
  if (auto metrics = MetricsOf(arguments, config)) later.metrics = std::move(metrics->path);
  return later;
}

absl::StatusOr<Identities> FindIdentities(const Arguments& arguments) {
  return Find(arguments, /*invent=*/false);
}

absl::StatusOr<Identities> FindOrInventIdentities(const Arguments& arguments) {
  return Find(arguments, /*invent=*/true);
}

std::optional<ConfiguredPaths> ResolvePaths(const Arguments& arguments, const Config& config) {
  ConfiguredPaths paths(config.file);
  for (const PathHealth& link : paths.links()) {
    if (link.leads_to.has_value()) continue;
    if (link.hidden) {
      LogDiagnostic(LogLevel::kInfo, Description(link));
    } else {
      LogDiagnostic(LogLevel::kWarn, "warning: " + Description(link));
    }
  }
  std::vector<Diagnostic> diagnostics;
  if (paths.Check(config.file, ConfigPath(arguments).value_or("defaults"), diagnostics)) {
    return paths;
  }
  for (const Diagnostic& d : diagnostics) LogDiagnostic(LevelOf(d), FormatDiagnostic(d));
  return std::nullopt;
}

namespace {

// "3 rules; off: A, B"
std::string RulesOf(const Loaded& loaded) {
  constexpr std::size_t kNamed = 20;
  const Config& config = loaded.config;
  std::vector<std::string> off;
  for (const Rule& rule : config.rules) {
    if (!rule.enabled) off.push_back(rule.id);
  }
  const std::size_t more = off.size() - std::min(off.size(), kNamed);
  off.resize(off.size() - more);
  const DetectionsConfig& detections = config.detections;
  const std::size_t idle = (config.file.enabled ? 0 : detections.persistence.size()) +
                           (config.network.enabled ? 0 : detections.network.size());
  std::string text = absl::StrFormat("%d rules and %d detections", loaded.rules->enabled(),
                                     detections.persistence.size() + detections.network.size());
  if (!off.empty()) absl::StrAppend(&text, "; rules that are off: ", absl::StrJoin(off, ", "));
  if (more != 0) absl::StrAppend(&text, " and ", more, " more");
  if (idle != 0) {
    absl::StrAppend(&text, "; ", idle,
                    idle == 1 ? " of the detections sees no event, for "
                              : " of the detections see no event, for ",
                    config.file.enabled      ? "network.enabled is false"
                    : config.network.enabled ? "file.enabled is false"
                                             : "files and the network are off");
  }
  return text;
}

}  // namespace

std::string Summary(const Arguments& arguments, const Loaded& loaded) {
  const Config& config = loaded.config;
  std::string output = OutputsText(arguments, config);
  if (!config.output.telemetry) output += ", without events";
  if (const auto metrics = MetricsOf(arguments, config)) output += "; metrics: " + metrics->path;
  return absl::StrFormat(
      "agent %s, mode %s: %s%s; hooks: %s; output: %s", config.agent.id, Name(config.agent.mode),
      config.agent.mode == AgentMode::kTelemetry ? "no rule is evaluated; without effect are " : "",
      RulesOf(loaded), Name(config.ebpf.hooks), output);
}

PlanIdentities ForPlan(const Identities& identities) {
  return {identities.collector_uid, identities.collector_gid, identities.analyzer_uid};
}

std::uint64_t PlanDigest(const std::vector<std::byte>& plan) {
  std::vector<capnp::word> words(plan.size() / sizeof(capnp::word));
  std::memcpy(words.data(), plan.data(), words.size() * sizeof(capnp::word));
  capnp::FlatArrayMessageReader reader(kj::arrayPtr(words.data(), words.size()));
  return reader.getRoot<wire::Plan>().getDigest();
}

}  // namespace randguard::cli

// SPDX-License-Identifier: Apache-2.0
//
// Steps that several commands begin with. All of them report their errors on stderr.
#ifndef ANALYZER_CLI_SETUP_H_
#define ANALYZER_CLI_SETUP_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/cli/arguments.h"
#include "analyzer/config/config.h"
#include "analyzer/confine/confine.h"
#include "analyzer/output/metrics/metrics_file.h"
#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/output/sinks/sink.h"
#include "analyzer/plan/configured_paths.h"
#include "analyzer/plan/plan_compiler.h"
#include "analyzer/rules/match/rule_set.h"

namespace randguard::cli {

// The system users of the two processes.
inline constexpr char kDefaultCollectorUser[] = "rand-guard-collector";
inline constexpr char kDefaultAnalyzerUser[] = "rand-guard";

// To standard output.
void Print(const std::string& text);
// An error.
void Say(std::string_view text);
// Says why and returns exit status 1.
int Fail(const absl::Status& status);

// --config, else $EDR_CONFIG, else the installed file; nullopt, when only the last is left and it
// is not there: the defaults then.
std::optional<std::string> ConfigPath(const Arguments& arguments);
// A configuration and its rules, compiled.
struct Loaded {
  Config config;
  std::shared_ptr<const RuleSet> rules;
};
enum class Report : std::uint8_t { kErrors, kWarnings, kLint };
// Reads the configuration. Every error is reported, then the result is absent. `report` says which
// further findings are reported. The configuration's agent.log_level holds from then on.
std::optional<Loaded> ReadConfig(const Arguments& arguments, Report report = Report::kWarnings,
                                 RuleTests tests = RuleTests::kRead);
// For a service: forgets the texts that the rules were compiled of.
void DropSources(Loaded& loaded);
// The Sigma files and folders outside of the configuration's folder.
std::vector<std::string> SigmaPaths(const Arguments& arguments, const Config& config);
// The rules of the configuration as it is now, for a running analyzer; the error is the first of
// those that have been reported.
std::function<absl::StatusOr<std::shared_ptr<const RuleSet>>()> RuleReloader(
    const Arguments& arguments, const Config& config);

// Absent: no metrics are wanted. With --output there are none.
std::optional<MetricsOptions> MetricsOf(const Arguments& arguments, const Config& config);

// Everything that a service opens after its confinement, but for its state folder.
OpenLater OpenedLater(const Arguments& arguments, const Config& config);

struct Identities {
  uid_t collector_uid = 0;
  gid_t collector_gid = 0;
  uid_t analyzer_uid = 0;
  gid_t analyzer_gid = 0;
};
// By --collector-user and --analyzer-user, else by the names above. A name or a number.
absl::StatusOr<Identities> FindIdentities(const Arguments& arguments);
// The same for a host without these users: for them, ids that no user of the host has.
absl::StatusOr<Identities> FindOrInventIdentities(const Arguments& arguments);

// Where configured paths lead. Says so of a symlink that is not followed. Absent: an exclusion is
// wrong, which is reported.
std::optional<ConfiguredPaths> ResolvePaths(const Arguments& arguments, const Config& config);

// Says in one line what the configuration makes of the sensor: its id, mode, rules, output.
std::string Summary(const Arguments& arguments, const Loaded& loaded);

PlanIdentities ForPlan(const Identities& identities);
// The digest that CompilePlan() wrote.
std::uint64_t PlanDigest(const std::vector<std::byte>& plan);

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_SETUP_H_

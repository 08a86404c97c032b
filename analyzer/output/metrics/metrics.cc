// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/metrics/metrics.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/event/value_sets.h"

namespace randguard {

class MetricSeries {
 public:
  // `out` is borrowed.
  MetricSeries(const Metric& metric, std::string& out) : metric_(metric), out_(out) {}

  void Add(std::uint64_t value) { absl::StrAppendFormat(&out_, "%s %d\n", metric_.name, value); }
  void Add(std::string_view label_value, std::uint64_t value) {
    Begin(label_value);
    absl::StrAppendFormat(&out_, "%d\n", value);
  }
  // The base unit of time is the second.
  void AddMicroseconds(std::uint64_t us) {
    absl::StrAppendFormat(&out_, "%s %d.%06d\n", metric_.name, us / 1'000'000, us % 1'000'000);
  }
  void AddMicroseconds(std::string_view label_value, std::uint64_t us) {
    Begin(label_value);
    absl::StrAppendFormat(&out_, "%d.%06d\n", us / 1'000'000, us % 1'000'000);
  }

 private:
  void Begin(std::string_view label_value) {
    absl::StrAppendFormat(&out_, "%s{%s=\"%s\"} ", metric_.name, metric_.label,
                          EscapedLabelValue(label_value));
  }

  const Metric& metric_;
  std::string& out_;
};

namespace {

using From = const MetricsSource&;
using Series = MetricSeries&;
using H = Health;
using C = CollectorHealth;
using R = CorrelationHealth;
using S = SigmaHealth;

constexpr std::uint64_t kBytesOfKb = 1024;
constexpr bool kOfCollector = true;

// The member of a member of an object, and so on.
template <auto kMember, auto... kFurther>
constexpr const auto& At(const auto& object) {
  if constexpr (sizeof...(kFurther) == 0) {
    return object.*kMember;
  } else {
    return At<kFurther...>(object.*kMember);
  }
}

std::uint64_t Number(std::uint64_t value) { return value; }
std::uint64_t Number(const OrLeftOut<std::uint64_t>& value) { return value.value_or(0); }
std::uint64_t Number(const std::optional<std::string>& error) { return error.has_value() ? 1 : 0; }
std::uint64_t Number(const Named<std::uint64_t>& values) {
  std::uint64_t sum = 0;
  for (const auto& [name, value] : values) sum += value;
  return sum;
}

template <auto... kPath>
void One(From from, Series series) {
  series.Add(Number(At<kPath...>(from.health)));
}

template <auto... kPath>
void Kilobytes(From from, Series series) {
  series.Add(At<kPath...>(from.health) * kBytesOfKb);
}

void OfNames(const Named<std::uint64_t>& values, std::span<const std::string_view> names,
             Series series) {
  for (const std::string_view name : names) {
    std::uint64_t sum = 0;
    for (const auto& [key, value] : values) {
      if (key == name) sum += value;
    }
    series.Add(name, sum);
  }
}

// One series for each value of the set, whichever of them the list in health has.
template <ValueSet E, auto... kPath>
void Each(From from, Series series) {
  OfNames(At<kPath...>(from.health), EnumTraits<E>::kNames, series);
}

// 1 for the value that holds, 0 for the others.
template <auto kMember>
void Which(From from, Series series) {
  const auto now = from.health.*kMember;
  using E = std::remove_cv_t<decltype(now)>;
  for (std::size_t i = 0; i < std::size(EnumTraits<E>::kNames); ++i) {
    series.Add(EnumTraits<E>::kNames[i], now == static_cast<E>(i) ? 1 : 0);
  }
}

void CountHooks(From from, std::span<const std::string_view> names,
                std::size_t (*value)(const HookHealth& hook), Series series) {
  std::vector<std::uint64_t> counts(names.size());
  for (const HookHealth& hook : from.health.hooks) {
    if (const std::size_t at = value(hook); at < counts.size()) ++counts[at];
  }
  for (std::size_t i = 0; i < names.size(); ++i) series.Add(names[i], counts[i]);
}

// How many hooks have each value of a set. A hook without one is not counted.
template <ValueSet E, auto kMember>
void HooksBy(From from, Series series) {
  const auto value = [](const HookHealth& hook) {
    const std::optional<E> of = hook.*kMember;
    return of.has_value() ? static_cast<std::size_t>(*of) : SIZE_MAX;
  };
  CountHooks(from, EnumTraits<E>::kNames, value, series);
}

void MissingHooks(From from, Series series) {
  for (std::size_t i = 0; i < std::size(EnumTraits<Hook>::kNames); ++i) {
    const auto is_missing = [hook = static_cast<Hook>(i)](const HookHealth& health) {
      return health.name == hook && health.state == HookState::kMissing;
    };
    series.Add(EnumTraits<Hook>::kNames[i],
               std::any_of(from.health.hooks.begin(), from.health.hooks.end(), is_missing) ? 1 : 0);
  }
}

CanaryHealth CanaryOf(From from) { return from.health.canary.value_or(CanaryHealth()); }

bool Confined(const ConfinementHealth& confinement) {
  return confinement.landlock == LandlockState::kEnforced &&
         confinement.seccomp == SeccompState::kEnforced && confinement.no_new_privs;
}

void SigmaDocuments(From from, Series series) {
  const S sigma = from.health.sigma.value_or(S());
  series.Add("loaded", sigma.loaded);
  series.Add("filtered", sigma.filtered);
  series.Add("unsupported", sigma.unsupported);
  series.Add("broken", sigma.broken);
}

void OfOutputs(From from, Series series, std::uint64_t OutputHealth::*member) {
  if (!from.health.outputs.has_value()) return;
  for (const OutputHealth& output : *from.health.outputs) series.Add(output.name, output.*member);
}

constexpr Metric kMetrics[] = {
    // The sensor.
    {"rand_guard_up", "", "status",
     "1: the sensor observes the host. 0: it has ended, no collector is connected, or the canary "
     "does "
     "not come back",
     [](From from, Series series) {
       series.Add(from.running && from.health.status != HealthStatus::kBlind ? 1 : 0);
     }},
    {"rand_guard_running", "", "", "1: the analyzer runs. 0: it has ended, and said so",
     [](From from, Series series) { series.Add(from.running ? 1 : 0); }},
    {"rand_guard_written_timestamp_seconds", "", "",
     "when this was written; an old one means that the analyzer was killed or cannot write it",
     [](From from, Series series) {
       series.Add(static_cast<std::uint64_t>(std::max<std::int64_t>(from.unix_time_s, 0)));
     }},
    {"rand_guard_build_info", "version", "", "always 1; the version of the analyzer",
     [](From from, Series series) { series.Add(from.version, 1); }},
    {"rand_guard_uptime_seconds", "", "uptime_secs", "age of the analyzer", One<&H::uptime_secs>},
    {"rand_guard_status", "status", "status",
     "1 for what holds: whether the sensor sees all that it is to see", Which<&H::status>},
    {"rand_guard_mode", "mode", "mode", "1 for agent.mode of the configuration", Which<&H::mode>},
    {"rand_guard_confined", "", "confinement",
     "1: the analyzer can open few files and make few system calls, as it should",
     [](From from, Series series) { series.Add(Confined(from.health.confinement) ? 1 : 0); }},
    {"rand_guard_resident_memory_bytes", "", "rss_kb", "resident memory of the analyzer",
     Kilobytes<&H::rss_kb>},

    // Losses.
    {"rand_guard_losses_total", "reason", "losses_by_reason",
     "loss records written; each says what was lost, and how many",
     Each<LossReason, &H::losses_by_reason>},
    {"rand_guard_kernel_lost_records_total", "", "kernel_lost", "records lost in the kernel",
     One<&H::kernel_lost>, kOfCollector},
    {"rand_guard_kernel_skipped_runs_total", "hook", "kernel_skipped_by_hook",
     "times that the kernel did not run a program of the hook; each may be a lost record",
     Each<Hook, &H::kernel_skipped_by_hook>, kOfCollector},
    {"rand_guard_restart_lost_records_total", "", "restart_lost",
     "records lost with an analyzer that ended early", One<&H::restart_lost>},
    {"rand_guard_output_lost_lines_total", "", "userspace_output_failures",
     "lines that could not be written", One<&H::userspace_output_failures>},
    {"rand_guard_rate_limited_events_total", "", "userspace_rate_limited",
     "events not written because they are over performance.max_events_per_second",
     One<&H::userspace_rate_limited>},
    {"rand_guard_invalid_records_total", "", "userspace_invalid_schema",
     "records that contradict the format", One<&H::userspace_invalid_schema>},
    {"rand_guard_unsupported_records_total", "", "userspace_unsupported_kind",
     "records of an unknown kind or version", One<&H::userspace_unsupported_kind>},

    // Records and events.
    {"rand_guard_kernel_stored_records_total", "", "kernel_stored_by_kind",
     "records put into a ring", One<&H::kernel_stored_by_kind>, kOfCollector},
    {"rand_guard_kernel_unwatched_records_total", "", "kernel_unwatched_by_kind",
     "not reported: nothing in watch_paths or watch_patterns fits",
     One<&H::kernel_unwatched_by_kind>, kOfCollector},
    {"rand_guard_kernel_excluded_records_total", "", "kernel_excluded_by_kind",
     "not reported: watched, but exclude_paths fits", One<&H::kernel_excluded_by_kind>,
     kOfCollector},
    {"rand_guard_records_read_total", "", "raw_events_read", "records received",
     One<&H::raw_events_read>},
    {"rand_guard_events_written_total", "", "normalized_events_output", "events written",
     One<&H::normalized_events_output>},
    {"rand_guard_events_filtered_total", "", "userspace_filtered",
     "events not written because the configuration leaves them out", One<&H::userspace_filtered>},

    // Alerts and rules.
    {"rand_guard_alerts_total", "severity", "alerts_by_severity", "alerts written",
     Each<Severity, &H::alerts_by_severity>},
    {"rand_guard_alerts_folded_total", "", "alerts_folded",
     "alerts that were counted in another one instead of being written", One<&H::alerts_folded>},
    {"rand_guard_alert_windows_ended_early_total", "", "alert_windows_ended_early",
     "alerts whose window ended for want of room", One<&H::alert_windows_ended_early>},
    {"rand_guard_alerts_below_severity_total", "", "alerts_below_severity",
     "times that a rule below alerts.min_severity fired", One<&H::alerts_below_severity>},
    {"rand_guard_rules_enabled", "", "rules_enabled", "rules in force, with the built-in ones",
     One<&H::rules_enabled>},
    {"rand_guard_rule_reloads_total", "", "rule_reloads",
     "times that rules were read again, and put in force", One<&H::rule_reloads>},
    {"rand_guard_rule_reload_failures_total", "", "rule_reload_failures",
     "times that they were wrong, and the old ones stayed", One<&H::rule_reload_failures>},
    {"rand_guard_rule_reload_failed", "", "rule_reload_error",
     "1: rules were changed and are wrong, the old ones are in force", One<&H::rule_reload_error>},
    {"rand_guard_sigma_documents", "status",
     "sigma.loaded, sigma.filtered, sigma.unsupported, sigma.broken",
     "documents in Sigma files, by what became of them", SigmaDocuments},

    // Output.
    {"rand_guard_output_bytes_total", "", "output_bytes", "bytes written", One<&H::output_bytes>},
    {"rand_guard_output_failing", "", "output_error",
     "1: something is wrong with the output now, see output_error in health",
     One<&H::output_error>},
    {"rand_guard_further_output_lines_total", "output", "outputs.lines",
     "lines for each of [[outputs]]",
     [](From from, Series series) { OfOutputs(from, series, &OutputHealth::lines); }},
    {"rand_guard_further_output_lost_lines_total", "output", "outputs.lost",
     "lines that it did not take",
     [](From from, Series series) { OfOutputs(from, series, &OutputHealth::lost); }},
    {"rand_guard_further_output_removed_lines_total", "output", "outputs.removed",
     "lines of its oldest segments, which were removed",
     [](From from, Series series) { OfOutputs(from, series, &OutputHealth::removed); }},
    {"rand_guard_further_output_failing", "output", "outputs.error",
     "1: something is wrong with it now",
     [](From from, Series series) {
       if (!from.health.outputs.has_value()) return;
       for (const OutputHealth& output : *from.health.outputs) {
         series.Add(output.name, output.error.has_value() ? 1 : 0);
       }
     }},
    {"rand_guard_output_rotations_total", "", "output_rotations",
     "times that an output file was rotated", One<&H::output_rotations>},
    {"rand_guard_output_segments_removed_total", "", "output_segments_removed",
     "oldest segments that were removed, as keep_size and keep_age say",
     One<&H::output_segments_removed>},
    {"rand_guard_output_lines_removed_total", "", "output_lines_removed",
     "lines that were in these segments", One<&H::output_lines_removed>},
    {"rand_guard_output_reopened_total", "", "output_reopened",
     "times that an output file was found removed or replaced", One<&H::output_reopened>},
    {"rand_guard_output_sync_failures_total", "", "output_sync_failures",
     "times that alerts in the file may not have reached the disk", One<&H::output_sync_failures>},
    {"rand_guard_journal_failures_total", "", "journal_failures",
     "alerts that the journal did not take", One<&H::journal_failures>},
    {"rand_guard_lines_cut_total", "", "lines_cut", "lines that were too long and have texts_cut",
     One<&H::lines_cut>},
    {"rand_guard_recording_failures_total", "", "recording_failures",
     "messages missing in the capture", One<&H::recording_failures>},
    {"rand_guard_metrics_failures_total", "", "metrics_failures",
     "times that this file could not be written", One<&H::metrics_failures>},
    {"rand_guard_metrics_failing", "", "metrics_error",
     "1: it could not be written the time before this one", One<&H::metrics_error>},

    // The canary.
    {"rand_guard_canaries_sent_total", "", "canary.sent",
     "times that something was made to happen that must come back",
     [](From from, Series series) { series.Add(CanaryOf(from).sent); }},
    {"rand_guard_canaries_returned_total", "", "canary.returned",
     "times that it was in the output within its time",
     [](From from, Series series) { series.Add(CanaryOf(from).returned); }},
    {"rand_guard_canary_round_trip_seconds", "", "canary.round_trip_us",
     "how long it took the last time; 0: it never was",
     [](From from, Series series) { series.AddMicroseconds(CanaryOf(from).round_trip_us); }},
    {"rand_guard_canary_silent", "stage", "canary.silent",
     "1: the stage did not pass on the last one in its time",
     [](From from, Series series) {
       const std::optional<CanaryStage> silent = CanaryOf(from).silent;
       for (std::size_t i = 0; i < std::size(EnumTraits<CanaryStage>::kNames); ++i) {
         series.Add(EnumTraits<CanaryStage>::kNames[i], silent == static_cast<CanaryStage>(i));
       }
     }},

    // The collector and the way from it.
    {"rand_guard_collector_connected", "", "collector.connected", "1: a collector is connected",
     One<&H::collector, &C::connected>},
    {"rand_guard_collector_plan_current", "", "collector.plan_current",
     "1: its plan is that of the analyzer's configuration. 0: restart the collector",
     One<&H::collector, &C::plan_current>},
    {"rand_guard_collector_sessions_total", "", "collector.sessions",
     "sessions this analyzer has had", One<&H::collector, &C::sessions>},
    {"rand_guard_collector_records_sent_total", "", "collector.records_sent",
     "records the collector has sent, over its life", One<&H::collector, &C::records_sent>,
     kOfCollector},
    {"rand_guard_collector_batches_sent_total", "", "collector.batches_sent",
     "batches it has sent, over its life", One<&H::collector, &C::batches_sent>, kOfCollector},
    {"rand_guard_collector_connects_total", "", "collector.connects",
     "times the collector has connected", One<&H::collector, &C::connects>, kOfCollector},
    {"rand_guard_collector_refused_peers_total", "", "collector.refused_peers",
     "times it refused who was listening", One<&H::collector, &C::refused_peers>, kOfCollector},
    {"rand_guard_collector_cpu_seconds_total", "mode",
     "collector.cpu_user_us, collector.cpu_system_us", "CPU time of the collector",
     [](From from, Series series) {
       series.AddMicroseconds("user", from.health.collector.cpu_user_us);
       series.AddMicroseconds("system", from.health.collector.cpu_system_us);
     },
     kOfCollector},
    {"rand_guard_collector_max_resident_memory_bytes", "", "collector.max_rss_kb",
     "largest resident memory of the collector", Kilobytes<&H::collector, &C::max_rss_kb>,
     kOfCollector},
    {"rand_guard_ring_size_bytes", "lane",
     "collector.critical_ring_bytes, collector.bulk_ring_bytes", "size of the ring",
     [](From from, Series series) {
       series.Add("critical", from.health.collector.critical_ring_bytes);
       series.Add("bulk", from.health.collector.bulk_ring_bytes);
     }},
    {"rand_guard_hooks", "state", "hooks", "hooks, by what became of them",
     HooksBy<HookState, &HookHealth::state>},
    {"rand_guard_hooks_by_layer", "layer", "hooks",
     "hooks that are attached, by where they see files and system calls",
     HooksBy<Witness, &HookHealth::layer>},
    {"rand_guard_hook_missing", "hook", "hooks",
     "1: the host lets no program of the hook be attached", MissingHooks},
    {"rand_guard_session_errors_total", "", "session_errors", "sessions ended by a bad message",
     One<&H::session_errors>},
    {"rand_guard_refused_connections_total", "", "refused_connections",
     "peers of a wrong uid, or a second one", One<&H::refused_connections>},
    {"rand_guard_unknown_messages_total", "", "unknown_messages",
     "messages of a type this version does not know", One<&H::unknown_messages>},

    // Processes, and the names that they have.
    {"rand_guard_processes", "", "process_table_size", "processes known",
     One<&H::process_table_size>},
    {"rand_guard_process_table_bytes", "", "process_table_bytes",
     "memory of the process table, as it accounts for it", One<&H::process_table_bytes>},
    {"rand_guard_processes_evicted_total", "", "process_records_evicted",
     "processes forgotten for want of room", One<&H::process_records_evicted>},
    {"rand_guard_process_texts_evicted_total", "", "process_texts_evicted",
     "programs whose path and arguments were forgotten for want of room",
     One<&H::process_texts_evicted>},
    {"rand_guard_living_processes_evicted_total", "", "living_processes_evicted",
     "living processes, or their programs, that were forgotten for want of room",
     One<&H::living_processes_evicted>},
    {"rand_guard_command_lines_cut_total", "", "command_lines_cut",
     "programs of whose command line only the beginning is remembered", One<&H::command_lines_cut>},
    {"rand_guard_creators_cut_total", "", "creators_cut",
     "creators of processes whose own creators were forgotten", One<&H::creators_cut>},
    {"rand_guard_processes_reconciled_total", "", "processes_reconciled",
     "processes found gone by a snapshot", One<&H::processes_reconciled>},
    {"rand_guard_process_table_repairs_total", "", "process_table_repairs",
     "snapshots taken because the kernel had skipped programs", One<&H::process_table_repairs>},
    {"rand_guard_processes_found_total", "", "processes_found",
     "processes that only these snapshots had", One<&H::processes_found>},
    {"rand_guard_programs_found_total", "", "programs_found",
     "processes that run another program, which only these snapshots had", One<&H::programs_found>},
    {"rand_guard_cgroup_names", "", "cgroup_names", "cgroup names known", One<&H::cgroup_names>},
    {"rand_guard_cgroup_names_evicted_total", "", "cgroup_names_evicted",
     "names of cgroups in use that were forgotten for want of room", One<&H::cgroup_names_evicted>},
    {"rand_guard_user_names", "", "user_names", "names of users known", One<&H::user_names>},
    {"rand_guard_user_names_failed", "", "user_names_error",
     "1: the latest change of /etc/passwd was not taken over, or not whole",
     One<&H::user_names_error>},

    // Correlations.
    {"rand_guard_correlation_alerts_total", "", "correlations.alerts",
     "times that a correlation fired", One<&H::correlations, &R::alerts>},
    {"rand_guard_correlation_groups", "", "correlations.groups", "groups remembered",
     One<&H::correlations, &R::groups>},
    {"rand_guard_correlation_bytes", "", "correlations.bytes", "memory of these groups",
     One<&H::correlations, &R::bytes>},
    {"rand_guard_correlation_groups_evicted_total", "", "correlations.groups_evicted",
     "groups forgotten for want of room", One<&H::correlations, &R::groups_evicted>},
    {"rand_guard_correlation_values_forgotten_total", "", "correlations.values_forgotten",
     "values of a group forgotten for want of room", One<&H::correlations, &R::values_forgotten>},
    {"rand_guard_correlation_matches_without_group_total", "", "correlations.without_group",
     "matches that lack a field to group by", One<&H::correlations, &R::without_group>},
    {"rand_guard_correlation_matches_without_value_total", "", "correlations.without_value",
     "matches that lack the field whose values count", One<&H::correlations, &R::without_value>},
    {"rand_guard_correlation_matches_folded_total", "", "correlations.folded",
     "matches of groups that had fired within the timespan", One<&H::correlations, &R::folded>},
    {"rand_guard_correlation_matches_late_total", "", "correlations.late",
     "matches older than what was already complete", One<&H::correlations, &R::late>},
    {"rand_guard_correlation_matches_reordered_early_total", "", "correlations.reordered_early",
     "matches handled before their order was certain", One<&H::correlations, &R::reordered_early>},
    {"rand_guard_correlation_absences_dropped_total", "", "correlations.absences_dropped",
     "awaited matches that will never be known about", One<&H::correlations, &R::absences_dropped>},
};

constexpr FieldWithoutMetric kWithout[] = {
    {"timestamp_ns", "`rand_guard_written_timestamp_seconds` is its time"},
    {"alerts_output", "the sum of `rand_guard_alerts_total`"},
    {"losses_reported", "the sum of `rand_guard_losses_total`"},
    {"outputs.bytes", "known of some outputs only"},
    {"kernel_skipped", "the sum of `rand_guard_kernel_skipped_runs_total`"},
    {"kernel_lost_by_kind",
     "a series for each kind of record would be too many; loss records name the kind"},
    {"programs", "several hundred numbers, for looking into one host"},
    {"pending_exec_source_size", "always 0"},
    {"pending_sources_evicted", "always 0"},
    {"output_removed_last_seq", "the number of a line, which says something only beside its boot"},
    {"confinement.landlock_abi", "does not change while a kernel runs"},
    {"user_names_read", "the number of a reading, which says something only beside a capture"},
};

std::string_view TypeOf(const Metric& metric) { return metric.is_counter() ? "counter" : "gauge"; }

// The text with another one in the place of some characters.
template <typename Other>
std::string Replaced(std::string_view text, const Other& other) {
  std::string replaced;
  for (const char c : text) {
    const std::string_view there = other(c);
    if (there.empty()) {
      replaced += c;
    } else {
      replaced += there;
    }
  }
  return replaced;
}

std::string AsCode(std::string_view names) {
  if (names.empty()) return "–";
  return '`' + Replaced(names, [](char c) { return c == ',' ? "`," : c == ' ' ? " `" : ""; }) + '`';
}

}  // namespace

std::span<const Metric> Metrics() { return kMetrics; }

std::span<const FieldWithoutMetric> FieldsWithoutMetric() { return kWithout; }

std::string RenderMetrics(const MetricsSource& source) {
  std::string text;
  for (const Metric& metric : kMetrics) {
    if (metric.of_collector && !source.heard_collector) continue;
    absl::StrAppendFormat(&text, "# HELP %s %s\n# TYPE %s %s\n", metric.name,
                          EscapedHelp(metric.help), metric.name, TypeOf(metric));
    MetricSeries series(metric, text);
    metric.write(source, series);
  }
  return text;
}

std::string MetricsReference() {
  std::string text =
      "| metric | type | label | fields of health | meaning |\n| --- | --- | --- | --- | --- |\n";
  for (const Metric& metric : kMetrics) {
    absl::StrAppendFormat(&text, "| `%s` | %s | %s | %s | %s |\n", metric.name, TypeOf(metric),
                          AsCode(metric.label), AsCode(metric.fields), metric.help);
  }
  text += "\nThese numbers of health are no metrics:\n\n| field | why |\n| --- | --- |\n";
  for (const FieldWithoutMetric& left : kWithout) {
    absl::StrAppendFormat(&text, "| `%s` | %s |\n", left.field, left.why);
  }
  return text;
}

std::string EscapedLabelValue(std::string_view value) {
  return Replaced(value, [](char c) {
    return c == '\\' ? "\\\\" : c == '"' ? "\\\"" : c == '\n' ? "\\n" : "";
  });
}

std::string EscapedHelp(std::string_view text) {
  return Replaced(text, [](char c) { return c == '\\' ? "\\\\" : c == '\n' ? "\\n" : ""; });
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
//
// Reports of the sensor about itself: losses and health. Their fields are described like those of
// events.
#ifndef ANALYZER_EVENT_REPORTS_H_
#define ANALYZER_EVENT_REPORTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/event/field.h"
#include "analyzer/event/value_sets.h"
#include "analyzer/event/values.h"

namespace randguard {

// A user, or a user in a container, who has brought a loss about.
struct LossCause {
  std::optional<std::uint32_t> uid;
  OptionalText user, container_id;
  std::uint64_t count = 0;
};

constexpr auto FieldsOf(const LossCause*) {
  using C = LossCause;
  return FieldList{
      Field<"uid">(&C::uid, "user; null: all those together who had no share of their own"),
      Field<"user">(&C::user, "name of the user; null: none is known"),
      Field<"container_id">(&C::container_id, "container; null: none that is recognised"),
      Field<"count">(&C::count, "how many of them"),
  };
}

// Records that will never be printed.
struct Loss {
  static constexpr std::string_view kEventType = "loss";
  static constexpr const char* kDoc = "records were lost; written as soon as a counter has moved";

  std::uint64_t timestamp_ns = 0;
  WallTime time;
  Host host;
  AgentId agent_id;
  LossReason reason = LossReason::kKernel;
  std::optional<Kind> kind;
  std::optional<Lane> lane;
  OrLeftOut<Hook> hook = {};
  std::optional<std::uint64_t> count;
  std::optional<std::uint64_t> total;
  OrLeftOut<std::vector<LossCause>> causes = {};
  OrLeftOut<std::uint64_t> first_seq = {}, last_seq = {};
  std::uint64_t from_ns = 0;
  std::uint64_t to_ns = 0;
};

constexpr auto FieldsOf(const Loss*) {
  return FieldList{
      Field<"timestamp_ns">(&Loss::timestamp_ns, "when it was noticed, nanoseconds since boot"),
      Field<"time">(&Loss::time, "the same, RFC 3339"),
      Field<"host">(&Loss::host, "name of the host"),
      Field<"agent_id">(&Loss::agent_id, kAgentIdDoc),
      Field<"reason">(&Loss::reason, "why they are lost"),
      Field<"kind">(&Loss::kind, "kind of record; null: unknown"),
      Field<"lane">(&Loss::lane, "lane it would have come by; null: unknown"),
      Field<"hook">(&Loss::hook, "hook whose programs were skipped; absent for other reasons"),
      Field<"count">(&Loss::count, "how many, and of reason skipped at most; null: unknown"),
      Field<"total">(&Loss::total,
                     "how many of this kind or hook since the sensor was loaded; of output and "
                     "rate_limit, since the analyzer started"),
      Field<"causes">(&Loss::causes,
                      "the users and containers with the most of them; absent for other reasons "
                      "than rate_limit"),
      Field<"first_seq">(&Loss::first_seq,
                         "of output and unclean_end: lines that are missing have numbers from this "
                         "one on; absent for other reasons"),
      Field<"last_seq">(&Loss::last_seq, "and up to this one"),
      Field<"from_ns">(&Loss::from_ns, "lost after this time, nanoseconds since boot"),
      Field<"to_ns">(&Loss::to_ns, "and before this"),
  };
}

struct HookHealth {
  Hook name = Hook{};
  HookState state = HookState::kUnknown;
  std::optional<Witness> layer = {};
  std::string why;
};

constexpr auto FieldsOf(const HookHealth*) {
  return FieldList{
      Field<"name">(&HookHealth::name, "hook"),
      Field<"state">(&HookHealth::state, "what became of it"),
      Field<"layer">(&HookHealth::layer,
                     "where it sees files and system calls; null: it is not attached, or is about "
                     "neither"),
      Field<"why">(&HookHealth::why, "why it is fallback or missing"),
  };
}

struct ProgramHealth {
  std::uint64_t runs = 0, self = 0, scratch_busy = 0, errors = 0, skipped = 0;
};

constexpr auto FieldsOf(const ProgramHealth*) {
  return FieldList{
      Field<"runs">(&ProgramHealth::runs, "how often it ran"),
      Field<"own">(&ProgramHealth::self, "caused by the agent itself, passed over"),
      Field<"busy">(&ProgramHealth::scratch_busy, "scratch memory in use, record lost"),
      Field<"errors">(&ProgramHealth::errors, "could not be read"),
      Field<"skipped">(&ProgramHealth::skipped,
                       "the kernel did not run it, because on that processor it was within it "
                       "already"),
  };
}

// A configured path in which there is a symlink.
struct PathHealth {
  std::string key, path;
  std::optional<std::string> leads_to;
  std::string why;
  bool hidden = false;     // there may be a symlink, but this user may not look
  bool unwatched = false;  // a watched path that leads to what is not watched
};

constexpr auto FieldsOf(const PathHealth*) {
  using P = PathHealth;
  return FieldList{
      Field<"key">(&P::key, "key of the configuration"),
      Field<"path">(&P::path, "as it is written there"),
      Field<"leads_to">(&P::leads_to,
                        "where it leads, which is watched or excluded as well; null: only the path "
                        "as it is written is"),
      Field<"why">(&P::why, "why no symlink in it is followed"),
  };
}

struct CollectorHealth {
  bool connected = false;
  std::uint64_t sessions = 0, records_sent = 0, batches_sent = 0, connects = 0, refused_peers = 0,
                cpu_user_us = 0, cpu_system_us = 0, max_rss_kb = 0, critical_ring_bytes = 0,
                bulk_ring_bytes = 0;
  std::string version;
  std::string kernel_release;
  bool plan_current = false;
};

constexpr auto FieldsOf(const CollectorHealth*) {
  using C = CollectorHealth;
  return FieldList{
      Field<"connected">(&C::connected, "a collector is connected"),
      Field<"sessions">(&C::sessions, "sessions this analyzer has had"),
      Field<"records_sent">(&C::records_sent, "records it has sent, over its life"),
      Field<"batches_sent">(&C::batches_sent, "batches it has sent, over its life"),
      Field<"connects">(&C::connects, "times the collector has connected"),
      Field<"refused_peers">(&C::refused_peers, "times it refused who was listening"),
      Field<"cpu_user_us">(&C::cpu_user_us, "CPU time in user mode, microseconds"),
      Field<"cpu_system_us">(&C::cpu_system_us, "CPU time in the kernel, microseconds"),
      Field<"max_rss_kb">(&C::max_rss_kb, "largest resident memory, KiB"),
      Field<"critical_ring_bytes">(&C::critical_ring_bytes, "size of the critical ring"),
      Field<"bulk_ring_bytes">(&C::bulk_ring_bytes, "size of the bulk ring"),
      Field<"version">(&C::version, "version of the collector"),
      Field<"kernel_release">(&C::kernel_release, "kernel it runs on"),
      Field<"plan_current">(&C::plan_current,
                            "its plan is the one the analyzer's configuration "
                            "compiles to; false: restart the collector"),
  };
}

// The rights that the analyzer has taken away from itself.
struct ConfinementHealth {
  LandlockState landlock = LandlockState::kOff;
  std::uint64_t landlock_abi = 0;
  SeccompState seccomp = SeccompState::kOff;
  bool no_new_privs = false;
};

constexpr auto FieldsOf(const ConfinementHealth*) {
  using C = ConfinementHealth;
  return FieldList{
      Field<"landlock">(&C::landlock, "which files it can open is restricted"),
      Field<"landlock_abi">(&C::landlock_abi, "version the kernel offers, 0: none"),
      Field<"seccomp">(&C::seccomp, "which system calls it can make is restricted"),
      Field<"no_new_privs">(&C::no_new_privs, "no program it starts can gain privileges"),
  };
}

// The matches that correlations look at, by their fate, since the analyzer started.
struct CorrelationHealth {
  std::uint64_t alerts = 0, groups = 0, bytes = 0, groups_evicted = 0, values_forgotten = 0,
                without_group = 0, without_value = 0, folded = 0, late = 0, reordered_early = 0,
                absences_dropped = 0;
};

constexpr auto FieldsOf(const CorrelationHealth*) {
  using C = CorrelationHealth;
  return FieldList{
      Field<"alerts">(&C::alerts, "times that a correlation fired"),
      Field<"groups">(&C::groups, "groups remembered"),
      Field<"bytes">(&C::bytes, "memory of these groups, as it is accounted for"),
      Field<"groups_evicted">(&C::groups_evicted,
                              "groups forgotten for want of room before their timespan was over"),
      Field<"values_forgotten">(&C::values_forgotten,
                                "values of a group forgotten for want of room"),
      Field<"without_group">(&C::without_group,
                             "matches that lack a field to group by, and count nowhere"),
      Field<"without_value">(&C::without_value, "matches that lack the field whose values count"),
      Field<"folded">(&C::folded, "matches of groups that had fired within the timespan"),
      Field<"late">(&C::late,
                    "matches older than what was already complete; they count as of the latest "
                    "time"),
      Field<"reordered_early">(&C::reordered_early,
                               "matches that were handled before their order was certain, for want "
                               "of room"),
      Field<"absences_dropped">(&C::absences_dropped,
                                "awaited matches that nobody can tell about, because the session "
                                "ended or rules were reloaded before their time was over"),
  };
}

// Each document of the Sigma files is one of these.
struct SigmaHealth {
  std::uint64_t loaded = 0, filtered = 0, unsupported = 0, broken = 0;

  std::uint64_t total() const { return loaded + filtered + unsupported + broken; }
};

constexpr auto FieldsOf(const SigmaHealth*) {
  using S = SigmaHealth;
  return FieldList{
      Field<"loaded">(&S::loaded, "rules and filters in force"),
      Field<"filtered">(&S::filtered,
                        "not asked for: by level, status, id, or because the log source is none of "
                        "this sensor's"),
      Field<"unsupported">(&S::unsupported, "asking for what this version does not do"),
      Field<"broken">(&S::broken, "not as the specification has it"),
  };
}

// The canary: something that the agent makes happen, to see that all stages notice it.
struct CanaryHealth {
  std::uint64_t sent = 0, returned = 0, round_trip_us = 0;
  std::optional<CanaryStage> silent;
};

constexpr auto FieldsOf(const CanaryHealth*) {
  using C = CanaryHealth;
  return FieldList{
      Field<"sent">(&C::sent, "how often the agent has made something happen"),
      Field<"returned">(&C::returned, "how often that was in the output within its time"),
      Field<"round_trip_us">(&C::round_trip_us,
                             "how long it took the last time, microseconds; 0: it never was"),
      Field<"silent">(&C::silent,
                      "the first stage that did not pass on the last one in its time; null: all "
                      "did, or there is time left"),
  };
}

// A canary that came back.
struct Canary {
  static constexpr std::string_view kEventType = "canary";
  static constexpr const char* kDoc =
      "what the agent itself made happen was noticed by kernel, collector and rules";
  static constexpr const char* kComm = "rg-canary";  // of the process that makes it happen

  std::uint64_t timestamp_ns = 0;
  WallTime time;
  Host host;
  AgentId agent_id;
  EventId event_id;
  std::uint64_t round_trip_us = 0;
  std::uint64_t attempts = 0;
  bool rules = false;
};

constexpr auto FieldsOf(const Canary*) {
  return FieldList{
      Field<"timestamp_ns">(&Canary::timestamp_ns, "when it was back, nanoseconds since boot"),
      Field<"time">(&Canary::time, "the same, RFC 3339"),
      Field<"host">(&Canary::host, "name of the host"),
      Field<"agent_id">(&Canary::agent_id, kAgentIdDoc),
      Field<"event_id">(&Canary::event_id, "the event that it was seen as"),
      Field<"round_trip_us">(&Canary::round_trip_us,
                             "from the first time that it was made to happen, microseconds"),
      Field<"attempts">(&Canary::attempts, "how often it was made to happen until it came back"),
      Field<"rules">(&Canary::rules,
                     "the rule that looks for it has fired; false: none is evaluated"),
  };
}

// An output besides the first one.
struct OutputHealth {
  std::string name;
  std::uint64_t lines = 0, bytes = 0, lost = 0, removed = 0;
  std::optional<std::string> error;
};

constexpr auto FieldsOf(const OutputHealth*) {
  using H = OutputHealth;
  return FieldList{
      Field<"name">(&H::name, "as the configuration calls it"),
      Field<"lines">(&H::lines, "lines for it"),
      Field<"bytes">(&H::bytes, "bytes that it has taken, where that is known"),
      Field<"lost">(&H::lost, "lines for it that it did not take"),
      Field<"removed">(&H::removed,
                       "lines of its oldest segments, which were removed as its "
                       "keep_size and keep_age say"),
      Field<"error">(&H::error, "what is wrong with it now; null: nothing"),
  };
}

struct Health {
  static constexpr std::string_view kEventType = "health";
  static constexpr const char* kDoc = "state of the sensor, every ten seconds and on SIGUSR1";

  std::uint64_t timestamp_ns = 0;
  WallTime time;
  Host host;
  AgentId agent_id;
  HealthStatus status = HealthStatus::kBlind;
  AgentMode mode = AgentMode::kDetect;
  std::vector<std::string> reasons;
  std::uint64_t raw_events_read = 0, normalized_events_output = 0, alerts_output = 0,
                userspace_filtered = 0, userspace_rate_limited = 0, userspace_invalid_schema = 0,
                userspace_unsupported_kind = 0, userspace_output_failures = 0,
                process_table_size = 0, pending_exec_source_size = 0, process_records_evicted = 0,
                pending_sources_evicted = 0, uptime_secs = 0, rss_kb = 0;
  std::uint64_t kernel_lost = 0, kernel_skipped = 0;
  Named<std::uint64_t> kernel_lost_by_kind, kernel_skipped_by_hook;
  Named<std::uint64_t> kernel_stored_by_kind, kernel_unwatched_by_kind, kernel_excluded_by_kind;
  Named<ProgramHealth> programs;
  std::vector<HookHealth> hooks;
  std::vector<PathHealth> resolved_paths;
  CollectorHealth collector;
  ConfinementHealth confinement;
  std::uint64_t losses_reported = 0, restart_lost = 0, processes_reconciled = 0,
                process_table_repairs = 0, processes_found = 0, programs_found = 0,
                cgroup_names = 0, cgroup_names_evicted = 0, unknown_messages = 0,
                session_errors = 0, refused_connections = 0, recording_failures = 0,
                output_bytes = 0, output_rotations = 0, output_segments_removed = 0,
                output_lines_removed = 0, output_sync_failures = 0, journal_failures = 0,
                output_reopened = 0, lines_cut = 0;
  std::optional<std::string> output_removed_boot_id;
  std::optional<std::uint64_t> output_removed_last_seq;
  std::optional<std::string> output_error;
  OrLeftOut<std::vector<OutputHealth>> outputs;
  std::optional<std::string> rule_set_hash;
  OrLeftOut<SigmaHealth> sigma;
  OrLeftOut<std::uint64_t> alerts_below_severity;
  std::uint64_t rules_enabled = 0, alerts_folded = 0, alert_windows_ended_early = 0,
                command_lines_cut = 0, creators_cut = 0;
  std::uint64_t process_table_bytes = 0, process_texts_evicted = 0, living_processes_evicted = 0;
  std::uint64_t user_names = 0, user_names_read = 0;
  std::optional<std::string> user_names_error;
  std::uint64_t rule_reloads = 0, rule_reload_failures = 0;
  std::optional<std::string> rule_reload_error;
  CorrelationHealth correlations;
  Named<std::uint64_t> alerts_by_severity, losses_by_reason;
  std::uint64_t metrics_failures = 0;
  std::optional<std::string> metrics_error;
  OrLeftOut<CanaryHealth> canary = {};
};

constexpr auto FieldsOf(const Health*) {
  using H = Health;
  return FieldList{
      Field<"timestamp_ns">(&H::timestamp_ns, "when, nanoseconds since boot"),
      Field<"time">(&H::time, "when, RFC 3339"),
      Field<"host">(&H::host, "name of the host"),
      Field<"agent_id">(&H::agent_id, kAgentIdDoc),
      Field<"status">(&H::status, "whether the sensor sees all that it is to see"),
      Field<"reasons">(&H::reasons, "why it is not ok"),
      Field<"mode">(&H::mode, "agent.mode of the configuration"),
      Field<"raw_events_read">(&H::raw_events_read, "records received"),
      Field<"normalized_events_output">(&H::normalized_events_output, "events written"),
      Field<"alerts_output">(&H::alerts_output, "alerts written"),
      Field<"userspace_filtered">(&H::userspace_filtered,
                                  "events not written because their hook is "
                                  "not in the configuration, or output.telemetry is off"),
      Field<"userspace_rate_limited">(
          &H::userspace_rate_limited,
          "file and network events over performance.max_events_per_second; "
          "loss records of reason rate_limit say whose"),
      Field<"userspace_invalid_schema">(&H::userspace_invalid_schema,
                                        "records that contradict the "
                                        "format"),
      Field<"userspace_unsupported_kind">(&H::userspace_unsupported_kind,
                                          "records of an unknown "
                                          "kind or version"),
      Field<"userspace_output_failures">(&H::userspace_output_failures,
                                         "lines that could not be "
                                         "written"),
      Field<"process_table_size">(&H::process_table_size, "processes known"),
      Field<"pending_exec_source_size">(&H::pending_exec_source_size,
                                        "always 0: the kernel side keeps exec sources"),
      Field<"process_records_evicted">(&H::process_records_evicted,
                                       "processes forgotten for want "
                                       "of room"),
      Field<"pending_sources_evicted">(&H::pending_sources_evicted,
                                       "always 0: the kernel side keeps exec sources"),
      Field<"uptime_secs">(&H::uptime_secs, "age of the analyzer"),
      Field<"rss_kb">(&H::rss_kb, "resident memory of the analyzer, KiB"),
      Field<"kernel_lost">(&H::kernel_lost,
                           "records lost in the kernel since the sensor was loaded"),
      Field<"kernel_lost_by_kind">(&H::kernel_lost_by_kind, "the same by kind of record"),
      Field<"kernel_skipped">(&H::kernel_skipped,
                              "times since then that the kernel did not run a program, because on "
                              "that processor it was within it already; each may be a lost record"),
      Field<"kernel_skipped_by_hook">(&H::kernel_skipped_by_hook, "the same by hook"),
      Field<"kernel_stored_by_kind">(&H::kernel_stored_by_kind, "records put into a ring, by kind"),
      Field<"kernel_unwatched_by_kind">(&H::kernel_unwatched_by_kind,
                                        "not reported: nothing in watch_paths or watch_patterns "
                                        "fits"),
      Field<"kernel_excluded_by_kind">(&H::kernel_excluded_by_kind,
                                       "not reported: watched, but exclude_paths fits"),
      Field<"programs">(&H::programs, "counters of the eBPF programs"),
      Field<"hooks">(&H::hooks, "what became of each hook"),
      Field<"resolved_paths">(&H::resolved_paths,
                              "configured paths with symlinks, and where these led when the "
                              "analyzer started"),
      Field<"collector">(&H::collector, "the collector, as of its last heartbeat"),
      Field<"confinement">(&H::confinement, "what the analyzer has taken away from itself"),
      Field<"losses_reported">(&H::losses_reported, "loss records written"),
      Field<"restart_lost">(&H::restart_lost, "records lost with an analyzer that ended early"),
      Field<"processes_reconciled">(&H::processes_reconciled, "processes found gone by a snapshot"),
      Field<"process_table_repairs">(&H::process_table_repairs,
                                     "snapshots taken because the kernel had skipped programs that "
                                     "report the starts and ends of processes"),
      Field<"processes_found">(&H::processes_found, "processes that only these snapshots had"),
      Field<"programs_found">(&H::programs_found,
                              "processes that run another program, which only these snapshots had"),
      Field<"cgroup_names">(&H::cgroup_names, "cgroup names known"),
      Field<"cgroup_names_evicted">(&H::cgroup_names_evicted,
                                    "names of cgroups in use that were forgotten for want of room: "
                                    "raise performance.max_process_cache_entries"),
      Field<"unknown_messages">(&H::unknown_messages,
                                "messages of a type this version does not "
                                "know"),
      Field<"session_errors">(&H::session_errors, "sessions ended by a bad message"),
      Field<"refused_connections">(&H::refused_connections,
                                   "peers of a wrong uid, or a second one"),
      Field<"recording_failures">(&H::recording_failures, "messages missing in the capture"),
      Field<"output_bytes">(&H::output_bytes, "bytes written"),
      Field<"output_rotations">(&H::output_rotations,
                                "times the output file was rotated, or a segment was ended"),
      Field<"output_segments_removed">(&H::output_segments_removed,
                                       "oldest segments that were removed, as keep_size and "
                                       "keep_age say; the log has their numbers"),
      Field<"output_lines_removed">(&H::output_lines_removed, "lines that were in these"),
      Field<"output_removed_boot_id">(&H::output_removed_boot_id,
                                      "boot of the newest lines that were removed with a segment "
                                      "of all lines; null: none was"),
      Field<"output_removed_last_seq">(&H::output_removed_last_seq,
                                       "the last number among these; those before it are removed, "
                                       "too; null: none was"),
      Field<"output_sync_failures">(&H::output_sync_failures,
                                    "times that alerts in the file may not have reached the disk"),
      Field<"journal_failures">(&H::journal_failures, "alerts that the journal did not take"),
      Field<"output_reopened">(&H::output_reopened,
                               "times that an output file was found removed or replaced, and a new "
                               "one was opened"),
      Field<"output_error">(&H::output_error, "what is wrong with the output now; null: nothing"),
      Field<"outputs">(&H::outputs, "the configuration's outputs besides the first one"),
      Field<"lines_cut">(&H::lines_cut,
                         "lines that were too long and have texts_cut; what was cut is in no line"),
      Field<"rule_set_hash">(&H::rule_set_hash,
                             "rules in force; null: none are evaluated, mode is telemetry"),
      Field<"rules_enabled">(&H::rules_enabled, "how many these are, with the built-in ones"),
      Field<"sigma">(&H::sigma,
                     "what became of the documents in Sigma files; left out: there are none"),
      Field<"alerts_below_severity">(
          &H::alerts_below_severity,
          "times that a rule below alerts.min_severity fired; left out: none did"),
      Field<"alerts_folded">(&H::alerts_folded,
                             "alerts that were counted in another one instead of being written"),
      Field<"alert_windows_ended_early">(&H::alert_windows_ended_early,
                                         "alerts whose window ended for want of room"),
      Field<"command_lines_cut">(&H::command_lines_cut,
                                 "programs of whose command line only the beginning is remembered "
                                 "for want of room"),
      Field<"creators_cut">(&H::creators_cut,
                            "creators of processes whose own creators were forgotten for want of "
                            "room"),
      Field<"process_table_bytes">(&H::process_table_bytes,
                                   "memory of the process table, as it accounts for it"),
      Field<"process_texts_evicted">(&H::process_texts_evicted,
                                     "programs whose path and arguments were forgotten for want of "
                                     "room"),
      Field<"living_processes_evicted">(&H::living_processes_evicted,
                                        "how many of process_records_evicted and of "
                                        "process_texts_evicted were about living processes"),
      Field<"user_names">(&H::user_names, "names of users known"),
      Field<"user_names_read">(&H::user_names_read,
                               "which reading of these names is in force; 0: of a recording that "
                               "does not say"),
      Field<"user_names_error">(&H::user_names_error,
                                "why the latest change of /etc/passwd was not taken over, or not "
                                "whole; null: it was"),
      Field<"rule_reloads">(&H::rule_reloads, "times that rules were read again, and put in force"),
      Field<"rule_reload_failures">(&H::rule_reload_failures,
                                    "times that they were wrong, and the old ones stayed"),
      Field<"rule_reload_error">(&H::rule_reload_error,
                                 "what was wrong the last time; null: nothing"),
      Field<"correlations">(&H::correlations, "rules of type correlation"),
      Field<"alerts_by_severity">(&H::alerts_by_severity, "alerts_output by severity"),
      Field<"losses_by_reason">(&H::losses_by_reason, "losses_reported by reason"),
      Field<"metrics_failures">(&H::metrics_failures,
                                "times that the file of metrics could not be written"),
      Field<"metrics_error">(&H::metrics_error,
                             "why it could not be written the last time; null: it was, or none is "
                             "wanted"),
      Field<"canary">(&H::canary, "whether all stages work; absent: none is wanted"),
  };
}

}  // namespace randguard

#endif  // ANALYZER_EVENT_REPORTS_H_

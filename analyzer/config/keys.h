// SPDX-License-Identifier: Apache-2.0
//
// Every table and key of the configuration, described once. The reader (table_reader.h), the
// suggestions in its messages, the reference in docs/configuration.md (reference.h) and the schema
// for editors (config_schema.h) walk this.
//
// VisitTables(v, config) calls v(table, member) for each table and list of tables; VisitKeys(v,
// struct) calls v(key, member[, bounds]) for each key of one of them.
#ifndef ANALYZER_CONFIG_KEYS_H_
#define ANALYZER_CONFIG_KEYS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "analyzer/config/config.h"
#include "analyzer/config/value_checks.h"

namespace randguard {

struct Table {
  std::string_view name;
  std::string_view doc;
};

// A list that is required has at least one item. Any other may be written empty: that is as if it
// were left out, but where its default has items; there its text says what empty means.
struct Key {
  std::string_view name;
  std::string_view doc;
  bool required = false;
  // Why nothing but the reader of the configuration looks at its value; empty: something does.
  std::string_view without_effect = "";
};

struct Range {
  std::uint32_t min;
  std::uint32_t max;
  std::string_view unit = "";
};

// Bounds of a string, or of the strings of a list. `items` says what they are.
struct Text {
  std::string_view items;
  ValueCheck check;
  std::size_t max_items = 10000;  // lists only
};

inline constexpr bool kRequired = true;
inline constexpr bool kOptional = false;
inline constexpr std::string_view kOneValue = "any other value than the default is refused";
inline constexpr Text kAnyPath = {"a path", CheckPath};
inline constexpr Text kMetricsPath = {"an absolute path that ends in `.prom`", CheckMetricsPath};
inline constexpr Text kFilterPaths = {"absolute paths of at most 256 bytes and 63 components",
                                      CheckFilterPath, 2048};
inline constexpr Text kFilterPatterns = {
    "patterns of at most 63 bytes: `*` and an ending, or a text", CheckFilterPattern, 2048};
inline constexpr Text kPaths = {"absolute paths", CheckAbsolutePath};
inline constexpr Text kPatterns = {"patterns", CheckPattern};
inline constexpr Text kLoosePatterns = {"patterns: `*` and an ending, or a text",
                                        CheckLoosePattern};
inline constexpr Text kLabel = {"printable text, 1 to 128 bytes", CheckLabel};
inline constexpr Text kProcessNames = {"process names", CheckProcessName};
inline constexpr Text kCondition = {"a condition (docs/rules.md), at most 16384 bytes",
                                    CheckCondition};
inline constexpr Text kProse = {"text of at most 4096 bytes", CheckProse};
inline constexpr Text kLabels = {"printable text, 1 to 128 bytes each", CheckLabel, 256};
inline constexpr Text kProses = {"texts of at most 4096 bytes", CheckProse, 256};
inline constexpr Text kName = {"printable text, 1 to 256 bytes", CheckName};
inline constexpr Text kLongProse = {"text of at most 65535 bytes", CheckLongProse};
inline constexpr Text kAuthor = {"printable text, 1 to 256 bytes", CheckName};
inline constexpr Text kSigmaPaths = {"paths of files and folders", CheckSomePath, 256};
inline constexpr Text kSomePath = {"a path", CheckPath};
inline constexpr Text kSigmaIds = {"ids, 1 to 128 bytes each", CheckLabel, 20000};
inline constexpr Text kEventTypes = {"event types", CheckLabel, 256};
inline constexpr Text kRuleIds = {"ids of rules", CheckLabel, 64};
inline constexpr Text kFields = {"fields", CheckLabel, 8};
inline constexpr Text kField = {"a field", CheckLabel};
inline constexpr Text kTimespan = {"a number and `s`, `m`, `h` or `d`, from 1 second to 7 days",
                                   CheckTimespan};
inline constexpr Text kEnvNames = {
    "names of environment variables, 1 to 63 bytes each, without \"=\"", CheckEnvName, 64};

template <typename V>
void VisitKeys(V& v, AgentConfig& c) {
  v(Key{"id",
        "Name of this sensor: `agent_id` in every line, `RANDGUARD_AGENT_ID` in the journal."},
    c.id, kLabel);
  v(Key{"mode",
        "`detect` and `monitor`: rules and detections are evaluated, besides telemetry. "
        "`telemetry`: none is; lines and health say so."},
    c.mode);
  v(Key{"log_level",
        "How much the analyzer reports about itself on stderr; each level includes those before "
        "it. `error`: failures. `warn`: the things it goes on without. `info`: rules that were "
        "reloaded, the process table repaired. `debug`: sessions, hooks, losses, rotations, "
        "signals. `trace`: batches, "
        "heartbeats, health. Mistakes in the configuration are reported at any level. The "
        "collector does not read this file and reports only failures."},
    c.log_level);
  v(Key{"canary_secs",
        "How often the agent makes something happen that must come back through the kernel, the "
        "collector, the rules and the output as a line `canary` ([more](operations.md#canary)); "
        "0: never."},
    c.canary_secs, Range{0, 3600, "seconds"});
}

template <typename V>
void VisitKeys(V& v, EbpfConfig& c) {
  v(Key{"enabled", "`false`: nothing is loaded into the kernel and nothing is observed."},
    c.enabled);
  v(Key{"hooks",
        "Where files, sockets and behaviour are seen. `functions`: in functions of the kernel, "
        "which know the result and mostly the object; a call that the kernel never made reaches "
        "none of them. `calls`: at the exit of all system calls. `auto`: functions, and the exit "
        "of calls for what this host lets no program be attached to."},
    c.hooks);
  v(Key{"buffer_size",
        "Size of the ring buffer for what a busy or hostile program can produce at will: files, "
        "the network, threads, failed execs, and of `process.behaviour` the calls that failed or "
        "took no privilege, other processes' memory, anonymous files and io_uring. Rounded up to a "
        "power of two when the plan is compiled. Kernel memory, allocated at start."},
    c.buffer_size, Range{64, 1048576, "KiB"});
  v(Key{"critical_buffer_size",
        "Size of the ring buffer for rare, decisive records (start, fork and exit of processes, "
        "the rest of `process.behaviour`), so that a flood in the other one never costs one of "
        "these. The default holds several thousand records; raise it when health reports losses in "
        "the critical lane. Rounded up likewise."},
    c.critical_buffer_size, Range{64, 1048576, "KiB"});
}

template <typename V>
void VisitKeys(V& v, EventsConfig& c) {
  v(Key{"process", "Must be `true`: every other event names its process."}, c.process);
  v(Key{"file", "Must equal `file.enabled`.", kOptional, "`file.enabled` says the same"}, c.file);
  v(Key{"network", "Must equal `network.enabled`.", kOptional, "`network.enabled` says the same"},
    c.network);
}

template <typename V>
void VisitKeys(V& v, ProcessConfig& c) {
  v(Key{"enabled", "Must be `true`, like `events.process`.", kOptional, kOneValue}, c.enabled);
  v(Key{"hooks",
        "Which process events are printed; at least one. All are observed whatever is written "
        "here, "
        "because the process table is built from them."},
    c.hooks);
  v(Key{"collect_args", "Record the arguments of a started program."}, c.collect_args);
  v(Key{"collect_env", "Record the environment variables in `env_names`, and no others."},
    c.collect_env);
  v(Key{"collect_cwd", "Record the working directory of a started program."}, c.collect_cwd);
  v(Key{"env_names", "Environment variables to keep. Needed when `collect_env` is `true`."},
    c.env_names, kEnvNames);
  v(Key{"threads", "Also record the start and end of threads."}, c.threads);
  v(Key{"failed_exec", "Also record execve and execveat calls that returned an error."},
    c.failed_exec);
  v(Key{"behaviour",
        "Rare, telling behaviour to record as well. `credentials`: user ids, group ids and "
        "capabilities change. `process_access`: ptrace and other processes' memory, "
        "also by their files in /proc. "
        "`agent_signals`: signals to the sensor. `modules`: kernel modules. `bpf`: eBPF programs "
        "loaded, objects opened by id. `namespaces`: unshare, setns, clone into new ones. "
        "`mounts`: "
        "mount, umount, pivot_root, chroot. `memfd`: anonymous files. `io_uring`: files opened, "
        "written, renamed and removed, connections and servers, without a system call. `[]`: "
        "none of it."},
    c.behaviour);
}

template <typename V>
void VisitKeys(V& v, FileConfig& c) {
  v(Key{"enabled", "Must equal `events.file`."}, c.enabled);
  v(Key{"hooks", "System calls that are reported; at least one while `enabled` is `true`."},
    c.hooks);
  v(Key{"watch_paths",
        "Files to report: these and all below them; whole components, so `/etc` is not "
        "`/etcetera`. "
        "`[]`: no paths. With no paths and no patterns, every file."},
    c.watch_paths, kFilterPaths);
  v(Key{"watch_patterns",
        "Files to report wherever they are. `*` at the start matches any beginning. Without it, "
        "the text may be anywhere in the path: `crontab` is also in `/usr/bin/crontab`. Then the "
        "kernel searches the whole path of each file, which takes longer. `[]`, and when "
        "`watch_paths` is written and this is not: none."},
    c.watch_patterns, kFilterPatterns);
  v(Key{"exclude_paths",
        "Files never to report, also when they match the above. `[]`: none. A link in one of these "
        "paths or of the above is followed, as the sensor starts, if nobody but root could have "
        "made or changed it; `rand-guard check` and health show where it leads. An exclusion that "
        "leads to `/`, or to something watched or above it, is an error."},
    c.exclude_paths, kFilterPaths);
}

template <typename V>
void VisitKeys(V& v, NetworkConfig& c) {
  v(Key{"enabled", "Must equal `events.network`."}, c.enabled);
  v(Key{"hooks",
        "System calls that are reported; at least one while `enabled` is `true`. For those that "
        "send and receive, only the first datagram "
        "of a process through a socket to or from a peer is reported. `socket` reports sockets "
        "for whole packets alone. `close` is no system call "
        "but the end of TCP connections; the end of inbound ones is reported where `accept` and "
        "`accept4` are listed, too."},
    c.hooks);
  v(Key{"unix_sockets", "Report these calls on unix sockets, too."}, c.unix_sockets);
  v(Key{"collect_dns", "Not implemented; `true` is refused.", kOptional, kOneValue}, c.collect_dns);
  v(Key{"collect_payload", "Not implemented; `true` is refused.", kOptional, kOneValue},
    c.collect_payload);
}

template <typename V>
void VisitKeys(V& v, OutputConfig& c) {
  v(Key{"type",
        "Where lines go. Under systemd, `stdout` is the journal, line by line. `journald`: all "
        "lines go to `path`, or to stdout without it, and `output.alerts.journal` is on; without a "
        "journal the analyzer does not start."},
    c.type);
  v(Key{"format",
        "The schema of a line, which is one JSON object: `json`, the sensor's own; `ecs`, Elastic "
        "Common Schema 9; `ocsf`, Open Cybersecurity Schema Framework 1.8. [Where each field "
        "goes](formats/profiles.md)."},
    c.format);
  v(Key{"path",
        "File that lines are appended to. Needed when `type` is `file`, may be given for "
        "`journald`. SIGHUP opens it again, for rotation by others; a file that was removed or "
        "replaced is opened again by itself."},
    c.path, kAnyPath);
  v(Key{"rotate_size",
        "The file becomes `path`.1, `path`.1 becomes `path`.2 and so on, when it has this size; 0: "
        "never."},
    c.rotate_size, Range{0, 1048576, "MiB"});
  v(Key{"rotate_age", "The file is rotated when it is this old, too; 0: never."}, c.rotate_age,
    Range{0, 87600, "hours"});
  v(Key{"rotate_keep", "How many old files are kept; the oldest is removed."}, c.rotate_keep,
    Range{1, 1000});
  v(Key{"rotation",
        "`rename`: see `rotate_size`. `segments`: of `path` \"FOLDER/NAME.ndjson\", lines go to "
        "\"FOLDER/NAME-BOOT-FIRST.ndjson\", where FIRST is the number of the file's first line. A "
        "file that has its size or age is ended with a manifest and never changes again, nor its "
        "name. Alerts are written in the same way."},
    c.rotation);
  v(Key{"keep_size",
        "The oldest segments are removed while all of them together have more than this; 0: none "
        "is for its size."},
    c.keep_size, Range{0, 16777216, "MiB"});
  v(Key{"keep_age", "Segments that were ended so long ago are removed; 0: none is for its age."},
    c.keep_age, Range{0, 87600, "hours"});
  v(Key{"compress_age",
        "Segments that were ended so long ago are compressed with zstd, those of alerts as well, "
        "and "
        "their names end in `.zst` then; 0: none is. Longer than your shipper may be away, if it "
        "reads segments as they are written."},
    c.compress_age, Range{0, 87600, "hours"});
  v(Key{"sync_alerts",
        "An alert in a file is on the disk before more records are taken in: in that of "
        "`output.alerts` where there is one, else in `path`. The rest is written out as the kernel "
        "sees fit."},
    c.sync_alerts);
  v(Key{"telemetry",
        "`false`: events are only counted, not written; alerts, losses and health remain."},
    c.telemetry);
  v(Key{"omit_empty",
        "Fields of events that are null, false or empty are left out of lines. By default `true` "
        "when `rotation` is `segments`. Alerts, losses and health have all of their fields, and "
        "lines of another `format` never have empty ones."},
    c.omit_empty);
}

template <typename V>
void VisitKeys(V& v, FurtherOutputConfig& c) {
  v(Key{"name", "Its name in health, metrics and messages; unique.", kRequired}, c.name, kLabel);
  v(Key{"type",
        "`file`: lines are appended to `path`, or to its segments. `journald`: alerts become "
        "entries of the journal, as with `output.alerts.journal`. `syslog`: each line is a message "
        "to the unix socket `path` (`/dev/log` by default), with the facility `daemon` and the "
        "priority of an alert's severity."},
    c.type);
  v(Key{"path", "A file, or the socket of `syslog`. Must be another file than all others."}, c.path,
    kAnyPath);
  v(Key{"format", "As in `output`."}, c.format);
  v(Key{"kinds", "Lines of other kinds do not go here; without it, all do."}, c.kinds);
  v(Key{"omit_empty", "As in `output`."}, c.omit_empty);
  v(Key{"rotation", "As in `output`."}, c.rotation);
  v(Key{"rotate_size", "As in `output`."}, c.rotate_size, Range{0, 1048576, "MiB"});
  v(Key{"rotate_age", "As in `output`."}, c.rotate_age, Range{0, 87600, "hours"});
  v(Key{"rotate_keep", "As in `output`."}, c.rotate_keep, Range{1, 1000});
  v(Key{"keep_size", "As in `output`."}, c.keep_size, Range{0, 16777216, "MiB"});
  v(Key{"keep_age", "As in `output`."}, c.keep_age, Range{0, 87600, "hours"});
  v(Key{"compress_age", "As in `output`."}, c.compress_age, Range{0, 87600, "hours"});
}

template <typename V>
void VisitKeys(V& v, AlertOutputConfig& c) {
  v(Key{"path",
        "File that each alert is appended to, besides all lines going where `output` says. It is "
        "rotated by itself, so that no flood of other lines removes an alert. Must be another "
        "file than `output.path` and its old ones. Empty: none."},
    c.path, kAnyPath);
  v(Key{"rotate_size", "As in `output`."}, c.rotate_size, Range{0, 1048576, "MiB"});
  v(Key{"rotate_age", "As in `output`."}, c.rotate_age, Range{0, 87600, "hours"});
  v(Key{"rotate_keep", "As in `output`."}, c.rotate_keep, Range{1, 1000});
  v(Key{"keep_size", "As in `output`."}, c.keep_size, Range{0, 16777216, "MiB"});
  v(Key{"keep_age", "As in `output`."}, c.keep_age, Range{0, 87600, "hours"});
  v(Key{"journal",
        "Alerts also become entries of the journal, with fields to filter on. Without a journal "
        "the analyzer goes on, and health reports it."},
    c.journal);
}

template <typename V>
void VisitKeys(V& v, MetricsConfig& c) {
  v(Key{"path",
        "File of [metrics](metrics.md) in Prometheus' text format, in the folder that the textfile "
        "collector of node-exporter reads. The analyzer's user must be allowed to make files "
        "there. Must be another file than those of `output`. Empty: none."},
    c.path, kMetricsPath);
  v(Key{"interval_secs", "How often it is written."}, c.interval_secs, Range{1, 3600, "seconds"});
}

template <typename V>
void VisitKeys(V& v, PerformanceConfig& c) {
  v(Key{"max_events_per_second",
        "File and network events above this are counted and reported as `loss` of reason "
        "`rate_limit` instead of printed; 0: no limit. Three quarters are for whoever comes first, "
        "in equal shares as soon as they do not suffice. An eighth is kept for root on the host, "
        "an eighth is divided among all other users and containers. Process events and alerts are "
        "never limited."},
    c.max_events_per_second, Range{0, 10000000});
  v(Key{"drop_when_full",
        "`false`: when the output is slow, records wait in the ring buffers, where losses are "
        "counted. `true` (drop telemetry and go on) is accepted with a warning.",
        kOptional, "records always wait: what the rings cannot hold is counted as lost"},
    c.drop_when_full);
  v(Key{"max_process_cache_entries",
        "Most processes remembered, as far as 112 MiB hold them; evictions are counted."},
    c.max_process_cache_entries, Range{64, 4194304});
  v(Key{"max_pending_exec_sources",
        "Accepted for older configurations; a value other than the default gets a warning.",
        kOptional, "no exec waits for its source: each record carries its own"},
    c.max_pending_exec_sources, Range{1, 1000000});
}

template <typename V>
void VisitKeys(V& v, CorrelationRule& c) {
  v(Key{"type",
        "Says which matches of `rules` within `timespan` make it fire. `event_count`: so many "
        "matches. `value_count`: so many values of `field`. `value_sum`, `value_avg`, "
        "`value_percentile`: of the numbers in `field`. `temporal`: each of `rules`. "
        "`temporal_ordered`: each of them, in their order. `absence`: the first of `rules`, which "
        "the second does not follow.",
        kRequired},
    c.type);
  v(Key{"rules", "The rules whose matches count; also correlations.", kRequired}, c.rules,
    kRuleIds);
  v(Key{"group_by",
        "Matches count together if they have the same values of these fields, or aliases. Without "
        "it, all count together."},
    c.group_by, kFields);
  v(Key{"aliases",
        "Names for `group_by` whose field differs between `rules`: `name = { ID = \"field\", ... "
        "}`."},
    c.aliases);
  v(Key{"timespan", "The time within which all must happen.", kRequired}, c.timespan, kTimespan);
  v(Key{"field", "`value_*`, needed: the field whose values count."}, c.field, kField);
  v(Key{"gt",
        "The count, or the value, must be greater. `event_count` and `value_*` need at least "
        "one of these six."},
    c.gt);
  v(Key{"gte", "It must be greater or equal."}, c.gte);
  v(Key{"lt", "It must be less."}, c.lt);
  v(Key{"lte", "It must be less or equal."}, c.lte);
  v(Key{"eq", "It must be equal."}, c.eq);
  v(Key{"neq", "It must not be equal."}, c.neq);
  v(Key{"percentile", "`value_percentile`: which one."}, c.percentile, Range{1, 100});
  v(Key{"max_groups",
        "Most groups remembered. Beyond it the one that has been quiet for longest is forgotten, "
        "which is counted."},
    c.max_groups, Range{1, 65536});
  v(Key{"generate",
        "`false`: `rules` raise no alerts of their own while this rule is on, unless another "
        "correlation that is on says `true`."},
    c.generate);
}

template <typename V>
void VisitKeys(V& v, Rule& r) {
  v(Key{"id", "Unique over all files; ids that begin with `BUILTIN-` are reserved.", kRequired},
    r.id, kLabel);
  v(Key{"name", "The alert's name.", kRequired}, r.name, kName);
  v(Key{"enabled",
        "A rule that is off is checked all the same. If it lacks a key that its type needs, that "
        "is "
        "a warning; the rule must be complete before it can be on."},
    r.enabled);
  v(Key{"type", "Which events the rule looks at, and which of the keys below it takes.", kRequired},
    r.type);
  v(Key{"severity", "Handed on in the alert.", kRequired}, r.severity);
  v(Key{"action", "The action when the rule fires."}, r.action);
  v(Key{"alert",
        "`false`: the rule raises no alert of its own, and only correlations see its matches."},
    r.alert);
  v(Key{"process_names",
        "process, network: name of the process, without a folder: its executable's, or its own "
        "(`comm`). A process rule looks at `process_start`, needs this or `parent_names`; with "
        "both, "
        "both must match."},
    r.process_names, kProcessNames);
  v(Key{"parent_names",
        "process: name of its creator, or of its parent where that is not known, likewise."},
    r.parent_names, kProcessNames);
  v(Key{"paths",
        "file: with `/` at the end, whatever is below; otherwise the path itself and all below it. "
        "A file rule needs this or `patterns`; with both, both must match. In a rename or link, "
        "either name may match, and the alert's `path` is the one that did."},
    r.paths, kPaths);
  v(Key{"patterns", "file: `*` at the start matches any beginning; else the whole path."},
    r.patterns, kPatterns);
  v(Key{"operations",
        "file, needed: what was done to the file. The alert's `operation` is named as here: "
        "`file_write` for `file_write` and for `*`."},
    r.operations);
  v(Key{"direction", "network, needed: connect is outbound, bind and listen are inbound."},
    r.direction);
  v(Key{"ports", "network, needed: the remote port of a connect, the local one otherwise."},
    r.ports);
  v(Key{"condition",
        "Must hold for the event. With the keys above, both must hold. A rule that has a condition "
        "may leave out the keys that its type needs."},
    r.condition, kCondition);
  v(Key{"events",
        "The `event_type`s that the rule looks at. Without it: `process_start`; for files and the "
        "network, all events that have the condition's fields."},
    r.events, kEventTypes);
  v(Key{"unless",
        "Exceptions: conditions under which the rule does not fire. A text, or a list of texts and "
        "of `{ name = \"...\", condition = \"...\" }`."},
    r.unless);
  v(Key{"correlation", "correlation, needed: what it looks for, a table of its own below."},
    r.correlation);
  v(Key{"description", "Explains what it means when the rule fires; handed on in the alert."},
    r.description, kLongProse);
  v(Key{"author", "The author of the rule; handed on in the alert."}, r.author, kAuthor);
  v(Key{"tags", "Handed on in the alert, for example ATT&CK ids: `attack.t1543.002`."}, r.tags,
    kLabels);
  v(Key{"references", "Where to read more; handed on in the alert."}, r.references, kProses);
  v(Key{"false_positives",
        "Harmless activity that makes the rule fire, too; handed on in the alert."},
    r.false_positives, kProses);
  v(Key{"tests",
        "Cases for `rand-guard rules test`: `name`, `event` (a table of fields) or `json` (a line "
        "of output), `before` (a list of earlier events), `fires` (`true`). A correlation has "
        "`events`, each with `at` (seconds) and `repeat`, and `until` (seconds), in the place of "
        "`event`."},
    r.tests);
}

template <typename V>
void VisitKeys(V& v, AlertsConfig& c) {
  v(Key{"window_secs",
        "Identical alerts within this time of the first one are counted, and one alert at its end "
        "reports them; 0: every alert is written."},
    c.window_secs, Range{0, 86400, "seconds"});
  v(Key{"max_folded",
        "Most alerts remembered for that. Beyond it the oldest one is reported and forgotten "
        "early, which is counted."},
    c.max_folded, Range{1, 1000000});
  v(Key{"built_in_rules", "`false`: rules whose ids begin with `BUILTIN-` are off."},
    c.built_in_rules);
  v(Key{"min_severity",
        "Rules below it are evaluated, and raise no alert; health counts how often they fire."},
    c.min_severity);
}

template <typename V>
void VisitKeys(V& v, SigmaConfig& c) {
  v(Key{"paths",
        "Files and folders of Sigma rules, besides those in `rules.d`; of a folder, all `*.yml` "
        "and `*.yaml` below it. A relative path starts from the folder of this file."},
    c.paths, kSigmaPaths);
  v(Key{"mapping",
        "A file that says which fields and events Sigma's names stand for, over what is built in: "
        "[Sigma](sigma.md#mapping)."},
    c.mapping, kSomePath);
  v(Key{"min_level", "Rules below it are not loaded."}, c.min_level);
  v(Key{"status",
        "Rules of another status are not loaded. Those that have none are. `[]`: rules of any "
        "status."},
    c.status);
  v(Key{"disable", "Ids of rules that are not loaded."}, c.disable, kSigmaIds);
  v(Key{"on_unsupported",
        "How a document is taken that is wrong, or asks for what is not supported. `skip`: it is "
        "left out and reported. `refuse`: it is an error, and the configuration is not taken."},
    c.on_unsupported);
}

template <typename V>
void VisitKeys(V& v, PersistenceDetection& d) {
  v(Key{"name", "The value of the event's `detection_type`.", kRequired}, d.name, kLabel);
  v(Key{"paths", "As in a file rule."}, d.paths, kPaths);
  v(Key{"patterns",
        "`*` at the start matches any beginning. Without it, the text may be anywhere in the path. "
        "A detection needs this or `paths`; with both, both must match."},
    d.patterns, kLoosePatterns);
  v(Key{"operations", "As in a file rule.", kRequired}, d.operations);
}

template <typename V>
void VisitKeys(V& v, NetworkDetection& d) {
  v(Key{"name", "The value of the event's `detection_type`.", kRequired}, d.name, kLabel);
  v(Key{"directions", "As in a network rule.", kRequired}, d.directions);
  v(Key{"ports", "As in a network rule.", kRequired}, d.ports);
  v(Key{"process_names", "As in a network rule. Without it, every process."}, d.process_names,
    kProcessNames);
}

template <typename V>
void VisitTables(V& v, Config& c) {
  v(Table{"agent", "The sensor itself."}, c.agent);
  v(Table{"ebpf", "The kernel side."}, c.ebpf);
  v(Table{"events", "Which domains are observed."}, c.events);
  v(Table{"process", "Process events."}, c.process);
  v(Table{"file", "File events."}, c.file);
  v(Table{"network", "Network events."}, c.network);
  v(Table{"output", "Where events go."}, c.output);
  v(Table{"output.alerts", "Where alerts go besides."}, c.output.alerts);
  v(Table{"outputs",
          "A further output each, at most 8: lines that `output` writes, in another format or "
          "place. None is waited for: up to 1 MiB waits for it, lines that come then are lost "
          "there, "
          "and counted in health. Losses in it are no `loss` lines, for those are about `output`."},
    c.outputs);
  v(Table{"metrics", "Metrics for Prometheus."}, c.metrics);
  v(Table{"performance", "Bounds."}, c.performance);
  v(Table{"alerts", "How alerts are handled."}, c.alerts);
  v(Table{"rules",
          "One rule each; also in `rules.d/*.toml`. The language of conditions: [rules](rules.md). "
          "A key of another type than the rule's is an error, and so is a rule that can never "
          "match."},
    c.rules);
  v(Table{"lists",
          "Lists that conditions of any file can name: `name = [\"a\", \"b\"]`, or of "
          "numbers; also in `rules.d/*.toml`."},
    c.lists);
  v(Table{"macros",
          "Conditions that conditions of any file can name: `name = 'condition'`; also in "
          "`rules.d/*.toml`."},
    c.macros);
  v(Table{"detections.persistence",
          "Marks file events that make a program start again: `alert`, `detection_type`."},
    c.detections.persistence);
  v(Table{"detections.network", "Marks network events in the same way."}, c.detections.network);
  v(Table{"sigma", "Rules in the format of the Sigma project: [Sigma](sigma.md)."}, c.sigma);
  v(Table{"sigma.placeholders",
          "Values of placeholders, for the modifier `expand`: `name = [\"a\", \"b\"]` is what "
          "`%name%` stands for."},
    c.placeholders);
}

}  // namespace randguard

#endif  // ANALYZER_CONFIG_KEYS_H_

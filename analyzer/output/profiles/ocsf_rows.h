// SPDX-License-Identifier: Apache-2.0
//
// Where each field goes in the Open Cybersecurity Schema Framework 1.8. A field without an
// attribute there is in unmapped, as the native line has it.
#ifndef ANALYZER_OUTPUT_PROFILES_OCSF_ROWS_H_
#define ANALYZER_OUTPUT_PROFILES_OCSF_ROWS_H_

#include "analyzer/output/profiles/row.h"

namespace randguard::profiles::ocsf {

inline constexpr Row kRest = {"*", "unmapped.*"};
inline constexpr Row kRestAlone[] = {kRest};

#define RG_OCSF_LINE                                                                             \
  {"", "metadata.product", As::kConstant,                                                        \
   "{\"name\":\"rand-guard\",\"vendor_name\":\"rand-guard\"}"},                                  \
      {"", "metadata.version", As::kConstant, "\"1.8.0\""}, {"", "metadata.sequence", As::kSeq}, \
      {"", "metadata.event_code", As::kEventType}, {"", "device.type_id", As::kConstant, "0"},   \
      {"", "device.boot_uid", As::kBoot},                                                        \
      {"", "device.os", As::kConstant, "{\"name\":\"Linux\",\"type_id\":200}"},                  \
      {"", "device.agent_list[].type_id", As::kConstant, "1"}, {"", "class_uid", As::kPart0},    \
      {"", "class_name", As::kPart7}, {"", "category_uid", As::kPart1},                          \
      {"", "type_uid", As::kPart2}, {"", "activity_id", As::kPart3},                             \
      {"", "activity_name", As::kPart4}, {                                                       \
    "", "status_id", As::kPart5                                                                  \
  }

inline constexpr Row kLine[] = {
    RG_OCSF_LINE,
    {"", "metadata.profiles", As::kConstant, "[\"container\",\"datetime\",\"host\",\"linux\"]"},
    {"", "severity_id", As::kConstant, "1"},
    {"", "launch_type_id", As::kPart6},
};
// For lines without an event_id of their own. That of an alert is the event's.
inline constexpr Row kAlertLine[] = {
    RG_OCSF_LINE,
    {"", "metadata.profiles", As::kConstant,
     "[\"container\",\"datetime\",\"host\",\"linux\",\"security_control\"]"},
    {"", "metadata.uid", As::kLineId},
    {"", "finding_info.uid", As::kLineId},
    {"", "finding_info.analytic.type_id", As::kConstant, "1"},
    {"", "is_alert", As::kConstant, "true"},
};
inline constexpr Row kReportLine[] = {
    RG_OCSF_LINE,
    {"", "metadata.profiles", As::kConstant, "[\"datetime\",\"host\"]"},
    {"", "metadata.uid", As::kLineId},
    {"", "severity_id", As::kPart6},
    {"", "log_name", As::kConstant, "\"rand-guard\""},
};

#define RG_OCSF_MOMENT                                                                          \
  {"time", "time", As::kEpochMilliseconds}, {"time", "time_dt"}, {"host", "device.hostname"}, { \
    "agent_id", "device.agent_list[].uid"                                                       \
  }

// The process that acts, below `at`.
#define RG_OCSF_PROCESS(at)                                                                  \
  {"pid", at "pid"}, {"tid", at "tid"}, {"uid", at "user.uid", As::kText},                   \
      {"gid", at "group.uid", As::kText}, {"comm", at "name", As::kNameWithoutPath},         \
      {"exe_path", at "path"}, {"exe_path", at "name", As::kBase}, {"process_id", at "uid"}, \
      {"process_id", at "created_time", As::kEpochMilliseconds},                             \
      {"process_id", at "created_time_dt", As::kStart}, {"ppid", at "parent_process.pid"},   \
      {"parent_process_id", at "parent_process.uid"}, {"container_id", at "container.uid"},  \
      {"container_runtime", at "container.runtime", As::kRuntime}, {                         \
    "comm", "unmapped.comm"                                                                  \
  }

// Its program, which is a regular file.
#define RG_OCSF_PROGRAM(at)                                                \
  {"exe_path", at "file.path"}, {"exe_path", at "file.name", As::kBase}, { \
    "exe_path", at "file.type_id", As::kOne                                \
  }

// Whoever acts.
inline constexpr Row kActor[] = {
    RG_OCSF_MOMENT,
    RG_OCSF_PROCESS("actor.process."),
    RG_OCSF_PROGRAM("actor.process."),
    {"uid", "actor.user.uid", As::kText},
    {"event_id", "metadata.uid"},
    kRest,
};
// The line is about the process that acts, and its parent has made it.
inline constexpr Row kActorIsChild[] = {
    RG_OCSF_MOMENT,
    RG_OCSF_PROCESS("process."),
    RG_OCSF_PROGRAM("process."),
    {"ppid", "actor.process.pid"},
    {"parent_process_id", "actor.process.uid"},
    {"event_id", "metadata.uid"},
    kRest,
};
// The line is about the process that acts, which has done it itself.
#define RG_OCSF_BOTH                                                           \
  RG_OCSF_MOMENT, RG_OCSF_PROCESS("process."), {"pid", "actor.process.pid"},   \
      {"process_id", "actor.process.uid"}, {"exe_path", "actor.process.path"}, \
      {"uid", "actor.user.uid", As::kText}, {"event_id", "metadata.uid"}, kRest
inline constexpr Row kActorIsBoth[] = {RG_OCSF_BOTH, RG_OCSF_PROGRAM("process.")};
// The file is what could not be started.
inline constexpr Row kActorStartsNothing[] = {RG_OCSF_BOTH};

// A call's error is the status; its result stays what it is.
inline constexpr Row kCall[] = {
    {"error", "status_code"},
    kRest,
};
// A call as what the kernel was asked for.
inline constexpr Row kKernelCall[] = {
    {"error", "status_code"},
    {"syscall", "kernel.name"},
    {"syscall", "kernel.system_call"},
    {"", "kernel.type_id", As::kConstant, "2"},
    kRest,
};

inline constexpr Row kProcessStart[] = {
    {"command_line", "process.cmd_line"},
    {"env", "process.environment_variables", As::kVariables},
    {"env", "unmapped.env"},
    {"cwd", "process.working_directory"},
    {"euid", "process.euid"},
    {"egid", "process.egid"},
    {"user", "process.user.name"},
    {"loginuid", "process.auid"},
    {"session_id", "process.session.uid", As::kText},
    {"tty", "process.session.terminal"},
    {"ns_pid", "process.namespace_pid"},
    {"ancestors", "process.lineage"},
    {"parent_comm", "actor.process.name", As::kNameWithoutPath},
    {"parent_exe_path", "actor.process.path"},
    {"parent_exe_path", "actor.process.name", As::kBase},
    kRest,
};

inline constexpr Row kProcessExecFailed[] = {
    {"error", "status_code"},
    {"command_line", "process.cmd_line"},
    {"filename", "process.file.path"},
    {"filename", "process.file.name", As::kFileName},
    {"", "process.file.type_id", As::kConstant, "0"},
    kRest,
};

inline constexpr Row kFork[] = {
    {"child_pid", "process.pid"},
    {"child_tid", "process.tid"},
    {"child_comm", "process.name"},
    {"child_process_id", "process.uid"},
    {"child_process_id", "process.created_time", As::kEpochMilliseconds},
    {"child_process_id", "process.created_time_dt", As::kStart},
    {"child_ns_pid", "process.namespace_pid"},
    {"parent_pid", "process.parent_process.pid"},
    kRest,
};

inline constexpr Row kProcessExit[] = {
    {"exit_code", "exit_code"},
    {"duration_ns", "duration", As::kMilliseconds},
    {"duration_ns", "unmapped.duration_ns"},
    {"group_dead", "process.terminated_time_dt", As::kEnd},
    {"group_dead", "unmapped.group_dead"},
    kRest,
};

#define RG_OCSF_FILE(field, at) \
  {field, at ".path"}, { field, at ".name", As::kFileName }

// Events of a file whose type is not known.
inline constexpr Row kFileName[] = {
    RG_OCSF_FILE("resolved_path", "file"),
    {"", "file.type_id", As::kConstant, "0"},
    kRest,
};
// Events of a file.
inline constexpr Row kFile[] = {RG_OCSF_FILE("resolved_path", "file"), kRest};

inline constexpr Row kFileRename[] = {
    RG_OCSF_FILE("old_resolved_path", "file"),
    {"", "file.type_id", As::kConstant, "0"},
    RG_OCSF_FILE("new_resolved_path", "file_result"),
    {"", "file_result.type_id", As::kConstant, "0"},
    kRest,
};

// The file that came to be is the link.
inline constexpr Row kFileLink[] = {
    RG_OCSF_FILE("new_resolved_path", "file"),
    {"", "file.type_id", As::kConstant, "0"},
    kRest,
};

inline constexpr Row kFileObject[] = {
    {"inode", "file.uid", As::kText},
    {"mode", "file.type_id", As::kFileTypeId},
    {"mode", "unmapped.mode"},
    {"dev", "file.volume"},
    {"owner_uid", "file.owner.uid", As::kText},
    kRest,
};

inline constexpr Row kMount[] = {
    RG_OCSF_FILE("target_path", "file"),
    {"", "file.type_id", As::kConstant, "2"},
    kRest,
};

inline constexpr Row kCredentialsChange[] = {
    {"before", "unmapped.before"},
    {"after", "unmapped.after"},
    {"after.euid", "process.euid"},
    {"after.egid", "process.egid"},
    kRest,
};

inline constexpr Row kTarget[] = {
    {"target.pid", "process.pid"},
    {"target_argument", "unmapped.target_argument"},
    {"target.tid", "process.tid"},
    {"target.uid", "process.user.uid", As::kText},
    {"target.process_id", "process.uid"},
    {"target.comm", "process.name", As::kNameWithoutPath},
    {"target.exe_path", "process.path"},
    {"target.exe_path", "process.name", As::kBase},
    {"target_argument", "process.uid", As::kUnknownTarget},
    {"target.comm", "unmapped.target.comm"},
    kRest,
};

inline constexpr Row kModuleLoad[] = {
    RG_OCSF_FILE("path", "driver.file"),
    {"", "driver.file.type_id", As::kConstant, "0"},
    kRest,
};
inline constexpr Row kModuleUnload[] = {
    {"module", "driver.file.name", As::kFileName},
    {"", "driver.file.type_id", As::kConstant, "0"},
    kRest,
};
inline constexpr Row kRootChange[] = {{"new_root_path", "kernel.path"}, kRest};
inline constexpr Row kNamespaceChange[] = {{"path", "kernel.path"}, kRest};

inline constexpr Row kIoUring[] = {
    {"", "kernel.name", As::kConstant, "\"io_uring\""},
    {"", "kernel.type_id", As::kConstant, "99"},
    {"", "kernel.type", As::kConstant, "\"io_uring\""},
    kRest,
};

#define RG_OCSF_SOCKET(direction, local, remote)                                                   \
  {"", "connection_info.direction_id", As::kConstant, direction},                                  \
      {"protocol", "connection_info.protocol_name", As::kTransport},                               \
      {"protocol", "connection_info.protocol_num", As::kProtocolNumber},                           \
      {"protocol", "unmapped.protocol"}, {"family", "unmapped.family"},                            \
      {"family", "connection_info.protocol_ver_id", As::kIpVersion},                               \
      {"local_addr", local ".ip", As::kIp}, {"local_addr", local ".name", As::kNotIp},             \
      {"local_port", local ".port", As::kPort},                                                    \
      {"local_port", "unmapped.local_port", As::kNotPort}, {"remote_addr", remote ".ip", As::kIp}, \
      {"remote_addr", remote ".name", As::kNotIp}, {"remote_port", remote ".port", As::kPort},     \
      {"remote_port", "unmapped.remote_port", As::kNotPort}, kRest

// The process asked for it.
inline constexpr Row kSocketOutbound[] = {RG_OCSF_SOCKET("2", "src_endpoint", "dst_endpoint")};
// The peer asked for it.
inline constexpr Row kSocketInbound[] = {RG_OCSF_SOCKET("1", "dst_endpoint", "src_endpoint")};
// No peer has asked for anything yet.
inline constexpr Row kSocketAlone[] = {RG_OCSF_SOCKET("0", "src_endpoint", "dst_endpoint")};

inline constexpr Row kCloseOutbound[] = {
    {"error", "status_code"},
    {"bytes_sent", "traffic.bytes_out", As::kLong},
    {"bytes_received", "traffic.bytes_in", As::kLong},
    {"duration_ns", "duration", As::kMilliseconds},
    {"duration_ns", "unmapped.duration_ns"},
    kRest,
};
inline constexpr Row kCloseInbound[] = {
    {"error", "status_code"},
    {"bytes_sent", "traffic.bytes_in", As::kLong},
    {"bytes_received", "traffic.bytes_out", As::kLong},
    {"duration_ns", "duration", As::kMilliseconds},
    {"duration_ns", "unmapped.duration_ns"},
    kRest,
};

#define RG_OCSF_ALERT                                                                              \
  RG_OCSF_MOMENT, RG_OCSF_PROCESS("actor.process."), {"uid", "actor.user.uid", As::kText},         \
      {"process_name", "unmapped.process_name"}, {"process_id", "evidences[].process.uid"},        \
      {"pid", "evidences[].process.pid"}, {"path", "evidences[].file.path"},                       \
      {"path", "evidences[].file.name", As::kBase},                                                \
      {"path", "evidences[].file.type_id", As::kZero}, {"rule_id", "finding_info.analytic.uid"},   \
      {"rule_name", "finding_info.analytic.name"}, {"rule_name", "finding_info.title"},            \
      {"description", "finding_info.desc"}, {"rule_type", "finding_info.analytic.category"},       \
      {"time", "finding_info.created_time", As::kEpochMilliseconds},                               \
      {"time", "finding_info.created_time_dt"},                                                    \
      {"first_time", "finding_info.first_seen_time", As::kEpochMilliseconds},                      \
      {"first_time", "finding_info.first_seen_time_dt"},                                           \
      {"last_time", "finding_info.last_seen_time", As::kEpochMilliseconds},                        \
      {"last_time", "finding_info.last_seen_time_dt"}, {"matches", "unmapped.matches"},            \
      {"matches", "finding_info.related_events", As::kUids},                                       \
      {"matches_total", "finding_info.related_events_count"}, {"tags", "unmapped.tags"},           \
      {"tags", "finding_info.attacks", As::kAttacks},                                              \
      {"rule_references", "finding_info.src_url", As::kFirst},                                     \
      {"rule_references", "unmapped.rule_references"}, {"severity", "severity_id", As::kSeverity}, \
      {"severity", "severity", As::kSeverityName}, {"severity", "unmapped.severity"},              \
      {"count", "count"}, {"error", "status_code"}, {"command_line", "actor.process.cmd_line"},    \
      {"cwd", "actor.process.working_directory"}, {"user", "actor.process.user.name"},             \
      {"user", "actor.user.name"}, {"tty", "actor.process.session.terminal"},                      \
      {"loginuid", "actor.process.auid"},                                                          \
      {"parent_exe_path", "actor.process.parent_process.path"},                                    \
      {"parent_name", "actor.process.parent_process.name"},                                        \
      {"parent_command_line", "actor.process.parent_process.cmd_line"}, kRest

#define RG_OCSF_ALERT_SOCKET(direction, peer)                                                \
  RG_OCSF_ALERT, {"", "evidences[].connection_info.direction_id", As::kConstant, direction}, \
      {"addr", "evidences[]." peer ".ip", As::kIp}, {                                        \
    "addr", "evidences[]." peer ".name", As::kNotIp                                          \
  }
// The port is that of the address.
#define RG_OCSF_ALERT_PORT(peer) \
  {"port", "evidences[]." peer ".port", As::kPort}, { "port", "unmapped.port", As::kNotPort }

// An alert, by the direction of what made the rule fire: none, outbound, inbound, without a peer.
inline constexpr Row kAlert[] = {RG_OCSF_ALERT};
inline constexpr Row kAlertOutbound[] = {RG_OCSF_ALERT_SOCKET("2", "dst_endpoint"),
                                         RG_OCSF_ALERT_PORT("dst_endpoint")};
inline constexpr Row kAlertInbound[] = {RG_OCSF_ALERT_SOCKET("1", "src_endpoint")};
inline constexpr Row kAlertLocal[] = {RG_OCSF_ALERT_SOCKET("0", "src_endpoint"),
                                      RG_OCSF_ALERT_PORT("src_endpoint")};

inline constexpr Row kLoss[] = {
    RG_OCSF_MOMENT,
    {"count", "count"},
    {"reason", "status_detail"},
    {"from_ns", "start_time", As::kEpochMilliseconds},
    {"from_ns", "unmapped.from_ns"},
    {"to_ns", "end_time", As::kEpochMilliseconds},
    {"to_ns", "unmapped.to_ns"},
    kRest,
};
inline constexpr Row kHealth[] = {RG_OCSF_MOMENT, {"status", "status_detail"}, kRest};
inline constexpr Row kCanary[] = {RG_OCSF_MOMENT, kRest};

}  // namespace randguard::profiles::ocsf

#endif  // ANALYZER_OUTPUT_PROFILES_OCSF_ROWS_H_

// SPDX-License-Identifier: Apache-2.0
//
// Where each field goes in the Elastic Common Schema 9. A field without a home there is under
// rand_guard, as the native line has it.
//
// Public rules for Linux take a fork's process for the child, and its parent for the caller. The
// side that asked for a connection is its source, whoever reports it.
#ifndef ANALYZER_OUTPUT_PROFILES_ECS_ROWS_H_
#define ANALYZER_OUTPUT_PROFILES_ECS_ROWS_H_

#include "analyzer/output/profiles/row.h"

namespace randguard::profiles::ecs {

inline constexpr Row kRest = {"*", "rand_guard.*"};

inline constexpr Row kLine[] = {
    {"", "ecs.version", As::kConstant, "\"9.5.0\""},
    {"", "agent.type", As::kConstant, "\"rand-guard\""},
    {"", "host.os.type", As::kConstant, "\"linux\""},
    {"", "host.boot.id", As::kBoot},
    {"", "event.module", As::kConstant, "\"rand_guard\""},
    {"", "event.kind", As::kPart0},
    {"", "event.category", As::kPart1},
    {"", "event.type", As::kPart2},
    {"", "event.action", As::kPart3},
    {"", "event.outcome", As::kPart4},
    {"", "event.sequence", As::kSeq},
    {"", "rand_guard.event_type", As::kEventType},
};
// For lines without an event_id of their own. That of an alert is the event's.
inline constexpr Row kReportLine[] = {
    {"", "ecs.version", As::kConstant, "\"9.5.0\""},
    {"", "agent.type", As::kConstant, "\"rand-guard\""},
    {"", "host.os.type", As::kConstant, "\"linux\""},
    {"", "host.boot.id", As::kBoot},
    {"", "event.module", As::kConstant, "\"rand_guard\""},
    {"", "event.kind", As::kPart0},
    {"", "event.category", As::kPart1},
    {"", "event.type", As::kPart2},
    {"", "event.action", As::kPart3},
    {"", "event.sequence", As::kSeq},
    {"", "event.id", As::kLineId},
    {"", "rand_guard.event_type", As::kEventType},
};

// Whoever acts.
inline constexpr Row kActor[] = {
    {"time", "@timestamp"},
    {"event_id", "event.id"},
    {"host", "host.name"},
    {"host", "host.hostname"},
    {"host", "host.id"},
    {"agent_id", "agent.id"},
    {"pid", "process.pid"},
    {"tid", "process.thread.id"},
    {"ppid", "process.parent.pid"},
    {"uid", "user.id", As::kText},
    {"uid", "process.real_user.id", As::kText},
    {"gid", "group.id", As::kText},
    {"gid", "process.real_group.id", As::kText},
    {"comm", "process.thread.name"},
    {"comm", "process.name", As::kNameWithoutPath},
    {"exe_path", "process.executable"},
    {"exe_path", "process.name", As::kBase},
    {"process_id", "process.entity_id"},
    {"process_id", "process.start", As::kStart},
    {"parent_process_id", "process.parent.entity_id"},
    {"container_id", "container.id"},
    {"container_runtime", "container.runtime"},
    kRest,
};
// Whoever acts has made the process that the line is about.
inline constexpr Row kActorIsParent[] = {
    {"time", "@timestamp"},
    {"event_id", "event.id"},
    {"host", "host.name"},
    {"host", "host.hostname"},
    {"host", "host.id"},
    {"agent_id", "agent.id"},
    {"pid", "process.parent.pid"},
    {"tid", "process.parent.thread.id"},
    {"uid", "user.id", As::kText},
    {"uid", "process.real_user.id", As::kText},
    {"uid", "process.parent.real_user.id", As::kText},
    {"gid", "group.id", As::kText},
    {"gid", "process.real_group.id", As::kText},
    {"gid", "process.parent.real_group.id", As::kText},
    {"comm", "process.parent.thread.name"},
    {"comm", "process.parent.name", As::kNameWithoutPath},
    {"exe_path", "process.parent.executable"},
    {"exe_path", "process.parent.name", As::kBase},
    {"exe_path", "process.executable"},
    {"exe_path", "process.name", As::kBase},
    {"process_id", "process.parent.entity_id"},
    {"process_id", "process.parent.start", As::kStart},
    {"container_id", "container.id"},
    {"container_runtime", "container.runtime"},
    kRest,
};

inline constexpr Row kRestAlone[] = {kRest};

inline constexpr Row kProcessStart[] = {
    {"args", "process.args"},
    {"argc", "process.args_count"},
    {"command_line", "process.command_line"},
    {"env", "process.env_vars"},
    {"cwd", "process.working_directory"},
    {"euid", "process.user.id", As::kText},
    {"euid", "user.effective.id", As::kText},
    {"egid", "process.group.id", As::kText},
    {"egid", "user.effective.group.id", As::kText},
    {"suid", "process.saved_user.id", As::kText},
    {"sgid", "process.saved_group.id", As::kText},
    {"user", "user.name"},
    {"user", "process.real_user.name"},
    {"session_id", "process.session_leader.pid"},
    {"session_id", "process.session_leader.same_as_process", As::kIsOwnPid},
    {"session_id", "process.session_leader.entity_id", As::kOwnEntity},
    {"pgid", "process.group_leader.pid"},
    {"pgid", "process.group_leader.same_as_process", As::kIsOwnPid},
    {"pgid", "process.group_leader.entity_id", As::kOwnEntity},
    {"capabilities", "rand_guard.capabilities"},
    {"capabilities.effective", "process.thread.capabilities.effective", As::kCapabilities},
    {"capabilities.permitted", "process.thread.capabilities.permitted", As::kCapabilities},
    {"ns_pid", "process.vpid"},
    {"stdin_type", "process.interactive", As::kIsTerminal},
    {"stdin_type", "rand_guard.stdin_type"},
    {"parent_comm", "process.parent.thread.name"},
    {"parent_comm", "process.parent.name", As::kNameWithoutPath},
    {"parent_exe_path", "process.parent.executable"},
    {"parent_exe_path", "process.parent.name", As::kBase},
    kRest,
};

inline constexpr Row kProcessExecFailed[] = {
    {"args", "process.args"},
    {"command_line", "process.command_line"},
    kRest,
};

// A process was made; of a thread, all is under rand_guard.
inline constexpr Row kFork[] = {
    {"child_pid", "process.pid"},
    {"child_tid", "process.thread.id"},
    {"child_comm", "process.thread.name"},
    {"child_comm", "process.name", As::kNameWithoutPath},
    {"child_process_id", "process.entity_id"},
    {"child_process_id", "process.start", As::kStart},
    {"child_ns_pid", "process.vpid"},
    kRest,
};

inline constexpr Row kProcessExit[] = {
    {"group_dead", "process.end", As::kEnd},
    {"group_dead", "rand_guard.group_dead"},
    {"exit_code", "process.exit_code"},
    {"duration_ns", "rand_guard.duration_ns"},
    {"duration_ns", "process.uptime", As::kSeconds},
    kRest,
};

#define RG_ECS_FILE(field)                                                                         \
  {field, "file.path"}, {field, "file.name", As::kBase}, {field, "file.directory", As::kFolder}, { \
    field, "file.extension", As::kExtension                                                        \
  }

// Events of one file.
inline constexpr Row kFile[] = {RG_ECS_FILE("resolved_path"), kRest};

inline constexpr Row kFileRename[] = {
    RG_ECS_FILE("new_resolved_path"),
    {"old_filename", "rand_guard.old_filename"},
    {"old_filename", "file.target_path", As::kSymlinkTarget},
    kRest,
};

inline constexpr Row kFileObject[] = {
    {"dev", "file.device"},
    {"inode", "file.inode", As::kText},
    {"mode", "rand_guard.mode"},
    {"mode", "file.mode", As::kPermissions},
    {"mode", "file.type", As::kFileType},
    {"owner_uid", "file.uid", As::kText},
    {"owner_gid", "file.gid", As::kText},
};

inline constexpr Row kCredentialsChange[] = {
    {"before", "rand_guard.before"},
    {"after", "rand_guard.after"},
    {"after.uid", "user.changes.id", As::kText},
    {"after.gid", "user.changes.group.id", As::kText},
    {"after.euid", "user.effective.id", As::kText},
    {"after.egid", "user.effective.group.id", As::kText},
    kRest,
};

inline constexpr Row kModuleLoad[] = {RG_ECS_FILE("path"), kRest};
inline constexpr Row kMount[] = {RG_ECS_FILE("target_path"), kRest};
inline constexpr Row kRootChange[] = {RG_ECS_FILE("new_root_path"), kRest};
inline constexpr Row kMemfdCreate[] = {{"name", "file.name"}, kRest};

inline constexpr Row kIoUring[] = {
    {"local_addr", "source.address"},
    {"local_addr", "source.ip", As::kIp},
    {"local_port", "source.port"},
    {"remote_addr", "destination.address"},
    {"remote_addr", "destination.ip", As::kIp},
    {"remote_port", "destination.port"},
    kRest,
};

// The process asked for it, or the socket is only its own.
inline constexpr Row kSocketOutbound[] = {
    {"", "network.direction", As::kConstant, "\"egress\""},
    {"family", "rand_guard.family"},
    {"family", "network.type", As::kIpFamily},
    {"protocol", "rand_guard.protocol"},
    {"protocol", "network.transport", As::kTransport},
    {"protocol", "network.iana_number", As::kProtocolNumber},
    {"local_addr", "source.address"},
    {"local_addr", "source.ip", As::kIp},
    {"local_port", "source.port"},
    {"remote_addr", "destination.address"},
    {"remote_addr", "destination.ip", As::kIp},
    {"remote_port", "destination.port"},
    kRest,
};
// The peer asked for it.
inline constexpr Row kSocketInbound[] = {
    {"", "network.direction", As::kConstant, "\"ingress\""},
    {"family", "rand_guard.family"},
    {"family", "network.type", As::kIpFamily},
    {"protocol", "rand_guard.protocol"},
    {"protocol", "network.transport", As::kTransport},
    {"protocol", "network.iana_number", As::kProtocolNumber},
    {"local_addr", "destination.address"},
    {"local_addr", "destination.ip", As::kIp},
    {"local_port", "destination.port"},
    {"remote_addr", "source.address"},
    {"remote_addr", "source.ip", As::kIp},
    {"remote_port", "source.port"},
    kRest,
};
// No peer has asked for anything yet.
inline constexpr Row kSocketAlone[] = {
    {"family", "rand_guard.family"},
    {"family", "network.type", As::kIpFamily},
    {"protocol", "rand_guard.protocol"},
    {"protocol", "network.transport", As::kTransport},
    {"protocol", "network.iana_number", As::kProtocolNumber},
    {"local_addr", "source.address"},
    {"local_addr", "source.ip", As::kIp},
    {"local_port", "source.port"},
    {"remote_addr", "destination.address"},
    {"remote_addr", "destination.ip", As::kIp},
    {"remote_port", "destination.port"},
    kRest,
};

inline constexpr Row kCloseOutbound[] = {
    {"bytes_sent", "source.bytes", As::kLong},
    {"bytes_received", "destination.bytes", As::kLong},
    {"duration_ns", "event.duration", As::kLong},
    kRest,
};
inline constexpr Row kCloseInbound[] = {
    {"bytes_sent", "destination.bytes", As::kLong},
    {"bytes_received", "source.bytes", As::kLong},
    {"duration_ns", "event.duration", As::kLong},
    kRest,
};

#define RG_ECS_ALERT                                                                               \
  {"rule_id", "rule.id"}, {"rule_name", "rule.name"}, {"rule_type", "rule.category"},              \
      {"description", "rule.description"}, {"rule_author", "rule.author", As::kList},              \
      {"rule_references", "rule.reference", As::kFirst},                                           \
      {"rule_references", "rand_guard.rule_references"},                                           \
      {"severity", "event.severity", As::kSeverity}, {"severity", "rand_guard.severity"},          \
      {"pid", "process.pid"}, {"tid", "process.thread.id"}, {"ppid", "process.parent.pid"},        \
      {"uid", "user.id", As::kText}, {"uid", "process.real_user.id", As::kText},                   \
      {"gid", "group.id", As::kText}, {"gid", "process.real_group.id", As::kText},                 \
      {"comm", "process.thread.name"}, {"exe_path", "process.executable"},                         \
      {"process_name", "process.name"}, {"parent_name", "process.parent.name"},                    \
      RG_ECS_FILE("path"), {"family", "rand_guard.family"},                                        \
      {"family", "network.type", As::kIpFamily}, {"time", "@timestamp"}, {"host", "host.name"},    \
      {"host", "host.hostname"}, {"host", "host.id"}, {"agent_id", "agent.id"},                    \
      {"process_id", "process.entity_id"}, {"process_id", "process.start", As::kStart},            \
      {"parent_process_id", "process.parent.entity_id"}, {"command_line", "process.command_line"}, \
      {"cwd", "process.working_directory"}, {"user", "user.name"},                                 \
      {"user", "process.real_user.name"}, {"parent_exe_path", "process.parent.executable"},        \
      {"parent_command_line", "process.parent.command_line"}, {"container_id", "container.id"},    \
      {"container_runtime", "container.runtime"}, {"tags", "tags"},                                \
      {"tags", "threat.framework", As::kIfTechnique},                                              \
      {"tags", "threat.technique.id", As::kTechniques},                                            \
      {"tags", "threat.technique.subtechnique.id", As::kSubtechniques},                            \
      {"tags", "threat.tactic.name", As::kTacticNames},                                            \
      {"tags", "threat.tactic.id", As::kTacticIds}, {"first_time", "event.start"},                 \
      {"last_time", "event.end"}, kRest

// An alert, by the direction of what made the rule fire: none, outbound, inbound, without a peer.
inline constexpr Row kAlert[] = {RG_ECS_ALERT};
inline constexpr Row kAlertOutbound[] = {
    {"direction", "network.direction", As::kDirection},
    {"addr", "destination.address"},
    {"addr", "destination.ip", As::kIp},
    {"port", "destination.port"},
    RG_ECS_ALERT,
};
inline constexpr Row kAlertInbound[] = {
    {"direction", "network.direction", As::kDirection},
    {"addr", "source.address"},
    {"addr", "source.ip", As::kIp},
    {"port", "destination.port"},
    RG_ECS_ALERT,
};

inline constexpr Row kAlertLocal[] = {
    {"addr", "source.address"},
    {"addr", "source.ip", As::kIp},
    {"port", "source.port"},
    RG_ECS_ALERT,
};

inline constexpr Row kReport[] = {
    {"time", "@timestamp"}, {"host", "host.name"},    {"host", "host.hostname"},
    {"host", "host.id"},    {"agent_id", "agent.id"}, kRest,
};

}  // namespace randguard::profiles::ecs

#endif  // ANALYZER_OUTPUT_PROFILES_ECS_ROWS_H_

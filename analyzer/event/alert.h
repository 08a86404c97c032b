// SPDX-License-Identifier: Apache-2.0
//
// What a rule says when it fires; written after the event that made it fire.
#ifndef ANALYZER_EVENT_ALERT_H_
#define ANALYZER_EVENT_ALERT_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "analyzer/event/field.h"
#include "analyzer/event/values.h"

namespace randguard {

struct Alert {
  static constexpr std::string_view kEventType = "alert";
  static constexpr const char* kDoc = "a rule fired; written after the event that made it fire";

  Text rule_id, rule_name, rule_type, severity, action;
  Text source_event_type;
  std::uint32_t pid = 0, tid = 0, ppid = 0, uid = 0, gid = 0;
  Text comm;
  OptionalText exe_path, process_name, parent_name;
  OptionalText path, operation, direction;
  std::optional<std::uint16_t> port;
  OptionalText addr, family;
  std::uint64_t timestamp_ns = 0;

  WallTime time;
  Host host;
  AgentId agent_id;
  ProcessKey process_id;
  std::optional<ProcessKey> parent_process_id;
  OptionalText command_line, cwd, user, tty;
  std::optional<std::uint32_t> loginuid;
  OptionalText parent_exe_path, parent_command_line;
  OptionalText old_path;
  std::optional<std::int64_t> result;
  OptionalText error;
  OptionalText container_id, container_runtime;
  std::vector<std::string_view> tags;
  OptionalText description;
  std::uint64_t count = 1;
  bool folded = false;
  std::optional<WallTime> first_time, last_time;
};

constexpr auto FieldsOf(const Alert*) {
  using A = Alert;
  return FieldList{
      Field<"rule_id">(&A::rule_id, "the rule"),
      Field<"rule_name">(&A::rule_name, "what it is called"),
      Field<"rule_type">(&A::rule_type, "process, file or network"),
      Field<"severity">(&A::severity, "low, medium, high or critical"),
      Field<"action">(&A::action, "alert"),
      Field<"source_event_type">(&A::source_event_type, "event_type of what made it fire"),
      Field<"pid">(&A::pid, "process"),
      Field<"tid">(&A::tid, "thread"),
      Field<"ppid">(&A::ppid, "parent process"),
      Field<"uid">(&A::uid, "real user id"),
      Field<"gid">(&A::gid, "real group id"),
      Field<"comm">(&A::comm, "name of the thread, at most 15 bytes"),
      Field<"exe_path">(&A::exe_path, "executable"),
      Field<"process_name">(&A::process_name, "file name of exe_path; without one, comm"),
      Field<"parent_name">(&A::parent_name, "the same of the parent; null: not known"),
      Field<"path">(&A::path, "the file; of a rename or link, the new name"),
      Field<"operation">(&A::operation, "what was done to the file"),
      Field<"direction">(&A::direction, "outbound or inbound"),
      Field<"port">(&A::port, "of what is outbound the remote port, otherwise the local one"),
      Field<"addr">(&A::addr, "the remote address; of bind and listen the local one"),
      Field<"family">(&A::family, "ipv4, ipv6 or unix"),
      Field<"timestamp_ns">(&A::timestamp_ns, "of the event, nanoseconds since boot"),
      Field<"time">(&A::time, "the same, RFC 3339"),
      Field<"host">(&A::host, "name of the host"),
      Field<"agent_id">(&A::agent_id, kAgentIdDoc),
      Field<"process_id">(&A::process_id, "the process for ever"),
      Field<"parent_process_id">(&A::parent_process_id, "the same of the parent"),
      Field<"command_line">(&A::command_line, "with which the program was started"),
      Field<"cwd">(&A::cwd, "working directory in which it was started"),
      Field<"user">(&A::user, "name of uid"),
      Field<"tty">(&A::tty, "controlling terminal when it was started"),
      Field<"loginuid">(&A::loginuid, "user id at login; null: no login"),
      Field<"parent_exe_path">(&A::parent_exe_path, "executable of the parent"),
      Field<"parent_command_line">(&A::parent_command_line,
                                   "with which the parent's program was started"),
      Field<"old_path">(&A::old_path, "of a rename or link, the old name"),
      Field<"result">(&A::result, "what the call returned; null: the event has no result"),
      Field<"error">(&A::error, "the error's name; null: it worked"),
      Field<"container_id">(&A::container_id, "container of the process; null: none"),
      Field<"container_runtime">(&A::container_runtime, "its runtime"),
      Field<"tags">(&A::tags, "the rule's tags"),
      Field<"description">(&A::description, "the rule's description"),
      Field<"count">(&A::count, "alerts that this one stands for"),
      Field<"folded">(&A::folded,
                      "true: this stands for further alerts like one that was written before; "
                      "timestamp_ns is that of the last of them"),
      Field<"first_time">(&A::first_time, "folded: when the first of them was"),
      Field<"last_time">(&A::last_time, "folded: when the last of them was"),
  };
}

}  // namespace randguard

#endif  // ANALYZER_EVENT_ALERT_H_

// SPDX-License-Identifier: Apache-2.0
//
// The alert that a rule raises when it fires. Its line follows the event that made the rule fire.
#ifndef ANALYZER_EVENT_ALERT_H_
#define ANALYZER_EVENT_ALERT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/event/actor.h"
#include "analyzer/event/field.h"
#include "analyzer/event/value_sets.h"
#include "analyzer/event/values.h"

namespace randguard {

// A match that an alert of a correlation rests on.
struct CorrelatedMatch {
  Text rule_id;
  ProcessKey process_id;
  EventId event_id;
  WallTime time;
  std::uint64_t timestamp_ns = 0;
};

constexpr auto FieldsOf(const CorrelatedMatch*) {
  using M = CorrelatedMatch;
  return FieldList{
      Field<"rule_id">(&M::rule_id, "the rule that matched"),
      Field<"process_id">(&M::process_id, "the event's process for ever"),
      Field<"event_id">(&M::event_id, "the event"),
      Field<"time">(&M::time, "when the event was, RFC 3339"),
      Field<"timestamp_ns">(&M::timestamp_ns, "the same, nanoseconds since boot"),
  };
}

struct Alert {
  static constexpr std::string_view kEventType = "alert";
  static constexpr const char* kDoc = "a rule fired; written after the event that made it fire";

  Text rule_id, rule_name;
  RuleType rule_type = RuleType::kProcess;
  Severity severity = Severity::kMedium;
  RuleAction action = RuleAction::kAlert;
  Text source_event_type;
  std::uint32_t pid = 0, tid = 0, ppid = 0, uid = 0, gid = 0;
  Text comm;
  OptionalText exe_path, process_name, parent_name;
  OptionalText path, operation;
  std::optional<Direction> direction;
  std::optional<std::uint16_t> port;
  OptionalText addr;
  std::optional<AddressFamily> family;
  std::uint64_t timestamp_ns = 0;

  WallTime time;
  EventId event_id;
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
  OptionalText container_id;
  std::optional<ContainerRuntime> container_runtime;
  OrLeftOut<bool> container_rootless;
  std::vector<std::string_view> tags;
  OptionalText description;
  OrLeftOut<RuleSource> rule_source;
  OrLeftOut<Text> rule_author, rule_status;
  OrLeftOut<std::vector<std::string_view>> rule_references, rule_false_positives;
  std::uint64_t count = 1;
  bool folded = false;
  std::optional<WallTime> first_time, last_time;
  OrLeftOut<Named<std::string>> group = {};
  OrLeftOut<std::vector<CorrelatedMatch>> matches = {};
  OrLeftOut<std::uint64_t> matches_total = {};
};

// Where the value of an alert's field comes from.
struct FromRule {};         // the rule that fired, and the event's type: set by the detector
struct FromEvent {};        // what rules see of the event under the field's name
struct FromFolding {};      // the window in which identical alerts were counted
struct FromCorrelation {};  // what a correlation rests on; left out of all other alerts
struct FromSession {};      // known to the writer of the line
template <typename Value>
struct FromActor {  // the event's actor
  Value Actor::*member;
};

// All that is to be known of an alert's field. Detector, journal, JSON and schema follow.
template <FixedString kName, typename Value, typename Source>
struct AlertFieldOf : FieldOf<kName, Alert, Value> {
  using From = Source;
  using ValueType = Value;

  Source source;
  std::string_view journal;  // name in entries of the journal; empty: it is not in them
};

template <FixedString kName, typename Value, typename Source>
constexpr auto AlertField(Value Alert::*member, Source source, std::string_view journal,
                          const char* doc) {
  return AlertFieldOf<kName, Value, Source>{{member, doc}, source, journal};
}
template <FixedString kName, typename Value>
constexpr auto AlertField(Value Alert::*member, Value Actor::*source, std::string_view journal,
                          const char* doc) {
  return AlertField<kName>(member, FromActor<Value>{source}, journal, doc);
}

constexpr auto FieldsOf(const Alert*) {
  using A = Alert;
  constexpr FromRule kRule;
  constexpr FromEvent kEvent;
  constexpr FromFolding kFolding;
  constexpr FromCorrelation kCorrelation;
  return FieldList{
      AlertField<"rule_id">(&A::rule_id, kRule, "RANDGUARD_RULE_ID", "the rule"),
      AlertField<"rule_name">(&A::rule_name, kRule, "RANDGUARD_RULE_NAME", "what it is called"),
      AlertField<"rule_type">(&A::rule_type, kRule, "RANDGUARD_RULE_TYPE",
                              "which events the rule looks at"),
      AlertField<"severity">(&A::severity, kRule, "RANDGUARD_SEVERITY",
                             "how bad it is, as the rule says"),
      AlertField<"action">(&A::action, kRule, "", "what the rule does"),
      AlertField<"source_event_type">(&A::source_event_type, kRule, "RANDGUARD_SOURCE_EVENT_TYPE",
                                      "event_type of what made it fire"),
      AlertField<"pid">(&A::pid, &Actor::pid, "RANDGUARD_PID", "process"),
      AlertField<"tid">(&A::tid, &Actor::tid, "", "thread"),
      AlertField<"ppid">(&A::ppid, &Actor::ppid, "RANDGUARD_PPID", "parent process"),
      AlertField<"uid">(&A::uid, &Actor::uid, "RANDGUARD_UID", "real user id"),
      AlertField<"gid">(&A::gid, &Actor::gid, "", "real group id"),
      AlertField<"comm">(&A::comm, &Actor::comm, "RANDGUARD_COMM",
                         "name of the thread, at most 15 bytes"),
      AlertField<"exe_path">(&A::exe_path, &Actor::exe_path, "RANDGUARD_EXE_PATH", "executable"),
      AlertField<"process_name">(&A::process_name, kEvent, "RANDGUARD_PROCESS_NAME",
                                 "file name of exe_path; without one, comm"),
      AlertField<"parent_name">(&A::parent_name, kEvent, "RANDGUARD_PARENT_NAME",
                                "the same of the parent; null: not known"),
      AlertField<"path">(&A::path, kEvent, "RANDGUARD_PATH",
                         "the file; of a rename or link, the new name, or the old one where "
                         "the rule's paths and patterns fit that one alone"),
      AlertField<"operation">(&A::operation, kEvent, "RANDGUARD_OPERATION",
                              "what was done: to the file, with the socket, to the other process; "
                              "with file_ before it, where the rule's operations are so written"),
      AlertField<"direction">(
          &A::direction, kEvent, "RANDGUARD_DIRECTION",
          "who asked for the connection or datagram; null: not about the network"),
      AlertField<"port">(&A::port, kEvent, "RANDGUARD_PORT",
                         "of what is outbound the remote port, otherwise the local one"),
      AlertField<"addr">(&A::addr, kEvent, "RANDGUARD_ADDR",
                         "the remote address; of bind and listen the local one"),
      AlertField<"family">(&A::family, kEvent, "", "of the addresses"),
      AlertField<"timestamp_ns">(&A::timestamp_ns, &Actor::timestamp_ns, "",
                                 "of the event, nanoseconds since boot"),
      AlertField<"time">(&A::time, &Actor::time, "", "the same, RFC 3339"),
      AlertField<"event_id">(&A::event_id, &Actor::event_id, "",
                             "the event that made the rule fire; folded: the last of them"),
      AlertField<"host">(&A::host, FromSession{}, "", "name of the host"),
      AlertField<"agent_id">(&A::agent_id, FromSession{}, "RANDGUARD_AGENT_ID", kAgentIdDoc),
      AlertField<"process_id">(&A::process_id, &Actor::process_id, "RANDGUARD_PROCESS_ID",
                               "the process for ever"),
      AlertField<"parent_process_id">(&A::parent_process_id, &Actor::parent_process_id, "",
                                      "the same of the parent"),
      AlertField<"command_line">(&A::command_line, kEvent, "",
                                 "with which the program was started"),
      AlertField<"cwd">(&A::cwd, kEvent, "", "working directory in which it was started"),
      AlertField<"user">(&A::user, kEvent, "RANDGUARD_USER", "name of uid"),
      AlertField<"tty">(&A::tty, kEvent, "", "controlling terminal when it was started"),
      AlertField<"loginuid">(&A::loginuid, kEvent, "", "user id at login; null: no login"),
      AlertField<"parent_exe_path">(&A::parent_exe_path, kEvent, "RANDGUARD_PARENT_EXE_PATH",
                                    "executable of the parent"),
      AlertField<"parent_command_line">(&A::parent_command_line, kEvent, "",
                                        "with which the parent's program was started"),
      AlertField<"old_path">(&A::old_path, kEvent, "", "of a rename or link, the old name"),
      AlertField<"result">(&A::result, kEvent, "",
                           "what the call returned; null: the event has no result"),
      AlertField<"error">(&A::error, kEvent, "", "the error's name; null: it worked"),
      AlertField<"container_id">(&A::container_id, &Actor::container_id, "RANDGUARD_CONTAINER_ID",
                                 "container of the process; null: none"),
      AlertField<"container_runtime">(&A::container_runtime, &Actor::container_runtime, "",
                                      "its runtime"),
      AlertField<"container_rootless">(&A::container_rootless, &Actor::container_rootless, "",
                                       "true: a user's own container, whose name the user can "
                                       "choose; left out for all others"),
      AlertField<"tags">(&A::tags, kRule, "RANDGUARD_TAG", "the rule's tags"),
      AlertField<"description">(&A::description, kRule, "", "the rule's description"),
      AlertField<"rule_source">(&A::rule_source, kRule, "RANDGUARD_RULE_SOURCE",
                                "where the rule comes from; left out: it is one of rand-guard's"),
      AlertField<"rule_author">(&A::rule_author, kRule, "RANDGUARD_RULE_AUTHOR",
                                "who wrote the rule; left out: it does not say so"),
      AlertField<"rule_status">(&A::rule_status, kRule, "",
                                "how mature a Sigma rule is; left out: it does not say so"),
      AlertField<"rule_references">(&A::rule_references, kRule, "",
                                    "where to read more; left out: the rule names nothing"),
      AlertField<"rule_false_positives">(
          &A::rule_false_positives, kRule, "",
          "harmless activity that makes the rule fire, too; left out: the rule names none"),
      AlertField<"count">(&A::count, kFolding, "RANDGUARD_FOLDED",
                          "alerts that this one stands for"),
      AlertField<"folded">(&A::folded, kFolding, "",
                           "true: this stands for further alerts like one that was written before; "
                           "timestamp_ns is that of the last of them"),
      AlertField<"first_time">(&A::first_time, kFolding, "", "folded: when the first of them was"),
      AlertField<"last_time">(&A::last_time, kFolding, "", "folded: when the last of them was"),
      AlertField<"group">(&A::group, kCorrelation, "",
                          "of a correlation: the values that its matches have in common, by field; "
                          "a process is named by the end of its process_id"),
      AlertField<"matches">(&A::matches, kCorrelation, "",
                            "of a correlation: what it rests on, the latest 32 in their order"),
      AlertField<"matches_total">(&A::matches_total, kCorrelation, "",
                                  "of a correlation: how many matches it rests on"),
  };
}

}  // namespace randguard

#endif  // ANALYZER_EVENT_ALERT_H_

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/alert_fields.h"

#include <cstdlib>

#include "analyzer/config/names.h"

namespace randguard {
namespace {

Severity SeverityOf(std::string_view name) {
  for (const Severity severity :
       {Severity::kLow, Severity::kMedium, Severity::kHigh, Severity::kCritical}) {
    if (Name(severity) == name) return severity;
  }
  std::abort();  // alerts have the names of rules' severities
}

}  // namespace

AlertFields FieldsFor(const Alert& alert, std::string_view process_id, std::string_view agent_id) {
  return {
      .severity = SeverityOf(alert.severity),
      .rule_id = alert.rule_id,
      .rule_name = alert.rule_name,
      .rule_type = alert.rule_type,
      .tags = alert.tags,
      .source_event_type = alert.source_event_type,
      .agent_id = agent_id,
      .process_id = process_id,
      .comm = alert.comm,
      .process_name = alert.process_name,
      .parent_name = alert.parent_name,
      .exe_path = alert.exe_path,
      .parent_exe_path = alert.parent_exe_path,
      .user = alert.user,
      .path = alert.path,
      .operation = alert.operation,
      .direction = alert.direction,
      .addr = alert.addr,
      .port = alert.port,
      .container_id = alert.container_id,
      .pid = alert.pid,
      .ppid = alert.ppid,
      .uid = alert.uid,
      .folded = alert.folded ? alert.count : 0,
  };
}

}  // namespace randguard

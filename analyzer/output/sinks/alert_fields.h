// SPDX-License-Identifier: Apache-2.0
//
// What of an alert can be searched for where alerts are entries with fields, not lines.
#ifndef ANALYZER_OUTPUT_SINKS_ALERT_FIELDS_H_
#define ANALYZER_OUTPUT_SINKS_ALERT_FIELDS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "analyzer/config/config.h"
#include "analyzer/event/alert.h"

namespace randguard {

// What does not apply is absent. Borrowed for the call.
struct AlertFields {
  Severity severity = Severity::kMedium;
  std::string_view rule_id;
  std::string_view rule_name;
  std::string_view rule_type;
  std::span<const std::string_view> tags;  // ATT&CK ids among them
  std::string_view source_event_type;
  std::string_view agent_id;
  std::string_view process_id;
  std::string_view comm;
  std::optional<std::string_view> process_name, parent_name;
  std::optional<std::string_view> exe_path, parent_exe_path;
  std::optional<std::string_view> user;
  std::optional<std::string_view> path, operation;
  std::optional<std::string_view> direction, addr;
  std::optional<std::uint16_t> port;
  std::optional<std::string_view> container_id;
  std::uint32_t pid = 0;
  std::uint32_t ppid = 0;
  std::uint32_t uid = 0;
  std::uint64_t folded = 0;  // alerts that this one stands for; 0: it is no summary
};

// Borrows from all. `process_id` is the text form of the alert's.
AlertFields FieldsFor(const Alert& alert, std::string_view process_id, std::string_view agent_id);

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_ALERT_FIELDS_H_

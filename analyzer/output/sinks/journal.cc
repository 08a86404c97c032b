// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/journal.h"

#include <bit>
#include <cstring>
#include <string>
#include <utility>

#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/config/names.h"

namespace randguard {
namespace {

// Finds every alert, whatever rule: journalctl MESSAGE_ID=...
constexpr std::string_view kMessageId = "5f1c0e2b7d8449b6a3c9d1e4f6a7b802";

// syslog(3): crit, err, warning, notice.
std::string_view PriorityOf(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return "2";
    case Severity::kHigh:
      return "3";
    case Severity::kMedium:
      return "4";
    case Severity::kLow:
      return "5";
  }
  return "4";
}

std::string MessageOf(const AlertFields& alert) {
  std::string text =
      absl::StrFormat("%s: %s (%s, pid %d)", alert.rule_id, alert.rule_name, alert.comm, alert.pid);
  if (alert.folded != 0) absl::StrAppendFormat(&text, ", %d more times", alert.folded);
  return text;
}

std::string_view WithoutNewline(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

}  // namespace

absl::StatusOr<Journal> Journal::Connect(const std::string& socket) {
  auto datagram = Datagram::Connect(socket);
  if (!datagram.ok()) {
    return HostError(
        "output.type is \"journald\", but there is no journal (%s); use \"file\" or \"stdout\"",
        Message(datagram.status()));
  }
  return Journal(*std::move(datagram));
}

// With its length in front, so that no value can be taken for the beginning of another field.
void Journal::Put(std::string_view name, std::string_view value) {
  static_assert(std::endian::native == std::endian::little, "the length is little-endian");
  const std::uint64_t size = value.size();
  char bytes[sizeof(size)];
  std::memcpy(bytes, &size, sizeof(size));
  entry_.append(name).append("\n").append(bytes, sizeof(bytes)).append(value).append("\n");
}

void Journal::Send(const AlertFields& alert, std::string_view line) {
  line = WithoutNewline(line);
  entry_.clear();
  Put("MESSAGE", MessageOf(alert));
  Put("PRIORITY", PriorityOf(alert.severity));
  Put("SYSLOG_IDENTIFIER", "rand-guard");
  Put("MESSAGE_ID", kMessageId);
  Put("RANDGUARD_RULE_ID", alert.rule_id);
  Put("RANDGUARD_RULE_NAME", alert.rule_name);
  Put("RANDGUARD_RULE_TYPE", alert.rule_type);
  Put("RANDGUARD_SEVERITY", Name(alert.severity));
  for (const std::string_view tag : alert.tags) Put("RANDGUARD_TAG", tag);
  Put("RANDGUARD_SOURCE_EVENT_TYPE", alert.source_event_type);
  Put("RANDGUARD_AGENT_ID", alert.agent_id);
  Put("RANDGUARD_PROCESS_ID", alert.process_id);
  Put("RANDGUARD_COMM", alert.comm);
  Put("RANDGUARD_PID", std::to_string(alert.pid));
  Put("RANDGUARD_UID", std::to_string(alert.uid));
  Put("RANDGUARD_PPID", std::to_string(alert.ppid));
  PutIf("RANDGUARD_USER", alert.user);
  PutIf("RANDGUARD_PROCESS_NAME", alert.process_name);
  PutIf("RANDGUARD_PARENT_NAME", alert.parent_name);
  PutIf("RANDGUARD_EXE_PATH", alert.exe_path);
  PutIf("RANDGUARD_PARENT_EXE_PATH", alert.parent_exe_path);
  PutIf("RANDGUARD_PATH", alert.path);
  PutIf("RANDGUARD_OPERATION", alert.operation);
  PutIf("RANDGUARD_DIRECTION", alert.direction);
  PutIf("RANDGUARD_ADDR", alert.addr);
  PutIf("RANDGUARD_CONTAINER_ID", alert.container_id);
  if (alert.folded != 0) Put("RANDGUARD_FOLDED", std::to_string(alert.folded));
  if (alert.port.has_value()) Put("RANDGUARD_PORT", std::to_string(*alert.port));
  if (entry_.size() + line.size() <= kMaxEntryBytes) {
    Put("RANDGUARD_EVENT", line);
  } else {
    Put("RANDGUARD_EVENT_OMITTED", absl::StrFormat("%d bytes", line.size()));
  }
  const int error = socket_.Send(entry_, /*wait=*/!failing_);
  if (error == 0) {
    if (std::exchange(failing_, false)) {
      Log(LogLevel::kWarn, "the journal takes alerts again; %d it did not get", failures_);
    }
    return;
  }
  ++failures_;
  if (!std::exchange(failing_, true)) {
    Log(LogLevel::kError, "the journal does not take alerts: %s; they are counted",
        std::strerror(error));
  }
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/syslog.h"

#include <syslog.h>

#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/output/sinks/priority.h"

namespace randguard {
Syslog Syslog::ConnectOrFail(const std::string& socket) {
  auto connected = Datagram::Connect(socket);
  if (!connected.ok()) {
    Log(LogLevel::kWarn, "there is no syslog service: %s", Message(connected.status()));
  }
  return Syslog(DatagramQueue(connected.ok() ? *std::move(connected) : Datagram(),
                              absl::StrFormat("syslog at %s", socket)));
}

void Syslog::Write(const OutputLine& line) {
  const int priority = line.alert != nullptr ? PriorityOf(line.alert->severity) : LOG_INFO;
  message_ = absl::StrFormat("<%d>rand-guard: ", LOG_DAEMON | priority);
  message_ += line.text.substr(0, line.text.size() - 1);
  queue_.Send(message_);
}

void Syslog::AddTo(Health& health) const {
  health.output_bytes += queue_.bytes();
  health.userspace_output_failures += queue_.lost();
  if (const std::string error = queue_.error(); !error.empty()) AddOutputError(health, error);
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/journal.h"

#include <bit>
#include <cerrno>
#include <concepts>
#include <cstdio>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/output/sinks/priority.h"

namespace randguard {
namespace {

// Finds every alert, whatever rule: journalctl MESSAGE_ID=...
constexpr std::string_view kMessageId = "5f1c0e2b7d8449b6a3c9d1e4f6a7b802";

std::string MessageOf(const Alert& alert) {
  std::string text = absl::StrFormat("%s: %s (%s, pid %d)", alert.rule_id, alert.rule_name,
                                     EscapedForTerminal(alert.comm), alert.pid);
  if (alert.folded) absl::StrAppendFormat(&text, ", %d more times", alert.count);
  return text;
}

std::string_view WithoutNewline(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

template <typename T>
constexpr bool kCanBePut =
    std::same_as<T, ProcessKey> || std::same_as<T, AgentId> || std::integral<T> ||
    std::same_as<T, Text> || ValueSet<T> || std::same_as<T, std::vector<Text>>;
template <typename T>
constexpr bool kCanBePut<std::optional<T>> =
    kCanBePut<T> && !std::same_as<T, ProcessKey> && !std::same_as<T, AgentId>;

template <typename T>
constexpr bool kCanBePut<OrLeftOut<T>> = kCanBePut<std::optional<T>>;

constexpr bool AllNamedCanBePut() {
  bool all = true;
  const auto look = [&]<typename Field>(const Field& field) {
    all = all && (field.journal.empty() || kCanBePut<typename Field::ValueType>);
  };
  kFields<Alert>.Apply([&](const auto&... field) { (look(field), ...); });
  return all;
}
static_assert(AllNamedCanBePut(), "a field is to be in entries whose type they do not know");

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

Journal Journal::ConnectOrFail(const std::string& socket) {
  auto datagram = Datagram::Connect(socket);
  if (datagram.ok()) return Journal(*std::move(datagram));
  Log(LogLevel::kWarn, "there is no journal, and alerts are to go there: %s",
      Message(datagram.status()));
  return Journal({}, "there is no journal: " + Message(datagram.status()));
}

void Journal::Flush() {
  if (queue_.has_value()) queue_->Flush();
}

void Journal::AddTo(Health& health) const {
  health.journal_failures += failures_;
  if (queue_.has_value()) {
    health.journal_failures += queue_->lost();
    health.output_bytes += queue_->bytes();
    const std::string error = queue_->error();
    if (!error.empty()) AddOutputError(health, error);
    return;
  }
  if (!missing_.empty()) {
    AddOutputError(health, missing_);
  } else if (failing_) {
    AddOutputError(health, error_);
  }
}

// With its length in front, so that no value can be taken for the beginning of another field.
void Journal::Put(std::string_view name, std::string_view value) {
  static_assert(std::endian::native == std::endian::little, "the length is little-endian");
  const std::uint64_t size = value.size();
  char bytes[sizeof(size)];
  std::memcpy(bytes, &size, sizeof(size));
  entry_.append(name).append("\n").append(bytes, sizeof(bytes)).append(value).append("\n");
}

void Journal::PutFields(const OutputLine& line) {
  const Alert& alert = *line.alert;
  const auto put = [&]<typename Field>(const Field& field, const auto& value) {
    using T = std::remove_cvref_t<decltype(value)>;
    if (field.journal.empty()) return;
    // Fields that come from folding mean something in a summary only.
    if (std::same_as<typename Field::From, FromFolding> && !alert.folded) return;
    if constexpr (std::same_as<T, ProcessKey>) {
      Put(field.journal, line.process_id);
    } else if constexpr (std::same_as<T, AgentId>) {
      Put(field.journal, line.agent_id);
    } else if constexpr (kCanBePut<T>) {
      Put(field.journal, value);
    }
  };
  VisitFields(alert, put);
}

void Journal::Write(const OutputLine& output) {
  if (output.alert == nullptr) return;
  const std::string_view line = WithoutNewline(output.text);
  entry_.clear();
  Put("MESSAGE", MessageOf(*output.alert));
  Put("PRIORITY", PriorityOf(output.alert->severity));
  Put("SYSLOG_IDENTIFIER", "rand-guard");
  Put("MESSAGE_ID", kMessageId);
  PutFields(output);
  if (entry_.size() + line.size() <= kMaxEntryBytes) {
    Put("RANDGUARD_EVENT", line);
  } else {
    Put("RANDGUARD_EVENT_OMITTED", absl::StrFormat("%d bytes", line.size()));
  }
  if (queue_.has_value()) return queue_->Send(entry_);
  const int error = missing_.empty() ? socket_.Send(entry_, /*wait=*/!failing_) : ENOTCONN;
  if (error == 0) {
    if (std::exchange(failing_, false)) {
      Log(LogLevel::kWarn, "the journal takes alerts again; %d it did not get", failures_);
    }
    return;
  }
  ++failures_;
  error_ = absl::StrFormat("the journal does not take alerts: %s", std::strerror(error));
  if (!std::exchange(failing_, true)) Log(LogLevel::kError, "%s; they are counted", error_);
}

}  // namespace randguard

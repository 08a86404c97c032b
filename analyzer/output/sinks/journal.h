// SPDX-License-Identifier: Apache-2.0
//
// Alerts as structured entries of the systemd journal, in its native protocol
// (systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram each, to a socket that is connected before the
// analyzer confines itself.
#ifndef ANALYZER_OUTPUT_SINKS_JOURNAL_H_
#define ANALYZER_OUTPUT_SINKS_JOURNAL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "analyzer/output/sinks/alert_fields.h"
#include "analyzer/output/sinks/datagram.h"

namespace randguard {

// journalctl filters on AlertFields as RANDGUARD_ and the name in capitals; each tag is a
// RANDGUARD_TAG. The severity is also the entry's PRIORITY.
class Journal {
 public:
  static constexpr char kSocket[] = "/run/systemd/journal/socket";
  // An entry with more is sent without RANDGUARD_EVENT, and says so.
  static constexpr std::size_t kMaxEntryBytes = std::size_t{64} << 10;

  static absl::StatusOr<Journal> Connect(const std::string& socket = kSocket);

  // `line` is the alert as it is written elsewhere; it becomes RANDGUARD_EVENT. A journal that is
  // busy is waited for, at most 100 ms, and not at all while it fails. Failures are counted and
  // logged, once until it works again.
  void Send(const AlertFields& alert, std::string_view line);

  std::uint64_t failures() const { return failures_; }  // alerts that the journal did not get

 private:
  explicit Journal(Datagram socket) : socket_(std::move(socket)) {}
  void Put(std::string_view name, std::string_view value);
  void PutIf(std::string_view name, const std::optional<std::string_view>& value) {
    if (value.has_value()) Put(name, *value);
  }

  Datagram socket_;
  std::string entry_;
  bool failing_ = false;
  std::uint64_t failures_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_JOURNAL_H_

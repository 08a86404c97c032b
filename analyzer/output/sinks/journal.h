// SPDX-License-Identifier: Apache-2.0
//
// Alerts as structured entries of the systemd journal, in its native protocol
// (systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram each, to a socket that is connected before the
// analyzer confines itself.
#ifndef ANALYZER_OUTPUT_SINKS_JOURNAL_H_
#define ANALYZER_OUTPUT_SINKS_JOURNAL_H_

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/output/sinks/datagram.h"
#include "analyzer/output/sinks/datagram_queue.h"
#include "analyzer/output/sinks/sink.h"

namespace randguard {

// Takes alerts and leaves other lines. The fields of an entry are those that the description of
// alerts names (analyzer/event/alert.h); each tag is a field. The severity is also the entry's
// PRIORITY.
class Journal final : public Sink {
 public:
  static constexpr char kSocket[] = "/run/systemd/journal/socket";
  // An entry with more is sent without RANDGUARD_EVENT, and says so.
  static constexpr std::size_t kMaxEntryBytes = std::size_t{64} << 10;

  static absl::StatusOr<Journal> Connect(const std::string& socket = kSocket);
  // The same; without a journal, one that fails for that reason.
  static Journal ConnectOrFail(const std::string& socket = kSocket);

  Journal(Journal&&) = default;
  ~Journal() noexcept override = default;

  // A journal that is busy is not waited for.
  void DoNotWait() { queue_.emplace(std::move(socket_), "the journal"); }

  // An alert's line becomes RANDGUARD_EVENT. A journal that is busy is waited for, at most 100 ms,
  // and not at all while it fails. Failures are counted and said on stderr, once until it works
  // again.
  void Write(const OutputLine& line) override;
  void Flush() override;
  bool HasWork() const override { return queue_.has_value() && queue_->waiting(); }
  void AddTo(Health& health) const override;

  std::uint64_t failures() const { return failures_; }  // alerts that the journal did not get

 private:
  explicit Journal(Datagram socket, std::string missing = "")
      : socket_(std::move(socket)), missing_(std::move(missing)) {}
  void Put(std::string_view name, std::string_view value);
  void Put(std::string_view name, std::integral auto value) { Put(name, std::to_string(value)); }
  void Put(std::string_view name, ValueSet auto value) { Put(name, Name(value)); }
  template <typename T>
  void Put(std::string_view name, const std::optional<T>& value) {
    if (value.has_value()) Put(name, *value);
  }
  void Put(std::string_view name, const std::vector<std::string_view>& values) {
    for (const std::string_view value : values) Put(name, value);
  }
  void PutFields(const OutputLine& line);

  Datagram socket_;
  std::optional<DatagramQueue> queue_;  // then it has the socket
  std::string missing_;                 // why there is none; empty: there is
  std::string error_;                   // while failing_
  std::string entry_;
  bool failing_ = false;
  std::uint64_t failures_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_JOURNAL_H_

// SPDX-License-Identifier: Apache-2.0
//
// Datagrams to one unix socket of this host, connected while sockets can still be made: the service
// manager's and the journal's.
#ifndef ANALYZER_OUTPUT_SINKS_DATAGRAM_H_
#define ANALYZER_OUTPUT_SINKS_DATAGRAM_H_

#include <kj/io.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace randguard {

class Datagram {
 public:
  // Sends nowhere.
  Datagram() = default;
  // `address` is a path, or a name in the abstract namespace with '@' in front.
  static absl::StatusOr<Datagram> Connect(const std::string& address);

  // 0, or errno. A receiver that is busy is waited for as long as `wait` says, at most 100 ms.
  int Send(std::string_view text, bool wait) const;
  bool connected() const { return fd_.get() >= 0; }

 private:
  explicit Datagram(kj::AutoCloseFd fd) : fd_(std::move(fd)) {}
  kj::AutoCloseFd fd_;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_DATAGRAM_H_

// SPDX-License-Identifier: Apache-2.0
//
// Lines as messages to the syslog service of this host: one datagram each, to a socket that is
// connected before the analyzer confines itself.
#ifndef ANALYZER_OUTPUT_SINKS_SYSLOG_H_
#define ANALYZER_OUTPUT_SINKS_SYSLOG_H_

#include <string>
#include <utility>

#include "analyzer/output/sinks/datagram_queue.h"
#include "analyzer/output/sinks/sink.h"

namespace randguard {

// Each line is "<PRIORITY>rand-guard: LINE", the form in which syslog(3) writes to the socket, but
// without a time: the line has one. The service is not waited for.
class Syslog final : public Sink {
 public:
  // Without a service, one that fails for that reason.
  static Syslog ConnectOrFail(const std::string& socket);

  Syslog(Syslog&&) = default;
  ~Syslog() noexcept override = default;

  void Write(const OutputLine& line) override;
  void Flush() override { queue_.Flush(); }
  bool HasWork() const override { return queue_.waiting(); }
  void AddTo(Health& health) const override;

 private:
  explicit Syslog(DatagramQueue queue) : queue_(std::move(queue)) {}

  DatagramQueue queue_;
  std::string message_;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_SYSLOG_H_

// SPDX-License-Identifier: Apache-2.0
//
// Datagrams to a service that is never waited for. A socket takes few at once, so a bounded number
// of them wait here.
#ifndef ANALYZER_OUTPUT_SINKS_DATAGRAM_QUEUE_H_
#define ANALYZER_OUTPUT_SINKS_DATAGRAM_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "analyzer/base/rarely.h"
#include "analyzer/output/sinks/datagram.h"

namespace randguard {

class DatagramQueue {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{1} << 20;

  // `service` is what it is called in messages.
  DatagramQueue(Datagram socket, std::string service)
      : socket_(std::move(socket)), service_(std::move(service)) {}

  // Sends the text, or keeps it while others wait. One for which there is no room is lost. Losses
  // are counted, and said on stderr now and then.
  void Send(std::string_view text);
  // Sends what waits, as far as the service takes it.
  void Flush();

  bool waiting() const { return !texts_.empty(); }
  std::uint64_t bytes() const { return bytes_; }  // sent
  std::uint64_t lost() const { return lost_; }
  // Empty: the last one was taken or waits.
  std::string error() const;

 private:
  int SendNow(std::string_view text) const;
  void Note(int error, std::size_t size);

  Datagram socket_;
  std::string service_;
  std::deque<std::string> texts_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t bytes_ = 0, lost_ = 0;
  int error_ = 0;  // errno of the last one; 0: it was taken
  bool said_ = false;
  Rarely may_say_;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_DATAGRAM_QUEUE_H_

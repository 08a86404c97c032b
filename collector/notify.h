// SPDX-License-Identifier: Apache-2.0
//
// The service manager's notification protocol (sd_notify(3)), as far as needed: datagrams on a
// socket that is connected before privileges go and kept. Not libsystemd's, so that a privileged
// process does not load its dependencies for one send(2).
#ifndef COLLECTOR_NOTIFY_H_
#define COLLECTOR_NOTIFY_H_

#include <kj/io.h>

#include <chrono>
#include <string_view>

namespace randguard::collector {

class Notifier {
 public:
  // From $NOTIFY_SOCKET and $WATCHDOG_USEC; without the first every call does nothing.
  Notifier();

  void Ready() { Send("READY=1"); }
  void Status(std::string_view text);
  void Stopping() { Send("STOPPING=1"); }
  // To be called at least every two seconds or so; passes on what the service manager needs.
  void Alive();

 private:
  void Send(std::string_view message);

  kj::AutoCloseFd socket_;
  std::chrono::microseconds watchdog_{0};  // 0: none
  std::chrono::steady_clock::time_point last_;
};

}  // namespace randguard::collector

#endif  // COLLECTOR_NOTIFY_H_

// SPDX-License-Identifier: Apache-2.0
//
// The service manager's notification protocol (sd_notify(3)), as far as needed: datagrams on a
// socket that is connected before privileges go and kept. Not libsystemd's, so that a privileged
// process does not load its dependencies for one send(2).
#ifndef COLLECTOR_NOTIFY_H_
#define COLLECTOR_NOTIFY_H_

#include <kj/io.h>

#include <string_view>

namespace randguard::collector {

class Notifier {
 public:
  // Connects to $NOTIFY_SOCKET; without it Send() does nothing.
  Notifier();
  void Send(std::string_view message) const;
  // About once a second; a watchdog of less than a few seconds would fire.
  void Alive() const { Send("WATCHDOG=1"); }

 private:
  kj::AutoCloseFd socket_;
};

}  // namespace randguard::collector

#endif  // COLLECTOR_NOTIFY_H_

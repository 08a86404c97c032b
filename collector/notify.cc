// SPDX-License-Identifier: Apache-2.0
#include "collector/notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "collector/startup.h"

namespace randguard::collector {

Notifier::Notifier() {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr) return;
  sockaddr_un address{.sun_family = AF_UNIX};
  const std::size_t length = std::strlen(path);
  if ((path[0] != '/' && path[0] != '@') || length >= sizeof(address.sun_path)) {
    Fail("NOTIFY_SOCKET=%s: not the name of a unix socket", path);
  }
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';
  socket_ = kj::AutoCloseFd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket_.get() < 0 ||
      connect(socket_, reinterpret_cast<const sockaddr*>(&address),
              static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length)) != 0) {
    Fail("NOTIFY_SOCKET=%s: %s", path, std::strerror(errno));
  }
}

void Notifier::Send(std::string_view message) const {
  if (socket_.get() < 0) return;
  iovec part{const_cast<char*>(message.data()), message.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  // A full queue means that the service manager is busy; the next notification will arrive.
  if (sendmsg(socket_, &header, MSG_NOSIGNAL) < 0) return;
}

}  // namespace randguard::collector

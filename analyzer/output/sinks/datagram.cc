// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/datagram.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "analyzer/base/status.h"

namespace randguard {

absl::StatusOr<Datagram> Datagram::Connect(const std::string& address) {
  sockaddr_un name{.sun_family = AF_UNIX};
  if (address.empty() || (address[0] != '/' && address[0] != '@') ||
      address.size() >= sizeof(name.sun_path)) {
    return HostError("%s: not the name of a unix socket", address);
  }
  std::memcpy(name.sun_path, address.data(), address.size());
  if (address[0] == '@') name.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  kj::AutoCloseFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const timeval patience{0, 100'000};
  if (fd.get() < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
      connect(fd, reinterpret_cast<const sockaddr*>(&name), size) != 0) {
    return ErrnoError(errno, address);
  }
  return Datagram(std::move(fd));
}

int Datagram::Send(std::string_view text, bool wait) const {
  const int flags = MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT);
  return send(fd_, text.data(), text.size(), flags) < 0 ? errno : 0;
}

}  // namespace randguard

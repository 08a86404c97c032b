// SPDX-License-Identifier: Apache-2.0
#include "collector/connection.h"

#include <capnp/serialize.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "collector/startup.h"

namespace randguard::collector {
namespace {

constexpr int kSendPatienceMs = 500;  // between two calls of `alive`

}  // namespace

Connection::Connection(std::string path, uid_t peer_uid, std::function<bool()> alive)
    : path_(std::move(path)), peer_uid_(peer_uid), alive_(std::move(alive)) {
  if (path_.empty() || path_.size() >= sizeof(sockaddr_un::sun_path)) {
    Fail("socket path %s: 1 to %zu bytes are allowed", path_.c_str(),
         sizeof(sockaddr_un::sun_path) - 1);
  }
}

bool Connection::Connect() {
  Close();
  sockaddr_un address{.sun_family = AF_UNIX};
  std::memcpy(address.sun_path, path_.data(), path_.size());
  kj::AutoCloseFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0 ||
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return false;
  }
  // The process that called listen(2). A service manager that holds the socket for an analyzer
  // which is just starting is refused like anybody else; the analyzer calls listen(2) itself first.
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != peer_uid_) {
    ++refused_peers_;
    return false;
  }
  if (shutdown(fd, SHUT_RD) != 0) return false;
  fd_ = std::move(fd);
  peer_pid_ = peer.pid;
  ++connects_;
  return true;
}

bool Connection::Send(capnp::MessageBuilder& message) {
  // Standard framing: count of segments - 1, their sizes in words, padding to a whole word, the
  // segments themselves straight from where they were built.
  const auto segments = message.getSegmentsForOutput();
  std::vector<std::uint32_t> table((segments.size() + 2) & ~std::size_t{1});
  std::vector<iovec> parts;
  parts.reserve(segments.size() + 1);
  parts.push_back({table.data(), table.size() * sizeof(table[0])});
  table[0] = static_cast<std::uint32_t>(segments.size() - 1);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    table[i + 1] = static_cast<std::uint32_t>(segments[i].size());
    const auto bytes = segments[i].asBytes();
    parts.push_back({const_cast<kj::byte*>(bytes.begin()), bytes.size()});
  }
  msghdr header{};
  header.msg_iov = parts.data();
  header.msg_iovlen = parts.size();
  while (header.msg_iovlen > 0) {
    ssize_t n = sendmsg(fd_, &header, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      pollfd writable{fd_, POLLOUT, 0};
      if (poll(&writable, 1, kSendPatienceMs) == 0 && !alive_()) return false;
      continue;
    }
    if (n < 0) return false;
    while (header.msg_iovlen > 0 && static_cast<std::size_t>(n) >= header.msg_iov->iov_len) {
      n -= static_cast<ssize_t>(header.msg_iov->iov_len);
      ++header.msg_iov;
      --header.msg_iovlen;
    }
    if (header.msg_iovlen > 0) {
      header.msg_iov->iov_base = static_cast<char*>(header.msg_iov->iov_base) + n;
      header.msg_iov->iov_len -= static_cast<std::size_t>(n);
    }
  }
  return true;
}

}  // namespace randguard::collector

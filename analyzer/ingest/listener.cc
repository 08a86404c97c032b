// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ingest/listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "analyzer/base/status.h"

namespace randguard {
namespace {

constexpr int kBacklog = 8;

}  // namespace

absl::StatusOr<kj::AutoCloseFd> ActivatedListener() {
  const int n = sd_listen_fds(/*unset_environment=*/1);
  if (n < 0) return ErrnoError(-n, "sockets of the service manager");
  if (n != 1) {
    return HostError(
        "no socket to listen on: %d were passed by the service manager, one is needed; or say "
        "--listen PATH",
        n);
  }
  kj::AutoCloseFd fd(SD_LISTEN_FDS_START);
  if (sd_is_socket_unix(fd, SOCK_STREAM, 1, nullptr, 0) <= 0) {
    return HostError("the socket passed by the service manager is not a listening unix stream");
  }
  if (listen(fd, kBacklog) != 0) return ErrnoError(errno, "the service manager's socket");
  return fd;
}

absl::StatusOr<kj::AutoCloseFd> ListenAt(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX};
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return HostError("--listen %s: a path of 1 to %d bytes is allowed", path,
                     sizeof(address.sun_path) - 1);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  struct stat st {};
  if (lstat(path.c_str(), &st) == 0) {
    if (!S_ISSOCK(st.st_mode)) {
      return HostError("--listen %s: there is something that is not a socket; remove it", path);
    }
    // Only if nobody answers: two analyzers on one path would steal each other's collector.
    kj::AutoCloseFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
      return HostError("--listen %s: another process listens there", path);
    }
    if (unlink(path.c_str()) != 0) return ErrnoError(errno, "--listen " + path);
  }
  kj::AutoCloseFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0 || bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      chmod(path.c_str(), 0666) != 0 || listen(fd, kBacklog) != 0) {
    return ErrnoError(errno, "--listen " + path);
  }
  return fd;
}

absl::StatusOr<kj::AutoCloseFd> AcceptPeer(int listener, uid_t& uid) {
  kj::AutoCloseFd fd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd.get() < 0) return ErrnoError(errno, "accept");
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return ErrnoError(errno, "credentials of the peer");
  }
  uid = peer.uid;
  return fd;
}

}  // namespace randguard

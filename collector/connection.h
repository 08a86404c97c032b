// SPDX-License-Identifier: Apache-2.0
//
// The one-way connection to the analyzer: Cap'n Proto messages go out, nothing is ever read.
#ifndef COLLECTOR_CONNECTION_H_
#define COLLECTOR_CONNECTION_H_

#include <capnp/message.h>
#include <kj/io.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

namespace randguard::collector {

class Connection {
 public:
  // `alive` is called now and then while Send() waits for a peer that does not read.
  Connection(std::string path, uid_t peer_uid, std::function<bool()> alive);

  // One attempt. False: nobody listens, or somebody of another uid does.
  bool Connect();
  // Sends one message whole. False: the connection is gone, or `alive` returned false.
  bool Send(capnp::MessageBuilder& message);
  void Close() { fd_ = nullptr; }

  int fd() const { return fd_.get(); }
  bool open() const { return fd_.get() >= 0; }
  pid_t peer_pid() const { return peer_pid_; }
  std::uint32_t connects() const { return connects_; }
  std::uint32_t refused_peers() const { return refused_peers_; }

 private:
  const std::string path_;
  const uid_t peer_uid_;
  const std::function<bool()> alive_;
  kj::AutoCloseFd fd_;
  pid_t peer_pid_ = 0;
  std::uint32_t connects_ = 0;
  std::uint32_t refused_peers_ = 0;
};

}  // namespace randguard::collector

#endif  // COLLECTOR_CONNECTION_H_

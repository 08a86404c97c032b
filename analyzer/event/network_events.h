// SPDX-License-Identifier: Apache-2.0
//
// Events of sockets: the operations on them, and the fate of connections.
#ifndef ANALYZER_EVENT_NETWORK_EVENTS_H_
#define ANALYZER_EVENT_NETWORK_EVENTS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "analyzer/event/actor.h"
#include "analyzer/event/field.h"
#include "analyzer/event/value_sets.h"
#include "analyzer/event/values.h"
#include "schema/abi/event.h"

namespace randguard {

// The system call behind an event, and what came of it.
struct NetworkCall {
  Text event_type;
  Text syscall;
  Text operation;
  std::int64_t result = 0;
  OptionalText error;
  bool compat32 = false, seccomp = false, traced = false, doubtful = false;
  Witness witness = Witness::kCall;
  bool alert = false;
  OptionalText detection_type;
  std::int32_t socket_fd = 0;
};

inline constexpr const char* kNetworkOperationDoc = "what was done with the socket";
inline constexpr const char* kAlertDoc = "a detection fits";
inline constexpr const char* kDetectionTypeDoc = "the detection's name";

constexpr auto FieldsOf(const NetworkCall*) {
  using E = NetworkCall;
  return FieldList{
      Field<"syscall">(&E::syscall, "the system call"),
      Field<"operation">(&E::operation, kNetworkOperationDoc),
      Field<"result">(&E::result, "what it returned; negative: an error, the number as in errno"),
      Field<"error">(&E::error,
                     "the error's name; null: it worked. EINPROGRESS, EINTR: a connection is "
                     "being made, network_close tells what became of it"),
      Field<"compat32">(&E::compat32, "called through the 32-bit system call table"),
      Field<"seccomp">(&E::seccomp, kSeccompDoc),
      Field<"traced">(&E::traced, kTracedDoc),
      Field<"doubtful">(&E::doubtful, kDoubtfulDoc),
      Field<"witness">(&E::witness, kWitnessDoc),
      Field<"alert">(&E::alert, kAlertDoc),
      Field<"detection_type">(&E::detection_type, kDetectionTypeDoc),
      Field<"socket_fd">(
          &E::socket_fd,
          "the descriptor the call was made with; of a socket that was made, its own"),
  };
}

// Addresses are null where there is none, ports also where the protocol has none.
struct Socket {
  AddressFamily family = AddressFamily::kIpv4;
  ShortName protocol;
  ShortName type;
  std::optional<Address> remote_addr;
  std::optional<std::uint32_t> remote_port;
  std::optional<Address> local_addr;
  std::optional<std::uint32_t> local_port;
  bool v4_mapped = false;
  AddressSource address_source = AddressSource::kSocket;
  OptionalText unix_path;
  std::optional<PathStatus> unix_path_status;
  bool unix_abstract = false;
  std::uint32_t net_ns = 0;
  std::optional<std::uint64_t> socket_inode;
};

constexpr auto FieldsOf(const Socket*) {
  using E = Socket;
  return FieldList{
      Field<"family">(&E::family, "of the addresses"),
      Field<"protocol">(
          &E::protocol,
          "tcp, udp, sctp, or the protocol's number; packet: the EtherType, 3: all of them"),
      Field<"socket_type">(&E::type, "stream, dgram, raw, seqpacket, or the type's number"),
      Field<"remote_addr">(&E::remote_addr,
                           "the peer's address; null: there is no peer, or it "
                           "could not be told"),
      Field<"remote_port">(&E::remote_port, "the peer's port"),
      Field<"local_addr">(&E::local_addr, "the socket's own address; null: it has none yet"),
      Field<"local_port">(&E::local_port, "its port"),
      Field<"v4_mapped">(&E::v4_mapped, "an ipv6 socket that talks ipv4"),
      Field<"address_source">(&E::address_source, "where the addresses come from"),
      Field<"unix_path">(&E::unix_path,
                         "unix: the peer's name (connect, send, receive), else the socket's own; "
                         "null: it has none"),
      Field<"unix_path_status">(&E::unix_path_status, kPathStatusDoc),
      Field<"unix_abstract">(&E::unix_abstract,
                             "unix: a name in no file system, shown with @ before it"),
      Field<"net_ns">(&E::net_ns, "the socket's network namespace"),
      Field<"socket_inode">(&E::socket_inode, "as /proc/PID/fd shows it; null: it is gone"),
  };
}

struct NetworkConnect {
  static constexpr std::array kKinds = {RG_KIND_network_connect};
  static constexpr std::string_view kClassName = "network_connect";
  static constexpr const char* kDoc =
      "a socket was connected, or was to be: by connect, or by sending with MSG_FASTOPEN";

  Actor actor;
  NetworkCall call;
  Socket object;
};
constexpr auto FieldsOf(const NetworkConnect*) { return FieldList{}; }

struct NetworkBind {
  static constexpr std::array kKinds = {RG_KIND_network_bind};
  static constexpr std::string_view kClassName = "network_bind";
  static constexpr const char* kDoc = "a socket was given its address, or was to be";

  Actor actor;
  NetworkCall call;
  Socket object;
};
constexpr auto FieldsOf(const NetworkBind*) { return FieldList{}; }

struct NetworkListen {
  static constexpr std::array kKinds = {RG_KIND_network_listen};
  static constexpr std::string_view kClassName = "network_listen";
  static constexpr const char* kDoc = "a socket was made to take connections, or was to be";

  Actor actor;
  NetworkCall call;
  std::int32_t backlog = 0;
  Socket object;
};
constexpr auto FieldsOf(const NetworkListen*) {
  return FieldList{
      Field<"backlog">(&NetworkListen::backlog, "connections that may wait, as asked for"),
  };
}

struct NetworkAccept {
  static constexpr std::array kKinds = {RG_KIND_network_accept};
  static constexpr std::string_view kClassName = "network_accept";
  static constexpr const char* kDoc = "a connection was taken; all else is of its own socket";

  Actor actor;
  NetworkCall call;
  std::int32_t accepted_fd = 0;
  Socket object;
};
constexpr auto FieldsOf(const NetworkAccept*) {
  return FieldList{
      Field<"accepted_fd">(&NetworkAccept::accepted_fd, "the connection's descriptor"),
  };
}

// network_send, network_receive.
struct NetworkDatagram {
  static constexpr std::array kKinds = {RG_KIND_network_datagram};
  static constexpr std::string_view kClassName = "network_datagram";
  static constexpr const char* kDoc =
      "the first datagram that a process sends (network_send) or receives (network_receive) "
      "through a socket to or from a peer; also the first one that fails";

  Actor actor;
  NetworkCall call;
  Socket object;
};
constexpr auto FieldsOf(const NetworkDatagram*) { return FieldList{}; }

struct NetworkSocket {
  static constexpr std::array kKinds = {RG_KIND_network_socket};
  static constexpr std::string_view kClassName = "network_socket";
  static constexpr const char* kDoc =
      "a socket was made that sees or sends whole packets (AF_PACKET, SOCK_RAW), or was to be";

  Actor actor;
  NetworkCall call;
  Socket object;
};
constexpr auto FieldsOf(const NetworkSocket*) { return FieldList{}; }

struct NetworkClose {
  static constexpr std::array kKinds = {RG_KIND_network_close};
  static constexpr std::string_view kEventType = "network_close";
  static constexpr std::string_view kOperation = "close";
  static constexpr const char* kDoc =
      "a TCP connection ended, or an attempt at one; the process is the one that opened or "
      "accepted it";

  Actor actor;
  Text operation = kOperation;
  std::int64_t result = 0;
  OptionalText error;
  bool alert = false;
  OptionalText detection_type;
  Direction direction = Direction::kOutbound;
  bool established = false;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t duration_ns = 0;
  Socket object;
};
constexpr auto FieldsOf(const NetworkClose*) {
  using E = NetworkClose;
  return FieldList{
      Field<"operation">(&E::operation, kNetworkOperationDoc),
      Field<"result">(&E::result, "0, or negative: why it ended, the number as in errno"),
      Field<"error">(&E::error, "the error's name; null: it was closed"),
      Field<"alert">(&E::alert, kAlertDoc),
      Field<"detection_type">(&E::detection_type, kDetectionTypeDoc),
      Field<"direction">(&E::direction, "inbound: it was accepted; outbound: it was asked for"),
      Field<"established">(&E::established, "false: it never came to be"),
      Field<"bytes_sent">(&E::bytes_sent, "payload, without what was sent again"),
      Field<"bytes_received">(&E::bytes_received, "payload"),
      Field<"duration_ns">(&E::duration_ns, "from when it was established"),
  };
}

}  // namespace randguard

#endif  // ANALYZER_EVENT_NETWORK_EVENTS_H_

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/decode/network_record.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "analyzer/decode/by_kind.h"
#include "analyzer/decode/ip_address.h"
#include "analyzer/event/calls.h"

namespace randguard {
namespace {

constexpr unsigned kDccp = 33;
constexpr unsigned kSctp = 132;
constexpr unsigned kUdpLite = 136;
constexpr unsigned kMptcp = 262;

ShortName NameOrNumber(std::string_view name, unsigned number) {
  ShortName text;
  if (name.empty()) {
    std::to_chars(text.chars.data(), text.chars.data() + text.chars.size() - 1, number);
  } else {
    std::copy_n(name.begin(), std::min(name.size(), text.chars.size() - 1), text.chars.begin());
  }
  return text;
}

ShortName ProtocolName(unsigned protocol) {
  switch (protocol) {
    case IPPROTO_TCP:
      return NameOrNumber("tcp", protocol);
    case IPPROTO_UDP:
      return NameOrNumber("udp", protocol);
    case kSctp:
      return NameOrNumber("sctp", protocol);
    default:
      return NameOrNumber("", protocol);
  }
}

ShortName TypeName(unsigned type) {
  switch (type) {
    case SOCK_STREAM:
      return NameOrNumber("stream", type);
    case SOCK_DGRAM:
      return NameOrNumber("dgram", type);
    case SOCK_RAW:
      return NameOrNumber("raw", type);
    case SOCK_SEQPACKET:
      return NameOrNumber("seqpacket", type);
    default:
      return NameOrNumber("", type);
  }
}

// Raw sockets and other protocols have no ports; the kernel keeps something else in their place.
bool HasPorts(const rg_network& r) {
  if (r.type == SOCK_RAW) return false;
  switch (r.protocol) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case kDccp:
    case kSctp:
    case kUdpLite:
    case kMptcp:
      return true;
    default:
      return false;
  }
}

void FillInet(const rg_network& r, Socket& s) {
  const bool local = (r.flags & RG_NETWORK_LOCAL) != 0;
  const bool remote = (r.flags & RG_NETWORK_REMOTE) != 0;
  const bool v6 = r.family == AF_INET6;
  // A socket that talks ipv4 may still have "::" for its own address. It is the other end that says
  // what is talked, where there is one.
  s.v4_mapped = v6 && (remote ? IsMapped(r.remote_addr) : local && IsMapped(r.local_addr));
  s.family = v6 && !s.v4_mapped ? AddressFamily::kIpv6 : AddressFamily::kIpv4;
  const int family = v6 && !s.v4_mapped ? AF_INET6 : AF_INET;
  const std::size_t skip = s.v4_mapped ? 12 : 0;  // of "::", that leaves 0.0.0.0
  if (local) s.local_addr = AddressText(family, r.local_addr + skip);
  if (remote) s.remote_addr = AddressText(family, r.remote_addr + skip);
  if (HasPorts(r)) {
    if (local) s.local_port = r.local_port;
    if (remote) s.remote_port = r.remote_port;
  }
}

// A number in the place of an address.
Address NumberText(std::uint32_t number) {
  Address text;
  std::to_chars(text.chars.data(), text.chars.data() + text.chars.size() - 1, number);
  return text;
}

struct VsockAddress {
  std::uint32_t cid, port;
};

VsockAddress VsockOf(const __u8 (&bytes)[16]) {
  VsockAddress address{};
  std::memcpy(&address, bytes, sizeof(address));
  return address;
}

void FillVsock(const rg_network& r, Socket& s) {
  s.family = AddressFamily::kVsock;
  if ((r.flags & RG_NETWORK_LOCAL) != 0) {
    const VsockAddress local = VsockOf(r.local_addr);
    s.local_addr = NumberText(local.cid), s.local_port = local.port;
  }
  if ((r.flags & RG_NETWORK_REMOTE) != 0) {
    const VsockAddress remote = VsockOf(r.remote_addr);
    s.remote_addr = NumberText(remote.cid), s.remote_port = remote.port;
  }
}

void FillPacket(const rg_network& r, Socket& s) {
  s.family = AddressFamily::kPacket;
  if ((r.flags & RG_NETWORK_LOCAL) == 0) return;
  std::uint32_t interface = 0;
  std::memcpy(&interface, r.local_addr, sizeof(interface));
  s.local_addr = NumberText(interface);
}

void FillAddresses(const rg_network& r, Socket& s) {
  switch (r.family) {
    case AF_UNIX:
      s.family = AddressFamily::kUnix;
      break;
    case AF_VSOCK:
      FillVsock(r, s);
      break;
    case AF_PACKET:
      FillPacket(r, s);
      break;
    default:
      FillInet(r, s);
  }
}

// Protocols are numbers of the family's own.
ShortName ProtocolOf(const rg_network& r) {
  const bool of_ip = r.family == AF_INET || r.family == AF_INET6;
  return of_ip || r.family == AF_UNIX ? ProtocolName(r.protocol) : NameOrNumber("", r.protocol);
}

void FillSocket(const rg_network& r, Strings& strings, Socket& s) {
  FillAddresses(r, s);
  s.unix_path = strings.GetOptional(r.path);
  s.unix_path_status = StatusOf(r.path);
  s.unix_abstract = (r.flags & RG_NETWORK_ABSTRACT) != 0;
  s.protocol = ProtocolOf(r);
  s.type = TypeName(r.type);
  s.address_source =
      (r.flags & RG_NETWORK_ARGUMENT) != 0 ? AddressSource::kArgument : AddressSource::kSocket;
  s.net_ns = r.net_ns;
  if (r.socket != 0) s.socket_inode = r.socket;
}

void FillCall(const rg_network& r, NetworkCall& call) {
  const CallInfo& info = CallInfoOf(r.call);
  // Sending may connect.
  const CallInfo& done = r.hdr.kind == RG_KIND_network_connect ? kCalls[RG_CALL_connect] : info;
  call.event_type = done.event_type;
  call.syscall = info.name;
  call.operation = done.operation;
  call.result = r.result;
  call.error = ErrorName(r.result);
  call.compat32 = (r.flags & RG_NETWORK_COMPAT) != 0;
  FillWitness(r.hdr, call);
  call.socket_fd = r.fd;
}

template <typename E>
void FillShared(const rg_network& r, Strings& strings, E& e) {
  FillActor(r.hdr, e.actor);
  if constexpr (requires { e.call; }) FillCall(r, e.call);
  FillSocket(r, strings, e.object);
}

void Fill(const rg_network& r, Strings& strings, NetworkConnect& e) { FillShared(r, strings, e); }

void Fill(const rg_network& r, Strings& strings, NetworkBind& e) { FillShared(r, strings, e); }

void Fill(const rg_network& r, Strings& strings, NetworkListen& e) {
  FillShared(r, strings, e);
  e.backlog = r.backlog;
}

void Fill(const rg_network& r, Strings& strings, NetworkAccept& e) {
  FillShared(r, strings, e);
  e.accepted_fd = static_cast<std::int32_t>(r.result);
}

void Fill(const rg_network& r, Strings& strings, NetworkDatagram& e) { FillShared(r, strings, e); }

void Fill(const rg_network& r, Strings& strings, NetworkSocket& e) { FillShared(r, strings, e); }

void Fill(const rg_network& r, Strings& strings, NetworkClose& e) {
  FillShared(r, strings, e);
  e.result = r.result;
  e.error = ErrorName(r.result);
  e.direction = (r.flags & RG_NETWORK_INBOUND) != 0 ? Direction::kInbound : Direction::kOutbound;
  e.established = (r.flags & RG_NETWORK_ESTABLISHED) != 0;
  e.bytes_sent = r.bytes_sent;
  e.bytes_received = r.bytes_received;
  e.duration_ns = r.duration_ns;
}

bool CallFits(const rg_network& r) {
  if (r.hdr.kind == RG_KIND_network_close) return r.call == 0;
  if (r.call == RG_CALL_socketcall) return false;  // a record names the call it stands for
  const std::uint16_t kind = CallInfoOf(r.call).kind;
  return kind == r.hdr.kind ||
         (kind == RG_KIND_network_datagram && r.hdr.kind == RG_KIND_network_connect);
}

}  // namespace

void DecodeNetwork(const rg_network& r, Strings& strings, Event& event) {
  constexpr int kFamilies[] = {AF_INET, AF_INET6, AF_UNIX, AF_VSOCK, AF_PACKET};
  if (std::find(std::begin(kFamilies), std::end(kFamilies), r.family) == std::end(kFamilies) ||
      !CallFits(r) ||
      !EmplaceByKind<rg_network>(r.hdr.kind, event, [&](auto& e) { Fill(r, strings, e); })) {
    strings.Fail();
  }
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/decode/network_record.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>
#include <string_view>
#include <variant>

#include "analyzer/decode/record.h"
#include "tests/support/record_builder.h"

namespace randguard::network_record_test {
namespace {

using testing::Bytes;

template <typename E>
E Decoded(const Bytes& bytes) {
  const auto event = DecodeRecord(bytes);
  EXPECT_TRUE(event.ok()) << event.status();
  if (!event.ok() || !std::holds_alternative<E>(*event)) {
    ADD_FAILURE() << "not this kind of event";
    return {};
  }
  return std::get<E>(*event);
}

bool IsInvalid(const Bytes& bytes) {
  return DecodeRecord(bytes).status().code() == absl::StatusCode::kInvalidArgument;
}

std::string_view View(const std::optional<Address>& address) {
  return address.has_value() ? address->view() : "(absent)";
}

void SetV6(rg_network& b, const char* local, const char* remote) {
  b.family = AF_INET6;
  inet_pton(AF_INET6, local, b.local_addr);
  inet_pton(AF_INET6, remote, b.remote_addr);
}

void ExpectBuildersSocket(const Socket& s) {
  EXPECT_EQ(s.family, AddressFamily::kIpv4);
  EXPECT_EQ(s.protocol.view(), "tcp");
  EXPECT_EQ(s.type.view(), "stream");
  EXPECT_EQ(View(s.local_addr), "10.0.0.1");
  EXPECT_EQ(s.local_port, 40000);
  EXPECT_EQ(View(s.remote_addr), "192.0.2.7");
  EXPECT_EQ(s.remote_port, 443);
  EXPECT_FALSE(s.v4_mapped);
  EXPECT_EQ(s.address_source, AddressSource::kSocket);
  EXPECT_EQ(s.unix_path, std::nullopt);
  EXPECT_EQ(s.net_ns, 4026531840u);
}

TEST(DecodeNetworkTest, ConnectKeepsEveryField) {
  auto r = testing::NetworkConnect();
  r.body.result = -115;
  r.body.flags |= RG_NETWORK_COMPAT;
  const Bytes bytes = r.Build();
  const auto e = Decoded<NetworkConnect>(bytes);
  EXPECT_EQ(e.actor.pid, 1234u);
  EXPECT_EQ(e.actor.comm, "curl");
  EXPECT_EQ(e.call.event_type, "network_connect");
  EXPECT_EQ(e.call.syscall, "connect");
  EXPECT_EQ(e.call.result, -115);
  EXPECT_EQ(e.call.error, "EINPROGRESS");
  EXPECT_EQ(e.call.socket_fd, 6);
  EXPECT_TRUE(e.call.compat32);
  EXPECT_FALSE(e.call.alert);
  EXPECT_EQ(e.call.detection_type, std::nullopt);
  EXPECT_EQ(e.object.socket_inode, 5001u);
  ExpectBuildersSocket(e.object);
}

TEST(DecodeNetworkTest, BindHasNoPeer) {
  const auto e = Decoded<NetworkBind>(testing::NetworkBind().Build());
  EXPECT_EQ(e.call.event_type, "network_bind");
  EXPECT_EQ(View(e.object.local_addr), "10.0.0.1");
  EXPECT_EQ(e.object.local_port, 40000);
  EXPECT_EQ(e.object.remote_addr, std::nullopt);
  EXPECT_EQ(e.object.remote_port, std::nullopt);
}

TEST(DecodeNetworkTest, ListenHasItsBacklog) {
  const auto e = Decoded<NetworkListen>(testing::NetworkListen().Build());
  EXPECT_EQ(e.call.event_type, "network_listen");
  EXPECT_EQ(e.backlog, 128);
}

TEST(DecodeNetworkTest, AcceptHasBothDescriptors) {
  const auto e = Decoded<NetworkAccept>(testing::NetworkAccept().Build());
  EXPECT_EQ(e.call.event_type, "network_accept");
  EXPECT_EQ(e.call.syscall, "accept4");
  EXPECT_EQ(e.call.socket_fd, 6);
  EXPECT_EQ(e.accepted_fd, 9);
  ExpectBuildersSocket(e.object);
}

TEST(DecodeNetworkTest, DatagramsAreSentOrReceived) {
  auto r = testing::NetworkDatagram();
  auto e = Decoded<NetworkDatagram>(r.Build());
  EXPECT_EQ(e.call.event_type, "network_send");
  EXPECT_EQ(e.call.result, 33);
  EXPECT_EQ(e.object.protocol.view(), "udp");
  EXPECT_EQ(e.object.type.view(), "dgram");
  EXPECT_EQ(e.object.address_source, AddressSource::kArgument);
  for (const int call : {RG_CALL_sendto, RG_CALL_sendmmsg}) {
    r.body.call = static_cast<__u16>(call);
    EXPECT_EQ(Decoded<NetworkDatagram>(r.Build()).call.event_type, "network_send");
  }
  for (const int call :
       {RG_CALL_recvfrom, RG_CALL_recvmsg, RG_CALL_recvmmsg, RG_CALL_recvmmsg_time64}) {
    r.body.call = static_cast<__u16>(call);
    EXPECT_EQ(Decoded<NetworkDatagram>(r.Build()).call.event_type, "network_receive");
  }
}

TEST(DecodeNetworkTest, SendingMayConnect) {
  auto r = testing::NetworkConnect();
  r.body.call = RG_CALL_sendto;
  const auto e = Decoded<NetworkConnect>(r.Build());
  EXPECT_EQ(e.call.event_type, "network_connect");
  EXPECT_EQ(e.call.syscall, "sendto");
  EXPECT_EQ(e.call.operation, "connect");
}

TEST(DecodeNetworkTest, CloseKeepsEveryField) {
  auto r = testing::NetworkClose();
  auto e = Decoded<NetworkClose>(r.Build());
  EXPECT_EQ(e.actor.pid, 1234u);
  EXPECT_EQ(e.result, -104);
  EXPECT_EQ(e.operation, "close");
  EXPECT_EQ(e.error, "ECONNRESET");
  EXPECT_EQ(e.direction, Direction::kInbound);
  EXPECT_TRUE(e.established);
  EXPECT_EQ(e.bytes_sent, 101u);
  EXPECT_EQ(e.bytes_received, 202u);
  EXPECT_EQ(e.duration_ns, 7'000u);
  EXPECT_EQ(e.object.socket_inode, std::nullopt);
  ExpectBuildersSocket(e.object);
  r.body.flags &= ~(RG_NETWORK_INBOUND | RG_NETWORK_ESTABLISHED);
  r.body.result = 0;
  e = Decoded<NetworkClose>(r.Build());
  EXPECT_EQ(e.direction, Direction::kOutbound);
  EXPECT_FALSE(e.established);
  EXPECT_EQ(e.error, std::nullopt);
}

TEST(DecodeNetworkTest, Ipv6) {
  auto r = testing::NetworkConnect();
  SetV6(r.body, "2001:db8::1", "2001:db8:1:2:3:4:5:6");
  const auto e = Decoded<NetworkConnect>(r.Build());
  EXPECT_EQ(e.object.family, AddressFamily::kIpv6);
  EXPECT_FALSE(e.object.v4_mapped);
  EXPECT_EQ(View(e.object.local_addr), "2001:db8::1");
  EXPECT_EQ(View(e.object.remote_addr), "2001:db8:1:2:3:4:5:6");
}

TEST(DecodeNetworkTest, TheLongestAddressFits) {
  auto r = testing::NetworkConnect();
  SetV6(r.body, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::");
  EXPECT_EQ(View(Decoded<NetworkConnect>(r.Build()).object.local_addr),
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

TEST(DecodeNetworkTest, MappedAddressesAreIpv4) {
  auto r = testing::NetworkConnect();
  SetV6(r.body, "::ffff:10.1.2.3", "::ffff:192.0.2.9");
  auto e = Decoded<NetworkConnect>(r.Build());
  EXPECT_EQ(e.object.family, AddressFamily::kIpv4);
  EXPECT_TRUE(e.object.v4_mapped);
  EXPECT_EQ(View(e.object.local_addr), "10.1.2.3");
  EXPECT_EQ(View(e.object.remote_addr), "192.0.2.9");
  // Not bound to an address: the peer's decides.
  SetV6(r.body, "::", "::ffff:192.0.2.9");
  e = Decoded<NetworkConnect>(r.Build());
  EXPECT_EQ(e.object.family, AddressFamily::kIpv4);
  EXPECT_EQ(View(e.object.local_addr), "0.0.0.0");
  // Without a peer, the socket's own.
  r.body.flags &= ~RG_NETWORK_REMOTE;
  EXPECT_EQ(Decoded<NetworkConnect>(r.Build()).object.family, AddressFamily::kIpv6);
}

TEST(DecodeNetworkTest, AddressesThatAreNotThereAreAbsent) {
  auto r = testing::NetworkConnect();
  r.body.flags = 0;
  const auto e = Decoded<NetworkConnect>(r.Build());
  EXPECT_EQ(e.object.local_addr, std::nullopt);
  EXPECT_EQ(e.object.local_port, std::nullopt);
  EXPECT_EQ(e.object.remote_addr, std::nullopt);
  EXPECT_EQ(e.object.remote_port, std::nullopt);
}

TEST(DecodeNetworkTest, PortsOnlyWhereTheProtocolHasThem) {
  auto r = testing::NetworkDatagram();
  r.body.protocol = 1;  // ICMP
  auto e = Decoded<NetworkDatagram>(r.Build());
  EXPECT_EQ(e.object.protocol.view(), "1");
  EXPECT_EQ(e.object.remote_port, std::nullopt);
  EXPECT_EQ(View(e.object.remote_addr), "192.0.2.7");
  r.body.protocol = IPPROTO_UDP;
  r.body.type = 3;  // SOCK_RAW
  e = Decoded<NetworkDatagram>(r.Build());
  EXPECT_EQ(e.object.type.view(), "raw");
  EXPECT_EQ(e.object.local_port, std::nullopt);
  r.body.type = 2;
  r.body.protocol = 132;  // SCTP
  e = Decoded<NetworkDatagram>(r.Build());
  EXPECT_EQ(e.object.protocol.view(), "sctp");
  EXPECT_EQ(e.object.remote_port, 443);
  r.body.type = UINT16_MAX;
  r.body.protocol = UINT16_MAX;
  EXPECT_EQ(Decoded<NetworkDatagram>(r.Build()).object.type.view(), "65535");
}

TEST(DecodeNetworkTest, UnixNames) {
  auto r = testing::NetworkConnect();
  r.body.family = AF_UNIX;
  r.body.protocol = 0;
  r.Put(&rg_network::path, "/run/dbus/socket", RG_STR_DELETED);
  Bytes bytes = r.Build();
  auto e = Decoded<NetworkConnect>(bytes);
  EXPECT_EQ(e.object.family, AddressFamily::kUnix);
  EXPECT_EQ(e.object.protocol.view(), "0");
  EXPECT_EQ(e.object.unix_path, "/run/dbus/socket");
  EXPECT_EQ(e.object.unix_path_status, PathStatus::kDeleted);
  EXPECT_FALSE(e.object.unix_abstract);
  EXPECT_EQ(e.object.remote_addr, std::nullopt);
  r.body.flags = RG_NETWORK_ABSTRACT;
  r.Put(&rg_network::path, "@name");
  bytes = r.Build();
  e = Decoded<NetworkConnect>(bytes);
  EXPECT_EQ(e.object.unix_path, "@name");
  EXPECT_TRUE(e.object.unix_abstract);
  r.Put(&rg_network::path, "");
  bytes = r.Build();
  EXPECT_EQ(Decoded<NetworkConnect>(bytes).object.unix_path, std::nullopt);
}

TEST(DecodeNetworkTest, VsockHasNumbersForAddresses) {
  auto r = testing::NetworkConnect();
  r.body.family = AF_VSOCK;
  r.body.protocol = 0;
  r.body.local_port = r.body.remote_port = 0;
  const std::uint32_t local[] = {3, 4'000'000'000}, remote[] = {2, 1024};
  std::memcpy(r.body.local_addr, local, sizeof(local));
  std::memcpy(r.body.remote_addr, remote, sizeof(remote));
  auto e = Decoded<NetworkConnect>(r.Build());
  EXPECT_EQ(e.object.family, AddressFamily::kVsock);
  EXPECT_EQ(e.object.protocol.view(), "0");
  EXPECT_EQ(View(e.object.local_addr), "3");
  EXPECT_EQ(e.object.local_port, 4'000'000'000);
  EXPECT_EQ(View(e.object.remote_addr), "2");
  EXPECT_EQ(e.object.remote_port, 1024u);
  r.body.flags = 0;
  e = Decoded<NetworkConnect>(r.Build());
  EXPECT_EQ(e.object.local_addr, std::nullopt);
  EXPECT_EQ(e.object.local_port, std::nullopt);
  EXPECT_EQ(e.object.remote_addr, std::nullopt);
  EXPECT_EQ(e.object.remote_port, std::nullopt);
}

TEST(DecodeNetworkTest, PacketSocketsHaveAnInterface) {
  auto r = testing::NetworkSocket();
  auto e = Decoded<NetworkSocket>(r.Build());
  EXPECT_EQ(e.call.event_type, "network_socket");
  EXPECT_EQ(e.call.operation, "socket");
  EXPECT_EQ(e.object.family, AddressFamily::kPacket);
  EXPECT_EQ(e.object.type.view(), "raw");
  EXPECT_EQ(e.object.protocol.view(), "3");
  EXPECT_EQ(View(e.object.local_addr), "0");
  EXPECT_EQ(e.object.local_port, std::nullopt);
  EXPECT_EQ(e.object.remote_addr, std::nullopt);
  const std::uint32_t interface = 7;
  std::memcpy(r.body.local_addr, &interface, sizeof(interface));
  r.body.protocol = 6;  // an EtherType, and not TCP
  e = Decoded<NetworkSocket>(r.Build());
  EXPECT_EQ(View(e.object.local_addr), "7");
  EXPECT_EQ(e.object.protocol.view(), "6");
  r.body.flags = 0;
  EXPECT_EQ(Decoded<NetworkSocket>(r.Build()).object.local_addr, std::nullopt);
}

TEST(DecodeNetworkTest, CallsOfOtherKindsAreInvalid) {
  auto r = testing::NetworkConnect();
  for (const int call :
       {0, static_cast<int>(RG_CALL_openat), static_cast<int>(RG_CALL_bind),
        static_cast<int>(RG_CALL_socketcall), static_cast<int>(RG_CALL_END), 0xffff}) {
    r.body.call = static_cast<__u16>(call);
    EXPECT_TRUE(IsInvalid(r.Build())) << call;
  }
  auto close = testing::NetworkClose();
  close.body.call = RG_CALL_connect;
  EXPECT_TRUE(IsInvalid(close.Build()));
}

TEST(DecodeNetworkTest, OtherFamiliesAreInvalid) {
  auto r = testing::NetworkConnect();
  for (const int family : {0, 16, 0xffff}) {
    r.body.family = static_cast<__u16>(family);
    EXPECT_TRUE(IsInvalid(r.Build())) << family;
  }
}

}  // namespace
}  // namespace randguard::network_record_test

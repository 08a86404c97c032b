// SPDX-License-Identifier: Apache-2.0
//
// Addresses as records hold them: 16 bytes, of which ipv4 takes the first four. For the decoders
// only.
#ifndef ANALYZER_DECODE_IP_ADDRESS_H_
#define ANALYZER_DECODE_IP_ADDRESS_H_

#include <arpa/inet.h>
#include <linux/types.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstring>

#include "analyzer/event/values.h"

namespace randguard {

using AddressBytes = __u8[16];

// An ipv4 address in an ipv6 socket: ::ffff:a.b.c.d.
inline bool IsMapped(const AddressBytes& addr) {
  constexpr __u8 kPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::memcmp(addr, kPrefix, sizeof(kPrefix)) == 0;
}

inline Address AddressText(int family, const __u8* addr) {
  Address text;
  inet_ntop(family, addr, text.chars.data(), static_cast<socklen_t>(text.chars.size()));
  return text;
}

// With mapped ones shown as what they stand for.
inline Address PeerText(int family, const AddressBytes& addr) {
  if (family == AF_INET6 && IsMapped(addr)) return AddressText(AF_INET, addr + 12);
  return AddressText(family, addr);
}

}  // namespace randguard

#endif  // ANALYZER_DECODE_IP_ADDRESS_H_

// SPDX-License-Identifier: Apache-2.0
//
// The identity that a process acts under, and the namespaces that it sees.
#ifndef ANALYZER_EVENT_CREDENTIALS_H_
#define ANALYZER_EVENT_CREDENTIALS_H_

#include <cstdint>

#include "analyzer/event/field.h"
#include "analyzer/event/values.h"

namespace randguard {

struct Capabilities {
  CapabilitySet effective, permitted, inheritable, bounding, ambient;

  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

constexpr auto FieldsOf(const Capabilities*) {
  return FieldList{
      Field<"effective">(&Capabilities::effective, "effective set"),
      Field<"permitted">(&Capabilities::permitted, "permitted set"),
      Field<"inheritable">(&Capabilities::inheritable, "inheritable set"),
      Field<"bounding">(&Capabilities::bounding, "bounding set"),
      Field<"ambient">(&Capabilities::ambient, "ambient set"),
  };
}

struct Namespaces {
  std::uint32_t cgroup = 0, ipc = 0, mnt = 0, net = 0, pid = 0, time = 0, user = 0, uts = 0;
};

constexpr auto FieldsOf(const Namespaces*) {
  return FieldList{
      Field<"cgroup">(&Namespaces::cgroup, "inode number, as under /proc/PID/ns"),
      Field<"ipc">(&Namespaces::ipc, "inode number"),
      Field<"mnt">(&Namespaces::mnt, "inode number"),
      Field<"net">(&Namespaces::net, "inode number"),
      Field<"pid">(&Namespaces::pid, "inode number"),
      Field<"time">(&Namespaces::time, "inode number"),
      Field<"user">(&Namespaces::user, "inode number"),
      Field<"uts">(&Namespaces::uts, "inode number"),
  };
}

struct Credentials {
  std::uint32_t uid = 0, gid = 0, euid = 0, egid = 0, suid = 0, sgid = 0, fsuid = 0, fsgid = 0;
  std::uint32_t user_namespace = 0;
  Capabilities capabilities;

  friend bool operator==(const Credentials&, const Credentials&) = default;
};

constexpr auto FieldsOf(const Credentials*) {
  using C = Credentials;
  return FieldList{
      Field<"uid">(&C::uid, "real user id"),
      Field<"gid">(&C::gid, "real group id"),
      Field<"euid">(&C::euid, "effective user id"),
      Field<"egid">(&C::egid, "effective group id"),
      Field<"suid">(&C::suid, "saved user id"),
      Field<"sgid">(&C::sgid, "saved group id"),
      Field<"fsuid">(&C::fsuid, "file system user id"),
      Field<"fsgid">(&C::fsgid, "file system group id"),
      Field<"user_namespace">(&C::user_namespace, "inode number, as under /proc/PID/ns"),
      Field<"capabilities">(&C::capabilities, "capability sets"),
  };
}

}  // namespace randguard

#endif  // ANALYZER_EVENT_CREDENTIALS_H_

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/profiles/values.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace randguard::profiles {
namespace {

// By bit, as capabilities(7) names them.
constexpr std::string_view kCapabilityNames[] = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};

// Their names as items of a list of JSON, with a comma behind each, and where each begins: a
// privileged process has all of them, which is one copy then.
struct CapabilityItems {
  static constexpr std::size_t kSize = [] {
    std::size_t size = 0;
    for (const std::string_view name : kCapabilityNames) size += name.size() + 3;
    return size;
  }();
  std::array<char, kSize> text{};
  std::array<std::size_t, std::size(kCapabilityNames) + 1> begin{};

  constexpr std::string_view Of(std::size_t first, std::size_t end) const {
    return {text.data() + begin[first], begin[end] - begin[first]};
  }
};
constexpr CapabilityItems kCapabilityItems = [] {
  CapabilityItems items;
  std::size_t at = 0;
  for (std::size_t i = 0; i < std::size(kCapabilityNames); ++i) {
    items.begin[i] = at;
    items.text[at++] = '"';
    for (const char c : kCapabilityNames[i]) items.text[at++] = c;
    items.text[at++] = '"';
    items.text[at++] = ',';
  }
  items.begin.back() = at;
  return items;
}();

}  // namespace

std::string_view Base(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path == "/") return path;
  return path.substr(path.rfind('/') + 1);
}

std::string_view Folder(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return {};
  return path.substr(0, std::max<std::size_t>(slash, 1));
}

std::string_view Extension(std::string_view path) {
  const std::string_view name = Base(path);
  const std::size_t dot = name.rfind('.');
  return dot == name.npos || dot == 0 ? std::string_view() : name.substr(dot + 1);
}

bool IsIp(std::string_view address) {
  bool separated = false;
  for (const char c : address) {
    if (c == '.' || c == ':') {
      separated = true;
    } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) {
      return false;
    }
  }
  return separated;
}

int ProtocolNumber(std::string_view name) {
  if (name == "tcp") return 6;
  if (name == "udp") return 17;
  if (name == "sctp") return 132;
  return 0;
}

void Number(JsonWriter& json, int number, bool as_text) {
  if (as_text) json.Raw('"');
  json.Number(number);
  if (as_text) json.Raw('"');
}

void Permissions(JsonWriter& json, const Mode& mode) {
  const std::uint32_t bits = mode.bits & 07777;
  char text[6] = {'"'};
  for (unsigned i = 0; i < 4; ++i) text[1 + i] = static_cast<char>('0' + (bits >> (9 - 3 * i) & 7));
  text[5] = '"';
  json.Raw({text, sizeof(text)});
}

void CapabilityNames(JsonWriter& json, const CapabilitySet& set) {
  constexpr std::size_t kNamed = std::size(kCapabilityNames);
  json.Raw('[');
  std::uint64_t rest = set.bits & ((std::uint64_t{1} << kNamed) - 1);
  while (rest != 0) {
    const auto first = static_cast<std::size_t>(std::countr_zero(rest));
    const auto end = first + static_cast<std::size_t>(std::countr_one(rest >> first));
    json.Raw(kCapabilityItems.Of(first, end));
    rest &= ~std::uint64_t{0} << end;
  }
  for (rest = set.bits >> kNamed << kNamed; rest != 0; rest &= rest - 1) {
    json.Raw("\"CAP_");
    json.Number(static_cast<std::size_t>(std::countr_zero(rest)));
    json.Raw("\",");
  }
  if (json.last() == ',') {
    json.last() = ']';
  } else {
    json.Raw(']');
  }
}

int FileTypeId(const Mode& mode) {
  switch (mode.bits & S_IFMT) {
    case S_IFREG:
      return 1;
    case S_IFDIR:
      return 2;
    case S_IFCHR:
      return 3;
    case S_IFBLK:
      return 4;
    case S_IFIFO:
      return 5;
    case S_IFSOCK:
      return 6;
    case S_IFLNK:
      return 7;
    default:
      return 0;
  }
}

}  // namespace randguard::profiles

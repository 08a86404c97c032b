// SPDX-License-Identifier: Apache-2.0
//
// How the enumerators of config.h are written in the configuration, in alerts and in documents.
#ifndef ANALYZER_CONFIG_NAMES_H_
#define ANALYZER_CONFIG_NAMES_H_

#include <iterator>
#include <optional>
#include <string_view>
#include <vector>

#include "analyzer/base/enum_names.h"
#include "analyzer/config/config.h"

namespace randguard {

// Besides kNames (enum_names.h):
// kHookTable: for hooks, the table that lists them.
// kAlso: further accepted values, for messages and documents.
template <>
struct EnumTraits<LogLevel> {
  static constexpr std::string_view kNames[] = {"trace", "debug", "info", "warn", "error"};
};
template <>
struct EnumTraits<HookLayer> {
  static constexpr std::string_view kNames[] = {"auto", "functions", "calls"};
};
template <>
struct EnumTraits<ProcessHook> {
  static constexpr std::string_view kNames[] = {"execve", "execveat", "fork", "exit"};
  static constexpr std::string_view kHookTable = "process";
};
template <>
struct EnumTraits<Behaviour> {
  static constexpr std::string_view kNames[] = {
#define BEHAVIOUR(name, enumerator) #name,
#include "schema/abi/behaviours.def"
#undef BEHAVIOUR
  };
};
template <>
struct EnumTraits<FileHook> {
  static constexpr std::string_view kNames[] = {
      "open",         "creat",        "openat",    "openat2",     "write",     "writev",
      "pwrite64",     "pwritev",      "pwritev2",  "sendfile",    "splice",    "copy_file_range",
      "mmap",         "ftruncate",    "fallocate", "truncate",    "rename",    "renameat",
      "renameat2",    "link",         "linkat",    "symlink",     "symlinkat", "unlink",
      "unlinkat",     "rmdir",        "mkdir",     "mkdirat",     "mknod",     "mknodat",
      "chmod",        "fchmod",       "fchmodat",  "fchmodat2",   "chown",     "fchown",
      "lchown",       "fchownat",     "setxattr",  "lsetxattr",   "fsetxattr", "removexattr",
      "lremovexattr", "fremovexattr", "utimensat", "file_setattr"};
  static constexpr std::string_view kHookTable = "file";
};
template <>
struct EnumTraits<NetworkHook> {
  static constexpr std::string_view kNames[] = {
      "connect",  "bind",     "listen",  "accept",   "accept4", "sendto", "sendmsg",
      "sendmmsg", "recvfrom", "recvmsg", "recvmmsg", "close",   "socket"};
  static constexpr std::string_view kHookTable = "network";
};
template <>
struct EnumTraits<OutputType> {
  static constexpr std::string_view kNames[] = {"stdout", "file", "journald"};
};
template <>
struct EnumTraits<OutputFormat> {
  static constexpr std::string_view kNames[] = {"json", "ecs", "ocsf"};
};
template <>
struct EnumTraits<LineKind> {
  static constexpr std::string_view kNames[] = {"event", "alert", "loss", "health", "canary"};
};
template <>
struct EnumTraits<FurtherOutputType> {
  static constexpr std::string_view kNames[] = {"file", "journald", "syslog"};
};
template <>
struct EnumTraits<OutputRotation> {
  static constexpr std::string_view kNames[] = {"rename", "segments"};
};
template <>
struct EnumTraits<FileOperation> {
  static constexpr std::string_view kNames[] = {"open", "write", "rename", "unlink"};
  static constexpr std::string_view kAlso =
      ", the same with \"file_\" before it, or \"*\" for all of them";
};
template <>
struct EnumTraits<CorrelationType> {
  static constexpr std::string_view kNames[] = {"event_count",      "value_count",      "value_sum",
                                                "value_avg",        "value_percentile", "temporal",
                                                "temporal_ordered", "absence"};
};

template <>
struct EnumTraits<SigmaStatus> {
  static constexpr std::string_view kNames[] = {"stable", "test", "experimental", "deprecated",
                                                "unsupported"};
};
template <>
struct EnumTraits<OnUnsupported> {
  static constexpr std::string_view kNames[] = {"skip", "refuse"};
};

// The enumerators that `text` stands for; none when it is unknown.
template <typename E>
std::vector<E> EnumeratorsOf(std::string_view text) {
  const std::optional<E> found = FindNamed<E>(text);
  if (!found.has_value()) return {};
  return {*found};
}

// "file_write" for kWrite.
inline constexpr std::string_view kFileOperationPrefix = "file_";
constexpr std::string_view PrefixedName(FileOperation operation) {
  constexpr std::string_view kNames[] = {"file_open", "file_write", "file_rename", "file_unlink"};
  static_assert(std::size(kNames) == std::size(EnumTraits<FileOperation>::kNames));
  return kNames[static_cast<std::size_t>(operation)];
}

template <>
inline std::vector<FileOperation> EnumeratorsOf(std::string_view text) {
  using Op = FileOperation;
  if (text == "*") return {Op::kOpen, Op::kWrite, Op::kRename, Op::kUnlink};
  if (text.starts_with(kFileOperationPrefix)) text.remove_prefix(kFileOperationPrefix.size());
  const std::optional<Op> found = FindNamed<Op>(text);
  if (!found.has_value()) return {};
  return {*found};
}

}  // namespace randguard

#endif  // ANALYZER_CONFIG_NAMES_H_

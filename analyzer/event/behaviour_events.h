// SPDX-License-Identifier: Apache-2.0
//
// Events of behaviour, which is rare and telling: other credentials, other processes' memory,
// modules, bpf(2), namespaces, signals to the sensor, mounts, anonymous files, requests to
// io_uring.
//
// A call that failed makes an event of the class that its success would have made. The event has
// the error, and the state that the call was to change is unchanged.
#ifndef ANALYZER_EVENT_BEHAVIOUR_EVENTS_H_
#define ANALYZER_EVENT_BEHAVIOUR_EVENTS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "analyzer/event/actor.h"
#include "analyzer/event/credentials.h"
#include "analyzer/event/field.h"
#include "analyzer/event/value_sets.h"
#include "analyzer/event/values.h"
#include "schema/abi/event.h"

namespace randguard {

// The system call behind an event, and what came of it.
struct BehaviourCall {
  Text event_type;
  Text syscall;
  std::int64_t result = 0;
  OptionalText error;
  bool compat32 = false, seccomp = false, traced = false, doubtful = false;
  Witness witness = Witness::kCall;
  bool text_truncated = false;
};

constexpr auto FieldsOf(const BehaviourCall*) {
  using C = BehaviourCall;
  return FieldList{
      Field<"syscall">(&C::syscall, "the system call"),
      Field<"result">(&C::result, "what it returned; negative: an error, the number as in errno"),
      Field<"error">(&C::error, "the error's name; null: it worked"),
      Field<"compat32">(&C::compat32, "called through the 32-bit system call table"),
      Field<"seccomp">(&C::seccomp, kSeccompDoc),
      Field<"traced">(&C::traced, kTracedDoc),
      Field<"doubtful">(&C::doubtful, kDoubtfulDoc),
      Field<"witness">(&C::witness, kWitnessDoc),
      Field<"text_truncated">(&C::text_truncated,
                              "one of the caller's texts was longer, or unreadable"),
  };
}

struct CredentialsChange {
  static constexpr std::array kKinds = {RG_KIND_credentials_change, RG_KIND_credentials_common};
  static constexpr std::string_view kClassName = "credentials_change";
  static constexpr const char* kDoc =
      "a thread's user ids, group ids or capabilities were changed, or the kernel refused it "
      "(EPERM)";

  Actor actor;
  BehaviourCall call;
  std::vector<std::int64_t> arguments;
  std::optional<Credentials> before;
  std::optional<CredentialsSource> before_source;
  Credentials after;
  std::optional<std::vector<std::uint32_t>> groups;
  bool groups_truncated = false;
};

constexpr auto FieldsOf(const CredentialsChange*) {
  using E = CredentialsChange;
  return FieldList{
      Field<"arguments">(&E::arguments,
                         "the call's ids, -1: unchanged; setgroups: how many; capset: none"),
      Field<"before">(&E::before, "what was; null: unknown, or nothing was changed (error)"),
      Field<"before_source">(&E::before_source,
                             "where before comes from; null: unknown, or before is null"),
      Field<"after">(&E::after, "what is"),
      Field<"groups">(&E::groups, "setgroups: the new supplementary groups, at most 64"),
      Field<"groups_truncated">(&E::groups_truncated, "there are more, or they were unreadable"),
  };
}

// A process that another one acts on.
struct TargetProcess {
  std::optional<std::uint32_t> pid, tid, uid;
  std::optional<ProcessKey> process_id;
  OptionalText comm, exe_path;
};

constexpr auto FieldsOf(const TargetProcess*) {
  using T = TargetProcess;
  return FieldList{
      Field<"pid">(&T::pid,
                   "process, as the host counts; null: there was none when the call ended"),
      Field<"tid">(&T::tid, "thread"),
      Field<"uid">(&T::uid, "real user id"),
      Field<"process_id">(&T::process_id, "the process for ever"),
      Field<"comm">(&T::comm, "name of the thread"),
      Field<"exe_path">(&T::exe_path, "executable; null: unknown"),
  };
}

struct ProcessAccess {
  static constexpr std::array kKinds = {RG_KIND_process_access, RG_KIND_memory_access};
  static constexpr std::string_view kClassName = "process_access";
  static constexpr const char* kDoc =
      "a process took control of another one, or read or wrote its memory, or opened the file for "
      "that; or it was to";

  Actor actor;
  BehaviourCall call;
  std::optional<AccessOperation> operation;
  std::int32_t target_argument = 0;
  TargetProcess target;
  OptionalText resolved_path;
  std::optional<PathSource> path_source;
};

constexpr auto FieldsOf(const ProcessAccess*) {
  using E = ProcessAccess;
  return FieldList{
      Field<"operation">(&E::operation,
                         "what was done to the other process; null: another request of ptrace"),
      Field<"target_argument">(&E::target_argument,
                               "the pid in the call, as the caller's pid namespace counts; 0: an "
                               "open, which has a path instead"),
      Field<"target">(&E::target, "the other process"),
      Field<"resolved_path">(&E::resolved_path,
                             "of an open: the file, absolute; null: another call"),
      Field<"path_source">(&E::path_source, kPathSourceDoc),
  };
}

struct AgentSignal {
  static constexpr std::array kKinds = {RG_KIND_agent_signal};
  static constexpr std::string_view kClassName = "agent_signal";
  static constexpr const char* kDoc = "a signal was sent to the sensor, or was to be";

  Actor actor;
  BehaviourCall call;
  std::uint32_t signal = 0;
  std::int32_t target_argument = 0;
  TargetProcess target;
};

constexpr auto FieldsOf(const AgentSignal*) {
  using E = AgentSignal;
  return FieldList{
      Field<"signal">(&E::signal, "number of the signal; 0: only whether it could be sent"),
      Field<"target_argument">(&E::target_argument,
                               "the call's pid (kill: 0 or less: a group, or everyone), or its "
                               "descriptor (pidfd_send_signal)"),
      Field<"target">(&E::target, "the sensor's process; of several, the first"),
  };
}

struct ModuleLoad {
  static constexpr std::array kKinds = {RG_KIND_module_load};
  static constexpr std::string_view kClassName = "module_load";
  static constexpr const char* kDoc = "a kernel module was loaded, or was to be";

  Actor actor;
  BehaviourCall call;
  OptionalText module;
  std::optional<ModuleSource> source;
  OptionalText path;
  std::optional<PathStatus> path_status;
  OptionalText parameters;
  std::optional<std::uint32_t> flags;
  std::optional<std::uint64_t> size;
};

constexpr auto FieldsOf(const ModuleLoad*) {
  using E = ModuleLoad;
  return FieldList{
      Field<"module">(&E::module, "its name; null: the load failed"),
      Field<"source">(&E::source, "where it came from; null: no call of its own loaded it"),
      Field<"path">(&E::path, "the file: absolute, as the kernel knows it"),
      Field<"path_status">(&E::path_status, kPathStatusDoc),
      Field<"parameters">(&E::parameters, "parameters, as the caller gave them"),
      Field<"flags">(&E::flags, "finit_module's flags"),
      Field<"size">(&E::size, "init_module: bytes of the image"),
  };
}

struct ModuleUnload {
  static constexpr std::array kKinds = {RG_KIND_module_unload};
  static constexpr std::string_view kClassName = "module_unload";
  static constexpr const char* kDoc =
      "a kernel module was removed (also one that could not start), or was to be";

  Actor actor;
  BehaviourCall call;
  Text module;
  std::uint32_t flags = 0;
};

constexpr auto FieldsOf(const ModuleUnload*) {
  using E = ModuleUnload;
  return FieldList{
      Field<"module">(&E::module, "its name"),
      Field<"flags">(&E::flags, "delete_module's flags"),
  };
}

struct BpfOperation {
  static constexpr std::array kKinds = {RG_KIND_bpf_operation};
  static constexpr std::string_view kClassName = "bpf_operation";
  static constexpr const char* kDoc =
      "an eBPF program was loaded, or an eBPF object of whatever origin was opened by its id, or a "
      "link detached; or it was to be";

  Actor actor;
  BehaviourCall call;
  std::optional<BpfCommand> operation;
  std::optional<BpfObject> object_kind;
  std::optional<std::uint32_t> object_id;
  std::uint32_t type = 0;
  std::optional<BpfProgramType> program_type;
  OptionalText name;
  std::optional<bool> own;
};

constexpr auto FieldsOf(const BpfOperation*) {
  using E = BpfOperation;
  return FieldList{
      Field<"operation">(&E::operation, "the command; null: another one"),
      Field<"object_kind">(&E::object_kind, "what it is about"),
      Field<"object_id">(&E::object_id, "the kernel's id of it; null: unknown"),
      Field<"type">(&E::type, "type of program, map or link, the kernel's number"),
      Field<"program_type">(
          &E::program_type,
          "of a program, its type; null: no program, or a type that has no name here"),
      Field<"name">(&E::name, "name of the program (of a link: its program) or map"),
      Field<"own">(&E::own, "it is one of the sensor's; null: unknown, the call failed"),
  };
}

struct NamespaceChange {
  static constexpr std::array kKinds = {RG_KIND_namespace_change};
  static constexpr std::string_view kClassName = "namespace_change";
  static constexpr const char* kDoc =
      "a process moved into new or other namespaces (unshare, setns), was created in new ones "
      "(clone, told by the child), or was to";

  Actor actor;
  BehaviourCall call;
  std::uint64_t flags = 0;
  std::optional<std::int32_t> fd;
  OptionalText path;
  Namespaces namespaces;
  std::uint32_t pid_for_children = 0;
};

constexpr auto FieldsOf(const NamespaceChange*) {
  using E = NamespaceChange;
  return FieldList{
      Field<"flags">(&E::flags, "CLONE_ flags, bit by bit; setns: 0 is whatever fd is"),
      Field<"fd">(&E::fd, "setns: the descriptor"),
      Field<"path">(&E::path, "setns: what it stands for"),
      Field<"namespaces">(&E::namespaces, "the namespaces the thread is in when the call returns"),
      Field<"pid_for_children">(&E::pid_for_children,
                                "pid namespace its next children will be in; inode number"),
  };
}

inline constexpr const char* kBehaviourPathDoc =
    "the same, absolute: the directory's path and the name; symlinks in the name are not followed";

inline constexpr const char* kMountTouchesWatchDoc =
    "watched paths and patterns, as configured, that lie at, above or below one of the two places; "
    "null: none";

struct Mount {
  static constexpr std::array kKinds = {RG_KIND_mount};
  static constexpr std::string_view kClassName = "mount";
  static constexpr const char* kDoc = "something was mounted, remounted or moved, or was to be";

  Actor actor;
  BehaviourCall call;
  OptionalText source;
  OptionalText source_path;
  Text target;
  OptionalText target_path;
  std::optional<PathStatus> target_path_status;
  OptionalText fs_type;
  std::uint64_t flags = 0;
  std::optional<TextArray> touches_watch;
};

constexpr auto FieldsOf(const Mount*) {
  using E = Mount;
  return FieldList{
      Field<"source">(&E::source, "the caller's argument: device, directory, or any text"),
      Field<"source_path">(&E::source_path, "of a bind mount or a move: the source, absolute"),
      Field<"target">(&E::target, "the caller's argument"),
      Field<"target_path">(&E::target_path, kBehaviourPathDoc),
      Field<"target_path_status">(&E::target_path_status, kPathStatusDoc),
      Field<"fs_type">(&E::fs_type,
                       "type of file system asked for; move_mount: what is mounted; null: none "
                       "(bind, move, remount)"),
      Field<"flags">(&E::flags, "the call's flags: MS_BIND and so on, bit by bit"),
      Field<"touches_watch">(&E::touches_watch, kMountTouchesWatchDoc),
  };
}

struct Unmount {
  static constexpr std::array kKinds = {RG_KIND_unmount};
  static constexpr std::string_view kClassName = "unmount";
  static constexpr const char* kDoc = "something was unmounted, or was to be";

  Actor actor;
  BehaviourCall call;
  Text target;
  OptionalText target_path;
  std::optional<PathStatus> target_path_status;
  std::uint32_t flags = 0;
  std::optional<TextArray> touches_watch;
};

constexpr auto FieldsOf(const Unmount*) {
  using E = Unmount;
  return FieldList{
      Field<"target">(&E::target, "the caller's argument"),
      Field<"target_path">(&E::target_path, kBehaviourPathDoc),
      Field<"target_path_status">(&E::target_path_status, kPathStatusDoc),
      Field<"flags">(&E::flags, "MNT_DETACH and so on, bit by bit"),
      Field<"touches_watch">(&E::touches_watch, kMountTouchesWatchDoc),
  };
}

struct RootChange {
  static constexpr std::array kKinds = {RG_KIND_root_change};
  static constexpr std::string_view kClassName = "root_change";
  static constexpr const char* kDoc =
      "a process (chroot) or a mount namespace (pivot_root) got another root, or was to";

  Actor actor;
  BehaviourCall call;
  Text new_root;
  OptionalText new_root_path;
  std::optional<PathStatus> new_root_path_status;
  OptionalText put_old;
  OptionalText put_old_path;
};

constexpr auto FieldsOf(const RootChange*) {
  using E = RootChange;
  return FieldList{
      Field<"new_root">(&E::new_root, "the caller's argument"),
      Field<"new_root_path">(&E::new_root_path,
                             "the same, absolute, in the names that hold when the call returns"),
      Field<"new_root_path_status">(&E::new_root_path_status, kPathStatusDoc),
      Field<"put_old">(&E::put_old, "pivot_root: where the old root goes, the caller's argument"),
      Field<"put_old_path">(&E::put_old_path, "the same, absolute"),
  };
}

struct MemfdCreate {
  static constexpr std::array kKinds = {RG_KIND_memfd_create};
  static constexpr std::string_view kClassName = "memfd_create";
  static constexpr const char* kDoc = "an anonymous file in memory was made, or was to be";

  Actor actor;
  BehaviourCall call;
  Text name;
  std::uint32_t flags = 0;
  std::optional<std::int32_t> fd;
};

constexpr auto FieldsOf(const MemfdCreate*) {
  using E = MemfdCreate;
  return FieldList{
      Field<"name">(&E::name, "its label"),
      Field<"flags">(&E::flags, "MFD_CLOEXEC and so on, bit by bit"),
      Field<"fd">(&E::fd, "the new descriptor; null: none"),
  };
}

struct IoUringOperation {
  static constexpr std::array kKinds = {RG_KIND_io_uring_operation};
  static constexpr std::string_view kEventType = "io_uring_operation";
  static constexpr const char* kDoc =
      "an operation was handed to io_uring, which carries it out without a system call; how it "
      "ended is not known";

  Actor actor;
  std::optional<RingOperation> operation;
  std::uint32_t opcode = 0;
  OptionalText filename, new_filename;
  bool filename_truncated = false;
  std::optional<std::int32_t> dirfd, new_dirfd;
  std::optional<std::uint64_t> flags;
  std::optional<std::int32_t> socket_fd;
  std::optional<std::int32_t> backlog;
  std::optional<Address> local_addr, remote_addr;
  std::optional<std::uint16_t> local_port, remote_port;
};

constexpr auto FieldsOf(const IoUringOperation*) {
  using E = IoUringOperation;
  return FieldList{
      Field<"operation">(
          &E::operation,
          "what was asked for; of datagrams, the first one to or from a peer; null: another "
          "operation"),
      Field<"opcode">(&E::opcode, "its number, IORING_OP_..."),
      Field<"filename">(&E::filename, "the name; null: the operation has none"),
      Field<"new_filename">(&E::new_filename, "renameat, linkat, symlinkat: the new name"),
      Field<"filename_truncated">(&E::filename_truncated, "one of the two was longer"),
      Field<"dirfd">(&E::dirfd, "directory the name starts from; null: the working one, or none"),
      Field<"new_dirfd">(&E::new_dirfd, "the same of the new name"),
      Field<"flags">(&E::flags, "the operation's flags"),
      Field<"socket_fd">(
          &E::socket_fd,
          "of operations on sockets: the descriptor, or the ring's own number for the "
          "socket"),
      Field<"backlog">(&E::backlog, "listen: connections that may wait"),
      Field<"local_addr">(&E::local_addr,
                          "bind, listen, accept: the server's own; null: not known"),
      Field<"local_port">(&E::local_port, "its port"),
      Field<"remote_addr">(&E::remote_addr,
                           "where to; mapped ipv4 addresses as ipv4; null: not known"),
      Field<"remote_port">(&E::remote_port, "its port"),
  };
}

}  // namespace randguard

#endif  // ANALYZER_EVENT_BEHAVIOUR_EVENTS_H_

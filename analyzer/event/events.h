// SPDX-License-Identifier: Apache-2.0
//
// The events, decoded and enriched, as they are written out. docs/formats/events.schema.json is
// generated from the descriptions here.
#ifndef ANALYZER_EVENT_EVENTS_H_
#define ANALYZER_EVENT_EVENTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "analyzer/event/actor.h"
#include "analyzer/event/behaviour_events.h"
#include "analyzer/event/credentials.h"
#include "analyzer/event/event_classes.h"
#include "analyzer/event/field.h"
#include "analyzer/event/file_events.h"
#include "analyzer/event/kinds.h"
#include "analyzer/event/network_events.h"
#include "analyzer/event/value_sets.h"
#include "analyzer/event/values.h"

namespace randguard {

// A file that named an interpreter to be executed in its place.
struct ScriptFile {
  OptionalText path;
  std::optional<PathStatus> path_status;
  std::uint64_t inode = 0;
  Device dev;
  Mode mode;
  std::uint32_t uid = 0, gid = 0;
  bool memfd = false, unlinked = false;
};

constexpr auto FieldsOf(const ScriptFile*) {
  using S = ScriptFile;
  return FieldList{
      Field<"path">(&S::path, "as the kernel names it; null: unreadable"),
      Field<"path_status">(&S::path_status, kPathStatusDoc),
      Field<"inode">(&S::inode, "its inode"),
      Field<"dev">(&S::dev, "device of its file system, major:minor"),
      Field<"mode">(&S::mode, "its st_mode, octal"),
      Field<"uid">(&S::uid, "its owner"),
      Field<"gid">(&S::gid, "its group"),
      Field<"memfd">(&S::memfd, "it is anonymous memory"),
      Field<"unlinked">(&S::unlinked, "its name is gone"),
  };
}

inline constexpr const char* kTrustedExeDoc =
    "the program is the host's own: root owns it and the scripts it was started for, nobody else "
    "may write to them, they have a name on the host's file systems, and the process is in the "
    "host's namespaces and in no container; null: not known";

// A program was started in a process; also what a process was like when the sensor came.
struct ProcessStart {
  static constexpr std::array kKinds = {RG_KIND_process_exec, RG_KIND_process_snapshot};
  static constexpr std::string_view kEventType = "process_start";
  static constexpr const char* kDoc = "a program was started in a process (exec that worked)";

  Actor actor;
  std::optional<ExecSource> source;
  Text filename;
  bool filename_truncated = false;
  std::optional<TextList> args;
  std::optional<JoinedText> command_line;
  bool args_truncated = false;
  std::uint32_t argc = 0;
  std::optional<TextList> env;
  bool env_truncated = false;
  OptionalText cwd;
  std::uint32_t euid = 0, egid = 0, suid = 0, sgid = 0, fsuid = 0, fsgid = 0;
  OptionalText user;
  std::optional<std::uint32_t> loginuid;
  std::optional<std::uint32_t> audit_session_id;
  std::uint32_t session_id = 0, pgid = 0;
  OptionalText tty;
  std::optional<std::uint64_t> exe_inode;
  std::optional<Device> exe_dev;
  std::optional<Mode> exe_mode;
  std::optional<std::uint32_t> exe_uid, exe_gid;
  OptionalText exe_fs_path;
  std::optional<PathStatus> exe_path_status, cwd_status;
  bool fileless = false, memfd = false, unlinked = false;
  std::optional<StreamType> stdin_type, stdout_type, stderr_type;
  std::optional<std::uint64_t> stdin_inode, stdout_inode, stderr_inode;
  std::optional<Address> stdio_remote_addr;
  std::optional<std::uint16_t> stdio_remote_port;
  OptionalText interpreter;
  std::optional<std::vector<ScriptFile>> scripts;
  OptionalText script_path;
  std::optional<PathStatus> script_path_status;
  std::optional<std::uint64_t> script_inode;
  std::optional<Device> script_dev;
  std::optional<Mode> script_mode;
  bool script_memfd = false, script_unlinked = false;
  bool chroot = false, compat32 = false;
  Capabilities capabilities;
  Namespaces namespaces;
  std::optional<bool> mount_namespace_foreign;
  std::uint32_t ns_pid = 0;
  OptionalText parent_comm;
  OptionalText parent_exe_path;
  std::optional<ProcessKey> creator_process_id;
  std::optional<std::uint32_t> creator_pid;
  OptionalText creator_comm;
  OptionalText creator_exe_path;
  std::optional<bool> adopted;
  TextArray ancestors;
  std::optional<bool> trusted_exe;
  std::uint32_t ancestors_trusted = 0;

  bool kernel_thread = false;  // only in snapshots
  bool foreign_exe = false;    // exe_path is of another mount namespace than the process
};

constexpr auto FieldsOf(const ProcessStart*) {
  using E = ProcessStart;
  return FieldList{
      Field<"source">(&E::source, "who started it; null: this kernel does not tell"),
      Field<"filename">(&E::filename, "the name exec was called with"),
      Field<"filename_truncated">(&E::filename_truncated, "filename was longer"),
      Field<"args">(&E::args, "arguments, the first is the program's name; null: not collected"),
      Field<"command_line">(&E::command_line, "args, joined with one space"),
      Field<"args_truncated">(&E::args_truncated, "args were longer, or a part was unreadable"),
      Field<"argc">(&E::argc, "how many arguments there were"),
      Field<"env">(&E::env, "NAME=value of the variables asked for; null: not collected"),
      Field<"env_truncated">(&E::env_truncated, "env was longer, or a part was unreadable"),
      Field<"cwd">(&E::cwd, "working directory; null: not collected or unreadable"),
      Field<"euid">(&E::euid, "effective user id"),
      Field<"egid">(&E::egid, "effective group id"),
      Field<"suid">(&E::suid, "saved user id"),
      Field<"sgid">(&E::sgid, "saved group id"),
      Field<"fsuid">(&E::fsuid, "file system user id"),
      Field<"fsgid">(&E::fsgid, "file system group id"),
      Field<"user">(&E::user, "name of uid in the host's /etc/passwd"),
      Field<"loginuid">(&E::loginuid, "user id at login; null: no login"),
      Field<"audit_session_id">(&E::audit_session_id, "session of the audit system; null: none"),
      Field<"session_id">(&E::session_id, "session (its leader's pid)"),
      Field<"pgid">(&E::pgid, "process group"),
      Field<"tty">(&E::tty, "controlling terminal; null: none"),
      Field<"exe_inode">(&E::exe_inode, "inode of the executable"),
      Field<"exe_dev">(&E::exe_dev, "device of its file system, major:minor"),
      Field<"exe_mode">(&E::exe_mode, "its st_mode, octal"),
      Field<"exe_uid">(&E::exe_uid, "its owner"),
      Field<"exe_gid">(&E::exe_gid, "its group"),
      Field<"exe_fs_path">(
          &E::exe_fs_path,
          "the executable's path within its file system, from that file system's "
          "root, where the mount shows a part of it alone (a bind mount); empty: it "
          "does, and the path is too long; null: the mount shows all of it, or that "
          "is not known"),
      Field<"exe_path_status">(&E::exe_path_status, "why exe_path is not whole; null: it is"),
      Field<"cwd_status">(&E::cwd_status, "why cwd is not whole; null: it is"),
      Field<"fileless">(&E::fileless, "the executable is in no directory: memfd or unlinked"),
      Field<"memfd">(&E::memfd, "the executable is anonymous memory"),
      Field<"unlinked">(&E::unlinked, "the executable's name is gone"),
      Field<"stdin_type">(&E::stdin_type, "what descriptor 0 is; null: not open, or not known"),
      Field<"stdout_type">(&E::stdout_type, "what descriptor 1 is"),
      Field<"stderr_type">(&E::stderr_type, "what descriptor 2 is"),
      Field<"stdin_inode">(&E::stdin_inode,
                           "its inode: two processes with the same pipe or socket have the same"),
      Field<"stdout_inode">(&E::stdout_inode, "the same of descriptor 1"),
      Field<"stderr_inode">(&E::stderr_inode, "the same of descriptor 2"),
      Field<"stdio_remote_addr">(&E::stdio_remote_addr,
                                 "the peer, if one of the three is a connected ip socket"),
      Field<"stdio_remote_port">(&E::stdio_remote_port, "its port"),
      Field<"interpreter">(&E::interpreter, "interpreter of a script, as its first line names it"),
      Field<"scripts">(&E::scripts,
                       "the script that exec was called with, then its interpreter if that is a "
                       "script, too, and so on; also files that binfmt_misc knows. Empty: it was "
                       "called with a program; null: this kernel does not tell"),
      Field<"script_path">(&E::script_path, "path of the first of scripts; null: none, or unknown"),
      Field<"script_path_status">(&E::script_path_status, kPathStatusDoc),
      Field<"script_inode">(&E::script_inode, "its inode"),
      Field<"script_dev">(&E::script_dev, "its dev"),
      Field<"script_mode">(&E::script_mode, "its mode"),
      Field<"script_memfd">(&E::script_memfd, "one of scripts is anonymous memory"),
      Field<"script_unlinked">(&E::script_unlinked, "the name of one of scripts is gone"),
      Field<"chroot">(&E::chroot, "the root directory is not the mount namespace's"),
      Field<"compat32">(&E::compat32, "called through the 32-bit system call table"),
      Field<"capabilities">(&E::capabilities, "capability sets after the exec"),
      Field<"namespaces">(&E::namespaces, "the namespaces it runs in"),
      Field<"mount_namespace_foreign">(
          &E::mount_namespace_foreign,
          "exe_path is one of a mount namespace other than the host's, "
          "where it may name another file; null: not known"),
      Field<"ns_pid">(&E::ns_pid, "pid in its own pid namespace"),
      Field<"parent_comm">(&E::parent_comm,
                           "name of the parent at the exec; null: unknown. In rules the creator's"),
      Field<"parent_exe_path">(&E::parent_exe_path,
                               "executable of that parent; null: unknown. In rules the creator's"),
      Field<"creator_process_id">(&E::creator_process_id,
                                  "the process that created this one (fork, clone); null: not "
                                  "known, because this process is older than the sensor, or its "
                                  "fork was lost"),
      Field<"creator_pid">(&E::creator_pid, "pid of the creator"),
      Field<"creator_comm">(&E::creator_comm, "name of the thread that called, at that moment"),
      Field<"creator_exe_path">(&E::creator_exe_path,
                                "executable of the creator at that moment; null: unknown"),
      Field<"adopted">(&E::adopted,
                       "the parent is not the creator, which has ended or used CLONE_PARENT; "
                       "null: the creator is not known"),
      Field<"ancestors">(&E::ancestors,
                         "executables (or names, of kernel threads) from the creator upwards, as "
                         "far as known, at most 16; where a creator is not known, its place has "
                         "the parent"),
      Field<"trusted_exe">(&E::trusted_exe, kTrustedExeDoc),
      Field<"ancestors_trusted">(
          &E::ancestors_trusted,
          "how many of ancestors, from the first on, are creators that ran a trusted program as "
          "root"),
  };
}

// An exec that did not work.
struct ProcessExecFailed {
  static constexpr std::array kKinds = {RG_KIND_exec_failed};
  static constexpr std::string_view kEventType = "process_exec_failed";
  static constexpr const char* kDoc = "an exec that failed";

  Actor actor;
  std::optional<ExecSource> source;
  Text filename;
  bool filename_truncated = false;
  OptionalText base;
  std::int32_t result = 0;
  OptionalText error;
  std::optional<TextList> args;
  std::optional<JoinedText> command_line;
  bool args_truncated = false;
  std::optional<std::int32_t> dirfd;
  bool compat32 = false;
};

constexpr auto FieldsOf(const ProcessExecFailed*) {
  using E = ProcessExecFailed;
  return FieldList{
      Field<"source">(&E::source, "who called; null: this kernel does not tell"),
      Field<"filename">(&E::filename, "the caller's argument"),
      Field<"filename_truncated">(&E::filename_truncated, "filename was longer, or unreadable"),
      Field<"base">(&E::base, "directory that a relative filename starts from"),
      Field<"result">(&E::result, "what the call returned: a negative error number"),
      Field<"error">(&E::error, "the error's name"),
      Field<"args">(&E::args, "arguments; null: not collected"),
      Field<"command_line">(&E::command_line, "args, joined with one space"),
      Field<"args_truncated">(&E::args_truncated, "args were longer, or a part was unreadable"),
      Field<"dirfd">(&E::dirfd, "execveat's directory; null: the working directory"),
      Field<"compat32">(&E::compat32, "called through the 32-bit system call table"),
  };
}

// A process or thread was created.
struct ProcessRelationship {
  static constexpr std::array kKinds = {RG_KIND_process_fork, RG_KIND_thread_start};
  static constexpr std::string_view kEventType = "process_relationship";
  static constexpr const char* kDoc = "a process or thread was created (fork, clone)";

  Actor actor;  // who called
  std::uint32_t parent_pid = 0;
  Text parent_comm;
  std::uint32_t child_pid = 0;
  std::uint32_t child_tid = 0;
  Text child_comm;
  ProcessKey child_process_id;
  std::uint32_t child_ns_pid = 0;
  bool thread = false;

  std::uint64_t child_cgroup_id = 0;
  OptionalText child_cgroup;
  std::uint64_t child_parent_start_ns = 0;
};

constexpr auto FieldsOf(const ProcessRelationship*) {
  using E = ProcessRelationship;
  return FieldList{
      Field<"parent_pid">(&E::parent_pid, "parent of the child; with CLONE_PARENT not the caller"),
      Field<"parent_comm">(&E::parent_comm, "name of the thread that called"),
      Field<"child_pid">(&E::child_pid, "process of the child"),
      Field<"child_tid">(&E::child_tid, "thread of the child"),
      Field<"child_comm">(&E::child_comm, "name of the child"),
      Field<"child_process_id">(&E::child_process_id, "the child's process for ever"),
      Field<"child_ns_pid">(&E::child_ns_pid, "the child's id in its own pid namespace"),
      Field<"thread">(&E::thread, "a further thread of the same process"),
  };
}

// A process or thread ended.
struct ProcessExit {
  static constexpr std::array kKinds = {RG_KIND_process_exit, RG_KIND_thread_exit};
  static constexpr std::string_view kEventType = "process_exit";
  static constexpr const char* kDoc = "a process (group_dead) or one of its threads ended";

  Actor actor;
  bool group_dead = false;
  std::optional<std::uint32_t> exit_code;
  std::optional<std::uint32_t> signal;
  bool core_dumped = false;
  std::uint64_t duration_ns = 0;
};

constexpr auto FieldsOf(const ProcessExit*) {
  using E = ProcessExit;
  return FieldList{
      Field<"group_dead">(&E::group_dead, "the last thread: the process ended"),
      Field<"exit_code">(&E::exit_code, "exit status; null: ended by a signal"),
      Field<"signal">(&E::signal, "signal that ended it; null: none"),
      Field<"core_dumped">(&E::core_dumped, "the kernel was to write a core dump"),
      Field<"duration_ns">(&E::duration_ns, "how long the process (or thread) lived"),
  };
}

// A cgroup's name: kept by the analyzer, not written out.
struct CgroupName {
  static constexpr std::array kKinds = {RG_KIND_cgroup_mkdir};

  std::uint64_t id = 0;
  OptionalText path;  // absent: not known whole
};

// Each class says in kKinds which records its events are made of.
template <unsigned kKind, typename Variant>
struct ClassesMadeOf;
template <unsigned kKind, typename... E>
struct ClassesMadeOf<kKind, std::variant<E...>> {
  static constexpr std::array<bool, sizeof...(E)> kFits = {IsMadeOf<E>(kKind)...};
  static constexpr std::size_t kCount = (std::size_t{IsMadeOf<E>(kKind)} + ...);
  static constexpr std::size_t kAt = [] {
    std::size_t at = 0;
    while (at + 1 < kFits.size() && !kFits[at]) ++at;
    return at;
  }();
};

// Records of this kind become whatever event the call in them makes.
constexpr bool IsNamedByCall(unsigned kind) { return kind == RG_KIND_conduct_common; }

template <unsigned kKind>
struct EventOfKind {
  using Classes = ClassesMadeOf<kKind, Event>;
  static_assert(Classes::kCount == 1, "one class of Event has the kind in its kKinds");
  using Type = std::variant_alternative_t<Classes::kAt, Event>;
};
template <unsigned kKind>
requires(IsNamedByCall(kKind)) struct EventOfKind<kKind> {
  using Type = void;
};
// The class of events that records of a kind become.
template <unsigned kKind>
using EventMadeOf = typename EventOfKind<kKind>::Type;

}  // namespace randguard

#endif  // ANALYZER_EVENT_EVENTS_H_

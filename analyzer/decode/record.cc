// SPDX-License-Identifier: Apache-2.0
#include "analyzer/decode/record.h"

#include <sys/stat.h>

#include <cstring>
#include <string>
#include <type_traits>

#include "analyzer/base/status.h"
#include "analyzer/decode/behaviour_record.h"
#include "analyzer/decode/by_kind.h"
#include "analyzer/decode/file_record.h"
#include "analyzer/decode/ip_address.h"
#include "analyzer/decode/network_record.h"
#include "analyzer/decode/parts.h"
#include "analyzer/event/kinds.h"

namespace randguard {
namespace {

// No holes: every byte of a body belongs to a member, so the eBPF side, which zeroes bodies and
// copies whole ones, cannot leak what it does not fill.
#define EVENT_KIND(number, name, body, domain, behaviour, lane)        \
  static_assert(std::has_unique_object_representations_v<rg_##body> && \
                sizeof(rg_##body) % 8 == 0 && sizeof(rg_##body) < RG_RECORD_MAX);
#include "schema/abi/event_kinds.def"
#undef EVENT_KIND
static_assert(sizeof(rg_header) == 88 && std::has_unique_object_representations_v<rg_header>);

constexpr std::string_view kProgramNames[] = {
    "unknown",
#define PROGRAM(number, name, hook, choice, signature) #name,
#include "schema/abi/programs.def"
#undef PROGRAM
};

// Null: this kernel does not report the source, or there is no source with this number.
std::optional<ExecSource> SourceOf(unsigned source) {
  switch (static_cast<rg_exec_source>(source)) {
    case RG_EXEC_UNKNOWN:
      break;
    case RG_EXEC_EXECVE:
      return ExecSource::kExecve;
    case RG_EXEC_EXECVEAT:
      return ExecSource::kExecveat;
    case RG_EXEC_KERNEL:
      return ExecSource::kKernel;
  }
  return std::nullopt;
}

// Documentation/admin-guide/devices.txt of the kernel.
bool IsTerminal(std::uint32_t major) {
  constexpr std::uint32_t kConsoles = 4;  // tty0 and on, ttyS0 and on
  constexpr std::uint32_t kTtyDevices = 5;
  constexpr std::uint32_t kPtyFirst = 128, kPtyLast = 143;
  constexpr std::uint32_t kUsbSerial = 188;
  constexpr std::uint32_t kHypervisorConsole = 229;
  return major == kConsoles || major == kTtyDevices || (major >= kPtyFirst && major <= kPtyLast) ||
         major == kUsbSerial || major == kHypervisorConsole;
}

std::optional<StreamType> TypeOf(const rg_stream& stream) {
  constexpr std::uint32_t kNull = 1u << 20 | 3;
  constexpr std::uint32_t kMinorBits = 20;
  if (stream.inode == 0 && stream.mode == 0) return std::nullopt;
  const std::uint32_t major = stream.rdev >> kMinorBits;
  switch (stream.mode & S_IFMT) {
    case S_IFREG:
      return StreamType::kFile;
    case S_IFDIR:
      return StreamType::kDirectory;
    case S_IFIFO:
      return StreamType::kPipe;
    case S_IFSOCK:
      return StreamType::kSocket;
    case S_IFBLK:
      return StreamType::kBlockDevice;
    case S_IFCHR:
      if (stream.rdev == kNull) return StreamType::kNullDevice;
      return IsTerminal(major) ? StreamType::kTerminal : StreamType::kDevice;
    default:
      return StreamType::kAnonymous;
  }
}

std::optional<std::uint64_t> StreamInode(const rg_stream& stream) {
  if (stream.inode == 0 && stream.mode == 0) return std::nullopt;
  return stream.inode;
}

std::optional<std::uint32_t> UnlessUnset(std::uint32_t id) {
  if (id == UINT32_MAX) return std::nullopt;
  return id;
}

void FillScripts(const rg_process& r, Strings& strings, ProcessStart& e) {
  if (r.script_count == 0) {
    if (r.hdr.kind == RG_KIND_process_exec && r.interpreter.length == 0 &&
        r.interpreter.flags == 0) {
      e.scripts.emplace();
    }
    return;
  }
  if (r.script_count > RG_SCRIPTS_MAX) return strings.Fail();
  const rg_str table{.offset = r.scripts,
                     .length = static_cast<__u16>(r.script_count * sizeof(rg_script)),
                     .flags = 0,
                     .fs = 0};
  const std::string_view bytes = strings.Get(table);
  if (!strings.ok()) return;
  e.scripts.emplace();
  for (std::size_t i = 0; i < r.script_count; ++i) {
    rg_script script;  // in the record it may lie anywhere
    std::memcpy(&script, bytes.data() + i * sizeof(script), sizeof(script));
    ScriptFile& file = e.scripts->emplace_back();
    file.path = strings.GetOptional(script.path);
    file.path_status = StatusOf(script.path);
    file.inode = script.inode;
    file.dev = {script.dev};
    file.mode = {script.mode};
    file.uid = script.uid;
    file.gid = script.gid;
    file.memfd = (script.flags & RG_SCRIPT_MEMFD) != 0;
    file.unlinked = (script.flags & RG_SCRIPT_UNLINKED) != 0;
    e.script_memfd = e.script_memfd || file.memfd;
    e.script_unlinked = e.script_unlinked || file.unlinked;
  }
  const ScriptFile& first = e.scripts->front();
  e.script_path = first.path;
  e.script_path_status = first.path_status;
  e.script_inode = first.inode;
  e.script_dev = first.dev;
  e.script_mode = first.mode;
}

// One overload for each body and event. The event is filled where it is to stay: moving one is
// copying hundreds of bytes. `r` lies in the record that `strings` was made of.

void Fill(const rg_process& r, Strings& strings, ProcessStart& e) {
  FillActor(r.hdr, e.actor);
  e.kernel_thread = (r.flags & RG_PROCESS_KERNEL_THREAD) != 0;
  e.source = SourceOf(r.source);
  e.filename = strings.Get(r.filename);
  e.filename_truncated = Cut(r.filename);
  if ((r.flags & RG_PROCESS_NO_ARGS) == 0) {
    const std::string_view args = strings.Get(r.args, RG_ARGS_MAX);
    e.args = TextList{args};
    e.command_line = JoinedText{args};
  }
  e.args_truncated = Cut(r.args);
  e.argc = r.argc;
  if ((r.flags & RG_PROCESS_NO_ENV) == 0) e.env = TextList{strings.Get(r.env, RG_ENV_MAX)};
  e.env_truncated = Cut(r.env);
  e.cwd = strings.GetOptional(r.cwd);
  e.cwd_status = StatusOf(r.cwd);
  e.euid = r.hdr.euid;
  e.egid = r.egid;
  e.suid = r.suid;
  e.sgid = r.sgid;
  e.fsuid = r.fsuid;
  e.fsgid = r.fsgid;
  e.loginuid = UnlessUnset(r.login_uid);
  e.audit_session_id = UnlessUnset(r.audit_session);
  e.session_id = r.session_id;
  e.pgid = r.pgid;
  e.tty = strings.GetOptional(r.tty);
  e.actor.cgroup = Whole(r.cgroup, strings);
  e.actor.exe_path = strings.GetOptional(r.exe_path);
  e.exe_fs_path = strings.GetWithin(r.exe_path);
  e.foreign_exe = (r.flags & RG_PROCESS_FOREIGN_EXE) != 0;
  e.exe_path_status = StatusOf(r.exe_path);
  if (e.actor.exe_path.has_value()) {
    e.exe_inode = r.exe_inode;
    e.exe_dev = Device{r.exe_dev};
    e.exe_mode = Mode{r.exe_mode};
    e.exe_uid = r.exe_uid;
    e.exe_gid = r.exe_gid;
  }
  e.memfd = (r.flags & RG_PROCESS_MEMFD) != 0;
  e.unlinked = (r.flags & RG_PROCESS_UNLINKED) != 0;
  e.fileless = e.memfd || e.unlinked;
  e.stdin_type = TypeOf(r.stdio[0]);
  e.stdout_type = TypeOf(r.stdio[1]);
  e.stderr_type = TypeOf(r.stdio[2]);
  e.stdin_inode = StreamInode(r.stdio[0]);
  e.stdout_inode = StreamInode(r.stdio[1]);
  e.stderr_inode = StreamInode(r.stdio[2]);
  if (r.stdio_peer_family == AF_INET || r.stdio_peer_family == AF_INET6) {
    e.stdio_remote_addr = PeerText(r.stdio_peer_family, r.stdio_peer_addr);
    e.stdio_remote_port = r.stdio_peer_port;
  }
  e.interpreter = strings.GetOptional(r.interpreter);
  FillScripts(r, strings, e);
  e.chroot = (r.flags & RG_PROCESS_CHROOT) != 0;
  e.compat32 = (r.flags & RG_PROCESS_COMPAT) != 0;
  e.capabilities = {
      {r.cap_effective}, {r.cap_permitted}, {r.cap_inheritable}, {r.cap_bounding}, {r.cap_ambient}};
  e.namespaces = {r.ns_cgroup, r.ns_ipc,  r.ns_mnt,  r.ns_net,
                  r.ns_pidns,  r.ns_time, r.ns_user, r.ns_uts};
  e.ns_pid = r.ns_pid;
}

void Fill(const rg_exec_failed& r, Strings& strings, ProcessExecFailed& e) {
  FillActor(r.hdr, e.actor);
  e.source = SourceOf(r.source);
  e.filename = strings.Get(r.filename);
  e.filename_truncated = Cut(r.filename);
  e.base = strings.GetOptional(r.base);
  e.result = r.result;
  e.error = ErrorName(r.result);
  if ((r.flags & RG_PROCESS_NO_ARGS) == 0) {
    const std::string_view args = strings.Get(r.args, RG_ARGS_MAX);
    e.args = TextList{args};
    e.command_line = JoinedText{args};
  }
  e.args_truncated = Cut(r.args);
  if (r.dirfd != kAtFdCwd) e.dirfd = r.dirfd;
  e.compat32 = (r.flags & RG_PROCESS_COMPAT) != 0;
}

void Fill(const rg_fork& r, Strings& strings, ProcessRelationship& e) {
  FillActor(r.hdr, e.actor);
  e.parent_pid = r.child_ppid;
  e.parent_comm = e.actor.comm;
  e.child_pid = r.child_pid;
  e.child_tid = r.child_tid;
  e.child_comm = Comm(r.child_comm);
  e.child_process_id = {r.child_pid, r.child_start_ns};
  e.child_ns_pid = r.child_ns_pid;
  e.thread = r.hdr.kind == RG_KIND_thread_start;
  e.child_cgroup_id = r.child_cgroup_id;
  e.child_cgroup = Whole(r.child_cgroup, strings);
  e.child_parent_start_ns = r.child_parent_start_ns;
}

void Fill(const rg_exit& r, Strings&, ProcessExit& e) {
  FillActor(r.hdr, e.actor);
  e.group_dead = r.hdr.kind == RG_KIND_process_exit;
  // wait(2)'s encoding: signal in the low seven bits, core flag above, exit code above that.
  const std::uint32_t signal = r.status & 0x7f;
  if (signal == 0) {
    e.exit_code = (r.status >> 8) & 0xff;
  } else {
    e.signal = signal;
  }
  e.core_dumped = (r.status & 0x80) != 0;
  const std::uint64_t start = e.group_dead ? r.hdr.start_ns : r.task_start_ns;
  if (r.hdr.time_ns > start) e.duration_ns = r.hdr.time_ns - start;
}

void Fill(const rg_cgroup& r, Strings& strings, CgroupName& e) {
  e.id = r.id;
  e.path = Whole(r.path, strings);
}

template <typename Body>
void FromAbi(const Body& r, Strings& strings, Event& event) {
  EmplaceByKind<Body>(r.hdr.kind, event, [&](auto& e) { Fill(r, strings, e); });
}
void FromAbi(const rg_file& r, Strings& strings, Event& event) { DecodeFile(r, strings, event); }
void FromAbi(const rg_network& r, Strings& strings, Event& event) {
  DecodeNetwork(r, strings, event);
}

void FromAbi(const rg_credentials& r, Strings& strings, Event& event) {
  DecodeCredentials(r, strings, event);
}

void FromAbi(const rg_behaviour& r, Strings& strings, Event& event) {
  DecodeBehaviour(r, strings, event);
}

template <typename Body>
absl::Status Decode(RecordBytes bytes, Event& event) {
  // In place: records are 8-byte aligned in messages, and CheckHeader() has seen to the size.
  const auto& body = *reinterpret_cast<const Body*>(bytes.data());
  Strings strings(bytes, sizeof(Body));
  FromAbi(body, strings, event);
  if (!strings.ok()) {
    return InvalidInput(
        "record of kind %s and %d bytes: a string is too long or lies outside, or a field has no "
        "such value",
        Name(KindOf(body.hdr.kind)), bytes.size());
  }
  return absl::OkStatus();
}

}  // namespace

Kind KindOf(unsigned kind) { return Kind(IsKnownKind(kind) ? kind : 0u); }

Lane LaneOf(unsigned kind) { return RecordKindOf(kind).lane; }

Hook HookOf(unsigned hook) { return Hook(hook < RG_HOOK_END ? hook : 0u); }

std::string_view ProgramName(unsigned program) {
  return program < std::size(kProgramNames) ? kProgramNames[program] : kProgramNames[0];
}

const rg_header* CheckHeader(RecordBytes bytes, RecordFault& fault) {
  fault = RecordFault::kInvalid;
  if (bytes.size() < sizeof(rg_header) || bytes.size() > RG_RECORD_MAX || bytes.size() % 8 != 0 ||
      reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(rg_header) != 0) {
    return nullptr;
  }
  const auto* header = reinterpret_cast<const rg_header*>(bytes.data());
  if (header->size != bytes.size()) return nullptr;
  if (header->abi_version != RG_ABI_VERSION || !IsKnownKind(header->kind)) {
    fault = RecordFault::kUnsupportedKind;
    return nullptr;
  }
  if (bytes.size() < kRecordKinds[header->kind].body) return nullptr;
  fault = RecordFault::kNone;
  return header;
}

absl::Status DecodeRecord(RecordBytes bytes, Event& event) {
  RecordFault fault = RecordFault::kNone;
  const rg_header* header = CheckHeader(bytes, fault);
  if (fault == RecordFault::kUnsupportedKind) {
    const auto* unknown = reinterpret_cast<const rg_header*>(bytes.data());
    return absl::UnimplementedError(absl::StrFormat(
        "record of kind %d, ABI version %d: this version knows kinds 1 to %d of version %d",
        unknown->kind, unknown->abi_version, RG_KIND_END - 1, RG_ABI_VERSION));
  }
  if (header == nullptr) {
    return InvalidInput("record of %d bytes: its header does not fit", bytes.size());
  }
  switch (header->kind) {
#define EVENT_KIND(number, name, body, domain, behaviour, lane) \
  case number:                                                  \
    return Decode<rg_##body>(bytes, event);
#include "schema/abi/event_kinds.def"
#undef EVENT_KIND
    default:
      return InvalidInput("record of kind %d", header->kind);  // CheckHeader() has refused it
  }
}

absl::StatusOr<Event> DecodeRecord(RecordBytes bytes) {
  Event event;
  RG_RETURN_IF_ERROR(DecodeRecord(bytes, event));
  return event;
}

}  // namespace randguard

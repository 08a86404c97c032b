// SPDX-License-Identifier: Apache-2.0
#include "analyzer/decode/behaviour_record.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "analyzer/decode/by_kind.h"
#include "analyzer/decode/ip_address.h"
#include "analyzer/event/calls.h"

namespace randguard {
namespace {

bool AnyCut(const rg_credentials&) { return false; }
bool AnyCut(const rg_behaviour& r) { return Cut(r.name) || Cut(r.name2) || Cut(r.type); }

template <typename Record>
BehaviourCall CallOf(const Record& r) {
  const CallInfo& info = CallInfoOf(r.call);
  BehaviourCall call;
  call.event_type = info.event_type;
  call.syscall = info.name;
  call.result = r.result;
  call.error = ErrorName(r.result);
  call.compat32 = (r.flags & RG_BEHAVIOUR_COMPAT) != 0;
  FillWitness(r.hdr, call);
  // Tracepoints report modules that were loaded and taken apart.
  const bool is_module = r.hdr.kind == RG_KIND_module_load || r.hdr.kind == RG_KIND_module_unload;
  if (is_module && r.result >= 0) {
    call.witness = Witness::kFunction;
    call.seccomp = call.traced = false;
  }
  call.text_truncated = AnyCut(r);
  return call;
}

Credentials CredentialsOf(const rg_credential_set& s) {
  Credentials c;
  c.uid = s.uid, c.gid = s.gid;
  c.euid = s.euid, c.egid = s.egid;
  c.suid = s.suid, c.sgid = s.sgid;
  c.fsuid = s.fsuid, c.fsgid = s.fsgid;
  c.user_namespace = s.ns_user;
  c.capabilities = {
      {s.cap_effective}, {s.cap_permitted}, {s.cap_inheritable}, {s.cap_bounding}, {s.cap_ambient}};
  return c;
}

// An id, or -1 for none: its call's type decides which bits are looked at.
std::int64_t Id(const CallInfo& call, std::uint64_t arg) {
  const std::uint32_t none = call.ids16 ? UINT16_MAX : UINT32_MAX;
  const std::uint32_t id = Unsigned(arg) & none;
  return id == none ? -1 : std::int64_t{id};
}

TargetProcess TargetOf(const rg_behaviour& r) {
  TargetProcess target;
  if ((r.flags & RG_BEHAVIOUR_TARGET) == 0) return target;
  target.pid = r.target_pid;
  target.tid = r.target_tid;
  target.uid = r.target_uid;
  target.process_id = ProcessKey{r.target_pid, r.target_start_ns};
  target.comm = Comm(r.target_comm);
  return target;
}

// Each call has its own arguments. A call that is added to a kind needs a place in the kind's
// Fill(); until then its records are refused, instead of read by the arguments of another call.
void Expect(const rg_behaviour& r, Strings& strings, std::initializer_list<unsigned> calls) {
  if (std::find(calls.begin(), calls.end(), r.call) == calls.end()) strings.Fail();
}

// Such records are of a call that opens files.
bool IsOpen(const rg_behaviour& r) { return CallInfoOf(r.call).kind == RG_KIND_file_open; }

std::optional<AccessOperation> OpenedOf(const rg_behaviour& r) {
  const bool writes = (r.args[1] & 2) != 0;
  switch (r.args[0]) {
    case RG_PROCESS_FILE_mem:
      return writes ? AccessOperation::kOpenMemoryToWrite : AccessOperation::kOpenMemoryToRead;
    case RG_PROCESS_FILE_environ:
      return AccessOperation::kOpenEnvironment;
    case RG_PROCESS_FILE_auxv:
    case RG_PROCESS_FILE_maps:
    case RG_PROCESS_FILE_numa_maps:
    case RG_PROCESS_FILE_smaps:
    case RG_PROCESS_FILE_smaps_rollup:
      return AccessOperation::kOpenMappings;
    default:
      return std::nullopt;
  }
}

std::optional<AccessOperation> AccessOf(const rg_behaviour& r) {
  if (IsOpen(r)) return OpenedOf(r);
  if (r.call == RG_CALL_process_vm_readv) return AccessOperation::kReadMemory;
  if (r.call == RG_CALL_process_vm_writev) return AccessOperation::kWriteMemory;
  if (r.call == RG_CALL_pidfd_getfd) return AccessOperation::kGetDescriptor;
  switch (Unsigned(r.args[0])) {  // PTRACE_...
    case 0:
      return AccessOperation::kTraceme;
    case 4:
      return AccessOperation::kPokeText;
    case 5:
      return AccessOperation::kPokeData;
    case 6:
      return AccessOperation::kPokeUser;
    case 16:
      return AccessOperation::kAttach;
    case 0x4206:
      return AccessOperation::kSeize;
    default:
      return std::nullopt;
  }
}

void Fill(const rg_behaviour& r, Strings& strings, ProcessAccess& e) {
  FillActor(r.hdr, e.actor);
  e.call = CallOf(r);
  e.operation = AccessOf(r);
  e.target = TargetOf(r);
  if (IsOpen(r)) {
    e.call.event_type = ProcessAccess::kClassName;
    e.resolved_path = strings.GetOptional(r.path);
    if (e.resolved_path.has_value()) {
      const bool lexical = (r.path.flags & RG_STR_LEXICAL) != 0;
      e.path_source = lexical ? PathSource::kLexical : PathSource::kKernel;
    }
    if (!e.operation.has_value()) strings.Fail();
    return;
  }
  Expect(
      r, strings,
      {RG_CALL_ptrace, RG_CALL_process_vm_readv, RG_CALL_process_vm_writev, RG_CALL_pidfd_getfd});
  e.target_argument = Int(r.call == RG_CALL_ptrace ? r.args[1] : r.args[0]);
}

void Fill(const rg_behaviour& r, Strings& strings, AgentSignal& e) {
  Expect(r, strings,
         {RG_CALL_kill, RG_CALL_tkill, RG_CALL_tgkill, RG_CALL_pidfd_send_signal,
          RG_CALL_rt_sigqueueinfo, RG_CALL_rt_tgsigqueueinfo});
  FillActor(r.hdr, e.actor);
  e.call = CallOf(r);
  const bool of_thread = r.call == RG_CALL_tgkill || r.call == RG_CALL_rt_tgsigqueueinfo;
  e.signal = Unsigned(of_thread ? r.args[2] : r.args[1]);
  e.target_argument = Int(of_thread ? r.args[1] : r.args[0]);
  e.target = TargetOf(r);
}

void Fill(const rg_behaviour& r, Strings& strings, ModuleLoad& e) {
  FillActor(r.hdr, e.actor);
  e.call = CallOf(r);
  e.call.event_type = ModuleLoad::kClassName;
  e.module = strings.GetOptional(r.name);
  e.path = strings.GetOptional(r.path);
  e.path_status = StatusOf(r.path);
  e.parameters = strings.GetOptional(r.name2);
  if (r.call == RG_CALL_finit_module) {
    e.source = ModuleSource::kFile;
    e.flags = Unsigned(r.args[2]);
  } else if (r.call == RG_CALL_init_module) {
    e.source = ModuleSource::kMemory;
    e.size = r.args[1];
  }
}

void Fill(const rg_behaviour& r, Strings& strings, ModuleUnload& e) {
  FillActor(r.hdr, e.actor);
  e.call = CallOf(r);  // finit_module: it could not start
  e.call.event_type = ModuleUnload::kClassName;
  // A call that failed has no name from the kernel, only the caller's.
  e.module = strings.Get(r.name.length != 0 ? r.name : r.name2);
  e.flags = Unsigned(r.args[1]);
}

void Fill(const rg_behaviour& r, Strings& strings, BpfOperation& e) {
  FillActor(r.hdr, e.actor);
  e.call = CallOf(r);
  switch (Unsigned(r.args[0])) {  // BPF_...
    case 5:
      e.operation = BpfCommand::kProgLoad;
      e.object_kind = BpfObject::kProgram;
      break;
    case 13:
      e.operation = BpfCommand::kProgGetFdById;
      e.object_kind = BpfObject::kProgram;
      break;
    case 14:
      e.operation = BpfCommand::kMapGetFdById;
      e.object_kind = BpfObject::kMap;
      break;
    case 30:
      e.operation = BpfCommand::kLinkGetFdById;
      e.object_kind = BpfObject::kLink;
      break;
    case 34:
      e.operation = BpfCommand::kLinkDetach;
      e.object_kind = BpfObject::kLink;
      break;
    default:
      break;
  }
  const bool known = (r.flags & RG_BEHAVIOUR_OBJECT) != 0;
  if (r.object_id != 0) e.object_id = r.object_id;
  e.type = r.object_type;
  if (e.object_kind == BpfObject::kProgram && (known || e.operation == BpfCommand::kProgLoad) &&
      r.object_type < kValueList<BpfProgramType>.names.size()) {
    e.program_type = static_cast<BpfProgramType>(r.object_type);
  }
  e.name = strings.GetOptional(r.name);
  if (known) e.own = (r.flags & RG_BEHAVIOUR_OWN) != 0;
}

void Fill(const rg_behaviour& r, Strings& strings, NamespaceChange& e) {
  FillActor(r.hdr, e.actor);
  e.call = CallOf(r);
  if (r.call == RG_CALL_setns) {
    e.fd = Int(r.args[0]);
    e.flags = Unsigned(r.args[1]);
    e.path = strings.GetOptional(r.path);
  } else {
    e.flags = r.args[0];
  }
  e.namespaces = {r.ns_cgroup, r.ns_ipc,  r.ns_mnt,  r.ns_net,
                  r.ns_pidns,  r.ns_time, r.ns_user, r.ns_uts};
  e.pid_for_children = r.ns_pid_children;
}

void Fill(const rg_behaviour& r, Strings& strings, Mount& e) {
  FillActor(r.hdr, e.actor);
  e.call = CallOf(r);
  e.source = strings.GetOptional(r.name2);
  e.source_path = strings.GetOptional(r.path2);
  e.target = strings.Get(r.name);
  e.target_path = strings.GetOptional(r.path);
  e.target_path_status = StatusOf(r.path);
  e.fs_type = strings.GetOptional(r.type);
  switch (r.call) {
    case RG_CALL_move_mount:
      e.flags = Unsigned(r.args[4]);
      break;
    case RG_CALL_mount_setattr:
      e.flags = Unsigned(r.args[2]);
      break;
    case RG_CALL_mount:
      e.flags = r.args[3];
      break;
    default:
      strings.Fail();
  }
}

void Fill(const rg_behaviour& r, Strings& strings, Unmount& e) {
  Expect(r, strings, {RG_CALL_umount2, RG_CALL_umount});
  FillActor(r.hdr, e.actor);
  e.call = CallOf(r);
  e.target = strings.Get(r.name);
  e.target_path = strings.GetOptional(r.path);
  e.target_path_status = StatusOf(r.path);
  e.flags = Unsigned(r.args[1]);
}

void Fill(const rg_behaviour& r, Strings& strings, RootChange& e) {
  Expect(r, strings, {RG_CALL_pivot_root, RG_CALL_chroot});
  FillActor(r.hdr, e.actor);
  e.call = CallOf(r);
  e.new_root = strings.Get(r.name);
  e.new_root_path = strings.GetOptional(r.path);
  e.new_root_path_status = StatusOf(r.path);
  e.put_old = strings.GetOptional(r.name2);
  e.put_old_path = strings.GetOptional(r.path2);
}

void Fill(const rg_behaviour& r, Strings& strings, MemfdCreate& e) {
  Expect(r, strings, {RG_CALL_memfd_create});
  FillActor(r.hdr, e.actor);
  e.call = CallOf(r);
  e.name = strings.Get(r.name2);
  e.flags = Unsigned(r.args[1]);
  if (r.result >= 0) e.fd = static_cast<std::int32_t>(r.result);
}

std::optional<RingOperation> OperationOf(std::uint32_t opcode) {
  switch (opcode) {  // IORING_OP_...
    case 9:
      return RingOperation::kSendmsg;
    case 26:
      return RingOperation::kSend;
    case 47:
      return RingOperation::kSendZc;
    case 48:
      return RingOperation::kSendmsgZc;
    case 16:
      return RingOperation::kConnect;
    case 18:
      return RingOperation::kOpenat;
    case 28:
      return RingOperation::kOpenat2;
    case 35:
      return RingOperation::kRenameat;
    case 36:
      return RingOperation::kUnlinkat;
    case 37:
      return RingOperation::kMkdirat;
    case 38:
      return RingOperation::kSymlinkat;
    case 39:
      return RingOperation::kLinkat;
    case 56:
      return RingOperation::kBind;
    case 57:
      return RingOperation::kListen;
    case 13:
      return RingOperation::kAccept;
    case 27:
      return RingOperation::kRecv;
    case 10:
      return RingOperation::kRecvmsg;
    default:
      return std::nullopt;
  }
}

constexpr std::size_t kShortestAddress = 8;  // family, port and address of IPv4

// A server's requests have its own address, as far as it has one.
bool IsOfAServer(std::optional<RingOperation> operation) {
  return operation == RingOperation::kBind || operation == RingOperation::kListen ||
         operation == RingOperation::kAccept;
}

// `bytes`: a struct sockaddr_in or sockaddr_in6, with whatever lies behind it.
void SetAddress(IoUringOperation& e, std::string_view bytes) {
  const bool own = IsOfAServer(e.operation);
  auto& addr = own ? e.local_addr : e.remote_addr;
  auto& port = own ? e.local_port : e.remote_port;
  if (bytes.size() < kShortestAddress) return;  // none at all has no bytes to copy from, either
  sockaddr_in6 address{};
  if (bytes.size() > sizeof(address)) bytes.remove_suffix(bytes.size() - sizeof(address));
  std::memcpy(&address, bytes.data(), bytes.size());
  sockaddr_in address4{};
  std::memcpy(&address4, &address, sizeof(address4));
  if (address.sin6_family == AF_INET) {
    addr = AddressText(AF_INET, reinterpret_cast<const __u8*>(&address4.sin_addr));
  } else if (address.sin6_family == AF_INET6 && bytes.size() >= 24) {
    addr = PeerText(AF_INET6, address.sin6_addr.s6_addr);
  } else {
    return;
  }
  port = ntohs(address.sin6_port);  // in the same place of both
}

void Fill(const rg_behaviour& r, Strings& strings, IoUringOperation& e) {
  FillActor(r.hdr, e.actor);
  e.opcode = Unsigned(r.args[0]);
  e.operation = OperationOf(e.opcode);
  e.filename = strings.GetOptional(r.name);
  e.new_filename = strings.GetOptional(r.name2);
  e.filename_truncated = AnyCut(r);
  if (e.filename.has_value()) {
    // A symlink's first name is what it says, and starts nowhere.
    if (e.operation != RingOperation::kSymlinkat) e.dirfd = Dirfd(r.args[1]);
    e.flags = r.args[2];
  }
  if (e.new_filename.has_value()) e.new_dirfd = Dirfd(r.args[3]);
  if (!e.filename.has_value()) {
    e.socket_fd = Int(r.args[1]);
    if (e.operation == RingOperation::kListen) e.backlog = Int(r.args[2]);
    SetAddress(e, strings.Get(r.type));
  }
}

// The arguments that are kept come first, and rg_credentials has room for three.
#define CALL(number, name, shown, kind, event_type, operation, like, traits, fd, dirfd, name1, \
             dirfd2, name2, keep)                                                              \
  static_assert(RG_KIND_##kind != RG_KIND_credentials_change ||                                \
                (((keep) & ((keep) + 1)) == 0 && (keep) <= 7));
#include "schema/abi/calls.def"
#undef CALL

void Fill(const rg_credentials& r, Strings& strings, CredentialsChange& e) {
  const CallInfo& info = CallInfoOf(r.call);
  FillActor(r.hdr, e.actor);
  e.call = CallOf(r);
  // The arguments that records keep of these calls are ids; setgroups has a count instead.
  for (int i = 0; i < info.kept; ++i) e.arguments.push_back(Id(info, r.args[i]));
  e.after = CredentialsOf(r.after);
  if ((r.flags & RG_BEHAVIOUR_BEFORE) != 0) {
    e.before = CredentialsOf(r.before);
    e.before_source = CredentialsSource::kThread;
  }
  const bool groups = r.call == RG_CALL_setgroups || r.call == RG_CALL_setgroups16;
  if (groups && r.result >= 0) {
    const std::string_view bytes = strings.Get(r.groups, RG_GROUPS_MAX * sizeof(std::uint32_t));
    if (bytes.size() % sizeof(std::uint32_t) != 0) strings.Fail();
    e.groups.emplace(bytes.size() / sizeof(std::uint32_t));
    if (!e.groups->empty()) {
      std::memcpy(e.groups->data(), bytes.data(), e.groups->size() * sizeof(std::uint32_t));
    }
    e.groups_truncated = Cut(r.groups);
  }
}

// The kind whose event the record becomes, or 0: there is none.
unsigned KindIn(const rg_behaviour& r) {
  const unsigned of_call = CallInfoOf(r.call).kind;
  switch (r.hdr.kind) {
    case RG_KIND_conduct_common:
      return of_call == RG_KIND_file_open ? unsigned{RG_KIND_memory_access} : of_call;
    case RG_KIND_memory_access:
      return of_call == RG_KIND_process_access || of_call == RG_KIND_file_open ? r.hdr.kind : 0;
    // A module may be loaded or freed in no system call of its own, or while another one is. A
    // request to io_uring is none.
    case RG_KIND_module_load:
    case RG_KIND_module_unload:
    case RG_KIND_io_uring_operation:
      return r.hdr.kind;
    default:
      return of_call == r.hdr.kind ? of_call : 0;
  }
}

}  // namespace

void DecodeCredentials(const rg_credentials& r, Strings& strings, Event& event) {
  if (CallInfoOf(r.call).kind != RG_KIND_credentials_change ||
      !EmplaceByKind<rg_credentials>(r.hdr.kind, event, [&](auto& e) { Fill(r, strings, e); })) {
    strings.Fail();
  }
}

void DecodeBehaviour(const rg_behaviour& r, Strings& strings, Event& event) {
  if (!EmplaceByKind<rg_behaviour>(KindIn(r), event, [&](auto& e) { Fill(r, strings, e); })) {
    strings.Fail();
  }
}

}  // namespace randguard

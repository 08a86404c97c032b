// SPDX-License-Identifier: Apache-2.0
//
// A valid record of each kind, every field with a value of its own. A test changes one thing of the
// body, or replaces a string, and builds:
//
//   auto r = testing::ProcessExec();
//   r.body.login_uid = UINT32_MAX;
//   r.Put(&rg_process::tty, "");
//   DecodeRecord(r.Build())
#ifndef TESTS_SUPPORT_RECORD_BUILDER_H_
#define TESTS_SUPPORT_RECORD_BUILDER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "schema/abi/event.h"
#include "tests/support/message_builder.h"

namespace randguard::testing {

template <std::size_t kSize>
void SetComm(char (&comm)[kSize], std::string_view text) {
  std::memset(comm, 0, kSize);
  std::memcpy(comm, text.data(), std::min(text.size(), kSize));
}

// Items as argument lists hold them: each with its NUL.
inline std::string ListOf(std::initializer_list<std::string_view> items) {
  std::string list;
  for (const std::string_view item : items) list.append(item).push_back('\0');
  return list;
}

template <typename Body>
class RecordBuilder {
 public:
  Body body{};

  // Sets a string of the body; an empty one without flags is absent. Later calls for the field
  // leave the earlier bytes behind in the string area, as nothing forbids that.
  RecordBuilder& Put(rg_str Body::*field, std::string_view text, unsigned flags = 0) {
    rg_str& s = body.*field;
    s = {};
    s.flags = static_cast<__u16>(flags);
    if (text.empty()) return *this;
    s.offset = static_cast<__u16>(sizeof(Body) + strings_.size());
    s.length = static_cast<__u16>(text.size());
    strings_ += text;
    return *this;
  }

  // Sets the path within the file system, of a string that Put() has set.
  RecordBuilder& PutWithin(rg_str Body::*field, std::string_view text, unsigned flags = 0) {
    rg_str within{};
    within.offset = Append(text);
    within.length = static_cast<__u16>(text.size());
    within.flags = static_cast<__u16>(flags);
    strings_.resize(RG_ALIGN8(strings_.size()));
    (body.*field).fs = Append({reinterpret_cast<const char*>(&within), sizeof(within)});
    return *this;
  }

  // Puts bytes behind the strings so far; returns where they are in the record.
  std::uint16_t Append(std::string_view bytes) {
    const auto offset = static_cast<std::uint16_t>(sizeof(Body) + strings_.size());
    strings_ += bytes;
    return offset;
  }

  // The record, its size in its header.
  Bytes Build() const {
    Body sized = body;
    sized.hdr.size = static_cast<__u32>(RG_ALIGN8(sizeof(Body) + strings_.size()));
    Bytes record(sizeof(Body));
    std::memcpy(record.data(), &sized, sizeof(sized));
    for (const char c : strings_) record.push_back(static_cast<std::byte>(c));
    record.resize(sized.hdr.size);
    return record;
  }

  // A test about process and time changes these.
  RecordBuilder& At(std::uint64_t time_ns) {
    body.hdr.time_ns = time_ns;
    return *this;
  }
  RecordBuilder& By(std::uint32_t pid, std::uint64_t start_ns, std::uint32_t tid = 0) {
    body.hdr.pid = pid;
    body.hdr.tid = tid != 0 ? tid : pid;
    body.hdr.start_ns = start_ns;
    return *this;
  }
  RecordBuilder& ChildOf(std::uint32_t ppid, std::uint64_t parent_start_ns) {
    body.hdr.ppid = ppid;
    body.hdr.parent_start_ns = parent_start_ns;
    return *this;
  }

 private:
  std::string strings_;
};

// pid 1234, a child of pid 1, of user 1000, half a second old.
template <typename Body>
RecordBuilder<Body> Begin(std::uint16_t kind) {
  RecordBuilder<Body> r;
  r.body.hdr = MakeHeader(kind, sizeof(Body), kStartNs + 500'000'000);
  r.body.hdr.tid = 1235;
  r.body.hdr.uid = 1000;
  r.body.hdr.gid = 1001;
  r.body.hdr.euid = 1002;
  r.body.hdr.cpu = 1;
  SetComm(r.body.hdr.comm, "curl");
  return r;
}

// A script of an exec, with values that begin with `number`.
inline rg_script Script(RecordBuilder<rg_process>& r, std::uint32_t number, std::string_view path,
                        unsigned path_flags = 0) {
  rg_script script{};
  script.inode = 10 * number + 1;
  script.dev = number << 20 | 2;
  script.mode = 0100755;
  script.uid = 10 * number + 3;
  script.gid = 10 * number + 4;
  script.path.offset = r.Append(path);
  script.path.length = static_cast<__u16>(path.size());
  script.path.flags = static_cast<__u16>(path_flags);
  return script;
}

inline void PutScripts(RecordBuilder<rg_process>& r, const std::vector<rg_script>& scripts) {
  r.body.scripts =
      r.Append({reinterpret_cast<const char*>(scripts.data()), scripts.size() * sizeof(rg_script)});
  r.body.script_count = static_cast<__u16>(scripts.size());
}

inline RecordBuilder<rg_process> ProcessLike(std::uint16_t kind) {
  auto r = Begin<rg_process>(kind);
  rg_process& b = r.body;
  b.exe_inode = 2'000'001;
  b.stdio[0] = {.inode = 5001, .rdev = 0, .mode = 0140777, .reserved = 0};
  b.stdio[1] = {.inode = 5002, .rdev = 136u << 20, .mode = 020620, .reserved = 0};
  b.stdio_peer_family = 2;
  b.stdio_peer_port = 4444;
  b.stdio_peer_addr[0] = 198;
  b.stdio_peer_addr[1] = 51;
  b.stdio_peer_addr[2] = 100;
  b.stdio_peer_addr[3] = 7;
  b.cap_effective = 0x1;
  b.cap_permitted = 0x1ff'ffff'ffff;
  b.cap_inheritable = 0x4;
  b.cap_bounding = 0x8;
  b.cap_ambient = 0xffff'ffff'ffff'ffff;
  b.exe_dev = 259u << 20 | 2;
  b.exe_mode = 0100755;
  b.exe_uid = 3001;
  b.exe_gid = 3002;
  b.suid = 1003;
  b.fsuid = 1004;
  b.egid = 1005;
  b.sgid = 1006;
  b.fsgid = 1007;
  b.login_uid = 1008;
  b.audit_session = 9;
  b.session_id = 1200;
  b.pgid = 1201;
  b.ns_pid = 34;
  b.ns_cgroup = 4026531835;
  b.ns_ipc = 4026531839;
  b.ns_mnt = 4026531841;
  b.ns_net = 4026531840;
  b.ns_pidns = 4026531836;
  b.ns_time = 4026531834;
  b.ns_user = 4026531837;
  b.ns_uts = 4026531838;
  b.argc = 3;
  b.envc = 20;
  b.old_tid = 1236;
  b.source = RG_EXEC_EXECVE;
  r.Put(&rg_process::exe_path, "/usr/bin/curl");
  r.Put(&rg_process::cwd, "/home/ann");
  r.Put(&rg_process::filename, "bin/curl");
  r.Put(&rg_process::interpreter, "/bin/sh");
  r.Put(&rg_process::args, ListOf({"curl", "-s", "http://example.org/"}));
  r.Put(&rg_process::env, ListOf({"LANG=C.UTF-8"}));
  r.Put(&rg_process::tty, "pts/3");
  r.Put(&rg_process::cgroup, "/user.slice/session-3.scope");
  return r;
}

inline RecordBuilder<rg_process> ProcessExec() { return ProcessLike(RG_KIND_process_exec); }

inline RecordBuilder<rg_process> ProcessSnapshot() { return ProcessLike(RG_KIND_process_snapshot); }

inline RecordBuilder<rg_fork> ForkLike(std::uint16_t kind) {
  auto r = Begin<rg_fork>(kind);
  rg_fork& b = r.body;
  b.child_start_ns = kStartNs + 400'000'000;
  b.child_cgroup_id = 43;
  b.child_parent_start_ns = kStartNs;
  b.child_pid = 1300;
  b.child_tid = 1300;
  b.child_ppid = 1234;
  b.child_ns_pid = 35;
  SetComm(b.child_comm, "curl-child");
  r.Put(&rg_fork::child_cgroup, "/user.slice/other.scope");
  return r;
}

inline RecordBuilder<rg_fork> ProcessFork() { return ForkLike(RG_KIND_process_fork); }

inline RecordBuilder<rg_fork> ThreadStart() {
  auto r = ForkLike(RG_KIND_thread_start);
  r.body.child_pid = 1234;
  r.body.child_tid = 1301;
  r.body.child_start_ns = kStartNs;
  return r;
}

inline RecordBuilder<rg_exit> ProcessExit() {
  auto r = Begin<rg_exit>(RG_KIND_process_exit);
  r.body.task_start_ns = kStartNs + 100'000'000;
  r.body.status = 3 << 8;
  return r;
}

inline RecordBuilder<rg_exit> ThreadExit() {
  auto r = ProcessExit();
  r.body.hdr.kind = RG_KIND_thread_exit;
  return r;
}

inline RecordBuilder<rg_exec_failed> ExecFailed() {
  auto r = Begin<rg_exec_failed>(RG_KIND_exec_failed);
  rg_exec_failed& b = r.body;
  b.result = -2;  // ENOENT
  b.dirfd = 7;
  b.at_flags = 0x1000;
  b.source = RG_EXEC_EXECVEAT;
  r.Put(&rg_exec_failed::base, "/opt");
  r.Put(&rg_exec_failed::filename, "tool");
  r.Put(&rg_exec_failed::args, ListOf({"tool", "--version"}));
  return r;
}

inline RecordBuilder<rg_cgroup> CgroupMkdir() {
  auto r = Begin<rg_cgroup>(RG_KIND_cgroup_mkdir);
  r.body.id = 77;
  r.Put(&rg_cgroup::path, "/system.slice/new.service");
  return r;
}

// A record of the call's kind, by its number in calls.def.
inline RecordBuilder<rg_file> FileCall(unsigned kind, unsigned call) {
  auto r = Begin<rg_file>(static_cast<std::uint16_t>(kind));
  rg_file& b = r.body;
  b.result = 0;
  b.call = static_cast<std::uint16_t>(call);
  b.inode = 4'000'001;
  b.dev = 8u << 20 | 1;
  b.mode = 0100644;
  b.owner_uid = 5001;
  b.owner_gid = 5002;
  r.Put(&rg_file::path, "/etc/ssh/sshd_config");
  return r;
}

inline RecordBuilder<rg_file> FileOpen() {
  auto r = FileCall(RG_KIND_file_open, RG_CALL_openat);
  r.body.result = 3;
  r.body.args[0] = 7;
  r.body.args[2] = 0102;  // O_CREAT | O_RDWR
  r.body.args[3] = 0100640;
  r.body.flags = RG_FILE_OBJECT | RG_FILE_CREATED;
  r.body.ns_mnt = 4026532001;
  r.Put(&rg_file::name, "ssh/../ssh/sshd_config");
  r.PutWithin(&rg_file::path, "/images/one/etc/ssh/sshd_config");
  return r;
}

inline RecordBuilder<rg_file> FileWrite() {
  auto r = FileCall(RG_KIND_file_write, RG_CALL_pwrite64);
  r.body.result = 10;
  r.body.args[0] = 4;
  r.body.args[2] = 11;
  r.body.args[3] = 12;
  r.body.flags = RG_FILE_OBJECT;
  return r;
}

inline RecordBuilder<rg_file> FileRename() {
  auto r = FileCall(RG_KIND_file_rename, RG_CALL_renameat2);
  r.body.args[0] = static_cast<std::uint64_t>(-100);  // AT_FDCWD
  r.body.args[2] = 9;
  r.body.args[4] = 2;  // RENAME_EXCHANGE
  r.Put(&rg_file::path, "/etc/old", RG_STR_LEXICAL);
  r.Put(&rg_file::name, "old");
  r.Put(&rg_file::path2, "/srv/etc/new", RG_STR_LEXICAL);
  r.PutWithin(&rg_file::path, "/images/one/etc/old");
  r.PutWithin(&rg_file::path2, "/images/two/etc/new");
  r.Put(&rg_file::name2, "etc/new");
  return r;
}

inline RecordBuilder<rg_file> FileUnlink() {
  auto r = FileCall(RG_KIND_file_unlink, RG_CALL_unlinkat);
  r.body.result = -13;  // EACCES
  r.body.args[0] = 5;
  r.body.args[2] = 0x200;
  r.Put(&rg_file::path, "/etc/dir", RG_STR_LEXICAL);
  r.Put(&rg_file::name, "dir");
  return r;
}

inline RecordBuilder<rg_file> FileChange() {
  auto r = FileCall(RG_KIND_file_change, RG_CALL_fchownat);
  r.body.args[0] = 6;
  r.body.args[2] = 1000;
  r.body.args[3] = 0xffff'ffff;
  r.body.args[4] = 0x100;
  r.Put(&rg_file::path, "/etc/ssh", RG_STR_LEXICAL);
  r.Put(&rg_file::name, "ssh");
  return r;
}

inline RecordBuilder<rg_file> FileTimes() {
  auto r = FileCall(RG_KIND_file_times, RG_CALL_utimensat);
  r.body.args[0] = 6;
  r.body.args[1] = 981'173'106;  // access, seconds and nanoseconds
  r.body.args[2] = 7;
  r.body.args[3] = 0x100;  // AT_SYMLINK_NOFOLLOW
  r.body.args[4] = static_cast<std::uint64_t>(-1);
  r.body.args[5] = 999'999'999;
  r.Put(&rg_file::path, "/etc/ssh", RG_STR_LEXICAL);
  r.Put(&rg_file::name, "ssh");
  return r;
}

inline RecordBuilder<rg_file> FileFlags() {
  auto r = FileCall(RG_KIND_file_flags, RG_CALL_ioctl_flags);
  r.body.args[0] = 6;
  r.body.args[1] = 0x40086602;  // FS_IOC_SETFLAGS
  r.body.args[2] = 0x80010;     // FS_EXTENT_FL | FS_IMMUTABLE_FL
  r.body.flags = RG_FILE_OBJECT;
  return r;
}

// Gives every member another value, counted on from `first`.
inline rg_credential_set CredentialSet(std::uint32_t first) {
  rg_credential_set s{};
  s.cap_effective = first;
  s.cap_permitted = first + 1;
  s.cap_inheritable = first + 2;
  s.cap_bounding = first + 3;
  s.cap_ambient = first + 4;
  s.uid = first + 5;
  s.gid = first + 6;
  s.euid = first + 7;
  s.egid = first + 8;
  s.suid = first + 9;
  s.sgid = first + 10;
  s.fsuid = first + 11;
  s.fsgid = first + 12;
  s.ns_user = first + 13;
  s.groups = 2;
  return s;
}

inline RecordBuilder<rg_credentials> CredentialsChange() {
  auto r = Begin<rg_credentials>(RG_KIND_credentials_change);
  r.body.args[0] = 0xffffffff;
  r.body.args[1] = 1107;
  r.body.args[2] = 1109;
  r.body.after = CredentialSet(1100);
  r.body.before = CredentialSet(1200);
  r.body.call = RG_CALL_setresuid;
  r.body.flags = RG_BEHAVIOUR_BEFORE;
  return r;
}

inline RecordBuilder<rg_credentials> CredentialsCommon() {
  auto r = CredentialsChange();
  r.body.hdr.kind = RG_KIND_credentials_common;
  r.body.result = -1;
  return r;
}

inline RecordBuilder<rg_behaviour> Behaviour(std::uint16_t kind, std::uint16_t call) {
  auto r = Begin<rg_behaviour>(kind);
  r.body.call = call;
  return r;
}

inline RecordBuilder<rg_behaviour> AtTarget(std::uint16_t kind, std::uint16_t call) {
  auto r = Behaviour(kind, call);
  r.body.target_start_ns = 4'000'000'000;
  r.body.target_pid = 700;
  r.body.target_tid = 701;
  r.body.target_uid = 702;
  SetComm(r.body.target_comm, "victim");
  r.body.flags = RG_BEHAVIOUR_TARGET;
  return r;
}

inline RecordBuilder<rg_behaviour> ProcessAccess() {
  auto r = AtTarget(RG_KIND_process_access, RG_CALL_ptrace);
  r.body.args[0] = 16;  // PTRACE_ATTACH
  r.body.args[1] = 7;
  return r;
}

inline RecordBuilder<rg_behaviour> MemoryAccess() {
  auto r = AtTarget(RG_KIND_memory_access, RG_CALL_process_vm_writev);
  r.body.args[0] = 7;
  r.body.result = 64;
  return r;
}

// An open of /proc/700/mem for reading and writing.
inline RecordBuilder<rg_behaviour> MemoryOpen() {
  auto r = AtTarget(RG_KIND_memory_access, RG_CALL_openat);
  r.body.args[0] = RG_PROCESS_FILE_mem;
  r.body.args[1] = 3;
  r.body.result = 5;
  r.Put(&rg_behaviour::name, "mem");
  r.Put(&rg_behaviour::path, "/proc/700/mem");
  return r;
}

inline RecordBuilder<rg_behaviour> AgentSignal() {
  auto r = AtTarget(RG_KIND_agent_signal, RG_CALL_kill);
  r.body.args[0] = static_cast<__u32>(-5);
  r.body.args[1] = 9;
  return r;
}

inline RecordBuilder<rg_behaviour> ModuleLoad() {
  auto r = Behaviour(RG_KIND_module_load, RG_CALL_finit_module);
  r.body.args[0] = 3;
  r.body.args[2] = 2;
  r.Put(&rg_behaviour::name, "dummy");
  r.Put(&rg_behaviour::path, "/lib/modules/dummy.ko", RG_STR_DELETED);
  r.Put(&rg_behaviour::name2, "numdummies=2");
  return r;
}

inline RecordBuilder<rg_behaviour> ModuleUnload() {
  auto r = Behaviour(RG_KIND_module_unload, RG_CALL_delete_module);
  r.body.args[1] = 0x800;
  r.Put(&rg_behaviour::name, "dummy");
  return r;
}

inline RecordBuilder<rg_behaviour> BpfOperation() {
  auto r = Behaviour(RG_KIND_bpf_operation, RG_CALL_bpf);
  r.body.args[0] = 13;  // BPF_PROG_GET_FD_BY_ID
  r.body.result = 4;
  r.body.object_id = 77;
  r.body.object_type = 26;
  r.body.flags = RG_BEHAVIOUR_OBJECT | RG_BEHAVIOUR_OWN;
  r.Put(&rg_behaviour::name, "rg_exec");
  return r;
}

inline RecordBuilder<rg_behaviour> NamespaceChange() {
  auto r = Behaviour(RG_KIND_namespace_change, RG_CALL_setns);
  rg_behaviour& b = r.body;
  b.args[0] = 3;
  b.args[1] = 0x04000000;
  b.ns_cgroup = 1;
  b.ns_ipc = 2;
  b.ns_mnt = 3;
  b.ns_net = 4;
  b.ns_pidns = 5;
  b.ns_pid_children = 6;
  b.ns_time = 7;
  b.ns_user = 8;
  b.ns_uts = 9;
  r.Put(&rg_behaviour::path, "uts:[9]");
  return r;
}

inline RecordBuilder<rg_behaviour> MountRecord() {
  auto r = Behaviour(RG_KIND_mount, RG_CALL_mount);
  r.body.args[3] = 4096;
  r.Put(&rg_behaviour::name, "mnt");
  r.Put(&rg_behaviour::path, "/srv/mnt", RG_STR_LEXICAL);
  r.Put(&rg_behaviour::name2, "data");
  r.Put(&rg_behaviour::path2, "/srv/data", RG_STR_LEXICAL);
  r.Put(&rg_behaviour::type, "ext4");
  return r;
}

inline RecordBuilder<rg_behaviour> Unmount() {
  auto r = Behaviour(RG_KIND_unmount, RG_CALL_umount2);
  r.body.args[1] = 2;
  r.Put(&rg_behaviour::name, "mnt");
  r.Put(&rg_behaviour::path, "/srv/mnt", RG_STR_LEXICAL);
  return r;
}

inline RecordBuilder<rg_behaviour> RootChange() {
  auto r = Behaviour(RG_KIND_root_change, RG_CALL_pivot_root);
  r.Put(&rg_behaviour::name, "new");
  r.Put(&rg_behaviour::path, "/new", RG_STR_LEXICAL);
  r.Put(&rg_behaviour::name2, "old");
  r.Put(&rg_behaviour::path2, "/old", RG_STR_LEXICAL);
  return r;
}

inline RecordBuilder<rg_behaviour> MemfdCreate() {
  auto r = Behaviour(RG_KIND_memfd_create, RG_CALL_memfd_create);
  r.body.args[1] = 1;
  r.body.result = 5;
  r.Put(&rg_behaviour::name2, "label");
  return r;
}

inline RecordBuilder<rg_behaviour> IoUring() {
  auto r = Behaviour(RG_KIND_io_uring_operation, 0);
  r.body.args[0] = 35;  // IORING_OP_RENAMEAT
  r.body.args[1] = static_cast<__u32>(-100);
  r.body.args[2] = 1;
  r.body.args[3] = 8;
  r.Put(&rg_behaviour::name, "from");
  r.Put(&rg_behaviour::name2, "to");
  return r;
}

inline RecordBuilder<rg_behaviour> BehaviourCommon() {
  auto r = MountRecord();
  r.body.hdr.kind = RG_KIND_conduct_common;
  r.body.result = -1;
  return r;
}

// From 10.0.0.1:40000 to 192.0.2.7:443, by that call.
inline RecordBuilder<rg_network> Network(std::uint16_t kind, std::uint16_t call) {
  auto r = Begin<rg_network>(kind);
  rg_network& b = r.body;
  b.socket = 5001;
  constexpr __u8 kLocal[4] = {10, 0, 0, 1};
  constexpr __u8 kRemote[4] = {192, 0, 2, 7};
  std::memcpy(b.local_addr, kLocal, sizeof(kLocal));
  std::memcpy(b.remote_addr, kRemote, sizeof(kRemote));
  b.net_ns = 4026531840;
  b.fd = 6;
  b.family = 2;    // AF_INET
  b.type = 1;      // SOCK_STREAM
  b.protocol = 6;  // IPPROTO_TCP
  b.local_port = 40000;
  b.remote_port = 443;
  b.call = call;
  b.flags = RG_NETWORK_LOCAL | RG_NETWORK_REMOTE;
  return r;
}

inline RecordBuilder<rg_network> NetworkConnect() {
  return Network(RG_KIND_network_connect, RG_CALL_connect);
}

inline RecordBuilder<rg_network> NetworkBind() {
  auto r = Network(RG_KIND_network_bind, RG_CALL_bind);
  r.body.flags = RG_NETWORK_LOCAL;
  return r;
}

inline RecordBuilder<rg_network> NetworkListen() {
  auto r = Network(RG_KIND_network_listen, RG_CALL_listen);
  r.body.flags = RG_NETWORK_LOCAL;
  r.body.backlog = 128;
  return r;
}

inline RecordBuilder<rg_network> NetworkAccept() {
  auto r = Network(RG_KIND_network_accept, RG_CALL_accept4);
  r.body.result = 9;
  return r;
}

inline RecordBuilder<rg_network> NetworkDatagram() {
  auto r = Network(RG_KIND_network_datagram, RG_CALL_sendmsg);
  r.body.result = 33;
  r.body.type = 2;       // SOCK_DGRAM
  r.body.protocol = 17;  // IPPROTO_UDP
  r.body.flags |= RG_NETWORK_ARGUMENT;
  return r;
}

// A socket of AF_PACKET, for whatever comes through any interface.
inline RecordBuilder<rg_network> NetworkSocket() {
  auto r = Network(RG_KIND_network_socket, RG_CALL_socket);
  rg_network& b = r.body;
  b.family = 17;   // AF_PACKET
  b.type = 3;      // SOCK_RAW
  b.protocol = 3;  // ETH_P_ALL
  b.local_port = b.remote_port = 0;
  std::memset(b.local_addr, 0, sizeof(b.local_addr));
  b.flags = RG_NETWORK_LOCAL;
  return r;
}

inline RecordBuilder<rg_network> NetworkClose() {
  auto r = Network(RG_KIND_network_close, 0);
  rg_network& b = r.body;
  b.result = -104;  // ECONNRESET
  b.socket = 0;
  b.fd = -1;
  b.duration_ns = 7'000;
  b.bytes_sent = 101;
  b.bytes_received = 202;
  b.flags |= RG_NETWORK_ESTABLISHED | RG_NETWORK_INBOUND;
  return r;
}

// Number of the kind, and a record of that kind.
inline std::vector<std::pair<unsigned, Bytes>> OneRecordOfEachKind() {
  return {
      {RG_KIND_process_exec, ProcessExec().Build()},
      {RG_KIND_process_fork, ProcessFork().Build()},
      {RG_KIND_process_exit, ProcessExit().Build()},
      {RG_KIND_process_snapshot, ProcessSnapshot().Build()},
      {RG_KIND_exec_failed, ExecFailed().Build()},
      {RG_KIND_thread_start, ThreadStart().Build()},
      {RG_KIND_thread_exit, ThreadExit().Build()},
      {RG_KIND_cgroup_mkdir, CgroupMkdir().Build()},
      {RG_KIND_file_open, FileOpen().Build()},
      {RG_KIND_file_write, FileWrite().Build()},
      {RG_KIND_file_rename, FileRename().Build()},
      {RG_KIND_file_unlink, FileUnlink().Build()},
      {RG_KIND_file_change, FileChange().Build()},
      {RG_KIND_file_times, FileTimes().Build()},
      {RG_KIND_file_flags, FileFlags().Build()},
      {RG_KIND_credentials_change, CredentialsChange().Build()},
      {RG_KIND_credentials_common, CredentialsCommon().Build()},
      {RG_KIND_process_access, ProcessAccess().Build()},
      {RG_KIND_memory_access, MemoryAccess().Build()},
      {RG_KIND_agent_signal, AgentSignal().Build()},
      {RG_KIND_module_load, ModuleLoad().Build()},
      {RG_KIND_module_unload, ModuleUnload().Build()},
      {RG_KIND_bpf_operation, BpfOperation().Build()},
      {RG_KIND_namespace_change, NamespaceChange().Build()},
      {RG_KIND_mount, MountRecord().Build()},
      {RG_KIND_unmount, Unmount().Build()},
      {RG_KIND_root_change, RootChange().Build()},
      {RG_KIND_memfd_create, MemfdCreate().Build()},
      {RG_KIND_io_uring_operation, IoUring().Build()},
      {RG_KIND_conduct_common, BehaviourCommon().Build()},
      {RG_KIND_network_connect, NetworkConnect().Build()},
      {RG_KIND_network_bind, NetworkBind().Build()},
      {RG_KIND_network_listen, NetworkListen().Build()},
      {RG_KIND_network_accept, NetworkAccept().Build()},
      {RG_KIND_network_datagram, NetworkDatagram().Build()},
      {RG_KIND_network_socket, NetworkSocket().Build()},
      {RG_KIND_network_close, NetworkClose().Build()},
  };
}

// The least record that names the call, without strings.
template <typename Body>
Bytes RecordOfCall(std::uint16_t kind, std::uint16_t call) {
  auto r = Begin<Body>(kind);
  if constexpr (requires { r.body.call; }) {
    r.body.call = call;
  } else if constexpr (std::is_same_v<Body, rg_exec_failed>) {
    r.body.source = call == RG_CALL_execve ? RG_EXEC_EXECVE : RG_EXEC_EXECVEAT;
  }
  if constexpr (std::is_same_v<Body, rg_network>) r.body.family = 2;  // AF_INET
  return r.Build();
}

// By the call's number in calls.def; its kind is that of its row.
inline Bytes RecordOfCall(std::uint16_t call) {
  static constexpr std::uint16_t kKindOfCall[RG_CALL_END] = {
      0,
#define CALL(number, name, shown, kind, event_type, operation, like, traits, fd, dirfd, name1, \
             dirfd2, name2, keep)                                                              \
  RG_KIND_##kind,
#include "schema/abi/calls.def"
#undef CALL
  };
  const std::uint16_t kind = kKindOfCall[call];
  switch (kind) {
#define EVENT_KIND(number, name, body, domain, behaviour, lane) \
  case number:                                                  \
    return RecordOfCall<rg_##body>(kind, call);
#include "schema/abi/event_kinds.def"
#undef EVENT_KIND
  }
  return {};
}

// The record that docs/formats/abi.md takes apart.
inline Bytes ExampleRecord() {
  auto r = Begin<rg_exec_failed>(RG_KIND_exec_failed);
  r.body.hdr.time_ns = 65'250'000'000;
  r.body.hdr.tid = 1234;
  r.body.hdr.euid = 1000;
  SetComm(r.body.hdr.comm, "sh");
  r.body.result = -2;
  r.body.dirfd = -100;
  r.body.source = RG_EXEC_EXECVE;
  r.Put(&rg_exec_failed::base, "/home/ann");
  r.Put(&rg_exec_failed::filename, "./nope");
  r.Put(&rg_exec_failed::args, ListOf({"nope", "-x"}));
  return r.Build();
}

}  // namespace randguard::testing

#endif  // TESTS_SUPPORT_RECORD_BUILDER_H_

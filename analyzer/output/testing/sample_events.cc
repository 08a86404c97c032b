// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/testing/sample_events.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "analyzer/event/calls.h"
#include "analyzer/output/testing/sample_behaviour.h"

namespace randguard::testing {
namespace {

std::vector<Event> MakeEvents() {
  std::vector<Event> events;
  const auto add = [&](auto event) { events.emplace_back(std::move(event)); };
  add(SampleStart());
  add(SampleExecFailed());
  add(SampleRelationship());
  add(SampleExit());
  for (unsigned call = 1; call < kCalls.size(); ++call) {
    switch (kCalls[call].kind) {
      case RG_KIND_file_open:
        add(SampleOpen(call));
        break;
      case RG_KIND_file_write:
        add(SampleWrite(call));
        break;
      case RG_KIND_file_rename:
        add(SampleRename(call));
        break;
      case RG_KIND_file_unlink:
        add(SampleUnlink(call));
        break;
      case RG_KIND_file_change:
        add(SampleChange(call));
        break;
      case RG_KIND_file_times:
        add(SampleTimes(call));
        break;
      case RG_KIND_file_flags:
        add(SampleFlags(call));
        break;
      default:
        break;
    }
  }
  add(SampleConnect());
  add(SampleBind());
  add(SampleListen());
  add(SampleAccept());
  add(SampleDatagram(true));
  add(SampleDatagram(false));
  add(SampleNetworkSocket());
  add(SampleClose());
  add(ProcessStart{});
  add(ProcessExecFailed{});
  add(ProcessRelationship{});
  add(ProcessExit{});
  // A call's event is never without its type, system call and operation.
  add(FileOpen{.call = {.event_type = "file_open", .syscall = "open", .operation = "open"}});
  add(FileWrite{.call = {.event_type = "file_write", .syscall = "write", .operation = "write"}});
  add(FileRename{
      .call = {.event_type = "file_rename", .syscall = "rename", .operation = "rename"}});
  add(FileUnlink{
      .call = {.event_type = "file_unlink", .syscall = "unlink", .operation = "unlink"}});
  add(FileChange{.call = {.event_type = "file_chmod", .syscall = "chmod", .operation = "chmod"}});
  add(FileTimes{.call = {.event_type = "file_utime", .syscall = "utime", .operation = "times"}});
  add(FileFlags{
      .call = {.event_type = "file_setattr", .syscall = "ioctl", .operation = "attribute"}});
  add(NetworkClose{});
  ForEachBehaviourSample(SampleActor(), add);
  return events;
}

}  // namespace

SessionContext SampleSession() {
  return {.host_name = "web1",
          .boot_id = "0e6c9a1c-7b1c-4a39-9e53-2f1b7c1d5a10",
          .clock_offset_ns = 1'735'689'600'000'000'000};  // 2025-01-01T00:00:00Z
}

Actor SampleActor() {
  using namespace std::string_view_literals;
  Actor a;
  a.timestamp_ns = 61'000'000'007;
  a.time = {a.timestamp_ns};
  a.event_id = {5000000000, 4711};
  a.pid = 1234;
  a.tid = 1235;
  a.ppid = 1;
  a.uid = 1000;
  a.gid = 1001;
  a.comm = "curl";
  a.exe_path = "/usr/bin/curl";
  a.process_id = {1234, 0xdf8475800};
  a.parent_process_id = ProcessKey{1, 0x10};
  a.cgroup = "/user.slice";
  a.cgroup_id = 42;
  a.container_id = "3601745b3bd54d9780436faa5f0e4f72bb46231663bb99a6bb892764917832c2";
  a.container_runtime = ContainerRuntime::kDocker;
  a.container_inherited = true;
  a.container_rootless = true;
  a.nested_containers = TextList{"lxc:web\0rootless-podman:ab\0"sv};
  return a;
}

ProcessStart SampleStart() {
  using namespace std::string_view_literals;
  ProcessStart e;
  e.actor = SampleActor();
  e.source = ExecSource::kExecve;
  e.filename = "bin/curl";
  e.args = TextList{"curl\0-s\0\0http://example.org/ a\0"sv};
  e.command_line = JoinedText{e.args->bytes};
  e.argc = 4;
  e.env = TextList{"LANG=C\0"sv};
  e.env_truncated = true;
  e.cwd = "/home/ann";
  e.euid = 1, e.egid = 2, e.suid = 3, e.sgid = 4, e.fsuid = 5, e.fsgid = 6;
  e.user = "ann";
  e.loginuid = 1000;
  e.audit_session_id = 9;
  e.session_id = 1200, e.pgid = 1201;
  e.tty = "pts/3";
  e.exe_inode = 2'000'001;
  e.exe_dev = Device{259u << 20 | 2};
  e.exe_mode = Mode{0104755};
  e.exe_uid = 0, e.exe_gid = 7;
  e.exe_fs_path = "/srv/image/bin/tool";
  e.exe_path_status = PathStatus::kDeleted;
  e.cwd_status = PathStatus::kTruncated;
  e.fileless = e.unlinked = true;
  e.stdin_type = StreamType::kSocket, e.stdout_type = StreamType::kPipe;
  e.stdin_inode = 5001, e.stdout_inode = 5002;
  e.stdio_remote_addr = Address{{"198.51.100.7"}};
  e.stdio_remote_port = 4444;
  e.interpreter = "/bin/sh";
  e.scripts = std::vector<ScriptFile>{
      {.path = "/usr/local/bin/fetch",
       .path_status = PathStatus::kDeleted,
       .inode = 6001,
       .dev = {8u << 20 | 1},
       .mode = {0100755},
       .uid = 8,
       .gid = 9,
       .unlinked = true},
      {.path = "memfd:run", .path_status = PathStatus::kDetached, .inode = 6002, .memfd = true},
      {.path = "/cut", .path_status = PathStatus::kTruncated},
      {.path_status = PathStatus::kUnreadable},
      {.path = "/usr/local/bin/whole"}};
  e.script_path = "/usr/local/bin/fetch";
  e.script_path_status = PathStatus::kDeleted;
  e.script_inode = 6001;
  e.script_dev = Device{8u << 20 | 1};
  e.script_mode = Mode{0100755};
  e.script_memfd = e.script_unlinked = true;
  e.chroot = true;
  e.capabilities = {{0x1}, {0x1ff'ffff'ffff}, {0}, {0xffff'ffff'ffff'ffff}, {0xabc}};
  e.namespaces = {1, 2, 3, 4, 5, 6, 7, 4026531838};
  e.mount_namespace_foreign = true;
  e.ns_pid = 34;
  e.parent_comm = "bash";
  e.parent_exe_path = "/usr/bin/bash";
  e.creator_process_id = ProcessKey{1100, 0xdf8475000};
  e.creator_pid = 1100;
  e.creator_comm = "worker";
  e.creator_exe_path = "/usr/bin/bash";
  e.adopted = true;
  e.ancestors.Add("/usr/bin/bash");
  e.ancestors.Add("kthreadd");
  e.trusted_exe = true;
  e.ancestors_trusted = 1;
  return e;
}

ProcessExecFailed SampleExecFailed() {
  using namespace std::string_view_literals;
  ProcessExecFailed e;
  e.actor = SampleActor();
  e.source = ExecSource::kExecveat;
  e.filename = "tool";
  e.base = "/opt";
  e.result = -2;
  e.error = "ENOENT";
  e.args = TextList{"tool\0cut"sv};
  e.command_line = JoinedText{e.args->bytes};
  e.args_truncated = true;
  e.dirfd = -1;
  return e;
}

ProcessRelationship SampleRelationship() {
  ProcessRelationship e;
  e.actor = SampleActor();
  e.parent_pid = 1234;
  e.parent_comm = "curl";
  e.child_pid = e.child_tid = 1300;
  e.child_comm = "curl";
  e.child_process_id = {1300, 0xffff'ffff'ffff'ffff};
  e.child_ns_pid = 35;
  return e;
}

ProcessExit SampleExit() {
  ProcessExit e;
  e.actor = SampleActor();
  e.group_dead = true;
  e.exit_code = 3;
  e.duration_ns = 1'000;
  return e;
}

FileCall SampleCall(unsigned call) {
  FileCall c;
  c.event_type = kCalls[call].event_type;
  c.syscall = kCalls[call].name;
  c.operation = kCalls[call].operation;
  c.result = -13;
  c.error = "EACCES";
  c.mount_namespace_foreign = true;
  return c;
}

FileObject SampleObject() { return {Device{8u << 20 | 1}, 4'000'001, Mode{0100644}, 5001, 5002}; }

FileOpen SampleOpen(unsigned call) {
  FileOpen e;
  e.actor = SampleActor();
  e.call = SampleCall(call);
  e.filename = "hosts";
  e.resolved_path = "/etc/hosts";
  e.fs_path = "/srv/image/hosts";
  e.path_source = PathSource::kKernel;
  e.path_status = PathStatus::kDeleted;
  e.flags = 0102;
  e.create_mode = Mode{0640};
  e.resolve = 8;
  e.dirfd = 5, e.fd = 3;
  e.created = true;
  e.object = SampleObject();
  return e;
}

FileWrite SampleWrite(unsigned call) {
  FileWrite e;
  e.actor = SampleActor();
  e.call = SampleCall(call);
  e.fd = 3;
  e.count = 1, e.iovcnt = 2, e.pos = -1, e.length = 4, e.prot = 5, e.flags = 6;
  e.resolved_path = "/etc/hosts";
  e.fs_path = "/srv/image/hosts";
  e.path_source = PathSource::kKernel;
  e.object = SampleObject();
  return e;
}

FileRename SampleRename(unsigned call) {
  FileRename e;
  e.actor = SampleActor();
  e.call = SampleCall(call);
  e.old_filename = "a", e.new_filename = "b";
  e.flags = 2;
  e.old_fs_path = "/srv/a", e.new_fs_path = "/srv/b";
  e.old_resolved_path = "/etc/a", e.old_path_source = PathSource::kKernel;
  e.new_resolved_path = "/etc/b", e.new_path_source = PathSource::kLexical;
  e.old_dirfd = 3, e.new_dirfd = 4;
  e.touches_watch.emplace().Add("*/.ssh/id_rsa");
  return e;
}

FileUnlink SampleUnlink(unsigned call) {
  FileUnlink e;
  e.actor = SampleActor();
  e.call = SampleCall(call);
  e.filename = "a";
  e.flags = 0x200;
  e.dirfd = 3;
  e.resolved_path = "/etc/a", e.path_source = PathSource::kKernel;
  e.fs_path = "/srv/a";
  return e;
}

FileChange SampleChange(unsigned call) {
  FileChange e;
  e.actor = SampleActor();
  e.call = SampleCall(call);
  e.filename = "a";
  e.fd = 1, e.dirfd = 2, e.flags = 3;
  e.new_mode = Mode{0755};
  e.new_uid = 1, e.new_gid = 2, e.length = 3, e.device = 4;
  e.attribute = "security.capability";
  e.resolved_path = "/etc/a", e.path_source = PathSource::kLexical;
  e.fs_path = "/srv/a";
  e.object = SampleObject();
  return e;
}

FileTimes SampleTimes(unsigned call) {
  FileTimes e;
  e.actor = SampleActor();
  e.call = SampleCall(call);
  e.filename = "a";
  e.fd = 1, e.dirfd = 2, e.flags = 3;
  e.atime_change = TimeChange::kNow, e.mtime_change = TimeChange::kGiven;
  e.new_atime_ns = INT64_MIN, e.new_mtime_ns = 978307200'000'000'001;
  e.resolved_path = "/etc/a", e.path_source = PathSource::kLexical;
  e.fs_path = "/srv/a";
  e.object = SampleObject();
  return e;
}

FileFlags SampleFlags(unsigned call) {
  FileFlags e;
  e.actor = SampleActor();
  e.call = SampleCall(call);
  e.filename = "a";
  e.fd = 1, e.dirfd = 2, e.flags = 3;
  e.file_flags.emplace();
  for (const std::string_view name : kValueList<InodeFlag>.names) e.file_flags->Add(name);
  e.file_flag_bits = UINT64_MAX;
  e.resolved_path = "/etc/a", e.path_source = PathSource::kKernel;
  e.fs_path = "/srv/a";
  e.object = SampleObject();
  return e;
}

Address SampleAddress(std::string_view text) {
  Address a;
  std::copy(text.begin(), text.end(), a.chars.begin());
  return a;
}

ShortName SampleName(std::string_view text) {
  ShortName name;
  std::copy(text.begin(), text.end(), name.chars.begin());
  return name;
}

NetworkCall SampleNetworkCall(std::string_view event_type, std::string_view syscall) {
  NetworkCall c;
  c.event_type = event_type;
  c.syscall = syscall;
  c.operation = OperationOf(event_type);
  c.socket_fd = 6;
  return c;
}

Socket SampleSocket() {
  Socket s;
  s.family = AddressFamily::kIpv6;
  s.protocol = SampleName("tcp");
  s.type = SampleName("stream");
  s.remote_addr = SampleAddress("2001:db8::7");
  s.remote_port = 443;
  s.local_addr = SampleAddress("2001:db8::1");
  s.local_port = 65535;
  s.address_source = AddressSource::kSocket;
  s.net_ns = 4026531840;
  s.socket_inode = 5001;
  return s;
}

NetworkConnect SampleConnect() {
  NetworkConnect e;
  e.actor = SampleActor();
  e.call = SampleNetworkCall("network_connect", "connect");
  e.call.result = -115;
  e.call.error = "EINPROGRESS";
  e.object = SampleSocket();
  return e;
}

NetworkBind SampleBind() {
  NetworkBind e;
  e.actor = SampleActor();
  e.call = SampleNetworkCall("network_bind", "bind");
  e.object.family = AddressFamily::kUnix;
  e.object.protocol = SampleName("0");
  e.object.type = SampleName("dgram");
  e.object.address_source = AddressSource::kSocket;
  e.object.unix_path = "@name";
  e.object.unix_path_status = PathStatus::kDeleted;
  e.object.unix_abstract = true;
  return e;
}

NetworkListen SampleListen() {
  NetworkListen e;
  e.actor = SampleActor();
  e.call = SampleNetworkCall("network_listen", "listen");
  e.backlog = -1;
  e.object = SampleSocket();
  return e;
}

NetworkAccept SampleAccept() {
  NetworkAccept e;
  e.actor = SampleActor();
  e.call = SampleNetworkCall("network_accept", "accept4");
  e.call.result = e.accepted_fd = 9;
  e.object = SampleSocket();
  return e;
}

NetworkDatagram SampleDatagram(bool sent) {
  NetworkDatagram e;
  e.actor = SampleActor();
  e.call =
      SampleNetworkCall(sent ? "network_send" : "network_receive", sent ? "sendto" : "recvmsg");
  e.object = SampleSocket();
  e.object.protocol = SampleName("udp");
  return e;
}

NetworkSocket SampleNetworkSocket() {
  NetworkSocket e;
  e.actor = SampleActor();
  e.call = SampleNetworkCall("network_socket", "socket");
  e.object.family = AddressFamily::kPacket;
  e.object.protocol = SampleName("3");
  e.object.type = SampleName("raw");
  e.object.local_addr = SampleAddress("0");
  e.object.local_port = UINT32_MAX;
  return e;
}

NetworkClose SampleClose() {
  NetworkClose e;
  e.actor = SampleActor();
  e.result = -104;
  e.error = "ECONNRESET";
  e.direction = Direction::kInbound;
  e.established = true;
  e.bytes_sent = UINT64_MAX;
  e.bytes_received = 1;
  e.duration_ns = 2;
  e.object = SampleSocket();
  e.object.socket_inode = std::nullopt;
  return e;
}

Alert SampleAlert() {
  Alert e;
  e.rule_id = "FILE-001", e.rule_name = "Sensitive \"file\"", e.rule_type = RuleType::kFile;
  e.severity = Severity::kHigh, e.action = RuleAction::kAlert;
  e.source_event_type = "file_open";
  e.pid = 1, e.tid = 2, e.ppid = 3, e.uid = 4, e.gid = 5;
  e.comm = "cat", e.exe_path = "/usr/bin/cat", e.process_name = "cat", e.parent_name = "sh";
  e.path = "/etc/shadow", e.operation = "open", e.direction = Direction::kOutbound;
  e.port = 65535, e.addr = "2001:db8::7", e.family = AddressFamily::kIpv6;
  e.timestamp_ns = 61'000'000'007;
  e.time = {e.timestamp_ns};
  e.process_id = {1, 0x10}, e.parent_process_id = ProcessKey{3, 0x8};
  e.command_line = "cat /etc/shadow", e.cwd = "/", e.user = "ann", e.tty = "pts0";
  e.loginuid = 1000;
  e.parent_exe_path = "/usr/bin/dash", e.parent_command_line = "sh -c x";
  e.old_path = "/etc/shadow-", e.result = -1, e.error = "EPERM";
  e.container_id = "c1", e.container_runtime = ContainerRuntime::kDocker;
  e.container_rootless = true;
  e.tags = {"attack.t1003.008", "other"};
  e.description = "text";
  e.rule_source = RuleSource::kSigma;
  e.rule_author = "Ann", e.rule_status = "test";
  e.rule_references.emplace().push_back("a reference");
  e.rule_false_positives.emplace().push_back("a backup");
  e.count = 7, e.folded = true;
  e.first_time = e.last_time = e.time;
  e.group = Named<std::string>{{"uid", "4"}, {"path", "/etc/\"x\""}};
  e.matches =
      std::vector<CorrelatedMatch>{{"FILE-000", {1, 0x10}, {0x2000, 41}, e.time, e.timestamp_ns}};
  e.matches_total = 2;
  return e;
}

Loss SampleLoss() {
  Loss e;
  e.timestamp_ns = 61'000'000'007;
  e.time = {e.timestamp_ns};
  e.reason = LossReason::kKernel;
  e.kind = Kind{RG_KIND_exec_failed};
  e.lane = Lane::kBulk;
  e.hook = Hook{RG_HOOK_process_fork};
  e.count = 7;
  e.total = 9;
  e.causes.emplace();
  e.causes->push_back({1000, "ann", std::nullopt, 6});
  e.causes->push_back({std::nullopt, std::nullopt, "c1", 1});
  e.from_ns = 1;
  e.to_ns = 2;
  return e;
}

Health SampleHealth() {
  Health e;
  e.timestamp_ns = 61'000'000'007;
  e.time = {e.timestamp_ns};
  e.status = HealthStatus::kDegraded;
  e.reasons = {"hook exec_failed is missing: \"why\"", "another"};
  e.kernel_lost_by_kind = {{"process_exec", 1}, {"exec_failed", UINT64_MAX}};
  e.kernel_skipped_by_hook = {{"process_exec", 5}};
  e.kernel_stored_by_kind = {{"process_exec", 5}};
  e.programs = {{"exec", {1, 2, 3, 4, 5}}};
  e.hooks = {{Hook{RG_HOOK_process_exec}, HookState::kAttached, Witness::kFunction, ""},
             {Hook{RG_HOOK_syscalls}, HookState::kMissing, std::nullopt, "no tracefs"}};
  e.outputs.emplace({OutputHealth{"siem", 7, 4096, 2, 1, "it is full"},
                     OutputHealth{"other", 7, 0, 0, 0, std::nullopt}});
  e.mode = AgentMode::kTelemetry;
  e.resolved_paths = {{"file.watch_paths", "/bin", "/usr/bin", ""},
                      {"file.exclude_paths", "/srv/\"a\"", std::nullopt, "why"}};
  e.collector.connected = true;
  e.collector.version = "0.1.0";
  e.rule_set_hash = "0123";
  e.sigma.emplace(SigmaHealth{1, 2, 3, 4});
  e.alerts_below_severity = 5;
  e.alerts_by_severity = {{"low", 2}, {"critical", 1}};
  e.losses_by_reason = {{"kernel", 3}};
  e.metrics_failures = 6;
  e.metrics_error = "no \"folder\"";
  e.canary.emplace(CanaryHealth{7, 6, 8, CanaryStage::kRules});
  return e;
}

Canary SampleCanary() {
  Canary e;
  e.timestamp_ns = 61'000'000'007;
  e.time = {e.timestamp_ns};
  e.event_id = {5, 6};
  e.round_trip_us = 1234;
  e.attempts = 2;
  e.rules = true;
  return e;
}

const std::vector<Event>& SampleEvents() {
  static const auto& events = *new std::vector<Event>(MakeEvents());
  return events;
}

const std::vector<std::variant<Alert, Loss, Health, Canary>>& SampleReports() {
  static const auto& reports = *new std::vector<std::variant<Alert, Loss, Health, Canary>>{
      SampleAlert(), SampleLoss(), SampleHealth(), SampleCanary(),
      Alert{},       Loss{},       Health{},       Canary{}};
  return reports;
}

}  // namespace randguard::testing

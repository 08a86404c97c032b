// SPDX-License-Identifier: Apache-2.0
//
// The samples of sample_events.h that are events of behaviour.
#ifndef ANALYZER_OUTPUT_TESTING_SAMPLE_BEHAVIOUR_H_
#define ANALYZER_OUTPUT_TESTING_SAMPLE_BEHAVIOUR_H_

#include "analyzer/event/behaviour_events.h"
#include "analyzer/event/calls.h"
#include "analyzer/output/testing/sample_events.h"

namespace randguard::testing {

// An event of a call, and what all such events have.
template <typename E>
E SampleBehaviour(const Actor& actor, unsigned call) {
  E e;
  e.actor = actor;
  e.call.event_type = E::kClassName;
  e.call.syscall = kCalls[call].name;
  e.call.result = -1;
  e.call.error = "EPERM";
  e.call.compat32 = e.call.text_truncated = true;
  return e;
}

inline TargetProcess SampleTarget() {
  return {700, 701, 702, ProcessKey{700, 0x10}, "victim", "/usr/bin/victim"};
}

template <typename Visit>
void ForEachBehaviourSample(const Actor& actor, Visit&& visit) {
  auto credentials = SampleBehaviour<CredentialsChange>(actor, RG_CALL_setgroups);
  credentials.arguments = {-1, 4294967294};
  credentials.before = Credentials{1, 2, 3, 4, 5, 6, 7, 8, 9, {{1}, {2}, {3}, {4}, {5}}};
  credentials.before_source = CredentialsSource::kThread;
  credentials.after = Credentials{0, 0, 0, 0, 0, 0, 0, 0, 9, {{~0u}, {2}, {3}, {4}, {5}}};
  credentials.groups = std::vector<std::uint32_t>{50, 60};
  credentials.groups_truncated = true;
  visit(credentials);
  auto access = SampleBehaviour<ProcessAccess>(actor, RG_CALL_ptrace);
  access.operation = AccessOperation::kAttach;
  access.target_argument = 7;
  access.target = SampleTarget();
  access.resolved_path = "/proc/7/mem", access.path_source = PathSource::kKernel;
  visit(access);
  auto signal = SampleBehaviour<AgentSignal>(actor, RG_CALL_kill);
  signal.signal = 9;
  signal.target_argument = -1;
  signal.target = SampleTarget();
  visit(signal);
  auto load = SampleBehaviour<ModuleLoad>(actor, RG_CALL_finit_module);
  load.module = "dummy", load.source = ModuleSource::kFile, load.parameters = "a=1";
  load.path = "/lib/modules/dummy.ko", load.path_status = PathStatus::kDeleted;
  load.flags = 1, load.size = 2;
  visit(load);
  auto unload = SampleBehaviour<ModuleUnload>(actor, RG_CALL_delete_module);
  unload.module = "dummy", unload.flags = 0x800;
  visit(unload);
  auto bpf = SampleBehaviour<BpfOperation>(actor, RG_CALL_bpf);
  bpf.operation = BpfCommand::kProgLoad, bpf.object_kind = BpfObject::kProgram, bpf.object_id = 7;
  bpf.type = 26, bpf.program_type = BpfProgramType::kTracing, bpf.name = "rg_exec", bpf.own = true;
  visit(bpf);
  auto change = SampleBehaviour<NamespaceChange>(actor, RG_CALL_setns);
  change.flags = 0x20000, change.fd = 3, change.path = "mnt:[1]";
  change.namespaces = {1, 2, 3, 4, 5, 6, 7, 8};
  change.pid_for_children = 9;
  visit(change);
  auto mount = SampleBehaviour<Mount>(actor, RG_CALL_mount);
  mount.source = "a", mount.source_path = "/a", mount.target = "b", mount.target_path = "/b";
  mount.target_path_status = PathStatus::kTruncated, mount.fs_type = "tmpfs", mount.flags = ~0ull;
  mount.touches_watch.emplace().Add("/etc");
  visit(mount);
  auto unmount = SampleBehaviour<Unmount>(actor, RG_CALL_umount2);
  unmount.target = "b", unmount.target_path = "/b", unmount.flags = 2;
  unmount.target_path_status = PathStatus::kUnreadable;
  visit(unmount);
  auto root = SampleBehaviour<RootChange>(actor, RG_CALL_pivot_root);
  root.new_root = ".", root.new_root_path = "/", root.new_root_path_status = PathStatus::kDetached;
  root.put_old = "old", root.put_old_path = "/old";
  visit(root);
  auto memfd = SampleBehaviour<MemfdCreate>(actor, RG_CALL_memfd_create);
  memfd.name = "label", memfd.flags = 1, memfd.fd = 3;
  visit(memfd);
  IoUringOperation uring;
  uring.actor = actor;
  uring.operation = RingOperation::kRenameat, uring.opcode = 35;
  uring.filename = "a", uring.new_filename = "b", uring.filename_truncated = true;
  uring.dirfd = 3, uring.new_dirfd = 4, uring.flags = 1;
  visit(uring);
  IoUringOperation server;
  server.actor = actor;
  server.operation = RingOperation::kListen, server.opcode = 57;
  server.socket_fd = 3, server.backlog = 5;
  server.local_addr = SampleAddress("127.0.0.1"), server.local_port = 80;
  visit(server);

  // A call's event is never without its type.
  visit(CredentialsChange{.call = {.event_type = "credentials_change", .syscall = "setuid"}});
  visit(ProcessAccess{.call = {.event_type = "process_access", .syscall = "ptrace"}});
  visit(AgentSignal{.call = {.event_type = "agent_signal", .syscall = "kill"}});
  visit(ModuleLoad{.call = {.event_type = "module_load", .syscall = "finit_module"}});
  visit(ModuleUnload{.call = {.event_type = "module_unload", .syscall = "delete_module"}});
  visit(BpfOperation{.call = {.event_type = "bpf_operation", .syscall = "bpf"}});
  visit(NamespaceChange{.call = {.event_type = "namespace_change", .syscall = "setns"}});
  visit(Mount{.call = {.event_type = "mount", .syscall = "mount"}});
  visit(Unmount{.call = {.event_type = "unmount", .syscall = "umount2"}});
  visit(RootChange{.call = {.event_type = "root_change", .syscall = "chroot"}});
  visit(MemfdCreate{.call = {.event_type = "memfd_create", .syscall = "memfd_create"}});
  visit(IoUringOperation{});
}

}  // namespace randguard::testing

#endif  // ANALYZER_OUTPUT_TESTING_SAMPLE_BEHAVIOUR_H_

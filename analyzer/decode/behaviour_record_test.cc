// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analyzer/decode/record.h"
#include "tests/support/record_builder.h"

namespace randguard::behaviour_record_test {
namespace {

using testing::Bytes;

// The event in a record that must be one; its text borrows from `bytes`.
template <typename E>
E Decoded(const Bytes& bytes) {
  const auto event = DecodeRecord(bytes);
  EXPECT_TRUE(event.ok()) << event.status();
  if (!event.ok() || !std::holds_alternative<E>(*event)) {
    ADD_FAILURE() << "not this kind of event";
    return {};
  }
  return std::get<E>(*event);
}

bool IsInvalid(const Bytes& bytes) {
  return DecodeRecord(bytes).status().code() == absl::StatusCode::kInvalidArgument;
}

void ExpectSet(const Credentials& c, std::uint32_t first) {
  EXPECT_EQ(c.capabilities.effective.bits, first);
  EXPECT_EQ(c.capabilities.permitted.bits, first + 1);
  EXPECT_EQ(c.capabilities.inheritable.bits, first + 2);
  EXPECT_EQ(c.capabilities.bounding.bits, first + 3);
  EXPECT_EQ(c.capabilities.ambient.bits, first + 4);
  EXPECT_EQ(c.uid, first + 5);
  EXPECT_EQ(c.gid, first + 6);
  EXPECT_EQ(c.euid, first + 7);
  EXPECT_EQ(c.egid, first + 8);
  EXPECT_EQ(c.suid, first + 9);
  EXPECT_EQ(c.sgid, first + 10);
  EXPECT_EQ(c.fsuid, first + 11);
  EXPECT_EQ(c.fsgid, first + 12);
  EXPECT_EQ(c.user_namespace, first + 13);
}

void ExpectTarget(const TargetProcess& t) {
  EXPECT_EQ(t.pid, 700u);
  EXPECT_EQ(t.tid, 701u);
  EXPECT_EQ(t.uid, 702u);
  EXPECT_EQ(t.process_id, (ProcessKey{700, 4'000'000'000}));
  EXPECT_EQ(t.comm, "victim");
  EXPECT_EQ(t.exe_path, std::nullopt);
}

TEST(BehaviourRecordTest, CredentialsKeepEveryField) {
  const Bytes record = testing::CredentialsChange().Build();
  const auto e = Decoded<CredentialsChange>(record);
  EXPECT_EQ(e.actor.pid, 1234u);
  EXPECT_EQ(e.actor.comm, "curl");
  EXPECT_EQ(e.call.event_type, "credentials_change");
  EXPECT_EQ(e.call.syscall, "setresuid");
  EXPECT_EQ(e.call.result, 0);
  EXPECT_EQ(e.call.error, std::nullopt);
  EXPECT_FALSE(e.call.compat32);
  EXPECT_EQ(e.arguments, (std::vector<std::int64_t>{-1, 1107, 1109}));
  ExpectSet(e.after, 1100);
  ASSERT_TRUE(e.before.has_value());
  ExpectSet(*e.before, 1200);
  EXPECT_EQ(e.before_source, CredentialsSource::kThread);
  EXPECT_EQ(e.groups, std::nullopt);
}

TEST(BehaviourRecordTest, ThreadsFirstChangeHasNoBefore) {
  auto r = testing::CredentialsChange();
  r.body.flags = RG_BEHAVIOUR_COMPAT;
  const Bytes record = r.Build();
  const auto e = Decoded<CredentialsChange>(record);
  EXPECT_EQ(e.before, std::nullopt);
  EXPECT_EQ(e.before_source, std::nullopt);
  EXPECT_TRUE(e.call.compat32);
}

TEST(BehaviourRecordTest, SixteenBitIdsAreSixteenBits) {
  auto r = testing::CredentialsChange();
  r.body.call = RG_CALL_setreuid16;
  r.body.args[0] = 0x7fff'ffff;
  r.body.args[1] = 0x0001'0005;
  const Bytes record = r.Build();
  EXPECT_EQ(Decoded<CredentialsChange>(record).arguments, (std::vector<std::int64_t>{-1, 5}));
}

TEST(BehaviourRecordTest, GroupsAreNumbers) {
  auto r = testing::CredentialsChange();
  r.body.call = RG_CALL_setgroups;
  r.body.args[0] = 2;
  const std::uint32_t groups[] = {70000, 7};
  const std::string bytes(reinterpret_cast<const char*>(groups), sizeof(groups));
  r.Put(&rg_credentials::groups, bytes, RG_STR_TRUNCATED);
  Bytes record = r.Build();
  const auto e = Decoded<CredentialsChange>(record);
  EXPECT_EQ(e.arguments, (std::vector<std::int64_t>{2}));
  ASSERT_TRUE(e.groups.has_value());
  EXPECT_EQ(*e.groups, (std::vector<std::uint32_t>{70000, 7}));
  EXPECT_TRUE(e.groups_truncated);

  r.Put(&rg_credentials::groups, "");
  record = r.Build();
  const auto none = Decoded<CredentialsChange>(record);
  ASSERT_TRUE(none.groups.has_value());
  EXPECT_TRUE(none.groups->empty());

  r.Put(&rg_credentials::groups, "12345");
  EXPECT_TRUE(IsInvalid(r.Build()));
  r.Put(&rg_credentials::groups, std::string(4 * RG_GROUPS_MAX + 4, 'g'));
  EXPECT_TRUE(IsInvalid(r.Build()));
}

TEST(BehaviourRecordTest, AccessKeepsEveryField) {
  const Bytes record = testing::ProcessAccess().Build();
  const auto e = Decoded<ProcessAccess>(record);
  EXPECT_EQ(e.call.event_type, "process_access");
  EXPECT_EQ(e.operation, AccessOperation::kAttach);
  EXPECT_EQ(e.target_argument, 7);
  ExpectTarget(e.target);
  const Bytes memory = testing::MemoryAccess().Build();
  const auto m = Decoded<ProcessAccess>(memory);
  EXPECT_EQ(m.call.event_type, "process_access");
  EXPECT_EQ(m.call.syscall, "process_vm_writev");
  EXPECT_EQ(m.operation, AccessOperation::kWriteMemory);
  EXPECT_EQ(m.call.result, 64);
  EXPECT_EQ(m.target_argument, 7);
  ExpectTarget(m.target);
}

TEST(BehaviourRecordTest, OpensOfProcessFilesAreAccess) {
  const Bytes record = testing::MemoryOpen().Build();
  const auto e = Decoded<ProcessAccess>(record);
  EXPECT_EQ(e.call.event_type, "process_access");
  EXPECT_EQ(e.call.syscall, "openat");
  EXPECT_EQ(e.call.result, 5);
  EXPECT_EQ(e.operation, AccessOperation::kOpenMemoryToWrite);
  EXPECT_EQ(e.resolved_path, "/proc/700/mem");
  EXPECT_EQ(e.path_source, PathSource::kKernel);
  EXPECT_EQ(e.target_argument, 0);
  ExpectTarget(e.target);
  const struct {
    unsigned file, mode;
    std::optional<AccessOperation> operation;
  } cases[] = {
      {RG_PROCESS_FILE_mem, 1, AccessOperation::kOpenMemoryToRead},
      {RG_PROCESS_FILE_mem, 2, AccessOperation::kOpenMemoryToWrite},
      {RG_PROCESS_FILE_environ, 1, AccessOperation::kOpenEnvironment},
      {RG_PROCESS_FILE_auxv, 1, AccessOperation::kOpenMappings},
      {RG_PROCESS_FILE_maps, 1, AccessOperation::kOpenMappings},
      {RG_PROCESS_FILE_numa_maps, 1, AccessOperation::kOpenMappings},
      {RG_PROCESS_FILE_smaps, 1, AccessOperation::kOpenMappings},
      {RG_PROCESS_FILE_smaps_rollup, 1, AccessOperation::kOpenMappings},
  };
  for (const auto& c : cases) {
    auto r = testing::MemoryOpen();
    r.body.args[0] = c.file;
    r.body.args[1] = c.mode;
    EXPECT_EQ(Decoded<ProcessAccess>(r.Build()).operation, c.operation) << c.file;
  }
}

TEST(BehaviourRecordTest, EveryProcessFileOfTheListHasAnOperation){
#define PROCESS_FILE(number, name, whose)                                          \
  {                                                                                \
    auto r = testing::MemoryOpen();                                                \
    r.body.args[0] = number;                                                       \
    EXPECT_TRUE(Decoded<ProcessAccess>(r.Build()).operation.has_value())           \
        << "analyzer/decode/behaviour_record.cc: OpenedOf() does not know " #name; \
  }
#include "schema/abi/process_files.def"
#undef PROCESS_FILE
}

TEST(BehaviourRecordTest, RefusedOpensOfProcessFilesHaveTheirName) {
  auto r = testing::MemoryOpen();
  r.body.hdr.kind = RG_KIND_conduct_common;
  r.body.result = -13;
  r.Put(&rg_behaviour::path, "/proc/700/mem", RG_STR_LEXICAL);
  const Bytes record = r.Build();
  const auto e = Decoded<ProcessAccess>(record);
  EXPECT_EQ(e.call.event_type, "process_access");
  EXPECT_EQ(e.call.error, "EACCES");
  EXPECT_EQ(e.path_source, PathSource::kLexical);
}

TEST(BehaviourRecordTest, OpensOfUnknownProcessFilesAreInvalid) {
  for (const unsigned file : {0u, 8u, 65535u}) {
    auto r = testing::MemoryOpen();
    r.body.args[0] = file;
    EXPECT_TRUE(IsInvalid(r.Build())) << file;
  }
}

TEST(BehaviourRecordTest, TargetsThatAreGoneAreAbsent) {
  auto r = testing::ProcessAccess();
  r.body.flags = 0;
  const Bytes record = r.Build();
  const auto e = Decoded<ProcessAccess>(record);
  EXPECT_EQ(e.target.pid, std::nullopt);
  EXPECT_EQ(e.target.process_id, std::nullopt);
  EXPECT_EQ(e.target.comm, std::nullopt);
}

TEST(BehaviourRecordTest, PtraceRequestsHaveNames) {
  const std::pair<unsigned, std::optional<AccessOperation>> cases[] = {
      {0, AccessOperation::kTraceme},
      {4, AccessOperation::kPokeText},
      {5, AccessOperation::kPokeData},
      {6, AccessOperation::kPokeUser},
      {16, AccessOperation::kAttach},
      {0x4206, AccessOperation::kSeize},
      {99, std::nullopt}};
  for (const auto& [request, name] : cases) {
    auto r = testing::ProcessAccess();
    r.body.args[0] = request;
    const Bytes record = r.Build();
    EXPECT_EQ(Decoded<ProcessAccess>(record).operation, name) << request;
  }
}

TEST(BehaviourRecordTest, SignalsKeepEveryField) {
  const Bytes record = testing::AgentSignal().Build();
  const auto e = Decoded<AgentSignal>(record);
  EXPECT_EQ(e.signal, 9u);
  EXPECT_EQ(e.target_argument, -5);
  ExpectTarget(e.target);
  auto r = testing::AgentSignal();
  r.body.call = RG_CALL_tgkill;
  r.body.args[1] = 701;
  r.body.args[2] = 15;
  const Bytes of_thread = r.Build();
  const auto t = Decoded<AgentSignal>(of_thread);
  EXPECT_EQ(t.signal, 15u);
  EXPECT_EQ(t.target_argument, 701);
}

TEST(BehaviourRecordTest, ModulesKeepEveryField) {
  const Bytes record = testing::ModuleLoad().Build();
  const auto e = Decoded<ModuleLoad>(record);
  EXPECT_EQ(e.module, "dummy");
  EXPECT_EQ(e.source, ModuleSource::kFile);
  EXPECT_EQ(e.path, "/lib/modules/dummy.ko");
  EXPECT_EQ(e.path_status, PathStatus::kDeleted);
  EXPECT_EQ(e.parameters, "numdummies=2");
  EXPECT_EQ(e.flags, 2u);
  EXPECT_EQ(e.size, std::nullopt);

  auto r = testing::ModuleLoad();
  r.body.call = RG_CALL_init_module;
  r.body.args[1] = 4096;
  r.Put(&rg_behaviour::path, "");
  const Bytes from_memory = r.Build();
  const auto m = Decoded<ModuleLoad>(from_memory);
  EXPECT_EQ(m.source, ModuleSource::kMemory);
  EXPECT_EQ(m.size, 4096u);
  EXPECT_EQ(m.flags, std::nullopt);
  EXPECT_EQ(m.path, std::nullopt);

  const Bytes unload = testing::ModuleUnload().Build();
  const auto u = Decoded<ModuleUnload>(unload);
  EXPECT_EQ(u.module, "dummy");
  EXPECT_EQ(u.flags, 0x800u);
}

// One whose init function failed is freed in the call that was to load it.
TEST(BehaviourRecordTest, ModulesAreFreedInOtherCallsToo) {
  auto r = testing::ModuleUnload();
  for (const auto& [call, name] : std::vector<std::pair<unsigned, std::string_view>>{
           {RG_CALL_finit_module, "finit_module"}, {0, "unknown"}}) {
    r.body.call = static_cast<__u16>(call);
    const Bytes record = r.Build();
    const auto e = Decoded<ModuleUnload>(record);
    EXPECT_EQ(e.call.event_type, "module_unload");
    EXPECT_EQ(e.call.syscall, name);
  }
}

TEST(BehaviourRecordTest, BpfKeepsEveryField) {
  const Bytes record = testing::BpfOperation().Build();
  const auto e = Decoded<BpfOperation>(record);
  EXPECT_EQ(e.operation, BpfCommand::kProgGetFdById);
  EXPECT_EQ(e.object_kind, BpfObject::kProgram);
  EXPECT_EQ(e.object_id, 77u);
  EXPECT_EQ(e.type, 26u);
  EXPECT_EQ(e.program_type, BpfProgramType::kTracing);
  EXPECT_EQ(e.name, "rg_exec");
  EXPECT_EQ(e.own, true);

  auto r = testing::BpfOperation();
  r.body.args[0] = 5;
  r.body.flags = 0;
  r.body.object_id = 0;
  r.body.object_type = 9999;
  const Bytes failed = r.Build();
  const auto f = Decoded<BpfOperation>(failed);
  EXPECT_EQ(f.operation, BpfCommand::kProgLoad);
  EXPECT_EQ(f.object_id, std::nullopt);
  EXPECT_EQ(f.program_type, std::nullopt);
  EXPECT_EQ(f.own, std::nullopt);

  r.body.args[0] = 14;
  r.body.flags = RG_BEHAVIOUR_OBJECT;
  r.body.object_type = 27;
  const Bytes map = r.Build();
  const auto m = Decoded<BpfOperation>(map);
  EXPECT_EQ(m.object_kind, BpfObject::kMap);
  EXPECT_EQ(m.program_type, std::nullopt);
  EXPECT_EQ(m.own, false);
}

TEST(BehaviourRecordTest, NamespacesKeepEveryField) {
  auto r = testing::NamespaceChange();
  const Bytes record = r.Build();
  const auto e = Decoded<NamespaceChange>(record);
  EXPECT_EQ(e.fd, 3);
  EXPECT_EQ(e.flags, 0x04000000u);
  EXPECT_EQ(e.path, "uts:[9]");
  EXPECT_EQ(e.namespaces.cgroup, 1u);
  EXPECT_EQ(e.namespaces.ipc, 2u);
  EXPECT_EQ(e.namespaces.mnt, 3u);
  EXPECT_EQ(e.namespaces.net, 4u);
  EXPECT_EQ(e.namespaces.pid, 5u);
  EXPECT_EQ(e.pid_for_children, 6u);
  EXPECT_EQ(e.namespaces.time, 7u);
  EXPECT_EQ(e.namespaces.user, 8u);
  EXPECT_EQ(e.namespaces.uts, 9u);
  r.body.call = RG_CALL_unshare;
  const Bytes unshare = r.Build();
  const auto u = Decoded<NamespaceChange>(unshare);
  EXPECT_EQ(u.fd, std::nullopt);
  EXPECT_EQ(u.flags, 3u);
}

TEST(BehaviourRecordTest, MountsKeepEveryField) {
  auto r = testing::MountRecord();
  const Bytes record = r.Build();
  const auto e = Decoded<Mount>(record);
  EXPECT_EQ(e.source, "data");
  EXPECT_EQ(e.source_path, "/srv/data");
  EXPECT_EQ(e.target, "mnt");
  EXPECT_EQ(e.target_path, "/srv/mnt");
  EXPECT_EQ(e.target_path_status, std::nullopt);
  EXPECT_EQ(e.fs_type, "ext4");
  EXPECT_EQ(e.flags, 4096u);
  EXPECT_FALSE(e.call.text_truncated);
  r.body.call = RG_CALL_move_mount;
  r.body.args[4] = 4;
  r.Put(&rg_behaviour::name2, "cut", RG_STR_TRUNCATED);
  const Bytes moved = r.Build();
  EXPECT_EQ(Decoded<Mount>(moved).flags, 4u);
  EXPECT_TRUE(Decoded<Mount>(moved).call.text_truncated);

  const Bytes unmount = testing::Unmount().Build();
  const auto u = Decoded<Unmount>(unmount);
  EXPECT_EQ(u.target, "mnt");
  EXPECT_EQ(u.target_path, "/srv/mnt");
  EXPECT_EQ(u.flags, 2u);

  const Bytes root = testing::RootChange().Build();
  const auto c = Decoded<RootChange>(root);
  EXPECT_EQ(c.new_root, "new");
  EXPECT_EQ(c.new_root_path, "/new");
  EXPECT_EQ(c.put_old, "old");
  EXPECT_EQ(c.put_old_path, "/old");
}

TEST(BehaviourRecordTest, AnonymousFilesKeepEveryField) {
  auto r = testing::MemfdCreate();
  const Bytes record = r.Build();
  const auto e = Decoded<MemfdCreate>(record);
  EXPECT_EQ(e.name, "label");
  EXPECT_EQ(e.flags, 1u);
  EXPECT_EQ(e.fd, 5);
}

TEST(BehaviourRecordTest, IoUringKeepsEveryField) {
  auto r = testing::IoUring();
  const Bytes record = r.Build();
  const auto e = Decoded<IoUringOperation>(record);
  EXPECT_EQ(e.operation, RingOperation::kRenameat);
  EXPECT_EQ(e.opcode, 35u);
  EXPECT_EQ(e.filename, "from");
  EXPECT_EQ(e.new_filename, "to");
  EXPECT_EQ(e.dirfd, std::nullopt);
  EXPECT_EQ(e.new_dirfd, 8);
  EXPECT_EQ(e.flags, 1u);
}

TEST(BehaviourRecordTest, IoUringTellsWhereTo) {
  auto r = testing::IoUring();
  r.body.args[0] = 26;  // IORING_OP_SEND
  r.body.args[1] = 5;
  r.Put(&rg_behaviour::name, "");
  r.Put(&rg_behaviour::name2, "");
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(53);
  address.sin6_addr.s6_addr[15] = 1;
  const std::string bytes(reinterpret_cast<const char*>(&address), sizeof(address));
  struct {
    std::size_t length;
    std::optional<std::string_view> addr;
  } cases[] = {{28, "::1"}, {24, "::1"}, {23, std::nullopt}, {2, std::nullopt}, {0, std::nullopt}};
  for (const auto& c : cases) {
    r.Put(&rg_behaviour::type, bytes.substr(0, c.length));
    const Bytes record = r.Build();
    const auto e = Decoded<IoUringOperation>(record);
    EXPECT_EQ(e.operation, RingOperation::kSend);
    EXPECT_EQ(e.socket_fd, 5);
    EXPECT_EQ(e.remote_addr.has_value(), c.addr.has_value()) << c.length;
    if (e.remote_addr.has_value() && c.addr.has_value()) {
      EXPECT_EQ(e.remote_addr->view(), *c.addr);
      EXPECT_EQ(e.remote_port, 53);
    }
  }
}

TEST(BehaviourRecordTest, IoUringsServerHasItsOwnAddress) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(80);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto r = testing::IoUring();
  r.body.args[1] = 5;
  r.body.args[2] = 7;
  r.Put(&rg_behaviour::name, "");
  r.Put(&rg_behaviour::name2, "");
  r.Put(&rg_behaviour::type, std::string(reinterpret_cast<const char*>(&address), sizeof(address)));
  const struct {
    unsigned opcode;
    RingOperation operation;
    bool own;
  } cases[] = {{56, RingOperation::kBind, true},
               {57, RingOperation::kListen, true},
               {13, RingOperation::kAccept, true},
               {27, RingOperation::kRecv, false},
               {10, RingOperation::kRecvmsg, false}};
  for (const auto& c : cases) {
    r.body.args[0] = c.opcode;
    const Bytes record = r.Build();
    const auto e = Decoded<IoUringOperation>(record);
    EXPECT_EQ(e.operation, c.operation);
    EXPECT_EQ(e.local_port.has_value(), c.own) << c.opcode;
    EXPECT_EQ(e.remote_port.has_value(), !c.own) << c.opcode;
    EXPECT_EQ((c.own ? e.local_port : e.remote_port).value_or(0), 80);
    EXPECT_EQ((c.own ? e.local_addr : e.remote_addr)->view(), "127.0.0.1");
    EXPECT_EQ(e.backlog.has_value(), c.operation == RingOperation::kListen);
    EXPECT_EQ(e.backlog.value_or(7), 7);
  }
}

TEST(BehaviourRecordTest, DoubtfulResultsAreMarked) {
  auto r = testing::BehaviourCommon();
  r.body.result = 0;
  EXPECT_FALSE(Decoded<Mount>(r.Build()).call.doubtful);
  r.body.hdr.flags = RG_HEADER_DOUBTFUL | RG_HEADER_TRACED;
  const auto e = Decoded<Mount>(r.Build());
  EXPECT_TRUE(e.call.doubtful);
  EXPECT_TRUE(e.call.traced);
}

TEST(BehaviourRecordTest, WhatFailedIsTheSameEventWithItsError) {
  const Bytes record = testing::BehaviourCommon().Build();
  const auto e = Decoded<Mount>(record);
  EXPECT_EQ(e.call.event_type, "mount");
  EXPECT_EQ(e.call.error, "EPERM");
  const Bytes denied = testing::CredentialsCommon().Build();
  EXPECT_EQ(Decoded<CredentialsChange>(denied).call.error, "EPERM");
}

TEST(BehaviourRecordTest, CallsOfOtherKindsAreInvalid) {
  for (const unsigned call :
       {0u, static_cast<unsigned>(RG_CALL_write), static_cast<unsigned>(RG_CALL_END), 65535u}) {
    auto credentials = testing::CredentialsChange();
    credentials.body.call = static_cast<__u16>(call);
    EXPECT_TRUE(IsInvalid(credentials.Build())) << call;
    for (auto r : {testing::BehaviourCommon(), testing::MountRecord(), testing::MemoryAccess()}) {
      r.body.call = static_cast<__u16>(call);
      EXPECT_TRUE(IsInvalid(r.Build())) << call;
    }
  }
}

}  // namespace
}  // namespace randguard::behaviour_record_test

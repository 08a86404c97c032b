// SPDX-License-Identifier: Apache-2.0
#include "analyzer/decode/record.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_format.h"
#include "tests/support/record_builder.h"
#include "tests/support/source_root.h"

namespace randguard::record_test {
namespace {

using testing::Bytes;
using testing::ListOf;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kUnimplemented = absl::StatusCode::kUnimplemented;

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

absl::StatusCode CodeOf(RecordBytes bytes) { return DecodeRecord(bytes).status().code(); }

std::vector<std::string> Items(const std::optional<TextList>& list) {
  std::vector<std::string> items;
  if (!list.has_value()) return {"(absent)"};
  ForEachItem(list->bytes, [&](std::string_view item) { items.emplace_back(item); });
  return items;
}

template <typename T>
void Poke(Bytes& record, std::size_t offset, T value) {
  std::memcpy(record.data() + offset, &value, sizeof(value));
}

void ExpectBuildersActor(const Actor& a) {
  EXPECT_EQ(a.timestamp_ns, testing::kStartNs + 500'000'000);
  EXPECT_EQ(a.time.boot_ns, a.timestamp_ns);
  EXPECT_EQ(a.pid, 1234u);
  EXPECT_EQ(a.tid, 1235u);
  EXPECT_EQ(a.ppid, 1u);
  EXPECT_EQ(a.uid, 1000u);
  EXPECT_EQ(a.gid, 1001u);
  EXPECT_EQ(a.comm, "curl");
  EXPECT_EQ(a.process_id, (ProcessKey{1234, testing::kStartNs}));
  EXPECT_EQ(a.parent_process_id, (ProcessKey{1, testing::kStartNs / 2}));
  EXPECT_EQ(a.cgroup_id, 42u);
}

void ExpectBuildersProcess(const ProcessStart& e) {
  ExpectBuildersActor(e.actor);
  EXPECT_EQ(e.actor.exe_path, "/usr/bin/curl");
  EXPECT_EQ(e.actor.cgroup, "/user.slice/session-3.scope");
  EXPECT_EQ(e.source, ExecSource::kExecve);
  EXPECT_EQ(e.filename, "bin/curl");
  EXPECT_FALSE(e.filename_truncated);
  EXPECT_EQ(Items(e.args), (std::vector<std::string>{"curl", "-s", "http://example.org/"}));
  ASSERT_TRUE(e.command_line.has_value());
  EXPECT_EQ(e.command_line->bytes, e.args->bytes);
  EXPECT_FALSE(e.args_truncated);
  EXPECT_EQ(e.argc, 3u);
  EXPECT_EQ(Items(e.env), std::vector<std::string>{"LANG=C.UTF-8"});
  EXPECT_FALSE(e.env_truncated);
  EXPECT_EQ(e.cwd, "/home/ann");
  EXPECT_EQ(e.euid, 1002u);
  EXPECT_EQ(e.egid, 1005u);
  EXPECT_EQ(e.suid, 1003u);
  EXPECT_EQ(e.sgid, 1006u);
  EXPECT_EQ(e.fsuid, 1004u);
  EXPECT_EQ(e.fsgid, 1007u);
  EXPECT_EQ(e.user, std::nullopt);
  EXPECT_EQ(e.loginuid, 1008u);
  EXPECT_EQ(e.audit_session_id, 9u);
  EXPECT_EQ(e.session_id, 1200u);
  EXPECT_EQ(e.pgid, 1201u);
  EXPECT_EQ(e.tty, "pts/3");
  EXPECT_EQ(e.exe_inode, 2'000'001u);
  ASSERT_TRUE(e.exe_dev.has_value() && e.exe_mode.has_value());
  EXPECT_EQ(e.exe_dev->dev, 259u << 20 | 2);
  EXPECT_EQ(e.exe_mode->bits, 0100755u);
  EXPECT_EQ(e.exe_uid, 3001u);
  EXPECT_EQ(e.exe_gid, 3002u);
  EXPECT_EQ(e.exe_path_status, std::nullopt);
  EXPECT_EQ(e.cwd_status, std::nullopt);
  EXPECT_FALSE(e.fileless || e.memfd || e.unlinked || e.chroot || e.compat32);
  EXPECT_EQ(e.interpreter, "/bin/sh");
  EXPECT_EQ(e.capabilities.effective.bits, 0x1u);
  EXPECT_EQ(e.capabilities.permitted.bits, 0x1ff'ffff'ffffu);
  EXPECT_EQ(e.capabilities.inheritable.bits, 0x4u);
  EXPECT_EQ(e.capabilities.bounding.bits, 0x8u);
  EXPECT_EQ(e.capabilities.ambient.bits, 0xffff'ffff'ffff'ffffu);
  EXPECT_EQ(e.namespaces.cgroup, 4026531835u);
  EXPECT_EQ(e.namespaces.ipc, 4026531839u);
  EXPECT_EQ(e.namespaces.mnt, 4026531841u);
  EXPECT_EQ(e.namespaces.net, 4026531840u);
  EXPECT_EQ(e.namespaces.pid, 4026531836u);
  EXPECT_EQ(e.namespaces.time, 4026531834u);
  EXPECT_EQ(e.namespaces.user, 4026531837u);
  EXPECT_EQ(e.namespaces.uts, 4026531838u);
  EXPECT_EQ(e.ns_pid, 34u);
  EXPECT_FALSE(e.kernel_thread);
  EXPECT_EQ(e.parent_comm, std::nullopt);
  EXPECT_EQ(e.parent_exe_path, std::nullopt);
  EXPECT_EQ(e.ancestors.size, 0u);
}

TEST(DecodeRecordTest, ScriptsOfAnExec) {
  auto r = testing::ProcessExec();
  rg_script first = testing::Script(r, 1, "/usr/local/bin/x", RG_STR_DELETED);
  first.flags = RG_SCRIPT_UNLINKED;
  rg_script second = testing::Script(r, 2, "memfd:run", RG_STR_DETACHED | RG_STR_MEMFD);
  second.flags = RG_SCRIPT_MEMFD;
  testing::PutScripts(r, {first, second});
  const Bytes record = r.Build();
  const auto e = Decoded<ProcessStart>(record);
  ExpectBuildersProcess(e);
  ASSERT_TRUE(e.scripts.has_value());
  ASSERT_EQ(e.scripts->size(), 2u);
  const ScriptFile& file = e.scripts->at(0);
  EXPECT_EQ(file.path, "/usr/local/bin/x");
  EXPECT_EQ(file.path_status, PathStatus::kDeleted);
  EXPECT_EQ(file.inode, 11u);
  EXPECT_EQ(file.dev.dev, 1u << 20 | 2);
  EXPECT_EQ(file.mode.bits, 0100755u);
  EXPECT_EQ(file.uid, 13u);
  EXPECT_EQ(file.gid, 14u);
  EXPECT_TRUE(file.unlinked && !file.memfd);
  EXPECT_EQ(e.scripts->at(1).path, "memfd:run");
  EXPECT_EQ(e.scripts->at(1).inode, 21u);
  EXPECT_TRUE(e.scripts->at(1).memfd && !e.scripts->at(1).unlinked);
  EXPECT_EQ(e.script_path, "/usr/local/bin/x");
  EXPECT_EQ(e.script_path_status, PathStatus::kDeleted);
  EXPECT_EQ(e.script_inode, 11u);
  ASSERT_TRUE(e.script_dev.has_value() && e.script_mode.has_value());
  EXPECT_EQ(e.script_dev->dev, 1u << 20 | 2);
  EXPECT_EQ(e.script_mode->bits, 0100755u);
  EXPECT_TRUE(e.script_memfd && e.script_unlinked);
}

TEST(DecodeRecordTest, ScriptsAreUnknownWhereTheRecordHasOnlyAnInterpreter) {
  auto r = testing::ProcessExec();
  const Bytes script = r.Build();
  EXPECT_EQ(Decoded<ProcessStart>(script).scripts, std::nullopt);
  r.Put(&rg_process::interpreter, "");
  const Bytes program = r.Build();
  const auto e = Decoded<ProcessStart>(program);
  ASSERT_TRUE(e.scripts.has_value());
  EXPECT_TRUE(e.scripts->empty());
  EXPECT_EQ(e.script_path, std::nullopt);
  const Bytes snapshot = testing::ProcessSnapshot().Build();
  EXPECT_EQ(Decoded<ProcessStart>(snapshot).scripts, std::nullopt);
}

TEST(DecodeRecordTest, ScriptsThatLieElsewhereAreInvalid) {
  const auto refused = [](auto change) {
    auto r = testing::ProcessExec();
    testing::PutScripts(r, {testing::Script(r, 1, "/x"), testing::Script(r, 2, "/y")});
    change(r);
    const Bytes record = r.Build();
    return !DecodeRecord(record).ok();
  };
  EXPECT_FALSE(refused([](auto&) {}));
  EXPECT_TRUE(refused([](auto& r) { r.body.scripts = 0; })) << "in the body";
  EXPECT_TRUE(refused([](auto& r) { r.body.scripts += 48; })) << "beyond the end";
  EXPECT_TRUE(refused([](auto& r) { r.body.script_count = RG_SCRIPTS_MAX + 1; }));
  EXPECT_TRUE(refused([](auto& r) {
    rg_script script = testing::Script(r, 3, "/z");
    script.path.offset = 8;
    testing::PutScripts(r, {script});
  })) << "a path in the body";
}

TEST(DecodeRecordTest, ProcessExecKeepsEveryField) {
  const Bytes record = testing::ProcessExec().Build();
  ExpectBuildersProcess(Decoded<ProcessStart>(record));
}

TEST(DecodeRecordTest, ProcessSnapshotKeepsEveryField) {
  const Bytes record = testing::ProcessSnapshot().Build();
  ExpectBuildersProcess(Decoded<ProcessStart>(record));
}

TEST(DecodeRecordTest, ProcessForkKeepsEveryField) {
  const Bytes record = testing::ProcessFork().Build();
  const auto e = Decoded<ProcessRelationship>(record);
  ExpectBuildersActor(e.actor);
  EXPECT_EQ(e.parent_pid, 1234u);
  EXPECT_EQ(e.parent_comm, "curl");
  EXPECT_EQ(e.child_pid, 1300u);
  EXPECT_EQ(e.child_tid, 1300u);
  EXPECT_EQ(e.child_comm, "curl-child");
  EXPECT_EQ(e.child_process_id, (ProcessKey{1300, testing::kStartNs + 400'000'000}));
  EXPECT_EQ(e.child_ns_pid, 35u);
  EXPECT_FALSE(e.thread);
  EXPECT_EQ(e.child_cgroup_id, 43u);
  EXPECT_EQ(e.child_cgroup, "/user.slice/other.scope");
  EXPECT_EQ(e.child_parent_start_ns, testing::kStartNs);
}

TEST(DecodeRecordTest, ParentOfAChildNeedNotBeItsCreator) {
  auto r = testing::ProcessFork();
  r.body.child_ppid = 99;
  const Bytes record = r.Build();
  EXPECT_EQ(Decoded<ProcessRelationship>(record).parent_pid, 99u);
}

TEST(DecodeRecordTest, ThreadStartIsARelationshipOfAThread) {
  const Bytes record = testing::ThreadStart().Build();
  const auto e = Decoded<ProcessRelationship>(record);
  EXPECT_TRUE(e.thread);
  EXPECT_EQ(e.child_pid, 1234u);
  EXPECT_EQ(e.child_tid, 1301u);
  EXPECT_EQ(e.child_process_id, e.actor.process_id);
}

TEST(DecodeRecordTest, ProcessExitLastsAsLongAsTheProcess) {
  const Bytes record = testing::ProcessExit().Build();
  const auto e = Decoded<ProcessExit>(record);
  ExpectBuildersActor(e.actor);
  EXPECT_TRUE(e.group_dead);
  EXPECT_EQ(e.duration_ns, 500'000'000u);
}

TEST(DecodeRecordTest, ThreadExitLastsAsLongAsTheThread) {
  const Bytes record = testing::ThreadExit().Build();
  const auto e = Decoded<ProcessExit>(record);
  EXPECT_FALSE(e.group_dead);
  EXPECT_EQ(e.duration_ns, 400'000'000u);
}

TEST(DecodeRecordTest, ExitBeforeItsStartLastsNoTime) {
  const Bytes record = testing::ProcessExit().At(testing::kStartNs - 1).Build();
  EXPECT_EQ(Decoded<ProcessExit>(record).duration_ns, 0u);
}

TEST(DecodeRecordTest, ExecFailedKeepsEveryField) {
  const Bytes record = testing::ExecFailed().Build();
  const auto e = Decoded<ProcessExecFailed>(record);
  ExpectBuildersActor(e.actor);
  EXPECT_EQ(e.source, ExecSource::kExecveat);
  EXPECT_EQ(e.filename, "tool");
  EXPECT_FALSE(e.filename_truncated);
  EXPECT_EQ(e.base, "/opt");
  EXPECT_EQ(e.result, -2);
  EXPECT_EQ(e.error, "ENOENT");
  EXPECT_EQ(Items(e.args), (std::vector<std::string>{"tool", "--version"}));
  ASSERT_TRUE(e.command_line.has_value());
  EXPECT_EQ(e.command_line->bytes, e.args->bytes);
  EXPECT_FALSE(e.args_truncated);
  EXPECT_EQ(e.dirfd, 7);
  EXPECT_FALSE(e.compat32);
}

TEST(DecodeRecordTest, CgroupMkdirKeepsEveryField) {
  const Bytes record = testing::CgroupMkdir().Build();
  const auto e = Decoded<CgroupName>(record);
  EXPECT_EQ(e.id, 77u);
  EXPECT_EQ(e.path, "/system.slice/new.service");
}

TEST(DecodeRecordTest, FileOpenKeepsEveryField) {
  const Bytes record = testing::FileOpen().Build();
  const auto e = Decoded<FileOpen>(record);
  ExpectBuildersActor(e.actor);
  EXPECT_EQ(e.call.event_type, "file_open");
  EXPECT_EQ(e.call.syscall, "openat");
  EXPECT_EQ(e.call.result, 3);
  EXPECT_EQ(e.call.error, std::nullopt);
  EXPECT_FALSE(e.call.compat32 || e.call.alert || e.filename_truncated);
  EXPECT_EQ(e.filename, "ssh/../ssh/sshd_config");
  EXPECT_EQ(e.resolved_path, "/etc/ssh/sshd_config");
  EXPECT_EQ(e.fs_path, "/images/one/etc/ssh/sshd_config");
  EXPECT_EQ(e.call.mount_namespace, 4026532001u);
  EXPECT_EQ(e.call.mount_namespace_foreign, std::nullopt);  // a record alone does not say
  EXPECT_EQ(e.path_source, PathSource::kKernel);
  EXPECT_EQ(e.path_status, std::nullopt);
  EXPECT_EQ(e.flags, 0102u);
  ASSERT_TRUE(e.create_mode.has_value());
  EXPECT_EQ(e.create_mode->bits, 0640u);
  EXPECT_EQ(e.resolve, std::nullopt);
  EXPECT_EQ(e.dirfd, 7);
  EXPECT_EQ(e.fd, 3);
  EXPECT_TRUE(e.created);
  ASSERT_TRUE(e.object.dev.has_value() && e.object.mode.has_value());
  EXPECT_EQ(e.object.dev->dev, 8u << 20 | 1);
  EXPECT_EQ(e.object.mode->bits, 0100644u);
  EXPECT_EQ(e.object.inode, 4'000'001u);
  EXPECT_EQ(e.object.owner_uid, 5001u);
  EXPECT_EQ(e.object.owner_gid, 5002u);
}

TEST(DecodeRecordTest, FailedOpenHasNoDescriptorAndNoObject) {
  auto r = testing::FileOpen();
  r.body.result = -13;
  r.body.flags = RG_FILE_COMPAT;
  r.body.args[2] = 0;
  r.Put(&rg_file::path, "/etc/ssh/sshd_config", RG_STR_LEXICAL);
  const Bytes record = r.Build();
  const auto e = Decoded<FileOpen>(record);
  EXPECT_EQ(e.call.error, "EACCES");
  EXPECT_TRUE(e.call.compat32);
  EXPECT_EQ(e.fd, std::nullopt);
  EXPECT_EQ(e.create_mode, std::nullopt);
  EXPECT_EQ(e.object.inode, std::nullopt);
  EXPECT_EQ(e.path_source, PathSource::kLexical);
}

// A forged result, or a descriptor that was closed at once.
TEST(DecodeRecordTest, OpenThatWorkedWithoutAFileIsDoubtful) {
  auto r = testing::FileOpen();
  EXPECT_FALSE(Decoded<FileOpen>(r.Build()).call.doubtful);
  r.body.flags = 0;
  EXPECT_TRUE(Decoded<FileOpen>(r.Build()).call.doubtful);
  r.body.hdr.flags = RG_HEADER_FUNCTION;  // it knows the file by itself
  EXPECT_FALSE(Decoded<FileOpen>(r.Build()).call.doubtful);
}

TEST(DecodeRecordTest, RequestHasNoResult) {
  auto r = testing::FileOpen();
  r.body.result = 0;
  r.body.flags = RG_FILE_IO_URING | RG_FILE_REQUESTED;
  const auto e = Decoded<FileOpen>(r.Build());
  EXPECT_EQ(e.call.result, std::nullopt);
  EXPECT_EQ(e.call.error, std::nullopt);
  EXPECT_EQ(e.call.witness, Witness::kRequest);
  EXPECT_EQ(e.call.origin, Origin::kIoUring);
  EXPECT_EQ(e.fd, std::nullopt);
  EXPECT_FALSE(e.call.doubtful);
}

TEST(DecodeRecordTest, AttributeOfARingsOwnFileHasNoDescriptor) {
  auto r = testing::FileCall(RG_KIND_file_change, RG_CALL_fsetxattr);
  r.body.args[0] = static_cast<__u32>(-1);
  const auto e = Decoded<FileChange>(r.Build());
  EXPECT_EQ(e.fd, std::nullopt);
  EXPECT_EQ(e.filename, std::nullopt);
}

TEST(DecodeRecordTest, EachWayToOpenHasItsArguments) {
  auto r = testing::FileCall(RG_KIND_file_open, RG_CALL_openat2);
  r.body.args[0] = static_cast<std::uint64_t>(-100);
  r.body.args[2] = 0x1'0000'0041;  // flags of openat2 have 64 bits
  r.body.args[3] = 0600;
  r.body.args[4] = 0x18;
  Bytes record = r.Build();
  auto e = Decoded<FileOpen>(record);
  EXPECT_EQ(e.call.event_type, "file_openat2");
  EXPECT_EQ(e.dirfd, std::nullopt);
  EXPECT_EQ(e.flags, 0x1'0000'0041u);
  EXPECT_EQ(e.resolve, 0x18u);
  EXPECT_EQ(e.create_mode.value_or(Mode{}).bits, 0600u);

  r = testing::FileCall(RG_KIND_file_open, RG_CALL_creat);
  r.body.args[1] = 0644;
  record = r.Build();
  e = Decoded<FileOpen>(record);
  EXPECT_EQ(e.call.event_type, "file_open");
  EXPECT_EQ(e.call.syscall, "creat");
  EXPECT_EQ(e.flags, 01101u);
  EXPECT_EQ(e.create_mode.value_or(Mode{}).bits, 0644u);

  r = testing::FileCall(RG_KIND_file_open, RG_CALL_open);
  r.body.args[1] = 0x8000'0000;  // a caller's sign extension is none of the flags
  record = r.Build();
  e = Decoded<FileOpen>(record);
  EXPECT_EQ(e.flags, 0x8000'0000u);
  EXPECT_EQ(e.dirfd, std::nullopt);
}

TEST(DecodeRecordTest, FileWriteKeepsEveryField) {
  const Bytes record = testing::FileWrite().Build();
  const auto e = Decoded<FileWrite>(record);
  ExpectBuildersActor(e.actor);
  EXPECT_EQ(e.call.event_type, "file_pwrite64");
  EXPECT_EQ(e.call.result, 10);
  EXPECT_EQ(e.fd, 4);
  EXPECT_EQ(e.count, 11u);
  EXPECT_EQ(e.pos, 12);
  EXPECT_EQ(e.iovcnt, std::nullopt);
  EXPECT_EQ(e.resolved_path, "/etc/ssh/sshd_config");
  EXPECT_EQ(e.path_source, PathSource::kKernel);
  EXPECT_EQ(e.object.inode, 4'000'001u);
}

// Each call that takes a descriptor gives its six arguments meanings of its own.
TEST(DecodeRecordTest, EachWayToWriteHasItsArguments) {
  struct Case {
    unsigned call;
    std::int32_t fd;
    std::optional<std::uint64_t> count, iovcnt, length;
    std::optional<std::int64_t> pos;
    std::optional<std::uint32_t> flags, prot;
  };
  constexpr std::nullopt_t kNo = std::nullopt;
  const Case cases[] = {
      {RG_CALL_write, 10, 12, kNo, kNo, kNo, kNo, kNo},
      {RG_CALL_writev, 10, kNo, 12, kNo, kNo, kNo, kNo},
      {RG_CALL_pwrite64, 10, 12, kNo, kNo, 13, kNo, kNo},
      {RG_CALL_pwritev, 10, kNo, 12, kNo, 13, kNo, kNo},
      {RG_CALL_pwritev2, 10, kNo, 12, kNo, 13, 15, kNo},
      {RG_CALL_sendfile, 10, 13, kNo, kNo, kNo, kNo, kNo},
      {RG_CALL_splice, 12, 14, kNo, kNo, kNo, 15, kNo},
      {RG_CALL_copy_file_range, 12, 14, kNo, kNo, kNo, 15, kNo},
      {RG_CALL_mmap, 14, kNo, kNo, 11, 15, 13, 12},
      {RG_CALL_ftruncate, 10, kNo, kNo, 11, kNo, kNo, kNo},
      {RG_CALL_fallocate, 10, kNo, kNo, 13, 12, 11, kNo},
  };
  for (const Case& c : cases) {
    auto r = testing::FileCall(RG_KIND_file_write, c.call);
    for (int i = 0; i < 6; ++i) r.body.args[i] = static_cast<std::uint64_t>(10 + i);
    const Bytes record = r.Build();
    const auto e = Decoded<FileWrite>(record);
    const std::string_view name = e.call.syscall;
    EXPECT_EQ(e.call.event_type, "file_" + std::string(name));
    EXPECT_EQ(e.fd, c.fd) << name;
    EXPECT_EQ(e.count, c.count) << name;
    EXPECT_EQ(e.iovcnt, c.iovcnt) << name;
    EXPECT_EQ(e.length, c.length) << name;
    EXPECT_EQ(e.pos, c.pos) << name;
    EXPECT_EQ(e.flags, c.flags) << name;
    EXPECT_EQ(e.prot, c.prot) << name;
  }
}

TEST(DecodeRecordTest, MappingHasNoAddress) {
  auto r = testing::FileCall(RG_KIND_file_write, RG_CALL_mmap);
  r.body.result = 0x7fff'dead'b000;
  Bytes record = r.Build();
  EXPECT_EQ(Decoded<FileWrite>(record).call.result, 0);
  r.body.result = -12;
  record = r.Build();
  EXPECT_EQ(Decoded<FileWrite>(record).call.error, "ENOMEM");
}

TEST(DecodeRecordTest, FileRenameKeepsEveryField) {
  const Bytes record = testing::FileRename().Build();
  const auto e = Decoded<FileRename>(record);
  ExpectBuildersActor(e.actor);
  EXPECT_EQ(e.call.event_type, "file_renameat2");
  EXPECT_EQ(e.old_filename, "old");
  EXPECT_EQ(e.new_filename, "etc/new");
  EXPECT_FALSE(e.filename_truncated);
  EXPECT_EQ(e.flags, 2u);
  EXPECT_EQ(e.old_resolved_path, "/etc/old");
  EXPECT_EQ(e.old_path_source, PathSource::kDirectory);
  EXPECT_EQ(e.new_resolved_path, "/srv/etc/new");
  EXPECT_EQ(e.new_path_source, PathSource::kLexical);
  EXPECT_EQ(e.old_fs_path, "/images/one/etc/old");
  EXPECT_EQ(e.new_fs_path, "/images/two/etc/new");
  EXPECT_EQ(e.old_dirfd, std::nullopt);
  EXPECT_EQ(e.new_dirfd, 9);
}

TEST(DecodeRecordTest, PathsWithinFileSystemsAreAbsentWhereThereAreNone) {
  auto start = testing::ProcessExec();
  EXPECT_EQ(Decoded<ProcessStart>(start.Build()).exe_fs_path, std::nullopt);
  start.PutWithin(&rg_process::exe_path, "/home/eve/dpkg");
  const Bytes record = start.Build();
  EXPECT_EQ(Decoded<ProcessStart>(record).exe_fs_path, "/home/eve/dpkg");
  auto open = testing::FileOpen();
  open.body.path.fs = 0;
  EXPECT_EQ(Decoded<FileOpen>(open.Build()).fs_path, std::nullopt);
  open.PutWithin(&rg_file::path, "b/c", RG_STR_TRUNCATED);
  EXPECT_EQ(Decoded<FileOpen>(open.Build()).fs_path, "");
}

TEST(DecodeRecordTest, PathsWithinFileSystemsLieWithinTheRecord) {
  const auto good = testing::FileOpen();
  const std::uint16_t at = good.body.path.fs;
  for (const int fs : {1, 8, int{sizeof(rg_file)} - 2, at + 1, at + 8, 0x7ffe, 0xfffe, 0xffff}) {
    auto bad = good;
    bad.body.path.fs = static_cast<__u16>(fs);
    const Bytes record = bad.Build();
    EXPECT_FALSE(DecodeRecord(record).ok()) << fs;
  }
}

TEST(DecodeRecordTest, TargetOfASymlinkIsNoPath) {
  auto r = testing::FileCall(RG_KIND_file_rename, RG_CALL_symlinkat);
  r.body.args[1] = 8;
  r.Put(&rg_file::path, "");
  r.Put(&rg_file::name, "../shadow");
  r.Put(&rg_file::path2, "/etc/x", RG_STR_LEXICAL);
  r.Put(&rg_file::name2, "x");
  const Bytes record = r.Build();
  const auto e = Decoded<FileRename>(record);
  EXPECT_EQ(e.old_filename, "../shadow");
  EXPECT_EQ(e.old_resolved_path, std::nullopt);
  EXPECT_EQ(e.old_path_source, std::nullopt);
  EXPECT_EQ(e.new_path_source, PathSource::kDirectory);
  EXPECT_EQ(e.new_dirfd, 8);
  EXPECT_EQ(e.old_dirfd, std::nullopt);
}

TEST(DecodeRecordTest, FileUnlinkKeepsEveryField) {
  const Bytes record = testing::FileUnlink().Build();
  const auto e = Decoded<FileUnlink>(record);
  ExpectBuildersActor(e.actor);
  EXPECT_EQ(e.call.event_type, "file_unlinkat");
  EXPECT_EQ(e.call.error, "EACCES");
  EXPECT_EQ(e.filename, "dir");
  EXPECT_EQ(e.flags, 0x200u);
  EXPECT_EQ(e.dirfd, 5);
  EXPECT_EQ(e.resolved_path, "/etc/dir");
  EXPECT_EQ(e.path_source, PathSource::kDirectory);
}

TEST(DecodeRecordTest, NameOfDotsIsLexical) {
  for (const char* name : {".", "..", "a/b", ""}) {
    auto r = testing::FileUnlink();
    r.Put(&rg_file::name, name);
    const Bytes record = r.Build();
    EXPECT_EQ(Decoded<FileUnlink>(record).path_source, PathSource::kLexical) << name;
  }
}

TEST(DecodeRecordTest, FileChangeKeepsEveryField) {
  const Bytes record = testing::FileChange().Build();
  const auto e = Decoded<FileChange>(record);
  ExpectBuildersActor(e.actor);
  EXPECT_EQ(e.call.event_type, "file_fchownat");
  EXPECT_EQ(e.filename, "ssh");
  EXPECT_EQ(e.fd, std::nullopt);
  EXPECT_EQ(e.dirfd, 6);
  EXPECT_EQ(e.new_uid, 1000u);
  EXPECT_EQ(e.new_gid, std::nullopt);
  EXPECT_EQ(e.flags, 0x100u);
  EXPECT_EQ(e.resolved_path, "/etc/ssh");
  EXPECT_EQ(e.path_source, PathSource::kLexical);  // it may be a symlink, and followed
  EXPECT_EQ(e.object.inode, std::nullopt);
}

TEST(DecodeRecordTest, EachWayToChangeHasItsArguments) {
  const auto change = [](unsigned call) {
    auto r = testing::FileCall(RG_KIND_file_change, call);
    for (int i = 0; i < 6; ++i) r.body.args[i] = static_cast<std::uint64_t>(01000 + i);
    r.Put(&rg_file::name, "n");
    r.Put(&rg_file::name2, "user.attr");
    return r.Build();
  };
  Bytes record;
  const auto decode = [&](unsigned call) { return Decoded<FileChange>(record = change(call)); };
  EXPECT_EQ(decode(RG_CALL_truncate).length, 01001u);
  EXPECT_EQ(decode(RG_CALL_chmod).new_mode->bits, 01001u);
  EXPECT_EQ(decode(RG_CALL_fchmod).new_mode->bits, 01001u);
  EXPECT_EQ(decode(RG_CALL_fchmod).fd, 01000);
  EXPECT_EQ(decode(RG_CALL_fchmod).filename, std::nullopt);
  EXPECT_EQ(decode(RG_CALL_fchmodat).new_mode->bits, 01002u);
  EXPECT_EQ(decode(RG_CALL_fchmodat).dirfd, 01000);
  EXPECT_EQ(decode(RG_CALL_fchmodat2).flags, 01003u);
  EXPECT_EQ(decode(RG_CALL_mkdir).new_mode->bits, 01001u);
  EXPECT_EQ(decode(RG_CALL_mkdirat).new_mode->bits, 01002u);
  EXPECT_EQ(decode(RG_CALL_mknod).device, 01002u);
  EXPECT_EQ(decode(RG_CALL_mknodat).device, 01003u);
  EXPECT_EQ(decode(RG_CALL_lchown).new_uid, 01001u);
  EXPECT_EQ(decode(RG_CALL_fchown).new_gid, 01002u);
  EXPECT_EQ(decode(RG_CALL_setxattr).attribute, "user.attr");
  EXPECT_EQ(decode(RG_CALL_setxattr).flags, 01004u);
  EXPECT_EQ(decode(RG_CALL_fremovexattr).fd, 01000);
  EXPECT_EQ(decode(RG_CALL_removexattr).flags, std::nullopt);
}

TEST(DecodeRecordTest, FileTimesKeepEveryField) {
  const Bytes record = testing::FileTimes().Build();
  const auto e = Decoded<FileTimes>(record);
  ExpectBuildersActor(e.actor);
  EXPECT_EQ(e.call.event_type, "file_utimensat");
  EXPECT_EQ(e.call.operation, "times");
  EXPECT_EQ(e.filename, "ssh");
  EXPECT_EQ(e.fd, std::nullopt);
  EXPECT_EQ(e.dirfd, 6);
  EXPECT_EQ(e.flags, 0x100u);
  EXPECT_EQ(e.atime_change, TimeChange::kGiven);
  EXPECT_EQ(e.new_atime_ns, 981'173'106'000'000'007);
  EXPECT_EQ(e.mtime_change, TimeChange::kGiven);
  EXPECT_EQ(e.new_mtime_ns, -1);  // before 1970, and the nanoseconds count forwards
  EXPECT_EQ(e.resolved_path, "/etc/ssh");
  EXPECT_EQ(e.path_source, PathSource::kDirectory);  // AT_SYMLINK_NOFOLLOW
}

TEST(DecodeRecordTest, TimesMayBeNowOrKeptOrUnknown) {
  auto r = testing::FileTimes();
  r.body.args[2] = 0x3fffffff;  // UTIME_NOW
  r.body.args[5] = 0x3ffffffe;  // UTIME_OMIT
  auto e = Decoded<FileTimes>(r.Build());
  EXPECT_EQ(e.atime_change, TimeChange::kNow);
  EXPECT_EQ(e.new_atime_ns, std::nullopt);
  EXPECT_EQ(e.mtime_change, TimeChange::kKept);
  EXPECT_EQ(e.new_mtime_ns, std::nullopt);
  r.body.flags = RG_FILE_NOW;
  e = Decoded<FileTimes>(r.Build());
  EXPECT_EQ(e.atime_change, TimeChange::kNow);
  EXPECT_EQ(e.mtime_change, TimeChange::kNow);
  r.body.flags = RG_FILE_UNREADABLE;
  e = Decoded<FileTimes>(r.Build());
  EXPECT_EQ(e.atime_change, std::nullopt);
  EXPECT_EQ(e.mtime_change, std::nullopt);
  EXPECT_EQ(e.new_mtime_ns, std::nullopt);
}

TEST(DecodeRecordTest, TimesBeyondTheirFieldSaturate) {
  auto r = testing::FileTimes();
  r.body.args[1] = INT64_MAX;
  r.body.args[4] = static_cast<std::uint64_t>(INT64_MIN);
  const auto e = Decoded<FileTimes>(r.Build());
  EXPECT_EQ(e.new_atime_ns, INT64_MAX);
  EXPECT_EQ(e.new_mtime_ns, INT64_MIN);
}

TEST(DecodeRecordTest, TimesOfADescriptor) {
  for (const unsigned call : {unsigned{RG_CALL_utimensat}, unsigned{RG_CALL_utimensat_time64},
                              unsigned{RG_CALL_futimesat}}) {
    auto r = testing::FileCall(RG_KIND_file_times, call);
    r.body.args[0] = 6;
    r.body.flags = RG_FILE_OBJECT;
    const Bytes record = r.Build();
    const auto e = Decoded<FileTimes>(record);
    EXPECT_EQ(e.fd, 6) << call;
    EXPECT_EQ(e.dirfd, std::nullopt) << call;
    EXPECT_EQ(e.filename, std::nullopt) << call;
    EXPECT_EQ(e.object.inode, 4'000'001u) << call;
  }
}

TEST(DecodeRecordTest, FileFlagsHaveNamesInBothNumberings) {
  Bytes record = testing::FileFlags().Build();
  auto e = Decoded<FileFlags>(record);
  EXPECT_EQ(e.call.event_type, "file_setattr");
  EXPECT_EQ(e.call.syscall, "ioctl");
  EXPECT_EQ(e.fd, 6);
  EXPECT_EQ(e.file_flag_bits, 0x80010u);
  ASSERT_EQ(e.file_flags.value().size, 1u);
  EXPECT_EQ(e.file_flags->items[0], "immutable");
  auto r = testing::FileFlags();
  r.body.args[1] = 0x401c5820;  // FS_IOC_FSSETXATTR: there 0x10 is another flag
  e = Decoded<FileFlags>(record = r.Build());
  ASSERT_EQ(e.file_flags.value().size, 1u);
  EXPECT_EQ(e.file_flags->items[0], "append");
  r = testing::FileCall(RG_KIND_file_flags, RG_CALL_file_setattr);
  r.body.args[0] = static_cast<std::uint64_t>(-100);
  r.body.args[2] = 0x1f8;
  r.body.args[4] = 0x100;
  r.Put(&rg_file::name, "n");
  e = Decoded<FileFlags>(record = r.Build());
  EXPECT_EQ(e.filename, "n");
  EXPECT_EQ(e.fd, std::nullopt);
  EXPECT_EQ(e.dirfd, std::nullopt);
  EXPECT_EQ(e.flags, 0x100u);
  EXPECT_EQ(e.file_flags.value().size, 5u);  // one of the six bits has no name here
  r.body.flags = RG_FILE_UNREADABLE;
  e = Decoded<FileFlags>(record = r.Build());
  EXPECT_EQ(e.file_flags.has_value(), false);
  EXPECT_EQ(e.file_flag_bits, std::nullopt);
}

TEST(DecodeRecordTest, CallOfAnotherKindIsInvalid) {
  for (const unsigned call : {0u, unsigned{RG_CALL_write}, unsigned{RG_CALL_END}, 65535u}) {
    EXPECT_EQ(CodeOf(testing::FileCall(RG_KIND_file_open, call).Build()),
              absl::StatusCode::kInvalidArgument)
        << call;
  }
}

TEST(DecodeRecordTest, BuilderKnowsEveryKindAndTheyDecode) {
  std::set<unsigned> kinds;
  for (const auto& [kind, record] : testing::OneRecordOfEachKind()) {
    EXPECT_EQ(CodeOf(record), absl::StatusCode::kOk) << Name(KindOf(kind));
    EXPECT_EQ(reinterpret_cast<const rg_header*>(record.data())->kind, kind);
    kinds.insert(kind);
  }
  EXPECT_EQ(kinds.size(), std::size_t{RG_KIND_END - 1});
}

TEST(DecodeRecordTest, TextBorrowsFromTheRecord) {
  const Bytes record = testing::ProcessExec().Build();
  const auto e = Decoded<ProcessStart>(record);
  const auto inside = [&](std::string_view text) {
    const auto* begin = reinterpret_cast<const char*>(record.data());
    return text.data() >= begin && text.data() + text.size() <= begin + record.size();
  };
  EXPECT_TRUE(inside(e.filename));
  EXPECT_TRUE(inside(*e.actor.exe_path));
  EXPECT_TRUE(inside(e.actor.comm));
}

// --- what is absent or not whole ------------------------------------------------------------

TEST(DecodeRecordTest, CommWithoutNulEndsWithItsField) {
  auto r = testing::ProcessFork();
  testing::SetComm(r.body.hdr.comm, "0123456789abcdef-too-long");
  testing::SetComm(r.body.child_comm, "fedcba9876543210");
  const Bytes record = r.Build();
  const auto e = Decoded<ProcessRelationship>(record);
  EXPECT_EQ(e.actor.comm, "0123456789abcdef");
  EXPECT_EQ(e.child_comm, "fedcba9876543210");
}

TEST(DecodeRecordTest, EmptyCommIsEmpty) {
  auto r = testing::ProcessExit();
  testing::SetComm(r.body.hdr.comm, "");
  const Bytes record = r.Build();
  EXPECT_EQ(Decoded<ProcessExit>(record).actor.comm, "");
}

TEST(DecodeRecordTest, ParentOfPidZeroIsNone) {
  const Bytes record = testing::ProcessExit().ChildOf(0, 0).Build();
  EXPECT_EQ(Decoded<ProcessExit>(record).actor.parent_process_id, std::nullopt);
}

TEST(DecodeRecordTest, AbsentStringsAreAbsent) {
  auto r = testing::ProcessExec();
  for (const auto field :
       {&rg_process::exe_path, &rg_process::cwd, &rg_process::filename, &rg_process::interpreter,
        &rg_process::args, &rg_process::env, &rg_process::tty, &rg_process::cgroup}) {
    r.Put(field, "");
  }
  const Bytes record = r.Build();
  const auto e = Decoded<ProcessStart>(record);
  EXPECT_EQ(e.actor.exe_path, std::nullopt);
  EXPECT_EQ(e.cwd, std::nullopt);
  EXPECT_EQ(e.filename, "");
  EXPECT_EQ(e.interpreter, std::nullopt);
  EXPECT_EQ(Items(e.args), std::vector<std::string>{});
  EXPECT_EQ(Items(e.env), std::vector<std::string>{});
  EXPECT_EQ(e.tty, std::nullopt);
  EXPECT_EQ(e.actor.cgroup, std::nullopt);
  // Without an executable there is none that these could be of: a kernel thread.
  EXPECT_EQ(e.exe_inode, std::nullopt);
  EXPECT_FALSE(e.exe_dev.has_value() || e.exe_mode.has_value());
  EXPECT_EQ(e.exe_uid, std::nullopt);
  EXPECT_EQ(e.exe_gid, std::nullopt);
}

TEST(DecodeRecordTest, UnsetLoginIsAbsent) {
  auto r = testing::ProcessExec();
  r.body.login_uid = r.body.audit_session = UINT32_MAX;
  const Bytes record = r.Build();
  const auto e = Decoded<ProcessStart>(record);
  EXPECT_EQ(e.loginuid, std::nullopt);
  EXPECT_EQ(e.audit_session_id, std::nullopt);
}

TEST(DecodeRecordTest, StandardStreamsAreTold) {
  const auto type = [](unsigned mode, unsigned rdev, std::uint64_t inode = 7) {
    auto r = testing::ProcessExec();
    r.body.stdio[2] = {inode, rdev, static_cast<__u16>(mode), 0};
    return Decoded<ProcessStart>(r.Build()).stderr_type;
  };
  EXPECT_EQ(type(0, 0, 0), std::nullopt);
  EXPECT_EQ(type(0600, 0), StreamType::kAnonymous);
  EXPECT_EQ(type(S_IFREG | 0644, 0), StreamType::kFile);
  EXPECT_EQ(type(S_IFDIR | 0755, 0), StreamType::kDirectory);
  EXPECT_EQ(type(S_IFIFO | 0600, 0), StreamType::kPipe);
  EXPECT_EQ(type(S_IFBLK | 0660, 8u << 20), StreamType::kBlockDevice);
  EXPECT_EQ(type(S_IFCHR | 0666, 1u << 20 | 3), StreamType::kNullDevice);
  EXPECT_EQ(type(S_IFCHR | 0666, 1u << 20 | 5), StreamType::kDevice);
  EXPECT_EQ(type(S_IFCHR | 0620, 4u << 20 | 64), StreamType::kTerminal);

  auto r = testing::ProcessExec();
  const auto e = Decoded<ProcessStart>(r.Build());
  EXPECT_EQ(e.stdin_type, StreamType::kSocket);
  EXPECT_EQ(e.stdin_inode, 5001u);
  EXPECT_EQ(e.stdout_type, StreamType::kTerminal);
  EXPECT_EQ(e.stdout_inode, 5002u);
  EXPECT_EQ(e.stderr_inode, std::nullopt);
  ASSERT_TRUE(e.stdio_remote_addr.has_value());
  EXPECT_EQ(e.stdio_remote_addr->view(), "198.51.100.7");
  EXPECT_EQ(e.stdio_remote_port, 4444);

  r.body.stdio_peer_family = AF_INET6;
  std::memset(r.body.stdio_peer_addr, 0, 16);
  r.body.stdio_peer_addr[15] = 1;
  EXPECT_EQ(Decoded<ProcessStart>(r.Build()).stdio_remote_addr->view(), "::1");
  r.body.stdio_peer_addr[10] = r.body.stdio_peer_addr[11] = 0xff;
  EXPECT_EQ(Decoded<ProcessStart>(r.Build()).stdio_remote_addr->view(), "0.0.0.1");
  r.body.stdio_peer_family = 0;
  EXPECT_FALSE(Decoded<ProcessStart>(r.Build()).stdio_remote_addr.has_value());
}

TEST(DecodeRecordTest, ProcessFlagsAreTold) {
  const auto with = [](unsigned flags) {
    auto r = testing::ProcessExec();
    r.body.flags = static_cast<__u16>(flags);
    return r.Build();
  };
  EXPECT_TRUE(Decoded<ProcessStart>(with(RG_PROCESS_KERNEL_THREAD)).kernel_thread);
  EXPECT_TRUE(Decoded<ProcessStart>(with(RG_PROCESS_CHROOT)).chroot);
  EXPECT_TRUE(Decoded<ProcessStart>(with(RG_PROCESS_COMPAT)).compat32);
  const auto memfd = Decoded<ProcessStart>(with(RG_PROCESS_MEMFD));
  EXPECT_TRUE(memfd.memfd && memfd.fileless && !memfd.unlinked);
  const auto unlinked = Decoded<ProcessStart>(with(RG_PROCESS_UNLINKED));
  EXPECT_TRUE(unlinked.unlinked && unlinked.fileless && !unlinked.memfd);
  const auto no_args = Decoded<ProcessStart>(with(RG_PROCESS_NO_ARGS));
  EXPECT_FALSE(no_args.args.has_value() || no_args.command_line.has_value());
  EXPECT_TRUE(no_args.env.has_value());
  EXPECT_FALSE(Decoded<ProcessStart>(with(RG_PROCESS_NO_ENV)).env.has_value());
}

TEST(DecodeRecordTest, SourcesHaveNames) {
  for (const auto& [source, name] : std::vector<std::pair<unsigned, std::optional<ExecSource>>>{
           {RG_EXEC_UNKNOWN, std::nullopt},
           {RG_EXEC_EXECVE, ExecSource::kExecve},
           {RG_EXEC_EXECVEAT, ExecSource::kExecveat},
           {RG_EXEC_KERNEL, ExecSource::kKernel},
           {99, std::nullopt}}) {
    auto r = testing::ProcessExec();
    r.body.source = static_cast<__u16>(source);
    const Bytes record = r.Build();
    EXPECT_EQ(Decoded<ProcessStart>(record).source, name) << source;
  }
}

TEST(DecodeRecordTest, PathStatusSaysTheWorst) {
  const std::vector<std::pair<unsigned, std::optional<PathStatus>>> cases = {
      {0, std::nullopt},
      {RG_STR_MEMFD, std::nullopt},  // has a field of its own
      {RG_STR_DELETED, PathStatus::kDeleted},
      {RG_STR_DETACHED, PathStatus::kDetached},
      {RG_STR_TRUNCATED, PathStatus::kTruncated},
      {RG_STR_UNREADABLE, PathStatus::kUnreadable},
      {RG_STR_DELETED | RG_STR_DETACHED, PathStatus::kDetached},
      {RG_STR_DETACHED | RG_STR_TRUNCATED, PathStatus::kTruncated},
      {RG_STR_TRUNCATED | RG_STR_UNREADABLE, PathStatus::kUnreadable},
  };
  for (const auto& [flags, status] : cases) {
    auto r = testing::ProcessExec();
    r.Put(&rg_process::exe_path, "/x", flags);
    Bytes record = r.Build();
    EXPECT_EQ(Decoded<ProcessStart>(record).exe_path_status, status) << flags;
    EXPECT_EQ(Decoded<ProcessStart>(record).cwd_status, std::nullopt) << flags;
    r.Put(&rg_process::exe_path, "/x");
    r.Put(&rg_process::cwd, "/y", flags);
    record = r.Build();
    EXPECT_EQ(Decoded<ProcessStart>(record).cwd_status, status) << flags;
  }
}

TEST(DecodeRecordTest, CutStringsAreMarked) {
  for (const unsigned flag : {RG_STR_TRUNCATED, RG_STR_UNREADABLE}) {
    auto r = testing::ProcessExec();
    r.Put(&rg_process::filename, "a", flag);
    r.Put(&rg_process::args, ListOf({"a", "b"}) + "cut", flag);
    r.Put(&rg_process::env, "", flag);
    Bytes record = r.Build();
    const auto e = Decoded<ProcessStart>(record);
    EXPECT_TRUE(e.filename_truncated && e.args_truncated && e.env_truncated);
    EXPECT_EQ(Items(e.args), (std::vector<std::string>{"a", "b", "cut"}));

    auto f = testing::ExecFailed();
    f.Put(&rg_exec_failed::filename, "a", flag);
    f.Put(&rg_exec_failed::args, "a", flag);
    record = f.Build();
    const auto failed = Decoded<ProcessExecFailed>(record);
    EXPECT_TRUE(failed.filename_truncated && failed.args_truncated);
  }
}

// A path that lost its head names another cgroup.
TEST(DecodeRecordTest, CutCgroupNamesAreNoNames) {
  for (const unsigned flag : {RG_STR_TRUNCATED, RG_STR_UNREADABLE}) {
    auto exec = testing::ProcessExec();
    exec.Put(&rg_process::cgroup, "/tail", flag);
    Bytes record = exec.Build();
    EXPECT_EQ(Decoded<ProcessStart>(record).actor.cgroup, std::nullopt);
    auto fork = testing::ProcessFork();
    fork.Put(&rg_fork::child_cgroup, "/tail", flag);
    record = fork.Build();
    EXPECT_EQ(Decoded<ProcessRelationship>(record).child_cgroup, std::nullopt);
    auto mkdir = testing::CgroupMkdir();
    mkdir.Put(&rg_cgroup::path, "/tail", flag);
    record = mkdir.Build();
    EXPECT_EQ(Decoded<CgroupName>(record).path, std::nullopt);
  }
}

TEST(DecodeRecordTest, ExecFailedInTheWorkingDirectoryHasNoDirfd) {
  auto r = testing::ExecFailed();
  r.body.dirfd = -100;
  const Bytes record = r.Build();
  EXPECT_EQ(Decoded<ProcessExecFailed>(record).dirfd, std::nullopt);
}

TEST(DecodeRecordTest, ExecFailedFlagsAreTold) {
  auto r = testing::ExecFailed();
  r.body.flags = RG_PROCESS_NO_ARGS | RG_PROCESS_COMPAT;
  const Bytes record = r.Build();
  const auto e = Decoded<ProcessExecFailed>(record);
  EXPECT_FALSE(e.args.has_value() || e.command_line.has_value());
  EXPECT_TRUE(e.compat32);
}

TEST(DecodeRecordTest, OnlyErrorNumbersHaveErrorNames) {
  for (const auto& [result, name] :
       std::vector<std::pair<int, OptionalText>>{{-1, "EPERM"},
                                                 {-13, "EACCES"},
                                                 {0, std::nullopt},
                                                 {1, std::nullopt},
                                                 {-4095, std::nullopt},
                                                 {-4096, std::nullopt},
                                                 {INT32_MIN, std::nullopt}}) {
    auto r = testing::ExecFailed();
    r.body.result = result;
    const Bytes record = r.Build();
    const auto e = Decoded<ProcessExecFailed>(record);
    EXPECT_EQ(e.result, result);
    EXPECT_EQ(e.error, name) << result;
  }
}

TEST(DecodeRecordTest, WaitStatusIsTakenApart) {
  struct Case {
    std::uint32_t status;
    std::optional<std::uint32_t> exit_code, signal;
    bool core;
  };
  for (const Case& c : std::vector<Case>{{0, 0, std::nullopt, false},
                                         {3 << 8, 3, std::nullopt, false},
                                         {0xff00, 255, std::nullopt, false},
                                         {SIGKILL, std::nullopt, SIGKILL, false},
                                         {SIGSEGV | 0x80, std::nullopt, SIGSEGV, true},
                                         {64, std::nullopt, 64, false},
                                         // Not what the kernel makes: taken apart all the same.
                                         {0xffff'0100, 1, std::nullopt, false},
                                         {7 << 8 | SIGTERM, std::nullopt, SIGTERM, false}}) {
    auto r = testing::ProcessExit();
    r.body.status = c.status;
    const Bytes record = r.Build();
    const auto e = Decoded<ProcessExit>(record);
    EXPECT_EQ(e.exit_code, c.exit_code) << c.status;
    EXPECT_EQ(e.signal, c.signal) << c.status;
    EXPECT_EQ(e.core_dumped, c.core) << c.status;
  }
}

TEST(ForEachItemTest, ItemsEndWithNulOrWithTheList) {
  using namespace std::string_view_literals;
  using List = std::vector<std::string>;
  for (const auto& [bytes, items] :
       std::vector<std::pair<std::string_view, List>>{{""sv, {}},
                                                      {"\0"sv, {""}},
                                                      {"a"sv, {"a"}},
                                                      {"a\0"sv, {"a"}},
                                                      {"a\0\0b\0"sv, {"a", "", "b"}},
                                                      {"a\0b"sv, {"a", "b"}},
                                                      {"\0\0"sv, {"", ""}}}) {
    EXPECT_EQ(Items(TextList{bytes}), items) << ::testing::PrintToString(bytes);
  }
}

// --- what contradicts the format ------------------------------------------------------------

TEST(DecodeRecordTest, TruncatedAnywhereIsInvalidArgument) {
  for (const auto& [kind, record] : testing::OneRecordOfEachKind()) {
    for (std::size_t size = 0; size < record.size(); ++size) {
      // In memory of its own, so that a sanitizer sees every byte too many.
      Bytes cut(record.begin(), record.begin() + static_cast<std::ptrdiff_t>(size));
      cut.shrink_to_fit();
      ASSERT_EQ(CodeOf(cut), kInvalid) << Name(KindOf(kind)) << " " << size;
    }
  }
}

// The header agrees to the cut: now its body or its strings miss something.
TEST(DecodeRecordTest, TruncatedWithAHeaderThatSaysSoIsInvalidArgument) {
  for (const auto& [kind, record] : testing::OneRecordOfEachKind()) {
    // Exit records are all body; in others the last string ends within the last eight bytes.
    for (std::size_t size = sizeof(rg_header); size < record.size(); size += 8) {
      Bytes cut(record.begin(), record.begin() + static_cast<std::ptrdiff_t>(size));
      cut.shrink_to_fit();
      Poke(cut, offsetof(rg_header, size), static_cast<std::uint32_t>(size));
      ASSERT_EQ(CodeOf(cut), kInvalid) << Name(KindOf(kind)) << " " << size;
    }
  }
}

TEST(DecodeRecordTest, SizeThatIsNotTheBytesIsInvalidArgument) {
  for (const auto& [kind, record] : testing::OneRecordOfEachKind()) {
    for (const std::uint32_t size :
         {std::uint32_t{0}, std::uint32_t{8}, static_cast<std::uint32_t>(record.size() - 8),
          static_cast<std::uint32_t>(record.size() + 8), UINT32_MAX}) {
      Bytes wrong = record;
      Poke(wrong, offsetof(rg_header, size), size);
      EXPECT_EQ(CodeOf(wrong), kInvalid) << Name(KindOf(kind)) << " " << size;
    }
  }
}

TEST(DecodeRecordTest, LongestRecordIsReadAndALongerOneIsNot) {
  auto r = testing::ProcessExec();
  Bytes record = r.Build();
  for (const std::size_t size : {std::size_t{RG_RECORD_MAX}, std::size_t{RG_RECORD_MAX + 8}}) {
    record.resize(size);
    Poke(record, offsetof(rg_header, size), static_cast<std::uint32_t>(size));
    EXPECT_EQ(DecodeRecord(record).ok(), size == RG_RECORD_MAX) << size;
  }
}

TEST(DecodeRecordTest, SizeThatIsNoMultipleOfEightIsInvalidArgument) {
  Bytes record = testing::ProcessExit().Build();
  record.resize(record.size() + 4);
  Poke(record, offsetof(rg_header, size), static_cast<std::uint32_t>(record.size()));
  EXPECT_EQ(CodeOf(record), kInvalid);
}

TEST(DecodeRecordTest, MisalignedRecordIsInvalidArgument) {
  const Bytes record = testing::ProcessExit().Build();
  for (std::size_t shift = 0; shift <= 8; ++shift) {
    Bytes shifted(record.size() + shift);
    std::memcpy(shifted.data() + shift, record.data(), record.size());
    EXPECT_EQ(DecodeRecord(RecordBytes(shifted).subspan(shift)).ok(), shift % 8 == 0) << shift;
  }
}

TEST(DecodeRecordTest, UnknownKindOrVersionIsUnimplemented) {
  for (const unsigned kind : {0u, unsigned{RG_KIND_END}, 0xffffu}) {
    Bytes record = testing::ProcessExit().Build();
    Poke(record, offsetof(rg_header, kind), static_cast<std::uint16_t>(kind));
    const auto status = DecodeRecord(record).status();
    EXPECT_EQ(status.code(), kUnimplemented) << kind;
    EXPECT_NE(status.message().find("kind " + std::to_string(kind) + ","), absl::string_view::npos)
        << status;
  }
  for (const unsigned version : {0u, RG_ABI_VERSION + 1u, 0xffffu}) {
    Bytes record = testing::ProcessExit().Build();
    Poke(record, offsetof(rg_header, abi_version), static_cast<std::uint16_t>(version));
    EXPECT_EQ(CodeOf(record), kUnimplemented) << version;
  }
}

TEST(CheckHeaderTest, FaultSaysWhich) {
  RecordFault fault{};
  const Bytes good = testing::ProcessExit().Build();
  const rg_header* header = CheckHeader(good, fault);
  EXPECT_EQ(static_cast<const void*>(header), good.data());
  EXPECT_EQ(fault, RecordFault::kNone);

  EXPECT_EQ(CheckHeader({}, fault), nullptr);
  EXPECT_EQ(fault, RecordFault::kInvalid);

  Bytes unknown = good;
  Poke(unknown, offsetof(rg_header, kind), std::uint16_t{RG_KIND_END});
  EXPECT_EQ(CheckHeader(unknown, fault), nullptr);
  EXPECT_EQ(fault, RecordFault::kUnsupportedKind);

  Bytes small = testing::ProcessExit().Build();  // too small for what it says it is
  Poke(small, offsetof(rg_header, kind), std::uint16_t{RG_KIND_process_exec});
  EXPECT_EQ(CheckHeader(small, fault), nullptr);
  EXPECT_EQ(fault, RecordFault::kInvalid);
}

// Every string of every body: each place where it must not lie.
template <typename Body>
void ExpectStringsAreBounded(const testing::RecordBuilder<Body>& builder,
                             std::initializer_list<rg_str Body::*> fields) {
  for (const auto field : fields) {
    const auto with = [&](std::size_t offset, std::size_t length) {
      auto r = builder;
      (r.body.*field).offset = static_cast<__u16>(offset);
      (r.body.*field).length = static_cast<__u16>(length);
      Bytes record = r.Build();
      record.shrink_to_fit();
      return CodeOf(record);
    };
    const std::size_t size = builder.Build().size();
    EXPECT_EQ(with(sizeof(Body), size - sizeof(Body)), absl::StatusCode::kOk);
    EXPECT_EQ(with(size - 1, 1), absl::StatusCode::kOk);
    EXPECT_EQ(with(sizeof(Body), size - sizeof(Body) + 1), kInvalid) << "past the end";
    EXPECT_EQ(with(size, 1), kInvalid) << "behind the end";
    EXPECT_EQ(with(0, 8), kInvalid) << "in the header";
    EXPECT_EQ(with(sizeof(rg_header), 1), kInvalid) << "in the body";
    EXPECT_EQ(with(sizeof(Body) - 1, 1), kInvalid) << "in the body's last byte";
    EXPECT_EQ(with(sizeof(Body) - 1, 2), kInvalid) << "across the body's end";
    EXPECT_EQ(with(0xffff, 0xffff), kInvalid) << "offset and length that would wrap 16 bits";
    EXPECT_EQ(with(sizeof(Body), 0xffff), kInvalid);
    EXPECT_EQ(with(0xffff, 0), absl::StatusCode::kOk) << "no bytes lie nowhere";
  }
}

TEST(DecodeRecordTest, StringsOutsideOfTheStringAreaAreInvalidArgument) {
  const std::initializer_list<rg_str rg_process::*> process = {
      &rg_process::exe_path, &rg_process::cwd, &rg_process::filename, &rg_process::interpreter,
      &rg_process::args,     &rg_process::env, &rg_process::tty,      &rg_process::cgroup};
  ExpectStringsAreBounded(testing::ProcessExec(), process);
  ExpectStringsAreBounded(testing::ProcessSnapshot(), process);
  ExpectStringsAreBounded(testing::ProcessFork(), {&rg_fork::child_cgroup});
  ExpectStringsAreBounded(testing::ThreadStart(), {&rg_fork::child_cgroup});
  ExpectStringsAreBounded(testing::ExecFailed(), {&rg_exec_failed::base, &rg_exec_failed::filename,
                                                  &rg_exec_failed::args});
  ExpectStringsAreBounded(testing::CgroupMkdir(), {&rg_cgroup::path});
  ExpectStringsAreBounded(testing::NetworkConnect().Put(&rg_network::path, "/run/socket"),
                          {&rg_network::path});
}

// The record has room for more than any one string may take.
template <typename Body>
void ExpectLengthLimit(const testing::RecordBuilder<Body>& builder, rg_str Body::*field,
                       std::size_t limit) {
  for (const std::size_t length : {limit, limit + 1}) {
    auto r = builder;
    r.Put(field, std::string(length, 'x'));
    EXPECT_EQ(DecodeRecord(r.Build()).ok(), length == limit) << length;
  }
}

TEST(DecodeRecordTest, StringsLongerThanTheFormatAllowsAreInvalidArgument) {
  for (const auto field : {&rg_process::exe_path, &rg_process::cwd, &rg_process::filename}) {
    ExpectLengthLimit(testing::ProcessExec(), field, RG_PATH_MAX);
  }
  ExpectLengthLimit(testing::ProcessExec(), &rg_process::args, RG_ARGS_MAX);
  ExpectLengthLimit(testing::ProcessExec(), &rg_process::env, RG_ENV_MAX);
  ExpectLengthLimit(testing::ProcessFork(), &rg_fork::child_cgroup, RG_PATH_MAX);
  ExpectLengthLimit(testing::ExecFailed(), &rg_exec_failed::base, RG_PATH_MAX);
  ExpectLengthLimit(testing::ExecFailed(), &rg_exec_failed::filename, RG_PATH_MAX);
  ExpectLengthLimit(testing::ExecFailed(), &rg_exec_failed::args, RG_ARGS_MAX);
  ExpectLengthLimit(testing::CgroupMkdir(), &rg_cgroup::path, RG_PATH_MAX);
  ExpectLengthLimit(testing::NetworkBind(), &rg_network::path, RG_PATH_MAX);
}

TEST(DecodeRecordTest, StringsMayShareTheirBytes) {
  auto r = testing::ProcessExec();
  r.body.filename = r.body.exe_path;
  const Bytes record = r.Build();
  EXPECT_EQ(Decoded<ProcessStart>(record).filename, "/usr/bin/curl");
}

// A part that is not used is not believed either.
TEST(DecodeRecordTest, CutCgroupOutOfRangeIsInvalidArgument) {
  auto r = testing::ProcessExec();
  r.body.cgroup = {.offset = 0xfff0, .length = 8, .flags = RG_STR_TRUNCATED, .fs = 0};
  EXPECT_EQ(CodeOf(r.Build()), kInvalid);
}

TEST(DecodeRecordTest, RandomDamageIsDecodedOrRefused) {
  std::mt19937 random(1);  // NOLINT: the same each time
  const auto records = testing::OneRecordOfEachKind();
  int refused = 0;
  for (int i = 0; i < 50'000; ++i) {
    Bytes record = records[random() % records.size()].second;
    record.shrink_to_fit();
    for (unsigned n = 1 + random() % 4; n > 0; --n) {
      record[random() % record.size()] = std::byte(random());
    }
    const auto event = DecodeRecord(record);
    if (!event.ok()) ++refused;
    if (event.ok()) continue;
    ASSERT_TRUE(event.status().code() == kInvalid || event.status().code() == kUnimplemented);
  }
  EXPECT_GT(refused, 1000);
}

// --- names ------------------------------------------------------------------------------------

TEST(NamesTest, NumbersOutsideOfTheListsAreUnknown) {
  EXPECT_EQ(Name(KindOf(RG_KIND_process_exec)), "process_exec");
  EXPECT_EQ(Name(LaneOf(RG_KIND_process_exec)), "critical");
  EXPECT_EQ(Name(LaneOf(RG_KIND_exec_failed)), "bulk");
  EXPECT_EQ(Name(LaneOf(RG_KIND_process_snapshot)), "snapshot");
  EXPECT_EQ(Name(HookOf(RG_HOOK_exec_source)), "exec_source");
  EXPECT_EQ(ProgramName(RG_PROGRAM_task_iter), "task_iter");
  for (const unsigned number : {0u, 1000u, UINT32_MAX}) {
    EXPECT_EQ(Name(KindOf(number)), "unknown");
    EXPECT_EQ(Name(LaneOf(number)), "unknown");
    EXPECT_EQ(Name(HookOf(number)), "unknown");
    EXPECT_EQ(ProgramName(number), "unknown");
  }
  EXPECT_EQ(Name(KindOf(RG_KIND_END)), "unknown");
  EXPECT_EQ(Name(HookOf(RG_HOOK_END)), "unknown");
  EXPECT_EQ(ProgramName(RG_PROGRAM_END), "unknown");
}

// --- the format's page ------------------------------------------------------------------------

// As `od -A x -t x1 -w8 -v` shows bytes.
std::string Dump(const Bytes& bytes) {
  std::string dump;
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    dump += absl::StrFormat("%06x", at);
    for (std::size_t i = at; i < std::min(at + 8, bytes.size()); ++i) {
      dump += absl::StrFormat(" %02x", std::to_integer<unsigned>(bytes[i]));
    }
    dump += '\n';
  }
  return dump + absl::StrFormat("%06x\n", bytes.size());
}

TEST(AbiPageTest, ExampleIsWhatTheBuilderMakes) {
  std::ifstream page(testing::SourcePath("docs/formats/abi.md"));
  ASSERT_TRUE(page.is_open());
  // The lines of the dump are those that begin with six hex digits; their comments are for people.
  std::string shown;
  for (std::string line; std::getline(page, line);) {
    const std::size_t digits = line.find_first_not_of("0123456789abcdef");
    if (std::min(digits, line.size()) != 6) continue;
    shown += line.substr(0, 6 + 8 * 3) + "\n";
  }
  const Bytes record = testing::ExampleRecord();
  EXPECT_TRUE(DecodeRecord(record).ok());
  EXPECT_EQ(shown, Dump(record));
}

}  // namespace
}  // namespace randguard::record_test

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/plan/plan_compiler.h"

#include <capnp/serialize.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/event/calls.h"
#include "analyzer/event/kinds.h"
#include "schema/abi/event.h"
#include "schema/plan.capnp.h"

namespace randguard {
namespace {

constexpr PlanIdentities kIdentities = {
    .collector_uid = 901, .collector_gid = 902, .analyzer_uid = 903};

class Plan {
 public:
  explicit Plan(const Config& config) : Plan(CompilePlan(config, kIdentities)) {}
  explicit Plan(const std::vector<std::byte>& bytes) {
    words_ = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
    std::memcpy(words_.begin(), bytes.data(), bytes.size());
    reader_ = kj::heap<capnp::FlatArrayMessageReader>(words_);
  }

  wire::Plan::Reader operator*() { return reader_->getRoot<wire::Plan>(); }

  std::vector<std::uint16_t> Hooks() {
    std::vector<std::uint16_t> hooks;
    for (const std::uint16_t hook : (**this).getHooks()) hooks.push_back(hook);
    return hooks;
  }
  rg_settings Settings() {
    rg_settings settings{};
    EXPECT_EQ((**this).getSettings().size(), sizeof(settings));
    std::memcpy(&settings, (**this).getSettings().begin(), sizeof(settings));
    return settings;
  }
  // The calls of both tables, sorted.
  std::vector<std::uint16_t> Calls() {
    const rg_settings settings = Settings();
    std::set<std::uint16_t> calls(std::begin(settings.calls[0]), std::end(settings.calls[0]));
    calls.insert(std::begin(settings.calls[1]), std::end(settings.calls[1]));
    calls.erase(0);
    return {calls.begin(), calls.end()};
  }

 private:
  kj::Array<capnp::word> words_;
  kj::Own<capnp::FlatArrayMessageReader> reader_;
};

TEST(CompilePlanTest, DefaultConfig) {
  Plan compiled{Config{}};
  const wire::Plan::Reader plan = *compiled;
  EXPECT_EQ(plan.getAbiVersion(), RG_ABI_VERSION);
  EXPECT_EQ(compiled.Hooks(), (std::vector<std::uint16_t>{
                                  RG_HOOK_process_exec, RG_HOOK_process_fork, RG_HOOK_process_exit,
                                  RG_HOOK_cgroup_mkdir, RG_HOOK_exec_source, RG_HOOK_syscalls,
                                  RG_HOOK_file_open, RG_HOOK_file_write, RG_HOOK_file_names,
                                  RG_HOOK_snapshot, RG_HOOK_modules, RG_HOOK_io_uring}));
  const rg_settings settings = compiled.Settings();
  EXPECT_EQ(settings.abi_version, RG_ABI_VERSION);
  EXPECT_EQ(settings.collect_args, 1u);
  EXPECT_EQ(settings.collect_cwd, 1u);
  EXPECT_EQ(settings.collect_env, 0u);
  EXPECT_EQ(plan.getEnvNames().size(), 0u);
  EXPECT_EQ(settings.threads, 1u);
  EXPECT_EQ(plan.getCriticalRingBytes(), 4096u * 1024);
  EXPECT_EQ(plan.getBulkRingBytes(), 8192u * 1024);
  EXPECT_EQ(plan.getCollectorUid(), 901u);
  EXPECT_EQ(plan.getCollectorGid(), 902u);
  EXPECT_EQ(plan.getAnalyzerUid(), 903u);
  EXPECT_EQ(plan.getFlushMs(), 8u);
  EXPECT_EQ(plan.getHeartbeatMs(), 1000u);
}

TEST(CompilePlanTest, HooksOfTheConfigOnlyChooseWhatIsPrinted) {
  Config config;
  config.process.hooks = {ProcessHook::kExit};
  EXPECT_EQ(CompilePlan(config, kIdentities), CompilePlan(Config{}, kIdentities));
}

TEST(CompilePlanTest, WithoutFailedExecsBehaviourAndFilesNoSystemCallIsLookedAt) {
  Config config;
  config.process.failed_exec = false;
  config.process.behaviour = {};
  config.file.enabled = false;
  EXPECT_EQ(
      Plan(config).Hooks(),
      (std::vector<std::uint16_t>{RG_HOOK_process_exec, RG_HOOK_process_fork, RG_HOOK_process_exit,
                                  RG_HOOK_cgroup_mkdir, RG_HOOK_exec_source, RG_HOOK_snapshot}));
  EXPECT_EQ(Plan(config).Calls(), std::vector<std::uint16_t>{});
}

TEST(CompilePlanTest, CallsAreThoseOfTheHooks) {
  Config config;
  config.process.behaviour = {};
  config.file.hooks = {FileHook::kWrite, FileHook::kOpenat, FileHook::kFchmodat2};
  EXPECT_EQ(
      Plan(config).Calls(),
      (std::vector<std::uint16_t>{RG_CALL_execve, RG_CALL_execveat, RG_CALL_openat, RG_CALL_write,
                                  RG_CALL_fchmodat2, RG_CALL_open_by_handle_at}));
  config.process.failed_exec = false;
  EXPECT_EQ(Plan(config).Calls(),
            (std::vector<std::uint16_t>{RG_CALL_openat, RG_CALL_write, RG_CALL_fchmodat2,
                                        RG_CALL_open_by_handle_at}));
  config.file.enabled = false;
  config.process.failed_exec = true;
  EXPECT_EQ(Plan(config).Calls(), (std::vector<std::uint16_t>{RG_CALL_execve, RG_CALL_execveat}));
}

TEST(CompilePlanTest, CallsStandAtTheirNumbers) {
  const rg_settings settings = Plan(Config{}).Settings();
  EXPECT_EQ(settings.calls[0][257], RG_CALL_openat);
  EXPECT_EQ(settings.calls[1][295], RG_CALL_openat);
  EXPECT_EQ(settings.calls[0][1], RG_CALL_write);
  EXPECT_EQ(settings.calls[1][1], 0u);  // exit
  EXPECT_EQ(settings.calls[1][4], RG_CALL_write);
}

TEST(CompilePlanTest, EveryFileHookIsASystemCall) {
  Config config;
  config.process.behaviour = {};
  const std::vector<std::uint16_t> calls = Plan(config).Calls();
  const auto others = std::count_if(kCalls.begin(), kCalls.end(), [](const CallInfo& call) {
    return call.like != RG_CALL_none && kRecordKinds[call.kind].domain == RG_DOMAIN_file;
  });
  // Requests to ioctl(2) stand at one number.
  EXPECT_EQ(calls.size(), 2 + AllFileHooks().size() + static_cast<std::size_t>(others) - 1);
  EXPECT_EQ(calls.front(), RG_CALL_execve);  // the lowest number: 0 is not among them
  EXPECT_EQ(std::set<std::uint16_t>(calls.begin(), calls.end()).size(), calls.size());
}

bool Wants(const rg_settings& settings, unsigned call) {
  return (settings.wanted[call / 64] >> call % 64 & 1) != 0;
}

TEST(CompilePlanTest, OpensAreLookedAtForAccessToProcessesAlone) {
  Config config;
  config.file.hooks = {FileHook::kOpen, FileHook::kWrite};
  rg_settings settings = Plan(config).Settings();
  EXPECT_EQ(settings.process_files, 1u);
  EXPECT_EQ(settings.calls[0][257], RG_CALL_openat);
  EXPECT_FALSE(Wants(settings, RG_CALL_openat));
  EXPECT_TRUE(Wants(settings, RG_CALL_open));
  config.process.behaviour = {Behaviour::kMounts};
  settings = Plan(config).Settings();
  EXPECT_EQ(settings.process_files, 0u);
  EXPECT_EQ(settings.calls[0][257], 0u);
  EXPECT_EQ(settings.calls[0][2], RG_CALL_open);
}

TEST(CompilePlanTest, EachRequestToIoctlHasItsHook) {
  Config config;
  config.process.behaviour = {};
  config.file.hooks = {FileHook::kCopyFileRange};
  rg_settings settings = Plan(config).Settings();
  EXPECT_EQ(settings.calls[0][16], RG_CALL_ioctl);
  EXPECT_TRUE(Wants(settings, RG_CALL_ioctl));
  EXPECT_FALSE(Wants(settings, RG_CALL_ioctl_flags));
  config.file.hooks = {FileHook::kFileSetattr};
  settings = Plan(config).Settings();
  EXPECT_EQ(settings.calls[0][16], RG_CALL_ioctl_flags);
  EXPECT_EQ(settings.calls[1][54], RG_CALL_ioctl_flags);
  EXPECT_TRUE(Wants(settings, RG_CALL_ioctl_flags));
  EXPECT_TRUE(Wants(settings, RG_CALL_file_setattr));
  EXPECT_FALSE(Wants(settings, RG_CALL_ioctl));
}

TEST(CompilePlanTest, BehaviourIsCallsAndHooks) {
  Config config;
  config.process.failed_exec = false;
  config.file.enabled = false;
  const auto with = [&](Behaviour behaviour) {
    config.process.behaviour = {behaviour};
    return Plan(config);
  };
  EXPECT_EQ(with(Behaviour::kCredentials).Calls().size(), 19u);
  EXPECT_EQ(with(Behaviour::kProcessAccess).Calls(),
            (std::vector<std::uint16_t>{RG_CALL_open, RG_CALL_creat, RG_CALL_openat,
                                        RG_CALL_openat2, RG_CALL_ptrace, RG_CALL_process_vm_readv,
                                        RG_CALL_process_vm_writev, RG_CALL_open_by_handle_at,
                                        RG_CALL_pidfd_getfd}));
  EXPECT_EQ(with(Behaviour::kAgentSignals).Calls().size(), 6u);
  EXPECT_EQ(with(Behaviour::kBpf).Calls(), (std::vector<std::uint16_t>{RG_CALL_bpf}));
  EXPECT_EQ(
      with(Behaviour::kNamespaces).Calls(),
      (std::vector<std::uint16_t>{RG_CALL_unshare, RG_CALL_setns, RG_CALL_clone, RG_CALL_clone3}));
  EXPECT_EQ(with(Behaviour::kMounts).Calls(),
            (std::vector<std::uint16_t>{RG_CALL_mount, RG_CALL_move_mount, RG_CALL_umount2,
                                        RG_CALL_umount, RG_CALL_pivot_root, RG_CALL_chroot,
                                        RG_CALL_mount_setattr}));
  EXPECT_EQ(with(Behaviour::kMemfd).Calls(), (std::vector<std::uint16_t>{RG_CALL_memfd_create}));
  auto modules = with(Behaviour::kModules);
  EXPECT_EQ(modules.Calls(), (std::vector<std::uint16_t>{RG_CALL_init_module, RG_CALL_finit_module,
                                                         RG_CALL_delete_module}));
  EXPECT_EQ(modules.Hooks().back(), RG_HOOK_modules);
  auto io_uring = with(Behaviour::kIoUring);
  EXPECT_TRUE(io_uring.Calls().empty());
  EXPECT_EQ(io_uring.Hooks().back(), RG_HOOK_io_uring);
}

TEST(CompilePlanTest, FilterIsHandedOn) {
  Config config;
  config.file.watch_paths = {"/etc"};
  config.file.watch_patterns = {"*.service"};
  config.file.exclude_paths = {"/etc/ssl/certs"};
  Plan compiled(config);
  const rg_settings settings = compiled.Settings();
  EXPECT_EQ(settings.watching, 1u);
  EXPECT_EQ(settings.filter_depths, 1u << 1 | 1u << 3);
  EXPECT_EQ(settings.filter_endings, 1u << 8);
  EXPECT_EQ((*compiled).getFilter().size(), 8 * sizeof(rg_filter_slot));
}

// Linear probing, as in ebpf/filter.h.
const rg_filter_slot* FindSlot(const std::vector<rg_filter_slot>& table, std::uint64_t hash) {
  for (std::size_t probe = 0; probe < RG_FILTER_PROBES; ++probe) {
    const rg_filter_slot& slot = table[(rg_first_slot(hash) + probe) & (table.size() - 1)];
    if (slot.hash == 0) break;
    if (slot.hash == hash) return &slot;
  }
  return nullptr;
}

// As many entries as a configuration may have, each of which resolves to another path.
TEST(CompilePlanTest, EveryEntryIsFoundInTheTable) {
  const auto elsewhere = [](const std::string& path) { return "/elsewhere" + path; };
  for (const int count : {0, 1, 2, 30, 2048}) {
    Config config;
    config.file.watch_paths.clear();
    config.file.watch_patterns.clear();
    config.file.exclude_paths.clear();
    for (int i = 0; i < count; ++i) {
      config.file.watch_paths.push_back("/srv/" + std::to_string(i));
      config.file.watch_patterns.push_back((i % 2 == 0 ? "*." : "/etc/") + std::to_string(i));
      config.file.exclude_paths.push_back("/srv/" + std::to_string(i) + "/no");
    }
    const CompiledFilter filter = CompileFilter(config.file, elsewhere);
    Plan compiled(CompilePlan(config, kIdentities, elsewhere));
    const auto bytes = (*compiled).getFilter();
    ASSERT_EQ(bytes.size() % sizeof(rg_filter_slot), 0u);
    std::vector<rg_filter_slot> table(bytes.size() / sizeof(rg_filter_slot));
    std::memcpy(table.data(), bytes.begin(), bytes.size());
    ASSERT_EQ(table.size(), compiled.Settings().filter_slots + 1u);
    ASSERT_LE(table.size(), static_cast<unsigned>(RG_FILTER_SLOTS_MAX));
    EXPECT_EQ(compiled.Settings().watching, count == 0 ? 0u : 1u);
    for (const auto& [hash, entry] : filter.entries) {
      const rg_filter_slot* slot = FindSlot(table, hash);
      ASSERT_NE(slot, nullptr) << entry.text;
      EXPECT_EQ(slot->entry.flags, entry.flags);
      EXPECT_EQ(std::string(slot->entry.text, slot->entry.length), entry.text);
    }
  }
}

// Texts that differ in their last bytes alone have most bits of their hashes in common.
TEST(CompilePlanTest, NumberedNamesHaveAPlaceInTheTable) {
  for (const std::string before : {"*ending-", "part-of-", "*/etc/x", "a-part"}) {
    Config config;
    config.file.watch_paths.clear();
    config.file.watch_patterns.clear();
    for (int i = 0; i < 1000; ++i) {
      config.file.watch_patterns.push_back(before + std::to_string(1000 + i));
    }
    Plan compiled(CompilePlan(config, kIdentities, nullptr));
    EXPECT_EQ(compiled.Settings().watching, 1u) << before;
    EXPECT_LE(compiled.Settings().filter_slots, 8191u) << before;
  }
}

TEST(CompilePlanTest, DigestIsTheSameWhereverSymlinksLead) {
  const auto elsewhere = [](const std::string& path) { return "/elsewhere" + path; };
  const auto plain = CompilePlan(Config{}, kIdentities);
  const auto resolved = CompilePlan(Config{}, kIdentities, elsewhere);
  EXPECT_NE(plain, resolved);
  EXPECT_EQ((*Plan(plain)).getDigest(), (*Plan(resolved)).getDigest());
}

std::vector<std::uint16_t> NetworkCalls(std::vector<NetworkHook> hooks) {
  Config config;
  config.process.failed_exec = false;
  config.file.enabled = false;
  config.network.enabled = true;
  config.network.hooks = std::move(hooks);
  config.process.behaviour = {};
  return Plan(config).Calls();
}

TEST(CompilePlanTest, NetworkHooksAreCallsAndTheirThirtyTwoBitForms) {
  EXPECT_EQ(NetworkCalls({NetworkHook::kListen, NetworkHook::kConnect}),
            (std::vector<std::uint16_t>{RG_CALL_connect, RG_CALL_listen, RG_CALL_socketcall}));
  EXPECT_EQ(
      NetworkCalls({NetworkHook::kRecvmmsg}),
      (std::vector<std::uint16_t>{RG_CALL_recvmmsg, RG_CALL_recvmmsg_time64, RG_CALL_socketcall}));
  EXPECT_EQ(NetworkCalls(AllNetworkHooks()).size(), RG_CALL_socketcall - RG_CALL_connect + 2u);
}

TEST(CompilePlanTest, CloseIsAHookOfItsOwn) {
  EXPECT_TRUE(NetworkCalls({NetworkHook::kClose}).empty());
  const auto has_close = [](const Config& config) {
    const std::vector<std::uint16_t> hooks = Plan(config).Hooks();
    return std::find(hooks.begin(), hooks.end(), RG_HOOK_network_close) != hooks.end();
  };
  Config config;
  EXPECT_FALSE(has_close(config));
  config.network.enabled = true;
  EXPECT_TRUE(has_close(config));
  config.network.hooks = {NetworkHook::kConnect};
  EXPECT_FALSE(has_close(config));
}

TEST(CompilePlanTest, UnixSocketsAreOffUntilAskedFor) {
  Config config;
  config.network.enabled = true;
  EXPECT_EQ(Plan(config).Settings().unix_sockets, 0u);
  config.network.unix_sockets = true;
  EXPECT_EQ(Plan(config).Settings().unix_sockets, 1u);
}

TEST(CompilePlanTest, EbpfOffHasNoHooks) {
  Config config;
  config.ebpf.enabled = false;
  EXPECT_TRUE(Plan(config).Hooks().empty());
}

TEST(CompilePlanTest, SwitchesAreHandedOn) {
  Config config;
  config.process.collect_args = false;
  config.process.collect_cwd = false;
  config.process.threads = false;
  Plan compiled(config);
  EXPECT_EQ(compiled.Settings().collect_args, 0u);
  EXPECT_EQ(compiled.Settings().collect_cwd, 0u);
  EXPECT_EQ(compiled.Settings().threads, 0u);
}

TEST(CompilePlanTest, EnvironmentNamesAreHandedOn) {
  Config config;
  config.process.collect_env = true;
  config.process.env_names = {"LD_PRELOAD", "PATH"};
  Plan compiled(config);
  EXPECT_EQ(compiled.Settings().collect_env, 1u);
  ASSERT_EQ((*compiled).getEnvNames().size(), 2u);
  EXPECT_STREQ((*compiled).getEnvNames()[0].cStr(), "LD_PRELOAD");
  EXPECT_STREQ((*compiled).getEnvNames()[1].cStr(), "PATH");
}

TEST(CompilePlanTest, EnvironmentNamesAreLeftOutWhenOff) {
  Config config;
  config.process.env_names = {"LD_PRELOAD"};
  EXPECT_EQ((*Plan(config)).getEnvNames().size(), 0u);
}

TEST(CompilePlanTest, RingsAreRoundedUpToPowersOfTwo) {
  Config config;
  config.ebpf.buffer_size = 65;
  config.ebpf.critical_buffer_size = 1048575;
  Plan compiled(config);
  EXPECT_EQ((*compiled).getBulkRingBytes(), 128u * 1024);
  EXPECT_EQ((*compiled).getCriticalRingBytes(), 1u << 30);
}

TEST(CompilePlanTest, SameInputSameBytes) {
  EXPECT_EQ(CompilePlan(Config{}, kIdentities), CompilePlan(Config{}, kIdentities));
}

TEST(CompilePlanTest, DigestFollowsTheContent) {
  Config config;
  config.process.threads = false;
  EXPECT_NE((*Plan(Config{})).getDigest(), (*Plan(config)).getDigest());
  EXPECT_NE((*Plan(Config{})).getDigest(), 0u);
}

// Anybody who has the file can compute its digest again.
TEST(CompilePlanTest, DigestIsFnv1aOfThePlanWithoutIt) {
  std::vector<std::byte> bytes = CompilePlan(Config{}, kIdentities);
  const std::uint64_t digest = (*Plan(Config{})).getDigest();
  std::byte field[sizeof digest];
  std::memcpy(field, &digest, sizeof digest);
  const auto at = std::search(bytes.begin(), bytes.end(), std::begin(field), std::end(field));
  ASSERT_NE(at, bytes.end());
  std::fill_n(at, sizeof digest, std::byte{0});

  std::uint64_t hash = 14695981039346656037u;
  for (const std::byte byte : bytes) {
    hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 1099511628211u;
  }
  EXPECT_EQ(hash, digest);
}

}  // namespace
}  // namespace randguard

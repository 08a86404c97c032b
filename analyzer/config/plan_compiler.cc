// SPDX-License-Identifier: Apache-2.0
#include "analyzer/config/plan_compiler.h"

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <string_view>

#include "analyzer/config/names.h"
#include "analyzer/event/calls.h"
#include "schema/abi/event.h"
#include "schema/plan.capnp.h"

namespace randguard {
namespace {

constexpr std::uint32_t kRingMinKib = 64;
constexpr std::uint32_t kRingMaxKib = 1048576;
constexpr std::uint16_t kFlushMs = 5;
constexpr std::uint32_t kHeartbeatMs = 1000;

constexpr std::uint32_t kAllExecSources = (1u << RG_EXEC_UNKNOWN) | (1u << RG_EXEC_EXECVE) |
                                          (1u << RG_EXEC_EXECVEAT) | (1u << RG_EXEC_KERNEL);

std::uint16_t CallNumber(std::string_view name) {
  for (std::uint16_t number = 1; number < kCalls.size(); ++number) {
    if (kCalls[number].name == name) return number;
  }
  return 0;
}

std::vector<std::uint16_t> CallsOf(const Config& config) {
  std::vector<std::uint16_t> calls;
  if (!config.ebpf.enabled) return calls;
  if (config.process.failed_exec) calls = {RG_CALL_execve, RG_CALL_execveat};
  if (config.file.enabled) {
    for (const FileHook hook : config.file.hooks) calls.push_back(CallNumber(Name(hook)));
  }
  std::sort(calls.begin(), calls.end());
  return calls;
}

std::vector<std::uint16_t> HooksOf(const Config& config) {
  if (!config.ebpf.enabled) return {};
  std::vector<std::uint16_t> hooks = {RG_HOOK_process_exec, RG_HOOK_process_fork,
                                      RG_HOOK_process_exit, RG_HOOK_cgroup_mkdir,
                                      RG_HOOK_exec_source};
  if (!CallsOf(config).empty()) hooks.push_back(RG_HOOK_syscalls);
  hooks.push_back(RG_HOOK_snapshot);
  return hooks;
}

std::uint32_t RingBytes(std::uint32_t kib) {
  return std::bit_ceil(std::clamp(kib, kRingMinKib, kRingMaxKib)) * 1024u;
}

std::uint64_t Fnv1a(std::span<const std::byte> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const std::byte byte : bytes) {
    hash ^= std::to_integer<std::uint64_t>(byte);
    hash *= 0x100000001b3u;
  }
  return hash;
}

std::vector<std::byte> Framed(capnp::MallocMessageBuilder& message) {
  const kj::Array<capnp::word> words = capnp::messageToFlatArray(message);
  const auto bytes = words.asBytes();
  std::vector<std::byte> framed(bytes.size());
  std::memcpy(framed.data(), bytes.begin(), bytes.size());
  return framed;
}

template <typename Builder>
void SetNumbers(Builder list, const std::vector<std::uint16_t>& numbers) {
  for (unsigned i = 0; i < numbers.size(); ++i) list.set(i, numbers[i]);
}

void SetFilter(wire::Plan::Filter::Builder out, const CompiledFilter& filter) {
  out.setWatching(filter.watching);
  out.setDepths(filter.depths);
  out.setEndings(filter.endings);
  auto entries = out.initEntries(static_cast<unsigned>(filter.entries.size()));
  unsigned i = 0;
  for (const auto& [hash, entry] : filter.entries) {
    auto to = entries[i++];
    to.setHash(hash);
    to.setFlags(entry.flags);
    to.setText(capnp::Data::Reader(reinterpret_cast<const kj::byte*>(entry.text.data()),
                                   entry.text.size()));
  }
}

void Fill(wire::Plan::Builder plan, const Config& config, const PlanIdentities& identities,
          const ResolvePath& resolve) {
  plan.setAbiVersion(RG_ABI_VERSION);

  const std::vector<std::uint16_t> hooks = HooksOf(config);
  SetNumbers(plan.initHooks(static_cast<unsigned>(hooks.size())), hooks);
  const std::vector<std::uint16_t> calls = CallsOf(config);
  SetNumbers(plan.initCalls(static_cast<unsigned>(calls.size())), calls);
  if (config.file.enabled) SetFilter(plan.initFilter(), CompileFilter(config.file, resolve));

  const ProcessConfig& process = config.process;
  plan.setCollectArgs(process.collect_args);
  plan.setCollectCwd(process.collect_cwd);
  plan.setCollectEnv(process.collect_env);
  if (process.collect_env) {
    auto names = plan.initEnvNames(static_cast<unsigned>(process.env_names.size()));
    for (unsigned i = 0; i < process.env_names.size(); ++i) {
      names.set(i, process.env_names[i].c_str());
    }
  }
  plan.setThreads(process.threads);
  plan.setExecSources(kAllExecSources);
  plan.setCriticalRingBytes(RingBytes(config.ebpf.critical_buffer_size));
  plan.setBulkRingBytes(RingBytes(config.ebpf.buffer_size));
  plan.setCollectorUid(identities.collector_uid);
  plan.setCollectorGid(identities.collector_gid);
  plan.setAnalyzerUid(identities.analyzer_uid);
  plan.setFlushMs(kFlushMs);
  plan.setHeartbeatMs(kHeartbeatMs);
}

}  // namespace

std::vector<std::byte> CompilePlan(const Config& config, const PlanIdentities& identities,
                                   const ResolvePath& resolve) {
  capnp::MallocMessageBuilder as_written;
  Fill(as_written.initRoot<wire::Plan>(), config, identities, nullptr);
  capnp::MallocMessageBuilder message;
  auto plan = message.initRoot<wire::Plan>();
  Fill(plan, config, identities, resolve);
  plan.setDigest(Fnv1a(Framed(as_written)));
  return Framed(message);
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/config/plan_compiler.h"

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

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

std::vector<std::uint16_t> HooksOf(const Config& config) {
  if (!config.ebpf.enabled) return {};
  std::vector<std::uint16_t> hooks = {RG_HOOK_process_exec, RG_HOOK_process_fork,
                                      RG_HOOK_process_exit, RG_HOOK_cgroup_mkdir,
                                      RG_HOOK_exec_source};
  if (config.process.failed_exec) hooks.push_back(RG_HOOK_exec_failed);
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

}  // namespace

std::vector<std::byte> CompilePlan(const Config& config, const PlanIdentities& identities) {
  capnp::MallocMessageBuilder message;
  wire::Plan::Builder plan = message.initRoot<wire::Plan>();
  plan.setAbiVersion(RG_ABI_VERSION);

  const std::vector<std::uint16_t> hooks = HooksOf(config);
  auto plan_hooks = plan.initHooks(static_cast<unsigned>(hooks.size()));
  for (unsigned i = 0; i < hooks.size(); ++i) plan_hooks.set(i, hooks[i]);

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
  plan.setDigest(Fnv1a(Framed(message)));
  return Framed(message);
}

}  // namespace randguard

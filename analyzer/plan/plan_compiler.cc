// SPDX-License-Identifier: Apache-2.0
#include "analyzer/plan/plan_compiler.h"

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <set>
#include <span>
#include <string_view>
#include <type_traits>

#include "analyzer/config/names.h"
#include "analyzer/event/calls.h"
#include "analyzer/plan/behaviour.h"
#include "schema/abi/event.h"
#include "schema/plan.capnp.h"

namespace randguard {
namespace {

constexpr std::uint32_t kRingMinKib = 64;
constexpr std::uint32_t kRingMaxKib = 1048576;
constexpr std::uint16_t kFlushMs = 8;
constexpr std::uint32_t kHeartbeatMs = 1000;

template <typename Wanted>
void AddCalls(std::vector<std::uint16_t>& calls, Wanted&& wanted) {
  for (std::size_t call = 1; call < kCalls.size(); ++call) {
    if (wanted(kCalls[call])) calls.push_back(static_cast<std::uint16_t>(call));
  }
}

// The calls whose records are wanted.
std::vector<std::uint16_t> WantedCalls(const Config& config) {
  std::vector<std::uint16_t> calls;
  if (!config.ebpf.enabled) return calls;
  if (config.process.failed_exec) {
    AddCalls(calls, [](const CallInfo& call) { return call.kind == RG_KIND_exec_failed; });
  }
  if (config.file.enabled) {
    for (const FileHook hook : config.file.hooks) {
      AddCalls(calls, [&](const CallInfo& call) { return SwitchOf(call) == Name(hook); });
    }
  }
  AddCalls(calls, [&](const CallInfo& call) {
    const auto behaviour = BehaviourOf(call.kind);
    return behaviour.has_value() && Has(config.process, *behaviour);
  });
  if (config.network.enabled) {
    const std::size_t others = calls.size();
    for (const NetworkHook hook : config.network.hooks) {  // kClose is no call
      AddCalls(calls, [&](const CallInfo& call) { return SwitchOf(call) == Name(hook); });
    }
    // 32-bit programs can make any of these calls through socketcall(2).
    if (calls.size() > others) calls.push_back(RG_CALL_socketcall);
  }
  std::sort(calls.begin(), calls.end());
  return calls;
}

bool WantsProcessFiles(const Config& config) {
  return config.ebpf.enabled && Has(config.process, Behaviour::kProcessAccess);
}

// The calls that are looked at: also an open, which may be access to a process.
std::vector<std::uint16_t> CallsOf(const Config& config) {
  std::vector<std::uint16_t> calls = WantedCalls(config);
  if (WantsProcessFiles(config)) {
    AddCalls(calls, [](const CallInfo& call) { return call.kind == RG_KIND_file_open; });
  }
  std::sort(calls.begin(), calls.end());
  calls.erase(std::unique(calls.begin(), calls.end()), calls.end());
  return calls;
}

// The hooks that see the calls; first the one at their exit, which may have to stand in for others.
void AddHooksOfCalls(const std::vector<std::uint16_t>& calls, std::vector<std::uint16_t>& hooks) {
  if (calls.empty()) return;
  hooks.push_back(RG_HOOK_syscalls);
  std::set<std::uint16_t> others;
  for (const std::uint16_t call : calls) {
    const std::uint16_t hook = kCalls[call].hook;
    if (hook != RG_HOOK_syscalls) others.insert(hook);
    if (kCalls[call].changes_attributes) others.insert(RG_HOOK_file_names);
  }
  hooks.insert(hooks.end(), others.begin(), others.end());
}

std::vector<std::uint16_t> HooksOf(const Config& config) {
  if (!config.ebpf.enabled) return {};
  std::vector<std::uint16_t> hooks = {RG_HOOK_process_exec, RG_HOOK_process_fork,
                                      RG_HOOK_process_exit, RG_HOOK_cgroup_mkdir,
                                      RG_HOOK_exec_source};
  AddHooksOfCalls(CallsOf(config), hooks);
  const auto& network = config.network.hooks;
  if (config.network.enabled &&
      std::find(network.begin(), network.end(), NetworkHook::kClose) != network.end()) {
    hooks.push_back(RG_HOOK_network_close);
  }
  hooks.push_back(RG_HOOK_snapshot);
  if (Has(config.process, Behaviour::kModules)) hooks.push_back(RG_HOOK_modules);
  if (Has(config.process, Behaviour::kIoUring)) hooks.push_back(RG_HOOK_io_uring);
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

// Fills the kernel side's table of calls: by system call number, 64-bit and 32-bit.
static_assert(std::all_of(kCalls.begin(), kCalls.end(),
                          [](const CallInfo& call) {
                            return call.number64 < RG_CALL_NUMBERS &&
                                   call.number32 < RG_CALL_NUMBERS;
                          }),
              "the plan's tables have a place for every number in schema/abi/arch/");

void SetCall(const CallInfo& numbers, std::uint16_t call, rg_settings& settings) {
  if (numbers.number64 >= 0) settings.calls[0][numbers.number64] = static_cast<std::uint8_t>(call);
  if (numbers.number32 >= 0) settings.calls[1][numbers.number32] = static_cast<std::uint8_t>(call);
}

void SetCalls(const std::vector<std::uint16_t>& calls, rg_settings& settings) {
  for (const std::uint16_t call : calls) {
    SetCall(kCalls[call], call, settings);
    // Requests of both kinds stand at the number of ioctl(2). The exit of the call looks at it
    // then, for no function sees all of them.
    if (call == RG_CALL_ioctl_flags) SetCall(kCalls[RG_CALL_ioctl], call, settings);
  }
}
static_assert(RG_CALL_END <= 64 * RG_CALL_WORDS, "a bit for each call");

rg_settings SettingsOf(const Config& config, const CompiledFilter& filter) {
  rg_settings settings{};
  settings.abi_version = RG_ABI_VERSION;
  settings.collect_args = config.process.collect_args ? 1 : 0;
  settings.collect_cwd = config.process.collect_cwd ? 1 : 0;
  settings.collect_env = config.process.collect_env ? 1 : 0;
  settings.threads = config.process.threads ? 1 : 0;
  settings.watching = filter.watching ? 1 : 0;
  settings.unix_sockets = config.network.unix_sockets ? 1 : 0;
  settings.filter_marked = filter.marked ? 1 : 0;
  settings.filter_tail = filter.tail;
  settings.filter_depths = filter.depths;
  settings.filter_endings = filter.endings;
  settings.filter_parts = filter.parts;
  settings.filter_part_tail = filter.part_tail;
  settings.filter_depths_above = filter.depths_above;
  settings.filter_endings_above = filter.endings_above;
  for (std::size_t mark = 0; mark < RG_FILTER_MARKS; ++mark) {
    if (filter.marks[mark]) settings.filter_marks[mark / 64] |= std::uint64_t{1} << (mark % 64);
  }
  settings.process_files = WantsProcessFiles(config) ? 1 : 0;
  for (const std::uint16_t call : WantedCalls(config)) {
    settings.wanted[call / 64] |= std::uint64_t{1} << (call % 64);
  }
  SetCalls(CallsOf(config), settings);
  return settings;
}

// Robin Hood hashing: the table with `slots` slots. An entry takes the slot of another one that is
// nearer to the slot of its own hash, so that all stay near. Look-ups probe RG_FILTER_PROBES slots
// and no more. The result is empty if an entry would lie farther away.
std::vector<rg_filter_slot> InsertAll(const CompiledFilter& filter, std::size_t slots) {
  std::vector<rg_filter_slot> table(slots);
  for (const auto& [hash, entry] : filter.entries) {
    if (hash == 0) return {};  // would mark a slot as empty
    rg_filter_slot moving{};
    moving.hash = hash;
    moving.entry.flags = entry.flags;
    moving.entry.length = static_cast<std::uint16_t>(entry.text.size());
    std::memcpy(moving.entry.text, entry.text.data(), entry.text.size());
    for (std::size_t distance = 0; moving.hash != 0; ++distance) {
      if (distance == RG_FILTER_PROBES) return {};
      rg_filter_slot& slot = table[(rg_first_slot(moving.hash) + distance) % slots];
      const std::size_t its_distance =
          (&slot - table.data() + slots - rg_first_slot(slot.hash) % slots) % slots;
      if (slot.hash == 0 || its_distance < distance) {
        std::swap(slot, moving);
        distance = its_distance;
      }
    }
  }
  return table;
}

// At least half of the table is empty, so that a look-up of an absent text ends soon. The table
// grows until every entry has a place. If even the largest table is too small, everything is
// reported; only hashes made for that purpose can bring that about.
std::vector<rg_filter_slot> TableOf(const CompiledFilter& filter, rg_settings& settings) {
  std::size_t slots = std::bit_ceil(2 * filter.entries.size());
  std::vector<rg_filter_slot> table = InsertAll(filter, slots);
  while (table.empty() && slots < RG_FILTER_SLOTS_MAX) {
    slots *= 2;
    table = InsertAll(filter, slots);
  }
  if (table.empty()) {
    settings.watching = 0;
    table.resize(1);
  }
  settings.filter_slots = static_cast<std::uint32_t>(table.size() - 1);
  return table;
}

template <typename T>
capnp::Data::Reader AsData(std::span<const T> items) {
  static_assert(std::has_unique_object_representations_v<T>);  // no padding: no chance bytes
  return {reinterpret_cast<const kj::byte*>(items.data()), items.size_bytes()};
}

void Fill(wire::Plan::Builder plan, const Config& config, const PlanIdentities& identities,
          const ResolvePath& resolve) {
  plan.setAbiVersion(RG_ABI_VERSION);

  const std::vector<std::uint16_t> hooks = HooksOf(config);
  SetNumbers(plan.initHooks(static_cast<unsigned>(hooks.size())), hooks);
  const CompiledFilter filter =
      config.file.enabled ? CompileFilter(config.file, resolve) : CompiledFilter{};
  rg_settings settings = SettingsOf(config, filter);
  const std::vector<rg_filter_slot> table = TableOf(filter, settings);
  plan.setSettings(AsData(std::span<const rg_settings>(&settings, 1)));
  plan.setFilter(AsData(std::span<const rg_filter_slot>(table)));

  const ProcessConfig& process = config.process;
  if (process.collect_env) {
    auto names = plan.initEnvNames(static_cast<unsigned>(process.env_names.size()));
    for (unsigned i = 0; i < process.env_names.size(); ++i) {
      names.set(i, process.env_names[i].c_str());
    }
  }
  plan.setCriticalRingBytes(RingBytes(config.ebpf.critical_buffer_size));
  plan.setBulkRingBytes(RingBytes(config.ebpf.buffer_size));
  plan.setCollectorUid(identities.collector_uid);
  plan.setCollectorGid(identities.collector_gid);
  plan.setAnalyzerUid(identities.analyzer_uid);
  plan.setHookLayer(static_cast<std::uint16_t>(config.ebpf.hooks));
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

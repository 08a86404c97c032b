// SPDX-License-Identifier: Apache-2.0
#include "collector/plan.h"

#include <capnp/serialize.h>

#include <bit>
#include <cstring>
#include <iterator>

#include "collector/startup.h"
#include "schema/plan.capnp.h"

namespace randguard::collector {
namespace {

constexpr std::size_t kMaxPlanBytes = std::size_t{4} * 1024 * 1024;
constexpr std::size_t kMaxEnvNames = 64;  // room in the eBPF map
constexpr std::uint32_t kMinRing = 64 * 1024;
constexpr std::uint32_t kMaxRing = 1024 * 1024 * 1024;

std::uint32_t Between(const char* field, std::uint32_t value, std::uint32_t low,
                      std::uint32_t high) {
  if (value < low || value > high) {
    Fail("plan: %s is %u; %u to %u is allowed", field, value, low, high);
  }
  return value;
}

std::uint32_t RingSize(const char* field, std::uint32_t value) {
  Between(field, value, kMinRing, kMaxRing);
  if (!std::has_single_bit(value)) Fail("plan: %s is %u; it must be a power of two", field, value);
  return value;
}

struct CallInfo {
  int table[2];  // numbers in the 64-bit and in the 32-bit table, or -1
};
constexpr CallInfo kCalls[] = {
    {{-1, -1}},
#define CALL(number, name, nr64, nr32, kind, fd, dirfd, name1, dirfd2, name2, keep) {{nr64, nr32}},
#include "schema/abi/calls.def"
#undef CALL
};
static_assert(std::size(kCalls) == RG_CALL_END);

void ReadCalls(capnp::List<std::uint16_t>::Reader calls, rg_settings& settings) {
  for (const std::uint16_t call : calls) {
    const CallInfo& info = kCalls[Between("calls", call, 1, RG_CALL_END - 1)];
    for (int table = 0; table < 2; ++table) {
      if (info.table[table] >= 0) settings.calls[table][info.table[table]] = call;
    }
  }
}

void ReadFilter(wire::Plan::Filter::Reader in, Plan& plan) {
  plan.settings.watching = in.getWatching() ? 1 : 0;
  plan.settings.filter_depths = in.getDepths();
  plan.settings.filter_endings = in.getEndings();
  Between("number of filter.entries", in.getEntries().size(), 0, RG_FILTER_MAX);
  for (const auto entry : in.getEntries()) {
    rg_filter_entry& out = plan.filter.emplace_back(entry.getHash(), rg_filter_entry{}).second;
    const auto text = entry.getText();
    out.flags = entry.getFlags();
    out.length = Between("length of a filter.entries text", text.size(), 0, RG_FILTER_TEXT_MAX);
    std::memcpy(out.text, text.begin(), text.size());
  }
}

}  // namespace

Plan ReadPlan(const char* path) {
  std::size_t size = 0;
  const auto words = ReadTrustedFile(path, "plan", kMaxPlanBytes, size);
  if (size % sizeof(capnp::word) != 0) Fail("plan %s: not whole words; compile it again", path);
  // Limits: a plan is a dozen numbers and flat lists.
  capnp::ReaderOptions limits;
  limits.traversalLimitInWords = 2 * kMaxPlanBytes / sizeof(capnp::word);
  limits.nestingLimit = 8;
  capnp::FlatArrayMessageReader message(words, limits);
  const auto in = message.getRoot<wire::Plan>();

  if (in.getAbiVersion() != RG_ABI_VERSION) {
    Fail(
        "plan %s is for ABI version %u, this collector has %u; compile it again with "
        "`rand-guard plan`",
        path, in.getAbiVersion(), RG_ABI_VERSION);
  }
  Plan plan;
  plan.digest = in.getDigest();
  for (const std::uint16_t hook : in.getHooks()) {
    plan.hooks[Between("hooks", hook, 1, RG_HOOK_END - 1)] = true;
  }
  plan.settings.collect_args = in.getCollectArgs() ? 1 : 0;
  plan.settings.collect_cwd = in.getCollectCwd() ? 1 : 0;
  plan.settings.collect_env = in.getCollectEnv() ? 1 : 0;
  plan.settings.threads = in.getThreads() ? 1 : 0;
  plan.settings.exec_sources =
      Between("execSources", in.getExecSources(), 1, (2U << RG_EXEC_KERNEL) - 1);
  Between("number of envNames", in.getEnvNames().size(), 0, kMaxEnvNames);
  for (const auto name : in.getEnvNames()) {
    Between("length of an envNames entry", name.size(), 1, RG_ENV_NAME_MAX - 1);
    plan.env_names.emplace_back(name.begin(), name.size());
  }
  ReadCalls(in.getCalls(), plan.settings);
  ReadFilter(in.getFilter(), plan);
  plan.critical_ring_bytes = RingSize("criticalRingBytes", in.getCriticalRingBytes());
  plan.bulk_ring_bytes = RingSize("bulkRingBytes", in.getBulkRingBytes());
  plan.collector_uid = Between("collectorUid", in.getCollectorUid(), 1, UINT32_MAX - 1);
  plan.collector_gid = Between("collectorGid", in.getCollectorGid(), 1, UINT32_MAX - 1);
  plan.analyzer_uid = Between("analyzerUid", in.getAnalyzerUid(), 0, UINT32_MAX - 1);
  plan.flush_ms = static_cast<int>(Between("flushMs", in.getFlushMs(), 1, 10));
  plan.heartbeat_ms = static_cast<int>(Between("heartbeatMs", in.getHeartbeatMs(), 100, 60000));
  return plan;
}

}  // namespace randguard::collector

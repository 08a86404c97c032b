// SPDX-License-Identifier: Apache-2.0
#include "collector/plan.h"

#include <capnp/serialize.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "collector/startup.h"
#include "schema/plan.capnp.h"

namespace randguard::collector {
namespace {

constexpr std::size_t kMaxPlanBytes = std::size_t{32} * 1024 * 1024;
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

// A compiler that fails leaves no plan, or an empty one.
void RefuseMissingPlan(const char* path) {
  struct stat st {};
  const bool there = stat(path, &st) == 0;
  if (there ? st.st_size != 0 : errno != ENOENT) return;
  Fail(
      "plan %s is %s: it could not be compiled; `rand-guard check` says why (under systemd, "
      "journalctl -u rand-guard-plan, too)",
      path, there ? "empty" : "missing");
}

Plan Take(wire::Plan::Reader in, const char* path) {
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
  const auto settings = in.getSettings();
  Between("size of settings", settings.size(), sizeof(rg_settings), sizeof(rg_settings));
  std::memcpy(&plan.settings, settings.begin(), sizeof(rg_settings));
  const auto filter = in.getFilter();
  plan.filter.resize(
      Between("size of filter", filter.size(), 0, RG_FILTER_SLOTS_MAX * sizeof(rg_filter_slot)) /
      sizeof(rg_filter_slot));
  if (std::max<std::size_t>(plan.filter.size(), 1) != plan.settings.filter_slots + 1ul ||
      !std::has_single_bit(plan.settings.filter_slots + 1ul)) {
    Fail("plan: filter has %zu slots, and the settings have %u; compile it again",
         plan.filter.size(), plan.settings.filter_slots + 1);
  }
  if (!plan.filter.empty()) {
    std::memcpy(plan.filter.data(), filter.begin(), plan.filter.size() * sizeof(rg_filter_slot));
  }
  Between("number of envNames", in.getEnvNames().size(), 0, kMaxEnvNames);
  for (const auto name : in.getEnvNames()) {
    Between("length of an envNames entry", name.size(), 1, RG_ENV_NAME_MAX - 1);
    plan.env_names.emplace_back(name.begin(), name.size());
  }
  plan.critical_ring_bytes = RingSize("criticalRingBytes", in.getCriticalRingBytes());
  plan.bulk_ring_bytes = RingSize("bulkRingBytes", in.getBulkRingBytes());
  plan.collector_uid = Between("collectorUid", in.getCollectorUid(), 1, UINT32_MAX - 1);
  plan.collector_gid = Between("collectorGid", in.getCollectorGid(), 1, UINT32_MAX - 1);
  plan.analyzer_uid = Between("analyzerUid", in.getAnalyzerUid(), 0, UINT32_MAX - 1);
  plan.layer = static_cast<HookLayer>(
      Between("hookLayer", in.getHookLayer(), 0, static_cast<int>(HookLayer::kCalls)));
  plan.flush_ms = static_cast<int>(Between("flushMs", in.getFlushMs(), 1, 10));
  plan.heartbeat_ms = static_cast<int>(Between("heartbeatMs", in.getHeartbeatMs(), 100, 60000));
  return plan;
}

}  // namespace

Plan ReadPlan(const char* path) {
  RefuseMissingPlan(path);
  std::size_t size = 0;
  const auto words = ReadTrustedFile(path, "plan", kMaxPlanBytes, size);
  if (size % sizeof(capnp::word) != 0) Fail("plan %s: not whole words; compile it again", path);
  // Limits: a plan is a dozen numbers and flat lists.
  capnp::ReaderOptions limits;
  limits.traversalLimitInWords = 2 * kMaxPlanBytes / sizeof(capnp::word);
  limits.nestingLimit = 4;
  try {
    capnp::FlatArrayMessageReader message(words, limits);
    return Take(message.getRoot<wire::Plan>(), path);
  } catch (const kj::Exception& e) {
    Fail("plan %s is damaged: %s; compile it again", path, e.getDescription().cStr());
  }
}

}  // namespace randguard::collector

// SPDX-License-Identifier: Apache-2.0
//
// The eBPF side as the collector holds it: programs loaded and attached, the maps of the two lanes,
// the mapped counters, the snapshot iterator. Loading is the one thing that needs privilege.
#ifndef COLLECTOR_SENSOR_H_
#define COLLECTOR_SENSOR_H_

#include <bpf/libbpf.h>
#include <kj/io.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "collector/call_functions.h"
#include "collector/plan.h"
#include "schema/abi/event.h"

namespace randguard::collector {

enum class HookState { kOff, kAttached, kFallback, kMissing };
enum class Layer { kNone, kFunction, kCall };

struct HookReport {
  HookState state = HookState::kOff;
  Layer layer = Layer::kNone;
  std::string why;  // for kFallback and kMissing
};

struct LinkDelete {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};

// A program that is attached.
struct Program {
  unsigned number = 0;  // enum rg_program
  bool lives = false;   // column `about` of its hook
  kj::AutoCloseFd fd;
};

struct Sensor {
  std::array<HookReport, RG_HOOK_END> hooks;  // by enum rg_hook
  std::vector<std::unique_ptr<bpf_link, LinkDelete>> links;
  CallPrograms call_programs;  // links alone: the programs themselves are in the next
  std::vector<Program> programs;
  kj::AutoCloseFd critical_map;
  kj::AutoCloseFd bulk_map;
  int snapshot_link = -1;                 // owned by links
  rg_shared* shared = nullptr;            // mapped for the life of the process
  std::span<const rg_counters> counters;  // only blocks that some CPU of this host counts in
};

// Reads the object, checks its owner and ABI version, loads and attaches the plan's hooks. Ends
// the program with one line on stderr if a required hook cannot be attached.
Sensor LoadAndAttach(const Plan& plan, const char* object_path);

}  // namespace randguard::collector

#endif  // COLLECTOR_SENSOR_H_

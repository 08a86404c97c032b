// SPDX-License-Identifier: Apache-2.0
//
// The eBPF side as the collector holds it: programs loaded and attached, the two lanes, the mapped
// counters, the snapshot iterator. Loading is the one thing that needs privilege.
#ifndef COLLECTOR_SENSOR_H_
#define COLLECTOR_SENSOR_H_

#include <bpf/libbpf.h>
#include <kj/io.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "collector/plan.h"
#include "schema/abi/event.h"

namespace randguard::collector {

enum class HookState { kOff, kAttached, kFallback, kMissing };

struct HookReport {
  HookState state = HookState::kOff;
  std::string why;  // for kFallback and kMissing
};

struct LinkDelete {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
struct RingDelete {
  void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

// One ring buffer. Calls `take(context, record, size)` for each record in order; a negative return
// stops after that record, which counts as read.
class Lane {
 public:
  Lane() = default;
  Lane(int map_fd, ring_buffer_sample_fn take, void* context);
  // True: emptied; false: stopped by `take`.
  bool Drain() { return ring_buffer__consume(ring_.get()) >= 0; }
  // Readable when there is something and the last Drain() had emptied it.
  int fd() const { return ring_buffer__epoll_fd(ring_.get()); }

 private:
  std::unique_ptr<ring_buffer, RingDelete> ring_;
};

struct Sensor {
  std::array<HookReport, RG_HOOK_END> hooks;  // by enum rg_hook
  std::vector<std::unique_ptr<bpf_link, LinkDelete>> links;
  kj::AutoCloseFd critical_map;
  kj::AutoCloseFd bulk_map;
  int snapshot_link = -1;       // owned by links
  rg_shared* shared = nullptr;  // mapped for the life of the process
};

// Reads the object, checks its owner and ABI version, loads and attaches what the plan switches on.
// Ends the program with one line on stderr if a required hook cannot be had.
Sensor LoadAndAttach(const Plan& plan, const char* object_path);

}  // namespace randguard::collector

#endif  // COLLECTOR_SENSOR_H_

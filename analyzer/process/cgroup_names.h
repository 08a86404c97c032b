// SPDX-License-Identifier: Apache-2.0
//
// Paths of cgroups by id, and the containers that they name. Bounded in entries and in bytes. No
// record reports that a cgroup was removed, so names are kept by use: those in which no process
// lives go first, the longest-unused before others.
#ifndef ANALYZER_PROCESS_CGROUP_NAMES_H_
#define ANALYZER_PROCESS_CGROUP_NAMES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "analyzer/process/container.h"

namespace randguard {

struct Cgroup {
  std::string path;
  std::vector<Container> containers;  // the outermost first
  std::string nested;  // all but the first as [rootless-]RUNTIME:ID, each ends with NUL
};

class CgroupNames {
 public:
  // Each living process is in one cgroup. So with room for as many names as for processes, a name
  // in use has to go only for want of bytes.
  explicit CgroupNames(std::size_t capacity)
      : capacity_(capacity), capacity_bytes_(capacity * kBytesEach) {}

  // The table may then be one entry beyond its capacity: see HasRoom().
  void Set(std::uint64_t id, std::string_view path) {
    const auto [it, is_new] = names_.try_emplace(id);
    Entry& entry = it->second;
    entry.used = ++now_;
    if (!is_new && entry.cgroup.path == path) return;
    bytes_ -= entry.bytes;
    entry.cgroup = Cgroup{.path = std::string(path), .containers = ContainersOf(path)};
    for (std::size_t i = 1; i < entry.cgroup.containers.size(); ++i) {
      const Container& container = entry.cgroup.containers[i];
      if (container.rootless) entry.cgroup.nested += "rootless-";
      entry.cgroup.nested += Name(container.runtime);
      entry.cgroup.nested += ':' + container.id + '\0';
    }
    entry.bytes = BytesOf(entry.cgroup);
    bytes_ += entry.bytes;
  }

  // Null if unknown. Finding it is using it.
  const Cgroup* Find(std::uint64_t id) {
    const auto it = names_.find(id);
    if (it == names_.end()) return nullptr;
    it->second.used = ++now_;
    return &it->second.cgroup;
  }

  bool HasRoom() const { return names_.size() <= capacity_ && bytes_ <= capacity_bytes_; }

  // Forgets an eighth of the names, or more until the rest fits. `for_each_in_use(use)` calls
  // use(id) for each cgroup that a process lives in. The name that was set or found last stays.
  template <typename ForEachInUse>
  void MakeRoom(ForEachInUse&& for_each_in_use) {
    const std::uint64_t latest = now_;
    ++sweep_;
    for_each_in_use([this](std::uint64_t id) {
      const auto it = names_.find(id);
      if (it != names_.end()) it->second.in_use = sweep_;
    });
    struct Candidate {
      int rank;  // the lower one goes first
      std::uint64_t used, id;
      bool in_use;
    };
    std::vector<Candidate> candidates;
    candidates.reserve(names_.size());
    for (const auto& [id, entry] : names_) {
      if (entry.used == latest) continue;
      const bool in_use = entry.in_use == sweep_;
      // No runtime makes long names, but somebody who wants the room of others does.
      const int rank = !in_use ? 0 : entry.bytes > kLong ? 1 : 2;
      candidates.push_back({rank, entry.used, id, in_use});
    }
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
      return a.rank != b.rank ? a.rank < b.rank : a.used < b.used;
    });
    const std::size_t enough = capacity_ - capacity_ / 8;
    const std::size_t enough_bytes = capacity_bytes_ - capacity_bytes_ / 8;
    for (const Candidate& one : candidates) {
      if (names_.size() <= enough && bytes_ <= enough_bytes) return;
      const auto it = names_.find(one.id);
      bytes_ -= it->second.bytes;
      names_.erase(it);
      if (one.in_use) ++evicted_;
    }
  }

  void Clear() {
    names_.clear();
    bytes_ = 0;
  }

  std::size_t size() const { return names_.size(); }
  std::size_t bytes() const { return bytes_; }
  // Names of cgroups in use that were forgotten.
  std::uint64_t evicted() const { return evicted_; }

 private:
  static constexpr std::size_t kBytesEach = 256;  // on average, with what is made of the name
  static constexpr std::size_t kLong = 512;

  struct Entry {
    Cgroup cgroup;
    std::size_t bytes = 0;
    std::uint64_t used = 0;    // when, by now_
    std::uint64_t in_use = 0;  // the sweep that found a process in it
  };

  static std::size_t BytesOf(const Cgroup& cgroup) {
    std::size_t bytes = cgroup.path.capacity() + cgroup.nested.capacity();
    for (const Container& one : cgroup.containers) bytes += sizeof(one) + one.id.capacity();
    return bytes;
  }

  const std::size_t capacity_;
  const std::size_t capacity_bytes_;
  absl::node_hash_map<std::uint64_t, Entry> names_;
  std::size_t bytes_ = 0;
  std::uint64_t now_ = 0;
  std::uint64_t sweep_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_PROCESS_CGROUP_NAMES_H_

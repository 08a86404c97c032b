// SPDX-License-Identifier: Apache-2.0
//
// Paths of cgroups by id, and the containers that they name. Bounded: the id that came first is
// evicted first (FIFO), and counted.
#ifndef ANALYZER_PROCESS_CGROUP_NAMES_H_
#define ANALYZER_PROCESS_CGROUP_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/node_hash_map.h"
#include "analyzer/process/container.h"

namespace randguard {

struct Cgroup {
  std::string path;
  std::optional<Container> container;  // borrows from `path`
};

class CgroupNames {
 public:
  explicit CgroupNames(std::size_t capacity) : capacity_(capacity) {}

  void Set(std::uint64_t id, std::string_view path) {
    const auto [it, is_new] = names_.try_emplace(id);
    if (is_new || it->second.path != path) {
      it->second.path = path;
      it->second.container = ContainerOf(it->second.path);
    }
    if (!is_new) return;
    order_.push_back(id);
    if (order_.size() <= capacity_) return;
    names_.erase(order_.front());
    order_.pop_front();
    ++evicted_;
  }

  // Null if unknown.
  const Cgroup* Find(std::uint64_t id) const {
    const auto it = names_.find(id);
    return it == names_.end() ? nullptr : &it->second;
  }

  void Clear() {
    names_.clear();
    order_.clear();
  }

  std::size_t size() const { return names_.size(); }
  std::uint64_t evicted() const { return evicted_; }

 private:
  const std::size_t capacity_;
  absl::node_hash_map<std::uint64_t, Cgroup> names_;
  std::deque<std::uint64_t> order_;
  std::uint64_t evicted_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_PROCESS_CGROUP_NAMES_H_

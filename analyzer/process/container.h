// SPDX-License-Identifier: Apache-2.0
//
// Containers, as far as the paths of cgroups name them.
#ifndef ANALYZER_PROCESS_CONTAINER_H_
#define ANALYZER_PROCESS_CONTAINER_H_

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/event/value_sets.h"

namespace randguard {

struct Container {
  ContainerRuntime runtime = ContainerRuntime::kDocker;
  std::string id;         // 64 hex digits; of some runtimes a name that somebody chose
  bool rootless = false;  // a user's own, whose name that user can choose

  friend bool operator==(const Container&, const Container&) = default;
};

// The containers that the path of a cgroup names, the outermost first. A name counts only where
// root or a runtime has put it. Whoever lives within a container can make up those that follow.
std::vector<Container> ContainersOf(std::string_view cgroup_path);

}  // namespace randguard

#endif  // ANALYZER_PROCESS_CONTAINER_H_

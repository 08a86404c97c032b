// SPDX-License-Identifier: Apache-2.0
//
// Containers, as far as the paths of cgroups name them.
#ifndef ANALYZER_PROCESS_CONTAINER_H_
#define ANALYZER_PROCESS_CONTAINER_H_

#include <optional>
#include <string_view>

#include "analyzer/event/value_sets.h"

namespace randguard {

struct Container {
  ContainerRuntime runtime = ContainerRuntime::kDocker;
  std::string_view id;  // 64 hex digits; of nspawn and lxc the machine's name. Part of the path
};

// The innermost container that the path of a v2 cgroup names; nullopt if there is none that is
// known here.
std::optional<Container> ContainerOf(std::string_view cgroup_path);

}  // namespace randguard

#endif  // ANALYZER_PROCESS_CONTAINER_H_

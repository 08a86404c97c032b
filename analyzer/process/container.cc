// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/container.h"

#include <algorithm>
#include <cstddef>

namespace randguard {
namespace {

constexpr std::size_t kIdDigits = 64;

bool IsId(std::string_view text) {
  return text.size() == kIdDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// With systemd, a container is a scope, and the scope's name begins with the runtime's name.
struct Prefix {
  std::string_view text;
  ContainerRuntime runtime;
};
constexpr Prefix kScopes[] = {
    {"docker-", ContainerRuntime::kDocker},
    {"cri-containerd-", ContainerRuntime::kContainerd},
    {"containerd-", ContainerRuntime::kContainerd},
    {"crio-", ContainerRuntime::kCriO},
    {"cri-o-", ContainerRuntime::kCriO},
    {"libpod-", ContainerRuntime::kPodman},
    {"nerdctl-", ContainerRuntime::kContainerd},
};
// Containers whose names the administrator chooses, instead of an id.
constexpr Prefix kMachines[] = {
    {"systemd-nspawn@", ContainerRuntime::kSystemdNspawn},
    {"lxc.payload.", ContainerRuntime::kLxc},
};

std::string_view WithoutSuffix(std::string_view text) {
  for (const std::string_view suffix : {".scope", ".service"}) {
    if (text.ends_with(suffix)) text.remove_suffix(suffix.size());
  }
  return text;
}

// `parent` is the component before `component`.
std::optional<Container> FromComponent(std::string_view component, std::string_view parent) {
  const std::string_view unit = WithoutSuffix(component);
  for (const Prefix& scope : kScopes) {
    if (unit.starts_with(scope.text) && IsId(unit.substr(scope.text.size()))) {
      return Container{scope.runtime, unit.substr(scope.text.size())};
    }
  }
  for (const Prefix& machine : kMachines) {
    if (unit.starts_with(machine.text) && unit.size() > machine.text.size()) {
      return Container{machine.runtime, unit.substr(machine.text.size())};
    }
  }
  // Without systemd, the container's id is a folder in the runtime's folder.
  if (IsId(component)) {
    if (parent == "docker") return Container{ContainerRuntime::kDocker, component};
    if (parent.starts_with("pod") || parent.starts_with("kubepods")) {
      return Container{ContainerRuntime::kKubernetes, component};
    }
  }
  if (parent == "lxc" && !component.empty()) return Container{ContainerRuntime::kLxc, component};
  return std::nullopt;
}

}  // namespace

std::optional<Container> ContainerOf(std::string_view path) {
  std::optional<Container> innermost;
  std::string_view parent;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view component = path.substr(at, end - at);
    if (auto container = FromComponent(component, parent)) innermost = container;
    parent = component;
    at = end + 1;
  }
  return innermost;
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/config/config.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "analyzer/config/names.h"

namespace randguard {

namespace {

template <typename E>
std::vector<E> All() {
  std::vector<E> all;
  for (std::size_t i = 0; i < std::size(EnumTraits<E>::kNames); ++i) {
    all.push_back(static_cast<E>(i));
  }
  return all;
}

}  // namespace

std::vector<Behaviour> AllBehaviour() { return All<Behaviour>(); }
std::vector<FileHook> AllFileHooks() { return All<FileHook>(); }
std::vector<NetworkHook> AllNetworkHooks() { return All<NetworkHook>(); }

std::vector<std::string> Config::Unsupported() const {
  std::vector<std::string> warnings;
  const auto enabled =
      std::count_if(rules.begin(), rules.end(), [](const Rule& rule) { return rule.enabled; });
  if (enabled > 0) {
    warnings.push_back(absl::StrFormat(
        "rules: %d enabled, but this version does not evaluate rules yet: none raises an alert",
        enabled));
  }
  const std::size_t marks = detections.persistence.size() + detections.network.size();
  if (marks > 0) {
    warnings.push_back(
        absl::StrFormat("detections: %d written, but this version does not evaluate detections "
                        "yet: none marks an event",
                        marks));
  }
  if (performance.drop_when_full) {
    warnings.emplace_back(
        "performance.drop_when_full is true, but this version always waits for its output; what "
        "the "
        "ring buffers cannot hold meanwhile is counted as lost");
  }
  return warnings;
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_DOCTOR_STORAGE_H_
#define ANALYZER_DOCTOR_STORAGE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "analyzer/config/config.h"
#include "analyzer/doctor/finding.h"

namespace randguard::doctor {

// The file system that holds a folder.
struct Space {
  std::uint64_t device = 0;
  std::uint64_t free = 0;             // bytes that an unprivileged user may write
  std::optional<std::uint64_t> used;  // bytes of the folder's own files; absent: it may not be read
};
// Where there is no such folder yet, of the one that it would be in. Absent: that is not there,
// too.
std::optional<Space> SpaceOf(const std::string& folder);

// Whether what the configuration keeps has room on its disks.
Findings StorageFindings(
    const Config& config,
    absl::FunctionRef<std::optional<Space>(const std::string& folder)> space = SpaceOf);

}  // namespace randguard::doctor

#endif  // ANALYZER_DOCTOR_STORAGE_H_

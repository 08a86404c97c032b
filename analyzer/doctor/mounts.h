// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_DOCTOR_MOUNTS_H_
#define ANALYZER_DOCTOR_MOUNTS_H_

#include <string>
#include <string_view>
#include <vector>

namespace randguard::doctor {

struct Mount {
  std::string point;
  std::string type;  // of the file system: "ext4", "fuse.sshfs"
};

// The lines of /proc/PID/mountinfo (proc(5)); a line that is none is passed over.
std::vector<Mount> ParseMounts(std::string_view mountinfo);

}  // namespace randguard::doctor

#endif  // ANALYZER_DOCTOR_MOUNTS_H_

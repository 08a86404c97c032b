// SPDX-License-Identifier: Apache-2.0
//
// Which programs are the host's own. A path is a name, and names can be had: in a mount namespace
// of one's own, any file is /usr/bin/dpkg. So trust asks who can have written the program, and
// where the program runs.
#ifndef ANALYZER_PROCESS_TRUST_H_
#define ANALYZER_PROCESS_TRUST_H_

#include <cstdint>
#include <optional>
#include <string>

#include "analyzer/event/events.h"

namespace randguard {

class Trust {
 public:
  // The first process and the parent of all kernel threads are in the host's namespaces. A snapshot
  // may lack either.
  void NoteHost(const ProcessStart& event);
  void Clear() { *this = Trust(); }

  // Is the mount namespace another one than the host's? Absent: one of them is not known.
  std::optional<bool> IsForeign(std::uint32_t mount_namespace) const {
    if (mount_namespace == 0 || host_.mnt == 0) return std::nullopt;
    return mount_namespace != host_.mnt;
  }

  // The value of trusted_exe. `snapshot`: the program was started earlier, and a package may have
  // replaced its file since. `contained`: the process is in a container.
  std::optional<bool> IsTrusted(const ProcessStart& event, bool snapshot, bool contained) const;

 private:
  struct File;

  // Nobody but root can have written the file, and it is where only root puts files.
  bool IsTrusted(const File& file, bool foreign) const;

  Namespaces host_;  // 0: not known
  // The file system of the first process's program: its device, 0 for not known, and where in it
  // the host's root directory is.
  std::uint32_t dev_ = 0;
  std::string root_;
};

}  // namespace randguard

#endif  // ANALYZER_PROCESS_TRUST_H_

// SPDX-License-Identifier: Apache-2.0
//
// The rights that the analyzer takes away from itself before it reads anybody else's bytes. So the
// analyzer is confined wherever it runs, not only under a service manager that confines it.
#ifndef ANALYZER_CONFINE_CONFINE_H_
#define ANALYZER_CONFINE_CONFINE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/event/reports.h"

namespace randguard {

// FailedPrecondition, with the remedy, if this process is root or holds any capability.
// `allow_root` is for development: root passes, and the rest of the confinement holds.
absl::Status CheckUnprivileged(bool allow_root);

struct WrittenFile {
  std::string path;
  bool segments = false;  // files beside it are made, cut and removed
  bool read = false;      // and read
};

// Files and folders that are opened by name after the confinement. All others were opened before.
struct OpenLater {
  // Read again: this file, its folder, the rules.d there, and the folders that links in these lead
  // to now.
  std::optional<std::string> config;
  std::vector<WrittenFile> outputs;    // these files are opened again, renamed and made anew
  std::optional<std::string> state;    // this folder is written
  std::optional<std::string> users;    // this file is read again; another may take its place
  std::vector<std::string> rules;      // these files and folders are read again
  std::optional<std::string> metrics;  // a new file takes the place of this one
};

// For the service: no new privileges, no dumps, Landlock where the kernel has it, and only the
// system calls of the list in syscalls.cc; any other call kills the process. Call this while there
// is one thread, and before anything is received. Returns what holds now, for health. An error
// means that the host refused something that every supported kernel has.
absl::StatusOr<ConfinementHealth> ConfineService(const OpenLater& later);

// For commands that read a file of unknown origin and write its content. Nothing can be opened
// afterwards. Success needs no report.
absl::Status ConfineReader();

// For the canary's process: waits for requests and starts processes that end at once. It opens
// nothing and sends nothing.
absl::Status ConfineCanary();

}  // namespace randguard

#endif  // ANALYZER_CONFINE_CONFINE_H_

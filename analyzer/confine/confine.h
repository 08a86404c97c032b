// SPDX-License-Identifier: Apache-2.0
//
// What the analyzer takes away from itself before it reads a byte of anybody else's, so that it is
// confined wherever it runs, not only under a service manager that sees to it.
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
// `allow_root` is for development: it is let pass, and the rest of the confinement holds.
absl::Status CheckUnprivileged(bool allow_root);

// What goes on being used by name. Everything else was opened before.
struct OpenLater {
  // This file, its folder, the rules.d there, and the folders that links in these lead to now are
  // read again.
  std::optional<std::string> config;
  std::optional<std::string> output;  // this file is opened again, renamed and made anew
  std::optional<std::string> state;   // this folder is written
};

// For the service: no new privileges, no dumps, Landlock where the kernel has it, and only the
// system calls of the list in syscalls.cc; any other kills the process. One thread, nothing
// received yet. Returns what holds now, for health. An error means that something that every
// supported kernel has was refused.
absl::StatusOr<ConfinementHealth> ConfineService(const OpenLater& later);

// For commands that read a file that may be anybody's and write what is in it. Nothing can be
// opened afterwards; there is nothing to be said about it unless it fails.
absl::Status ConfineReader();

}  // namespace randguard

#endif  // ANALYZER_CONFINE_CONFINE_H_

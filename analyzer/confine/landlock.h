// SPDX-License-Identifier: Apache-2.0
//
// Landlock (landlock(7)): which files this process can still open. Made of raw system calls,
// because the C library has no functions for them.
#ifndef ANALYZER_CONFINE_LANDLOCK_H_
#define ANALYZER_CONFINE_LANDLOCK_H_

#include <string>

#include "absl/status/statusor.h"
#include "analyzer/confine/confine.h"

namespace randguard {

struct LandlockResult {
  unsigned abi = 0;     // what the kernel offers; 0: no Landlock
  std::string missing;  // restrictions that this kernel does not have; empty: all hold
};

// Forbids, as far as the kernel can: TCP, signals to other processes, abstract unix sockets, and
// every file access that `later` does not name. Needs no_new_privs.
absl::StatusOr<LandlockResult> RestrictFiles(const OpenLater& later);

}  // namespace randguard

#endif  // ANALYZER_CONFINE_LANDLOCK_H_

// SPDX-License-Identifier: Apache-2.0
//
// Landlock (landlock(7)): which files this process can still open. By raw system calls, for the C
// library has none.
#ifndef ANALYZER_CONFINE_LANDLOCK_H_
#define ANALYZER_CONFINE_LANDLOCK_H_

#include <string>

#include "absl/status/statusor.h"
#include "analyzer/confine/confine.h"

namespace randguard {

struct LandlockResult {
  unsigned abi = 0;     // what the kernel offers; 0: no Landlock
  std::string missing;  // what of the restrictions this kernel does not have; empty: all hold
};

// Takes away: every file access but that in `later`, TCP, signals to other processes and abstract
// unix sockets, as far as the kernel can. Needs no_new_privs.
absl::StatusOr<LandlockResult> RestrictFiles(const OpenLater& later);

}  // namespace randguard

#endif  // ANALYZER_CONFINE_LANDLOCK_H_

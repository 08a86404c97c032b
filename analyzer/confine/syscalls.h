// SPDX-License-Identifier: Apache-2.0
//
// The system calls that remain allowed, by seccomp.
#ifndef ANALYZER_CONFINE_SYSCALLS_H_
#define ANALYZER_CONFINE_SYSCALLS_H_

#include <string>

#include "absl/status/statusor.h"
#include "analyzer/event/value_sets.h"

namespace randguard {

enum class CallList {
  kService,  // the analyzer in its steady state
  kReader,   // reads and writes what is open, and nothing else
  kCanary,   // the canary's process
};

// Afterwards any call that is not on the list kills the process. Returns kOff in a build whose
// sanitizers call the kernel themselves.
absl::StatusOr<SeccompState> RestrictCalls(CallList list);

// The list as rows of the table in docs/privileged-surface.md, for the test that compares them.
std::string AllowedCalls();

}  // namespace randguard

#endif  // ANALYZER_CONFINE_SYSCALLS_H_

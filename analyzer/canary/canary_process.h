// SPDX-License-Identifier: Apache-2.0
//
// The process that makes something happen: when it is asked to, it starts a process that ends at
// once. It may do nothing else.
#ifndef ANALYZER_CANARY_CANARY_PROCESS_H_
#define ANALYZER_CANARY_CANARY_PROCESS_H_

#include <kj/io.h>

#include <utility>

#include "absl/status/statusor.h"

namespace randguard {

class CanaryProcess {
 public:
  // Makes it. To be called before this process confines itself, for then it may make no other, and
  // better before it needs much memory, of which the canary's process keeps a copy. That process
  // ends with this one, and keeps nothing of it open.
  static absl::StatusOr<CanaryProcess> Start();

  // Asks for one. False: the process is gone, or has not done what it was asked to before.
  bool Ask();

 private:
  explicit CanaryProcess(kj::AutoCloseFd process) : process_(std::move(process)) {}
  kj::AutoCloseFd process_;  // a socket: a byte for each request, and one for each answer
  bool asked_ = false;       // and not answered
};

}  // namespace randguard

#endif  // ANALYZER_CANARY_CANARY_PROCESS_H_

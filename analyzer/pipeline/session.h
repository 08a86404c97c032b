// SPDX-License-Identifier: Apache-2.0
//
// The session with a collector: which host and boot it is about, and what time it is there.
#ifndef ANALYZER_PIPELINE_SESSION_H_
#define ANALYZER_PIPELINE_SESSION_H_

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "analyzer/output/json/session_context.h"
#include "schema/telemetry.capnp.h"

namespace randguard {

class Session {
 public:
  // An error if something is wrong with a hello. Only a hello that is right may begin a session.
  static absl::Status Check(wire::Hello::Reader hello);

  struct Beginning {
    bool other_boot = false;    // than that of the session before
    std::uint64_t last_ns = 0;  // newest time that was seen of this boot; 0: none
  };
  Beginning Begin(wire::Hello::Reader hello);
  void End() { connected_ = false; }

  // An error if there is no session: the message in hand came before its hello.
  absl::Status Need() const;
  // The stream's time never goes back within a boot.
  void Advance(std::uint64_t time_ns) { now_ns_ = std::max(now_ns_, time_ns); }

  bool connected() const { return connected_; }
  const SessionContext& context() const { return context_; }
  std::uint64_t count() const { return count_; }    // sessions so far
  std::uint64_t now_ns() const { return now_ns_; }  // of the newest message

 private:
  bool connected_ = false;
  SessionContext context_;
  std::uint64_t count_ = 0;
  std::uint64_t now_ns_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_SESSION_H_

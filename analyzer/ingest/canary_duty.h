// SPDX-License-Identifier: Apache-2.0
//
// Sends canaries through all stages of a service, and writes a line for each that comes back.
#ifndef ANALYZER_INGEST_CANARY_DUTY_H_
#define ANALYZER_INGEST_CANARY_DUTY_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "analyzer/canary/canary_process.h"
#include "analyzer/canary/canary_watch.h"
#include "analyzer/output/sinks/sink.h"
#include "analyzer/pipeline/pipeline.h"

namespace randguard {

class CanaryDuty {
 public:
  // References are kept. Without an interval there are no canaries.
  CanaryDuty(std::chrono::seconds interval, std::optional<CanaryProcess> process,
             Pipeline& pipeline, const Sink& out);

  // Makes the canary's process, unless it is there; before the confinement.
  absl::Status Start();

  // When Tick() has something to do even if no message comes.
  CanaryWatch::Time due() const;
  void OnMessage() { ++messages_; }  // of a collector, of any kind
  // After messages, and when it is due. True: health is another one now, and should be written.
  bool Tick();

  void AddTo(Health& health) const;
  // Why the host is not observed, as far as canaries show; absent: it is.
  std::optional<std::string> Trouble() const;
  // A stage is silent. (Without the process that makes it happen, nobody knows.)
  bool blind() const;

 private:
  CanaryWatch::Progress Progress() const;
  // Writes the line of one that has come back. True: it is the first one after silence.
  bool LookForOne(const CanaryWatch::Progress& progress);

  const std::chrono::seconds interval_;
  Pipeline& pipeline_;
  const Sink& out_;
  std::uint64_t messages_ = 0;
  std::optional<CanaryProcess> process_;
  std::optional<CanaryWatch> watch_;
};

}  // namespace randguard

#endif  // ANALYZER_INGEST_CANARY_DUTY_H_

// SPDX-License-Identifier: Apache-2.0
//
// Messages in, lines out. The same for a live collector and for a capture: it looks at no clock and
// no file of the host, so a capture gives the same lines again.
#ifndef ANALYZER_PIPELINE_PIPELINE_H_
#define ANALYZER_PIPELINE_PIPELINE_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "analyzer/config/config.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/json/session_context.h"
#include "analyzer/output/sinks/sink.h"
#include "analyzer/pipeline/cursor.h"
#include "analyzer/wire/message.h"

namespace randguard {

class Detector;
class RuleSet;

class Pipeline {
 public:
  // The reference to `out` is kept. Without rules nothing is detected.
  Pipeline(const Config& config, Sink& out, std::shared_ptr<const RuleSet> rules = nullptr);
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;
  ~Pipeline();

  // Puts others in the place of the rules in force; between two messages.
  void SetRules(std::shared_ptr<const RuleSet> rules);
  Detector& detector();

  // Handles one message. An error is the peer's fault and ends its session; what came before it is
  // written.
  absl::Status OnMessage(wire::Message::Reader message);
  // The session is over: writes what was held back.
  void EndSession();

  // How far this analyzer has got; what is held back is not printed. Before the first Hello, how
  // far the one before it had got.
  Cursor cursor() const;

  // Passes on what was written so far. The pipeline does so by itself where one message makes many
  // lines.
  void Flush();
  // Called after each Flush(): cursor() and next_seq() are then about what has been passed on, and
  // fewer than LineNumbers::kReserved lines are until the next call.
  void SetProgress(std::function<void()> progress);

  // Numbers of lines go on behind those of the analyzer before this one, whatever boot a collector
  // names; without that, they begin with 1. If some of its lines may not have been written, a loss
  // record says which. `host` is what lines say until a collector has said it, `now_ns` the host's
  // time since boot. To be called before the first message that makes lines.
  void ContinueNumbers(const LineNumbers& before, const SessionContext& host, std::uint64_t now_ns);
  std::uint64_t next_seq() const;  // as in LineNumbers
  std::uint64_t sure_seq() const;

  // Lines that the output lost and that are not reported yet: a loss record, once it works again.
  // True: one was written. For live use; a replay that loses lines has failed.
  bool ReportOutputLosses();

  // Fills in what the pipeline knows. The caller adds what it takes a host to know.
  void FillHealth(Health& health) const;
  void WriteHealth(const Health& health);
  // New processes and threads, canaries among them that have come as far as the rules, and those
  // that the rule has fired for.
  struct Canaries {
    std::uint64_t forks = 0, seen = 0, fired = 0;
    EventId last = {};
  };
  const Canaries& canaries() const;
  void WriteCanary(const Canary& canary);
  bool detects() const;          // rules are evaluated
  bool heard_collector() const;  // its counters are known
  // Records of a kind that the kernel's programs have stored, as of the last heartbeat.
  std::uint64_t stored(unsigned kind) const;
  bool connected() const;
  std::uint64_t alerts_written() const;
  std::uint64_t events_written() const;
  std::uint64_t records_read() const;
  std::uint64_t plan_digest() const;
  std::uint64_t invalid_records() const;
  std::uint64_t losses() const;
  // How often the kernel did not run programs, as far as this analyzer has reported it.
  std::uint64_t skipped() const;

 private:
  // The stages, known to pipeline.cc alone: every event's type and all that is done with it is too
  // much for whoever only has messages to hand in.
  class Stages;
  const std::unique_ptr<Stages> stages_;
};

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_PIPELINE_H_

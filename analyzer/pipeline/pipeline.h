// SPDX-License-Identifier: Apache-2.0
//
// Messages in, lines out. The same for a live collector and for a capture: it looks at no clock and
// no file of the host, so a capture gives the same lines again.
#ifndef ANALYZER_PIPELINE_PIPELINE_H_
#define ANALYZER_PIPELINE_PIPELINE_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "analyzer/config/config.h"
#include "analyzer/decode/record.h"
#include "analyzer/detect/detector.h"
#include "analyzer/event/events.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/json/event_writer.h"
#include "analyzer/output/sinks/sink.h"
#include "analyzer/pipeline/collector_state.h"
#include "analyzer/pipeline/cursor.h"
#include "analyzer/pipeline/loss_accounting.h"
#include "analyzer/pipeline/merge.h"
#include "analyzer/pipeline/session.h"
#include "analyzer/pipeline/telemetry_filter.h"
#include "analyzer/process/enricher.h"
#include "analyzer/wire/message.h"

namespace randguard {

class Pipeline {
 public:
  // The reference to `out` is kept. Without rules nothing is detected.
  Pipeline(const Config& config, Sink& out, std::shared_ptr<const RuleSet> rules = nullptr);
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Puts others in the place of the rules in force; between two messages.
  void SetRules(std::shared_ptr<const RuleSet> rules) { detector_.SetRules(std::move(rules)); }
  Detector& detector() { return detector_; }

  // Handles one message. An error is the peer's fault and ends its session; what came before it is
  // written.
  absl::Status OnMessage(wire::Message::Reader message);
  // The session is over: writes what was held back.
  void EndSession();

  // How far this analyzer has got; what is held back is not printed. Before the first Hello, how
  // far the one before it had got.
  Cursor cursor() const { return losses_.cursor(merge_.held()); }

  // Lines that the output lost and that are not reported yet: a loss record, once it works again.
  // True: one was written. For live use; a replay that loses lines has failed.
  bool ReportOutputLosses();

  // Fills in what the pipeline knows. The caller adds what it takes a host to know.
  void FillHealth(Health& health) const;
  void WriteHealth(const Health& health);
  bool connected() const { return session_.connected(); }
  std::uint64_t alerts_written() const { return counts_.alerts_written; }
  std::uint64_t events_written() const { return counts_.events_written; }
  std::uint64_t records_read() const { return counts_.records_read; }
  std::uint64_t plan_digest() const { return collector_.plan_digest(); }
  std::uint64_t invalid_records() const {
    return counts_.invalid_schema + counts_.unsupported_kind;
  }
  std::uint64_t losses() const { return losses_.reported(); }

 private:
  // Of records and events: what became of each.
  struct Counts {
    std::uint64_t records_read = 0, invalid_schema = 0, unsupported_kind = 0;
    std::uint64_t events_written = 0, filtered = 0, rate_limited = 0, alerts_written = 0;
    std::uint64_t reconciled = 0, unknown_messages = 0;
  };

  absl::Status OnHello(wire::Hello::Reader hello);
  absl::Status OnSnapshot(wire::Snapshot::Reader snapshot);
  absl::Status OnBatch(wire::Batch::Reader batch);
  absl::Status OnHeartbeat(wire::Heartbeat::Reader heartbeat);
  void OnContext(wire::Context::Reader context);
  // The stream has got to a time: forgets what is too old for it.
  void Expire();

  // Decode, enrich.
  void OnRecord(RecordBytes bytes, bool snapshot);
  // Detect, filter, write: the event, then the alerts that it caused.
  template <typename E>
  void Emit(E& event);
  void WriteAlert(const Alert& alert);
  void WriteLoss(const Loss& loss);

  Sink& out_;
  EventWriter writer_;
  Merge merge_;
  Event event_;  // that is being handled
  Session session_;
  CollectorState collector_;
  LossAccounting losses_;
  Enricher enricher_;
  TelemetryFilter filter_;
  Detector detector_;
  Counts counts_;
};

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_PIPELINE_H_

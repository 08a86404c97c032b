// SPDX-License-Identifier: Apache-2.0
//
// Messages in, lines out. The same for a live collector and for a capture: it looks at no clock and
// no file of the host, so a capture gives the same lines again.
#ifndef ANALYZER_PIPELINE_PIPELINE_H_
#define ANALYZER_PIPELINE_PIPELINE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "analyzer/config/config.h"
#include "analyzer/decode/record.h"
#include "analyzer/detect/detector.h"
#include "analyzer/event/events.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/json/event_writer.h"
#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/pipeline/loss_tracker.h"
#include "analyzer/pipeline/merge.h"
#include "analyzer/pipeline/rate_limit.h"
#include "analyzer/process/cgroup_names.h"
#include "analyzer/process/process_table.h"
#include "analyzer/wire/message.h"

namespace randguard {

class Pipeline {
 public:
  // The reference to `out` is kept. Without rules nothing is detected.
  Pipeline(const Config& config, LineSink& out, std::shared_ptr<const RuleSet> rules = nullptr);
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

  // Records that an earlier analyzer was handed and did not print, as far as can be told: counted
  // and written as a loss when the next Hello shows how many there were. It is about the life of
  // the collector named by (boot id, start).
  struct Cursor {
    std::string boot_id;
    std::uint64_t collector_start_ns = 0;
    std::uint64_t records = 0;              // printed
    std::optional<KindCounters> lost = {};  // kernel losses reported
    bool SameLife(const Cursor& other) const {
      return boot_id == other.boot_id && collector_start_ns == other.collector_start_ns;
    }
  };
  void SetCursor(Cursor cursor) { cursor_before_ = std::move(cursor); }
  // How far this analyzer has got; what is held back is not printed. Before the first Hello, how
  // far the one before it had got.
  Cursor cursor() const;

  // Lines that the output lost and that are not reported yet: a loss record, once it works again.
  // True: one was written. For live use; a replay that loses lines has failed.
  bool ReportOutputLosses();

  // Fills in what the pipeline knows. The caller adds what it takes a host to know.
  void FillHealth(Health& health) const;
  void WriteHealth(Health& health);
  bool connected() const { return connected_; }
  std::uint64_t alerts_written() const { return alerts_written_; }
  std::uint64_t events_written() const { return events_written_; }
  std::uint64_t records_read() const { return records_read_; }
  std::uint64_t plan_digest() const { return plan_digest_; }
  std::uint64_t invalid_records() const { return invalid_schema_ + unsupported_kind_; }
  std::uint64_t losses() const { return losses_reported_; }

 private:
  absl::Status OnHello(wire::Hello::Reader hello);
  void LogSession(wire::Hello::Reader hello) const;
  absl::Status OnSnapshot(wire::Snapshot::Reader snapshot);
  absl::Status OnBatch(wire::Batch::Reader batch);
  void OnHeartbeat(wire::Heartbeat::Reader heartbeat);
  void OnContext(wire::Context::Reader context);
  absl::Status NeedSession() const;

  void OnRecord(RecordBytes bytes, bool snapshot);
  void Handle(ProcessStart& event, bool snapshot);
  void Handle(ProcessExecFailed& event, bool snapshot);
  void Handle(ProcessRelationship& event, bool snapshot);
  void Handle(ProcessExit& event, bool snapshot);
  void Handle(CgroupName& event, bool snapshot);
  void Handle(CredentialsChange& event, bool snapshot);
  template <typename E>
  void Handle(E& event, bool snapshot);  // what changes nothing that is kept

  void Enrich(Actor& actor) const;
  // Rules look at the event; then it is written, or, when `hidden` counts those that are not
  // wanted, counted; then the alerts that it caused.
  template <typename E>
  void Emit(E& event, std::uint64_t* hidden = nullptr);
  void WriteAlert(const Alert& alert);
  void WriteLoss(Loss& loss);
  // The collector is another one than `before`, whose last message this analyzer saw at `last_ns`
  // (0: it saw none).
  void ReportGap(const Cursor& before, std::uint64_t last_ns);
  void ReportKernelLosses(const KindCounters& lost, std::uint64_t time_ns);

  LineSink& out_;
  const std::string agent_id_;
  EventWriter writer_;
  Merge merge_;
  Event event_;  // that is being handled
  LossTracker losses_;
  ProcessTable processes_;
  CgroupNames cgroups_;
  RateLimit rate_limit_;  // of file and network events
  absl::flat_hash_map<std::uint32_t, std::string> users_;
  Detector detector_;

  const bool telemetry_;
  bool show_execve_ = true, show_execveat_ = true, show_fork_ = true, show_exit_ = true;

  bool connected_ = false;
  SessionContext session_;
  Cursor cursor_;
  std::optional<Cursor> cursor_before_;
  std::uint32_t generation_ = 0;
  std::uint64_t now_ns_ = 0;  // time of the stream: of the newest message
  std::uint64_t next_batch_ = 0;
  std::uint64_t plan_digest_ = 0;
  std::uint64_t records_read_ = 0, events_written_ = 0, filtered_ = 0, invalid_schema_ = 0,
                unsupported_kind_ = 0, losses_reported_ = 0, rate_limited_ = 0, alerts_written_ = 0,
                restart_lost_ = 0, reconciled_ = 0, sessions_ = 0, unknown_messages_ = 0;
  std::uint64_t output_lost_ = 0;   // lines, reported
  std::uint64_t output_ok_ns_ = 0;  // time of the stream when the output last worked
  std::vector<HookHealth> hooks_;
  Named<std::uint64_t> stored_, unwatched_, excluded_;  // by kind
  Named<ProgramHealth> programs_;
  CollectorHealth collector_;
};

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_PIPELINE_H_

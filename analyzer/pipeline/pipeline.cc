// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/pipeline.h"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/decode/record.h"
#include "analyzer/detect/detector.h"
#include "analyzer/detect/watched_trees.h"
#include "analyzer/event/enum_counters.h"
#include "analyzer/event/events.h"
#include "analyzer/output/json/event_writer.h"
#include "analyzer/pipeline/collector_state.h"
#include "analyzer/pipeline/loss_accounting.h"
#include "analyzer/pipeline/merge.h"
#include "analyzer/pipeline/session.h"
#include "analyzer/pipeline/telemetry_filter.h"
#include "analyzer/process/enricher.h"
#include "analyzer/wire/record_walker.h"

namespace randguard {
namespace {

// Whoever has walked to the record has seen to it that there is a header.
const rg_header& HeaderOf(RecordBytes record) {
  return *reinterpret_cast<const rg_header*>(record.data());
}

std::uint64_t TimeOf(RecordBytes record) { return HeaderOf(record).time_ns; }

}  // namespace

class Pipeline::Stages {
 public:
  Stages(const Config& config, Sink& out, std::shared_ptr<const RuleSet> rules)
      : out_(out),
        mode_(config.agent.mode),
        agent_id_(config.agent.id),
        writer_(agent_id_, config.output.format),
        enricher_(config.performance.max_process_cache_entries),
        filter_(config),
        trees_(config.file),
        detector_(config, std::move(rules)) {
    writer_.OmitEmpty(config.output.omit_empty);
    detector_.SetContext(
        {.processes = &enricher_.processes(), .users = &enricher_.users(), .agent_id = agent_id_});
  }

  // How many records and events there were, by what became of them.
  struct Counts {
    std::uint64_t records_read = 0, invalid_schema = 0, unsupported_kind = 0;
    std::uint64_t events_written = 0, filtered = 0, rate_limited = 0, alerts_written = 0;
    std::uint64_t reconciled = 0, unknown_messages = 0;
    std::uint64_t skipped = 0, repairs = 0, found_processes = 0, found_programs = 0;
    EnumCounters<Severity> alerts;  // written
  };

  absl::Status OnMessage(wire::Message::Reader message);
  void EndSession();
  void SetRules(std::shared_ptr<const RuleSet> rules) {
    detector_.SetRules(std::move(rules), [this](const Alert& alert) { WriteAlert(alert); });
  }
  bool ReportOutputLosses();
  void Flush();
  void SetProgress(std::function<void()> progress) { progress_ = std::move(progress); }
  void ContinueNumbers(const LineNumbers& before, const SessionContext& host, std::uint64_t now_ns);
  std::uint64_t next_seq() const { return writer_.next_seq(); }
  std::uint64_t sure_seq() const { return sure_seq_; }
  void FillHealth(Health& health) const;
  void WriteHealth(const Health& health) { Write(LineOf(LineKind::kHealth, health)); }
  void WriteCanary(const Canary& canary) { Write(LineOf(LineKind::kCanary, canary)); }
  const Canaries& canaries() const { return canaries_; }

  Detector& detector() { return detector_; }
  const Session& session() const { return session_; }
  const Counts& counts() const { return counts_; }
  std::uint64_t plan_digest() const { return collector_.plan_digest(); }
  std::uint64_t losses() const { return losses_.reported(); }
  bool heard_collector() const { return collector_.heard(); }
  std::uint64_t stored(unsigned kind) const { return collector_.stored(kind); }
  Cursor cursor() const;

 private:
  absl::Status OnHello(wire::Hello::Reader hello);
  absl::Status OnSnapshot(wire::Snapshot::Reader snapshot);
  absl::Status OnBatch(wire::Batch::Reader batch);
  absl::Status OnHeartbeat(wire::Heartbeat::Reader heartbeat);
  void OnContext(wire::Context::Reader context);
  // A part of a snapshot that comes within the session: its records are handled in their turn.
  absl::Status OnRepair(RecordWalker& walker, bool last);
  // That snapshot is whole, and so is all that was before its end.
  void EndRepair();
  // The stream has got to a time: forgets what is too old for it.
  void Expire();

  // Decode, enrich.
  void OnRecord(RecordBytes bytes, Merge::From from, std::uint64_t number);
  // Handles the records up to a time, and holds the others back.
  void Release(std::uint64_t complete_ns);
  // Detect, filter, write: the event, then the alerts that it caused.
  template <typename E>
  void Emit(E& event, unsigned kind);
  void Write(OutputLine line);
  // For this output, and for whoever writes the event otherwise.
  template <typename E>
  OutputLine LineOf(LineKind kind, const E& event) {
    OutputLine line;
    line.text = writer_.Write(event);
    line.kind = kind;
    line.event = &event;
    line.write = [](EventWriter& writer, const void* what) {
      return writer.Write(*static_cast<const E*>(what));
    };
    return line;
  }
  void SetClockOffset(std::int64_t ns) {
    writer_.SetClockOffset(ns);
    out_.SetClockOffset(ns);
  }
  void WriteAlert(const Alert& alert);
  void WriteLoss(const Loss& loss);
  // Loss records for events over the limit; `all`: also those of the second that goes on.
  void ReportLimited(bool all);
  void LogSession(wire::Hello::Reader hello) const;

  // A message may make more lines than this; they are flushed before the message is done.
  static constexpr std::size_t kFlushBytes = std::size_t{256} << 10;

  Sink& out_;
  std::size_t unflushed_bytes_ = 0;
  std::function<void()> progress_;
  std::uint64_t noted_seq_ = 1;  // next_seq() when progress_ was last called
  std::uint64_t sure_seq_ = 1;   // as in LineNumbers
  const AgentMode mode_;
  const std::string agent_id_;
  EventWriter writer_;
  Merge merge_;
  bool has_snapshot_ = false;  // that of the session's beginning is whole
  // A snapshot within the session: whether its first record was handled; the time of its newest
  // record so far, and once it is whole.
  bool repairing_ = false;
  std::uint64_t newest_snapshot_ns_ = 0, repaired_ns_ = 0;
  Event event_;  // that is being handled
  Session session_;
  CollectorState collector_;
  LossAccounting losses_;
  Enricher enricher_;
  TelemetryFilter filter_;
  const WatchedTrees trees_;
  Detector detector_;
  Canaries canaries_;
  Counts counts_;
};

absl::Status Pipeline::Stages::OnMessage(wire::Message::Reader message) {
  switch (message.which()) {
    case wire::Message::HELLO:
      return OnHello(message.getHello());
    case wire::Message::SNAPSHOT:
      return OnSnapshot(message.getSnapshot());
    case wire::Message::BATCH:
      return OnBatch(message.getBatch());
    case wire::Message::HEARTBEAT:
      return OnHeartbeat(message.getHeartbeat());
    case wire::Message::CONTEXT:
      OnContext(message.getContext());
      return absl::OkStatus();
    case wire::Message::SEAL:
      return InvalidInput("a seal, which only captures have");
    case wire::Message::NUMBERS:
      if (message.getNumbers().getSessionEnded()) EndSession();
      writer_.SkipTo(message.getNumbers().getNextSeq());
      return absl::OkStatus();
  }
  ++counts_.unknown_messages;  // of a newer collector
  return absl::OkStatus();
}

absl::Status Pipeline::Stages::OnHello(wire::Hello::Reader hello) {
  EndSession();
  RG_RETURN_IF_ERROR(Session::Check(hello));
  const Session::Beginning beginning = session_.Begin(hello);
  enricher_.BeginSession(beginning.other_boot);
  has_snapshot_ = false;
  writer_.SetSession(session_.context());
  out_.SetSession(session_.context());
  detector_.SetHost(session_.context().host_name);
  if (beginning.other_boot) detector_.BeginBoot();
  collector_.OnHello(hello);
  LogSession(hello);
  losses_.Begin(
      {.collector = {session_.context().boot_id, hello.getCollectorStartNs(), hello.getNextRecord(),
                     ReadKindCounters(hello.getLostBefore()), SumByHook(hello.getSkippedBefore())},
       .next_batch = hello.getNextBatch(),
       .last_ns = beginning.last_ns},
      session_.now_ns(), [this](const Loss& loss) { WriteLoss(loss); });
  return absl::OkStatus();
}

void Pipeline::Stages::LogSession(wire::Hello::Reader hello) const {
  if (!Logs(LogLevel::kDebug)) return;
  const SessionContext& context = session_.context();
  Log(LogLevel::kDebug, "session %d of collector %s on %s, kernel %s, boot %s, plan %016x",
      hello.getSession(), collector_.figures().version, context.host_name,
      collector_.figures().kernel_release, context.boot_id, collector_.plan_digest());
  for (const HookHealth& hook : collector_.hooks()) {
    Log(LogLevel::kDebug, "hook %s is %s%s%s", Name(hook.name), Name(hook.state),
        hook.why.empty() ? "" : ": ", hook.why);
  }
}

absl::Status Pipeline::Stages::OnSnapshot(wire::Snapshot::Reader snapshot) {
  RG_RETURN_IF_ERROR(session_.Need());
  RecordWalker walker(AsBytes(snapshot.getRecords()));
  if (has_snapshot_) return OnRepair(walker, snapshot.getLast());
  for (;;) {
    RG_ASSIGN_OR_RETURN(const auto record, walker.Next());
    if (!record.has_value()) break;
    OnRecord(*record, Merge::From::kSnapshot, /*number=*/0);
  }
  if (snapshot.getLast()) {
    has_snapshot_ = true;
    counts_.reconciled += enricher_.EndSnapshot(session_.now_ns()).ended;
    Log(LogLevel::kDebug, "the snapshot is complete: %d processes known",
        enricher_.processes().size());
  }
  return absl::OkStatus();
}

absl::Status Pipeline::Stages::OnRepair(RecordWalker& walker, bool last) {
  absl::Status damage;
  for (;;) {
    const auto record = walker.Next();
    damage = record.status();
    if (!record.ok() || !record->has_value()) break;
    newest_snapshot_ns_ = std::max(newest_snapshot_ns_, TimeOf(**record));
    merge_.Add(TimeOf(**record), **record, Merge::From::kSnapshot);
  }
  Release(0);  // holds copies back, for the message's memory goes
  if (last) repaired_ns_ = std::exchange(newest_snapshot_ns_, 0);
  return damage;
}

absl::Status Pipeline::Stages::OnBatch(wire::Batch::Reader batch) {
  RG_RETURN_IF_ERROR(session_.Need());
  SetClockOffset(batch.getClockOffsetNs());
  session_.Advance(batch.getDrainedNs());
  const auto report = [this](const Loss& loss) { WriteLoss(loss); };
  losses_.BeginBatch(batch.getSequence(), batch.getFirstRecord(), session_.now_ns(), report);
  losses_.UpdateKernel(ReadKindCounters(batch.getLost()), batch.getDrainedNs(), session_.now_ns(),
                       report);

  RecordWalker walker(AsBytes(batch.getRecords()));
  std::uint64_t next_record = batch.getFirstRecord();
  absl::Status damage;
  while (damage.ok()) {
    const auto record = walker.Next();
    if (!record.ok()) {
      ++counts_.invalid_schema;
      damage = record.status();
      break;
    }
    if (!record->has_value()) break;
    merge_.Add(TimeOf(**record), **record, Merge::From::kLanes, next_record);
    ++next_record;
  }
  if (damage.ok()) next_record = batch.getFirstRecord() + batch.getRecordCount();
  losses_.SetRead(next_record);  // but for those that are held: all of them until Release()
  const auto write = [this](const Alert& alert) { WriteAlert(alert); };
  detector_.SetComplete(batch.getDrainedNs());
  Release(damage.ok() ? batch.getDrainedNs() : UINT64_MAX);
  detector_.AdvanceComplete(write);
  if (repairing_ && repaired_ns_ != 0 && batch.getDrainedNs() >= repaired_ns_) EndRepair();
  Log(LogLevel::kTrace, "batch %d: %d records from %d on, %d held back", batch.getSequence(),
      batch.getRecordCount(), batch.getFirstRecord(), merge_.held());
  Expire();
  return damage;
}

absl::Status Pipeline::Stages::OnHeartbeat(wire::Heartbeat::Reader heartbeat) {
  RG_RETURN_IF_ERROR(session_.Need());
  SetClockOffset(heartbeat.getClockOffsetNs());
  session_.Advance(heartbeat.getTimeNs());
  losses_.UpdateKernel(ReadKindCounters(heartbeat.getCounters().getLost()), heartbeat.getTimeNs(),
                       session_.now_ns(), [this](const Loss& loss) { WriteLoss(loss); });
  losses_.UpdateSkipped(SkippedByHook(heartbeat.getCounters().getPrograms()), heartbeat.getTimeNs(),
                        session_.now_ns(), [this](const Loss& loss) { WriteLoss(loss); });
  collector_.OnHeartbeat(heartbeat);
  Log(LogLevel::kTrace, "heartbeat: %d records are lost so far", losses_.kernel_total());
  Expire();
  return absl::OkStatus();
}

void Pipeline::Stages::OnContext(wire::Context::Reader context) {
  enricher_.ClearUsers(context.getReading());
  for (const auto user : context.getUsers()) {
    enricher_.AddUser(user.getUid(), AsView(user.getName()));
  }
  if (!context.hasPrinted()) return;
  const auto printed = context.getPrinted();
  Cursor before{std::string(AsView(printed.getBootId())), printed.getCollectorStartNs(),
                printed.getRecords()};
  if (printed.hasLost()) before.lost = ReadKindCounters(printed.getLost());
  if (printed.hasSkipped()) before.skipped = ReadHookCounters(printed.getSkipped());
  losses_.SetBefore(std::move(before));
}

void Pipeline::Stages::EndSession() {
  Release(UINT64_MAX);
  // The next session begins with a snapshot of its own.
  repairing_ = false;
  repaired_ns_ = newest_snapshot_ns_ = 0;
  ReportLimited(/*all=*/true);
  detector_.Flush([this](const Alert& alert) { WriteAlert(alert); });
  if (session_.connected()) {
    Log(LogLevel::kDebug, "the session has ended: %d records read, %d events and %d alerts written",
        counts_.records_read, counts_.events_written, counts_.alerts_written);
  }
  session_.End();
}

void Pipeline::Stages::Expire() {
  ReportLimited(/*all=*/false);
  enricher_.Expire(session_.now_ns());
  detector_.Expire(session_.now_ns(), [this](const Alert& alert) { WriteAlert(alert); });
}

bool Pipeline::Stages::ReportOutputLosses() {
  return losses_.UpdateOutput(out_.lost_lines(), out_.failing(), sure_seq_, next_seq(),
                              session_.now_ns(), [this](const Loss& loss) { WriteLoss(loss); });
}

void Pipeline::Stages::Release(std::uint64_t complete_ns) {
  merge_.Release(complete_ns, [this](RecordBytes record, Merge::From from, std::uint64_t number) {
    OnRecord(record, from, number);
    if (unflushed_bytes_ >= kFlushBytes) Flush();
  });
}

Cursor Pipeline::Stages::cursor() const {
  Cursor cursor = losses_.cursor(merge_.held());
  cursor.output = out_.position();
  return cursor;
}

void Pipeline::Stages::Flush() {
  out_.Flush();
  unflushed_bytes_ = 0;
  if (!out_.failing() && out_.lost_lines() == losses_.output_lost()) sure_seq_ = next_seq();
  if (progress_) progress_();
  noted_seq_ = next_seq();
}

void Pipeline::Stages::ContinueNumbers(const LineNumbers& before, const SessionContext& host,
                                       std::uint64_t now_ns) {
  const std::uint64_t next = before.Continued();
  writer_.SetSession(host);
  writer_.ContinueNumbers(before.boot_id, next);
  out_.SetSession(host);
  out_.ContinueNumbers(before.boot_id, next);
  noted_seq_ = next_seq();
  sure_seq_ = before.sure;
  if (sure_seq_ == next_seq()) return;
  Loss loss;
  loss.reason = before.ended ? LossReason::kOutput : LossReason::kUncleanEnd;
  loss.first_seq = before.sure;
  loss.last_seq = next_seq() - 1;
  loss.to_ns = now_ns;
  losses_.Add(std::move(loss), now_ns, [this](const Loss& l) { WriteLoss(l); });
  Flush();  // and noted: a kill from now on does not hide it
}

void Pipeline::Stages::Write(OutputLine line) {
  line.boot_id = writer_.boot_id();
  line.seq = next_seq() - 1;
  unflushed_bytes_ += line.text.size();
  out_.Write(line);
  if (next_seq() - noted_seq_ >= LineNumbers::kReserved) [[unlikely]]
    Flush();
}

void Pipeline::Stages::EndRepair() {
  const Enricher::Findings findings = enricher_.EndSnapshot(session_.now_ns());
  repairing_ = false;
  repaired_ns_ = 0;
  ++counts_.repairs;
  counts_.found_processes += findings.born;
  counts_.found_programs += findings.changed;
  counts_.reconciled += findings.ended;
  Log(LogLevel::kInfo,
      "the kernel skipped programs that report starts and ends of processes; a snapshot found "
      "%d new, %d with another program, %d gone",
      findings.born, findings.changed, findings.ended);
}

void Pipeline::Stages::OnRecord(RecordBytes bytes, Merge::From from, std::uint64_t number) {
  const bool snapshot = from == Merge::From::kSnapshot;
  if (snapshot && has_snapshot_) {
    if (repairing_ && repaired_ns_ != 0 && TimeOf(bytes) > repaired_ns_)
      EndRepair();  // the next one
    if (!std::exchange(repairing_, true)) enricher_.BeginSnapshot();
  }
  ++counts_.records_read;
  if (const absl::Status status = DecodeRecord(bytes, event_); !status.ok()) {
    ++(absl::IsUnimplemented(status) ? counts_.unsupported_kind : counts_.invalid_schema);
    return;
  }
  // Decoded like an exec, but nothing was started.
  const unsigned kind = HeaderOf(bytes).kind;
  if (!snapshot && kind == RG_KIND_process_snapshot) {
    ++counts_.invalid_schema;
    return;
  }
  const auto handle = [&]<typename E>(E& event) {
    if constexpr (requires { event.actor; }) {
      event.actor.event_id = {losses_.collector_start_ns(), number};
    }
    switch (enricher_.Apply(event, snapshot)) {
      case Enricher::Outcome::kHappened:
        if constexpr (Described<E>) Emit(event, kind);
        break;
      case Enricher::Outcome::kNoted:
        break;
      case Enricher::Outcome::kNoChange:
        ++counts_.filtered;
        break;
    }
  };
  std::visit(handle, event_);
}

template <typename E>
void Pipeline::Stages::Emit(E& event, unsigned kind) {
  trees_.Mark(event);
  const bool fired = detector_.Detect(event);
  if constexpr (std::same_as<E, ProcessRelationship>) {
    ++canaries_.forks;
    if (event.actor.comm == Canary::kComm) [[unlikely]] {
      ++canaries_.seen;
      if (fired && detector_.FoundCanary()) ++canaries_.fired;
      canaries_.last = event.actor.event_id;
    }
  }
  switch (filter_.Judge(event, kind)) {
    case TelemetryFilter::Verdict::kWrite:
      ++counts_.events_written;
      Write(LineOf(LineKind::kEvent, event));
      break;
    case TelemetryFilter::Verdict::kFiltered:
      ++counts_.filtered;
      break;
    case TelemetryFilter::Verdict::kRateLimited:
      ++counts_.rate_limited;
      break;
  }
  if (fired) {
    detector_.Raise(event, [this](const Alert& alert) { WriteAlert(alert); });
  }
}

void Pipeline::Stages::ReportLimited(bool all) {
  const std::optional<std::uint64_t> now = session_.now_ns();
  filter_.limit().ReportLimited(all ? std::nullopt : now, [&](const RateLimit::Limited& limited) {
    Loss loss;
    loss.reason = LossReason::kRateLimit;
    loss.kind = KindOf(limited.kind);
    loss.lane = LaneOf(limited.kind);
    loss.count = limited.count;
    loss.total = limited.total;
    loss.from_ns = limited.from_ns;
    loss.to_ns = limited.to_ns;
    loss.causes.emplace();
    for (const RateLimit::Cause& cause : limited.causes) {
      LossCause& shown = loss.causes->emplace_back();
      shown.uid = cause.uid;
      shown.count = cause.count;
      if (!cause.container.empty()) shown.container_id = cause.container;
      const auto user = enricher_.users().find(cause.uid.value_or(0));
      if (cause.uid.has_value() && user != enricher_.users().end()) shown.user = user->second;
    }
    losses_.Add(std::move(loss), session_.now_ns(), [this](const Loss& l) { WriteLoss(l); });
  });
}

void Pipeline::Stages::WriteLoss(const Loss& loss) {
  Log(LogLevel::kDebug, "loss of %s records: %s, %d",
      loss.kind.has_value() ? Name(*loss.kind) : "all", Name(loss.reason), loss.count.value_or(0));
  if (loss.reason == LossReason::kSkipped) counts_.skipped += loss.count.value_or(0);
  Write(LineOf(LineKind::kLoss, loss));
}

void Pipeline::Stages::WriteAlert(const Alert& alert) {
  ++counts_.alerts_written;
  counts_.alerts.Add(alert.severity);
  OutputLine line = LineOf(LineKind::kAlert, alert);  // before ProcessId(), whose text it spoils
  line.alert = &alert;
  line.process_id = writer_.ProcessId(alert.process_id);
  line.agent_id = agent_id_;
  Write(line);
}

void Pipeline::Stages::FillHealth(Health& health) const {
  health.mode = mode_;
  health.raw_events_read = counts_.records_read;
  health.normalized_events_output = counts_.events_written;
  health.alerts_output = counts_.alerts_written;
  health.alerts_by_severity = counts_.alerts.ByName();
  detector_.FillHealth(health);
  health.userspace_filtered = counts_.filtered;
  health.userspace_rate_limited = counts_.rate_limited;
  health.userspace_invalid_schema = counts_.invalid_schema;
  health.userspace_unsupported_kind = counts_.unsupported_kind;
  out_.AddTo(health);
  health.lines_cut = writer_.lines_cut();
  health.process_table_size = enricher_.processes().size();
  health.process_records_evicted = enricher_.processes().evicted();
  health.user_names = enricher_.users().size();
  health.user_names_read = enricher_.users_reading();
  health.process_table_bytes = enricher_.processes().bytes();
  health.process_texts_evicted = enricher_.processes().images().forgotten();
  health.living_processes_evicted = enricher_.processes().living_forgotten();
  health.command_lines_cut = enricher_.processes().images().shortened();
  health.creators_cut = enricher_.processes().creators_cut();
  health.processes_reconciled = counts_.reconciled;
  health.process_table_repairs = counts_.repairs;
  health.processes_found = counts_.found_processes;
  health.programs_found = counts_.found_programs;
  health.cgroup_names = enricher_.cgroups().size();
  health.cgroup_names_evicted = enricher_.cgroups().evicted();
  health.unknown_messages = counts_.unknown_messages;
  collector_.FillHealth(health);
  losses_.FillHealth(health);
  health.collector.connected = session_.connected();
  health.collector.sessions = session_.count();
}

Pipeline::Pipeline(const Config& config, Sink& out, std::shared_ptr<const RuleSet> rules)
    : stages_(std::make_unique<Stages>(config, out, std::move(rules))) {}

Pipeline::~Pipeline() = default;

void Pipeline::SetRules(std::shared_ptr<const RuleSet> rules) {
  stages_->SetRules(std::move(rules));
}

Detector& Pipeline::detector() { return stages_->detector(); }

absl::Status Pipeline::OnMessage(wire::Message::Reader message) {
  return stages_->OnMessage(message);
}

void Pipeline::EndSession() { stages_->EndSession(); }

Cursor Pipeline::cursor() const { return stages_->cursor(); }

void Pipeline::Flush() { stages_->Flush(); }

void Pipeline::SetProgress(std::function<void()> progress) {
  stages_->SetProgress(std::move(progress));
}

void Pipeline::ContinueNumbers(const LineNumbers& before, const SessionContext& host,
                               std::uint64_t now_ns) {
  stages_->ContinueNumbers(before, host, now_ns);
}

std::uint64_t Pipeline::next_seq() const { return stages_->next_seq(); }

std::uint64_t Pipeline::sure_seq() const { return stages_->sure_seq(); }

bool Pipeline::ReportOutputLosses() { return stages_->ReportOutputLosses(); }

void Pipeline::FillHealth(Health& health) const { stages_->FillHealth(health); }

void Pipeline::WriteHealth(const Health& health) { stages_->WriteHealth(health); }

const Pipeline::Canaries& Pipeline::canaries() const { return stages_->canaries(); }

void Pipeline::WriteCanary(const Canary& canary) { stages_->WriteCanary(canary); }

bool Pipeline::detects() const { return stages_->detector().rules() != nullptr; }

bool Pipeline::heard_collector() const { return stages_->heard_collector(); }

std::uint64_t Pipeline::stored(unsigned kind) const { return stages_->stored(kind); }

bool Pipeline::connected() const { return stages_->session().connected(); }

std::uint64_t Pipeline::alerts_written() const { return stages_->counts().alerts_written; }

std::uint64_t Pipeline::events_written() const { return stages_->counts().events_written; }

std::uint64_t Pipeline::records_read() const { return stages_->counts().records_read; }

std::uint64_t Pipeline::plan_digest() const { return stages_->plan_digest(); }

std::uint64_t Pipeline::invalid_records() const {
  return stages_->counts().invalid_schema + stages_->counts().unsupported_kind;
}

std::uint64_t Pipeline::skipped() const { return stages_->counts().skipped; }

std::uint64_t Pipeline::losses() const { return stages_->losses(); }

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/pipeline.h"

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/event/kinds.h"
#include "analyzer/output/sinks/alert_fields.h"
#include "analyzer/process/lineage.h"
#include "analyzer/wire/record_walker.h"

namespace randguard {
namespace {

// How long an ended process is kept at least, if there is room: what it did may come by the other
// lane, and its children ask for their parent.
constexpr std::uint64_t kGraceNs = 60'000'000'000;
constexpr std::size_t kMaxCgroups = 16384;
constexpr std::size_t kMaxUsers = 65536;
constexpr std::size_t kMaxHooks = 256;
constexpr std::size_t kBootIdBytes = 36;
constexpr std::size_t kMaxText = 256;  // any other text of Hello

template <typename T>
bool Has(const std::vector<T>& list, T value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// A newer collector may count kinds that this analyzer does not know; it gets none of their
// records.
KindCounters ReadKindCounters(capnp::List<std::uint64_t>::Reader list) {
  KindCounters counters{};
  for (unsigned kind = 0; kind < std::min<unsigned>(list.size(), RG_KIND_END); ++kind) {
    counters[kind] = list[kind];
  }
  return counters;
}

Named<std::uint64_t> ByKind(const KindCounters& counters) {
  Named<std::uint64_t> named;
  for (unsigned kind = 1; kind < counters.size(); ++kind) {
    named.emplace_back(KindName(kind), counters[kind]);
  }
  return named;
}

// Programs can do as much as they like to files and sockets. All else is rare and tells much.
template <typename E>
constexpr bool kIsLimited = kDomainOf<E> == RG_DOMAIN_file || kDomainOf<E> == RG_DOMAIN_network;

Credentials CredentialsOf(const ProcessStart& e) {
  Credentials c;
  c.uid = e.actor.uid, c.gid = e.actor.gid;
  c.euid = e.euid, c.egid = e.egid;
  c.suid = e.suid, c.sgid = e.sgid;
  c.fsuid = e.fsuid, c.fsgid = e.fsgid;
  c.user_namespace = e.namespaces.user;
  c.capabilities = e.capabilities;
  return c;
}

std::string StateName(wire::Hook::State state) {
  switch (state) {
    case wire::Hook::State::OFF:
      return "off";
    case wire::Hook::State::ATTACHED:
      return "attached";
    case wire::Hook::State::FALLBACK:
      return "fallback";
    case wire::Hook::State::MISSING:
      return "missing";
  }
  return "unknown";
}

}  // namespace

Pipeline::Pipeline(const Config& config, LineSink& out, std::shared_ptr<const RuleSet> rules)
    : out_(out),
      agent_id_(config.agent.id),
      writer_(agent_id_),
      processes_(config.performance.max_process_cache_entries, kGraceNs),
      cgroups_(kMaxCgroups),
      rate_limit_(config.performance.max_events_per_second),
      detector_(config, std::move(rules)),
      telemetry_(config.output.telemetry) {
  detector_.SetContext({.processes = &processes_, .users = &users_, .agent_id = agent_id_});
  const auto& hooks = config.process.hooks;
  const bool on = config.events.process;
  show_execve_ = on && Has(hooks, ProcessHook::kExecve);
  show_execveat_ = on && Has(hooks, ProcessHook::kExecveat);
  show_fork_ = on && Has(hooks, ProcessHook::kFork);
  show_exit_ = on && Has(hooks, ProcessHook::kExit);
}

absl::Status Pipeline::OnMessage(wire::Message::Reader message) {
  switch (message.which()) {
    case wire::Message::HELLO:
      return OnHello(message.getHello());
    case wire::Message::SNAPSHOT:
      return OnSnapshot(message.getSnapshot());
    case wire::Message::BATCH:
      return OnBatch(message.getBatch());
    case wire::Message::HEARTBEAT:
      RG_RETURN_IF_ERROR(NeedSession());
      OnHeartbeat(message.getHeartbeat());
      return absl::OkStatus();
    case wire::Message::CONTEXT:
      OnContext(message.getContext());
      return absl::OkStatus();
    case wire::Message::SEAL:
      return InvalidInput("a seal, which only captures have");
  }
  ++unknown_messages_;  // of a newer collector
  return absl::OkStatus();
}

absl::Status Pipeline::NeedSession() const {
  if (connected_) return absl::OkStatus();
  return InvalidInput("a message before hello");
}

absl::Status Pipeline::OnHello(wire::Hello::Reader hello) {
  EndSession();
  if (hello.getAbiVersion() != RG_ABI_VERSION) {
    return InvalidInput(
        "the collector sends records of ABI version %d, this analyzer reads version %d; install "
        "the same version of both",
        hello.getAbiVersion(), RG_ABI_VERSION);
  }
  if (hello.getBootId().size() > kBootIdBytes || hello.getHostName().size() > kMaxText ||
      hello.getCollectorVersion().size() > kMaxText || hello.getKernelRelease().size() > kMaxText) {
    return InvalidInput("a hello with texts longer than %d bytes (boot id: %d)", kMaxText,
                        kBootIdBytes);
  }
  const std::string boot_id(AsView(hello.getBootId()));
  if (boot_id != session_.boot_id) {  // nothing of another boot means anything in this one
    processes_.Clear();
    cgroups_.Clear();
    now_ns_ = 0;
  }
  session_ = {std::string(AsView(hello.getHostName())), boot_id, hello.getClockOffsetNs()};
  writer_.SetSession(session_);
  detector_.SetHost(session_.host_name);
  ++generation_;
  ++sessions_;
  connected_ = true;
  const std::uint64_t last_ns = now_ns_;
  now_ns_ = std::max(now_ns_, hello.getCollectorStartNs());
  next_batch_ = hello.getNextBatch();
  plan_digest_ = hello.getPlanDigest();
  collector_ = {};
  collector_.version = AsView(hello.getCollectorVersion());
  collector_.kernel_release = AsView(hello.getKernelRelease());
  collector_.critical_ring_bytes = hello.getCriticalRingBytes();
  collector_.bulk_ring_bytes = hello.getBulkRingBytes();
  hooks_.clear();
  for (const auto hook : hello.getHooks()) {
    if (hooks_.size() >= kMaxHooks) break;
    hooks_.push_back({std::string(HookName(hook.getNumber())), StateName(hook.getState()),
                      std::string(AsView(hook.getWhy()).substr(0, kMaxText))});
  }
  LogSession(hello);
  // What was handed to an analyzer that did not live to print it. Of a collector that was connected
  // before, it is known better here than there what was reported: what was sent may not have been
  // read.
  std::optional<Cursor> before = cursor();
  cursor_before_ = std::nullopt;
  cursor_ = {boot_id, hello.getCollectorStartNs(), hello.getNextRecord()};
  if (!before->SameLife(cursor_)) {
    if (before->boot_id == boot_id) ReportGap(*before, last_ns);
    before = std::nullopt;
  }
  losses_.Begin(before.has_value() && before->lost.has_value()
                    ? *before->lost
                    : ReadKindCounters(hello.getLostBefore()),
                now_ns_);
  if (before.has_value() && before->records < cursor_.records) {
    Loss loss;
    loss.reason = "analyzer_restart";
    loss.count = cursor_.records - before->records;
    loss.from_ns = cursor_.collector_start_ns;
    loss.to_ns = now_ns_;
    restart_lost_ += *loss.count;
    WriteLoss(loss);
  }
  return absl::OkStatus();
}

void Pipeline::LogSession(wire::Hello::Reader hello) const {
  if (!Logs(LogLevel::kDebug)) return;
  Log(LogLevel::kDebug, "session %d of collector %s on %s, kernel %s, boot %s, plan %016x",
      hello.getSession(), collector_.version, session_.host_name, collector_.kernel_release,
      session_.boot_id, plan_digest_);
  for (const HookHealth& hook : hooks_) {
    Log(LogLevel::kDebug, "hook %s is %s%s%s", hook.name, hook.state, hook.why.empty() ? "" : ": ",
        hook.why);
  }
}

absl::Status Pipeline::OnSnapshot(wire::Snapshot::Reader snapshot) {
  RG_RETURN_IF_ERROR(NeedSession());
  RecordWalker walker(AsBytes(snapshot.getRecords()));
  for (;;) {
    RG_ASSIGN_OR_RETURN(const auto record, walker.Next());
    if (!record.has_value()) break;
    OnRecord(*record, /*snapshot=*/true);
  }
  if (snapshot.getLast()) {
    reconciled_ += processes_.EndOthers(generation_, now_ns_);
    Log(LogLevel::kDebug, "the snapshot is complete: %d processes known", processes_.size());
  }
  return absl::OkStatus();
}

absl::Status Pipeline::OnBatch(wire::Batch::Reader batch) {
  RG_RETURN_IF_ERROR(NeedSession());
  writer_.SetClockOffset(batch.getClockOffsetNs());
  now_ns_ = std::max(now_ns_, batch.getDrainedNs());
  if (batch.getSequence() != next_batch_) {
    Loss loss;
    loss.reason = "stream_gap";
    loss.count = batch.getFirstRecord() - std::min(batch.getFirstRecord(), cursor_.records);
    loss.to_ns = now_ns_;
    WriteLoss(loss);
  }
  next_batch_ = batch.getSequence() + 1;
  ReportKernelLosses(ReadKindCounters(batch.getLost()), batch.getDrainedNs());

  RecordWalker walker(AsBytes(batch.getRecords()));
  cursor_.records = batch.getFirstRecord();
  absl::Status damage;
  while (damage.ok()) {
    const auto record = walker.Next();
    if (!record.ok()) {
      ++invalid_schema_;
      damage = record.status();
      break;
    }
    if (!record->has_value()) break;
    // The walker has seen to it that there is a header; its time is all that is needed here.
    merge_.Add(reinterpret_cast<const rg_header*>((*record)->data())->time_ns, **record);
    ++cursor_.records;
  }
  merge_.Release(damage.ok() ? batch.getDrainedNs() : UINT64_MAX,
                 [this](RecordBytes record) { OnRecord(record, /*snapshot=*/false); });
  if (damage.ok()) cursor_.records = batch.getFirstRecord() + batch.getRecordCount();
  Log(LogLevel::kTrace, "batch %d: %d records from %d on, %d held back", batch.getSequence(),
      batch.getRecordCount(), batch.getFirstRecord(), merge_.held());
  processes_.Expire(now_ns_);
  detector_.Expire(now_ns_, [this](const Alert& alert) { WriteAlert(alert); });
  return damage;
}

void Pipeline::OnHeartbeat(wire::Heartbeat::Reader heartbeat) {
  writer_.SetClockOffset(heartbeat.getClockOffsetNs());
  now_ns_ = std::max(now_ns_, heartbeat.getTimeNs());
  const auto counters = heartbeat.getCounters();
  ReportKernelLosses(ReadKindCounters(counters.getLost()), heartbeat.getTimeNs());
  stored_ = ByKind(ReadKindCounters(counters.getStored()));
  unwatched_ = ByKind(ReadKindCounters(counters.getUnwatched()));
  excluded_ = ByKind(ReadKindCounters(counters.getExcluded()));
  programs_.clear();
  const auto programs = counters.getPrograms();
  for (unsigned i = 1; i < std::min<unsigned>(programs.size(), RG_PROGRAM_END); ++i) {
    const auto p = programs[i];
    programs_.emplace_back(
        ProgramName(i), ProgramHealth{p.getRuns(), p.getSelf(), p.getScratchBusy(), p.getErrors()});
  }
  const auto stats = heartbeat.getCollector();
  collector_.connects = stats.getConnects();
  collector_.refused_peers = stats.getRefusedPeers();
  collector_.cpu_user_us = stats.getCpuUserUs();
  collector_.cpu_system_us = stats.getCpuSystemUs();
  collector_.max_rss_kb = stats.getMaxRssKb();
  Log(LogLevel::kTrace, "heartbeat: the collector has sent %d records, %d are lost",
      cursor_.records, losses_.total());
  processes_.Expire(now_ns_);
  detector_.Expire(now_ns_, [this](const Alert& alert) { WriteAlert(alert); });
}

void Pipeline::OnContext(wire::Context::Reader context) {
  users_.clear();
  for (const auto user : context.getUsers()) {
    if (users_.size() >= kMaxUsers) break;
    users_.try_emplace(user.getUid(), AsView(user.getName()));
  }
  if (context.hasPrinted()) {
    const auto printed = context.getPrinted();
    cursor_before_ = Cursor{std::string(AsView(printed.getBootId())), printed.getCollectorStartNs(),
                            printed.getRecords()};
    if (printed.hasLost()) cursor_before_->lost = ReadKindCounters(printed.getLost());
  }
}

void Pipeline::EndSession() {
  merge_.ReleaseAll([this](RecordBytes record) { OnRecord(record, /*snapshot=*/false); });
  detector_.Flush([this](const Alert& alert) { WriteAlert(alert); });
  if (std::exchange(connected_, false)) {
    Log(LogLevel::kDebug, "the session has ended: %d records read, %d events and %d alerts written",
        records_read_, events_written_, alerts_written_);
  }
}

Pipeline::Cursor Pipeline::cursor() const {
  if (cursor_.boot_id.empty()) return cursor_before_.value_or(Cursor{});
  Cursor cursor = cursor_;
  cursor.records -= std::min<std::uint64_t>(cursor.records, merge_.held());
  cursor.lost = losses_.lost();
  return cursor;
}

void Pipeline::ReportGap(const Cursor& before, std::uint64_t last_ns) {
  Loss loss;
  loss.reason = "collector_restart";
  // What the one before had in its rings at its end is unknown, too: from its last message on. An
  // analyzer that has not seen that one itself knows when it began.
  loss.from_ns = last_ns != 0 ? last_ns : before.collector_start_ns;
  loss.to_ns = cursor_.collector_start_ns;
  WriteLoss(loss);
}

void Pipeline::ReportKernelLosses(const KindCounters& lost, std::uint64_t time_ns) {
  losses_.Update(lost, time_ns,
                 [this](unsigned kind, std::uint64_t count, std::uint64_t total,
                        std::uint64_t from_ns, std::uint64_t to_ns) {
                   Loss loss;
                   loss.reason = "kernel";
                   loss.kind = KindName(kind);
                   loss.lane = LaneName(kind);
                   loss.count = count;
                   loss.total = total;
                   loss.from_ns = from_ns;
                   loss.to_ns = to_ns;
                   WriteLoss(loss);
                 });
}

bool Pipeline::ReportOutputLosses() {
  if (out_.failing()) return false;
  const std::uint64_t since = std::exchange(output_ok_ns_, now_ns_);
  if (out_.failures() == output_lost_) return false;
  Loss loss;
  loss.reason = "output";
  loss.count = out_.failures() - output_lost_;
  loss.total = out_.failures();
  loss.from_ns = since;
  loss.to_ns = now_ns_;
  output_lost_ = out_.failures();
  WriteLoss(loss);
  return true;
}

void Pipeline::WriteLoss(Loss& loss) {
  loss.timestamp_ns = now_ns_;
  loss.time = {now_ns_};
  ++losses_reported_;
  Log(LogLevel::kDebug, "loss of %s records: %s, %d", loss.kind.value_or("all"), loss.reason,
      loss.count.value_or(0));
  out_.Write(writer_.Write(loss));
}

void Pipeline::OnRecord(RecordBytes bytes, bool snapshot) {
  ++records_read_;
  if (const absl::Status status = DecodeRecord(bytes, event_); !status.ok()) {
    ++(absl::IsUnimplemented(status) ? unsupported_kind_ : invalid_schema_);
    return;
  }
  // Decoded like an exec, but nothing was started.
  if (!snapshot &&
      reinterpret_cast<const rg_header*>(bytes.data())->kind == RG_KIND_process_snapshot) {
    ++invalid_schema_;
    return;
  }
  std::visit([&](auto& e) { Handle(e, snapshot); }, event_);
}

void Pipeline::Enrich(Actor& actor) const {
  if (!actor.exe_path.has_value()) {
    if (const Process* process = processes_.Find(actor.process_id);
        process != nullptr && process->image != nullptr && !process->image->exe_path.empty()) {
      actor.exe_path = process->image->exe_path;
    }
  }
  const Cgroup* cgroup = cgroups_.Find(actor.cgroup_id);
  if (cgroup != nullptr && !actor.cgroup.has_value()) actor.cgroup = cgroup->path;
  if (cgroup == nullptr && actor.parent_process_id.has_value()) {
    const Process* parent = processes_.Find(*actor.parent_process_id);
    if (parent != nullptr) cgroup = cgroups_.Find(parent->cgroup_id);
    actor.container_inherited = cgroup != nullptr && cgroup->container.has_value();
  }
  if (cgroup != nullptr && cgroup->container.has_value()) {
    actor.container_id = cgroup->container->id;
    actor.container_runtime = cgroup->container->runtime;
  }
}

template <typename E>
void Pipeline::Emit(E& event, std::uint64_t* hidden) {
  const bool fired = detector_.Detect(event);
  if (!telemetry_) hidden = &filtered_;
  if (hidden == nullptr) {
    ++events_written_;
    out_.Write(writer_.Write(event));
  } else {
    ++*hidden;
  }
  if (fired) {
    detector_.Raise(event, [this](const Alert& alert) { WriteAlert(alert); });
  }
}

void Pipeline::WriteAlert(const Alert& alert) {
  ++alerts_written_;
  const std::string_view line = writer_.Write(alert);  // before ProcessId(), whose text it spoils
  out_.WriteAlert(line, FieldsFor(alert, writer_.ProcessId(alert.process_id), agent_id_));
}

void Pipeline::Handle(ProcessStart& event, bool snapshot) {
  Actor& actor = event.actor;
  if (actor.cgroup.has_value()) cgroups_.Set(actor.cgroup_id, *actor.cgroup);
  {
    Process& process = processes_.Upsert(actor.process_id);
    process.generation = generation_;
    process.parent = actor.parent_process_id.value_or(ProcessKey{});
    process.set_comm(actor.comm);
    process.cgroup_id = actor.cgroup_id;
    process.image = processes_.MakeImage(ImageOf(event));
    process.credentials = std::make_shared<const KnownCredentials>(
        KnownCredentials{CredentialsOf(event), snapshot ? "snapshot" : "exec"});
    process.credentials_inherited = false;
  }
  if (snapshot) return;
  Enrich(actor);
  FillLineage(processes_, event);
  if (const auto user = users_.find(actor.uid); user != users_.end()) event.user = user->second;
  Emit(event, (event.source == "execveat" ? show_execveat_ : show_execve_) ? nullptr : &filtered_);
}

void Pipeline::Handle(ProcessExecFailed& event, bool snapshot) {
  if (snapshot) return;
  Enrich(event.actor);
  Emit(event, (event.source == "execveat" ? show_execveat_ : show_execve_) ? nullptr : &filtered_);
}

void Pipeline::Handle(ProcessRelationship& event, bool snapshot) {
  if (snapshot) return;
  if (event.child_cgroup.has_value()) cgroups_.Set(event.child_cgroup_id, *event.child_cgroup);
  if (!event.thread && processes_.Find(event.child_process_id) == nullptr) {
    const Process* actor = processes_.Find(event.actor.process_id);
    auto image = actor == nullptr ? nullptr : actor->image;  // before the table may move
    auto credentials = actor == nullptr ? nullptr : actor->credentials;
    Process& child = processes_.Upsert(event.child_process_id);
    child.generation = generation_;
    child.parent = {event.parent_pid, event.child_parent_start_ns};
    child.set_comm(event.child_comm);
    child.cgroup_id = event.child_cgroup_id;
    child.image = std::move(image);
    child.credentials = std::move(credentials);
    child.credentials_inherited = true;
  }
  Enrich(event.actor);
  Emit(event, show_fork_ ? nullptr : &filtered_);
}

void Pipeline::Handle(ProcessExit& event, bool snapshot) {
  if (snapshot) return;
  Enrich(event.actor);
  // Two last threads that end at the same instant may both call themselves the last one.
  std::string exe_path;
  if (event.group_dead) {
    exe_path = event.actor.exe_path.value_or("");  // Exit() may make room in the table
    if (event.actor.exe_path.has_value()) event.actor.exe_path = exe_path;
    event.group_dead = processes_.Exit(event.actor.process_id, event.actor.timestamp_ns);
  }
  Emit(event, show_exit_ ? nullptr : &filtered_);
}

void Pipeline::Handle(CgroupName& event, bool snapshot) {
  if (!snapshot && event.path.has_value()) cgroups_.Set(event.id, *event.path);
}

template <typename E>
void Pipeline::Handle(E& event, bool snapshot) {
  if (snapshot) return;
  Enrich(event.actor);
  if constexpr (requires { event.target.process_id; }) {
    if (const Process* target = processes_.Find(event.target.process_id.value_or(ProcessKey{}));
        target != nullptr && target->image != nullptr && !target->image->exe_path.empty()) {
      event.target.exe_path = target->image->exe_path;
    }
  }
  const bool shown = !kIsLimited<E> || rate_limit_.Consume(event.actor.timestamp_ns);
  Emit(event, shown ? nullptr : &rate_limited_);
}

void Pipeline::Handle(CredentialsChange& event, bool snapshot) {
  if (snapshot) return;
  Enrich(event.actor);
  if (event.call.error.has_value()) {  // nothing has changed
    event.before = std::nullopt;
    event.before_source = std::nullopt;
    return Emit(event);
  }
  std::shared_ptr<const KnownCredentials> known;
  if (const Process* process = processes_.Find(event.actor.process_id)) {
    known = process->credentials;
    if (!event.before.has_value() && known != nullptr) {
      event.before = known->credentials;
      event.before_source = process->credentials_inherited ? "fork" : known->source;
    }
  }
  if (event.before == event.after && !event.groups.has_value()) {
    ++filtered_;
    return;
  }
  Process& process = processes_.Upsert(event.actor.process_id);
  process.credentials = std::make_shared<const KnownCredentials>(
      KnownCredentials{event.after, CredentialsChange::kClassName});
  process.credentials_inherited = false;
  Emit(event);
}

void Pipeline::FillHealth(Health& health) const {
  health.raw_events_read = records_read_;
  health.normalized_events_output = events_written_;
  health.alerts_output = alerts_written_;
  health.alerts_folded = detector_.folder().folded();
  health.alert_windows_ended_early = detector_.folder().ended_early();
  health.command_lines_cut = processes_.images_cut();
  if (const RuleSet* rules = detector_.rules(); rules != nullptr) {
    health.rules_enabled = rules->enabled();
    health.rule_set_hash = rules->hash();
  }
  health.userspace_filtered = filtered_;
  health.userspace_rate_limited = rate_limited_;
  health.userspace_invalid_schema = invalid_schema_;
  health.userspace_unsupported_kind = unsupported_kind_;
  health.userspace_output_failures = out_.failures();
  health.output_bytes = out_.bytes();
  health.output_rotations = out_.rotations();
  health.output_sync_failures = out_.sync_failures();
  health.journal_failures = out_.journal_failures();
  health.process_table_size = processes_.size();
  health.process_records_evicted = processes_.evicted();
  health.kernel_lost = losses_.total();
  health.kernel_lost_by_kind = ByKind(losses_.lost());
  health.kernel_stored_by_kind = stored_;
  health.kernel_unwatched_by_kind = unwatched_;
  health.kernel_excluded_by_kind = excluded_;
  health.programs = programs_;
  health.hooks = hooks_;
  health.collector = collector_;
  health.collector.connected = connected_;
  health.collector.records_sent = cursor_.records;
  health.collector.batches_sent = next_batch_;
  health.collector.sessions = sessions_;
  health.losses_reported = losses_reported_;
  health.restart_lost = restart_lost_;
  health.processes_reconciled = reconciled_;
  health.unknown_messages = unknown_messages_;
  health.cgroup_names = cgroups_.size();
  health.cgroup_names_evicted = cgroups_.evicted();
}

void Pipeline::WriteHealth(Health& health) { out_.Write(writer_.Write(health)); }

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ingest/service.h"

#include <fcntl.h>
#include <kj/common.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/ingest/host_clock.h"
#include "analyzer/ingest/host_context.h"
#include "analyzer/ingest/listener.h"
#include "analyzer/output/metrics/metrics.h"
#include "analyzer/rules/match/rule_set.h"
#include "analyzer/wire/message.h"

namespace randguard {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A kernel that has no such tracepoint was built without modules, or without io_uring: then there
// is nothing to be seen. Refused for any other reason, the hook is missed.
bool IsAbsentFeature(const HookHealth& hook) {
  if (hook.name != Hook{RG_HOOK_modules} && hook.name != Hook{RG_HOOK_io_uring}) return false;
  const std::vector<std::string> reasons = absl::StrSplit(hook.why, "; ");  // one for each choice
  return std::all_of(reasons.begin(), reasons.end(), [](const std::string& why) {
    return why.find("failed to find kernel BTF type ID") != std::string::npos;
  });
}

// Empty if it is not known. The unit hides the file, and says what is in it, without dashes.
std::string BootId() {
  const kj::AutoCloseFd fd(open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  char text[36];
  if (fd.get() >= 0 && read(fd, text, sizeof(text)) == static_cast<ssize_t>(sizeof(text))) {
    return {text, sizeof(text)};
  }
  const char* const given = std::getenv("EDR_BOOT_ID");
  std::string id = given != nullptr ? given : "";
  constexpr std::size_t kDigits = 32;
  if (id.size() != kDigits || id.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return "";
  }
  for (const std::size_t at : {8, 13, 18, 23}) id.insert(at, 1, '-');
  return id;
}

// By how much a counter has grown since somebody looked, who left its value in `last`.
std::uint64_t Growth(std::uint64_t now, std::uint64_t& last) {
  return now - std::exchange(last, now);
}

// Takes a statm file that stays open, because a confined process could not open it again.
std::uint64_t ResidentKb(int statm) {
  char text[128] = {};
  unsigned long long size = 0, resident = 0;
  if (pread(statm, text, sizeof(text) - 1, 0) <= 0 ||
      std::sscanf(text, "%llu %llu", &size, &resident) != 2) {
    return 0;
  }
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

std::uint64_t LostByOutputs(const Health& health) {
  std::uint64_t lost = 0;
  if (!health.outputs.has_value()) return lost;
  for (const OutputHealth& output : *health.outputs) lost += output.lost;
  return lost;
}

}  // namespace

Service::Service(const Config& config, Sink& out, kj::AutoCloseFd listener, ServiceOptions options,
                 std::optional<CaptureWriter> recorder, std::optional<CursorFile> cursor,
                 std::optional<CanaryProcess> canary)
    : out_(out),
      pipeline_(config, out, options.rules),
      listener_(std::move(listener)),
      options_(std::move(options)),
      recorder_(std::move(recorder)),
      cursor_(std::move(cursor)),
      canary_(options_.canary_interval, std::move(canary), pipeline_, out_) {
  if (options_.metrics.has_value()) metrics_.emplace(options_.metrics->path);
}

absl::StatusOr<kj::AutoCloseFd> Service::CatchSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  // A reader of stdout that goes away is an error of write(2), not the end.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGCHLD, SIG_IGN);  // the canary's process, if it ends, leaves nothing
  signal(SIGXFSZ, SIG_IGN);  // likewise a file that has reached the limit of its size
  kj::AutoCloseFd fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (fd.get() < 0) return ErrnoError(errno, "signalfd");
  return fd;
}

absl::Status Service::Run(kj::AutoCloseFd signals, const Confine& confine) {
  signals_ = std::move(signals);
  memory_use_ = kj::AutoCloseFd(open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  user_names_.Read(steady_clock::now());
  auto printed = cursor_.has_value() ? cursor_->Read() : std::nullopt;
  LineCount behind;
  if (printed.has_value() && printed->output.has_value()) {
    // The analyzer before this one may have been killed within a write, or right behind it.
    behind = out_.Behind(*printed->output);
    printed->records += behind.events;
  }
  const auto context = BuildHostContext(user_names_.users(), user_names_.reading(), printed);
  if (!OnFrame(std::as_bytes(std::span(context.begin(), context.size())), Origin::kAnalyzer)) {
    return HostError("the host's users cannot be read in");
  }
  const LineNumbers numbers = NumbersBefore(BootId(), behind.lines);
  utsname host{};
  uname(&host);
  const SessionContext context_of_lines{host.nodename, numbers.boot_id, ClockOffsetNs()};
  std::uint64_t watchdog_us = 0;
  // Not with every batch: each one wakes the service manager.
  if (sd_watchdog_enabled(0, &watchdog_us) > 0) {
    notice_interval_ = std::chrono::microseconds(watchdog_us / 4);
  }
  out_.SetWaiter([this] { return GoesOnWaiting(); });
  if (const char* address = std::getenv("NOTIFY_SOCKET"); address != nullptr) {
    RG_ASSIGN_OR_RETURN(manager_, Datagram::Connect(address));
  }
  RG_RETURN_IF_ERROR(canary_.Start());
  RG_ASSIGN_OR_RETURN(confinement_, confine());
  // Not before it is sure that lines will be written: a start that fails uses up no numbers.
  ContinueNumbers(numbers, context_of_lines);
  TakeBacklog();
  WriteMetrics(/*running=*/true);
  KJ_DEFER(WriteMetrics(/*running=*/false));
  Notify("READY=1\nSTATUS=Waiting for the collector");
  auto next_health = steady_clock::now() + options_.health_interval;
  constexpr milliseconds kBetweenWork(50);
  auto next_work = steady_clock::now();
  auto next_metrics = metrics_.has_value() ? steady_clock::now() + options_.metrics->interval
                                           : steady_clock::time_point::max();

  while (!ending_) {
    const auto now = steady_clock::now();
    if (out_.HasWork()) next_work = std::min(next_work, now + kBetweenWork);
    const auto next = std::min({next_health, next_metrics, next_work, canary_.due()});
    auto wait = std::chrono::duration_cast<milliseconds>(next - now) + milliseconds(1);
    NotifyAlive(now);
    if (notice_interval_.count() != 0) {
      wait = std::min(
          wait, std::chrono::duration_cast<milliseconds>(next_notice_ - now) + milliseconds(1));
    }
    if (const auto due = user_names_.due(); due.has_value()) {
      wait = std::min(wait, std::chrono::duration_cast<milliseconds>(*due - now) + milliseconds(1));
    }
    pollfd fds[] = {{signals_, POLLIN, 0},
                    {listener_, POLLIN, 0},
                    {connection_, POLLIN, 0},
                    {user_names_.notices(), POLLIN, 0}};
    if (poll(fds, std::size(fds), static_cast<int>(std::max<std::int64_t>(wait.count(), 0))) < 0 &&
        errno != EINTR) {
      return ErrnoError(errno, "poll");
    }
    TakeSignals();
    OnSignals();
    // Before the data, which may be of the user that was just added.
    if ((fds[3].revents & POLLIN) != 0) user_names_.OnNotices();
    ReadUserNames();
    // Data before new connections: a collector that comes back finds its old connection closed.
    if (connection_.get() >= 0 && fds[2].revents != 0 && !OnData()) HangUp();
    if ((fds[1].revents & POLLIN) != 0) OnConnect();
    if (canary_.Tick()) WriteHealth();
    if (steady_clock::now() >= next_health) {
      next_health += options_.health_interval;
      out_.RotateIfOld();
      user_names_.Look();
      WriteHealth();
    }
    if (const auto at = steady_clock::now(); at >= next_work) {
      next_work = out_.Work() ? steady_clock::now() + kBetweenWork : next_health;
    }
    if (const auto at = steady_clock::now(); at >= next_metrics) {
      next_metrics = at + options_.metrics->interval;  // not two at once after a long wait
      WriteMetrics(/*running=*/true);
    }
    if (out_.closed()) {
      return HostError("nobody reads the output any more");
    }
  }
  Notify("STOPPING=1");
  Drain();
  WriteHealth();
  HangUp();
  out_.End();
  if (cursor_.has_value()) cursor_->EndNumbers();
  if (recorder_.has_value() && !recorder_->Failed()) RG_RETURN_IF_ERROR(recorder_->Close());
  return absl::OkStatus();
}

// Not sd_notify(3), which makes a socket each time.
void Service::Notify(std::string_view state) const {
  if (manager_.connected()) manager_.Send(state, /*wait=*/true);
}

void Service::NotifyAlive(steady_clock::time_point now) {
  if (notice_interval_.count() == 0 || now < next_notice_) return;
  Notify("WATCHDOG=1");
  next_notice_ = now + notice_interval_;
}

void Service::TakeSignals() {
  constexpr std::chrono::seconds kForTheReader(2);
  signalfd_siginfo info{};
  while (read(signals_, &info, sizeof(info)) == sizeof(info)) {
    Log(LogLevel::kDebug, "signal %d of pid %d", info.ssi_signo, info.ssi_pid);
    switch (info.ssi_signo) {
      case SIGHUP:
        reload_due_ = true;
        break;
      case SIGUSR1:
        health_due_ = true;
        break;
      default:
        if (!std::exchange(ending_, true)) end_of_waiting_ = steady_clock::now() + kForTheReader;
    }
  }
}

void Service::OnSignals() {
  if (std::exchange(reload_due_, false)) {
    if (const absl::Status status = out_.Reopen(); !status.ok()) {
      Log(LogLevel::kError, "%s; the old one stays in use", Message(status));
    }
    ReloadRules();
  }
  if (std::exchange(health_due_, false)) WriteHealth();
}

bool Service::GoesOnWaiting() {
  const auto now = steady_clock::now();
  NotifyAlive(now);
  TakeSignals();
  return !ending_ || now < end_of_waiting_;
}

// Between two messages: each event meets all of one set of rules.
void Service::ReloadRules() {
  if (!options_.reload_rules) return;
  auto rules = options_.reload_rules();
  if (!rules.ok()) {
    ++rule_reload_failures_;
    rule_reload_error_ = Message(rules.status());
    Log(LogLevel::kError, "the rules were not reloaded, the old ones stay in force: %s",
        *rule_reload_error_);
    return;
  }
  ++rule_reloads_;
  rule_reload_error_ = std::nullopt;
  Log(LogLevel::kInfo, "rules reloaded: %d enabled, hash %s", (*rules)->enabled(),
      (*rules)->hash());
  pipeline_.SetRules(*std::move(rules));
}

// The message is a part of the stream: replay takes the names over at the same place.
void Service::ReadUserNames() {
  const auto due = user_names_.due();
  if (!due.has_value()) return;
  const auto now = steady_clock::now();
  if (now < *due || !user_names_.Read(now)) return;
  Log(LogLevel::kInfo, "names of %d users read, reading %d", user_names_.users().size(),
      user_names_.reading());
  const auto context =
      BuildHostContext(user_names_.users(), user_names_.reading(), /*printed=*/std::nullopt);
  OnFrame(std::as_bytes(std::span(context.begin(), context.size())), Origin::kAnalyzer);
}

LineNumbers Service::NumbersBefore(const std::string& boot_id, std::uint64_t lines_behind) const {
  LineNumbers numbers{.boot_id = boot_id};
  if (cursor_.has_value()) numbers = cursor_->ReadNumbers(boot_id);
  if (const std::uint64_t last = numbers.next == 1 ? out_.LastSeq(boot_id) : 0; last != 0) {
    // There is no state, or it was lost, and the output was not.
    numbers.next = numbers.sure = last + 1;
    if (cursor_.has_value()) {
      Log(LogLevel::kWarn, "the state folder knows no line of this boot, the output %d", last);
      numbers.ended = false;
    }
  } else if (!numbers.ended) {
    AddWritten(numbers, boot_id, lines_behind);
  }
  return numbers;
}

// The process that was killed may have written lines behind what it has noted.
void Service::AddWritten(LineNumbers& numbers, const std::string& boot_id,
                         std::uint64_t lines_behind) const {
  const std::uint64_t last = out_.LastSeqOfAll(boot_id);
  if (last != 0) {
    if (last >= numbers.next) {
      // Without a gap from `next` on, but for one that the loss record in the beginning names.
      if (numbers.sure == numbers.next || numbers.begun_with_loss) numbers.sure = last + 1;
      numbers.next = last + 1;
    }
  } else {
    // It cannot be read back, or has no line yet.
    const std::uint64_t written = std::min(lines_behind, LineNumbers::kReserved);
    if (numbers.sure == numbers.next) numbers.sure += written;
    numbers.next += written;
  }
  // Other files may be ahead of it by lines that did not get here; numbers pass over those.
  const std::uint64_t other = out_.LastSeq(boot_id);
  if (other >= numbers.next + LineNumbers::kReserved) numbers.next = other + 1;
}

void Service::ContinueNumbers(const LineNumbers& numbers, const SessionContext& host) {
  if (cursor_.has_value()) {
    // Before the first line is written: if this process is killed right behind it, no other line
    // gets its number.
    cursor_->BeginNumbers(
        {.boot_id = numbers.boot_id, .next = numbers.Continued(), .sure = numbers.sure});
    pipeline_.SetProgress([this] {
      cursor_->Store(pipeline_.cursor());
      cursor_->StoreNumbers(pipeline_.next_seq(), pipeline_.sure_seq());
    });
  }
  pipeline_.ContinueNumbers(numbers, host, BootNs());
}

void Service::TakeBacklog() {
  // The collector passes over the process that it is connected to; here it may have taken a name
  // from a socket whose owner is dead. It is heard, and made to connect again.
  for (pollfd waiting{listener_, POLLIN, 0}; poll(&waiting, 1, 0) > 0;) {
    OnConnect();
    Drain();
    HangUp();
  }
}

void Service::OnConnect() {
  uid_t uid = 0;
  auto peer = AcceptPeer(listener_, uid);
  if (!peer.ok()) return;  // gone before it was looked at
  if (uid != 0 &&
      std::find(options_.peers.begin(), options_.peers.end(), uid) == options_.peers.end()) {
    Refuse(absl::StrFormat("uid %d is not the collector's", uid));
    return;
  }
  if (connection_.get() >= 0) {
    Refuse("a collector is connected already");
    return;
  }
  connection_ = *std::move(peer);
  frames_ = FrameReader();
  Log(LogLevel::kDebug, "a collector is connected, uid %d", uid);
  Notify("STATUS=Collector connected");
}

void Service::Refuse(const std::string& why) {
  ++refused_;
  // Whoever may connect may try for ever; health counts them all.
  if (steady_clock::now() < next_refusal_said_) return;
  next_refusal_said_ = steady_clock::now() + options_.health_interval;
  Log(LogLevel::kWarn, "connection refused: %s", why);
}

bool Service::OnData() {
  const auto room = frames_.WritableTail();
  const ssize_t n = read(connection_, room.data(), room.size());
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  absl::Status status;
  if (n == 0) {
    // The collector sends again what it could not send whole, unless it is no more.
    if (!draining_) status = frames_.Finish();
  } else {
    frames_.Commit(static_cast<std::size_t>(n));
    for (;;) {
      auto frame = frames_.Next();
      if (!frame.ok()) {
        status = frame.status();
        break;
      }
      if (!frame->has_value()) break;
      if (!OnFrame(**frame, Origin::kCollector)) return false;
    }
  }
  FlushOutput();
  if (!status.ok()) {
    ++session_errors_;
    Log(LogLevel::kError, "session ended: %s", Message(status));
  }
  return n != 0 && status.ok();
}

bool Service::OnFrame(Frame frame, Origin origin) {
  CatchUpNumbers();
  const bool sound = OnMessageFrame(frame, origin);
  recorded_seq_ = pipeline_.next_seq();
  return sound;
}

// Health and losses of the output are lines that no message makes. A replay leaves their numbers
// out, and so has those of all others.
void Service::CatchUpNumbers() {
  if (pipeline_.next_seq() != recorded_seq_) RecordNumbers(/*session_ended=*/false);
}

void Service::RecordNumbers(bool session_ended) {
  if (!recorder_.has_value()) return;
  const auto numbers = BuildNumbers(pipeline_.next_seq(), session_ended);
  OnMessageFrame(std::as_bytes(std::span(numbers.begin(), numbers.size())), Origin::kAnalyzer);
  recorded_seq_ = pipeline_.next_seq();
}

bool Service::OnMessageFrame(Frame frame, Origin origin) {
  if (recorder_.has_value()) WatchRecorder(recorder_->Append(frame));
  bool heartbeat = false;
  const absl::Status status =
      ReadMessage(frame, [&](wire::Message::Reader message) -> absl::Status {
        if (origin == Origin::kCollector && (message.isContext() || message.isNumbers())) {
          return InvalidInput("a message that only analyzers make");
        }
        heartbeat = message.isHeartbeat();
        if (origin == Origin::kCollector) canary_.OnMessage();
        return pipeline_.OnMessage(message);
      });
  if (heartbeat && recorder_.has_value()) WatchRecorder(recorder_->Flush());
  if (status.ok()) {
    if (!said_ && pipeline_.connected()) SayWhatIsObserved();
    return true;
  }
  ++session_errors_;
  Log(LogLevel::kError, "session ended by a bad message: %s", Message(status));
  return false;
}

void Service::WatchRecorder(const absl::Status& status) {
  if (status.ok()) return;
  if (recording_failures_ == 0) {
    Log(LogLevel::kError, "recording ended: %s", Message(status));
  }
  ++recording_failures_;
}

void Service::FlushOutput() {
  pipeline_.Flush();
  // At once, and not only with the next lines, which may be a while.
  if (pipeline_.ReportOutputLosses()) pipeline_.Flush();
}

void Service::HangUp() {
  CatchUpNumbers();
  pipeline_.EndSession();
  // A replay makes the lines of its last records here, too.
  if (connection_.get() >= 0) RecordNumbers(/*session_ended=*/true);
  FlushOutput();
  if (connection_.get() >= 0) Log(LogLevel::kDebug, "the connection is over");
  connection_ = nullptr;
  Notify("STATUS=Waiting for the collector");
}

void Service::Drain() {
  if (connection_.get() < 0) return;
  // From now on the collector's sends fail and it keeps what it has; what is already in the socket
  // is read to its end.
  shutdown(connection_, SHUT_RD);
  draining_ = true;
  while (OnData()) {
  }
  draining_ = false;
}

void Service::SayWhatIsObserved() {
  said_ = true;
  Health health;
  pipeline_.FillHealth(health);
  std::size_t functions = 0, calls = 0, others = 0;
  std::vector<std::string> missing;
  for (const HookHealth& hook : health.hooks) {
    if (hook.state == HookState::kMissing) {
      missing.emplace_back(Name(hook.name));
    } else if (!hook.layer.has_value()) {
      ++others;
    } else {
      ++(hook.layer == Witness::kFunction ? functions : calls);
    }
  }
  Log(LogLevel::kInfo,
      "observing kernel %s by %d hooks: %d in functions, %d at the exit of system calls, %d of "
      "processes and others; %s",
      health.collector.kernel_release, functions + calls + others, functions, calls, others,
      missing.empty() ? "none is missing" : "missing: " + absl::StrJoin(missing, ", "));
}

Health Service::MakeHealth(Seen& seen) const {
  Health health;
  pipeline_.FillHealth(health);
  if (metrics_.has_value()) metrics_->AddTo(health);
  health.timestamp_ns = BootNs();
  health.time = {health.timestamp_ns};
  health.uptime_secs = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(steady_clock::now() - start_).count());
  health.rss_kb = ResidentKb(memory_use_);
  health.confinement = confinement_;
  health.resolved_paths = options_.links;
  health.session_errors = session_errors_;
  health.refused_connections = refused_;
  health.recording_failures = recording_failures_;
  health.rule_reloads = rule_reloads_;
  health.rule_reload_failures = rule_reload_failures_;
  health.rule_reload_error = rule_reload_error_;
  health.user_names_error = user_names_.error();
  health.collector.plan_current =
      options_.plan_digest == 0 || pipeline_.plan_digest() == options_.plan_digest;

  auto& reasons = health.reasons;
  if (!pipeline_.connected()) reasons.emplace_back("no collector is connected");
  for (const HookHealth& hook : health.hooks) {
    if (hook.state == HookState::kMissing && !IsAbsentFeature(hook)) {
      reasons.push_back(absl::StrFormat("hook %s is missing: %s", Name(hook.name), hook.why));
    }
  }
  if (pipeline_.connected() && !health.collector.plan_current) {
    reasons.emplace_back("the collector runs with another plan; restart it");
  }
  canary_.AddTo(health);
  if (const auto silent = canary_.Trouble(); silent.has_value()) reasons.push_back(*silent);
  if (health.output_error.has_value()) reasons.push_back(*health.output_error);
  if (health.metrics_error.has_value()) reasons.push_back(*health.metrics_error);
  if (rule_reload_error_.has_value()) {
    reasons.push_back("the rules were not reloaded: " + *rule_reload_error_);
  }
  if (user_names_.error().has_value()) {
    reasons.push_back("names of users: " + *user_names_.error());
  }
  if (const auto n = Growth(health.living_processes_evicted, seen.living_evicted); n != 0) {
    reasons.push_back(absl::StrFormat(
        "%d living processes were forgotten for want of room since the last health record", n));
  }
  if (const auto n = Growth(health.correlations.groups_evicted, seen.correlation_groups_evicted);
      n != 0) {
    reasons.push_back(absl::StrFormat(
        "correlations forgot %d groups for want of room since the last health record; if a "
        "rule's max_groups is small, raise it",
        n));
  }
  if (const auto n =
          Growth(health.correlations.values_forgotten, seen.correlation_values_forgotten);
      n != 0) {
    reasons.push_back(absl::StrFormat(
        "correlations forgot %d values for want of room since the last health record", n));
  }
  if (const auto n = Growth(pipeline_.skipped(), seen.skipped); n != 0) {
    reasons.push_back(absl::StrFormat(
        "the kernel did not run programs %d times since the last health record, see "
        "kernel_skipped_by_hook",
        n));
  }
  if (const auto n = Growth(health.cgroup_names_evicted, seen.cgroup_names_evicted); n != 0) {
    reasons.push_back(absl::StrFormat(
        "names of %d cgroups in use were forgotten since the last health record; if "
        "performance.max_process_cache_entries is below 65536, raise it",
        n));
  }
  if (const auto n = Growth(health.userspace_rate_limited, seen.rate_limited); n != 0) {
    reasons.push_back(absl::StrFormat(
        "%d file and network events over performance.max_events_per_second were not written since "
        "the last health record, see the loss records of reason rate_limit",
        n));
  }
  for (const PathHealth& link : options_.links) {
    if (link.unwatched) {
      reasons.push_back(absl::StrFormat("%s: \"%s\" is a symlink that is not followed: %s",
                                        link.key, link.path, link.why));
    }
  }
  for (const std::string& limitation : options_.limitations) reasons.push_back(limitation);
  const std::uint64_t troubles =
      health.losses_reported + health.userspace_output_failures + health.userspace_invalid_schema +
      health.userspace_unsupported_kind + session_errors_ + recording_failures_ +
      health.output_sync_failures + health.journal_failures + LostByOutputs(health);
  if (Growth(troubles, seen.troubles) != 0) {
    reasons.emplace_back("records, lines or messages were lost since the last health record");
  }
  health.status = !pipeline_.connected() || canary_.blind() ? HealthStatus::kBlind
                  : reasons.empty()                         ? HealthStatus::kOk
                                                            : HealthStatus::kDegraded;
  return health;
}

void Service::WriteHealth() {
  const Health health = MakeHealth(in_lines_);
  Log(LogLevel::kTrace, "health: %s, %d reasons", Name(health.status), health.reasons.size());
  pipeline_.WriteHealth(health);
  FlushOutput();
}

void Service::WriteMetrics(bool running) {
  if (!metrics_.has_value()) return;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const Health health = MakeHealth(in_metrics_);
  metrics_->Write(RenderMetrics({.health = health,
                                 .version = options_.metrics->version,
                                 .running = running,
                                 .heard_collector = pipeline_.heard_collector(),
                                 .unix_time_s = now.tv_sec}));
}

}  // namespace randguard

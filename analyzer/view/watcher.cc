// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/watcher.h"

#include <type_traits>
#include <utility>
#include <variant>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/output/sinks/segments.h"
#include "analyzer/view/event_hash.h"
#include "analyzer/view/glance.h"

namespace randguard {
namespace {

// Lines are indented by so many parents at most, one column each.
constexpr std::size_t kDepthMax = 12;

}  // namespace

void Watcher::Remembered::Add(const EventId& id) {
  if (now.size() >= kRemembered) {
    before = std::move(now);
    now.clear();
  }
  now.insert(HashOf(id));
}

bool Watcher::Remembered::Has(const EventId& id) const {
  return now.contains(HashOf(id)) || before.contains(HashOf(id));
}

Watcher::Watcher(Options options, Print print)
    : options_(std::move(options)), lines_(options_.screen), print_(std::move(print)) {}

absl::Status Watcher::See(std::string_view line) {
  if (IsManifest(line)) return absl::OkStatus();
  RG_ASSIGN_OR_RETURN(const LineContent* const content, reader_.Read(line));
  if (host_.Enter(*content)) new_host_ = true;
  host_.Learn(*content);
  Count(content->event);
  if (options_.follows) CheckNumber(*content);
  if (Wants(*content)) Show(*content);
  return absl::OkStatus();
}

void Watcher::Note(std::string_view text) {
  print_(Coloured(
      Colour::kBoldRed,
      CutEnd(absl::StrFormat("?? %s", Harmless(text, options_.screen)),
             options_.screen.columns == 0 ? SIZE_MAX : options_.screen.columns, options_.screen),
      options_.screen));
}

// Within a file, numbers that are missing say that not all lines go there, or stand in a loss.
// Where another file begins, whole files may have been passed over.
void Watcher::CheckNumber(const LineContent& line) {
  const bool same_boot = !line.boot_id.empty() && line.boot_id == boot_id_;
  const bool gap = same_boot && seq_ != 0 && line.seq > seq_ + 1;
  if (gap && new_file_ && !sparse_) {
    Note(absl::StrFormat("lines %d to %d are not here: their files went before they were read",
                         seq_ + 1, line.seq - 1));
  } else if (gap && !new_file_ && !std::holds_alternative<Loss>(line.event)) {
    sparse_ = true;
  }
  new_file_ = false;
  boot_id_ = line.boot_id;
  seq_ = line.seq;
}

void Watcher::Count(const AnyEvent& event) {
  if (ActorOf(event) != nullptr) {
    ++events_;
  } else if (std::holds_alternative<Alert>(event)) {
    alerts_ = SaturatedSum(alerts_, std::get<Alert>(event).count);
  } else if (const auto* const loss = std::get_if<Loss>(&event)) {
    lost_ = SaturatedSum(lost_, loss->count.value_or(0));
  } else if (const auto* const health = std::get_if<Health>(&event)) {
    status_ = health->status;
  }
}

bool Watcher::WantsReport(const AnyEvent& event) {
  if (std::holds_alternative<Loss>(event)) return true;
  const auto* const health = std::get_if<Health>(&event);
  if (health == nullptr) return false;
  std::string how(Name(health->status));
  for (const std::string& reason : health->reasons) how += "; " + reason;
  const auto known = health_.find(host_.host());
  // A host that is well is expected to be.
  const bool changed =
      known == health_.end() ? health->status != HealthStatus::kOk : known->second != how;
  if (known != health_.end()) {
    known->second = std::move(how);
  } else if (health_.size() < kHostsMax) {
    health_.emplace(host_.host(), std::move(how));
  }
  return changed;
}

bool Watcher::Wants(const LineContent& line) {
  if (const auto* const alert = std::get_if<Alert>(&line.event)) return FitsAlert(*alert);
  if (ActorOf(line.event) == nullptr) return WantsReport(line.event);
  const bool fits = Fits(line);
  return fits && !options_.alerts;
}

bool Watcher::Fits(const LineContent& line) {
  if (!options_.where.has_value()) return true;
  return std::visit(
      [&]<typename E>(const E& event) {
        if constexpr (requires { event.actor; }) {
          const bool fits = options_.where->Fits(ViewOf(event, host_.context()));
          seen_.Add(event.actor.event_id);
          if (fits) fitted_.Add(event.actor.event_id);
          return fits;
        } else {
          return false;
        }
      },
      line.event);
}

// An alert stands or falls with its event. Where that is not among the lines, the alert says of
// the process what a start would.
bool Watcher::FitsAlert(const Alert& alert) {
  if (!options_.where.has_value()) return true;
  if (seen_.Has(alert.event_id)) return fitted_.Has(alert.event_id);
  ProcessStart start;
  start.actor.timestamp_ns = alert.timestamp_ns;
  start.actor.event_id = alert.event_id;
  start.actor.pid = alert.pid;
  start.actor.tid = alert.tid;
  start.actor.ppid = alert.ppid;
  start.actor.uid = alert.uid;
  start.actor.gid = alert.gid;
  start.actor.comm = alert.comm;
  start.actor.exe_path = alert.exe_path;
  start.actor.process_id = alert.process_id;
  start.actor.parent_process_id = alert.parent_process_id;
  start.actor.container_id = alert.container_id;
  start.actor.container_runtime = alert.container_runtime;
  start.cwd = alert.cwd;
  start.user = alert.user;
  start.tty = alert.tty;
  start.loginuid = alert.loginuid;
  start.parent_exe_path = alert.parent_exe_path;
  return options_.where->Fits(ViewOf(start, host_.context()));
}

void Watcher::Show(const LineContent& line) {
  const std::int64_t time = RealTimeOf(line);
  std::string date = DateText(time);
  if (date != date_ || new_host_) print_(lines_.Heading(time, host_.host()));
  date_ = std::move(date);
  new_host_ = false;
  std::string_view user;
  std::size_t depth = 0;
  if (const auto who = WhoOf(line.event)) {
    user = host_.UserName(who->uid);
    if (options_.tree) depth = host_.Depth(who->process_id, kDepthMax);
  }
  print_(lines_.Of(line, user, depth));
}

}  // namespace randguard

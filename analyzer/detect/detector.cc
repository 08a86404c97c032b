// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/detector.h"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <type_traits>
#include <utility>

#include "analyzer/config/names.h"
#include "analyzer/detect/correlation/group_key.h"
#include "analyzer/event/actor.h"
#include "analyzer/rules/compile/simple_rules.h"
#include "analyzer/rules/fields/field_catalogue.h"

namespace randguard {
namespace {

constexpr std::size_t kMatchesShown = 32;  // of an alert, whose line is bounded

// Fields that differ between two occasions of one and the same thing: when it happened and how long
// it took, which process of a program it was, names and numbers that the kernel hands out anew, and
// how much was written where. Every other field makes an alert mean something else. In order.
constexpr std::string_view kOfOneOccasion[] = {
    "accepted_fd",
    "addr",  // remote_addr and local_addr are there
    "adopted",
    "after.user_namespace",
    "agent_id",
    "alert",
    "all_texts",  // each is there
    "argc",
    "audit_session_id",
    "before.user_namespace",
    "bytes_received",
    "bytes_sent",
    "called_name",  // args is there
    "called_paths",
    "cgroup",
    "cgroup_id",
    "child_ns_pid",
    "child_pid",
    "child_process_id",
    "child_tid",
    "comm",
    "command_line",  // args is there
    "container_inherited",
    "count",
    "creator_comm",
    "creator_command_line",
    "creator_pid",
    "creator_process_id",
    "destination_addr",  // addresses are there
    "destination_port",
    "detection_type",
    "dev",
    "dirfd",
    "duration_ns",
    "event_id",
    "exe_dev",
    "exe_inode",
    "fd",
    "host",
    "inode",
    "iovcnt",
    "length",
    "local_port",  // port is there
    "namespaces.cgroup",
    "namespaces.ipc",
    "namespaces.mnt",
    "namespaces.net",
    "namespaces.pid",
    "namespaces.time",
    "namespaces.user",
    "namespaces.uts",
    "net_ns",
    "new_atime_ns",
    "new_dirfd",
    "new_mtime_ns",
    "ns_pid",
    "object_id",
    "old_dirfd",
    "parent_called_paths",
    "parent_comm",
    "parent_command_line",
    "parent_pid",
    "parent_process_id",
    "pgid",
    "pid",
    "pid_for_children",
    "pos",
    "ppid",
    "process_id",
    "remote_port",  // port is there
    "result",       // error is there
    "script_dev",
    "script_inode",
    "session_id",
    "size",
    "socket_fd",
    "socket_inode",
    "source_addr",
    "source_port",
    "stderr_inode",
    "stdin_inode",
    "stdio_remote_port",
    "stdout_inode",
    "target.process_id",
    "target.tid",
    "target_argument",
    "tid",
    "time",
    "timestamp_ns",
    "tty",
    "user",  // uid is there
    "witness",
};

void AppendBytes(std::string& key, const void* bytes, std::size_t size) {
  key.append(static_cast<const char*>(bytes), size);
}

// Field, form and value, so that no two lists of values have one key.
void AppendTo(std::string& key, FieldId id, const Value& value) {
  if (!value.present()) return;
  AppendBytes(key, &id, sizeof(id));
  key += static_cast<char>(value.form);
  constexpr std::size_t kEndOfList = SIZE_MAX;  // no text is so long
  const auto append_text = [&](std::string_view text) {
    const std::size_t size = text.size();
    AppendBytes(key, &size, sizeof(size));
    key += text;
    return false;
  };
  const auto append_number = [&](Number number) {
    AppendBytes(key, &number, sizeof(number));
    return false;
  };
  if (value.form == Value::Form::kItems) {
    append_text(value.text);
    return;
  }
  AnyText(value, append_text);
  AnyNumber(value, append_number);
  AppendBytes(key, &kEndOfList, sizeof(kEndOfList));
}

}  // namespace

Detector::Detector(const Config& config, std::shared_ptr<const RuleSet> rules)
    : on_(config.agent.mode != AgentMode::kTelemetry),
      fields_(FindFields()),
      meanings_(FindMeanings()),
      min_severity_(config.alerts.min_severity),
      folder_(std::uint64_t{config.alerts.window_secs} * 1'000'000'000, config.alerts.max_folded) {
  SetRules(std::move(rules), [](const Alert&) {});
}

void Detector::SetRules(std::shared_ptr<const RuleSet> rules, AlertFolder::Emit write) {
  fired_ = {};
  if (correlator_.has_value()) {
    correlator_->EndSession([&](const Correlator::Fired& fired) { RaiseCorrelated(fired, write); });
  }
  correlator_.reset();
  matcher_.reset();
  if (!on_ || rules == nullptr) return;
  if (!rules->correlations().empty()) {
    correlator_.emplace(rules, correlation_counts_);
    correlator_->SetComplete(complete_ns_);
  }
  matcher_.emplace(std::move(rules));
}

void Detector::SetComplete(std::uint64_t time_ns) {
  complete_ns_ = time_ns;
  if (correlator_.has_value()) correlator_->SetComplete(time_ns);
}

void Detector::AdvanceComplete(AlertFolder::Emit write) {
  if (!correlator_.has_value()) return;
  correlator_->Advance(complete_ns_,
                       [&](const Correlator::Fired& fired) { RaiseCorrelated(fired, write); });
}

void Detector::Flush(AlertFolder::Emit write) {
  complete_ns_ = 0;
  if (correlator_.has_value()) {
    correlator_->EndSession([&](const Correlator::Fired& fired) { RaiseCorrelated(fired, write); });
  }
  folder_.Flush(write);
}

void Detector::BeginBoot() {
  complete_ns_ = 0;
  if (correlator_.has_value()) correlator_->Forget();
}

void Detector::FillHealth(Health& health) const {
  health.alerts_folded = folder_.folded();
  health.alert_windows_ended_early = folder_.ended_early();
  if (const RuleSet* set = rules(); set != nullptr) {
    health.rules_enabled = set->enabled();
    health.rule_set_hash = set->hash();
    if (const SigmaHealth& sigma = set->sigma().counts(); sigma.total() != 0) {
      health.sigma = sigma;
    }
  }
  if (below_severity_ != 0) health.alerts_below_severity = below_severity_;
  health.correlations = correlation_counts_;
  if (correlator_.has_value()) correlator_->FillHealth(health.correlations);
}

Detector::FieldIds Detector::FindFields() {
  FieldIds ids{};
  std::size_t at = 0;
  const auto find = [&]<typename Field>(const Field& field) {
    if constexpr (std::same_as<typename Field::From, FromEvent>) {
      const auto id = FieldCatalogue::Get().Find(field.name());
      if (!id.has_value()) std::abort();
      ids[at] = *id;
    }
    ++at;
  };
  kFields<Alert>.Apply([&](const auto&... field) { (find(field), ...); });
  return ids;
}

Detector::MeaningIds Detector::FindMeanings() {
  MeaningIds ids;
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  for (std::size_t id = 0; id < catalogue.fields().size(); ++id) {
    const FieldInfo& field = catalogue.fields()[id];
    if (std::binary_search(std::begin(kOfOneOccasion), std::end(kOfOneOccasion), field.name)) {
      continue;
    }
    for (std::size_t c = 0; c < kEventClasses; ++c) {
      if (field.read[c] != nullptr) ids[c].push_back(static_cast<FieldId>(id));
    }
  }
  return ids;
}

void Detector::FindWhat(const EventView& event) {
  what_.assign(event.event_type);
  for (const FieldId id : meanings_[event.event_class]) AppendTo(what_, id, matcher_->Read(id));
}

bool Detector::Evaluate(const EventView& event) {
  fired_ = matcher_->Match(event);
  if (observer_) observer_(event, fired_);
  return !fired_.empty();
}

bool Detector::FoundCanary() const {
  return std::any_of(fired_.begin(), fired_.end(), [this](std::uint32_t index) {
    return matcher_->rules().rules()[index].canary;
  });
}

// The first one that fits gives its name.
void Detector::Mark(bool& alert, OptionalText& detection_type) const {
  for (const std::uint32_t index : fired_) {
    const CompiledRule& rule = matcher_->rules().rules()[index];
    if (!rule.detection || rule.canary) continue;
    alert = true;
    detection_type = rule.rule.name;
    return;
  }
}

template <typename Field>
void Detector::FillFromEvent(Alert& alert, const Field& field, FieldId id) {
  if constexpr (std::same_as<typename Field::From, FromEvent>) {
    auto& out = alert.*field.member;
    using T = typename std::remove_reference_t<decltype(out)>::value_type;
    const Value& value = matcher_->Read(id);
    if constexpr (std::integral<T>) {
      if (value.form == Value::Form::kNumber) out = static_cast<T>(value.number);
    } else if (value.form == Value::Form::kText) {
      if constexpr (ValueSet<T>) {
        out = FindNamed<T>(value.text);
      } else {
        out = value.text;
      }
    }
  }
}

Alert Detector::AlertOf(const EventView& event) {
  Alert alert;
  alert.source_event_type = event.event_type;
  std::size_t at = 0;
  const auto fill = [&]<typename Field>(const Field& field) {
    if constexpr (requires { field.source.member; }) {
      alert.*field.member = event.actor->*field.source.member;
    }
    FillFromEvent(alert, field, fields_[at++]);
  };
  kFields<Alert>.Apply([&](const auto&... field) { (fill(field), ...); });
  return alert;
}

void Detector::NameFileAsIn(const Rule& rule, Alert& alert) {
  if (alert.operation.has_value()) {
    const auto operation = FindNamed<FileOperation>(*alert.operation);
    const auto& prefixed = rule.prefixed_operations;
    if (operation.has_value() &&
        std::find(prefixed.begin(), prefixed.end(), *operation) != prefixed.end()) {
      alert.operation = PrefixedName(*operation);
    }
  }
  const bool has_names = !rule.paths.empty() || !rule.patterns.empty();
  if (has_names && alert.old_path.has_value() && FitsSimplePaths(rule, *alert.old_path) &&
      !(alert.path.has_value() && FitsSimplePaths(rule, *alert.path))) {
    alert.path = alert.old_path;
  }
}

void Detector::NameOrigin(const Rule& rule, Alert& alert) {
  if (rule.origin.has_value()) alert.rule_source = *rule.origin;
  if (!rule.author.empty()) alert.rule_author = rule.author;
  if (rule.status.has_value()) alert.rule_status = Name(*rule.status);
  if (!rule.references.empty()) {
    alert.rule_references.emplace(rule.references.begin(), rule.references.end());
  }
  if (!rule.false_positives.empty()) {
    alert.rule_false_positives.emplace(rule.false_positives.begin(), rule.false_positives.end());
  }
}

void Detector::SetRule(const Rule& rule, Alert& alert) {
  alert.rule_id = rule.id;
  alert.rule_name = rule.name;
  alert.rule_type = rule.type;
  alert.severity = rule.severity;
  alert.action = rule.action;
  alert.tags.assign(rule.tags.begin(), rule.tags.end());
  if (!rule.description.empty()) alert.description = rule.description;
  NameOrigin(rule, alert);
}

void Detector::RaiseCorrelated(const Correlator::Fired& fired, AlertFolder::Emit write) {
  const auto& rules = matcher_->rules().rules();
  const CompiledRule& compiled = rules[fired.correlation.rule];
  if (compiled.silent) return;
  if (compiled.rule.severity < min_severity_) {
    ++below_severity_;
    return;
  }
  Alert alert = fired.alert;
  SetRule(compiled.rule, alert);
  auto& group = alert.group.emplace();
  for (std::size_t i = 0; i < fired.correlation.names.size(); ++i) {
    group.emplace_back(fired.correlation.names[i], ShowKeyPart(KeyPart(fired.key, i)));
  }
  const std::vector<SeenMatch>& seen = fired.found.matches;
  auto& matches = alert.matches.emplace();
  const std::size_t shown = std::min(seen.size(), kMatchesShown);
  for (auto match = seen.end() - static_cast<std::ptrdiff_t>(shown); match != seen.end(); ++match) {
    matches.push_back({rules[match->rule].rule.id,
                       match->origin.process,
                       match->origin.event,
                       {match->time_ns},
                       match->time_ns});
  }
  alert.matches_total = fired.found.total;
  write(alert);
}

// Beside the event's own alerts, and whether or not these are folded.
void Detector::Correlate(const EventView& event, std::optional<Alert>& of_event,
                         AlertFolder::Emit write) {
  const auto alert = [&]() -> const Alert& {
    if (!of_event.has_value()) of_event = AlertOf(event);
    return *of_event;
  };
  correlator_->OnEvent(
      {event.actor->timestamp_ns, {event.actor->process_id, event.actor->event_id}, fired_},
      [this](FieldId field) -> const Value& { return matcher_->Read(field); }, alert,
      [&](const Correlator::Fired& fired) { RaiseCorrelated(fired, write); });
}

void Detector::RaiseAll(const EventView& event, AlertFolder::Emit write) {
  std::optional<Alert> of_event;
  bool feeds = false;
  for (const std::uint32_t index : fired_) {
    const CompiledRule& compiled = matcher_->rules().rules()[index];
    if (compiled.detection) continue;
    feeds = feeds || !compiled.feeds.empty();
    if (compiled.silent) continue;
    const Rule& rule = compiled.rule;
    if (rule.severity < min_severity_) {
      ++below_severity_;
      continue;
    }
    if (!of_event.has_value()) {
      of_event = AlertOf(event);
      if (folder_.folds()) FindWhat(event);
    }
    Alert alert = *of_event;
    SetRule(rule, alert);
    if (rule.type == RuleType::kFile) NameFileAsIn(rule, alert);
    if (folder_.Fold(alert, what_, write)) write(alert);
  }
  if (feeds && correlator_.has_value()) Correlate(event, of_event, write);
}

}  // namespace randguard

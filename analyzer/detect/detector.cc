// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/detector.h"

#include <cstdlib>
#include <utility>

#include "analyzer/config/names.h"

namespace randguard {

Detector::Detector(const Config& config, std::shared_ptr<const RuleSet> rules)
    : on_(config.agent.mode == AgentMode::kDetect),
      fields_(FindFields()),
      folder_(std::uint64_t{config.alerts.window_secs} * 1'000'000'000, config.alerts.max_folded) {
  SetRules(std::move(rules));
}

void Detector::SetRules(std::shared_ptr<const RuleSet> rules) {
  fired_ = {};
  matcher_.reset();
  if (on_ && rules != nullptr) matcher_.emplace(std::move(rules));
}

Detector::Fields Detector::FindFields() {
  const auto find = [](std::string_view name) {
    const auto id = FieldCatalogue::Get().Find(name);
    if (!id.has_value()) std::abort();
    return *id;
  };
  return {.process_name = find("process_name"),
          .parent_name = find("parent_name"),
          .path = find("path"),
          .operation = find("operation"),
          .direction = find("direction"),
          .port = find("port"),
          .addr = find("addr"),
          .family = find("family"),
          .command_line = find("command_line"),
          .cwd = find("cwd"),
          .user = find("user"),
          .tty = find("tty"),
          .loginuid = find("loginuid"),
          .parent_exe_path = find("parent_exe_path"),
          .parent_command_line = find("parent_command_line"),
          .old_path = find("old_path"),
          .result = find("result"),
          .error = find("error")};
}

// The first one that fits gives its name.
void Detector::Mark(bool& alert, OptionalText& detection_type) const {
  for (const std::uint32_t index : fired_) {
    const CompiledRule& rule = matcher_->rules().rules()[index];
    if (!rule.detection) continue;
    alert = true;
    detection_type = rule.rule.name;
    return;
  }
}

OptionalText Detector::ReadText(FieldId field) {
  const Value& value = matcher_->Read(field);
  if (value.form != Value::Form::kText) return std::nullopt;
  return value.text;
}

std::optional<Number> Detector::ReadNumber(FieldId field) {
  const Value& value = matcher_->Read(field);
  if (value.form != Value::Form::kNumber) return std::nullopt;
  return value.number;
}

Alert Detector::AlertOf(const EventView& event) {
  const Actor& actor = *event.actor;
  Alert alert;
  alert.source_event_type = event.event_type;
  alert.pid = actor.pid;
  alert.tid = actor.tid;
  alert.ppid = actor.ppid;
  alert.uid = actor.uid;
  alert.gid = actor.gid;
  alert.comm = actor.comm;
  alert.exe_path = actor.exe_path;
  alert.process_name = ReadText(fields_.process_name);
  alert.parent_name = ReadText(fields_.parent_name);
  alert.path = ReadText(fields_.path);
  alert.operation = ReadText(fields_.operation);
  alert.direction = ReadText(fields_.direction);
  if (const auto port = ReadNumber(fields_.port)) alert.port = static_cast<std::uint16_t>(*port);
  alert.addr = ReadText(fields_.addr);
  alert.family = ReadText(fields_.family);
  alert.timestamp_ns = actor.timestamp_ns;
  alert.time = actor.time;
  alert.process_id = actor.process_id;
  alert.parent_process_id = actor.parent_process_id;
  alert.command_line = ReadText(fields_.command_line);
  alert.cwd = ReadText(fields_.cwd);
  alert.user = ReadText(fields_.user);
  alert.tty = ReadText(fields_.tty);
  if (const auto uid = ReadNumber(fields_.loginuid)) {
    alert.loginuid = static_cast<std::uint32_t>(*uid);
  }
  alert.parent_exe_path = ReadText(fields_.parent_exe_path);
  alert.parent_command_line = ReadText(fields_.parent_command_line);
  alert.old_path = ReadText(fields_.old_path);
  if (const auto result = ReadNumber(fields_.result)) {
    alert.result = static_cast<std::int64_t>(*result);
  }
  alert.error = ReadText(fields_.error);
  alert.container_id = actor.container_id;
  alert.container_runtime = actor.container_runtime;
  return alert;
}

void Detector::RaiseAll(const EventView& event, AlertFolder::Emit write) {
  std::optional<Alert> alert;
  for (const std::uint32_t index : fired_) {
    const CompiledRule& compiled = matcher_->rules().rules()[index];
    if (compiled.detection) continue;
    const Rule& rule = compiled.rule;
    if (!alert.has_value()) alert = AlertOf(event);
    alert->rule_id = rule.id;
    alert->rule_name = rule.name;
    alert->rule_type = Name(rule.type);
    alert->severity = Name(rule.severity);
    alert->action = Name(rule.action);
    alert->tags.assign(rule.tags.begin(), rule.tags.end());
    alert->description = std::nullopt;
    if (!rule.description.empty()) alert->description = rule.description;
    if (folder_.Fold(*alert, write)) write(*alert);
  }
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/detector.h"

#include <algorithm>
#include <concepts>
#include <cstdlib>
#include <type_traits>
#include <utility>

#include "analyzer/config/names.h"
#include "analyzer/event/actor.h"
#include "analyzer/rules/compile/simple_rules.h"
#include "analyzer/rules/fields/field_catalogue.h"

namespace randguard {

Detector::Detector(const Config& config, std::shared_ptr<const RuleSet> rules)
    : on_(config.agent.mode != AgentMode::kTelemetry),
      fields_(FindFields()),
      folder_(std::uint64_t{config.alerts.window_secs} * 1'000'000'000, config.alerts.max_folded) {
  SetRules(std::move(rules));
}

void Detector::SetRules(std::shared_ptr<const RuleSet> rules) {
  fired_ = {};
  matcher_.reset();
  if (on_ && rules != nullptr) matcher_.emplace(std::move(rules));
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

bool Detector::Evaluate(const EventView& event) {
  fired_ = matcher_->Match(event);
  if (observer_) observer_(event, fired_);
  return !fired_.empty();
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

void Detector::RaiseAll(const EventView& event, AlertFolder::Emit write) {
  std::optional<Alert> of_event;
  for (const std::uint32_t index : fired_) {
    const CompiledRule& compiled = matcher_->rules().rules()[index];
    if (compiled.detection) continue;
    const Rule& rule = compiled.rule;
    if (!of_event.has_value()) of_event = AlertOf(event);
    Alert alert = *of_event;
    alert.rule_id = rule.id;
    alert.rule_name = rule.name;
    alert.rule_type = rule.type;
    alert.severity = rule.severity;
    alert.action = rule.action;
    alert.tags.assign(rule.tags.begin(), rule.tags.end());
    if (!rule.description.empty()) alert.description = rule.description;
    if (rule.type == RuleType::kFile) NameFileAsIn(rule, alert);
    if (folder_.Fold(alert, write)) write(alert);
  }
}

}  // namespace randguard

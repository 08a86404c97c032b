// SPDX-License-Identifier: Apache-2.0
//
// The stage that evaluates rules and detections. It sees every event before anything is limited or
// filtered from the output.
#ifndef ANALYZER_DETECT_DETECTOR_H_
#define ANALYZER_DETECT_DETECTOR_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/detect/alert_folder.h"
#include "analyzer/detect/correlation/correlator.h"
#include "analyzer/event/alert.h"
#include "analyzer/event/reports.h"
#include "analyzer/rules/match/matcher.h"

namespace randguard {

class Detector {
 public:
  // Without rules, or in telemetry mode, it detects nothing.
  Detector(const Config& config, std::shared_ptr<const RuleSet> rules);

  // The data that conditions may use besides the event. Everything that the context borrows must
  // outlive the detector.
  void SetContext(const EvaluationContext& context) { context_ = context; }
  void SetHost(std::string_view host) { context_.host = host; }

  // Puts others in the place of the rules in force; between two events. The memory of correlations
  // goes with them.
  void SetRules(std::shared_ptr<const RuleSet> rules, AlertFolder::Emit write);

  // Looks at an event: marks it, if a detection fits. True: alerts are to be raised.
  template <typename E>
  bool Detect(E& event) {
    if (!matcher_.has_value() || !Evaluate(ViewOf(event, context_))) return false;
    if constexpr (requires { event.call.alert; }) {
      Mark(event.call.alert, event.call.detection_type);
    } else if constexpr (requires { event.alert; }) {
      Mark(event.alert, event.detection_type);
    }
    return true;
  }

  // Whether the event that was just detected is the canary, as the rule that looks for it says.
  bool FoundCanary() const;

  // Calls write(alert) for what Detect() has found in the event and what is not folded, and for the
  // correlations that fire by it.
  template <typename E>
  void Raise(const E& event, AlertFolder::Emit write) {
    RaiseAll(ViewOf(event, context_), write);
  }

  // The stream is complete up to a time: correlations handle what is not younger at once.
  void SetComplete(std::uint64_t time_ns);
  // And that has been handed in, too.
  void AdvanceComplete(AlertFolder::Emit write);
  // Windows of folded alerts end with the stream's time, and with its session.
  void Expire(std::uint64_t time_ns, AlertFolder::Emit write) { folder_.Expire(time_ns, write); }
  void Flush(AlertFolder::Emit write);
  // Times of another boot follow.
  void BeginBoot();

  void FillHealth(Health& health) const;

  // Null: there are no correlations.
  Correlator* correlator() { return correlator_.has_value() ? &*correlator_ : nullptr; }

  // Null: none are evaluated.
  const RuleSet* rules() const { return matcher_.has_value() ? &matcher_->rules() : nullptr; }

  // For `rand-guard rules explain`: sees every event, and which rules fired.
  using Observer = std::function<void(const EventView&, std::span<const std::uint32_t>)>;
  void SetObserver(Observer observer) { observer_ = std::move(observer); }

 private:
  // Finds the rules that fire; true: there are some.
  bool Evaluate(const EventView& event);
  void Mark(bool& alert, OptionalText& detection_type) const;
  void RaiseAll(const EventView& event, AlertFolder::Emit write);
  void Correlate(const EventView& event, std::optional<Alert>& of_event, AlertFolder::Emit write);
  void RaiseCorrelated(const Correlator::Fired& fired, AlertFolder::Emit write);
  static void SetRule(const Rule& rule, Alert& alert);
  // All but what is the rule's.
  Alert AlertOf(const EventView& event);
  // `path` and `operation` as the rule asks for them.
  static void NameFileAsIn(const Rule& rule, Alert& alert);
  // The rule's author, and what else it says about itself.
  static void NameOrigin(const Rule& rule, Alert& alert);
  // Fills in a field, if it comes from the event.
  template <typename Field>
  void FillFromEvent(Alert& alert, const Field& field, FieldId id);

  // By place in the description of alerts: the field that rules know by that name. Places of
  // fields that do not come from the event are unused.
  using FieldIds = std::array<FieldId, kFields<Alert>.size()>;
  static FieldIds FindFields();

  // By event class: the fields by which events differ in what they say.
  using MeaningIds = std::array<std::vector<FieldId>, kEventClasses>;
  static MeaningIds FindMeanings();
  // Sets what_.
  void FindWhat(const EventView& event);

  const bool on_;
  const FieldIds fields_;
  const MeaningIds meanings_;
  const Severity min_severity_;
  EvaluationContext context_;
  std::optional<Matcher> matcher_;
  std::span<const std::uint32_t> fired_;
  AlertFolder folder_;
  std::uint64_t below_severity_ = 0;  // times that a rule below alerts.min_severity fired
  CorrelationHealth correlation_counts_;
  std::optional<Correlator> correlator_;
  std::uint64_t complete_ns_ = 0;
  std::string what_;  // the last event said, as a key
  Observer observer_;
};

}  // namespace randguard

#endif  // ANALYZER_DETECT_DETECTOR_H_

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/capture/capture_reader.h"
#include "analyzer/cli/rules.h"
#include "analyzer/cli/rules_explain.h"
#include "analyzer/cli/setup.h"
#include "analyzer/confine/confine.h"
#include "analyzer/detect/correlation/timed_tests.h"
#include "analyzer/detect/detector.h"
#include "analyzer/ingest/replay.h"
#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/pipeline/pipeline.h"
#include "analyzer/rules/match/matcher.h"
#include "analyzer/rules/tools/explain.h"

namespace randguard::cli {
namespace {

constexpr std::size_t kShownMax = 10;  // events of a capture that are explained in full

// Prints each event of a capture that made the rule fire, or what kept the rule from firing.
class CaptureExplainer {
 public:
  CaptureExplainer(std::shared_ptr<const RuleSet> rules, std::size_t index)
      : rule_(rules->rules()[index]), index_(index), matcher_(std::move(rules)) {}

  void See(const EventView& event, std::span<const std::uint32_t> fired) {
    if (rule_.roots[event.event_class] == ExpressionPool::kFalse) return;
    ++looked_at_;
    matcher_.Begin(event);
    const Explanation explanation(rule_, matcher_, event);
    if (std::find(fired.begin(), fired.end(), index_) == fired.end()) {
      ++missing_[explanation.first_missing()];
      return;
    }
    if (++fired_ > kShownMax) return;
    Print(absl::StrFormat("%s of pid %d (%s) at %d ns fires:\n", event.event_type, event.actor->pid,
                          EscapedForTerminal(event.actor->comm), event.actor->timestamp_ns));
    Print(explanation.text());
  }

  void Summarize() const {
    Print(absl::StrFormat("%s: looked at %d events, fired for %d%s\n", Title(rule_.rule),
                          looked_at_, fired_, fired_ > kShownMax ? "; the first are shown" : ""));
    std::vector<std::pair<std::uint64_t, std::string>> missing;
    for (const auto& [words, count] : missing_) missing.emplace_back(count, words);
    std::sort(missing.rbegin(), missing.rend());
    if (!missing.empty()) Print("what kept it from firing, by what was missing first:\n");
    for (const auto& [count, words] : missing) {
      Print(absl::StrFormat("%10d  %s\n", count, words.empty() ? "(the events' type)" : words));
    }
  }

 private:
  const CompiledRule& rule_;
  const std::size_t index_;
  Matcher matcher_;
  std::uint64_t looked_at_ = 0, fired_ = 0;
  std::map<std::string, std::uint64_t> missing_;
};

// Prints what each match of a capture does to a correlation.
class StepPrinter {
 public:
  StepPrinter(const RuleSet& rules, std::size_t index) : rules_(rules), index_(index) {}

  void See(const Correlator::Step& step) {
    if (step.correlation.rule != index_) return;
    const bool fires = step.what == Correlator::Step::What::kAbsent ||
                       step.effect == CorrelationGroups::Effect::kFired;
    ++steps_;
    fired_ += fires ? 1 : 0;
    if (steps_ <= kStepsMax || fires) Print("  " + ExplainStep(rules_, step) + "\n");
  }

  void Summarize() const {
    Print(absl::StrFormat("%s: %d matches, fired %d times%s\n", Title(rules_.rules()[index_].rule),
                          steps_, fired_,
                          steps_ > kStepsMax ? "; the first matches are shown, and those by which "
                                               "it fired"
                                             : ""));
  }

 private:
  static constexpr std::uint64_t kStepsMax = 1000;

  const RuleSet& rules_;
  const std::size_t index_;
  std::uint64_t steps_ = 0, fired_ = 0;
};

}  // namespace

absl::Status ExplainCapture(const Config& config, const std::shared_ptr<const RuleSet>& rules,
                            std::size_t index, const std::string& path) {
  RG_ASSIGN_OR_RETURN(CaptureReader reader, CaptureReader::Open(path));
  RG_ASSIGN_OR_RETURN(LineSink out, LineSink::File("/dev/null"));
  Config detecting = config;
  detecting.agent.mode = AgentMode::kDetect;
  Pipeline pipeline(detecting, out, rules);
  CaptureExplainer explainer(rules, index);
  StepPrinter steps(*rules, index);
  const bool correlation = rules->rules()[index].rule.type == RuleType::kCorrelation;
  RG_RETURN_IF_ERROR(ConfineReader());
  if (correlation) {
    pipeline.detector().correlator()->SetObserver(
        [&](const Correlator::Step& step) { steps.See(step); });
  } else {
    pipeline.detector().SetObserver(
        [&](const EventView& event, std::span<const std::uint32_t> fired) {
          explainer.See(event, fired);
        });
  }
  absl::Status status =
      ReplayCapture(reader, pipeline, [](const absl::Status& s) { Say(Message(s)); });
  if (correlation) {
    steps.Summarize();
  } else {
    explainer.Summarize();
  }
  return status;
}

}  // namespace randguard::cli

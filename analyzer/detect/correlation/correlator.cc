// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/correlation/correlator.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "analyzer/detect/correlation/group_key.h"

namespace randguard {
namespace {

using Effect = CorrelationGroups::Effect;
using Type = CorrelationType;

bool CountsText(Type type) { return type == Type::kValueCount; }
bool CountsNumbers(Type type) {
  return type == Type::kValueSum || type == Type::kValueAvg || type == Type::kValuePercentile;
}

// Where it does not matter which of the rules it was, there may be more of them than bits.
std::uint32_t StageBit(Type type, std::uint32_t stage) {
  const bool matters =
      type == Type::kTemporal || type == Type::kTemporalOrdered || type == Type::kAbsence;
  return matters ? 1U << stage : 1U;
}

}  // namespace

Correlator::Correlator(std::shared_ptr<const RuleSet> rules, CorrelationHealth& counts)
    : rules_(std::move(rules)), counts_(counts) {
  const auto& correlations = rules_->correlations();
  const std::size_t share =
      std::min(kMaxShare, kMaxBytes / std::max<std::size_t>(correlations.size(), 1));
  for (std::uint32_t i = 0; i < correlations.size(); ++i) {
    groups_.emplace_back(correlations[i], share, counts);
    if (correlations[i].type == Type::kAbsence) absences_.push_back(i);
  }
}

void Correlator::Insert(Input input, std::size_t from, Inputs& inputs) {
  auto at = inputs.begin() + static_cast<std::ptrdiff_t>(from);
  for (; at != inputs.end() && at->correlation <= input.correlation; ++at) {
    if (at->correlation == input.correlation && at->key == input.key) {
      at->stages |= input.stages;
      return;
    }
  }
  inputs.insert(at, std::move(input));
}

void Correlator::Observe(Step::What what, const CompiledCorrelation& correlation,
                         const Input& input, std::uint64_t time_ns, Effect effect) {
  if (!observer_) return;
  std::string progress;
  const auto& groups = groups_[input.correlation];
  if (const auto* group = groups.Find(input.key); group != nullptr && !group->folded) {
    progress =
        std::visit([&](const auto& state) { return state.Progress(correlation); }, group->state);
  }
  observer_({what, correlation, input.rule, time_ns, effect, input.key, std::move(progress)});
}

void Correlator::ResolveOne(std::uint32_t rule, const CorrelationInput& feed, std::uint64_t time_ns,
                            Read read) {
  const CompiledCorrelation& correlation = rules_->correlations()[feed.correlation];
  const CompiledCorrelation::Stage& stage = correlation.stages[feed.stage];
  const std::uint32_t bit = StageBit(correlation.type, feed.stage);
  if (correlation.one_key) {
    for (Input& known : inputs_) {
      if (known.correlation != feed.correlation) continue;
      known.stages |= bit;
      return;
    }
  }
  Input input{.correlation = feed.correlation, .stages = bit, .rule = rule};
  for (const ValueSource& source : stage.group) {
    if (AppendToKey(read(source.field), input.key)) continue;
    ++counts_.without_group;
    input.key.clear();
    Observe(Step::What::kNoGroup, correlation, input, time_ns, Effect::kNone);
    return;
  }
  if (CountsText(correlation.type) || CountsNumbers(correlation.type)) {
    const Value& value = read(stage.value.field);
    const bool number = CountsNumbers(correlation.type);
    if (number ? value.form != Value::Form::kNumber : !AppendToKey(value, input.value)) {
      ++counts_.without_value;
      Observe(Step::What::kNoValue, correlation, input, time_ns, Effect::kNone);
      return;
    }
    if (number) input.number = value.number;
  }
  Insert(std::move(input), 0, inputs_);
}

void Correlator::OnEvent(const Event& event, Read read, MakeAlert alert, Emit emit) {
  inputs_.clear();
  for (const std::uint32_t rule : event.rules) {
    for (const CorrelationInput& feed : rules_->rules()[rule].feeds) {
      ResolveOne(rule, feed, event.time_ns, read);
    }
  }
  if (inputs_.empty()) return;
  if (event.time_ns <= complete_ns_) {
    HandleWaiting(event.time_ns, emit);
    Handle(event.time_ns, event.origin, inputs_, alert, emit);
    return;
  }
  Waiting waiting{event.origin, std::exchange(inputs_, {}), StoredAlert(alert())};
  waiting.bytes = waiting.alert.bytes();
  for (const Input& input : waiting.inputs) {
    waiting.bytes += sizeof(Input) + input.key.capacity() + input.value.capacity();
  }
  waiting_bytes_ += waiting.bytes;
  waiting_.emplace(event.time_ns, std::move(waiting));
  while (waiting_.size() > kMaxWaiting || waiting_bytes_ > kMaxWaitingBytes) {
    ++counts_.reordered_early;
    HandleFirstWaiting(emit);
  }
}

void Correlator::HandleFirstWaiting(Emit emit) {
  auto first = waiting_.extract(waiting_.begin());
  Waiting& waiting = first.mapped();
  waiting_bytes_ -= waiting.bytes;
  Handle(
      first.key(), waiting.origin, waiting.inputs,
      [&]() -> const Alert& { return waiting.alert.alert(); }, emit);
}

void Correlator::HandleWaiting(std::uint64_t up_to_ns, Emit emit) {
  while (!waiting_.empty() && waiting_.begin()->first <= up_to_ns) HandleFirstWaiting(emit);
}

void Correlator::Handle(std::uint64_t time_ns, const MatchOrigin& origin, Inputs& inputs,
                        MakeAlert alert, Emit emit) {
  if (time_ns < now_ns_) {
    ++counts_.late;
    time_ns = now_ns_;
  }
  EndGroups(time_ns, emit);
  now_ns_ = time_ns;
  Apply(time_ns, origin, inputs, alert, emit);
}

void Correlator::Apply(std::uint64_t time_ns, const MatchOrigin& origin, Inputs& inputs,
                       MakeAlert alert, Emit emit) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    // A copy: what fires may add inputs.
    const Input input = std::move(inputs[i]);
    const CompiledCorrelation& correlation = rules_->correlations()[input.correlation];
    CorrelationGroups& groups = groups_[input.correlation];
    while (groups.next_end_ns() < time_ns) groups.EndOldest();
    const Arrival arrival{.seen = {time_ns, origin, input.rule},
                          .stages = input.stages,
                          .value = input.value,
                          .number = input.number};
    const Effect effect = groups.Add(input.key, arrival, alert, found_);
    if (effect == Effect::kAwaits) next_end_ns_ = std::min(next_end_ns_, groups.next_end_ns());
    Observe(Step::What::kMatch, correlation, input, time_ns, effect);
    if (effect != Effect::kFired) continue;
    ++counts_.alerts;
    emit({correlation, time_ns, alert(), found_, input.key});
    Feed(correlation, input.key, i + 1, inputs);
  }
}

void Correlator::Feed(const CompiledCorrelation& correlation, const std::string& key,
                      std::size_t from, Inputs& inputs) {
  for (const CorrelationInput& feed : rules_->rules()[correlation.rule].feeds) {
    const CompiledCorrelation& next = rules_->correlations()[feed.correlation];
    const CompiledCorrelation::Stage& stage = next.stages[feed.stage];
    Input input{.correlation = feed.correlation,
                .stages = StageBit(next.type, feed.stage),
                .rule = correlation.rule};
    for (const ValueSource& source : stage.group) input.key += KeyPart(key, source.group);
    if (CountsText(next.type)) input.value = KeyPart(key, stage.value.group);
    Insert(std::move(input), from, inputs);
  }
}

void Correlator::FindNextEnd() {
  next_end_ns_ = UINT64_MAX;
  for (const std::uint32_t i : absences_) {
    next_end_ns_ = std::min(next_end_ns_, groups_[i].next_end_ns());
  }
}

// Only absences have anything to say at their end; all other groups end when they are in the way.
void Correlator::EndGroups(std::uint64_t before_ns, Emit emit) {
  while (next_end_ns_ < before_ns) {
    const std::uint64_t end_ns = next_end_ns_;
    for (const std::uint32_t i : absences_) {
      if (groups_[i].next_end_ns() != end_ns) continue;
      const CorrelationGroups::Group* group = groups_[i].EndOldest();
      if (group == nullptr) continue;
      const CompiledCorrelation& correlation = rules_->correlations()[i];
      now_ns_ = std::max(now_ns_, end_ns);
      const SeenMatch seen = std::get<AbsenceState>(group->state).seen();
      ++counts_.alerts;
      const Findings found{.matches = {seen}, .total = 1};
      const std::string key = group->key;
      if (observer_) {
        observer_({Step::What::kAbsent, correlation, seen.rule, end_ns, Effect::kFired, key, ""});
      }
      const Alert& alert = group->alert.alert();
      emit({correlation, end_ns, alert, found, key});
      Inputs inputs;
      Feed(correlation, key, 0, inputs);
      // Correlations that look at it have groups of their own: the alert stays.
      Apply(
          end_ns, seen.origin, inputs, [&]() -> const Alert& { return alert; }, emit);
    }
    FindNextEnd();
  }
}

void Correlator::Advance(std::uint64_t time_ns, Emit emit) {
  HandleWaiting(time_ns, emit);
  EndGroups(time_ns, emit);
  now_ns_ = std::max(now_ns_, time_ns);
}

void Correlator::EndSession(Emit emit) {
  HandleWaiting(UINT64_MAX, emit);
  for (const std::uint32_t i : absences_) {
    counts_.absences_dropped += groups_[i].awaiting();
    groups_[i].Clear();
  }
  next_end_ns_ = UINT64_MAX;
  complete_ns_ = 0;
}

void Correlator::Forget() {
  for (const std::uint32_t i : absences_) counts_.absences_dropped += groups_[i].awaiting();
  for (CorrelationGroups& groups : groups_) groups.Clear();
  waiting_.clear();
  waiting_bytes_ = 0;
  next_end_ns_ = UINT64_MAX;
  now_ns_ = complete_ns_ = 0;
}

void Correlator::FillHealth(CorrelationHealth& health) const {
  health.groups = health.bytes = 0;
  for (const CorrelationGroups& groups : groups_) {
    health.groups += groups.size();
    health.bytes += groups.bytes();
  }
}

}  // namespace randguard

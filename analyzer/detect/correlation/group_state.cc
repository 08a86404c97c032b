// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/correlation/group_state.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/rules/compile/correlation_compiler.h"

namespace randguard {
namespace {

bool IsOver(std::uint64_t time_ns, std::uint64_t now_ns, std::uint64_t timespan_ns) {
  return now_ns - time_ns > timespan_ns;
}

// Removes what is older than the timespan from the front of a list that is sorted by time.
template <typename Entry, typename Drop>
void Prune(std::vector<Entry>& entries, const CompiledCorrelation& correlation, std::uint64_t now,
           Drop&& drop) {
  auto first = entries.begin();
  while (first != entries.end() && IsOver(first->seen.time_ns, now, correlation.timespan_ns)) {
    drop(*first++);
  }
  entries.erase(entries.begin(), first);
}

template <typename Entry>
void List(const std::vector<Entry>& entries, Findings& found) {
  found.matches.clear();
  for (const Entry& entry : entries) found.matches.push_back(entry.seen);
  found.total = entries.size();
}

}  // namespace

AddResult CountState::Add(const CompiledCorrelation& correlation, const Arrival& arrival,
                          Findings& found) {
  auto first = seen_.begin();
  while (first != seen_.end() &&
         IsOver(first->time_ns, arrival.seen.time_ns, correlation.timespan_ns)) {
    ++first;
  }
  seen_.erase(seen_.begin(), first);
  seen_.push_back(arrival.seen);
  if (seen_.size() < correlation.needed) return {};
  found.matches = seen_;
  found.total = seen_.size();
  return {.fires = true};
}

bool CountState::DropOldest() {
  if (seen_.empty()) return false;
  seen_.erase(seen_.begin());
  seen_.shrink_to_fit();
  return true;
}

std::string CountState::Progress(const CompiledCorrelation& correlation) const {
  return absl::StrFormat("%d of %d matches", seen_.size(), correlation.needed);
}

AddResult DistinctState::Add(const CompiledCorrelation& correlation, const Arrival& arrival,
                             Findings& found) {
  Prune(values_, correlation, arrival.seen.time_ns,
        [this](const Entry& entry) { value_bytes_ -= entry.value.capacity(); });
  // The latest values stand at the end, and they are the likeliest to come again.
  const auto again = std::find_if(values_.rbegin(), values_.rend(),
                                  [&](const Entry& entry) { return entry.value == arrival.value; });
  if (again != values_.rend()) {
    again->seen = arrival.seen;
    std::rotate(std::prev(again.base()), again.base(), values_.end());
  } else {
    values_.push_back({arrival.seen, std::string(arrival.value)});
    value_bytes_ += values_.back().value.capacity();
  }
  if (values_.size() < correlation.needed) return {};
  List(values_, found);
  return {.fires = true};
}

bool DistinctState::DropOldest() {
  if (values_.empty()) return false;
  value_bytes_ -= values_.front().value.capacity();
  values_.erase(values_.begin());
  values_.shrink_to_fit();
  return true;
}

std::string DistinctState::Progress(const CompiledCorrelation& correlation) const {
  return absl::StrFormat("%d of %d values", values_.size(), correlation.needed);
}

AddResult NumbersState::Add(const CompiledCorrelation& correlation, const Arrival& arrival,
                            Findings& found) {
  Prune(numbers_, correlation, arrival.seen.time_ns,
        [this](const Entry& entry) { sum_ -= entry.number; });
  AddResult result;
  if (numbers_.size() == kCorrelationCountMax) {
    result.forgotten = 1;
    sum_ -= numbers_.front().number;
    numbers_.erase(numbers_.begin());
  }
  numbers_.push_back({arrival.seen, arrival.number});
  sum_ += arrival.number;
  result.fires = Holds(correlation);
  if (result.fires) List(numbers_, found);
  return result;
}

bool NumbersState::DropOldest() {
  if (numbers_.empty()) return false;
  sum_ -= numbers_.front().number;
  numbers_.erase(numbers_.begin());
  numbers_.shrink_to_fit();
  return true;
}

Number NumbersState::Percentile(std::uint32_t percentile) const {
  std::vector<Number> sorted;
  sorted.reserve(numbers_.size());
  for (const Entry& entry : numbers_) sorted.push_back(entry.number);
  // Nearest rank: the smallest of them that so many percent do not exceed.
  const std::size_t rank = std::max<std::size_t>((sorted.size() * percentile + 99) / 100, 1);
  const auto nth = sorted.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::nth_element(sorted.begin(), nth, sorted.end());
  return *nth;
}

bool NumbersState::Holds(const CompiledCorrelation& correlation) const {
  const auto& t = correlation.threshold;
  // An average is compared as the sum with the bound times their number: nothing is rounded.
  const bool average = correlation.type == CorrelationType::kValueAvg;
  const Number times = average ? static_cast<Number>(numbers_.size()) : 1;
  const Number value = correlation.type == CorrelationType::kValuePercentile
                           ? Percentile(correlation.percentile)
                           : sum_;
  const auto bound = [times](std::int64_t b) { return Number{b} * times; };
  return (!t.gt || value > bound(*t.gt)) && (!t.gte || value >= bound(*t.gte)) &&
         (!t.lt || value < bound(*t.lt)) && (!t.lte || value <= bound(*t.lte)) &&
         (!t.eq || value == bound(*t.eq)) && (!t.neq || value != bound(*t.neq));
}

std::string NumbersState::Progress(const CompiledCorrelation& correlation) const {
  if (numbers_.empty()) return "no numbers";
  const auto shown = [](Number number) { return static_cast<double>(number); };
  switch (correlation.type) {
    case CorrelationType::kValueAvg:
      return absl::StrFormat("average %.6g of %d numbers",
                             shown(sum_) / static_cast<double>(numbers_.size()), numbers_.size());
    case CorrelationType::kValuePercentile:
      return absl::StrFormat("percentile %d of %d numbers is %.17g", correlation.percentile,
                             numbers_.size(), shown(Percentile(correlation.percentile)));
    default:
      return absl::StrFormat("sum %.17g of %d numbers", shown(sum_), numbers_.size());
  }
}

namespace {

// Gives each stage an event of its own, if that can be done: augmenting paths. There are few of
// both, and almost always each event has one stage.
class Assignment {
 public:
  Assignment(const std::vector<std::uint32_t>& events, std::size_t stages)
      : events_(events), stages_(stages), event_of_(stages, kNone) {}

  // By stage the event's place, or nothing.
  std::optional<std::vector<std::size_t>> Find() {
    for (std::size_t stage = 0; stage < stages_; ++stage) {
      std::vector<bool> tried(events_.size());
      if (!Take(stage, tried)) return std::nullopt;
    }
    return event_of_;
  }

 private:
  static constexpr std::size_t kNone = SIZE_MAX;

  // From the latest event on: alerts show what has just happened.
  bool Take(std::size_t stage, std::vector<bool>& tried) {
    for (std::size_t event = events_.size(); event-- > 0;) {
      if ((events_[event] >> stage & 1) == 0 || tried[event]) continue;
      tried[event] = true;
      const auto holder = std::find(event_of_.begin(), event_of_.end(), event);
      if (holder != event_of_.end() &&
          !Take(static_cast<std::size_t>(holder - event_of_.begin()), tried)) {
        continue;
      }
      event_of_[stage] = event;
      return true;
    }
    return false;
  }

  const std::vector<std::uint32_t>& events_;
  const std::size_t stages_;
  std::vector<std::size_t> event_of_;
};

}  // namespace

AddResult TogetherState::Add(const CompiledCorrelation& correlation, const Arrival& arrival,
                             Findings& found) {
  Prune(events_, correlation, arrival.seen.time_ns, [](const Entry&) {});
  events_.push_back({arrival.seen, arrival.stages});
  const std::size_t stages = correlation.stages.size();
  Forget(stages);
  std::vector<std::uint32_t> masks;
  std::uint32_t all = 0;
  masks.reserve(events_.size());
  for (const Entry& entry : events_) {
    all |= entry.stages;
    masks.push_back(entry.stages);
  }
  if (all != (1U << stages) - 1) return {};
  auto event_of = Assignment(masks, stages).Find();
  if (!event_of.has_value()) return {};
  found.matches.clear();
  std::vector<std::pair<std::size_t, std::size_t>> by_event;
  for (std::size_t stage = 0; stage < stages; ++stage) {
    by_event.emplace_back((*event_of)[stage], stage);
  }
  std::sort(by_event.begin(), by_event.end());
  for (const auto& [event, stage] : by_event) {
    SeenMatch seen = events_[event].seen;
    seen.rule = correlation.stages[stage].rule;
    found.matches.push_back(seen);
  }
  found.total = stages;
  return {.fires = true};
}

// Events that are, for none of their stages, among the latest.
void TogetherState::Forget(std::size_t stages) {
  if (events_.size() <= stages) return;
  std::array<std::size_t, kCorrelationStagesMax> later{};
  auto kept = events_.end();
  for (auto event = events_.end(); event != events_.begin();) {
    --event;
    bool needed = false;
    for (std::size_t stage = 0; stage < stages; ++stage) {
      if ((event->stages >> stage & 1) != 0 && later[stage]++ < stages) needed = true;
    }
    if (needed) *--kept = *event;
  }
  events_.erase(events_.begin(), kept);
}

bool TogetherState::DropOldest() {
  if (events_.empty()) return false;
  events_.erase(events_.begin());
  events_.shrink_to_fit();
  return true;
}

std::string TogetherState::Progress(const CompiledCorrelation& correlation) const {
  std::uint32_t all = 0;
  for (const Entry& entry : events_) all |= entry.stages;
  return absl::StrFormat("%d of %d rules", __builtin_popcount(all), correlation.stages.size());
}

AddResult ChainState::Add(const CompiledCorrelation& correlation, const Arrival& arrival,
                          Findings& found) {
  const std::size_t stages = correlation.stages.size();
  // From the last stage on, so that one event moves each chain by one stage.
  for (std::size_t stage = stages; stage-- > 0;) {
    if ((arrival.stages >> stage & 1) == 0) continue;
    const SeenMatch* before = nullptr;
    if (stage > 0) {
      if ((reached_ >> (stage - 1) & 1) == 0) continue;
      before = &links_[Place(stage - 1)];
      if (IsOver(before->time_ns, arrival.seen.time_ns, correlation.timespan_ns)) {
        reached_ &= ~(1U << (stage - 1));
        continue;
      }
    }
    SeenMatch seen = arrival.seen;
    seen.rule = correlation.stages[stage].rule;
    if (stage == stages - 1) {
      found.matches.assign(before, before + stage);
      found.matches.push_back(seen);
      found.total = stages;
      return {.fires = true};
    }
    const std::uint64_t begin = before != nullptr ? before->time_ns : seen.time_ns;
    if ((reached_ >> stage & 1) != 0 && links_[Place(stage)].time_ns > begin) continue;
    const std::size_t from = Place(stage);
    if (links_.size() < from + stage + 1) links_.resize(from + stage + 1);
    if (stage > 0) std::copy_n(links_.data() + Place(stage - 1), stage, links_.data() + from);
    links_[from + stage] = seen;
    reached_ |= 1U << stage;
  }
  return {};
}

std::string ChainState::Progress(const CompiledCorrelation& correlation) const {
  std::size_t stage = correlation.stages.size();
  while (stage > 0 && (reached_ >> (stage - 1) & 1) == 0) --stage;
  return absl::StrFormat("%d of %d stages", stage, correlation.stages.size());
}

AddResult AbsenceState::Add(const CompiledCorrelation& /*correlation*/, const Arrival& arrival,
                            Findings& /*found*/) {
  // An event that fits both ends what waits, and waits itself.
  if ((arrival.stages & 2) != 0) awaiting_ = false;
  if ((arrival.stages & 1) != 0 && !awaiting_) {
    awaiting_ = true;
    seen_ = arrival.seen;
  }
  return {};
}

std::string AbsenceState::Progress(const CompiledCorrelation& /*correlation*/) const {
  return awaiting_ ? "the second rule is awaited" : "nothing is awaited";
}

GroupState MakeGroupState(CorrelationType type) {
  switch (type) {
    case CorrelationType::kEventCount:
      return CountState();
    case CorrelationType::kValueCount:
      return DistinctState();
    case CorrelationType::kValueSum:
    case CorrelationType::kValueAvg:
    case CorrelationType::kValuePercentile:
      return NumbersState();
    case CorrelationType::kTemporal:
      return TogetherState();
    case CorrelationType::kTemporalOrdered:
      return ChainState();
    case CorrelationType::kAbsence:
      return AbsenceState();
  }
  std::abort();
}

}  // namespace randguard

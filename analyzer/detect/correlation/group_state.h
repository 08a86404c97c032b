// SPDX-License-Identifier: Apache-2.0
//
// The memory of a group of matches: as much as decides, for all that may come, whether the
// correlation fires, and no more. Matches arrive by time. All of them are exact, but for sums,
// averages and percentiles of more numbers than kCorrelationCountMax.
#ifndef ANALYZER_DETECT_CORRELATION_GROUP_STATE_H_
#define ANALYZER_DETECT_CORRELATION_GROUP_STATE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analyzer/event/values.h"
#include "analyzer/rules/match/rule_set.h"

namespace randguard {

// The event that matched, and whose it was.
struct MatchOrigin {
  ProcessKey process;
  EventId event;
};

// A match, as it is remembered.
struct SeenMatch {
  std::uint64_t time_ns = 0;
  MatchOrigin origin;
  std::uint32_t rule = 0;  // in RuleSet::rules()
};

// One event's matches in a group. They count once.
struct Arrival {
  SeenMatch seen;
  std::uint32_t stages = 0;  // bits
  std::string_view value;    // value_count
  Number number = 0;         // value_sum, value_avg, value_percentile
};

// The matches that a correlation which fires rests on.
struct Findings {
  std::vector<SeenMatch> matches;  // by time
  std::uint64_t total = 0;
};

struct AddResult {
  bool fires = false;
  std::uint32_t forgotten = 0;  // values, for want of room
};

// event_count: the matches within the timespan. They are fewer than it takes to fire.
class CountState {
 public:
  AddResult Add(const CompiledCorrelation& correlation, const Arrival& arrival, Findings& found);
  void Clear() { seen_.clear(), seen_.shrink_to_fit(); }
  std::size_t bytes() const { return seen_.capacity() * sizeof(SeenMatch); }
  bool DropOldest();
  std::string Progress(const CompiledCorrelation& correlation) const;

 private:
  std::vector<SeenMatch> seen_;
};

// value_count: each value within the timespan, with its latest match.
class DistinctState {
 public:
  AddResult Add(const CompiledCorrelation& correlation, const Arrival& arrival, Findings& found);
  void Clear() { values_.clear(), values_.shrink_to_fit(), value_bytes_ = 0; }
  std::size_t bytes() const { return values_.capacity() * sizeof(Entry) + value_bytes_; }
  bool DropOldest();
  std::string Progress(const CompiledCorrelation& correlation) const;

 private:
  struct Entry {
    SeenMatch seen;
    std::string value;
  };
  std::vector<Entry> values_;  // by time
  std::size_t value_bytes_ = 0;
};

// value_sum, value_avg, value_percentile: the numbers within the timespan, the latest of them.
class NumbersState {
 public:
  AddResult Add(const CompiledCorrelation& correlation, const Arrival& arrival, Findings& found);
  void Clear() { numbers_.clear(), numbers_.shrink_to_fit(), sum_ = 0; }
  std::size_t bytes() const { return numbers_.capacity() * sizeof(Entry); }
  bool DropOldest();
  std::string Progress(const CompiledCorrelation& correlation) const;

 private:
  struct Entry {
    SeenMatch seen;
    Number number;
  };
  bool Holds(const CompiledCorrelation& correlation) const;
  Number Percentile(std::uint32_t percentile) const;

  std::vector<Entry> numbers_;  // by time
  Number sum_ = 0;
};

// temporal: for each of the n stages its n latest events. Other stages can take all but one of
// them, so that an older event is never needed.
class TogetherState {
 public:
  AddResult Add(const CompiledCorrelation& correlation, const Arrival& arrival, Findings& found);
  void Clear() { events_.clear(), events_.shrink_to_fit(); }
  std::size_t bytes() const { return events_.capacity() * sizeof(Entry); }
  bool DropOldest();
  std::string Progress(const CompiledCorrelation& correlation) const;

 private:
  struct Entry {
    SeenMatch seen;
    std::uint32_t stages;
  };
  void Forget(std::size_t stages);

  std::vector<Entry> events_;  // by time
};

// temporal_ordered: for each stage but the last, of the chains that have got there the one that
// began latest. Whatever completes another one completes it, too.
class ChainState {
 public:
  AddResult Add(const CompiledCorrelation& correlation, const Arrival& arrival, Findings& found);
  void Clear() { links_.clear(), links_.shrink_to_fit(), reached_ = 0; }
  std::size_t bytes() const { return links_.capacity() * sizeof(SeenMatch); }
  bool DropOldest() { return false; }
  std::string Progress(const CompiledCorrelation& correlation) const;

 private:
  // The chain that has got to stage n has n + 1 links, which follow those of the shorter ones.
  static std::size_t Place(std::size_t stage) { return stage * (stage + 1) / 2; }

  std::vector<SeenMatch> links_;
  std::uint32_t reached_ = 0;  // stages that a chain has got to
};

// absence: the first match that waits for the second rule. Later ones wait for the same.
class AbsenceState {
 public:
  // Never fires: time does.
  AddResult Add(const CompiledCorrelation& correlation, const Arrival& arrival, Findings& found);
  void Clear() { awaiting_ = false; }
  static std::size_t bytes() { return 0; }
  static bool DropOldest() { return false; }
  std::string Progress(const CompiledCorrelation& correlation) const;

  bool awaiting() const { return awaiting_; }
  const SeenMatch& seen() const { return seen_; }

 private:
  SeenMatch seen_;
  bool awaiting_ = false;
};

using GroupState =
    std::variant<CountState, DistinctState, NumbersState, TogetherState, ChainState, AbsenceState>;

// An empty one of the correlation's type.
GroupState MakeGroupState(CorrelationType type);

}  // namespace randguard

#endif  // ANALYZER_DETECT_CORRELATION_GROUP_STATE_H_

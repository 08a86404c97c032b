// SPDX-License-Identifier: Apache-2.0
//
// Looks at the matches of all rules, over time, for the rules of type correlation (docs/
// correlations.md). Time is that of the events.
//
// Matches are handled by their time. The merge hands out events in that order, up to the time at
// which the stream is complete. It may have to hand out younger ones for want of room; their
// matches wait here until the stream is complete up to them.
#ifndef ANALYZER_DETECT_CORRELATION_CORRELATOR_H_
#define ANALYZER_DETECT_CORRELATION_CORRELATOR_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "analyzer/detect/correlation/correlation_groups.h"
#include "analyzer/event/alert.h"
#include "analyzer/event/reports.h"
#include "analyzer/rules/match/rule_set.h"

namespace randguard {

class Correlator {
 public:
  // All groups of all correlations take at most so much together. Correlations have equal shares,
  // within these bounds.
  static constexpr std::size_t kMaxBytes = std::size_t{64} << 20;
  static constexpr std::size_t kMaxShare = std::size_t{4} << 20;
  // Events that wait for their turn, and what their texts take.
  static constexpr std::size_t kMaxWaiting = 1024;
  static constexpr std::size_t kMaxWaitingBytes = std::size_t{4} << 20;

  // The value of a field of the event.
  using Read = absl::FunctionRef<const Value&(FieldId)>;
  // The event's alert, without what is a rule's.
  using MakeAlert = absl::FunctionRef<const Alert&()>;

  struct Event {
    std::uint64_t time_ns = 0;
    MatchOrigin origin;
    std::span<const std::uint32_t> rules;  // that match, in order
  };

  // A correlation has fired. All is borrowed for the call.
  struct Fired {
    const CompiledCorrelation& correlation;
    std::uint64_t time_ns;  // of the match that completed it, or when a wait was over
    const Alert& alert;     // of that match, or of the one that waited
    const Findings& found;
    std::string_view key;  // group_key.h
  };
  using Emit = absl::FunctionRef<void(const Fired&)>;

  // `counts` is borrowed, and goes on from what it holds.
  Correlator(std::shared_ptr<const RuleSet> rules, CorrelationHealth& counts);

  void OnEvent(const Event& event, Read read, MakeAlert alert, Emit emit);

  // The stream is complete up to that time: what comes later is not older.
  void SetComplete(std::uint64_t time_ns) { complete_ns_ = time_ns; }
  // Time has got there: waiting events are handled, and what has not come is absent.
  void Advance(std::uint64_t time_ns, Emit emit);
  // Nothing more comes of this session. Matches that are awaited may have happened unseen.
  void EndSession(Emit emit);
  // Another boot, with another time.
  void Forget();

  // Groups and their memory.
  void FillHealth(CorrelationHealth& health) const;

  // For `rand-guard rules explain` and tests: what a match does to a correlation.
  struct Step {
    enum class What : std::uint8_t { kNoGroup, kNoValue, kMatch, kAbsent };
    What what;
    const CompiledCorrelation& correlation;
    std::uint32_t rule;  // that matched; of kAbsent the one that waited
    std::uint64_t time_ns;
    CorrelationGroups::Effect effect;  // of kMatch
    std::string_view key;
    std::string progress;  // of its group afterwards
  };
  using Observer = std::function<void(const Step&)>;
  void SetObserver(Observer observer) { observer_ = std::move(observer); }

 private:
  // A match as a correlation sees it.
  struct Input {
    std::uint32_t correlation = 0;
    std::uint32_t stages = 0;  // bits
    std::uint32_t rule = 0;    // the first that matched
    std::string key;
    std::string value;  // one part of a key
    Number number = 0;
  };
  using Inputs = std::vector<Input>;

  struct Waiting {
    MatchOrigin origin;
    Inputs inputs;
    StoredAlert alert;
    std::size_t bytes = 0;
  };

  void ResolveOne(std::uint32_t rule, const CorrelationInput& feed, std::uint64_t time_ns,
                  Read read);
  // Adds to the inputs behind `from`, which are sorted by correlation; inputs of one event with one
  // key are one.
  static void Insert(Input input, std::size_t from, Inputs& inputs);
  void Handle(std::uint64_t time_ns, const MatchOrigin& origin, Inputs& inputs, MakeAlert alert,
              Emit emit);
  void Apply(std::uint64_t time_ns, const MatchOrigin& origin, Inputs& inputs, MakeAlert alert,
             Emit emit);
  // A correlation has fired: those that look at it get a match.
  void Feed(const CompiledCorrelation& correlation, const std::string& key, std::size_t from,
            Inputs& inputs);
  // Handles what waits, up to a time.
  void HandleWaiting(std::uint64_t up_to_ns, Emit emit);
  void HandleFirstWaiting(Emit emit);
  // Ends the groups that are over before a time, in their order.
  void EndGroups(std::uint64_t before_ns, Emit emit);
  void FindNextEnd();
  void Observe(Step::What what, const CompiledCorrelation& correlation, const Input& input,
               std::uint64_t time_ns, CorrelationGroups::Effect effect);

  const std::shared_ptr<const RuleSet> rules_;
  CorrelationHealth& counts_;
  std::deque<CorrelationGroups> groups_;  // by correlation
  std::vector<std::uint32_t> absences_;   // correlations of that type
  std::uint64_t now_ns_ = 0;              // latest that was handled
  std::uint64_t complete_ns_ = 0;
  std::uint64_t next_end_ns_ = UINT64_MAX;  // of groups of absences
  Inputs inputs_;                           // of the event at hand
  Findings found_;
  std::multimap<std::uint64_t, Waiting> waiting_;  // by time; of one time in order
  std::size_t waiting_bytes_ = 0;
  Observer observer_;
};

}  // namespace randguard

#endif  // ANALYZER_DETECT_CORRELATION_CORRELATOR_H_

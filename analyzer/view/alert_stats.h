// SPDX-License-Identifier: Apache-2.0
//
// Which rules fire how often, and what the alerts of each have in common: where an exception would
// help most. In bounded memory: of each field, the values that many alerts have are sure to be kept
// ("Space-Saving", Metwally and others, 2005), whatever comes between them.
#ifndef ANALYZER_VIEW_ALERT_STATS_H_
#define ANALYZER_VIEW_ALERT_STATS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "analyzer/event/value_sets.h"
#include "analyzer/output/convert/line_reader.h"

namespace randguard {

class AlertStats {
 public:
  static constexpr std::size_t kRulesMax = 1024;
  static constexpr std::size_t kHostsMax = 4096;
  // Values of a field of a rule. One that more than one in so many alerts have is among them.
  static constexpr std::size_t kValuesMax = 32;
  static constexpr std::size_t kTextMax = 256;  // bytes of a text; longer ones lose their middle

  struct Value {
    std::string text;
    std::uint64_t alerts = 0;  // at least; exactly, where its field is exact
  };
  struct Field {
    std::string_view name;  // as in alerts and conditions
    // Whoever starts a process, or makes a container without root, chooses it. Others are not safe
    // without a question for trust either: docs/rules.md.
    bool chosen = false;
    bool exact = true;          // there were no more values than are kept
    std::vector<Value> values;  // the most frequent first
    std::uint64_t absent = 0;   // alerts without the field
  };
  struct Rule {
    std::string id, name;
    Severity severity = Severity::kMedium;  // as the last of the alerts has it
    std::uint64_t alerts = 0;
    std::uint64_t hosts = 0;                           // kHostsMax: so many, or more
    std::int64_t first = INT64_MAX, last = INT64_MIN;  // nanoseconds since 1970
    std::vector<Field> fields;                         // those that any of its alerts has
  };

  // Lines that are no alerts are passed over.
  void Add(const LineContent& line);

  // The rule with the most alerts first.
  std::vector<Rule> Rules() const;
  bool empty() const { return lines_ == 0; }
  std::uint64_t alerts() const { return alerts_; }
  std::uint64_t hosts() const { return hosts_.size(); }
  std::int64_t first() const { return first_; }
  std::int64_t last() const { return last_; }
  // Alerts of rules for which there was no room.
  std::uint64_t left_out() const { return left_out_; }

 private:
  static constexpr std::size_t kFields = 10;
  struct Slot {
    std::uint64_t hash = 0;  // of the whole text
    std::string text;
    std::uint64_t alerts = 0;
    std::uint64_t over = 0;  // by so much at most, `alerts` may be too large
  };
  struct Counted {
    std::vector<Slot> slots;
    std::uint64_t absent = 0;
    bool exact = true;
    bool chosen = false;

    void Add(std::string_view value, std::uint64_t alerts);
  };
  using Hosts = absl::flat_hash_set<std::uint64_t>;
  struct OfRule {
    std::string name;
    Severity severity = Severity::kMedium;
    std::uint64_t alerts = 0;
    std::int64_t first = INT64_MAX, last = INT64_MIN;
    Hosts hosts;
    std::array<Counted, kFields> fields;
  };

  std::map<std::string, OfRule, std::less<>> rules_;
  Hosts hosts_;
  std::uint64_t lines_ = 0, alerts_ = 0, left_out_ = 0;
  std::int64_t first_ = INT64_MAX, last_ = INT64_MIN;
};

}  // namespace randguard

#endif  // ANALYZER_VIEW_ALERT_STATS_H_

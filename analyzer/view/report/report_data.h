// SPDX-License-Identifier: Apache-2.0
//
// All that lines of a period say together: who reports, what was lost, what happened how often, and
// the alerts with all that belongs to them. Bounded; what is beyond a bound is counted.
#ifndef ANALYZER_VIEW_REPORT_REPORT_DATA_H_
#define ANALYZER_VIEW_REPORT_REPORT_DATA_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "analyzer/event/value_sets.h"
#include "analyzer/output/convert/line_reader.h"
#include "analyzer/output/verify/line_check.h"
#include "analyzer/rules/match/matcher.h"
#include "analyzer/view/period.h"
#include "analyzer/view/process_tree.h"
#include "analyzer/view/seen_host.h"

namespace randguard {

inline constexpr std::size_t kSeverities = std::size(EnumTraits<Severity>::kNames);

struct ReportedEvent {
  std::int64_t time = 0;
  std::string glance;  // "unlink /etc/x  EACCES"
  std::string line;
};

struct ReportedAlert {
  std::int64_t time = 0;
  Severity severity = Severity::kMedium;
  std::string host, user, process;
  std::vector<std::pair<std::string, std::string>> fields;  // for people, in order
  std::string rule_id, rule_name, description;
  std::vector<std::string> tags;
  std::vector<ReportedEvent> events;
  std::uint64_t more_events = 0;  // that it rests on, and for which there is no room
  std::string explanation;  // why the rule fired, as `rules explain` says it; empty: not known
  std::string line;
  ProcessTree::Index tree = ProcessTree::kNone;
};

struct ReportedGap {  // of what was seen
  std::int64_t from = 0, to = 0;
  std::string host, what;
  std::optional<std::uint64_t> count;  // absent: not known, or no number
};

class ReportData {
 public:
  static constexpr std::size_t kAlertsMax = 500;     // of each severity, shown in full
  static constexpr std::size_t kEventsMax = 32;      // that one of these rests on
  static constexpr std::size_t kLineMax = 64 << 10;  // bytes of a line that are kept
  static constexpr std::size_t kTextMax = 64 << 20;  // bytes of all these
  static constexpr std::size_t kGapsMax = 500;
  static constexpr std::size_t kNamesMax = 4096;  // hosts, rules, techniques, users
  static constexpr std::size_t kPartsMax = 1 << 16;

  // Rules may be null: then nothing is explained.
  ReportData(Period period, const std::shared_ptr<const RuleSet>& rules);

  // A line without its end. An error: it is none of this version.
  absl::Status Add(std::string_view line);
  // No line follows.
  void Finish();

  // A part of the period.
  struct Part {
    std::uint64_t events = 0;
    std::array<std::uint64_t, kSeverities> alerts{};

    void Add(const Part& other);
  };
  struct Rule {
    std::string name;
    Severity severity = Severity::kMedium;
    std::uint64_t alerts = 0;
  };

  // Times of the lines within the period; first > last: there are none.
  std::int64_t first() const { return first_; }
  std::int64_t last() const { return last_; }
  // Events by host.
  const std::map<std::string, std::uint64_t>& hosts() const { return hosts_; }
  const std::map<std::string, std::uint64_t>& event_types() const { return event_types_; }
  const std::map<std::string, Rule>& rules() const { return by_rule_; }
  const std::map<std::string, std::uint64_t>& techniques() const { return techniques_; }
  const std::array<std::uint64_t, kSeverities>& by_severity() const { return by_severity_; }
  // By when they begin. They are equally long: a second each, or more where there are too many.
  const std::map<std::int64_t, Part>& parts() const { return parts_; }
  std::int64_t part_ns() const { return part_ns_; }
  const std::vector<ReportedGap>& gaps() const { return gaps_; }
  std::uint64_t more_gaps() const { return more_gaps_; }
  std::uint64_t lost() const { return lost_; }
  // Alerts that are not among alerts(): beyond its bounds, or counted in one that is.
  std::uint64_t not_listed() const { return not_listed_; }
  std::uint64_t health_lines() const { return health_lines_; }
  // The worst first, and each severity by time.
  const std::vector<ReportedAlert>& alerts() const { return alerts_; }
  std::uint64_t alerts_total() const { return alerts_total_; }
  std::uint64_t events_total() const { return events_total_; }
  const ProcessTree& tree() const { return tree_; }
  // Whether lines are missing, by their numbers.
  const LineCheck& check() const { return check_; }

 private:
  void AddEvent(const LineContent& line, std::string_view text);
  void AddAlert(const Alert& alert, const LineContent& line, std::string_view text);
  void AddLoss(const Loss& loss, const LineContent& line);
  void AddHealth(const Health& health, const LineContent& line);
  // If it is within the period in part.
  void AddGap(ReportedGap gap);
  void AddEvents(const Alert& of, ReportedAlert& alert);
  std::string KeptLine(std::string_view text);
  void AddToPart(std::int64_t time, const Part& sums);
  void Remember(const EventId& id, std::string_view text);
  const std::string* Remembered(const EventId& id) const;
  ReportedEvent EventOf(const std::string& text);
  std::string Explain(const Alert& alert);

  const Period period_;
  LineReader reader_, again_;
  SeenHost host_;
  ProcessTree tree_;
  LineCheck check_;
  std::optional<Matcher> matcher_;
  absl::flat_hash_map<std::string, std::uint32_t> rules_by_id_;

  std::int64_t first_ = INT64_MAX, last_ = INT64_MIN;
  std::map<std::string, std::uint64_t> hosts_, event_types_, techniques_;
  std::map<std::string, Rule> by_rule_;
  std::array<std::uint64_t, kSeverities> by_severity_{};
  std::map<std::int64_t, Part> parts_;
  std::int64_t part_ns_ = 1'000'000'000;
  std::vector<ReportedGap> gaps_;
  std::uint64_t more_gaps_ = 0, lost_ = 0, health_lines_ = 0, alerts_total_ = 0, events_total_ = 0;
  std::vector<ReportedAlert> alerts_;
  std::array<std::size_t, kSeverities> kept_{};
  std::uint64_t not_listed_ = 0;
  std::size_t texts_ = 0;                      // bytes of lines that are kept
  absl::flat_hash_set<std::uint64_t> listed_;  // by host, rule and process

  // By host: since when its sensor has not been well, and why.
  std::map<std::string, ReportedGap> unwell_;

  // The latest events, for the alerts that rest on them.
  static constexpr std::size_t kRememberedBytes = std::size_t{48} << 20;
  std::deque<std::pair<std::uint64_t, std::string>> latest_;
  absl::flat_hash_map<std::uint64_t, const std::string*> by_event_;
  std::size_t latest_bytes_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_VIEW_REPORT_REPORT_DATA_H_

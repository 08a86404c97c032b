// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/correlation/testing/reference_correlator.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "analyzer/config/value_checks.h"

namespace randguard::testing {
namespace {

std::uint64_t TimespanOf(const Rule& rule) {
  return std::uint64_t{ParseTimespan(rule.correlation.timespan.text).value_or(0)} * 1'000'000'000;
}

// A count or a sum; for an average, `times` is how many numbers it is made of.
bool Holds(const CorrelationRule& c, std::int64_t value, std::int64_t times = 1) {
  return (!c.gt || value > *c.gt * times) && (!c.gte || value >= *c.gte * times) &&
         (!c.lt || value < *c.lt * times) && (!c.lte || value <= *c.lte * times) &&
         (!c.eq || value == *c.eq * times) && (!c.neq || value != *c.neq * times);
}

// The field that a name stands for in the events of a rule.
std::string FieldOf(const CorrelationRule& c, const std::string& name, const std::string& rule) {
  for (const CorrelationAlias& alias : c.aliases) {
    if (alias.name.text != name) continue;
    for (const CorrelationAlias::Of& of : alias.fields) {
      if (of.rule.text == rule) return of.field.text;
    }
  }
  return name;
}

}  // namespace

ReferenceCorrelator::ReferenceCorrelator(std::vector<Rule> correlations)
    : rules_(std::move(correlations)), groups_(rules_.size()) {}

std::optional<ReferenceCorrelator::Found> ReferenceCorrelator::Evaluate(const Rule& rule,
                                                                        const Group& group) const {
  const CorrelationRule& c = rule.correlation;
  const std::uint64_t now = group.history.back().time_ns;
  std::vector<Match> window;
  for (const Match& match : group.history) {
    if (match.time_ns + TimespanOf(rule) >= now) window.push_back(match);
  }
  std::int64_t sum = 0;
  std::vector<std::int64_t> numbers;
  std::set<std::string> values;
  const std::size_t stages = c.rules.size();
  const auto total = static_cast<std::int64_t>(window.size());
  const Found all{window.size(), window.front().time_ns};
  switch (c.type) {
    case CorrelationType::kEventCount:
      return Holds(c, total) ? std::optional(all) : std::nullopt;
    case CorrelationType::kValueCount:
      for (const Match& match : window) values.insert(match.value);
      if (!Holds(c, static_cast<std::int64_t>(values.size()))) return std::nullopt;
      return Found{values.size(), 0};
    case CorrelationType::kValueSum:
    case CorrelationType::kValueAvg:
    case CorrelationType::kValuePercentile: {
      for (const Match& match : window) numbers.push_back(std::stoll(match.value));
      for (const std::int64_t number : numbers) sum += number;
      bool holds = false;
      if (c.type == CorrelationType::kValuePercentile) {
        std::sort(numbers.begin(), numbers.end());
        // The smallest number that at least so many percent of them do not exceed.
        std::size_t at = 0;
        while ((at + 1) * 100 < numbers.size() * c.percentile) ++at;
        holds = Holds(c, numbers[at]);
      } else {
        holds = Holds(c, sum, c.type == CorrelationType::kValueAvg ? total : 1);
      }
      return holds ? std::optional(all) : std::nullopt;
    }
    case CorrelationType::kTemporal: {
      std::vector<bool> taken(window.size());
      const std::function<bool(std::size_t)> assign = [&](std::size_t stage) {
        if (stage == stages) return true;
        for (std::size_t i = 0; i < window.size(); ++i) {
          if (taken[i] || !window[i].stages[stage]) continue;
          taken[i] = true;
          if (assign(stage + 1)) return true;
          taken[i] = false;
        }
        return false;
      };
      return assign(0) ? std::optional(Found{stages, 0}) : std::nullopt;
    }
    case CorrelationType::kTemporalOrdered: {
      // The chain whose first match is latest.
      const std::function<bool(std::size_t, std::size_t)> follow = [&](std::size_t stage,
                                                                       std::size_t from) {
        if (stage == stages) return true;
        for (std::size_t i = from; i < window.size(); ++i) {
          if (window[i].stages[stage] && follow(stage + 1, i + 1)) return true;
        }
        return false;
      };
      for (std::size_t i = window.size(); i-- > 0;) {
        if (window[i].stages[0] && follow(1, i + 1)) return Found{stages, window[i].time_ns};
      }
      return std::nullopt;
    }
    case CorrelationType::kAbsence:
      return std::nullopt;
  }
  return std::nullopt;
}

void ReferenceCorrelator::Fire(const Rule& rule, Group& group, const std::string& key,
                               std::uint64_t time_ns, Found found) {
  group.history.clear();
  group.folded_until_ns = time_ns + TimespanOf(rule);
  fired_.push_back({rule.id, time_ns, key, found.total, found.first_ns});
}

void ReferenceCorrelator::Handle(Occasion occasion, std::size_t from) {
  for (std::size_t r = from; r < rules_.size(); ++r) {
    const Rule& rule = rules_[r];
    const CorrelationRule& c = rule.correlation;
    // The event as this correlation sees it, by group: rules may find different values in it.
    std::map<std::string, std::pair<Match, std::map<std::string, std::string>>> arrivals;
    std::vector<std::string> order;
    for (std::size_t stage = 0; stage < c.rules.size(); ++stage) {
      const auto base = occasion.rules.find(c.rules[stage].text);
      if (base == occasion.rules.end()) continue;
      std::string key;
      bool complete = true;
      std::map<std::string, std::string> values;
      for (const SourceText& name : c.group_by) {
        const auto value = base->second.find(FieldOf(c, name.text, base->first));
        complete = complete && value != base->second.end();
        if (!complete) break;
        key += name.text + "=" + value->second + ";";
        values[name.text] = value->second;
      }
      const auto value = base->second.find(c.field.text);
      if (!complete || (!c.field.text.empty() && value == base->second.end())) continue;
      if (!arrivals.contains(key)) order.push_back(key);
      auto& [match, of_group] = arrivals[key];
      match.time_ns = occasion.time_ns;
      match.stages.resize(c.rules.size());
      match.stages[stage] = true;
      if (match.value.empty() && !c.field.text.empty()) match.value = value->second;
      of_group = values;
    }
    for (const std::string& key : order) {
      const auto& [match, values] = arrivals[key];
      Group& group = groups_[r][key];
      group.values = values;
      if (group.folded_until_ns.has_value() && match.time_ns <= *group.folded_until_ns) continue;
      if (c.type == CorrelationType::kAbsence) {
        if (match.stages[1]) group.history.clear();
        if (match.stages[0]) group.history.push_back(match);
        continue;
      }
      group.history.push_back(match);
      const auto found = Evaluate(rule, group);
      if (!found.has_value()) continue;
      Fire(rule, group, key, match.time_ns, *found);
      occasion.rules[rule.id] = values;
    }
  }
}

void ReferenceCorrelator::EndAbsences(std::uint64_t before_ns) {
  for (;;) {
    // The wait that was over first.
    std::optional<std::uint64_t> first;
    std::size_t of_rule = 0;
    std::string of_key;
    for (std::size_t r = 0; r < rules_.size(); ++r) {
      if (rules_[r].correlation.type != CorrelationType::kAbsence) continue;
      for (const auto& [key, group] : groups_[r]) {
        if (group.history.empty()) continue;
        const std::uint64_t end = group.history.front().time_ns + TimespanOf(rules_[r]);
        if (end >= before_ns || (first.has_value() && *first <= end)) continue;
        first = end, of_rule = r, of_key = key;
      }
    }
    if (!first.has_value()) return;
    Group& group = groups_[of_rule][of_key];
    Fire(rules_[of_rule], group, of_key, *first, {1, group.history.front().time_ns});
    Handle({*first, {{rules_[of_rule].id, group.values}}}, of_rule + 1);
  }
}

std::vector<ReferenceFired> ReferenceCorrelator::Run(const std::vector<ReferenceEvent>& events,
                                                     std::uint64_t end_ns) {
  for (const ReferenceEvent& event : events) {
    EndAbsences(event.time_ns);
    Occasion occasion{event.time_ns, {}};
    for (const std::string& rule : event.rules) occasion.rules[rule] = event.fields;
    Handle(std::move(occasion), 0);
  }
  EndAbsences(end_ns);
  return std::move(fired_);
}

}  // namespace randguard::testing

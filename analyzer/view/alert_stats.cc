// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/alert_stats.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "analyzer/event/alert.h"
#include "analyzer/view/compact_lines.h"
#include "analyzer/view/glance.h"
#include "analyzer/view/screen_text.h"

namespace randguard {
namespace {

struct Compared {
  std::string_view name;
  OptionalText Alert::*member;
  bool chosen;
};

// Fields that alerts can have in common, and which say who did it, and to what.
constexpr Compared kCompared[] = {
    {"exe_path", &Alert::exe_path, false},
    {"parent_exe_path", &Alert::parent_exe_path, false},
    {"user", &Alert::user, false},
    {"operation", &Alert::operation, false},
    {"path", &Alert::path, false},
    {"addr", &Alert::addr, false},
    {"container_id", &Alert::container_id, false},  // but for containers without root
    {"cwd", &Alert::cwd, true},
    {"command_line", &Alert::command_line, true},
    {"parent_command_line", &Alert::parent_command_line, true},
};

std::uint64_t HashOfText(std::string_view text) {
  return absl::HashOf(absl::string_view(text.data(), text.size()));
}

}  // namespace

void AlertStats::Counted::Add(std::string_view value, std::uint64_t alerts) {
  const std::uint64_t hash = HashOfText(value);
  const auto found =
      std::find_if(slots.begin(), slots.end(), [&](const Slot& slot) { return slot.hash == hash; });
  if (found != slots.end()) {
    found->alerts = SaturatedSum(found->alerts, alerts);
    return;
  }
  if (slots.size() < kValuesMax) {
    slots.push_back({.hash = hash, .text = ShortText(value, kTextMax), .alerts = alerts});
    return;
  }
  // It takes the place of the rarest, and its count: it may have been there before, at most so
  // often.
  exact = false;
  Slot& rarest = *std::min_element(
      slots.begin(), slots.end(), [](const Slot& a, const Slot& b) { return a.alerts < b.alerts; });
  rarest = {.hash = hash,
            .text = ShortText(value, kTextMax),
            .alerts = SaturatedSum(rarest.alerts, alerts),
            .over = rarest.alerts};
}

void AlertStats::Add(const LineContent& line) {
  static_assert(std::size(kCompared) == kFields);
  const auto* const alert = std::get_if<Alert>(&line.event);
  if (alert == nullptr) return;
  ++lines_;
  alerts_ = SaturatedSum(alerts_, alert->count);
  const std::int64_t last = RealTimeOf(line);
  const std::int64_t first =
      alert->first_time.has_value()
          ? std::min(last, RealTime(alert->first_time->boot_ns, line.clock_offset_ns))
          : last;
  first_ = std::min(first_, first);
  last_ = std::max(last_, last);
  const std::uint64_t host = HashOfText(line.host);
  const auto enter = [host](Hosts& hosts) {
    if (hosts.size() < kHostsMax) hosts.insert(host);
  };
  enter(hosts_);
  const std::string id = ShortText(alert->rule_id, kTextMax);
  auto found = rules_.find(id);
  if (found == rules_.end()) {
    if (rules_.size() >= kRulesMax) {
      left_out_ = SaturatedSum(left_out_, alert->count);
      return;
    }
    found = rules_.emplace(id, OfRule()).first;
  }
  OfRule& rule = found->second;
  rule.name = ShortText(alert->rule_name, kTextMax);
  rule.severity = alert->severity;
  rule.alerts = SaturatedSum(rule.alerts, alert->count);
  rule.first = std::min(rule.first, first);
  rule.last = std::max(rule.last, last);
  enter(rule.hosts);
  for (std::size_t i = 0; i < kFields; ++i) {
    Counted& field = rule.fields[i];
    const OptionalText& value = alert->*kCompared[i].member;
    if (value.has_value()) {
      field.Add(*value, alert->count);
      field.chosen = field.chosen || kCompared[i].chosen ||
                     (kCompared[i].member == &Alert::container_id &&
                      alert->container_rootless.value_or(false));
    } else {
      field.absent = SaturatedSum(field.absent, alert->count);
    }
  }
}

std::vector<AlertStats::Rule> AlertStats::Rules() const {
  std::vector<Rule> rules;
  rules.reserve(rules_.size());
  for (const auto& [id, of] : rules_) {
    Rule& rule = rules.emplace_back(Rule{.id = id,
                                         .name = of.name,
                                         .severity = of.severity,
                                         .alerts = of.alerts,
                                         .hosts = of.hosts.size(),
                                         .first = of.first,
                                         .last = of.last,
                                         .fields = {}});
    for (std::size_t i = 0; i < kFields; ++i) {
      const Counted& counted = of.fields[i];
      if (counted.slots.empty()) continue;
      Field& field = rule.fields.emplace_back(Field{.name = kCompared[i].name,
                                                    .chosen = counted.chosen,
                                                    .exact = counted.exact,
                                                    .values = {},
                                                    .absent = counted.absent});
      for (const Slot& slot : counted.slots) {
        field.values.push_back({.text = slot.text, .alerts = slot.alerts - slot.over});
      }
      std::stable_sort(field.values.begin(), field.values.end(),
                       [](const Value& a, const Value& b) { return a.alerts > b.alerts; });
    }
  }
  std::stable_sort(rules.begin(), rules.end(),
                   [](const Rule& a, const Rule& b) { return a.alerts > b.alerts; });
  return rules;
}

}  // namespace randguard

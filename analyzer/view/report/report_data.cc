// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/report/report_data.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/hash/hash.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "analyzer/base/status.h"
#include "analyzer/output/profiles/attack_tags.h"
#include "analyzer/output/sinks/segments.h"
#include "analyzer/rules/tools/explain.h"
#include "analyzer/view/compact_lines.h"
#include "analyzer/view/event_hash.h"
#include "analyzer/view/glance.h"

namespace randguard {
namespace {

constexpr std::size_t kNameMax = 256;  // bytes

// Null: there is no room for another name.
template <typename T>
T* Entry(std::map<std::string, T>& all, std::string_view name) {
  name = name.substr(0, kNameMax);
  const auto found = all.find(std::string(name));
  if (found != all.end()) return &found->second;
  if (all.size() >= ReportData::kNamesMax) return nullptr;
  return &all[std::string(name)];
}

std::string JoinedTexts(const std::vector<std::string_view>& texts) {
  std::string out;
  for (const std::string_view text : texts) out.append(out.empty() ? "" : ", ").append(text);
  return out;
}

void AddField(std::string name, const OptionalText& value, ReportedAlert& alert) {
  if (value.has_value() && !value->empty()) {
    alert.fields.emplace_back(std::move(name), std::string(*value));
  }
}

void AddFields(const Alert& of, ReportedAlert& alert) {
  AddField("Command line", of.command_line, alert);
  AddField("Executable", of.exe_path, alert);
  AddField("Working directory", of.cwd, alert);
  AddField("Parent", of.parent_exe_path.has_value() ? of.parent_exe_path : of.parent_name, alert);
  AddField("Parent's command line", of.parent_command_line, alert);
  AddField("Done", of.operation, alert);
  AddField("File", of.path, alert);
  AddField("Old name", of.old_path, alert);
  if (of.addr.has_value()) {
    std::optional<std::uint32_t> port;
    if (of.port.has_value()) port = *of.port;
    alert.fields.emplace_back("Address", AddressText(*of.addr, port));
  }
  AddField("Error", of.error, alert);
  AddField("Terminal", of.tty, alert);
  AddField("Container", of.container_id, alert);
  if (of.count > 1) alert.fields.emplace_back("Times", std::to_string(of.count));
  if (of.matches_total.has_value()) {
    alert.fields.emplace_back("Rests on", absl::StrFormat("%d matches", *of.matches_total));
  }
  if (of.rule_author.has_value()) AddField("Rule's author", *of.rule_author, alert);
  if (of.rule_references.has_value()) {
    alert.fields.emplace_back("References", JoinedTexts(*of.rule_references));
  }
  if (of.rule_false_positives.has_value()) {
    alert.fields.emplace_back("Harmless causes", JoinedTexts(*of.rule_false_positives));
  }
}

std::string GlanceText(const AnyEvent& event) {
  const Glance glance = GlanceAt(event);
  return absl::StrFormat("%s %s%s%s", glance.what, glance.object, glance.result.empty() ? "" : "  ",
                         glance.result);
}

}  // namespace

ReportData::ReportData(Period period, const std::shared_ptr<const RuleSet>& rules)
    : period_(period) {
  check_.BeginFile("line", LineCheck::Files::kSeveral);
  if (rules == nullptr) return;
  matcher_.emplace(rules);
  for (std::uint32_t i = 0; i < rules->rules().size(); ++i) {
    const CompiledRule& rule = rules->rules()[i];
    if (!rule.detection) rules_by_id_.emplace(rule.rule.id, i);
  }
}

absl::Status ReportData::Add(std::string_view line) {
  check_.Add(line);
  if (IsManifest(line)) return absl::OkStatus();
  RG_ASSIGN_OR_RETURN(const LineContent* const content, reader_.Read(line));
  host_.Enter(*content);
  host_.Learn(*content);
  tree_.Add(*content);
  if (ActorOf(content->event) != nullptr) AddEvent(*content, line);
  // These are about a time that may have begun long before.
  if (const auto* const loss = std::get_if<Loss>(&content->event)) {
    AddLoss(*loss, *content);
  } else if (const auto* const health = std::get_if<Health>(&content->event)) {
    AddHealth(*health, *content);
  }
  const std::int64_t time = RealTimeOf(*content);
  if (!period_.Has(time)) return absl::OkStatus();
  first_ = std::min(first_, time);
  last_ = std::max(last_, time);
  std::uint64_t* const events = Entry(hosts_, host_.host());
  if (const auto* const alert = std::get_if<Alert>(&content->event)) {
    AddAlert(*alert, *content, line);
  } else if (ActorOf(content->event) != nullptr) {
    if (events != nullptr) ++*events;
    ++events_total_;
    AddToPart(time, {.events = 1});
  }
  return absl::OkStatus();
}

void ReportData::Part::Add(const Part& other) {
  events += other.events;
  for (std::size_t i = 0; i < kSeverities; ++i) alerts[i] += other.alerts[i];
}

void ReportData::AddToPart(std::int64_t time, const Part& sums) {
  const auto begin_of = [this](std::int64_t at) {
    return at - (at % part_ns_ + part_ns_) % part_ns_;
  };
  parts_[begin_of(time)].Add(sums);
  while (parts_.size() > kPartsMax) {
    part_ns_ *= 2;
    std::map<std::int64_t, Part> longer;
    for (const auto& [from, part] : parts_) longer[begin_of(from)].Add(part);
    parts_ = std::move(longer);
  }
}

void ReportData::AddEvent(const LineContent& line, std::string_view text) {
  Remember(ActorOf(line.event)->event_id, text);
  if (!period_.Has(RealTimeOf(line))) return;
  std::visit(
      [&]<typename E>(const E& event) {
        if constexpr (requires { event.actor; }) {
          if (std::uint64_t* const count = Entry(event_types_, EventType(event))) ++*count;
        }
      },
      line.event);
}

void ReportData::Remember(const EventId& id, std::string_view text) {
  const std::uint64_t hash = HashOf(id);
  latest_.emplace_back(hash, text);
  by_event_[hash] = &latest_.back().second;
  latest_bytes_ += text.size();
  while (latest_bytes_ > kRememberedBytes) {
    const auto& [oldest, its_text] = latest_.front();
    const auto found = by_event_.find(oldest);
    if (found != by_event_.end() && found->second == &its_text) by_event_.erase(found);
    latest_bytes_ -= its_text.size();
    latest_.pop_front();
  }
}

const std::string* ReportData::Remembered(const EventId& id) const {
  const auto found = by_event_.find(HashOf(id));
  return found == by_event_.end() ? nullptr : found->second;
}

ReportedEvent ReportData::EventOf(const std::string& text) {
  const auto read = again_.Read(text);
  if (!read.ok()) return {};
  return {.time = RealTimeOf(**read), .glance = GlanceText((*read)->event), .line = KeptLine(text)};
}

std::string ReportData::Explain(const Alert& alert) {
  const auto rule = rules_by_id_.find(std::string(alert.rule_id));
  const std::string* const text = Remembered(alert.event_id);
  if (!matcher_.has_value() || rule == rules_by_id_.end() || text == nullptr) return {};
  const auto read = again_.Read(*text);
  if (!read.ok()) return {};
  const CompiledRule& compiled = matcher_->rules().rules()[rule->second];
  if (compiled.rule.type == RuleType::kCorrelation) return {};
  return std::visit(
      [&]<typename E>(const E& event) -> std::string {
        if constexpr (requires { event.actor; }) {
          const EventView view = ViewOf(event, host_.context());
          matcher_->Match(view);
          const Explanation explanation(compiled, *matcher_, view);
          // Rules may have changed since, and lines do not have all that the sensor knew.
          return explanation.fires() ? explanation.text() : std::string();
        } else {
          return {};
        }
      },
      (*read)->event);
}

void ReportData::AddAlert(const Alert& of, const LineContent& line, std::string_view text) {
  const auto severity = static_cast<std::size_t>(of.severity);
  by_severity_[severity] = SaturatedSum(by_severity_[severity], of.count);
  alerts_total_ = SaturatedSum(alerts_total_, of.count);
  if (Rule* const rule = Entry(by_rule_, of.rule_id)) {
    rule->name = of.rule_name;
    rule->severity = of.severity;
    rule->alerts += of.count;
  }
  for (const std::string_view tag : of.tags) {
    const profiles::AttackTag attack = profiles::ReadAttackTag(tag);
    if (attack.technique.empty()) continue;
    std::string technique(attack.technique);
    for (char& c : technique) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (std::uint64_t* const count = Entry(techniques_, technique)) *count += of.count;
  }
  const std::int64_t time = RealTimeOf(line);
  Part sums;
  sums.alerts[severity] = of.count;
  AddToPart(time, sums);
  // One that stands for more alerts like one that is listed has nothing to add.
  const std::uint64_t like =
      absl::HashOf(host_.host(), absl::string_view(of.rule_id.data(), of.rule_id.size()),
                   of.process_id.pid, of.process_id.start_ns);
  if ((of.folded && listed_.contains(like)) || kept_[severity] >= kAlertsMax ||
      texts_ >= kTextMax) {
    not_listed_ = SaturatedSum(not_listed_, of.count);
    return;
  }
  not_listed_ = SaturatedSum(not_listed_, of.count - std::min<std::uint64_t>(of.count, 1));
  listed_.insert(like);
  ++kept_[severity];
  ReportedAlert alert;
  alert.time = time;
  alert.severity = of.severity;
  alert.host = host_.host();
  alert.user = of.user.has_value() ? std::string(*of.user) : std::string(host_.UserName(of.uid));
  if (alert.user.empty()) alert.user = absl::StrFormat("uid %d", of.uid);
  alert.process = absl::StrFormat("%s[%d]", of.comm, of.pid);
  alert.rule_id = of.rule_id;
  alert.rule_name = of.rule_name;
  alert.description = of.description.value_or("");
  alert.tags.assign(of.tags.begin(), of.tags.end());
  alert.line = KeptLine(text);
  AddFields(of, alert);
  AddEvents(of, alert);
  alert.explanation = Explain(of);
  alert.tree = tree_.Of(of.process_id);
  alerts_.push_back(std::move(alert));
}

std::string ReportData::KeptLine(std::string_view text) {
  std::string kept(text.substr(0, kLineMax));
  if (kept.size() < text.size()) kept += " ...";
  texts_ += kept.size();
  return kept;
}

void ReportData::AddEvents(const Alert& of, ReportedAlert& alert) {
  absl::flat_hash_set<std::uint64_t> known;
  const auto add = [&](const EventId& id) {
    const std::string* const event = Remembered(id);
    if (event == nullptr || !known.insert(HashOf(id)).second) return;
    if (alert.events.size() >= kEventsMax || texts_ >= kTextMax) {
      ++alert.more_events;
    } else {
      alert.events.push_back(EventOf(*event));
    }
  };
  add(of.event_id);
  if (of.matches.has_value()) {
    for (const CorrelatedMatch& match : *of.matches) add(match.event_id);
  }
  std::stable_sort(alert.events.begin(), alert.events.end(),
                   [](const auto& a, const auto& b) { return a.time < b.time; });
}

void ReportData::AddLoss(const Loss& loss, const LineContent& line) {
  const std::int64_t to = RealTimeOf(line);
  const std::int64_t from = loss.from_ns == 0 ? to : RealTime(loss.from_ns, line.clock_offset_ns);
  std::string what = GlanceAt(line.event).object;
  AddGap(
      {.from = from, .to = to, .host = host_.host(), .what = std::move(what), .count = loss.count});
}

void ReportData::AddHealth(const Health& health, const LineContent& line) {
  const std::int64_t time = RealTimeOf(line);
  if (period_.Has(time)) ++health_lines_;
  const auto found = unwell_.find(host_.host());
  const std::string what =
      health.status == HealthStatus::kOk ? std::string() : GlanceAt(line.event).object;
  if (found != unwell_.end()) {
    found->second.to = time;
    if (found->second.what == what) return;
    AddGap(std::move(found->second));
    unwell_.erase(found);
  }
  if (what.empty() || unwell_.size() >= kNamesMax) return;
  unwell_[host_.host()] = {
      .from = time, .to = time, .host = host_.host(), .what = what, .count = {}};
}

void ReportData::AddGap(ReportedGap gap) {
  if (gap.to < period_.from || gap.from > period_.to) return;
  lost_ = SaturatedSum(lost_, gap.count.value_or(0));
  constexpr std::size_t kWhatMax = 1024;
  if (gap.what.size() > kWhatMax) gap.what.resize(kWhatMax);
  if (gaps_.size() >= kGapsMax) {
    ++more_gaps_;
    return;
  }
  gaps_.push_back(std::move(gap));
}

void ReportData::Finish() {
  check_.EndFile(/*whole=*/true);
  check_.Finish();
  for (auto& [host, gap] : unwell_) AddGap(std::move(gap));
  unwell_.clear();
  std::stable_sort(gaps_.begin(), gaps_.end(),
                   [](const auto& a, const auto& b) { return a.from < b.from; });
  std::stable_sort(alerts_.begin(), alerts_.end(), [](const auto& a, const auto& b) {
    return std::pair(b.severity, a.time) < std::pair(a.severity, b.time);
  });
}

}  // namespace randguard

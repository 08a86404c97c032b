// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/correlation/testing/correlation_check.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/detect/correlation/correlator.h"
#include "analyzer/detect/correlation/group_key.h"
#include "analyzer/detect/correlation/testing/reference_correlator.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "analyzer/rules/fields/field_catalogue.h"

namespace randguard::testing {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr int kBases = 4;

class Dice {
 public:
  explicit Dice(CorrelationCheck::Next next) : next_(std::move(next)) {}
  std::uint64_t Below(std::uint64_t n) { return next_(n); }
  bool OneIn(std::uint64_t n) { return Below(n) == 0; }
  template <typename T>
  const T& Of(const std::vector<T>& items) {
    return items[Below(items.size())];
  }
  template <typename T>
  void Shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[Below(i)]);
  }

 private:
  const CorrelationCheck::Next next_;
};

std::string Bounds(Dice& dice, int most) {
  const auto number = [&] { return dice.Below(static_cast<std::uint64_t>(most)) + 1; };
  switch (dice.Below(7)) {
    case 0:
      return absl::StrFormat("gt = %d\n", number());
    case 1:
      return absl::StrFormat("eq = %d\n", number());
    case 2:
      return absl::StrFormat("gte = %d\nlte = %d\n", number(), number() + 2);
    case 3:
      return absl::StrFormat("gte = %d\nneq = %d\n", number(), number());
    case 4:
      return absl::StrFormat("lt = %d\n", number() + 1);
    default:
      return absl::StrFormat("gte = %d\n", number());
  }
}

std::string Quoted(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "\"" : ", \"") + item + "\"";
  return "[" + out + "]";
}

// Base rules, and correlations of them and of each other.
std::string RandomRules(Dice& dice) {
  std::string text;
  std::vector<std::string> ids;
  for (int i = 0; i < kBases; ++i) {
    ids.push_back(absl::StrFormat("R%d", i));
    text += "[[rules]]\nid = \"" + ids.back() +
            "\"\nname = \"n\"\ntype = \"process\"\nseverity = \"low\"\ncondition = 'pid == " +
            std::to_string(i) + "'\n";
  }
  static const std::vector<std::string> types = {
      "event_count",      "value_count", "value_sum",        "value_avg",
      "value_percentile", "temporal",    "temporal_ordered", "absence"};
  static const std::vector<std::vector<std::string>> groups = {
      {}, {"uid"}, {"uid"}, {"uid", "comm"}, {"any"}};
  const std::uint64_t count = dice.Below(3) + 1;
  for (std::uint64_t n = 0; n < count; ++n) {
    const std::string& type = dice.Of(types);
    std::vector<std::string> rules = ids;
    dice.Shuffle(rules);
    rules.resize(type == "absence" ? 2 : std::min<std::size_t>(rules.size(), dice.Below(3) + 2));
    const std::vector<std::string>& group = dice.Of(groups);
    const std::string id = absl::StrFormat("C%d", n);
    absl::StrAppendFormat(&text,
                          "[[rules]]\nid = \"%s\"\nname = \"n\"\ntype = \"correlation\"\n"
                          "severity = \"low\"\n[rules.correlation]\ntype = \"%s\"\nrules = %s\n"
                          "group_by = %s\ntimespan = \"%ds\"\n",
                          id, type, Quoted(rules), Quoted(group), dice.Below(12) + 1);
    if (group == std::vector<std::string>{"any"}) {
      text += "aliases = { any = {";
      for (std::size_t i = 0; i < rules.size(); ++i) {
        absl::StrAppendFormat(&text, "%s %s = \"%s\"", i == 0 ? "" : ",", rules[i],
                              dice.OneIn(2) ? "uid" : "gid");
      }
      text += "} }\n";
    }
    if (type == "event_count") text += Bounds(dice, 6);
    if (type == "value_count") text += "field = \"comm\"\n" + Bounds(dice, 4);
    if (type == "value_sum") text += "field = \"ppid\"\n" + Bounds(dice, 20);
    if (type == "value_avg") text += "field = \"ppid\"\n" + Bounds(dice, 5);
    if (type == "value_percentile") {
      absl::StrAppendFormat(&text, "field = \"ppid\"\npercentile = %d\n%s", dice.Below(100) + 1,
                            Bounds(dice, 5));
    }
    ids.push_back(id);
  }
  return text;
}

struct Compiled {
  std::shared_ptr<const RuleSet> rules;  // null: they are wrong, as random ones may be
  std::vector<Rule> correlations;
};

Compiled Compile(const std::string& text) {
  Compiled out;
  ConfigResult parsed = ParseConfig(text, "c.toml");
  if (!parsed.config.has_value()) return out;
  parsed.config->alerts.built_in_rules = false;
  std::vector<Diagnostic> diagnostics;
  out.rules = CompileRules(*parsed.config, diagnostics);
  for (const Rule& rule : parsed.config->rules) {
    if (rule.type == RuleType::kCorrelation) out.correlations.push_back(rule);
  }
  return out;
}

std::vector<ReferenceEvent> RandomEvents(Dice& dice) {
  std::vector<ReferenceEvent> events(dice.Below(50) + 5);
  for (ReferenceEvent& event : events) {
    // Whole seconds, so that windows begin and end with events, and a few in between.
    event.time_ns = (dice.Below(60) + 1) * kSecond + (dice.OneIn(4) ? dice.Below(kSecond) : 0);
    for (int rule = 0; rule < kBases; ++rule) {
      if (dice.OneIn(3)) event.rules.push_back(absl::StrFormat("R%d", rule));
    }
    if (event.rules.empty()) event.rules.push_back("R0");
    for (const char* name : {"uid", "gid", "ppid"}) {
      if (!dice.OneIn(15)) event.fields[name] = std::to_string(dice.Below(2) + 1);
    }
    if (!dice.OneIn(15))
      event.fields["comm"] = std::string(1, static_cast<char>('a' + dice.Below(4)));
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
  return events;
}

// The events of a batch, and the time up to which the stream is complete then.
struct Batch {
  std::uint64_t complete_ns = 0;
  std::vector<ReferenceEvent> events;
};

// As a merge that has no room hands them out: some events come a batch or two early.
std::vector<Batch> Batches(Dice& dice, const std::vector<ReferenceEvent>& events) {
  std::vector<Batch> batches;
  for (std::uint64_t time = 0; time < 64 * kSecond;) {
    time += dice.Below(10 * kSecond) + kSecond / 4;  // dice that always show zero come to an end
    batches.push_back({time, {}});
  }
  const std::uint64_t hurry = dice.Below(4);
  for (const ReferenceEvent& event : events) {
    std::size_t at = 0;
    while (batches[at].complete_ns < event.time_ns) ++at;
    for (std::uint64_t i = 0; i < hurry && at > 0; ++i) at -= dice.OneIn(3) ? 1 : 0;
    batches[at].events.push_back(event);
  }
  return batches;
}

std::vector<ReferenceFired> Sorted(std::vector<ReferenceFired> fired) {
  std::sort(fired.begin(), fired.end(), [](const auto& a, const auto& b) {
    return std::tie(a.time_ns, a.rule, a.group) < std::tie(b.time_ns, b.rule, b.group);
  });
  return fired;
}

bool ComparesFirst(CorrelationType type) {
  return type != CorrelationType::kValueCount && type != CorrelationType::kTemporal;
}

std::vector<ReferenceFired> RunProduct(const std::shared_ptr<const RuleSet>& rules,
                                       const std::vector<Batch>& batches) {
  std::vector<ReferenceFired> out;
  CorrelationHealth counts;
  Correlator correlator(rules, counts);
  const auto note = [&](const Correlator::Fired& fired) {
    std::string group;
    for (std::size_t i = 0; i < fired.correlation.names.size(); ++i) {
      group += fired.correlation.names[i] + "=" + ShowKeyPart(KeyPart(fired.key, i)) + ";";
    }
    const std::uint64_t first =
        ComparesFirst(fired.correlation.type) ? fired.found.matches.front().time_ns : 0;
    out.push_back({rules->rules()[fired.correlation.rule].rule.id, fired.time_ns, group,
                   fired.found.total, first});
  };
  std::map<std::string, std::uint32_t> ids;
  for (std::uint32_t i = 0; i < rules->rules().size(); ++i) ids[rules->rules()[i].rule.id] = i;
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  const Alert alert;
  for (const Batch& batch : batches) {
    correlator.SetComplete(batch.complete_ns);
    for (const ReferenceEvent& event : batch.events) {
      std::vector<std::uint32_t> matches;
      for (const std::string& rule : event.rules) matches.push_back(ids.at(rule));
      Value value;
      const auto read = [&](FieldId id) -> const Value& {
        const FieldInfo& field = catalogue.field(id);
        const auto found = event.fields.find(field.name);
        value = {};
        if (found == event.fields.end()) return value;
        if (field.type == ValueType::kNumber) {
          value.form = Value::Form::kNumber;
          value.number = std::stoll(found->second);
        } else {
          value.form = Value::Form::kText;
          value.text = found->second;
        }
        return value;
      };
      correlator.OnEvent(
          {event.time_ns, {}, matches}, read, [&]() -> const Alert& { return alert; }, note);
    }
    correlator.Advance(batch.complete_ns, note);
  }
  correlator.EndSession(note);
  if (counts.late != 0 || counts.groups_evicted != 0) std::abort();  // nothing here is so large
  return out;
}

std::string Shown(const std::vector<ReferenceFired>& fired) {
  std::string out;
  for (const ReferenceFired& f : fired) {
    absl::StrAppendFormat(&out, "%s at %d [%s] of %d, from %d\n", f.rule, f.time_ns, f.group,
                          f.total, f.first_ns);
  }
  return out;
}

}  // namespace

CorrelationCheck::Result CorrelationCheck::Round() {
  Result result;
  Dice dice(next_);
  const std::string text = RandomRules(dice);
  const Compiled rules = Compile(text);
  if (rules.rules == nullptr) return result;
  result.compiled = true;
  const std::vector<Batch> batches = Batches(dice, RandomEvents(dice));
  std::vector<ReferenceEvent> events;
  for (const Batch& batch : batches) {
    events.insert(events.end(), batch.events.begin(), batch.events.end());
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
  const auto expected =
      Sorted(ReferenceCorrelator(rules.correlations).Run(events, batches.back().complete_ns));
  const auto found = Sorted(RunProduct(rules.rules, batches));
  for (const Rule& rule : rules.correlations) {
    result.fired[rule.correlation.type] += static_cast<std::uint64_t>(std::count_if(
        found.begin(), found.end(), [&](const auto& f) { return f.rule == rule.id; }));
  }
  if (found != expected) {
    result.disagreement = text + "found\n" + Shown(found) + "expected\n" + Shown(expected);
  }
  return result;
}

}  // namespace randguard::testing

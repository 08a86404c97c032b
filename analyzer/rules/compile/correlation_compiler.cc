// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/compile/correlation_compiler.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/config/names.h"
#include "analyzer/config/value_checks.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

bool IsOfValues(CorrelationType type) {
  return type == CorrelationType::kValueCount || type == CorrelationType::kValueSum ||
         type == CorrelationType::kValueAvg || type == CorrelationType::kValuePercentile;
}
bool IsOfNumbers(CorrelationType type) {
  return IsOfValues(type) && type != CorrelationType::kValueCount;
}
bool HasThreshold(CorrelationType type) {
  return type == CorrelationType::kEventCount || IsOfValues(type);
}

// Numbers and booleans are compared with each other, and with nothing else.
ValueType Comparable(ValueType type) {
  return type == ValueType::kBoolean ? ValueType::kNumber : type;
}

CompiledCorrelation::Threshold ThresholdOf(const CorrelationRule& c) {
  return {c.gt, c.gte, c.lt, c.lte, c.eq, c.neq};
}

bool IsEmpty(const CompiledCorrelation::Threshold& t) {
  return !t.gt && !t.gte && !t.lt && !t.lte && !t.eq && !t.neq;
}

// The place of a name that is written, else of the rule's id.
const SourceText& PlaceOf(const Rule& rule, const SourceText& text) {
  return text.text.empty() ? rule.source : text;
}

}  // namespace

bool CanHold(const CompiledCorrelation::Threshold& t, bool real) {
  // Both ends, and whether they belong to it.
  Number low = INT64_MIN, high = INT64_MAX;
  bool low_in = true, high_in = true;
  const auto raise = [&](const std::optional<std::int64_t>& to, bool in) {
    if (!to.has_value() || *to < low) return;
    low_in = *to == low ? low_in && in : in;
    low = *to;
  };
  const auto lower = [&](const std::optional<std::int64_t>& to, bool in) {
    if (!to.has_value() || *to > high) return;
    high_in = *to == high ? high_in && in : in;
    high = *to;
  };
  raise(t.gt, false), raise(t.gte, true), raise(t.eq, true);
  lower(t.lt, false), lower(t.lte, true), lower(t.eq, true);
  if (!real) {
    low += low_in ? 0 : 1, high -= high_in ? 0 : 1;
    low_in = high_in = true;
  }
  if (low != high) return low < high;
  return low_in && high_in && !(t.neq.has_value() && *t.neq == low);
}

bool CorrelationCompiler::Fail(const Rule& rule, const SourceText& place,
                               std::string_view message) {
  failed_.insert(rule.id);
  if (rule.origin == RuleSource::kSigma) {
    if (message.starts_with("rules.")) message.remove_prefix(std::string_view("rules.").size());
    refused_.try_emplace(rule.id, sigma::Unsupported(place.At(0), std::string(message)));
  } else {
    ReportMistake(place, 0, message, !rule.enabled, diagnostics_);
  }
  return false;
}

void CorrelationCompiler::Warn(const SourceText& place, std::string_view message) {
  ReportAt(place, 0, Diagnostic::Severity::kWarning, message, diagnostics_);
}

void CorrelationCompiler::FindIds() {
  for (std::uint32_t i = 0; i < parts_.rules.size(); ++i) {
    const CompiledRule& compiled = parts_.rules[i];
    if (compiled.detection) continue;
    ids_.emplace(compiled.rule.id, i);
    known_.emplace_back(compiled.rule.id);
  }
}

bool CorrelationCompiler::CheckStages(const Rule& rule) {
  const CorrelationRule& c = rule.correlation;
  if (c.type == CorrelationType::kAbsence && c.rules.size() != 2) {
    return Fail(rule, rule.source,
                absl::StrFormat("rules.correlation.rules: absence takes two rules, the one that "
                                "happens and the one that does not follow; here are %d",
                                c.rules.size()));
  }
  if (c.type == CorrelationType::kTemporal || c.type == CorrelationType::kTemporalOrdered) {
    if (c.rules.size() < 2 || c.rules.size() > kCorrelationStagesMax) {
      return Fail(rule, rule.source,
                  absl::StrFormat("rules.correlation.rules: %s takes 2 to %d rules; here are %d",
                                  Name(c.type), kCorrelationStagesMax, c.rules.size()));
    }
  }
  return true;
}

bool CorrelationCompiler::ResolveStages(std::uint32_t index, CompiledCorrelation& out) {
  const Rule& rule = parts_.rules[index].rule;
  bool fine = CheckStages(rule);
  for (const SourceText& base : rule.correlation.rules) {
    const auto found = ids_.find(base.text);
    if (found == ids_.end()) {
      fine = Fail(rule, base,
                  absl::StrFormat("rules.correlation.rules: there is no rule %s%s",
                                  Quoted(base.text), DidYouMean(base.text, known_)));
      continue;
    }
    const CompiledRule& compiled = parts_.rules[found->second];
    if (rule.enabled && !compiled.rule.enabled) {
      Warn(base, absl::StrFormat("the rule %s is off, so that the correlation %s sees no match of "
                                 "it: switch it on, or leave it out",
                                 Quoted(base.text), Quoted(rule.id)));
    }
    out.stages.push_back({found->second, compiled.rule.type == RuleType::kCorrelation, {}, {}});
  }
  return fine;
}

// Depth first; a rule that is met again while it is open closes a cycle.
bool CorrelationCompiler::Visit(std::uint32_t index, std::vector<std::uint32_t>& path,
                                std::vector<std::uint32_t>& order) {
  Mark& mark = marks_[index];
  if (mark == Mark::kDone) return true;
  path.push_back(index);
  const Rule& rule = parts_.rules[index].rule;
  if (mark == Mark::kOpen) {
    std::string cycle;
    for (auto at = std::find(path.begin(), path.end(), index); at != path.end(); ++at) {
      cycle += (cycle.empty() ? "" : " -> ") + parts_.rules[*at].rule.id;
    }
    return Fail(rule, rule.source,
                absl::StrFormat("rules.correlation.rules: correlations look at each other in a "
                                "circle, %s: take one of them out",
                                EscapedForTerminal(cycle)));
  }
  mark = Mark::kOpen;
  for (const CompiledCorrelation::Stage& stage : resolved_.at(index).stages) {
    if (stage.correlation && resolved_.contains(stage.rule) && !Visit(stage.rule, path, order)) {
      return false;
    }
  }
  marks_[index] = Mark::kDone;
  path.pop_back();
  order.push_back(index);
  return true;
}

std::vector<std::uint32_t> CorrelationCompiler::Order() {
  std::vector<std::uint32_t> order;
  std::set<std::uint32_t> broken;
  for (const auto& [index, resolved] : resolved_) {
    std::vector<std::uint32_t> path;
    if (Visit(index, path, order)) continue;
    // The circle, and what leads to it. The others are none the worse for it.
    for (const std::uint32_t one : path) marks_[one] = Mark::kDone;
    broken.insert(path.begin(), path.end());
    // One error is enough for all of them.
    const Rule& last = parts_.rules[path.back()].rule;
    if (last.origin == RuleSource::kSigma) continue;
    for (const std::uint32_t one : path) failed_.insert(parts_.rules[one].rule.id);
  }
  for (const std::uint32_t index : broken) {
    FailForBase(index);
    resolved_.erase(index);
  }
  return order;
}

// Without a mistake of its own, a correlation may still look at one that has some.
void CorrelationCompiler::FailForBase(std::uint32_t index) {
  const Rule& rule = parts_.rules[index].rule;
  if (failed_.contains(rule.id)) return;
  Fail(rule, rule.source,
       absl::StrFormat("rules.correlation.rules: %s looks at a correlation that cannot be "
                       "evaluated: take it out",
                       Quoted(rule.id)));
}

bool CorrelationCompiler::CheckAliases(const Rule& rule) {
  const CorrelationRule& c = rule.correlation;
  bool fine = true;
  for (const CorrelationAlias& alias : c.aliases) {
    if (std::find(c.group_by.begin(), c.group_by.end(), alias.name) == c.group_by.end() &&
        !(alias.name == c.field)) {
      fine = Fail(rule, alias.name,
                  absl::StrFormat("rules.correlation.aliases: %s is neither in group_by nor the "
                                  "field, which is all that an alias is for: add it there, or "
                                  "remove it",
                                  Quoted(alias.name.text)));
    }
    for (const CorrelationAlias::Of& of : alias.fields) {
      if (std::find(c.rules.begin(), c.rules.end(), of.rule) != c.rules.end()) continue;
      fine = Fail(rule, of.rule,
                  absl::StrFormat("rules.correlation.aliases: %s is none of the rules that this "
                                  "correlation looks at",
                                  Quoted(of.rule.text)));
    }
  }
  return fine;
}

std::optional<CorrelationCompiler::Found> CorrelationCompiler::Find(
    const Rule& rule, const CompiledCorrelation::Stage& stage, const SourceText& name) {
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  const CompiledRule& base = parts_.rules[stage.rule];
  const SourceText* field = &name;
  for (const CorrelationAlias& alias : rule.correlation.aliases) {
    if (!(alias.name == name)) continue;
    for (const CorrelationAlias::Of& of : alias.fields) {
      if (of.rule.text == base.rule.id) field = &of.field;
    }
    if (field == &name && !catalogue.Find(name.text).has_value() && !stage.correlation) {
      Fail(rule, alias.name,
           absl::StrFormat("rules.correlation.aliases: %s names no field for %s; add it",
                           Quoted(name.text), Quoted(base.rule.id)));
      return std::nullopt;
    }
  }
  if (stage.correlation) {
    const auto resolved = resolved_.find(stage.rule);
    if (resolved == resolved_.end()) return std::nullopt;  // reported
    const auto& names = resolved->second.names;
    const auto at = std::find(names.begin(), names.end(), field->text);
    if (at == names.end()) {
      Fail(rule, *field,
           absl::StrFormat("the matches of the correlation %s have no %s in common: add it to "
                           "group_by there",
                           Quoted(base.rule.id), Quoted(field->text)));
      return std::nullopt;
    }
    const auto place = static_cast<std::size_t>(at - names.begin());
    return Found{{0, static_cast<std::uint32_t>(place)}, types_.at(stage.rule)[place]};
  }
  const auto id = catalogue.Find(field->text);
  if (!id.has_value()) {
    Fail(rule, *field,
         absl::StrFormat("there is no field %s%s", Quoted(field->text),
                         DidYouMean(field->text, catalogue.names())));
    return std::nullopt;
  }
  const FieldInfo& info = catalogue.field(*id);
  if (info.type == ValueType::kTexts || info.type == ValueType::kNumbers ||
      info.type == ValueType::kOpaque) {
    Fail(rule, *field,
         absl::StrFormat("%s is a %s; only a field with one value, or a process, can be taken here",
                         info.name, TypeName(info.type)));
    return std::nullopt;
  }
  bool has = false;
  std::string events, others;
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    const std::string_view of = catalogue.classes()[event_class].name;
    const bool looked_at = base.roots[event_class] != ExpressionPool::kFalse;
    const bool readable = info.read[event_class] != nullptr;
    has = has || (looked_at && readable);
    if (looked_at) absl::StrAppendFormat(&events, "%s%s", events.empty() ? "" : ", ", of);
    if (readable) absl::StrAppendFormat(&others, "%s%s", others.empty() ? "" : ", ", of);
  }
  if (!has) {
    Fail(rule, *field,
         absl::StrFormat("no event that the rule %s looks at (%s) has the field %s; these have "
                         "it: %s",
                         Quoted(base.rule.id), events, info.name, others));
    return std::nullopt;
  }
  return Found{{*id, 0}, Comparable(info.type)};
}

bool CorrelationCompiler::FindGroup(const Rule& rule, CompiledCorrelation& out) {
  bool fine = CheckAliases(rule);
  Types& types = types_[out.rule];
  for (const SourceText& name : rule.correlation.group_by) {
    out.names.push_back(name.text);
    std::optional<ValueType> type;
    for (CompiledCorrelation::Stage& stage : out.stages) {
      const auto found = Find(rule, stage, name);
      if (!found.has_value()) {
        fine = false;
        continue;
      }
      stage.group.push_back(found->source);
      if (type.has_value() && *type != found->type) {
        fine = Fail(rule, name,
                    absl::StrFormat("%s is a %s for one rule and a %s for another (%s): they are "
                                    "never equal",
                                    Quoted(name.text), TypeName(*type), TypeName(found->type),
                                    Quoted(parts_.rules[stage.rule].rule.id)));
      }
      type = found->type;
    }
    types.push_back(type.value_or(ValueType::kText));
  }
  // Without aliases and correlations, a name is one and the same field for all stages.
  out.one_key = rule.correlation.aliases.empty() &&
                std::none_of(out.stages.begin(), out.stages.end(),
                             [](const auto& stage) { return stage.correlation; });
  return fine;
}

bool CorrelationCompiler::FindValue(const Rule& rule, CompiledCorrelation& out) {
  const CorrelationRule& c = rule.correlation;
  if (!IsOfValues(c.type)) {
    if (c.field.text.empty()) return true;
    return Fail(rule, c.field,
                absl::StrFormat("rules.correlation.field: %s counts no values; value_count, "
                                "value_sum, value_avg and value_percentile do",
                                Name(c.type)));
  }
  if (c.field.text.empty()) {
    return Fail(rule, rule.source,
                absl::StrFormat("rules.correlation.field: missing; %s needs it", Name(c.type)));
  }
  bool fine = true;
  std::optional<ValueType> type;
  for (CompiledCorrelation::Stage& stage : out.stages) {
    const auto found = Find(rule, stage, c.field);
    if (!found.has_value()) return false;
    if (IsOfNumbers(c.type) && (stage.correlation || found->type != ValueType::kNumber)) {
      return Fail(rule, c.field,
                  absl::StrFormat("rules.correlation.field: %s takes a number of an event, and %s "
                                  "of %s is none",
                                  Name(c.type), Quoted(c.field.text),
                                  Quoted(parts_.rules[stage.rule].rule.id)));
    }
    if (type.has_value() && *type != found->type) {
      fine = Fail(rule, c.field,
                  absl::StrFormat("%s is a %s for one rule and a %s for another: they are never "
                                  "equal",
                                  Quoted(c.field.text), TypeName(*type), TypeName(found->type)));
    }
    type = found->type;
    stage.value = found->source;
  }
  return fine;
}

// A count grows from one match to the next by one at most, and the group is folded as soon as it
// fits. So it fits first at the smallest number that fulfils all bounds.
bool CorrelationCompiler::CheckCount(const Rule& rule, CompiledCorrelation& out) {
  const auto& t = out.threshold;
  Number least = 1;
  if (t.gt.has_value()) least = std::max<Number>(least, Number{*t.gt} + 1);
  if (t.gte.has_value()) least = std::max<Number>(least, *t.gte);
  if (t.eq.has_value()) least = std::max<Number>(least, *t.eq);
  if (t.neq.has_value() && least == *t.neq) ++least;
  const bool fits =
      (!t.lt || least < *t.lt) && (!t.lte || least <= *t.lte) && (!t.eq || least == *t.eq);
  if (!fits) {
    return Fail(rule, rule.source,
                "rules.correlation: no number from 1 on fulfils all of gt, gte, lt, lte, eq and "
                "neq, so the rule can never fire: widen the range");
  }
  if (least > kCorrelationCountMax) {
    return Fail(rule, rule.source,
                absl::StrFormat("rules.correlation: at most %d are counted; ask for fewer within a "
                                "shorter timespan",
                                kCorrelationCountMax));
  }
  if (least == 1 && rule.alert) {  // else it stands for any of its rules
    Warn(rule.source,
         absl::StrFormat("the correlation %s fires for the first match already: give gt or gte",
                         Quoted(rule.id)));
  }
  out.needed = static_cast<std::uint32_t>(least);
  return true;
}

bool CorrelationCompiler::CheckThreshold(const Rule& rule, CompiledCorrelation& out) {
  const CorrelationType type = rule.correlation.type;
  out.threshold = ThresholdOf(rule.correlation);
  if (!HasThreshold(type)) {
    if (IsEmpty(out.threshold)) return true;
    return Fail(rule, rule.source,
                absl::StrFormat("rules.correlation: %s counts nothing; gt, gte, lt, lte, eq and "
                                "neq do not belong there",
                                Name(type)));
  }
  if (IsEmpty(out.threshold)) {
    return Fail(rule, rule.source,
                absl::StrFormat("rules.correlation: %s needs one of gt, gte, lt, lte, eq and neq",
                                Name(type)));
  }
  if (!IsOfNumbers(type)) return CheckCount(rule, out);
  if (CanHold(out.threshold, /*real=*/type == CorrelationType::kValueAvg)) return true;
  return Fail(rule, rule.source,
              "rules.correlation: no number fulfils all of gt, gte, lt, lte, eq and neq, so the "
              "rule can never fire: widen the range");
}

void CorrelationCompiler::Emit(CompiledCorrelation correlation) {
  const Rule& rule = parts_.rules[correlation.rule].rule;
  if (!rule.enabled) return;
  if (parts_.correlations.size() == kCorrelationsMax) {
    Fail(rule, rule.source,
         absl::StrFormat("more than %d correlations are on: switch some off", kCorrelationsMax));
    return;
  }
  const auto at = static_cast<std::uint32_t>(parts_.correlations.size());
  for (std::uint32_t stage = 0; stage < correlation.stages.size(); ++stage) {
    const std::uint32_t base = correlation.stages[stage].rule;
    parts_.rules[base].feeds.push_back({at, stage});
    if (rule.correlation.generate) generates_[base] = true;
  }
  parts_.correlations.push_back(std::move(correlation));
}

void CorrelationCompiler::SetSilent() {
  for (std::size_t i = 0; i < parts_.rules.size(); ++i) {
    CompiledRule& compiled = parts_.rules[i];
    compiled.silent = !compiled.rule.alert || (!compiled.feeds.empty() && !generates_[i]);
  }
}

void CorrelationCompiler::Compile() {
  FindIds();
  for (std::uint32_t index = 0; index < parts_.rules.size(); ++index) {
    const Rule& rule = parts_.rules[index].rule;
    if (rule.type != RuleType::kCorrelation) continue;
    CompiledCorrelation correlation;
    correlation.rule = index;
    correlation.type = rule.correlation.type;
    correlation.percentile = rule.correlation.percentile;
    correlation.max_groups = rule.correlation.max_groups;
    const auto timespan = ParseTimespan(rule.correlation.timespan.text);
    if (!timespan.has_value()) {
      Fail(rule, PlaceOf(rule, rule.correlation.timespan),
           absl::StrFormat("rules.correlation.timespan: %s %s",
                           Quoted(rule.correlation.timespan.text),
                           CheckTimespan(rule.correlation.timespan.text)));
      continue;
    }
    correlation.timespan_ns = *timespan * kSecond;
    if (ResolveStages(index, correlation)) resolved_.emplace(index, std::move(correlation));
  }
  generates_.resize(parts_.rules.size());
  for (const std::uint32_t index : Order()) {
    CompiledCorrelation& correlation = resolved_.at(index);
    const Rule& rule = parts_.rules[index].rule;
    const bool whole = std::all_of(
        correlation.stages.begin(), correlation.stages.end(), [this](const auto& stage) {
          return !stage.correlation || resolved_.contains(stage.rule);  // else it is reported
        });
    const bool group = FindGroup(rule, correlation);
    const bool value = FindValue(rule, correlation);
    if (CheckThreshold(rule, correlation) && group && value && whole) {
      Emit(correlation);
    } else {
      FailForBase(index);
      resolved_.erase(index);
    }
  }
  for (CompiledRule& compiled : parts_.rules) {
    const Rule& rule = compiled.rule;
    if (rule.type == RuleType::kCorrelation && rule.origin == RuleSource::kSigma &&
        refused_.contains(rule.id)) {
      compiled.rule.enabled = false;
    }
  }
  SetSilent();
}

}  // namespace randguard

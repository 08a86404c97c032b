// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/match/rule_set.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace randguard {
namespace {

// A step, or an end, from somewhere with so many steps before it.
bool Leads(std::uint32_t to, std::size_t before) {
  return to >= RuleSet::Step::kSilent || to < before;
}

bool Fits(const RuleSet::Parts& parts) {
  for (std::size_t at = 0; at < parts.steps.size(); ++at) {
    const RuleSet::Step& step = parts.steps[at];
    if (step.predicate >= parts.pool.predicates()) return false;
    if (!Leads(step.if_true, at) || !Leads(step.if_false, at)) return false;
  }
  for (std::size_t at = 0; at < parts.correlations.size(); ++at) {
    const CompiledCorrelation& correlation = parts.correlations[at];
    if (correlation.rule >= parts.rules.size()) return false;
    for (const CorrelationInput& feed : parts.rules[correlation.rule].feeds) {
      if (feed.correlation <= at) return false;
    }
  }
  for (const CompiledRule& rule : parts.rules) {
    for (const CorrelationInput& feed : rule.feeds) {
      if (feed.correlation >= parts.correlations.size() ||
          feed.stage >= parts.correlations[feed.correlation].stages.size()) {
        return false;
      }
    }
  }
  return std::all_of(parts.classes.begin(), parts.classes.end(), [&](const auto& rules) {
    return std::all_of(rules.begin(), rules.end(), [&](const auto& entry) {
      return entry.rule < parts.rules.size() && Leads(entry.first, parts.steps.size());
    });
  });
}

}  // namespace

RuleSet::RuleSet(Parts parts) : parts_(std::move(parts)) {
  if (!Fits(parts_)) std::abort();
  parts_.pool.Finish();
  parts_.rules.shrink_to_fit();
  parts_.steps.shrink_to_fit();
  parts_.index.Finish(parts_.pool);
  enabled_ = static_cast<std::size_t>(std::count_if(
      parts_.rules.begin(), parts_.rules.end(),
      [](const CompiledRule& compiled) { return compiled.rule.enabled && !compiled.detection; }));
}

}  // namespace randguard

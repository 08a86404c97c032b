// SPDX-License-Identifier: Apache-2.0
//
// A condition that stands alone, to choose events with: written as those of rules, about events of
// any type.
#ifndef ANALYZER_RULES_TOOLS_WHERE_H_
#define ANALYZER_RULES_TOOLS_WHERE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/config/config.h"
#include "analyzer/rules/match/matcher.h"

namespace randguard {

class Where {
 public:
  // The condition may use the configuration's lists and macros. The error is the first mistake,
  // with its place in the text. A field that an event does not have is absent there, as in rules;
  // one that no event has is a mistake.
  static absl::StatusOr<Where> Parse(const std::string& condition, const Config& config);

  bool Fits(const EventView& event);

 private:
  explicit Where(std::vector<Matcher> matchers) : matchers_(std::move(matchers)) {}

  std::vector<Matcher> matchers_;  // of the types of rules that can have the condition
};

}  // namespace randguard

#endif  // ANALYZER_RULES_TOOLS_WHERE_H_

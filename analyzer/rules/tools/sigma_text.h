// SPDX-License-Identifier: Apache-2.0
//
// The outcomes of Sigma documents, for people and programs.
#ifndef ANALYZER_RULES_TOOLS_SIGMA_TEXT_H_
#define ANALYZER_RULES_TOOLS_SIGMA_TEXT_H_

#include <string>
#include <string_view>

#include "analyzer/rules/match/sigma_report.h"

namespace randguard {

// "loaded"
std::string_view StateName(SigmaOutcome::State state);

// Totals, and how many documents were left out for each reason, the most frequent ones first.
// Empty: there are no documents.
std::string SigmaSummary(const SigmaReport& report);

// A line for each document.
std::string SigmaLines(const SigmaReport& report);

// {"counts": {...}, "documents": [{...}, ...]}
std::string SigmaJson(const SigmaReport& report);

}  // namespace randguard

#endif  // ANALYZER_RULES_TOOLS_SIGMA_TEXT_H_

// SPDX-License-Identifier: Apache-2.0
//
// Checks of a rule or a detection as a whole, after its keys have been read one by one.
#ifndef ANALYZER_CONFIG_RULE_CHECKS_H_
#define ANALYZER_CONFIG_RULE_CHECKS_H_

#include <cstddef>
#include <map>
#include <string>

#include "analyzer/config/config.h"

namespace randguard {

class Reporter;
class TableReader;

// Ids of all rules so far, over all files, and where each was first seen ("file:line").
struct RuleIds {
  std::map<std::string, std::string> first;
  bool built_in = false;  // ids may begin with "BUILTIN-"
};

void CheckRule(const Rule& rule, const TableReader& reader, const Reporter& reporter, RuleIds& ids);
// Lacks what a rule of its type needs. Such a rule is off, or CheckRule reported an error.
bool IsIncomplete(const Rule& rule);
// Fills Rule::prefixed_operations.
void NoteNamesOfOperations(Rule& rule, const TableReader& reader);
void CheckDetection(const TableReader& reader);

}  // namespace randguard

#endif  // ANALYZER_CONFIG_RULE_CHECKS_H_

// SPDX-License-Identifier: Apache-2.0
//
// Checks of a rule or a detection as a whole, after its keys have been read one by one.
#ifndef ANALYZER_CONFIG_RULE_CHECKS_H_
#define ANALYZER_CONFIG_RULE_CHECKS_H_

#include <cstddef>
#include <map>
#include <string>

#include "analyzer/config/config.h"
#include "analyzer/config/table_reader.h"
#include "analyzer/source/reporter.h"

namespace randguard {

// Ids of all rules so far, over all files, and where each was first seen ("file:line").
struct RuleIds {
  std::map<std::string, std::string> first;
  bool built_in = false;  // ids may begin with "BUILTIN-"
};

void CheckRule(const Rule& rule, const TableReader& reader, const Reporter& reporter, RuleIds& ids);
void CheckDetection(const PersistenceDetection& detection, const TableReader& reader);

}  // namespace randguard

#endif  // ANALYZER_CONFIG_RULE_CHECKS_H_

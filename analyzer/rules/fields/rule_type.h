// SPDX-License-Identifier: Apache-2.0
//
// Rules of which type look at events of a domain.
#ifndef ANALYZER_RULES_FIELDS_RULE_TYPE_H_
#define ANALYZER_RULES_FIELDS_RULE_TYPE_H_

#include "analyzer/config/config.h"
#include "schema/abi/event.h"

namespace randguard {

constexpr RuleType RuleTypeOf(rg_domain domain) {
  switch (domain) {
    case RG_DOMAIN_process:
    case RG_DOMAIN_behaviour:
      return RuleType::kProcess;
    case RG_DOMAIN_file:
      return RuleType::kFile;
    case RG_DOMAIN_network:
      return RuleType::kNetwork;
  }
  return RuleType::kProcess;
}

}  // namespace randguard

#endif  // ANALYZER_RULES_FIELDS_RULE_TYPE_H_

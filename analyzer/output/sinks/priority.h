// SPDX-License-Identifier: Apache-2.0
//
// Severities as priorities of syslog(3), which the journal has, too.
#ifndef ANALYZER_OUTPUT_SINKS_PRIORITY_H_
#define ANALYZER_OUTPUT_SINKS_PRIORITY_H_

#include <syslog.h>

#include "analyzer/event/value_sets.h"

namespace randguard {

inline int PriorityOf(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return LOG_CRIT;
    case Severity::kHigh:
      return LOG_ERR;
    case Severity::kMedium:
      return LOG_WARNING;
    case Severity::kLow:
      return LOG_NOTICE;
    case Severity::kInformational:
      return LOG_INFO;
  }
  return LOG_WARNING;
}

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_PRIORITY_H_

// SPDX-License-Identifier: Apache-2.0
//
// The options --from and --to.
#ifndef ANALYZER_CLI_PERIOD_H_
#define ANALYZER_CLI_PERIOD_H_

#include "absl/status/statusor.h"
#include "analyzer/cli/arguments.h"
#include "analyzer/view/period.h"

namespace randguard::cli {

// The period that they name; without them, all time. An error: one of them is no time, or the
// period ends before it begins.
absl::StatusOr<Period> PeriodOf(const Arguments& arguments);

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_PERIOD_H_

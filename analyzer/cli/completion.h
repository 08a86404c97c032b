// SPDX-License-Identifier: Apache-2.0
//
// Completion of rand-guard's command line, made from the declaration of the commands.
#ifndef ANALYZER_CLI_COMPLETION_H_
#define ANALYZER_CLI_COMPLETION_H_

#include <string>

namespace randguard::cli {

// A script for bash, which completes commands, options and their values.
std::string BashCompletionScript();

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_COMPLETION_H_

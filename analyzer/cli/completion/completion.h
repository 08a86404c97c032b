// SPDX-License-Identifier: Apache-2.0
//
// Completion of rand-guard's command line, made from the declaration of the commands: of commands,
// options and their values. Each is a script for one shell.
#ifndef ANALYZER_CLI_COMPLETION_COMPLETION_H_
#define ANALYZER_CLI_COMPLETION_COMPLETION_H_

#include <string>

namespace randguard::cli {

std::string BashCompletionScript();
std::string FishCompletionScript();
std::string ZshCompletionScript();

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_COMPLETION_COMPLETION_H_

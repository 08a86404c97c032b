// SPDX-License-Identifier: Apache-2.0
//
// Scripts that complete commands, options and values of rand-guard's command line, one for each
// shell, made from the declaration of the commands.
#ifndef ANALYZER_CLI_COMPLETION_COMPLETION_H_
#define ANALYZER_CLI_COMPLETION_COMPLETION_H_

#include <string>

namespace randguard::cli {

std::string BashCompletionScript();
std::string FishCompletionScript();
std::string ZshCompletionScript();

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_COMPLETION_COMPLETION_H_

// SPDX-License-Identifier: Apache-2.0
//
// Help texts, made from the declaration of the commands.
#ifndef ANALYZER_CLI_HELP_H_
#define ANALYZER_CLI_HELP_H_

#include <string>
#include <string_view>

#include "analyzer/cli/commands.h"

namespace randguard::cli {

// "rand-guard replay CAPTURE [--config FILE]", in one line.
std::string FormatUsage(const Command& command);
// `rand-guard --help`, `rand-guard GROUP --help`, `rand-guard COMMAND --help`.
std::string FormatHelp();
std::string FormatGroupHelp(std::string_view group);
std::string FormatCommandHelp(const Command& command);

// The message and what separates it from the next part: nothing more than a blank behind a
// question.
std::string WithSeparator(std::string message);

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_HELP_H_

// SPDX-License-Identifier: Apache-2.0
//
// The parts of docs/man/rand-guard.8 that are made from the declaration of the commands, in
// mdoc(7).
#ifndef ANALYZER_CLI_MAN_PAGE_H_
#define ANALYZER_CLI_MAN_PAGE_H_

#include <string>

namespace randguard::cli {

std::string ManSynopsis();
std::string ManCommands();
std::string ManOptions();

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_MAN_PAGE_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_BASE_TERMINAL_TEXT_H_
#define ANALYZER_BASE_TERMINAL_TEXT_H_

#include <string>
#include <string_view>

namespace randguard {

// The text with control characters as \xNN. Messages go to terminals and journals, and text that is
// quoted in them must not be able to control those.
std::string EscapedForTerminal(std::string_view text);

}  // namespace randguard

#endif  // ANALYZER_BASE_TERMINAL_TEXT_H_

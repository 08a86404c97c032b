// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_BASE_TERMINAL_TEXT_H_
#define ANALYZER_BASE_TERMINAL_TEXT_H_

#include <string>
#include <string_view>

namespace randguard {

// Messages go to terminals and journals: what is quoted in them must not be able to write there.
// Control characters become \xNN.
std::string EscapedForTerminal(std::string_view text);

}  // namespace randguard

#endif  // ANALYZER_BASE_TERMINAL_TEXT_H_

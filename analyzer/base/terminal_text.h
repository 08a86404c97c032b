// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_BASE_TERMINAL_TEXT_H_
#define ANALYZER_BASE_TERMINAL_TEXT_H_

#include <string>
#include <string_view>

namespace randguard {

// The text with the bytes of hidden characters (utf8.h), and those that are no UTF-8, as \xNN.
// Messages go to terminals and journals, and text that is quoted in them must not be able to
// control those, or to be taken for another text.
std::string EscapedForTerminal(std::string_view text);

// The same for text of several lines: newlines and tabs stay.
std::string EscapedLinesForTerminal(std::string_view text);

}  // namespace randguard

#endif  // ANALYZER_BASE_TERMINAL_TEXT_H_

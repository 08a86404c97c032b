// SPDX-License-Identifier: Apache-2.0
//
// Text as others wrote it: which bytes of it are UTF-8, and which characters would do something to
// whoever looks at them.
#ifndef ANALYZER_BASE_UTF8_H_
#define ANALYZER_BASE_UTF8_H_

#include <cstddef>
#include <string_view>

namespace randguard {

struct Character {
  char32_t code = 0;
  std::size_t bytes = 0;  // 0: no character begins here
};

// The character that `text`, which is not empty, begins with. Overlong forms, surrogates and what
// is beyond U+10FFFF are none.
Character FirstCharacter(std::string_view text);

// Does the character control a terminal, change the order in which others are shown, or show
// nothing at all? C0 and C1 control characters, DEL, marks of direction, separators of lines, and
// characters without width.
bool IsHidden(char32_t code);

}  // namespace randguard

#endif  // ANALYZER_BASE_UTF8_H_

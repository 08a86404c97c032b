// SPDX-License-Identifier: Apache-2.0
//
// Text for people in front of a terminal: how wide it is, cut to a width, coloured where that is
// wanted. Whatever comes from elsewhere is made harmless first.
#ifndef ANALYZER_VIEW_SCREEN_TEXT_H_
#define ANALYZER_VIEW_SCREEN_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace randguard {

enum class Colour : std::uint8_t { kNone, kDim, kBold, kRed, kBoldRed, kYellow, kCyan };

// How much a screen can show.
struct Screen {
  std::size_t columns = 0;  // 0: any number
  bool colours = false;
  bool moves = false;    // it can be written to where something stands already
  bool unicode = false;  // false: other characters than ASCII are shown by their bytes

  // A terminal has its width, and colours unless NO_COLOR is set or TERM says that there are none;
  // anything else has any width and no colours. The locale of the environment is set, for it says
  // which characters there are.
  static Screen Of(int fd);
};

// The text of somebody else, with nothing in it that does anything to the screen.
std::string Harmless(std::string_view bytes, const Screen& screen);

// A text of at most so many bytes: of a longer one, its two ends. For what is kept of many.
std::string ShortText(std::string_view text, std::size_t max);

// Columns that harmless text takes.
std::size_t ColumnsOf(std::string_view text);

// Harmless text in at most so many columns: what is too much at its end is left out, or what stands
// in its middle, with a mark in its place.
std::string CutEnd(std::string_view text, std::size_t columns, const Screen& screen);
std::string CutMiddle(std::string_view text, std::size_t columns, const Screen& screen);

// The same, filled up with blanks.
std::string Column(std::string_view text, std::size_t columns, const Screen& screen);

// The text in a colour, if the screen has colours.
std::string Coloured(Colour colour, std::string_view text, const Screen& screen);

}  // namespace randguard

#endif  // ANALYZER_VIEW_SCREEN_TEXT_H_

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/screen_text.h"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>

#include "absl/strings/str_format.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/base/utf8.h"

namespace randguard {
namespace {

constexpr std::size_t kColumnsUnknown = 80;
constexpr std::size_t kColumnsMax = 1000;

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool IsPlain() {
  const char* term = std::getenv("TERM");
  return term == nullptr || *term == '\0' || std::string_view(term) == "dumb";
}

// Columns of a character; -1: the locale does not know it.
int WidthOf(char32_t code) { return code < 0x7f ? 1 : wcwidth(static_cast<wchar_t>(code)); }

std::string_view CutMark(const Screen& screen) { return screen.unicode ? "…" : ".."; }
std::size_t CutMarkColumns(const Screen& screen) { return screen.unicode ? 1 : 2; }

// How many bytes of the text fit into so many columns, whole characters.
std::size_t BytesThatFit(std::string_view text, std::size_t columns) {
  std::size_t bytes = 0;
  for (std::size_t used = 0; bytes < text.size();) {
    const Character character = FirstCharacter(text.substr(bytes));
    used += static_cast<std::size_t>(std::max(WidthOf(character.code), 0));
    if (used > columns) break;
    bytes += std::max<std::size_t>(character.bytes, 1);
  }
  return bytes;
}

// Where the last characters of the text begin that fit.
std::size_t TailThatFits(std::string_view text, std::size_t columns) {
  const std::size_t all = ColumnsOf(text);
  if (all <= columns) return 0;
  std::size_t from = BytesThatFit(text, all - columns);
  // A wide character may stand astride.
  while (from < text.size() && ColumnsOf(text.substr(from)) > columns) {
    from += std::max<std::size_t>(FirstCharacter(text.substr(from)).bytes, 1);
  }
  return from;
}

std::string_view Sequence(Colour colour) {
  switch (colour) {
    case Colour::kNone:
      return "";
    case Colour::kDim:
      return "\x1b[2m";
    case Colour::kBold:
      return "\x1b[1m";
    case Colour::kRed:
      return "\x1b[31m";
    case Colour::kBoldRed:
      return "\x1b[1;31m";
    case Colour::kYellow:
      return "\x1b[33m";
    case Colour::kCyan:
      return "\x1b[36m";
  }
  return "";
}

}  // namespace

Screen Screen::Of(int fd) {
  Screen screen;
  std::setlocale(LC_CTYPE, "");
  screen.unicode = std::string_view(nl_langinfo(CODESET)) == "UTF-8";
  if (isatty(fd) != 1) return screen;
  winsize size{};
  screen.columns = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col != 0
                       ? std::min<std::size_t>(size.ws_col, kColumnsMax)
                       : kColumnsUnknown;
  screen.moves = !IsPlain();
  screen.colours = screen.moves && !IsSet("NO_COLOR");
  return screen;
}

std::string Harmless(std::string_view bytes, const Screen& screen) {
  const std::string escaped = EscapedForTerminal(bytes);
  std::string out;
  out.reserve(escaped.size());
  // Marks upon a character; more of them would run into the lines around.
  constexpr int kMarksMax = 2;
  int marks = 0;
  for (std::string_view rest = escaped; !rest.empty();) {
    const Character character = FirstCharacter(rest);
    const std::size_t size = std::max<std::size_t>(character.bytes, 1);
    const int width = WidthOf(character.code);
    marks = width == 0 ? marks + 1 : 0;
    if (character.code < 0x80 || (screen.unicode && width >= 0 && marks <= kMarksMax)) {
      out += rest.substr(0, size);
    } else {
      for (const char c : rest.substr(0, size)) {
        absl::StrAppendFormat(&out, "\\x%02x", static_cast<unsigned char>(c));
      }
    }
    rest.remove_prefix(size);
  }
  return out;
}

std::string ShortText(std::string_view text, std::size_t max) {
  if (text.size() <= max) return std::string(text);
  constexpr std::string_view kMark = " ... ";
  const std::size_t half = (max - kMark.size()) / 2;
  return std::string(text.substr(0, half)).append(kMark).append(text.substr(text.size() - half));
}

std::size_t ColumnsOf(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    columns += static_cast<std::size_t>(std::max(WidthOf(character.code), 0));
    text.remove_prefix(std::max<std::size_t>(character.bytes, 1));
  }
  return columns;
}

std::string CutEnd(std::string_view text, std::size_t columns, const Screen& screen) {
  if (ColumnsOf(text) <= columns) return std::string(text);
  if (columns <= CutMarkColumns(screen))
    return std::string(text.substr(0, BytesThatFit(text, columns)));
  std::string out(text.substr(0, BytesThatFit(text, columns - CutMarkColumns(screen))));
  return out.append(CutMark(screen));
}

std::string CutMiddle(std::string_view text, std::size_t columns, const Screen& screen) {
  if (ColumnsOf(text) <= columns) return std::string(text);
  // The end of a path says more than its beginning.
  constexpr std::size_t kWorthCuttingAt = 9;
  if (columns < kWorthCuttingAt) return CutEnd(text, columns, screen);
  const std::size_t left = columns - CutMarkColumns(screen);
  std::string out(text.substr(0, BytesThatFit(text, left / 3)));
  out += CutMark(screen);
  return out.append(text.substr(TailThatFits(text, columns - ColumnsOf(out))));
}

std::string Column(std::string_view text, std::size_t columns, const Screen& screen) {
  std::string out = CutEnd(text, columns, screen);
  out.append(columns - std::min(columns, ColumnsOf(out)), ' ');
  return out;
}

std::string Coloured(Colour colour, std::string_view text, const Screen& screen) {
  if (!screen.colours || colour == Colour::kNone || text.empty()) return std::string(text);
  return absl::StrFormat("%s%s\x1b[0m", Sequence(colour), text);
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/base/terminal_text.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "analyzer/base/utf8.h"

namespace randguard {
namespace {

std::string Escaped(std::string_view text, std::string_view kept) {
  std::string out;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    const std::size_t bytes = std::max<std::size_t>(character.bytes, 1);
    const bool is_kept = kept.find(text.front()) != kept.npos;
    if (is_kept || (character.bytes != 0 && !IsHidden(character.code))) {
      out += text.substr(0, bytes);
    } else {
      for (const char c : text.substr(0, bytes)) {
        absl::StrAppendFormat(&out, "\\x%02x", static_cast<unsigned char>(c));
      }
    }
    text.remove_prefix(bytes);
  }
  return out;
}

}  // namespace

std::string EscapedForTerminal(std::string_view text) { return Escaped(text, ""); }

std::string EscapedLinesForTerminal(std::string_view text) { return Escaped(text, "\n\t"); }

}  // namespace randguard

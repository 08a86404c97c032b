// SPDX-License-Identifier: Apache-2.0
#include "analyzer/base/terminal_text.h"

#include "absl/strings/str_format.h"

namespace randguard {

std::string EscapedForTerminal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppendFormat(&out, "\\x%02x", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace randguard

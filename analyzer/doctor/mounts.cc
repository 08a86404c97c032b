// SPDX-License-Identifier: Apache-2.0
#include "analyzer/doctor/mounts.h"

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace randguard::doctor {
namespace {

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// Blanks, tabs, newlines and backslashes are written as \ooo.
std::string Unescaped(absl::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '3' &&
        IsOctal(text[i + 2]) && IsOctal(text[i + 3])) {
      out.push_back(static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                      (text[i + 3] - '0')));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace

std::vector<Mount> ParseMounts(std::string_view mountinfo) {
  constexpr std::size_t kPoint = 4;
  constexpr std::size_t kOptional = 6;  // from here on, up to "-"
  std::vector<Mount> mounts;
  for (const absl::string_view line :
       absl::StrSplit(absl::string_view(mountinfo.data(), mountinfo.size()), '\n')) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    for (std::size_t i = kOptional; i + 1 < fields.size(); ++i) {
      if (fields[i] != "-") continue;
      mounts.push_back({Unescaped(fields[kPoint]), Unescaped(fields[i + 1])});
      break;
    }
  }
  return mounts;
}

}  // namespace randguard::doctor

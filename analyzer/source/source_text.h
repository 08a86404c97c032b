// SPDX-License-Identifier: Apache-2.0
//
// A string of the configuration that remembers where in its file each of its bytes stands. Messages
// about a part of the string can then point at that part.
#ifndef ANALYZER_SOURCE_SOURCE_TEXT_H_
#define ANALYZER_SOURCE_SOURCE_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace randguard {

struct SourcePosition {
  std::uint32_t line = 0;    // from 1; 0: unknown
  std::uint32_t column = 0;  // from 1, in bytes
};

struct SourceText {
  std::string text;
  std::string file;
  // From byte `at` of the text on, columns count up from `position`, to the next run.
  struct Run {
    std::size_t at = 0;
    SourcePosition position;
  };
  std::vector<Run> runs;
  bool exact = false;  // false: only the place of the whole is known

  SourcePosition At(std::size_t offset) const;
  // Two strings are equal if their texts are, wherever they stand.
  bool operator==(const SourceText& other) const { return text == other.text; }
};

// The string `value`, which a TOML string at `offset` of `document` stands for. `position` returns
// the line and column of an offset.
template <typename PositionOf>
SourceText LocateText(std::string_view document, std::size_t offset, std::string_view value,
                      std::string_view file, PositionOf&& position);

// Offsets in the document of each byte of the TOML string at `offset`, followed by the offset of
// its end. Empty when there is no TOML string at `offset`, or another one.
std::vector<std::size_t> StringOffsets(std::string_view document, std::size_t offset,
                                       std::string_view value);

template <typename PositionOf>
SourceText LocateText(std::string_view document, std::size_t offset, std::string_view value,
                      std::string_view file, PositionOf&& position) {
  SourceText out{std::string(value), std::string(file), {}, false};
  const std::vector<std::size_t> offsets = StringOffsets(document, offset, value);
  if (offsets.empty()) {
    out.runs.push_back({0, position(offset)});
    return out;
  }
  out.exact = true;
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    const bool goes_on = i > 0 && offsets[i] == offsets[i - 1] + 1 && value[i - 1] != '\n';
    if (!goes_on) out.runs.push_back({i, position(offsets[i])});
  }
  return out;
}

}  // namespace randguard

#endif  // ANALYZER_SOURCE_SOURCE_TEXT_H_

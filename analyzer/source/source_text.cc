// SPDX-License-Identifier: Apache-2.0
#include "analyzer/source/source_text.h"

#include <algorithm>

namespace randguard {
namespace {

std::size_t Utf8Size(std::uint32_t code) {
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

// Size in the text and in the document of the escape at `at` (its backslash).
struct EscapeSizes {
  std::size_t text = 1, document = 2;
};

EscapeSizes SizesOfEscape(std::string_view document, std::size_t at) {
  const char kind = at + 1 < document.size() ? document[at + 1] : '\0';
  if (kind == 'u' || kind == 'U') {
    const std::size_t digits = kind == 'u' ? 4 : 8;
    std::uint32_t code = 0;
    for (const char c : document.substr(at + 2, digits)) {
      const unsigned digit = c >= '0' && c <= '9' ? c - '0' : ((c | 0x20) - 'a' + 10) & 15;
      code = code << 4 | digit;
    }
    return {Utf8Size(code), digits + 2};
  }
  if (kind == '\n' || kind == '\r' || kind == ' ' || kind == '\t') {  // the line goes on
    const std::size_t next = document.find_first_not_of(" \t\r\n", at + 1);
    return {0, std::min(next, document.size()) - at};
  }
  return {};
}

}  // namespace

std::vector<std::size_t> StringOffsets(std::string_view document, std::size_t offset,
                                       std::string_view value) {
  if (offset >= document.size()) return {};
  const char quote = document[offset];
  if (quote != '"' && quote != '\'') return {};
  std::size_t at = offset + 1;
  if (document.substr(offset).starts_with(std::string(3, quote))) {
    at = offset + 3;
    if (document.substr(at).starts_with("\r\n")) {
      at += 2;
    } else if (document.substr(at).starts_with("\n")) {
      ++at;
    }
  }
  std::vector<std::size_t> offsets;
  offsets.reserve(value.size() + 1);
  while (offsets.size() < value.size()) {
    if (at >= document.size()) return {};
    if (quote == '"' && document[at] == '\\') {
      const EscapeSizes sizes = SizesOfEscape(document, at);
      offsets.insert(offsets.end(), sizes.text, at);
      at += sizes.document;
    } else if (document[at] == value[offsets.size()]) {
      offsets.push_back(at++);
    } else if (document[at] == '\r') {
      ++at;  // line ends become newlines
    } else {
      return {};
    }
  }
  if (offsets.size() != value.size()) return {};
  offsets.push_back(at);
  return offsets;
}

SourcePosition SourceText::At(std::size_t offset) const {
  if (runs.empty()) return {};
  offset = std::min(offset, text.size());
  const auto after = std::upper_bound(runs.begin(), runs.end(), offset,
                                      [](std::size_t o, const Run& run) { return o < run.at; });
  const Run& run = after == runs.begin() ? runs.front() : *std::prev(after);
  SourcePosition position = run.position;
  if (exact) position.column += static_cast<std::uint32_t>(offset - run.at);
  return position;
}

}  // namespace randguard

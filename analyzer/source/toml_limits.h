// SPDX-License-Identifier: Apache-2.0
//
// Limits that a text must keep before the TOML parser sees it. The parser
//   - recurses for each level of nesting: a file of brackets would overflow the stack,
//   - copies the current line for each value of that line,
//   - overflows on binary integers beyond 64 bits,
//   - leaves its buffer when a literal string is not UTF-8.
#ifndef ANALYZER_SOURCE_TOML_LIMITS_H_
#define ANALYZER_SOURCE_TOML_LIMITS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace randguard {

// Limits of one file. Anything beyond them is refused before it is parsed.
inline constexpr std::size_t kConfigFileMax = 1 << 20;  // bytes
inline constexpr std::size_t kConfigLineMax = 16384;    // bytes
inline constexpr std::size_t kConfigNestingMax = 32;

struct TomlError {
  std::size_t offset = 0;
  std::string message;
};

// The first of these limits that `text` breaks. Brackets, inline tables and the segments of dotted
// keys count as levels. So do the segments of a table's header.
std::optional<TomlError> CheckTomlLimits(std::string_view text);

// Where the headers of tables begin: the offsets of their first bracket, as far as `text` is valid.
std::vector<std::size_t> TomlHeaders(std::string_view text);

}  // namespace randguard

#endif  // ANALYZER_SOURCE_TOML_LIMITS_H_

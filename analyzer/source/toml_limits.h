// SPDX-License-Identifier: Apache-2.0
//
// What is refused before the TOML parser sees it. The parser recurses for each level of nesting (a
// file of brackets would overflow the stack), copies the current line for each value of it,
// overflows on binary integers beyond 64 bits, and leaves its buffer when a literal string is not
// UTF-8.
#ifndef ANALYZER_SOURCE_TOML_LIMITS_H_
#define ANALYZER_SOURCE_TOML_LIMITS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace randguard {

// Limits of one file. Anything beyond them is refused before it is parsed.
inline constexpr std::size_t kConfigFileMax = 1 << 20;  // bytes
inline constexpr std::size_t kConfigLineMax = 16384;    // bytes
inline constexpr std::size_t kConfigNestingMax = 32;

struct TomlError {
  std::size_t offset = 0;
  std::string message;
};

// The first limit of config.h that `text` breaks. Brackets, inline tables and the segments of
// dotted keys count as levels, those of a table's header too.
std::optional<TomlError> CheckTomlLimits(std::string_view text);

}  // namespace randguard

#endif  // ANALYZER_SOURCE_TOML_LIMITS_H_

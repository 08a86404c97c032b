// SPDX-License-Identifier: Apache-2.0
//
// TOML text as a plain tree in which every key and value has its position. This is the only place
// that knows the TOML library and its exceptions.
#ifndef ANALYZER_SOURCE_TOML_DOCUMENT_H_
#define ANALYZER_SOURCE_TOML_DOCUMENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analyzer/source/toml_limits.h"

namespace randguard {

struct TomlMember;

struct TomlValue {
  enum class Type { kBoolean, kInteger, kFloat, kDateTime, kString, kArray, kTable };
  Type type = Type::kTable;
  std::size_t offset = 0;  // in the text; of a table with a header, that header
  bool boolean = false;
  std::int64_t integer = 0;  // beyond 64 bits: the nearest that fits
  std::string string;
  std::vector<TomlValue> array;
  std::vector<TomlMember> table;  // in the order of the text
};

struct TomlMember {
  std::string key;
  std::size_t key_offset = 0;
  TomlValue value;
};

// "boolean", "array", ...
std::string_view TypeName(TomlValue::Type type);

// The root table, or the first error: a limit (toml_limits.h) or a syntax error.
std::variant<TomlValue, TomlError> ParseToml(std::string_view text);

}  // namespace randguard

#endif  // ANALYZER_SOURCE_TOML_DOCUMENT_H_

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/source/toml_document.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>
#include <toml.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"

namespace randguard {
namespace {

bool IsBareKey(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
}

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// toml::value::location() copies the whole line and counts lines from the start of the file. That
// takes about half a millisecond per value of a large file. So this reads the region that
// location() reads.
std::size_t OffsetOf(const toml::value& value) {
  const auto* region = dynamic_cast<const toml::detail::region*>(toml::detail::get_region(value));
  if (region == nullptr) return 0;
  return static_cast<std::size_t>(region->first() - region->begin());
}

// The parser keeps no positions of keys. So a value's key is the text before the "=" in front of
// the value. A value without "=" came from a header or a dotted key, where `offset` is already the
// key's.
std::size_t KeyOffset(std::string_view text, std::size_t offset) {
  std::size_t end = std::min(offset, text.size());
  const auto skip_blanks = [&] {
    while (end > 0 && IsBlank(text[end - 1])) --end;
  };
  skip_blanks();
  if (end == 0 || text[end - 1] != '=') {
    return std::min(text.find_first_not_of("[ \t", offset), text.size());
  }
  --end;
  skip_blanks();
  std::size_t start = end;
  if (end > 1 && (text[end - 1] == '"' || text[end - 1] == '\'')) {
    const std::size_t quote = text.rfind(text[end - 1], end - 2);
    if (quote != text.npos) start = quote;
  } else {
    while (start > 0 && IsBareKey(text[start - 1])) --start;
  }
  return start;
}

class TreeBuilder {
 public:
  explicit TreeBuilder(std::string_view text) : text_(text) {}

  TomlValue Build(const toml::value& from) const {
    using Type = TomlValue::Type;
    TomlValue to;
    to.offset = OffsetOf(from);
    switch (from.type()) {
      case toml::value_t::boolean:
        to.type = Type::kBoolean;
        to.boolean = from.as_boolean();
        break;
      case toml::value_t::integer:
        to.type = Type::kInteger;
        to.integer = from.as_integer();
        break;
      case toml::value_t::floating:
        to.type = Type::kFloat;
        break;
      case toml::value_t::string:
        to.type = Type::kString;
        to.string = from.as_string().str;
        break;
      case toml::value_t::array:
        to.type = Type::kArray;
        for (const toml::value& item : from.as_array()) to.array.push_back(Build(item));
        break;
      case toml::value_t::table:
        to.type = Type::kTable;
        for (const auto& [key, value] : from.as_table()) {
          to.table.push_back({key, KeyOffset(text_, OffsetOf(value)), Build(value)});
        }
        std::stable_sort(to.table.begin(), to.table.end(), [](const auto& a, const auto& b) {
          return std::pair(a.key_offset, std::string_view(a.key)) <
                 std::pair(b.key_offset, std::string_view(b.key));
        });
        break;
      default:
        to.type = Type::kDateTime;
        break;
    }
    return to;
  }

 private:
  std::string_view text_;
};

std::size_t OffsetOfLine(std::string_view text, std::size_t line, std::size_t column) {
  std::size_t start = 0;
  for (std::size_t i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n', start);
    if (end == text.npos) break;
    start = end + 1;
  }
  return std::min(start + column - 1, text.size());
}

// The library's message is a picture:
//
//   [error] toml::parse_table: invalid line format
//    --> name
//      |
//    2 | x = 1 2
//      |       ^--- expected newline, but got '2'.
//
// The last mark points closer than the exception's own location, which is where the parser went
// back to.
class ErrorPicture {
 public:
  explicit ErrorPicture(std::string_view picture) {
    std::size_t start = 0;
    for (bool first = true; start < picture.size(); first = false) {
      const std::size_t end = std::min(picture.find('\n', start), picture.size());
      const std::string_view line = picture.substr(start, end - start);
      if (first) {
        headline_ = Headline(line);
      } else {
        ReadLine(line);
      }
      start = end + 1;
    }
  }

  std::string Message() const {
    if (headline_.empty()) return std::string(comment_);
    if (comment_.empty() || comment_ == "here") return std::string(headline_);
    return absl::StrFormat("%s (%s)", headline_, comment_);
  }

  std::optional<std::size_t> Offset(std::string_view text) const {
    if (column_ == 0) return std::nullopt;
    return OffsetOfLine(text, marked_line_, column_);
  }

 private:
  static std::string_view Strip(std::string_view s) {
    while (!s.empty() && (IsBlank(s.front()) || s.front() == '-')) s.remove_prefix(1);
    while (!s.empty() && (IsBlank(s.back()) || s.back() == '.')) s.remove_suffix(1);
    return s;
  }

  // Without "[error] toml::function: ".
  static std::string_view Headline(std::string_view line) {
    if (const std::size_t name = line.find("toml::"); name != line.npos) {
      const std::size_t colon = line.find(':', name + 6);
      if (colon != line.npos) line.remove_prefix(colon + 1);
    }
    return Strip(line);
  }

  void ReadLine(std::string_view line) {
    const std::size_t bar = line.find('|');
    if (bar == line.npos || line.find_first_not_of(" 0123456789") != bar) return;
    const std::string_view margin = line.substr(0, bar);
    std::string_view rest = line.substr(std::min(bar + 2, line.size()));
    std::uint32_t number = 0;
    if (absl::SimpleAtoi({margin.data(), margin.size()}, &number)) {
      line_ = number;
      return;
    }
    const std::size_t mark = rest.find_first_of("^~");
    if (mark == rest.npos || line_ == 0) return;
    marked_line_ = line_;
    column_ = mark + 1;
    rest.remove_prefix(mark);
    rest.remove_prefix(std::min(rest.find_first_not_of("^~"), rest.size()));
    comment_ = Strip(rest);
  }

  std::string_view headline_;
  std::string_view comment_;
  std::size_t line_ = 0;
  std::size_t marked_line_ = 0;
  std::size_t column_ = 0;
};

TomlError SyntaxError(std::string_view text, std::string_view what, std::size_t fallback) {
  const ErrorPicture picture(what);
  return {picture.Offset(text).value_or(fallback), "TOML syntax: " + picture.Message()};
}

}  // namespace

std::string_view TypeName(TomlValue::Type type) {
  using Type = TomlValue::Type;
  switch (type) {
    case Type::kBoolean:
      return "boolean";
    case Type::kInteger:
      return "integer";
    case Type::kFloat:
      return "float";
    case Type::kDateTime:
      return "date or time";
    case Type::kString:
      return "string";
    case Type::kArray:
      return "array";
    case Type::kTable:
      return "table";
  }
  return "value";
}

std::variant<TomlValue, TomlError> ParseToml(std::string_view text) {
  if (auto error = CheckTomlLimits(text)) return *std::move(error);
  try {
    std::istringstream stream{std::string(text)};
    return TreeBuilder(text).Build(toml::parse(stream, "toml"));
  } catch (const toml::exception& e) {
    return SyntaxError(text, e.what(),
                       OffsetOfLine(text, e.location().line(), e.location().column()));
  } catch (const std::exception& e) {
    return SyntaxError(text, e.what(), 0);
  }
}

}  // namespace randguard

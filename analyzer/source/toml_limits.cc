// SPDX-License-Identifier: Apache-2.0
#include "analyzer/source/toml_limits.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace randguard {
namespace {

constexpr std::size_t kBinaryDigitsMax = 62;

bool IsBare(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-';
}

// Follows the structure of the text as far as it is valid TOML. Beyond the first syntax error, the
// scanner may disagree with the parser, but there the parser has stopped.
class NestingScanner {
 public:
  explicit NestingScanner(std::string_view text) : text_(text) {}

  std::optional<TomlError> Run() {
    while (at_ < text_.size()) {
      if (IsTooLongBinary()) return TomlError{at_, "binary integer has more than 62 digits"};
      Step();
      if (base_ + dots_ > kConfigNestingMax) {
        return TomlError{last_, absl::StrFormat("nested deeper than %d levels", kConfigNestingMax)};
      }
    }
    return std::nullopt;
  }

  std::vector<std::size_t> Headers() {
    std::vector<std::size_t> headers;
    while (at_ < text_.size()) {
      const bool before = in_header_;
      const std::size_t at = at_;
      Step();
      if (in_header_ && !before) headers.push_back(at);
    }
    return headers;
  }

 private:
  void Step() {
    last_ = at_;
    const char c = text_[at_];
    const bool statement_start = statement_start_;
    statement_start_ = statement_start && (c == ' ' || c == '\t');
    switch (c) {
      case '#':
        at_ = std::min(text_.find('\n', at_), text_.size());
        statement_start_ = false;
        return;
      case '"':
      case '\'':
        SkipString(c);
        return;
      case '\n':
        EndLine();
        break;
      case '[':
        if (statement_start) {
          in_header_ = true;
          base_ = dots_ = 0;
        } else if (!in_header_) {
          Open();
        }
        break;
      case '{':
        Open();
        break;
      case ']':
      case '}':
        if (!in_header_) Close();
        break;
      case '.':
        ++dots_;
        break;
      case ',':
        dots_ = 0;
        break;
      default:
        break;
    }
    ++at_;
  }

  void EndLine() {
    if (in_header_) {
      header_ = dots_ + 2;  // the segments, and the item of an array of tables
      in_header_ = false;
    }
    if (!open_.empty()) return;
    base_ = header_;
    dots_ = 0;
    statement_start_ = true;
  }

  void Open() {
    open_.push_back(base_);
    base_ += dots_ + 1;
    dots_ = 0;
  }

  void Close() {
    if (open_.empty()) return;
    base_ = open_.back();
    open_.pop_back();
    dots_ = 0;
  }

  void SkipString(char quote) {
    const std::string triple(3, quote);
    const bool escapes = quote == '"';
    const bool multi_line = text_.substr(at_, 3) == triple;
    at_ += multi_line ? 3 : 1;
    while (at_ < text_.size()) {
      if (escapes && text_[at_] == '\\') {
        at_ = std::min(at_ + 2, text_.size());
      } else if (multi_line && text_.substr(at_, 3) == triple) {
        at_ += 3;  // up to two quotes before the closing three belong to the string
        for (int i = 0; i < 2 && at_ < text_.size() && text_[at_] == quote; ++i) ++at_;
        return;
      } else if (!multi_line && text_[at_] == quote) {
        ++at_;
        return;
      } else if (!multi_line && text_[at_] == '\n') {
        return;
      } else {
        ++at_;
      }
    }
  }

  bool IsTooLongBinary() const {
    if (!text_.substr(at_).starts_with("0b") || (at_ > 0 && IsBare(text_[at_ - 1]))) return false;
    const std::string_view digits = text_.substr(at_ + 2);
    const std::size_t end = std::min(digits.find_first_not_of("01_"), digits.size());
    return static_cast<std::size_t>(end - std::count(digits.begin(), digits.begin() + end, '_')) >
           kBinaryDigitsMax;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t last_ = 0;           // start of the step just taken
  std::vector<std::size_t> open_;  // levels outside each open bracket
  std::size_t base_ = 0;           // levels around the current key
  std::size_t dots_ = 0;           // levels the current key adds
  std::size_t header_ = 0;         // levels of the current table
  bool in_header_ = false;
  bool statement_start_ = true;
};

std::optional<TomlError> CheckLines(std::string_view text) {
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    if (end - start > kConfigLineMax) {
      return TomlError{start, absl::StrFormat("line is longer than %d bytes", kConfigLineMax)};
    }
    start = end + 1;
  }
  return std::nullopt;
}

// Length of the UTF-8 sequence at the start of `text`; 0 when there is none: a stray byte, an
// overlong form, a surrogate, or beyond U+10FFFF.
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xc2   ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool wrong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) ||
                     (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f);
  return wrong ? 0 : length;
}

std::optional<TomlError> CheckUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = Utf8Length(text.substr(at));
    if (length == 0) return TomlError{at, "not UTF-8, as TOML must be"};
    at += length;
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::size_t> TomlHeaders(std::string_view text) {
  return NestingScanner(text).Headers();
}

std::optional<TomlError> CheckTomlLimits(std::string_view text) {
  if (text.size() > kConfigFileMax) {
    return TomlError{0, absl::StrFormat("file is larger than %d bytes", kConfigFileMax)};
  }
  if (const std::size_t nul = text.find('\0'); nul != text.npos) {
    return TomlError{nul, "NUL byte: this is not a text file"};
  }
  if (auto error = CheckUtf8(text)) return error;
  if (auto error = CheckLines(text)) return error;
  return NestingScanner(text).Run();
}

}  // namespace randguard

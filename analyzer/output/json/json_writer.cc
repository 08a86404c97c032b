// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/json/json_writer.h"

#include <algorithm>
#include <cstring>

namespace randguard {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// True if any of eight bytes is a control character, a quote, a backslash or not ASCII.
bool NeedsCare(std::uint64_t eight) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  const std::uint64_t quote = eight ^ (kOnes * '"');
  const std::uint64_t backslash = eight ^ (kOnes * '\\');
  const std::uint64_t found =
      (eight - kOnes * 0x20) | (quote - kOnes) | (backslash - kOnes) | eight;
  return (found & kHigh) != 0;
}

bool Plain(unsigned char c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }

// Copies leading bytes that can stay as they are and returns how many these were. Bytes written
// behind them, up to the size of `s`, do not count.
std::size_t CopyPlain(char* out, std::string_view s) {
  std::size_t at = 0;
  std::uint64_t eight = 0;
  for (; at + 8 <= s.size(); at += 8) {
    std::memcpy(&eight, s.data() + at, 8);
    if (NeedsCare(eight)) break;
    std::memcpy(out + at, &eight, 8);
  }
  if (at + 8 > s.size() && s.size() >= 8) {
    // The last eight bytes, some of them once more: cheaper than one by one.
    std::memcpy(&eight, s.data() + s.size() - 8, 8);
    if (!NeedsCare(eight)) {
      std::memcpy(out + s.size() - 8, &eight, 8);
      return s.size();
    }
  }
  for (; at < s.size() && Plain(static_cast<unsigned char>(s[at])); ++at) out[at] = s[at];
  return at;
}

// Length of the UTF-8 sequence that `s` begins with; 0 if it begins with none. Overlong forms,
// surrogates and what is beyond U+10FFFF are none.
std::size_t Utf8Length(std::string_view s) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const auto tail = [&](std::size_t i) { return i < s.size() && (byte(i) & 0xc0) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return tail(1) ? 2 : 0;
  if (first < 0xf0) {
    if (!tail(1) || !tail(2)) return 0;
    if (first == 0xe0 && byte(1) < 0xa0) return 0;
    if (first == 0xed && byte(1) >= 0xa0) return 0;
    return 3;
  }
  if (first > 0xf4 || !tail(1) || !tail(2) || !tail(3)) return 0;
  if (first == 0xf0 && byte(1) < 0x90) return 0;
  if (first == 0xf4 && byte(1) >= 0x90) return 0;
  return 4;
}

}  // namespace

void JsonWriter::Grow(std::size_t bytes) {
  const std::size_t used = size();
  buffer_.resize(std::max(2 * buffer_.size(), used + bytes));
  at_ = buffer_.data() + used;
}

bool JsonWriter::StringPart(std::string_view bytes) {
  Reserve(bytes.size());
  const std::size_t plain = CopyPlain(at_, bytes);
  at_ += plain;
  return plain != bytes.size() && EscapeRest(bytes.substr(plain));
}

bool JsonWriter::EscapeRest(std::string_view bytes) {
  bool replaced = false;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const char c = bytes[at];
    switch (c) {
      case '"':
        Raw("\\\"");
        break;
      case '\\':
        Raw("\\\\");
        break;
      case '\n':
        Raw("\\n");
        break;
      case '\t':
        Raw("\\t");
        break;
      case '\r':
        Raw("\\r");
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          Raw("\\u00");
          Raw(kHex[c >> 4]);
          Raw(kHex[c & 15]);
        } else if (const std::size_t n = Utf8Length(bytes.substr(at))) {
          Raw(bytes.substr(at, n));
          at += n;
          continue;
        } else {
          Raw("\xef\xbf\xbd");
          replaced = true;
        }
    }
    ++at;
  }
  return replaced;
}

void JsonWriter::HexString(std::string_view bytes) {
  Raw('"');
  for (const char c : bytes) {
    Raw(kHex[static_cast<unsigned char>(c) >> 4]);
    Raw(kHex[static_cast<unsigned char>(c) & 15]);
  }
  Raw('"');
}

}  // namespace randguard

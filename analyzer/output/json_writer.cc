// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/json_writer.h"

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

// How many leading bytes can be copied as they are.
std::size_t PlainPrefix(std::string_view s) {
  std::size_t at = 0;
  for (; at + 8 <= s.size(); at += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, s.data() + at, 8);
    if (NeedsCare(eight)) break;
  }
  while (at < s.size() && Plain(static_cast<unsigned char>(s[at]))) ++at;
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

bool JsonWriter::StringPart(std::string_view bytes) {
  const std::size_t clean = PlainPrefix(bytes);
  out_.append(bytes.substr(0, clean));
  return clean != bytes.size() && EscapeRest(bytes, clean);
}

bool JsonWriter::EscapeRest(std::string_view bytes, std::size_t at) {
  bool replaced = false;
  while (at < bytes.size()) {
    const char c = bytes[at];
    switch (c) {
      case '"':
        out_.append("\\\"");
        break;
      case '\\':
        out_.append("\\\\");
        break;
      case '\n':
        out_.append("\\n");
        break;
      case '\t':
        out_.append("\\t");
        break;
      case '\r':
        out_.append("\\r");
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out_.append("\\u00");
          out_.push_back(kHex[c >> 4]);
          out_.push_back(kHex[c & 15]);
        } else if (const std::size_t n = Utf8Length(bytes.substr(at))) {
          out_.append(bytes.substr(at, n));
          at += n;
          continue;
        } else {
          out_.append("\xef\xbf\xbd");
          replaced = true;
        }
    }
    ++at;
  }
  return replaced;
}

bool JsonWriter::String(std::string_view bytes) {
  out_.push_back('"');
  const bool replaced = StringPart(bytes);
  out_.push_back('"');
  return replaced;
}

void JsonWriter::HexString(std::string_view bytes) {
  out_.push_back('"');
  for (const char c : bytes) {
    out_.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
    out_.push_back(kHex[static_cast<unsigned char>(c) & 15]);
  }
  out_.push_back('"');
}

}  // namespace randguard

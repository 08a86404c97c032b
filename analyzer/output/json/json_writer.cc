// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/json/json_writer.h"

#include <algorithm>
#include <cstring>

#include "analyzer/base/utf8.h"

namespace randguard {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// True if any of eight bytes is a control character, a quote, a backslash, DEL or not ASCII.
bool NeedsCare(std::uint64_t eight) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  const std::uint64_t quote = eight ^ (kOnes * '"');
  const std::uint64_t backslash = eight ^ (kOnes * '\\');
  const std::uint64_t del = eight ^ (kOnes * 0x7f);
  const std::uint64_t found =
      (eight - kOnes * 0x20) | (quote - kOnes) | (backslash - kOnes) | (del - kOnes) | eight;
  return (found & kHigh) != 0;
}

bool Plain(unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

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

// Bytes of JSON that a character takes; one that is `replaced` is no UTF-8.
std::size_t JsonBytes(char32_t code, std::size_t bytes, bool replaced) {
  if (replaced) return kReplacement.size();
  if (code == '"' || code == '\\' || code == '\n' || code == '\t' || code == '\r') return 2;
  if (!IsHidden(code)) return bytes;
  return code > 0xffff ? 12 : 6;
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
      default: {
        if (Plain(static_cast<unsigned char>(c))) {
          Reserve(bytes.size() - at);
          const std::size_t plain = CopyPlain(at_, bytes.substr(at));
          at_ += plain;
          at += plain;
          continue;
        }
        const Character character = FirstCharacter(bytes.substr(at));
        if (character.bytes == 0) {
          Raw(kReplacement);
          replaced = true;
          break;
        }
        if (IsHidden(character.code)) {
          Unicode(character.code);
        } else {
          Raw(bytes.substr(at, character.bytes));
        }
        at += character.bytes;
        continue;
      }
    }
    ++at;
  }
  return replaced;
}

void JsonWriter::Unicode(char32_t code) {
  if (code > 0xffff) {
    code -= 0x10000;
    Unicode(0xd800 | code >> 10);
    code = 0xdc00 | (code & 0x3ff);
  }
  Raw("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) Raw(kHex[code >> shift & 15]);
}

std::string_view JsonWriter::Beginning(std::string_view bytes, std::size_t room) {
  std::size_t json = 0;
  std::size_t at = 0;
  bool replaced = false;
  while (at < bytes.size()) {
    const Character character = FirstCharacter(bytes.substr(at));
    const bool none = character.bytes == 0;
    const std::size_t next = at + (none ? 1 : character.bytes);
    json += JsonBytes(character.code, character.bytes, none);
    replaced = replaced || none;
    if (json + (replaced ? 2 * next : 0) > room) break;
    at = next;
  }
  return bytes.substr(0, at);
}

std::string_view JsonWriter::End(std::string_view bytes, std::size_t room) {
  // Between one that has room and one that has not. A character's middle is no beginning.
  std::string_view found;
  std::size_t low = 0;
  std::size_t high = bytes.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    std::string_view end = bytes.substr(middle);
    for (int i = 0; i < 3 && !end.empty() && (end.front() & 0xc0) == 0x80; ++i) {
      end.remove_prefix(1);
    }
    if (Beginning(end, room).size() == end.size()) {
      high = middle;
      found = end;
    } else {
      low = middle + 1;
    }
  }
  return found;
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

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/base/utf8.h"

#include <algorithm>
#include <iterator>

namespace randguard {
namespace {

struct Range {
  char32_t first, last;
};

// Categories Cc, Zl, Zp and, but for signs that are visible, Cf of Unicode 15, with the property
// Default_Ignorable_Code_Point; in order.
constexpr Range kHidden[] = {
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},
    {0x061c, 0x061c},   {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
    {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
    {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
    {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

}  // namespace

Character FirstCharacter(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xc0) == 0x80; };
  const auto bits = [&](std::size_t i) { return char32_t{byte(i)} & 0x3f; };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xc2) return {};
  if (first < 0xe0) {
    return tail(1) ? Character{(char32_t{first} & 0x1f) << 6 | bits(1), 2} : Character{};
  }
  if (first < 0xf0) {
    if (!tail(1) || !tail(2)) return {};
    if (first == 0xe0 && byte(1) < 0xa0) return {};
    if (first == 0xed && byte(1) >= 0xa0) return {};
    return {(char32_t{first} & 0x0f) << 12 | bits(1) << 6 | bits(2), 3};
  }
  if (first < 0xf5) {
    if (!tail(1) || !tail(2) || !tail(3)) return {};
    if (first == 0xf0 && byte(1) < 0x90) return {};
    if (first == 0xf4 && byte(1) >= 0x90) return {};
    return {(char32_t{first} & 0x07) << 18 | bits(1) << 12 | bits(2) << 6 | bits(3), 4};
  }
  return {};
}

bool IsHidden(char32_t code) {
  const auto* const at =
      std::lower_bound(std::begin(kHidden), std::end(kHidden), code,
                       [](const Range& range, char32_t value) { return range.last < value; });
  return at != std::end(kHidden) && at->first <= code;
}

}  // namespace randguard

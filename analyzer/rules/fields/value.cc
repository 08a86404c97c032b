// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/fields/value.h"

#include <algorithm>
#include <cstring>

namespace randguard {
namespace {

constexpr std::uint64_t kEachByte = 0x0101010101010101;
static_assert(' ' == 0x80 >> 2 && ('a' ^ 'A') == 0x80 >> 2);

// Eight bytes at a time: a letter in upper case gets its sixth bit.
void FoldBytes(char* text, std::size_t size) {
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= size; at += sizeof(std::uint64_t)) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text + at, sizeof(bytes));
    const std::uint64_t low = bytes & (0x7f * kEachByte);
    const std::uint64_t from_a = low + (0x80 - 'A') * kEachByte;  // the highest bit: not before A
    const std::uint64_t behind_z = low + (0x7f - 'Z') * kEachByte;
    const std::uint64_t upper = from_a & ~behind_z & ~bytes & (0x80 * kEachByte);
    bytes |= upper >> 2;
    std::memcpy(text + at, &bytes, sizeof(bytes));
  }
  for (; at < size; ++at) {
    if (text[at] >= 'A' && text[at] <= 'Z') text[at] = static_cast<char>(text[at] | 0x20);
  }
}

}  // namespace

void Fold(const Value& value, FieldScratch& scratch, Value& out) {
  out = value;
  switch (value.form) {
    case Value::Form::kText:
    case Value::Form::kItems:
      scratch.text.assign(value.text);
      FoldBytes(scratch.text.data(), scratch.text.size());
      out.text = scratch.text;
      return;
    case Value::Form::kTextArray: {
      const auto& array = *static_cast<const TextArray*>(value.list);
      scratch.text.clear();
      for (std::size_t i = 0; i < array.size; ++i) scratch.text += array.items[i];
      FoldBytes(scratch.text.data(), scratch.text.size());
      scratch.array = {};
      std::string_view rest = scratch.text;
      for (std::size_t i = 0; i < array.size; ++i) {
        scratch.array.Add(rest.substr(0, array.items[i].size()));
        rest.remove_prefix(array.items[i].size());
      }
      out.list = &scratch.array;
      return;
    }
    default:
      return;
  }
}

void JoinItems(std::string_view items, std::string& out) {
  // The last item may have been cut and then lacks its NUL.
  if (items.ends_with('\0')) items.remove_suffix(1);
  out.assign(items);
  char* const text = out.data();
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= out.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text + at, sizeof(bytes));
    constexpr std::uint64_t kLow = 0x7f * kEachByte;
    const std::uint64_t zero = ~(((bytes & kLow) + kLow) | bytes | kLow);  // the highest bits
    bytes |= zero >> 2;
    std::memcpy(text + at, &bytes, sizeof(bytes));
  }
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(at), out.end(), '\0', ' ');
}

Value ElementOf(const Value& list, std::size_t index) {
  Value element;
  const auto take_text = [&](std::string_view text) {
    if (index-- != 0) return false;
    element.form = Value::Form::kText;
    element.text = text;
    return true;
  };
  const auto take_number = [&](Number number) {
    if (index-- != 0) return false;
    element.form = Value::Form::kNumber;
    element.number = number;
    return true;
  };
  AnyText(list, take_text);
  AnyNumber(list, take_number);
  return element;
}

}  // namespace randguard

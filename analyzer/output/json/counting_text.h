// SPDX-License-Identifier: Apache-2.0
//
// A number as decimal digits that mostly grows by one, which is one digit to change.
#ifndef ANALYZER_OUTPUT_JSON_COUNTING_TEXT_H_
#define ANALYZER_OUTPUT_JSON_COUNTING_TEXT_H_

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace randguard {

class CountingText {
 public:
  explicit CountingText(std::uint64_t value = 0) { Write(value); }

  // The digits; valid until the next call of a member that changes them.
  std::string_view text() const { return {digits_ + begin_, kSize - begin_}; }
  static constexpr std::size_t kReadable = 20;  // bytes from text().data() on
  std::uint64_t value() const { return value_; }

  void Set(std::uint64_t value) {
    if (value == value_ + 1 && value != 0) {
      Next();
    } else if (value != value_) {
      Write(value);
    }
  }

  void Next() {
    if (++value_ == 0) return Write(0);  // there is no larger one
    std::size_t at = kSize - 1;
    while (digits_[at] == '9') {
      digits_[at] = '0';
      if (at == begin_) {
        digits_[at = --begin_] = '0';
        break;
      }
      --at;
    }
    ++digits_[at];
  }

 private:
  static constexpr std::size_t kSize = 20;  // digits of 64 bits

  void Write(std::uint64_t value) {
    char text[kSize];
    const auto size = static_cast<std::size_t>(std::to_chars(text, text + kSize, value).ptr - text);
    value_ = value;
    begin_ = kSize - size;
    std::copy_n(text, size, digits_ + begin_);
  }

  std::uint64_t value_ = 0;
  std::size_t begin_ = kSize;
  char digits_[kSize + kReadable] = {};
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_JSON_COUNTING_TEXT_H_

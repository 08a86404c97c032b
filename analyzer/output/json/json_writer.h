// SPDX-License-Identifier: Apache-2.0
//
// Appends JSON (RFC 8259) to a buffer that is kept from line to line. On the per-event path: keys
// come ready-made, strings that need no escape are copied as they are. docs/decisions/ has the
// figures against the library that was tried.
#ifndef ANALYZER_OUTPUT_JSON_JSON_WRITER_H_
#define ANALYZER_OUTPUT_JSON_JSON_WRITER_H_

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace randguard {

class JsonWriter {
 public:
  JsonWriter() : buffer_(kFirstBytes) { Clear(); }
  JsonWriter(JsonWriter&& other) noexcept
      : buffer_(std::move(other.buffer_)), at_(std::exchange(other.at_, nullptr)) {}
  JsonWriter& operator=(JsonWriter&&) = delete;

  void Clear() { at_ = buffer_.data(); }
  std::string_view text() const { return {buffer_.data(), size()}; }
  std::size_t size() const { return static_cast<std::size_t>(at_ - buffer_.data()); }
  // For whoever leaves out what turns out to be empty: the text is as long as it was then.
  void Rewind(std::size_t size) { at_ = buffer_.data() + size; }
  // The last byte; there has to be one.
  char& last() { return at_[-1]; }

  // Text that is JSON already. Inlined, so that what the compiler knows the size of, as it does of
  // keys, becomes a few moves.
  [[gnu::always_inline]] void Raw(std::string_view json) {
    Reserve(json.size());
    std::char_traits<char>::copy(at_, json.data(), json.size());
    at_ += json.size();
  }
  // Likewise, of a short text behind which some bytes can be read: to copy always as many is much
  // quicker than to copy as many as there are.
  template <std::size_t kReadable>
  [[gnu::always_inline]] void RawShort(const char* json, std::size_t size) {
    Reserve(kReadable);
    std::char_traits<char>::copy(at_, json, kReadable);
    at_ += size;
  }
  void Raw(char c) {
    Reserve(1);
    *at_++ = c;
  }

  template <std::integral Int>
  requires(!std::same_as<Int, bool>) void Number(Int value) {
    constexpr std::size_t kDigits = 20;  // of 64 bits, with a sign
    Reserve(kDigits);
    at_ = std::to_chars(at_, at_ + kDigits, value).ptr;
  }
  template <std::unsigned_integral Int>
  void QuotedNumber(Int value) {
    constexpr std::size_t kDigits = 20;
    Reserve(kDigits + 2);
    *at_++ = '"';
    at_ = std::to_chars(at_, at_ + kDigits, value).ptr;
    *at_++ = '"';
  }
  void Bool(bool value) {
    if (value) {
      Raw("true");
    } else {
      Raw("false");
    }
  }
  void Null() { Raw("null"); }

  // The quoted string. Hidden characters (analyzer/base/utf8.h) become \uNNNN, so that a line can
  // be looked at on a terminal. Bytes that are not UTF-8 become U+FFFD each; returns whether there
  // were any.
  bool String(std::string_view bytes) {
    Raw('"');
    const bool replaced = StringPart(bytes);
    Raw('"');
    return replaced;
  }
  // The same without the quotes, to put a string together.
  bool StringPart(std::string_view bytes);
  // The quoted lower-case hex form of the bytes.
  void HexString(std::string_view bytes);

  // The longest beginning, of whole characters, that takes at most `room` bytes without the quotes,
  // and with its hex form if it is not UTF-8.
  static std::string_view Beginning(std::string_view bytes, std::size_t room);
  // The same of the end. It may be some bytes shorter if it is not UTF-8.
  static std::string_view End(std::string_view bytes, std::size_t room);

 private:
  static constexpr std::size_t kFirstBytes = 4096;

  void Reserve(std::size_t bytes) {
    if (static_cast<std::size_t>(buffer_.data() + buffer_.size() - at_) < bytes) [[unlikely]] {
      Grow(bytes);
    }
  }
  void Grow(std::size_t bytes);
  bool EscapeRest(std::string_view bytes);
  void Unicode(char32_t code);

  std::vector<char> buffer_;
  char* at_ = nullptr;  // where the next byte goes
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_JSON_JSON_WRITER_H_

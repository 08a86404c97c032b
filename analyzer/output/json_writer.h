// SPDX-License-Identifier: Apache-2.0
//
// Appends JSON (RFC 8259) to a buffer that is kept from line to line. On the per-event path: keys
// come ready-made, strings that need no escape are copied as they are. docs/decisions/ has the
// figures against the library that was tried.
#ifndef ANALYZER_OUTPUT_JSON_WRITER_H_
#define ANALYZER_OUTPUT_JSON_WRITER_H_

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace randguard {

class JsonWriter {
 public:
  void Clear() { out_.clear(); }
  std::string_view text() const { return out_; }
  std::size_t size() const { return out_.size(); }

  // Text that is JSON already.
  void Raw(std::string_view json) { out_.append(json); }
  void Raw(char c) { out_.push_back(c); }

  template <std::integral Int>
  requires(!std::same_as<Int, bool>) void Number(Int value) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
    out_.append(digits, end - digits);
  }
  void Bool(bool value) { out_.append(value ? "true" : "false"); }
  void Null() { out_.append("null"); }

  // The quoted string. Bytes that are not UTF-8 become U+FFFD each; returns whether there were any.
  bool String(std::string_view bytes);
  // The same without the quotes, to put a string together.
  bool StringPart(std::string_view bytes);
  // The quoted lower-case hex form of the bytes.
  void HexString(std::string_view bytes);

 private:
  bool EscapeRest(std::string_view bytes, std::size_t clean);

  std::string out_;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_JSON_WRITER_H_

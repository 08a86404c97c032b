// SPDX-License-Identifier: Apache-2.0
//
// A line that a pipeline wrote, and its fields.
#ifndef ANALYZER_PIPELINE_TESTING_LINE_H_
#define ANALYZER_PIPELINE_TESTING_LINE_H_

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace randguard::testing {

class Line {
 public:
  explicit Line(std::string text);
  Line(Line&&) noexcept;
  ~Line();
  // As minified JSON.
  std::string operator[](std::string_view name) const;
  const std::string& text() const { return text_; }

 private:
  struct Parsed;
  std::string text_;
  std::unique_ptr<Parsed> parsed_;
};

std::string Fields(const Line& line, std::span<const std::string_view> names);

inline std::string Fields(const Line& line, std::initializer_list<std::string_view> names) {
  return Fields(line, std::span(names.begin(), names.size()));
}

std::vector<std::string> Each(const std::vector<Line>& lines,
                              std::span<const std::string_view> names);

inline std::vector<std::string> Each(const std::vector<Line>& lines,
                                     std::initializer_list<std::string_view> names) {
  return Each(lines, std::span(names.begin(), names.size()));
}

using Texts = std::vector<std::string>;

}  // namespace randguard::testing

#endif  // ANALYZER_PIPELINE_TESTING_LINE_H_

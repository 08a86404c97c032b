// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/testing/line.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <utility>

namespace randguard::testing {

struct Line::Parsed {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
};

Line::Line(std::string text) : text_(std::move(text)), parsed_(std::make_unique<Parsed>()) {
  const bool parsed = parsed_->parser.parse(text_).get(parsed_->root) == simdjson::SUCCESS;
  EXPECT_TRUE(parsed) << text_;
  if (!parsed) parsed_->root = parsed_->parser.parse(std::string("{}"));
}

Line::Line(Line&&) noexcept = default;
Line::~Line() = default;

std::string Line::operator[](std::string_view name) const {
  simdjson::dom::element value;
  if (parsed_->root[name].get(value) != simdjson::SUCCESS) return "(no such field)";
  return simdjson::minify(value);
}

std::string Fields(const Line& line, std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : " ") + line[name];
  return text;
}

std::vector<std::string> Each(const std::vector<Line>& lines,
                              std::span<const std::string_view> names) {
  std::vector<std::string> texts;
  texts.reserve(lines.size());
  for (const Line& line : lines) texts.push_back(Fields(line, names));
  return texts;
}

}  // namespace randguard::testing

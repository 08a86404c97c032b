// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/tools/json_fields.h"

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "analyzer/base/status.h"

namespace randguard {
namespace {

constexpr std::size_t kJsonMax = 1 << 20;  // bytes
constexpr std::size_t kJsonDepth = 8;

using simdjson::dom::element_type;

absl::Status AddList(const std::string& name, simdjson::dom::array list,
                     std::vector<TestField>& out) {
  std::vector<std::string> texts;
  std::vector<std::int64_t> numbers;
  std::size_t size = 0;
  for (const simdjson::dom::element item : list) {
    if (item.is_object()) return absl::OkStatus();  // no field: rules do not look into such lists
    ++size;
    if (std::string_view text; item.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
    if (std::int64_t number = 0; item.get(number) == simdjson::SUCCESS) numbers.push_back(number);
  }
  if (numbers.size() == size && size > 0) {
    out.push_back({name, std::move(numbers)});
  } else if (texts.size() == size) {
    out.push_back({name, std::move(texts)});
  } else {
    return InvalidInput("%s: expected a list of texts or a list of numbers", name);
  }
  return absl::OkStatus();
}

absl::Status AddElement(const std::string& name, simdjson::dom::element element,
                        std::vector<TestField>& out, std::size_t depth);

absl::Status AddObject(const std::string& prefix, simdjson::dom::object object,
                       std::vector<TestField>& out, std::size_t depth) {
  if (depth > kJsonDepth) return InvalidInput("nested deeper than %d levels", kJsonDepth);
  for (const auto& [key, value] : object) {
    RG_RETURN_IF_ERROR(AddElement(prefix + std::string(key), value, out, depth));
  }
  return absl::OkStatus();
}

absl::Status AddElement(const std::string& name, simdjson::dom::element element,
                        std::vector<TestField>& out, std::size_t depth) {
  switch (element.type()) {
    case element_type::BOOL:
      out.push_back({name, bool(element)});
      return absl::OkStatus();
    case element_type::INT64:
      out.push_back({name, std::int64_t(element)});
      return absl::OkStatus();
    case element_type::UINT64:  // what an int64_t cannot hold
      out.push_back({name, static_cast<std::int64_t>(std::uint64_t(element))});
      return absl::OkStatus();
    case element_type::STRING:
      out.push_back({name, std::string(std::string_view(element))});
      return absl::OkStatus();
    case element_type::ARRAY:
      return AddList(name, element, out);
    case element_type::OBJECT:
      return AddObject(name + ".", element, out, depth + 1);
    case element_type::NULL_VALUE:
      return absl::OkStatus();
    default:
      return InvalidInput("%s: no field holds a number with a fraction", name);
  }
}

}  // namespace

absl::StatusOr<std::vector<TestField>> FieldsOfJson(std::string_view json) {
  if (json.size() > kJsonMax) return InvalidInput("JSON of more than %d bytes", kJsonMax);
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  const auto error = parser.parse(json.data(), json.size()).get(object);
  if (error != simdjson::SUCCESS) {
    return InvalidInput("not a JSON object: %s", simdjson::error_message(error));
  }
  std::vector<TestField> fields;
  RG_RETURN_IF_ERROR(AddObject("", object, fields, 0));
  return fields;
}

}  // namespace randguard

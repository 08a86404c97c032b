// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as lines. The result is JSON, one line, and a native one is converted to itself.
#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "analyzer/output/convert/line_converter.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void Convert(std::string_view line) {
  using namespace randguard;  // NOLINT: a function outside of all namespaces
  static simdjson::dom::parser parser;
  for (const OutputFormat to : {OutputFormat::kJson, OutputFormat::kEcs, OutputFormat::kOcsf}) {
    LineConverter converter(to);
    const auto converted = converter.Convert(line);
    if (!converted.ok() || !converted->has_value()) continue;
    const std::string text((*converted)->text);
    Require(text.find('\n') == text.size() - 1);
    Require(parser.parse(text).error() == simdjson::SUCCESS);
    if (to != OutputFormat::kJson) continue;
    const auto again = converter.Convert(std::string_view(text).substr(0, text.size() - 1));
    Require(again.ok() && again->has_value());
    Require((*again)->text == text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  for (std::size_t end; (end = rest.find('\n')) != rest.npos; rest.remove_prefix(end + 1)) {
    Convert(rest.substr(0, end));
  }
  Convert(rest);
  return 0;
}

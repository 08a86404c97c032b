// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/json/json_schema.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

#include "analyzer/output/testing/sample_events.h"
#include "tests/support/source_root.h"

namespace randguard::json_schema_test {
namespace {

TEST(JsonSchemaTest, CommittedCopyIsWhatIsGenerated) {
  std::ifstream file(testing::SourcePath("docs/formats/events.schema.json"));
  ASSERT_TRUE(file.is_open());
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(committed == JsonSchema())
      << "rand-guard schema > docs/formats/events.schema.json, and look at the difference";
}

TEST(JsonSchemaTest, IsJsonAndHasEveryType) {
  simdjson::dom::parser parser;
  simdjson::dom::element schema;
  ASSERT_EQ(parser.parse(JsonSchema()).get(schema), simdjson::SUCCESS);
  std::set<std::string> titles;
  simdjson::dom::array types;
  ASSERT_EQ(schema["oneOf"].get(types), simdjson::SUCCESS);
  for (const auto type : types) {
    std::string_view title;
    ASSERT_EQ(type["title"].get(title), simdjson::SUCCESS);
    EXPECT_TRUE(titles.emplace(title).second) << title;
  }
  testing::ForEachSample([&]<typename Event>(const Event&) {
    if constexpr (requires { Event::kClassName; }) {
      EXPECT_TRUE(titles.contains(std::string(Event::kClassName))) << Event::kClassName;
    } else {
      EXPECT_TRUE(titles.contains(std::string(Event::kEventType))) << Event::kEventType;
    }
  });
}

}  // namespace
}  // namespace randguard::json_schema_test

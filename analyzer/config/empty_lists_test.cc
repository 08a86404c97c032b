// SPDX-License-Identifier: Apache-2.0
//
// Every list of keys.h, written empty.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/config/keys.h"

namespace randguard::empty_lists_test {
namespace {

struct ListKey {
  std::string table;
  bool table_of_list = false;  // [[table]]
  std::string key;
  bool required = false;
  bool has_default = false;  // one with items
};

void PrintTo(const ListKey& key, std::ostream* out) { *out << key.table << "." << key.key; }

// The visitor of VisitTables and VisitKeys.
class ListKeys {
 public:
  template <typename T>
  void operator()(const Table& table, T& config) {
    Enter(table, false);
    VisitKeys(*this, config);
  }
  template <typename T>
  void operator()(const Table& table, std::vector<T>&) {
    Enter(table, true);
    T element;
    VisitKeys(*this, element);
  }
  // Their keys are the author's own.
  void operator()(const Table&, std::vector<RuleList>&) {}
  void operator()(const Table&, std::vector<RuleMacro>&) {}
  void operator()(const Table&, std::vector<SigmaPlaceholder>&) {}

  template <typename T, typename... Bounds>
  void operator()(const Key&, T&, const Bounds&...) {}
  template <typename T, typename... Bounds>
  void operator()(const Key& key, std::vector<T>& field, const Bounds&...) {
    found_.push_back({table_, table_of_list_, std::string(key.name), key.required, !field.empty()});
  }

  const std::vector<ListKey>& found() const { return found_; }

 private:
  void Enter(const Table& table, bool of_list) {
    table_ = table.name;
    table_of_list_ = of_list;
  }

  std::string table_;
  bool table_of_list_ = false;
  std::vector<ListKey> found_;
};

// The keys that hold lists: those of plain tables, or those of lists of tables.
std::vector<ListKey> AllListKeys(bool of_lists) {
  ListKeys keys;
  Config config;
  VisitTables(keys, config);
  std::vector<ListKey> wanted;
  for (const ListKey& key : keys.found()) {
    if (key.table_of_list == of_lists) wanted.push_back(key);
  }
  return wanted;
}

std::string TestName(const ::testing::TestParamInfo<ListKey>& info) {
  std::string name = info.param.table + "_" + info.param.key;
  for (char& c : name) c = c == '.' ? '_' : c;
  return name;
}

// Complete elements of each list of tables, line by line.
struct Element {
  std::string table;
  std::vector<std::string> lines;
};

const std::vector<Element>& Elements() {
  static const auto& elements = *new std::vector<Element>{
      {"rules",
       {"id = 'a'", "name = 'n'", "severity = 'low'", "type = 'process'", "parent_names = ['x']"}},
      {"rules",
       {"id = 'a'", "name = 'n'", "severity = 'low'", "type = 'file'", "patterns = ['*.x']",
        "operations = ['write']"}},
      {"rules",
       {"id = 'a'", "name = 'n'", "severity = 'low'", "type = 'network'", "direction = 'outbound'",
        "ports = [1]"}},
      {"rules",
       {"id = 'a'", "name = 'n'", "severity = 'low'", "type = 'file'", "condition = 'uid == 0'"}},
      {"detections.persistence", {"name = 'n'", "paths = ['/a']", "operations = ['write']"}},
      {"outputs", {"name = 'n'", "path = '/l/x'"}},
      {"detections.network", {"name = 'n'", "directions = ['inbound']", "ports = [1]"}},
  };
  return elements;
}

// The element without `key`, and then `more`. `had` says whether it had it.
std::string Without(const Element& element, const std::string& key, const std::string& more,
                    bool& had) {
  had = false;
  std::string text = "[[" + element.table + "]]\n";
  for (const std::string& line : element.lines) {
    if (line.starts_with(key + " ")) {
      had = true;
    } else {
      text += line + "\n";
    }
  }
  return text + more;
}

class OfATable : public ::testing::TestWithParam<ListKey> {};

TEST_P(OfATable, EmptyListIsNone) {
  const ListKey& key = GetParam();
  const std::string line = key.key + " = []\n";
  if (key.key == "hooks") {
    // A table that is on must have something left to do.
    const std::string events = "[events]\n" + key.table + " = ";
    const std::string table = "[" + key.table + "]\nenabled = ";
    const ConfigResult on = ParseConfig(events + "true\n" + table + "true\n" + line, "c.toml");
    ASSERT_EQ(on.diagnostics.size(), 1u);
    EXPECT_EQ(FormatDiagnostic(on.diagnostics[0]),
              "c.toml:5:9: error: " + key.table + ".hooks: must not be empty while " + key.table +
                  ".enabled is true; without it, all hooks are on");
    if (key.table == "process") return;  // cannot be off
    const ConfigResult off = ParseConfig(events + "false\n" + table + "false\n" + line, "c.toml");
    EXPECT_TRUE(off.diagnostics.empty());
    return;
  }
  const ConfigResult result = ParseConfig("[" + key.table + "]\n" + line, "c.toml");
  EXPECT_TRUE(result.diagnostics.empty());
  ASSERT_TRUE(result.config.has_value());
  Config config = *result.config;
  if (!key.has_default) {
    EXPECT_EQ(config, Config{}) << "not as if it were left out";
    return;
  }
  // A default is not what was asked for.
  ListKeys read;
  VisitTables(read, config);
  for (const ListKey& now : read.found()) {
    if (now.table != key.table || now.key != key.key) continue;
    EXPECT_FALSE(now.has_default);
  }
}

INSTANTIATE_TEST_SUITE_P(Keys, OfATable, ::testing::ValuesIn(AllListKeys(false)), TestName);

class OfAListOfTables : public ::testing::TestWithParam<ListKey> {};

TEST_P(OfAListOfTables, EmptyListIsAsIfLeftOut) {
  const ListKey& key = GetParam();
  EXPECT_FALSE(key.has_default);
  int tried = 0;
  for (const Element& element : Elements()) {
    if (element.table != key.table) continue;
    ++tried;
    bool had = false;
    const std::string left_out = Without(element, key.key, "", had);
    const std::string empty = Without(element, key.key, key.key + " = []\n", had);
    const ConfigResult result = ParseConfig(empty, "c.toml");
    if (had) {
      // It is needed there.
      ASSERT_EQ(result.diagnostics.size(), 1u) << empty;
      const std::string message = FormatDiagnostic(result.diagnostics[0]);
      EXPECT_NE(message.find(" error: " + key.table + "." + key.key + ": "), message.npos)
          << message;
      EXPECT_NE(message.find(" needs "), message.npos) << message;
      EXPECT_NE(message.find("empty"), message.npos) << message;
      continue;
    }
    EXPECT_FALSE(key.required) << left_out;
    ASSERT_TRUE(result.config.has_value()) << empty << FormatDiagnostic(result.diagnostics.front());
    EXPECT_TRUE(result.diagnostics.empty()) << empty;
    EXPECT_EQ(result.config, ParseConfig(left_out, "c.toml").config) << empty;
  }
  EXPECT_GT(tried, 0) << "no element of " << key.table << " to try it in";
}

INSTANTIATE_TEST_SUITE_P(Keys, OfAListOfTables, ::testing::ValuesIn(AllListKeys(true)), TestName);

TEST(EmptyListsTest, TablesThatAreLists) {
  const ConfigResult result =
      ParseConfig("rules = []\n[detections]\npersistence = []\nnetwork = []\n", "c.toml");
  EXPECT_TRUE(result.diagnostics.empty());
  EXPECT_EQ(result.config, Config{});
}

}  // namespace
}  // namespace randguard::empty_lists_test

// SPDX-License-Identifier: Apache-2.0
//
// Each key of the configuration does something: its value is read somewhere outside of
// analyzer/config/, or keys.h says why not. Reads are looked for in the sources, as
// `table.member` and as `variable.member` where `variable` was declared with the table's type.
// Members are called like their keys.
#include "analyzer/config/keys.h"

#include <cxxabi.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "tests/support/source_root.h"

namespace randguard::keys_test {
namespace {

namespace fs = std::filesystem;

// The code without comments and without what stands in literals.
std::string CodeOf(const std::string& text) {
  std::string code;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = std::string_view(text).substr(i);
    std::size_t end = 1;
    if (rest.starts_with("//")) {
      end = rest.find('\n');
    } else if (rest.starts_with("/*")) {
      end = rest.find("*/");
      end = end == rest.npos ? end : end + 2;
    } else if (rest.starts_with("R\"")) {
      const std::string close = ")" + std::string(rest.substr(2, rest.find('(') - 2)) + "\"";
      end = rest.find(close);
      end = end == rest.npos ? end : end + close.size();
    } else if (rest[0] == '"' || (rest[0] == '\'' && (i == 0 || !std::isalnum(text[i - 1])))) {
      while (end < rest.size() && rest[end] != rest[0]) end += rest[end] == '\\' ? 2 : 1;
      ++end;
    } else {
      code += rest[0];
      ++i;
      continue;
    }
    code += ' ';
    if (end >= rest.size()) break;
    i += end;
  }
  return code;
}

// Something reads object.member.
struct Access {
  std::string object, member;
  bool of_member = false;  // the object is itself a member: x.object.member
  std::string type;        // of an object that is a variable
  auto operator<=>(const Access&) const = default;
};

// A name and its type, as they are declared, with what stands before them.
struct Declaration {
  std::size_t at;
  std::string type, name;
};

std::vector<Declaration> DeclarationsOf(const std::string& code, const std::regex& declaration) {
  std::vector<Declaration> found;
  for (std::sregex_iterator it(code.begin(), code.end(), declaration), end; it != end; ++it) {
    found.push_back({static_cast<std::size_t>(it->position()), (*it)[1], (*it)[2]});
  }
  return found;
}

// `code` is one function or class: a name means what it was last declared to be.
std::set<Access> ReadsOf(const std::string& code) {
  static const std::regex access_pattern(R"((\.|->)?(\b\w+)(?:\.|->)(\w+)(\s*=(?!=))?)");
  static const std::regex variable_pattern(R"(\b([A-Z]\w+)(?:>?\s*[&*]\s*|\s+)(\w+)\s*[;,(){=:])");
  const std::vector<Declaration> variables = DeclarationsOf(code, variable_pattern);
  std::set<Access> reads;
  // One after another, each beginning within the one before: a.b.c reads b of a and c of b.
  std::smatch match;
  bool of_member = false;
  for (auto from = code.cbegin(); std::regex_search(from, code.cend(), match, access_pattern);) {
    Access access{match[2], match[3], match[1].matched || (of_member && match.position() == 0), ""};
    const auto at = static_cast<std::size_t>(match[2].first - code.cbegin());
    for (const Declaration& variable : variables) {
      if (variable.at < at && variable.name == access.object) access.type = variable.type;
    }
    if (!match[4].matched) reads.insert(std::move(access));
    of_member = true;
    from = match[3].first;
  }
  return reads;
}

// The sources of a program.
class Sources {
 public:
  void Add(const std::string& text) {
    static const std::regex member_pattern(R"(\n  ([A-Z]\w+) (\w+)(?=;| =))");
    const std::string code = CodeOf(text);
    for (const Declaration& member : DeclarationsOf(code, member_pattern)) {
      members_[member.name].insert(member.type);
    }
    for (std::size_t at = 0; at < code.size();) {
      const std::size_t end = std::min(code.find("\n}", at), code.size() - 1) + 1;
      reads_.merge(ReadsOf(code.substr(at, end - at)));
      at = end;
    }
  }

  // As `table.member`, or of a variable or member of the table's type.
  bool Read(std::string_view table, const std::string& type, const std::string& member) const {
    return std::any_of(reads_.begin(), reads_.end(), [&](const Access& a) {
      if (a.member != member) return false;
      return a.object == table || (a.of_member ? IsOnly(a.object, type) : a.type == type);
    });
  }

 private:
  // A member that is of several types in several classes says nothing.
  bool IsOnly(const std::string& member, const std::string& type) const {
    const auto found = members_.find(member);
    return found != members_.end() && found->second == std::set<std::string>{type};
  }

  std::set<Access> reads_;
  std::map<std::string, std::set<std::string>> members_;  // their types
};

bool IsProductOutsideOfConfig(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::string folder = path.parent_path().string();
  return (name.ends_with(".cc") || name.ends_with(".h")) && !name.ends_with("_test.cc") &&
         !name.ends_with("_fuzz.cc") && !name.ends_with("test_support.h") &&
         !folder.ends_with("/testing") && !folder.ends_with("analyzer/config");
}

Sources TheProduct() {
  Sources sources;
  for (const auto& entry : fs::recursive_directory_iterator(testing::SourcePath("analyzer"))) {
    if (!entry.is_regular_file() || !IsProductOutsideOfConfig(entry.path())) continue;
    std::ifstream file(entry.path());
    sources.Add({std::istreambuf_iterator<char>(file), {}});
  }
  return sources;
}

template <typename T>
std::string NameOfType() {
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(typeid(T).name(), nullptr, nullptr, nullptr), std::free);
  const std::string whole = name.get();
  return whole.substr(whole.rfind(':') + 1);
}

// The visitor of VisitTables and VisitKeys.
class KeyCounter {
 public:
  explicit KeyCounter(const Sources& sources) : sources_(sources) {}

  template <typename T>
  void operator()(const Table& table, T& config) {
    table_ = table.name.substr(table.name.rfind('.') + 1);
    type_ = NameOfType<T>();
    VisitKeys(*this, config);
  }
  template <typename T>
  void operator()(const Table& table, std::vector<T>&) {
    T element;
    (*this)(table, element);
  }
  // Their keys are the author's own.
  void operator()(const Table&, std::vector<RuleList>&) {}
  void operator()(const Table&, std::vector<RuleMacro>&) {}
  void operator()(const Table&, std::vector<SigmaPlaceholder>&) {}

  // A table within the table.
  void operator()(const Key& key, CorrelationRule& c) {
    const auto outer = std::pair(table_, type_);
    table_ = key.name;
    type_ = NameOfType<CorrelationRule>();
    VisitKeys(*this, c);
    std::tie(table_, type_) = outer;
  }

  template <typename T, typename... Bounds>
  void operator()(const Key& key, T&, const Bounds&...) {
    const std::string member(key.name);
    const bool read = sources_.Read(table_, type_, member);
    ++keys_;
    if (key.without_effect.empty()) {
      EXPECT_TRUE(read) << type_ << "." << member << " has no effect, and keys.h does not say so";
    } else {
      EXPECT_FALSE(read) << type_ << "." << member << " has an effect, and keys.h denies it";
    }
  }

  std::size_t keys() const { return keys_; }

 private:
  const Sources& sources_;
  std::string_view table_;
  std::string type_;
  std::size_t keys_ = 0;
};

TEST(KeysTest, EachHasAnEffectOrSaysWhyNot) {
  const Sources sources = TheProduct();
  KeyCounter counter(sources);
  Config config;
  VisitTables(counter, config);
  EXPECT_GT(counter.keys(), 60u);
}

// The test itself.
bool Finds(const std::string& text) {
  Sources sources;
  sources.Add(text);
  return sources.Read("agent", "AgentConfig", "id");
}

TEST(KeysTest, ReadsAreFound) {
  EXPECT_TRUE(Finds("f(config.agent.id);"));
  EXPECT_TRUE(Finds("f(loaded->config.agent.id == 1);"));
  EXPECT_TRUE(Finds("void F(const AgentConfig& a) { G(a.id); }"));
  EXPECT_TRUE(Finds("const AgentConfig& a = config.agent; for (char c : a.id) F(c);"));
  EXPECT_TRUE(Finds("void F(const AgentConfig& a) {\n  G(a.id);\n}\nvoid G(const Rule& a) {\n}\n"));
  EXPECT_TRUE(Finds("struct S {\n  AgentConfig a;\n};\nvoid F(const S& s) { G(s.a.id); }"));
}

TEST(KeysTest, OtherThingsAreNotFound) {
  EXPECT_FALSE(Finds("f(config.agent);"));
  EXPECT_FALSE(Finds("f(config.agent.identity);"));
  EXPECT_FALSE(Finds("config.agent.id = other;"));
  EXPECT_FALSE(Finds("// config.agent.id\n"));
  EXPECT_FALSE(Finds("/* config.agent.id */"));
  EXPECT_FALSE(Finds("Say(\"agent.id \\\" agent.id\");"));
  EXPECT_FALSE(Finds("Say(R\"(\"agent.id)\");"));
  EXPECT_FALSE(Finds("void F(const Rule& a) { G(a.id); }"));
  EXPECT_FALSE(Finds("void F(const AgentConfig& a, const Rule& b) { G(b.id); }"));
  EXPECT_FALSE(Finds("for (const AgentConfig& a : x) F(a);\nfor (const Rule& a : y) F(a.id);"));
  EXPECT_FALSE(
      Finds("void F(const AgentConfig& a) {\n  G(a);\n}\nvoid H(const Rule& a) {\n  G(a.id);\n}"));
  EXPECT_FALSE(
      Finds("struct S {\n  Rule a;\n};\nvoid F(const S& s, const AgentConfig& a) { G(s.a.id); }"));
}

}  // namespace
}  // namespace randguard::keys_test

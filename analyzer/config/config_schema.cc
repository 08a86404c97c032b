// SPDX-License-Identifier: Apache-2.0
#include "analyzer/config/config_schema.h"

#include <cstdint>
#include <cstdio>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/config/config.h"
#include "analyzer/config/keys.h"
#include "analyzer/config/names.h"
#include "analyzer/config/table_reader.h"

namespace randguard {
namespace {

// All of these texts are compiled in: of what JSON escapes they have quotes and backslashes alone.
std::string JsonText(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

template <typename Texts>
std::string JsonTexts(const Texts& texts) {
  std::string out;
  for (const std::string_view text : texts) out += (out.empty() ? "" : ",") + JsonText(text);
  return out;
}

// A table: its keys, and the tables within it.
struct TableSchema {
  std::string name, doc;
  bool is_list = false;       // [[name]]
  std::size_t max_items = 0;  // 0: any number
  std::string of_any_name;    // schema of members that the author names; empty: there are none
  std::string properties, required;
  std::vector<TableSchema> tables;

  TableSchema& Within(std::string_view table) {
    for (TableSchema& one : tables) {
      if (one.name == table) return one;
    }
    TableSchema& added = tables.emplace_back();
    added.name = table;
    return added;
  }

  void Add(std::string_view name, std::string_view schema, bool is_required = false) {
    const std::string key = JsonText(name);
    absl::StrAppendFormat(&properties, "%s%s:{%s}", properties.empty() ? "" : ",\n", key, schema);
    if (is_required) absl::StrAppendFormat(&required, "%s%s", required.empty() ? "" : ",", key);
  }

  // Members of its schema.
  std::string Members() const {
    std::string all = properties;
    for (const TableSchema& table : tables) {
      absl::StrAppendFormat(&all, "%s%s:{%s}", all.empty() ? "" : ",\n", JsonText(table.name),
                            table.Members());
    }
    std::string of = absl::StrFormat("\"type\":\"object\",\"properties\":{%s}", all);
    if (!required.empty()) absl::StrAppendFormat(&of, ",\"required\":[%s]", required);
    absl::StrAppendFormat(&of, ",\"additionalProperties\":%s",
                          of_any_name.empty() ? "false" : "{" + of_any_name + "}");
    const std::string about =
        doc.empty() ? "" : absl::StrFormat("\"description\":%s,", JsonText(doc));
    if (!is_list) return about + of;
    return absl::StrFormat("%s\"type\":\"array\",%s\"items\":{%s}", about,
                           max_items == 0 ? "" : absl::StrFormat("\"maxItems\":%d,", max_items),
                           of);
  }
};

// The visitor of VisitTables and VisitKeys. Defaults are what the fields hold.
class SchemaMaker {
 public:
  template <typename T>
  void operator()(const Table& table, T& config) {
    Enter(table);
    VisitKeys(*this, config);
  }
  template <typename T>
  void operator()(const Table& table, std::vector<T>&) {
    Enter(table).is_list = true;
    if constexpr (std::is_same_v<T, FurtherOutputConfig>) at_->max_items = kFurtherOutputsMax;
    T element;
    VisitKeys(*this, element);
  }
  void operator()(const Table& table, std::vector<RuleList>&) {
    Enter(table).of_any_name =
        R"("anyOf":[{"type":"array","minItems":1,"items":{"type":"string"}},)"
        R"({"type":"array","minItems":1,"items":{"type":"integer"}}])";
  }
  void operator()(const Table& table, std::vector<RuleMacro>&) {
    Enter(table).of_any_name = R"("type":"string")";
  }
  void operator()(const Table& table, std::vector<SigmaPlaceholder>&) {
    Enter(table).of_any_name = R"("type":"array","minItems":1,"items":{"type":"string"})";
  }

  void operator()(const Key& key, bool& field) {
    Add(key, "\"type\":\"boolean\"", field ? "true" : "false");
  }
  void operator()(const Key& key, std::uint32_t& field, const Range& range) {
    Add(key,
        absl::StrFormat("\"type\":\"integer\",\"minimum\":%d,\"maximum\":%d", range.min, range.max),
        std::to_string(field), range.unit);
  }
  void operator()(const Key& key, std::optional<std::int64_t>&) {
    Add(key, "\"type\":\"integer\"");
  }
  void operator()(const Key& key, std::string& field, const Text& text) {
    Add(key, "\"type\":\"string\"", JsonText(field), text.items);
  }
  void operator()(const Key& key, SourceText&, const Text& text) {
    Add(key, "\"type\":\"string\"", "", text.items);
  }
  void operator()(const Key& key, std::vector<std::string>& field, const Text& text) {
    Add(key, List(key, "\"type\":\"string\"", text.max_items), "[" + JsonTexts(field) + "]",
        text.items);
  }
  void operator()(const Key& key, std::vector<SourceText>&, const Text& text) {
    Add(key, List(key, "\"type\":\"string\"", text.max_items), "", text.items);
  }
  void operator()(const Key& key, std::vector<std::uint16_t>&) {
    Add(key, List(key, "\"type\":\"integer\",\"minimum\":0,\"maximum\":65535"));
  }
  template <Enum E>
  void operator()(const Key& key, E& field) {
    Add(key, OneOf<E>(), JsonText(Name(field)));
  }
  template <Enum E>
  void operator()(const Key& key, std::optional<E>&) {
    Add(key, OneOf<E>());
  }
  template <Enum E>
  void operator()(const Key& key, std::vector<E>& field) {
    std::vector<std::string_view> names;
    names.reserve(field.size());
    for (const E value : field) names.push_back(Name(value));
    Add(key, List(key, OneOf<E>()), "[" + JsonTexts(names) + "]");
  }

  void operator()(const Key& key, CorrelationRule&) {
    TableSchema* const outer = at_;
    at_ = &outer->Within(key.name);
    at_->doc = key.doc;
    CorrelationRule defaults;
    VisitKeys(*this, defaults);
    at_ = outer;
  }
  void operator()(const Key& key, std::vector<CorrelationAlias>&) {
    Add(key, R"("type":"object","additionalProperties":{"type":"object",)"
             R"("additionalProperties":{"type":"string"}})");
  }
  void operator()(const Key& key, std::vector<RuleException>&) {
    Add(key,
        R"("anyOf":[{"type":"string"},{"type":"array","items":{"anyOf":[{"type":"string"},)"
        R"({"type":"object","properties":{"name":{"type":"string"},"condition":{"type":"string"}},)"
        R"("required":["condition"],"additionalProperties":false}]}}])");
  }
  // Events are tables of fields, whose names are those of conditions.
  void operator()(const Key& key, std::vector<RuleTest>&) {
    Add(key, R"("type":"array","items":{"type":"object","properties":{"name":{"type":"string"},)"
             R"("fires":{"type":"boolean"},"event":{"type":"object"},"json":{"type":"string"},)"
             R"("events":{"type":"array","items":{"type":"object"}},"before":{"type":"array"},)"
             R"("until":{"type":"integer","minimum":0}},"required":["name","fires"],)"
             R"("oneOf":[{"required":["event"]},{"required":["json"]},{"required":["events"]}],)"
             R"("additionalProperties":false})");
  }

  std::string Schema() const {
    return absl::StrFormat(
        "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\n"
        "\"title\":\"rand-guard: configuration and files of rules\",\n%s}\n",
        root_.Members());
  }

 private:
  // "a.b" is the table b in the table a.
  TableSchema& Enter(const Table& table) {
    at_ = &root_;
    std::string_view rest = table.name;
    while (!rest.empty()) {
      const std::size_t dot = rest.find('.');
      at_ = &at_->Within(rest.substr(0, dot));
      rest = dot == rest.npos ? std::string_view() : rest.substr(dot + 1);
    }
    at_->doc = table.doc;
    return *at_;
  }

  // `otherwise`: the value of a key that is left out, as JSON; empty: none. Also of one that must
  // not be.
  void Add(const Key& key, std::string_view schema, std::string_view otherwise = {},
           std::string_view items = {}) {
    std::string doc(key.doc);
    if (!items.empty()) absl::StrAppendFormat(&doc, " (%s)", items);
    if (!key.without_effect.empty()) absl::StrAppendFormat(&doc, " (%s)", key.without_effect);
    std::string all = absl::StrFormat("\"description\":%s,%s", JsonText(doc), schema);
    if (!key.required && !otherwise.empty()) {
      absl::StrAppendFormat(&all, ",\"default\":%s", otherwise);
    }
    at_->Add(key.name, all, key.required);
  }

  static constexpr std::size_t kListMax = 10000;  // as in table_reader.h
  static std::string List(const Key& key, std::string_view items, std::size_t max = kListMax) {
    return absl::StrFormat("\"type\":\"array\",\"minItems\":%d,\"maxItems\":%d,\"items\":{%s}",
                           key.required ? 1 : 0, max, items);
  }

  template <Enum E>
  static std::string OneOf() {
    std::vector<std::string> names(std::begin(EnumTraits<E>::kNames),
                                   std::end(EnumTraits<E>::kNames));
    if constexpr (std::is_same_v<E, FileOperation>) {
      for (const std::string_view name : EnumTraits<E>::kNames)
        names.push_back("file_" + std::string(name));
      names.emplace_back("*");
    } else {
      static_assert(!requires { EnumTraits<E>::kAlso; });
    }
    return absl::StrFormat("\"enum\":[%s]", JsonTexts(names));
  }

  TableSchema root_;
  TableSchema* at_ = &root_;
};

}  // namespace

std::string ConfigSchema() {
  SchemaMaker maker;
  Config config;
  VisitTables(maker, config);
  return maker.Schema();
}

}  // namespace randguard

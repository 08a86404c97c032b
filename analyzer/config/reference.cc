// SPDX-License-Identifier: Apache-2.0
#include "analyzer/config/reference.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/config/keys.h"
#include "analyzer/config/names.h"
#include "analyzer/config/table_reader.h"

namespace randguard {
namespace {

// The visitor of VisitTables and VisitKeys. Defaults are what the fields hold.
class ReferenceWriter {
 public:
  template <typename T>
  void operator()(const Table& table, T& config) {
    Section(table, absl::StrFormat("[%s]", table.name));
    VisitKeys(*this, config);
  }

  template <typename T>
  void operator()(const Table& table, std::vector<T>&) {
    Section(table, absl::StrFormat("[[%s]]", table.name));
    T element;
    VisitKeys(*this, element);
    text_ += std::exchange(nested_, "");
  }

  void operator()(const Table& table, std::vector<RuleList>&) { NamedSection(table); }
  void operator()(const Table& table, std::vector<RuleMacro>&) { NamedSection(table); }
  void operator()(const Table& table, std::vector<SigmaPlaceholder>&) { NamedSection(table); }

  void operator()(const Key& key, SourceText&, const Text& text) {
    Row(key, "string", "none", std::string(text.items));
  }
  void operator()(const Key& key, std::vector<SourceText>&, const Text& text) {
    Row(key, "list of strings", "none",
        absl::StrFormat("%d to %d %s", key.required ? 1 : 0, text.max_items, text.items));
  }
  // A table within the table: its section follows that one.
  void operator()(const Key& key, CorrelationRule&) {
    Row(key, "table", "none", "keys of `[rules.correlation]`");
    const std::string outer = std::exchange(text_, "");
    Section({"rules.correlation",
             "This table says what a rule of type `correlation` looks for: "
             "[correlations](correlations.md)."},
            "[rules.correlation]");
    CorrelationRule defaults;
    VisitKeys(*this, defaults);
    nested_ = std::exchange(text_, outer);
    table_ = "rules";
  }
  void operator()(const Key& key, std::vector<CorrelationAlias>&) {
    Row(key, "table", "none", "0 to 8 names, each a table of fields by rule");
  }
  void operator()(const Key& key, std::optional<std::int64_t>&) {
    Row(key, "integer", "none", "64 bits");
  }
  void operator()(const Key& key, std::vector<RuleException>&) {
    Row(key, "string or list", "none", "0 to 64 conditions");
  }
  void operator()(const Key& key, std::vector<RuleTest>&) {
    Row(key, "list of tables", "none", "0 to 1024 tests, written `[[rules.tests]]`");
  }

  void operator()(const Key& key, bool& field) {
    Row(key, "boolean", field ? "`true`" : "`false`", "`true`, `false`");
  }
  void operator()(const Key& key, std::uint32_t& field, const Range& range) {
    Row(key, "integer", absl::StrFormat("`%d`", field),
        absl::StrFormat("%d to %d%s%s", range.min, range.max, range.unit.empty() ? "" : " ",
                        range.unit));
  }
  void operator()(const Key& key, std::string& field, const Text& text) {
    Row(key, "string", absl::StrFormat("`\"%s\"`", field), std::string(text.items));
  }
  void operator()(const Key& key, std::vector<std::string>& field, const Text& text) {
    Row(key, "list of strings", ListText(std::vector<std::string_view>(field.begin(), field.end())),
        absl::StrFormat("%d to %d %s", key.required ? 1 : 0, text.max_items, text.items));
  }
  void operator()(const Key& key, std::vector<std::uint16_t>&) {
    Row(key, "list of integers", "none", "0 to 65535");
  }
  template <Enum E>
  void operator()(const Key& key, E& field) {
    Row(key, "string", absl::StrFormat("`\"%s\"`", Name(field)), Code(AllowedValues<E>()));
  }
  template <Enum E>
  void operator()(const Key& key, std::optional<E>&) {
    Row(key, "string", "none", Code(AllowedValues<E>()));
  }
  template <Enum E>
  void operator()(const Key& key, std::vector<E>& field) {
    std::vector<std::string_view> names;
    names.reserve(field.size());
    for (const E value : field) names.push_back(Name(value));
    const bool all = names.size() == std::size(EnumTraits<E>::kNames);
    Row(key, "list of strings", all ? "all of them" : ListText(names), Code(AllowedValues<E>()));
  }

  std::string Markdown() const {
    return text_ +
           "\n### Keys without effect\n\nThe reader of the configuration checks their values, and "
           "nothing else looks at them.\n\n| key | why |\n|---|---|\n" +
           without_effect_;
  }

 private:
  void Section(const Table& table, std::string_view title) {
    table_ = table.name;
    absl::StrAppendFormat(&text_, "\n### `%s`\n\n%s\n\n", title, table.doc);
    text_ += "| key | type | default | allowed | meaning |\n|---|---|---|---|---|\n";
  }

  // A table whose keys are the author's own.
  void NamedSection(const Table& table) {
    absl::StrAppendFormat(&text_, "\n### `[%s]`\n\n%s\n", table.name, table.doc);
  }

  void Row(const Key& key, std::string_view type, std::string_view default_value,
           std::string_view allowed) {
    absl::StrAppendFormat(&text_, "| `%s` | %s | %s | %s | %s |\n", key.name, type,
                          key.required ? "required" : default_value, allowed, key.doc);
    if (key.without_effect.empty()) return;
    absl::StrAppendFormat(&without_effect_, "| `%s.%s` | %s |\n", table_, key.name,
                          key.without_effect);
  }

  static std::string ListText(const std::vector<std::string_view>& items) {
    return items.empty() ? "none" : absl::StrFormat("`[%s]`", QuotedList(items));
  }

  // "a" -> `a`
  static std::string Code(std::string quoted) {
    std::replace(quoted.begin(), quoted.end(), '"', '`');
    return quoted;
  }

  std::string_view table_;  // whose keys are visited
  std::string text_, without_effect_;
  std::string nested_;  // sections that follow the present one
};

}  // namespace

std::string ConfigReference() {
  ReferenceWriter writer;
  Config defaults;
  VisitTables(writer, defaults);
  return writer.Markdown();
}

}  // namespace randguard

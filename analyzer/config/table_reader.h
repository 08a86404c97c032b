// SPDX-License-Identifier: Apache-2.0
//
// Reads the keys of one TOML table into a struct, as keys.h describes them, and reports everything
// that is not as described. A field whose value is wrong keeps its default.
#ifndef ANALYZER_CONFIG_TABLE_READER_H_
#define ANALYZER_CONFIG_TABLE_READER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "analyzer/config/keys.h"
#include "analyzer/config/names.h"
#include "analyzer/source/reporter.h"
#include "analyzer/source/toml_document.h"

namespace randguard {

template <typename E>
concept Enum = std::is_enum_v<E>;

// The values that a key of type E can have, for messages and documents.
template <Enum E>
std::string AllowedValues() {
  std::string allowed = QuotedList(EnumTraits<E>::kNames);
  if constexpr (requires { EnumTraits<E>::kAlso; }) allowed += EnumTraits<E>::kAlso;
  return allowed;
}

class TableReader {
 public:
  // All arguments are borrowed. `table` is null if the table is not written. Messages use `name`.
  // Mistakes in what is off are warnings, except for unknown keys.
  enum class Use : bool { kOff, kOn };
  TableReader(const TomlValue* table, std::string_view name, Reporter& reporter,
              Use use = Use::kOn);

  // The visitor of keys.h.
  void operator()(const Key& key, bool& field);
  void operator()(const Key& key, std::uint32_t& field, const Range& range);
  void operator()(const Key& key, std::string& field, const Text& text);
  void operator()(const Key& key, std::vector<std::string>& field, const Text& text);
  void operator()(const Key& key, std::vector<std::uint16_t>& field);

  void operator()(const Key& key, SourceText& field, const Text& text);
  void operator()(const Key& key, std::vector<SourceText>& field, const Text& text);
  // One condition, or a list of conditions and of tables {name, condition}.
  void operator()(const Key& key, std::vector<RuleException>& field);
  void operator()(const Key& key, std::vector<RuleTest>& field);
  void operator()(const Key& key, CorrelationRule& field);
  void operator()(const Key& key, std::vector<CorrelationAlias>& field);
  void operator()(const Key& key, std::optional<std::int64_t>& field);

  template <Enum E>
  void operator()(const Key& key, E& field) {
    const TomlValue* value = Expect(key, TomlValue::Type::kString);
    if (value == nullptr) return;
    const std::vector<E> read = ReadChoice<E>(key, *value);
    if (!read.empty()) field = read.front();
  }

  template <Enum E>
  void operator()(const Key& key, std::optional<E>& field) {
    if (E value{}; Find(key.name) != nullptr) {
      (*this)(key, value);
      field = value;
    } else {
      NoteKey(key);
    }
  }

  template <Enum E>
  void operator()(const Key& key, std::vector<E>& field) {
    ReadList(key, TomlValue::Type::kString, kListMax, field,
             [&](const TomlValue& item) { return ReadChoice<E>(key, item); });
  }

  // A table of this name may lie in this one; somebody else reads it.
  void AllowTable(std::string_view name) { known_keys_.push_back(name); }
  // To be called after the visit.
  void ReportUnknownKeys() const;

  // Null when the key is not written.
  const TomlMember* Find(std::string_view key) const;

  // Whether the key is written, and not as an empty list.
  bool Gives(std::string_view key) const;

  // Whether the key is written and holds something of the right type.
  bool Has(std::string_view key, TomlValue::Type type) const;

  // The position that a message about `key` points at: its value, or the table when it is not
  // written.
  std::size_t OffsetOf(std::string_view key) const;
  std::size_t Offset() const { return table_ == nullptr ? 0 : table_->offset; }

  // "table.key: message"
  void Error(std::size_t offset, std::string_view key, std::string_view message) const;
  // The same, also of what is off.
  void ErrorInAnyUse(std::size_t offset, std::string_view key, std::string_view message) const;
  // Whether a mistake was only a warning.
  bool faulty() const { return faulty_; }
  void Warning(std::size_t offset, std::string_view key, std::string_view message) const;

 private:
  static constexpr std::size_t kListMax = 10000;

  void NoteKey(const Key& key);
  // Null when the key is not written or of another type; the latter is reported.
  const TomlValue* Expect(const Key& key, TomlValue::Type type);
  bool IsOfType(const Key& key, const TomlValue& value, TomlValue::Type type) const;
  bool IsValidText(const Key& key, const TomlValue& value, const Text& text) const;
  bool IsValidCount(const Key& key, const TomlValue& list, std::size_t max) const;
  void ReadException(const Key& key, const TomlValue& item, std::vector<RuleException>& field);
  void ReadTest(const TomlValue& table, std::vector<RuleTest>& field);
  void ReadTimedEvents(const TomlMember& list, RuleTest& test);
  void ReadTestEvent(std::string_view key, const TomlValue& value, TestEvent& event) const;
  void ReadTestField(const std::string& name, const TomlValue& value, TestEvent& event) const;
  void ReportUnknownValue(const Key& key, const TomlValue& value,
                          std::span<const std::string_view> names, std::string_view allowed,
                          std::string_view hook_table) const;
  void WarnRepeated(const Key& key, const TomlValue& item) const;

  template <Enum E>
  std::vector<E> ReadChoice(const Key& key, const TomlValue& value) const {
    using Traits = EnumTraits<E>;
    std::vector<E> read = EnumeratorsOf<E>(value.string);
    if (!read.empty()) return read;
    std::string_view hook_table;
    if constexpr (requires { Traits::kHookTable; }) hook_table = Traits::kHookTable;
    ReportUnknownValue(key, value, Traits::kNames, AllowedValues<E>(), hook_table);
    return {};
  }

  // `read` makes items of one element of the list; none when it reported an error.
  template <typename T, typename Read>
  void ReadList(const Key& key, TomlValue::Type type, std::size_t max, std::vector<T>& field,
                const Read& read) {
    const TomlValue* list = Expect(key, TomlValue::Type::kArray);
    if (list == nullptr || !IsValidCount(key, *list, max)) return;
    field.clear();
    for (const TomlValue& item : list->array) {
      if (!IsOfType(key, item, type)) continue;
      for (T& value : read(item)) {
        if (std::find(field.begin(), field.end(), value) != field.end()) {
          WarnRepeated(key, item);
        } else {
          field.push_back(std::move(value));
        }
      }
    }
  }

  const TomlValue* table_;
  std::string name_;
  Reporter& reporter_;
  const Use use_;
  mutable bool faulty_ = false;
  std::vector<std::string_view> known_keys_;
};

}  // namespace randguard

#endif  // ANALYZER_CONFIG_TABLE_READER_H_

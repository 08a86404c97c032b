// SPDX-License-Identifier: Apache-2.0
#include "analyzer/config/table_reader.h"

#include <cstdint>

#include "absl/strings/str_format.h"

namespace randguard {
namespace {

// The table whose hooks hold `name`; empty when none does.
std::string_view HookTableOf(std::string_view name) {
  if (!EnumeratorsOf<ProcessHook>(name).empty()) return EnumTraits<ProcessHook>::kHookTable;
  if (!EnumeratorsOf<FileHook>(name).empty()) return EnumTraits<FileHook>::kHookTable;
  if (!EnumeratorsOf<NetworkHook>(name).empty()) return EnumTraits<NetworkHook>::kHookTable;
  return {};
}

}  // namespace

TableReader::TableReader(const TomlValue* table, std::string_view name, Reporter& reporter, Use use)
    : table_(table), name_(name), reporter_(reporter), use_(use) {}

void TableReader::operator()(const Key& key, bool& field) {
  if (const TomlValue* value = Expect(key, TomlValue::Type::kBoolean)) field = value->boolean;
}

void TableReader::operator()(const Key& key, std::uint32_t& field, const Range& range) {
  const TomlValue* value = Expect(key, TomlValue::Type::kInteger);
  if (value == nullptr) return;
  if (value->integer < range.min || value->integer > range.max) {
    Error(value->offset, key.name,
          absl::StrFormat("out of range; allowed: %d to %d%s%s", range.min, range.max,
                          range.unit.empty() ? "" : " ", range.unit));
    return;
  }
  field = static_cast<std::uint32_t>(value->integer);
}

void TableReader::operator()(const Key& key, std::string& field, const Text& text) {
  const TomlValue* value = Expect(key, TomlValue::Type::kString);
  if (value != nullptr && IsValidText(key, *value, text)) field = value->string;
}

void TableReader::operator()(const Key& key, std::vector<std::string>& field, const Text& text) {
  ReadList(key, TomlValue::Type::kString, text.max_items, field,
           [&](const TomlValue& item) -> std::vector<std::string> {
             if (!IsValidText(key, item, text)) return {};
             return {item.string};
           });
}

void TableReader::operator()(const Key& key, std::vector<std::uint16_t>& field) {
  ReadList(key, TomlValue::Type::kInteger, kListMax, field,
           [&](const TomlValue& item) -> std::vector<std::uint16_t> {
             if (item.integer < 0 || item.integer > UINT16_MAX) {
               Error(item.offset, key.name, "port out of range; allowed: 0 to 65535");
               return {};
             }
             return {static_cast<std::uint16_t>(item.integer)};
           });
}

void TableReader::ReportUnknownKeys() const {
  if (table_ == nullptr) return;
  std::string known;
  for (const std::string_view key : known_keys_) {
    absl::StrAppendFormat(&known, "%s%s", known.empty() ? "" : ", ", key);
  }
  for (const TomlMember& member : table_->table) {
    if (std::find(known_keys_.begin(), known_keys_.end(), member.key) != known_keys_.end())
      continue;
    const std::string suggestion = DidYouMean(member.key, known_keys_);
    reporter_.Error(
        member.key_offset,
        absl::StrFormat("%s: unknown key %s%s allowed in %s: %s", name_, Quoted(member.key),
                        suggestion.empty() ? ";" : suggestion, name_, known));
  }
}

const TomlMember* TableReader::Find(std::string_view key) const {
  if (table_ == nullptr) return nullptr;
  for (const TomlMember& member : table_->table) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

bool TableReader::Gives(std::string_view key) const {
  const TomlMember* member = Find(key);
  return member != nullptr &&
         (member->value.type != TomlValue::Type::kArray || !member->value.array.empty());
}

bool TableReader::Has(std::string_view key, TomlValue::Type type) const {
  const TomlMember* member = Find(key);
  return member != nullptr && member->value.type == type;
}

std::size_t TableReader::OffsetOf(std::string_view key) const {
  const TomlMember* member = Find(key);
  return member == nullptr ? Offset() : member->value.offset;
}

void TableReader::Error(std::size_t offset, std::string_view key, std::string_view message) const {
  if (use_ == Use::kOn) {
    ErrorInAnyUse(offset, key, message);
    return;
  }
  faulty_ = true;
  reporter_.Warning(offset, absl::StrFormat("%s.%s: %s%s", name_, key, message, kRuleIsOff));
}

void TableReader::ErrorInAnyUse(std::size_t offset, std::string_view key,
                                std::string_view message) const {
  reporter_.Error(offset, absl::StrFormat("%s.%s: %s", name_, key, message));
}

void TableReader::Warning(std::size_t offset, std::string_view key,
                          std::string_view message) const {
  reporter_.Warning(offset, absl::StrFormat("%s.%s: %s", name_, key, message));
}

void TableReader::NoteKey(const Key& key) { known_keys_.push_back(key.name); }

const TomlValue* TableReader::Expect(const Key& key, TomlValue::Type type) {
  NoteKey(key);
  const TomlMember* member = Find(key.name);
  if (member == nullptr) {
    if (key.required) Error(Offset(), key.name, absl::StrFormat("missing; [[%s]] needs it", name_));
    return nullptr;
  }
  return IsOfType(key, member->value, type) ? &member->value : nullptr;
}

bool TableReader::IsOfType(const Key& key, const TomlValue& value, TomlValue::Type type) const {
  if (value.type == type) return true;
  Error(value.offset, key.name,
        absl::StrFormat("expected %s, found %s", TypeName(type), TypeName(value.type)));
  return false;
}

bool TableReader::IsValidText(const Key& key, const TomlValue& value, const Text& text) const {
  std::string wrong =
      value.string.find('\0') == std::string::npos ? text.check(value.string) : "has a NUL byte";
  if (wrong.empty()) return true;
  Error(value.offset, key.name, Quoted(value.string) + " " + wrong);
  return false;
}

bool TableReader::IsValidCount(const Key& key, const TomlValue& list, std::size_t max) const {
  if (key.required && list.array.empty()) {
    Error(list.offset, key.name,
          absl::StrFormat("must not be empty; [[%s]] needs at least one", name_));
    return false;
  }
  if (list.array.size() > max) {
    Error(list.offset, key.name,
          absl::StrFormat("has %d items; at most %d are allowed", list.array.size(), max));
    return false;
  }
  return true;
}

void TableReader::ReportUnknownValue(const Key& key, const TomlValue& value,
                                     std::span<const std::string_view> names,
                                     std::string_view allowed, std::string_view hook_table) const {
  std::string hint = DidYouMean(value.string, names);
  if (!hook_table.empty()) {
    const std::string_view other = HookTableOf(value.string);
    if (!other.empty()) hint = absl::StrFormat("; it is a hook of [%s];", other);
  }
  Error(value.offset, key.name,
        absl::StrFormat("unknown value %s%s allowed: %s", Quoted(value.string),
                        hint.empty() ? ";" : hint, allowed));
}

void TableReader::WarnRepeated(const Key& key, const TomlValue& item) const {
  Warning(item.offset, key.name, "repeated in this list");
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
//
// The parts of TableReader that only correlations have.
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/config/table_reader.h"

namespace randguard {
namespace {

using Type = TomlValue::Type;

constexpr std::size_t kAliasesMax = 8;

}  // namespace

void TableReader::operator()(const Key& key, CorrelationRule& field) {
  NoteKey(key);
  const TomlMember* member = Find(key.name);
  if (member == nullptr || !IsOfType(key, member->value, Type::kTable)) return;
  TableReader reader(&member->value, name_ + "." + std::string(key.name), reporter_, use_);
  VisitKeys(reader, field);
  reader.ReportUnknownKeys();
  faulty_ = faulty_ || reader.faulty();
}

// name = { ID = "field", ... }
void TableReader::operator()(const Key& key, std::vector<CorrelationAlias>& field) {
  const TomlValue* aliases = Expect(key, Type::kTable);
  if (aliases == nullptr) return;
  if (aliases->table.size() > kAliasesMax) {
    Error(aliases->offset, key.name,
          absl::StrFormat("has %d names; at most %d are allowed", aliases->table.size(),
                          kAliasesMax));
    return;
  }
  for (const TomlMember& name : aliases->table) {
    CorrelationAlias alias;
    alias.name = reporter_.Locate(name.key_offset, name.key);
    if (!IsOfType(key, name.value, Type::kTable)) continue;
    for (const TomlMember& of : name.value.table) {
      if (!IsOfType(key, of.value, Type::kString) || !IsValidText(key, of.value, kField)) continue;
      alias.fields.push_back({reporter_.Locate(of.key_offset, of.key),
                              reporter_.Locate(of.value.offset, of.value.string)});
    }
    field.push_back(std::move(alias));
  }
}

void TableReader::operator()(const Key& key, std::optional<std::int64_t>& field) {
  if (const TomlValue* value = Expect(key, Type::kInteger)) field = value->integer;
}

}  // namespace randguard

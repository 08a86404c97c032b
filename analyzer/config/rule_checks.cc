// SPDX-License-Identifier: Apache-2.0
#include "analyzer/config/rule_checks.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/config/names.h"
#include "analyzer/config/table_reader.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

constexpr std::string_view kReservedPrefix = "BUILTIN-";

// The types of rules that each key belongs to.
struct TypedKey {
  std::string_view key;
  std::vector<RuleType> types;
};

const std::vector<TypedKey>& TypedKeys() {
  static const auto& keys = *new std::vector<TypedKey>{
      {"process_names", {RuleType::kProcess, RuleType::kNetwork}},
      {"parent_names", {RuleType::kProcess}},
      {"paths", {RuleType::kFile}},
      {"patterns", {RuleType::kFile}},
      {"operations", {RuleType::kFile}},
      {"direction", {RuleType::kNetwork}},
      {"ports", {RuleType::kNetwork}},
      {"correlation", {RuleType::kCorrelation}},
  };
  return keys;
}

void CheckTypedKeys(const Rule& rule, const TableReader& reader) {
  std::string allowed;
  for (const TypedKey& typed : TypedKeys()) {
    if (std::find(typed.types.begin(), typed.types.end(), rule.type) == typed.types.end()) continue;
    absl::StrAppendFormat(&allowed, "%s%s", allowed.empty() ? "" : ", ", typed.key);
  }
  for (const TypedKey& typed : TypedKeys()) {
    if (!reader.Gives(typed.key)) continue;
    if (std::find(typed.types.begin(), typed.types.end(), rule.type) != typed.types.end()) continue;
    reader.Error(reader.Find(typed.key)->key_offset, typed.key,
                 absl::StrFormat("does not belong in a rule of type \"%s\", which takes: %s",
                                 Name(rule.type), allowed));
  }
}

// `key` is not written, or empty. A rule that is off does no harm by that.
void ReportLack(const TableReader& reader, const Rule& rule, std::string_view key,
                std::string_view needed) {
  const std::string message = absl::StrFormat("%s; a rule of type \"%s\" needs %s",
                                              reader.Find(key) == nullptr ? "missing" : "is empty",
                                              Name(rule.type), needed);
  if (rule.enabled) {
    reader.Error(reader.OffsetOf(key), key, message);
  } else {
    reader.Warning(reader.OffsetOf(key), key, message + " before it can be enabled");
  }
}

void Need(const TableReader& reader, const Rule& rule, std::string_view key) {
  if (!reader.Gives(key)) ReportLack(reader, rule, key, "it");
}

void NeedOneOf(const TableReader& reader, const Rule& rule, std::string_view a,
               std::string_view b) {
  if (reader.Gives(a) || reader.Gives(b)) return;
  const bool at_b = reader.Find(a) == nullptr && reader.Find(b) != nullptr;
  ReportLack(reader, rule, at_b ? b : a, absl::StrFormat("%s or %s", a, b));
}

bool IsUnder(std::string_view file, std::string_view path) {
  if (path.ends_with('/')) return file.size() > path.size() && file.starts_with(path);
  return file == path || (file.starts_with(path) && file[path.size()] == '/');
}

// Paths and patterns must both match: a whole-path pattern outside of all paths never does.
void CheckPathsMeetPatterns(const std::vector<std::string>& paths,
                            const std::vector<std::string>& patterns, const TableReader& reader) {
  if (paths.empty() || patterns.empty()) return;
  for (const std::string& pattern : patterns) {
    if (pattern.starts_with('*')) return;
    for (const std::string& path : paths) {
      if (IsUnder(pattern, path)) return;
    }
  }
  reader.Error(
      reader.OffsetOf("patterns"), "patterns",
      "can never match: paths and patterns must both match, and none of these is under one of "
      "the paths");
}

void CheckId(const Rule& rule, const TableReader& reader, const Reporter& reporter, RuleIds& ids) {
  if (rule.id.empty()) return;  // reported already
  const std::size_t offset = reader.OffsetOf("id");
  if (rule.id.starts_with(kReservedPrefix) && !ids.built_in) {
    reader.ErrorInAnyUse(
        offset, "id",
        absl::StrFormat("%s begins with \"%s\", which is reserved for built-in rules",
                        Quoted(rule.id), kReservedPrefix));
  }
  const auto [first, is_new] = ids.first.try_emplace(rule.id, reporter.Where(offset));
  if (is_new) return;
  reader.ErrorInAnyUse(offset, "id",
                       absl::StrFormat("%s is already taken by the rule at %s; ids must be unique",
                                       Quoted(rule.id), first->second));
}

// A correlation looks at matches, not at events.
void CheckCorrelation(const Rule& rule, const TableReader& reader) {
  Need(reader, rule, "correlation");
  for (const std::string_view key : {"condition", "events", "unless"}) {
    if (!reader.Gives(key)) continue;
    reader.Error(reader.Find(key)->key_offset, key,
                 "does not belong in a rule of type \"correlation\", which looks at the matches of "
                 "other rules: put it into one of those");
  }
  for (const RuleTest& test : rule.tests) {
    if (!test.events.empty()) continue;
    reader.Error(reader.OffsetOf("tests"), "tests",
                 absl::StrFormat("%s has no events; a test of a correlation has a list of them, "
                                 "events = [{ at = 0, event_type = ... }]",
                                 Quoted(test.name.text)));
  }
}

bool HasSimpleKeys(const TableReader& reader) {
  return std::any_of(TypedKeys().begin(), TypedKeys().end(),
                     [&](const TypedKey& typed) { return reader.Gives(typed.key); });
}

void CheckSimpleKeys(const Rule& rule, const TableReader& reader) {
  switch (rule.type) {
    case RuleType::kProcess:
      NeedOneOf(reader, rule, "process_names", "parent_names");
      break;
    case RuleType::kFile:
      NeedOneOf(reader, rule, "paths", "patterns");
      Need(reader, rule, "operations");
      break;
    case RuleType::kNetwork:
      Need(reader, rule, "direction");
      Need(reader, rule, "ports");
      break;
    case RuleType::kCorrelation:
      break;
  }
}

}  // namespace

void CheckRule(const Rule& rule, const TableReader& reader, const Reporter& reporter,
               RuleIds& ids) {
  CheckId(rule, reader, reporter, ids);
  const TomlMember* type = reader.Find("type");
  if (type == nullptr || EnumeratorsOf<RuleType>(type->value.string).empty()) return;
  CheckTypedKeys(rule, reader);
  if (rule.type == RuleType::kCorrelation) {
    CheckCorrelation(rule, reader);
    return;
  }
  for (const RuleTest& test : rule.tests) {
    if (test.events.empty()) continue;
    reader.Error(reader.OffsetOf("tests"), "tests",
                 absl::StrFormat("%s has events, which only a test of a correlation has; write "
                                 "event, and before for what happened earlier",
                                 Quoted(test.name.text)));
  }
  CheckPathsMeetPatterns(rule.paths, rule.patterns, reader);
  if (HasSimpleKeys(reader) || reader.Find("condition") == nullptr) CheckSimpleKeys(rule, reader);
}

bool IsIncomplete(const Rule& rule) {
  if (rule.type == RuleType::kCorrelation) return rule.correlation.rules.empty();
  const bool has_simple_keys = !rule.process_names.empty() || !rule.parent_names.empty() ||
                               !rule.paths.empty() || !rule.patterns.empty() ||
                               !rule.operations.empty() || rule.direction.has_value() ||
                               !rule.ports.empty();
  if (!has_simple_keys && !rule.condition.text.empty()) return false;
  switch (rule.type) {
    case RuleType::kProcess:
      return rule.process_names.empty() && rule.parent_names.empty();
    case RuleType::kFile:
      return (rule.paths.empty() && rule.patterns.empty()) || rule.operations.empty();
    case RuleType::kNetwork:
      return !rule.direction.has_value() || rule.ports.empty();
    case RuleType::kCorrelation:
      break;
  }
  return false;
}

void NoteNamesOfOperations(Rule& rule, const TableReader& reader) {
  const TomlMember* operations = reader.Find("operations");
  if (operations == nullptr) return;
  for (const TomlValue& item : operations->value.array) {
    if (item.string != "*" && !item.string.starts_with(kFileOperationPrefix)) continue;
    for (const FileOperation operation : EnumeratorsOf<FileOperation>(item.string)) {
      rule.prefixed_operations.push_back(operation);
    }
  }
}

void CheckDetection(const TableReader& reader) {
  if (reader.Gives("paths") || reader.Gives("patterns")) return;
  reader.Error(reader.OffsetOf("paths"), "paths",
               absl::StrFormat("%s; [[detections.persistence]] needs paths or patterns",
                               reader.Find("paths") == nullptr ? "missing" : "is empty"));
}

}  // namespace randguard

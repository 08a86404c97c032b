// SPDX-License-Identifier: Apache-2.0
//
// The meaning of Sigma's names on this host: log sources are events, fields are fields. It is
// data: a file of TOML, of which one is built in; docs/sigma.md describes it.
#ifndef ANALYZER_RULES_SIGMA_MAPPING_H_
#define ANALYZER_RULES_SIGMA_MAPPING_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/event/event_classes.h"
#include "analyzer/rules/fields/value.h"
#include "analyzer/source/source_text.h"

namespace randguard::sigma {

// A field of events, or one element of it.
struct Target {
  FieldId field = 0;
  std::optional<std::uint32_t> element;
  friend bool operator==(const Target&, const Target&) = default;
};

struct MappedField {
  std::vector<Target> fields;
  // Also looked at where the field is to hold something; not in a filter, because whoever starts
  // the program chooses what is in them.
  std::vector<Target> called;
  bool path = false;        // a path, whose beginning may have another name (Mapping::same_paths)
  bool ignored = false;     // says nothing about an event
  std::string unsupported;  // why this host has no such field
  // The meaning of values, in lower case; empty: themselves. A value that stands for nothing means
  // that the field is absent.
  std::map<std::string, std::vector<std::string>, std::less<>> values;
  // Events of other types do not have it; empty: any may.
  std::vector<std::string> events;
};

struct LogSource {
  std::string name, category, service;
  RuleType type = RuleType::kProcess;
  std::vector<std::string> events;  // event types
  std::array<bool, kEventClasses> classes{};
  SourceText condition;             // in the language of conditions; may be empty
  std::vector<Target> keywords;     // where words without a field are looked for
  std::vector<std::string> tables;  // of fields; a later one goes first
};

class Mapping {
 public:
  // The built-in one with the file over it. Absent after reporting what is wrong with the file.
  static std::unique_ptr<const Mapping> Load(const std::optional<ConfigSource>& file,
                                             std::vector<Diagnostic>& diagnostics);

  // Null: it is none of this sensor's. Names are compared without case.
  const LogSource* Find(std::string_view product, std::string_view category,
                        std::string_view service) const;
  // Null: the field is not known. Names of the sensor's own fields are.
  const MappedField* Field(const LogSource& source, std::string_view name) const;
  // "/bin/" is "/usr/bin/" on most hosts, and the kernel only knows the latter.
  const std::vector<std::pair<std::string, std::string>>& same_paths() const { return same_paths_; }

  const std::vector<LogSource>& sources() const { return sources_; }
  // For the table in docs/sigma.md.
  const std::map<std::string, MappedField, std::less<>>* Table(std::string_view name) const;

 private:
  friend class MappingReader;
  using FieldTable = std::map<std::string, MappedField, std::less<>>;

  Mapping();

  std::vector<LogSource> sources_;
  std::map<std::string, FieldTable, std::less<>> tables_;
  FieldTable own_;  // the catalogue's fields, by their names
  std::vector<std::pair<std::string, std::string>> same_paths_;
};

// TOML.
std::string_view DefaultMapping();

}  // namespace randguard::sigma

#endif  // ANALYZER_RULES_SIGMA_MAPPING_H_

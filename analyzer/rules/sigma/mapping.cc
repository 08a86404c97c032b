// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/sigma/mapping.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <variant>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "analyzer/base/log.h"
#include "analyzer/config/names.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/rules/match/predicate.h"
#include "analyzer/rules/match/wildcard.h"
#include "analyzer/source/reporter.h"
#include "analyzer/source/toml_document.h"

namespace randguard::sigma {

using TomlType = TomlValue::Type;

// Reads one file into a mapping.
class MappingReader {
 public:
  MappingReader(Mapping& mapping, Reporter& reporter) : mapping_(mapping), reporter_(reporter) {}

  bool Read(std::string_view text) {
    const auto parsed = ParseToml(text);
    if (const auto* error = std::get_if<TomlError>(&parsed)) {
      reporter_.Error(error->offset, error->message);
      return false;
    }
    const auto& root = std::get<TomlValue>(parsed);
    // Log sources name tables of fields, which come first therefore.
    for (const TomlMember& member : root.table) {
      if (member.key == "fields") ReadTables(member.value);
      if (member.key == "same_paths") ReadSamePaths(member.value);
    }
    for (const TomlMember& member : root.table) {
      if (member.key == "logsources") {
        ReadSources(member.value);
      } else if (member.key != "fields" && member.key != "same_paths") {
        Fail(member.key_offset, absl::StrFormat("unknown key %s; a mapping has logsources, fields "
                                                "and same_paths",
                                                Quoted(member.key)));
      }
    }
    return fine_;
  }

 private:
  void Fail(std::size_t offset, std::string_view message) {
    reporter_.Error(offset, message);
    fine_ = false;
  }

  bool Is(const TomlValue& value, TomlType type) {
    if (value.type == type) return true;
    Fail(value.offset,
         absl::StrFormat("expected %s, found %s", TypeName(type), TypeName(value.type)));
    return false;
  }

  // A text, or a list of texts.
  std::vector<std::string> Texts(const TomlValue& value) {
    std::vector<std::string> out;
    if (value.type == TomlType::kString) return {value.string};
    if (!Is(value, TomlType::kArray)) return out;
    for (const TomlValue& item : value.array) {
      if (Is(item, TomlType::kString)) out.push_back(item.string);
    }
    return out;
  }

  // "path", "args[0]"
  std::vector<Target> Targets(const TomlValue& value) {
    std::vector<Target> out;
    for (const std::string& text : Texts(value)) {
      const std::size_t bracket = text.find('[');
      const auto id = FieldCatalogue::Get().Find(text.substr(0, bracket));
      Target target;
      if (bracket != text.npos) {
        std::uint32_t element = 0;
        if (!text.ends_with(']') ||
            !absl::SimpleAtoi(text.substr(bracket + 1, text.size() - bracket - 2), &element)) {
          Fail(value.offset,
               absl::StrFormat("%s: expected an element, like args[0]", Quoted(text)));
          continue;
        }
        target.element = element;
      }
      if (!id.has_value()) {
        Fail(value.offset, absl::StrFormat("there is no field %s%s", Quoted(text),
                                           DidYouMean(text, FieldCatalogue::Get().names())));
        continue;
      }
      target.field = *id;
      out.push_back(target);
    }
    return out;
  }

  // Event types; "*" in one is any text.
  std::vector<std::string> Events(const TomlValue& value) {
    std::vector<std::string> out;
    for (const std::string& text : Texts(value)) {
      std::string pattern = text;
      std::replace(pattern.begin(), pattern.end(), '*', Wildcard::kMany);
      const Wildcard wildcard(pattern);
      const std::size_t before = out.size();
      for (const std::string_view type : FieldCatalogue::Get().event_types()) {
        if (wildcard.Matches(type)) out.emplace_back(type);
      }
      if (out.size() == before) {
        Fail(value.offset, absl::StrFormat("there is no event type %s%s", Quoted(text),
                                           DidYouMean(text, FieldCatalogue::Get().event_types())));
      }
    }
    return out;
  }

  void ReadSamePaths(const TomlValue& value) {
    if (!Is(value, TomlType::kTable)) return;
    for (const TomlMember& member : value.table) {
      if (!Is(member.value, TomlType::kString)) continue;
      if (!member.key.ends_with('/') || !member.value.string.ends_with('/')) {
        Fail(member.key_offset, "same_paths: both ends with a \"/\"");
        continue;
      }
      mapping_.same_paths_.emplace_back(member.key, member.value.string);
    }
  }

  void ReadTables(const TomlValue& value) {
    if (!Is(value, TomlType::kTable)) return;
    for (const TomlMember& table : value.table) {
      if (!Is(table.value, TomlType::kTable)) continue;
      for (const TomlMember& field : table.value.table) {
        mapping_.tables_[table.key].insert_or_assign(field.key, ReadField(field.value));
      }
    }
  }

  MappedField ReadField(const TomlValue& value) {
    MappedField out;
    if (value.type != TomlType::kTable) {
      out.fields = Targets(value);
      return out;
    }
    for (const TomlMember& member : value.table) {
      if (member.key == "field") {
        out.fields = Targets(member.value);
      } else if (member.key == "called") {
        out.called = Targets(member.value);
      } else if (member.key == "path") {
        if (Is(member.value, TomlType::kBoolean)) out.path = member.value.boolean;
      } else if (member.key == "ignored") {
        if (Is(member.value, TomlType::kBoolean)) out.ignored = member.value.boolean;
      } else if (member.key == "unsupported") {
        if (Is(member.value, TomlType::kString)) out.unsupported = member.value.string;
      } else if (member.key == "events") {
        out.events = Events(member.value);
      } else if (member.key == "values") {
        if (!Is(member.value, TomlType::kTable)) continue;
        for (const TomlMember& one : member.value.table) {
          out.values[Folded(one.key)] = Texts(one.value);
        }
      } else {
        Fail(member.key_offset,
             absl::StrFormat("unknown key %s; a field has field, called, path, values, events, "
                             "ignored and unsupported",
                             Quoted(member.key)));
      }
    }
    if (out.fields.empty() && !out.ignored && out.unsupported.empty()) {
      Fail(value.offset, "a field needs field, ignored or unsupported");
    }
    return out;
  }

  void ReadSources(const TomlValue& value) {
    if (!Is(value, TomlType::kArray)) return;
    for (const TomlValue& item : value.array) {
      if (!Is(item, TomlType::kTable)) continue;
      LogSource source = ReadSource(item);
      if (source.name.empty() || source.events.empty()) {
        Fail(item.offset, "logsources: each needs a name and events");
        continue;
      }
      const auto known =
          std::find_if(mapping_.sources_.begin(), mapping_.sources_.end(),
                       [&](const LogSource& other) { return other.name == source.name; });
      if (known == mapping_.sources_.end()) {
        mapping_.sources_.push_back(std::move(source));
      } else {
        *known = std::move(source);
      }
    }
  }

  LogSource ReadSource(const TomlValue& table) {
    LogSource out;
    for (const TomlMember& member : table.table) {
      const TomlValue& value = member.value;
      if (member.key == "name" || member.key == "category" || member.key == "service") {
        if (!Is(value, TomlType::kString)) continue;
        (member.key == "name"       ? out.name
         : member.key == "category" ? out.category
                                    : out.service) = value.string;
      } else if (member.key == "type") {
        if (!Is(value, TomlType::kString)) continue;
        const auto type = FindNamed<RuleType>(value.string);
        if (!type.has_value()) Fail(value.offset, "type: expected process, file or network");
        out.type = type.value_or(RuleType::kProcess);
      } else if (member.key == "events") {
        out.events = Events(value);
      } else if (member.key == "condition") {
        if (Is(value, TomlType::kString))
          out.condition = reporter_.Locate(value.offset, value.string);
      } else if (member.key == "keywords") {
        out.keywords = Targets(value);
      } else if (member.key == "fields") {
        out.tables = Texts(value);
        for (const std::string& name : out.tables) {
          if (mapping_.Table(name) != nullptr) continue;
          Fail(value.offset, absl::StrFormat("there is no table [fields.%s]", name));
        }
      } else {
        Fail(member.key_offset,
             absl::StrFormat("unknown key %s; a log source has name, category, "
                             "service, type, events, condition, keywords, fields",
                             Quoted(member.key)));
      }
    }
    for (const std::string& event : out.events) {
      const auto event_class = FieldCatalogue::Get().ClassOfEventType(event);
      if (event_class.has_value()) out.classes[*event_class] = true;
    }
    return out;
  }

  Mapping& mapping_;
  Reporter& reporter_;
  bool fine_ = true;
};

Mapping::Mapping() {
  const auto& fields = FieldCatalogue::Get().fields();
  for (std::size_t id = 0; id < fields.size(); ++id) {
    MappedField& field = own_[fields[id].name];
    field.fields = {{static_cast<FieldId>(id), std::nullopt}};
  }
}

std::unique_ptr<const Mapping> Mapping::Load(const std::optional<ConfigSource>& file,
                                             std::vector<Diagnostic>& diagnostics) {
  std::unique_ptr<Mapping> mapping(new Mapping);
  std::vector<Diagnostic> ours;
  Reporter reporter("built-in mapping", DefaultMapping(), ours);
  if (!MappingReader(*mapping, reporter).Read(DefaultMapping())) {
    Log(LogLevel::kError, "%s", FormatDiagnostic(ours.front()));
    std::abort();  // it is ours
  }
  if (file.has_value()) {
    Reporter theirs(file->name, file->text, diagnostics);
    if (!MappingReader(*mapping, theirs).Read(file->text)) return nullptr;
  }
  return mapping;
}

const LogSource* Mapping::Find(std::string_view product, std::string_view category,
                               std::string_view service) const {
  if (!product.empty() && Folded(product) != "linux") return nullptr;
  const auto found = std::find_if(sources_.begin(), sources_.end(), [&](const LogSource& source) {
    if (Folded(source.category) != Folded(category)) return false;
    // A category says what an event is; "sysmon" says who else records such events.
    if (!category.empty() && source.service.empty()) {
      return service.empty() || Folded(service) == "sysmon";
    }
    return Folded(source.service) == Folded(service);
  });
  if (found == sources_.end()) return nullptr;
  // Nothing but "linux" is every event; nothing at all is no log source.
  if (product.empty() && category.empty() && service.empty()) return nullptr;
  return &*found;
}

const MappedField* Mapping::Field(const LogSource& source, std::string_view name) const {
  for (auto table = source.tables.rbegin(); table != source.tables.rend(); ++table) {
    const auto& fields = tables_.find(*table)->second;
    if (const auto found = fields.find(name); found != fields.end()) return &found->second;
  }
  const auto found = own_.find(name);
  return found == own_.end() ? nullptr : &found->second;
}

const Mapping::FieldTable* Mapping::Table(std::string_view name) const {
  const auto found = tables_.find(name);
  return found == tables_.end() ? nullptr : &found->second;
}

}  // namespace randguard::sigma

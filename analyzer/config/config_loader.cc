// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/config/config.h"
#include "analyzer/config/keys.h"
#include "analyzer/config/output_checks.h"
#include "analyzer/config/rule_checks.h"
#include "analyzer/config/table_reader.h"
#include "analyzer/config/without_effect.h"
#include "analyzer/source/reporter.h"
#include "analyzer/source/toml_document.h"

namespace randguard {
namespace {

using Type = TomlValue::Type;

const TomlValue* FindMember(const TomlValue& table, std::string_view key) {
  for (const TomlMember& member : table.table) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

// The visitor of VisitTables: reads one file. In a file of rules, only rules, lists and macros are
// read.
class FileReader {
 public:
  FileReader(const TomlValue& root, bool rules_only, Reporter& reporter, RuleIds& rule_ids,
             std::map<std::string, std::string>& names)
      : root_(root),
        rules_only_(rules_only),
        reporter_(reporter),
        rule_ids_(rule_ids),
        names_(names) {}

  template <typename T>
  void operator()(const Table& table, T& config) {
    if (rules_only_) return;
    TableReader& reader =
        tables_.try_emplace(std::string(table.name), FindTable(table.name), table.name, reporter_)
            .first->second;
    if (table.name == "output") reader.AllowTable("alerts");
    if (table.name == "sigma") reader.AllowTable("placeholders");
    VisitKeys(reader, config);
    reader.ReportUnknownKeys();
    if constexpr (std::is_same_v<T, OutputConfig> || std::is_same_v<T, AlertOutputConfig>) {
      output_files_.Add(config);
    }
  }

  template <typename T>
  void operator()(const Table& table, std::vector<T>& list) {
    if (rules_only_ && table.name != "rules") return;
    const TomlValue* tables = FindList(table.name);
    if (tables == nullptr) return;
    for (const TomlValue& item : tables->array) {
      if (item.type != Type::kTable) {
        reporter_.Error(item.offset, absl::StrFormat("%s: expected table, found %s", table.name,
                                                     TypeName(item.type)));
        continue;
      }
      TableReader reader(&item, table.name, reporter_, UseOf<T>(item));
      T& element = list.emplace_back();
      VisitKeys(reader, element);
      reader.ReportUnknownKeys();
      CheckElement(element, reader);
    }
  }

  void operator()(const Table& table, std::vector<RuleList>& lists) {
    ForEachNamed(table.name, Type::kArray, [&](const TomlMember& member, SourceText name) {
      RuleList list;
      list.name = std::move(name);
      for (const TomlValue& item : member.value.array) {
        if (item.type != member.value.array[0].type ||
            (item.type != Type::kString && item.type != Type::kInteger)) {
          reporter_.Error(item.offset,
                          absl::StrFormat("%s.%s: expected only strings or only "
                                          "integers, found %s",
                                          table.name, member.key, TypeName(item.type)));
          return;
        }
        RuleList::Item& out = list.items.emplace_back();
        if (item.type == Type::kString) {
          out.value = item.string;
        } else {
          out.value = item.integer;
        }
        out.source = reporter_.Locate(item.offset, item.string);
      }
      if (list.items.empty() || list.items.size() > kListMax) {
        reporter_.Error(member.value.offset,
                        absl::StrFormat("%s.%s: has %d items; 1 to %d are allowed", table.name,
                                        member.key, list.items.size(), kListMax));
        return;
      }
      lists.push_back(std::move(list));
    });
  }

  void operator()(const Table& table, std::vector<RuleMacro>& macros) {
    ForEachNamed(table.name, Type::kString, [&](const TomlMember& member, SourceText name) {
      const std::string wrong = CheckCondition(member.value.string);
      if (!wrong.empty()) {
        reporter_.Error(member.value.offset,
                        absl::StrFormat("%s.%s: %s", table.name, member.key, wrong));
        return;
      }
      macros.push_back(
          {std::move(name), reporter_.Locate(member.value.offset, member.value.string)});
    });
  }

  // The keys are the author's own, as Sigma's placeholders are.
  void operator()(const Table& table, std::vector<SigmaPlaceholder>& placeholders) {
    if (rules_only_) return;
    const TomlValue* values = FindTable(table.name);
    if (values == nullptr) return;
    for (const TomlMember& member : values->table) {
      SigmaPlaceholder& placeholder = placeholders.emplace_back();
      placeholder.name = member.key;
      const TomlValue& list = member.value;
      const bool texts = list.type == Type::kArray &&
                         std::all_of(list.array.begin(), list.array.end(),
                                     [](const auto& item) { return item.type == Type::kString; });
      if (!texts || list.array.empty() || list.array.size() > kListMax) {
        reporter_.Error(list.offset, absl::StrFormat("%s.%s: expected a list of 1 to %d strings",
                                                     table.name, member.key, kListMax));
        continue;
      }
      for (const TomlValue& item : list.array) placeholder.values.push_back(item.string);
    }
  }

  void ReportUnknownTables() const {
    if (rules_only_) {
      ReportUnknown(root_, kRulesFile, "",
                    "a file in rules.d holds only [[rules]], [lists] and [macros]");
      return;
    }
    ReportUnknown(root_, kTables, "", "allowed: " + QuotedList(kTables));
    const TomlValue* detections = FindMember(root_, "detections");
    if (detections != nullptr && detections->type == Type::kTable) {
      ReportUnknown(*detections, kDetections,
                    "detections: ", "allowed: " + QuotedList(kDetections));
    }
  }

  const TableReader& TableOf(std::string_view name) const { return tables_.find(name)->second; }
  Reporter& GetReporter() const { return reporter_; }

 private:
  static constexpr std::size_t kListMax = 10000;
  static constexpr std::array<std::string_view, 16> kTables = {
      "agent",   "ebpf",        "events", "process", "file",  "network", "outputs",    "output",
      "metrics", "performance", "alerts", "rules",   "lists", "macros",  "detections", "sigma"};
  static constexpr std::array<std::string_view, 2> kDetections = {"persistence", "network"};
  static constexpr std::array<std::string_view, 3> kRulesFile = {"rules", "lists", "macros"};

  // Calls visit(member, name) for each member of a table whose keys are names of the author's own.
  template <typename Visit>
  void ForEachNamed(std::string_view name, Type type, Visit&& visit) {
    const TomlValue* table = FindTable(name);
    if (table == nullptr) return;
    for (const TomlMember& member : table->table) {
      const std::string wrong = CheckRuleName(member.key);
      if (!wrong.empty()) {
        reporter_.Error(member.key_offset,
                        absl::StrFormat("%s: %s %s", name, Quoted(member.key), wrong));
        continue;
      }
      const auto [first, is_new] =
          names_.try_emplace(member.key, reporter_.Where(member.key_offset));
      if (!is_new) {
        reporter_.Error(member.key_offset,
                        absl::StrFormat("%s: %s is already the name of the list or macro at %s",
                                        name, Quoted(member.key), first->second));
        continue;
      }
      if (member.value.type != type) {
        reporter_.Error(member.value.offset,
                        absl::StrFormat("%s.%s: expected %s, found %s", name, member.key,
                                        TypeName(type), TypeName(member.value.type)));
        continue;
      }
      visit(member, reporter_.Locate(member.key_offset, member.key));
    }
  }

  template <typename T>
  static TableReader::Use UseOf(const TomlValue& table) {
    if constexpr (std::is_same_v<T, Rule>) {
      const TomlValue* enabled = FindMember(table, "enabled");
      if (enabled != nullptr && enabled->type == Type::kBoolean && !enabled->boolean) {
        return TableReader::Use::kOff;
      }
    }
    return TableReader::Use::kOn;
  }

  void CheckElement(Rule& rule, const TableReader& reader) {
    rule.source = reporter_.Locate(reader.OffsetOf("id"), rule.id);
    NoteNamesOfOperations(rule, reader);
    CheckRule(rule, reader, reporter_, rule_ids_);
    rule.faulty = reader.faulty();
  }
  void CheckElement(const PersistenceDetection&, const TableReader& reader) {
    CheckDetection(reader);
  }
  void CheckElement(const NetworkDetection&, const TableReader&) {}
  void CheckElement(FurtherOutputConfig& output, const TableReader& reader) {
    if (reader.Find("omit_empty") == nullptr) output.omit_empty = OmitsEmpty(output);
    CheckFurtherOutput(output, reader, output_files_);
  }

  // Null when the table is not written, or the name has another type; the latter is reported.
  // Likewise when the name has two parts and the first is that of something else than a table.
  const TomlValue* FindTable(std::string_view name) const {
    const std::size_t dot = name.find('.');
    const TomlValue* value = FindMember(root_, name.substr(0, dot));
    if (dot != name.npos) {
      if (value == nullptr || value->type != Type::kTable) return nullptr;
      value = FindMember(*value, name.substr(dot + 1));
    }
    if (value == nullptr || value->type == Type::kTable) return value;
    reporter_.Error(value->offset,
                    absl::StrFormat("%s: expected table, found %s", name, TypeName(value->type)));
    return nullptr;
  }

  // Like FindTable(), for a list of tables, whose name may have two parts.
  const TomlValue* FindList(std::string_view name) {
    const TomlValue* parent = &root_;
    const std::size_t dot = name.find('.');
    if (dot != name.npos) {
      const std::string_view first = name.substr(0, dot);
      parent = FindMember(root_, first);
      if (parent != nullptr && parent->type != Type::kTable) {
        if (std::exchange(misplaced_, parent) != parent) FindTable(first);  // reports it, once
        return nullptr;
      }
    }
    if (parent == nullptr) return nullptr;
    const TomlValue* list = FindMember(*parent, dot == name.npos ? name : name.substr(dot + 1));
    if (list == nullptr || list->type == Type::kArray) return list;
    reporter_.Error(list->offset,
                    absl::StrFormat("%s: expected array of tables, written [[%s]], found %s", name,
                                    name, TypeName(list->type)));
    return nullptr;
  }

  void ReportUnknown(const TomlValue& table, std::span<const std::string_view> known,
                     std::string_view prefix, std::string_view allowed) const {
    for (const TomlMember& member : table.table) {
      if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
      const std::string suggestion = DidYouMean(member.key, known);
      const char* what = member.value.type == Type::kTable ? "table" : "key";
      reporter_.Error(member.key_offset,
                      absl::StrFormat("%sunknown %s %s%s %s", prefix, what, Quoted(member.key),
                                      suggestion.empty() ? ";" : suggestion, allowed));
    }
  }

  const TomlValue& root_;
  const bool rules_only_;
  Reporter& reporter_;
  RuleIds& rule_ids_;
  std::map<std::string, std::string>& names_;  // of lists and macros, and their places
  const TomlValue* misplaced_ = nullptr;
  std::map<std::string, TableReader, std::less<>> tables_;
  OutputFiles output_files_;
};

void CheckProcessOn(const Config& config, const FileReader& file) {
  static constexpr std::string_view kWhy =
      "process collection cannot be turned off, every other event names its process; must be true";
  if (!config.events.process) {
    file.TableOf("events").Error(file.TableOf("events").OffsetOf("process"), "process", kWhy);
  }
  if (!config.process.enabled) {
    file.TableOf("process").Error(file.TableOf("process").OffsetOf("enabled"), "enabled", kWhy);
  }
}

// events.<name> and <name>.enabled are two keys for one switch.
void CheckSwitches(std::string_view name, bool event, bool enabled, const FileReader& file) {
  if (event == enabled) return;
  const TableReader& events = file.TableOf("events");
  const TableReader& table = file.TableOf(name);
  const bool at_event = events.Find(name) != nullptr;
  const std::string_view by_default = " (by default)";
  const bool has_enabled = table.Find("enabled") != nullptr;
  const TableReader& at = at_event || !has_enabled ? events : table;
  const std::string_view key = &at == &events ? name : "enabled";
  at.Error(at.OffsetOf(key), key,
           absl::StrFormat("events.%s is %s%s, but %s.enabled is %s%s; they must be equal", name,
                           event ? "true" : "false", at_event ? "" : by_default, name,
                           enabled ? "true" : "false", has_enabled ? "" : by_default));
}

void CheckHooks(std::string_view name, bool enabled, bool has_hooks, const FileReader& file) {
  if (!enabled || has_hooks || !file.TableOf(name).Has("hooks", Type::kArray)) return;
  const TomlMember* hooks = file.TableOf(name).Find("hooks");
  if (!hooks->value.array.empty()) return;  // its items were reported
  file.TableOf(name).Error(
      hooks->value.offset, "hooks",
      absl::StrFormat("must not be empty while %s.enabled is true; without it, all "
                      "hooks are on",
                      name));
}

void CheckRefused(std::string_view key, bool value, const FileReader& file) {
  if (!value) return;
  const TableReader& network = file.TableOf("network");
  network.Error(network.OffsetOf(key), key, "is not implemented yet; must be false");
}

// Checks that need more than one key.
void CheckConsistency(const Config& config, const FileReader& file) {
  CheckProcessOn(config, file);
  CheckSwitches("file", config.events.file, config.file.enabled, file);
  CheckSwitches("network", config.events.network, config.network.enabled, file);
  CheckHooks("process", config.process.enabled, !config.process.hooks.empty(), file);
  CheckHooks("file", config.file.enabled, !config.file.hooks.empty(), file);
  CheckHooks("network", config.network.enabled, !config.network.hooks.empty(), file);
  CheckRefused("collect_dns", config.network.collect_dns, file);
  CheckRefused("collect_payload", config.network.collect_payload, file);

  const TableReader& process = file.TableOf("process");
  const TomlMember* env_names = process.Find("env_names");
  if (config.process.collect_env && (env_names == nullptr || env_names->value.array.empty())) {
    process.Error(process.OffsetOf("collect_env"), "collect_env",
                  "needs process.env_names: the 1 to 64 variables to keep");
  }
  CheckOutputs(config, {.output = file.TableOf("output"),
                        .alerts = file.TableOf("output.alerts"),
                        .metrics = file.TableOf("metrics")});
  if (config.performance.max_pending_exec_sources != PerformanceConfig().max_pending_exec_sources) {
    const std::size_t offset = file.TableOf("performance").OffsetOf("max_pending_exec_sources");
    file.GetReporter().Warning(offset,
                               "performance.max_pending_exec_sources: has no effect: nothing waits "
                               "for its exec source any more, each record carries its own");
  }
  if (!config.ebpf.enabled) {
    const std::size_t offset = file.TableOf("ebpf").OffsetOf("enabled");
    file.GetReporter().Warning(offset, "ebpf.enabled: is false: the sensor observes nothing");
  }
}

// One warning for each key that is written for nothing.
void WarnOfIdleKeys(const Config& config, const FileReader& file) {
  ForEachWithoutEffect(
      config, [&](std::string_view name, std::string_view key, std::string_view why) {
        const TableReader& table = file.TableOf(name);
        if (table.Find(key) == nullptr) return;
        table.Warning(table.OffsetOf(key), key, absl::StrFormat("has no effect: %s", why));
      });
}

ItemPlaces PlacesOf(std::string_view key, const TableReader& table, const Reporter& reporter) {
  ItemPlaces places;
  const TomlMember* list = table.Find(key);
  if (list == nullptr) return places;
  for (const TomlValue& item : list->value.array) {
    if (item.type == Type::kString) {
      places.items.push_back(reporter.Locate(item.offset, item.string));
    }
  }
  return places;
}

class Loader {
 public:
  explicit Loader(bool built_in) : rule_ids_{.built_in = built_in} {}

  void Read(std::string_view text, std::string_view name, bool rules_only) {
    const std::size_t first = diagnostics_.size();
    Reporter reporter(name, text, diagnostics_);
    const auto parsed = ParseToml(text);
    if (const auto* error = std::get_if<TomlError>(&parsed)) {
      reporter.Error(error->offset, error->message);
      return;
    }
    FileReader file(std::get<TomlValue>(parsed), rules_only, reporter, rule_ids_, names_);
    VisitTables(file, config_);
    file.ReportUnknownTables();
    if (!rules_only) {
      const TableReader& watched = file.TableOf("file");
      if (watched.Find("watch_paths") != nullptr && watched.Find("watch_patterns") == nullptr) {
        config_.file.watch_patterns.clear();
      }
      config_.file.exclude_places = PlacesOf("exclude_paths", watched, reporter);
      if (file.TableOf("output").Find("omit_empty") == nullptr) {
        config_.output.omit_empty = OmitsEmpty(config_.output);
      }
      CheckConsistency(config_, file);
      WarnOfIdleKeys(config_, file);
    }
    std::stable_sort(diagnostics_.begin() + static_cast<std::ptrdiff_t>(first), diagnostics_.end(),
                     [](const Diagnostic& a, const Diagnostic& b) {
                       return std::tie(a.line, a.column) < std::tie(b.line, b.column);
                     });
  }

  ConfigResult Finish() && {
    const bool failed = std::any_of(diagnostics_.begin(), diagnostics_.end(), [](const auto& d) {
      return d.severity == Diagnostic::Severity::kError;
    });
    ConfigResult result;
    if (!failed) result.config = std::move(config_);
    result.diagnostics = std::move(diagnostics_);
    return result;
  }

 private:
  Config config_;
  RuleIds rule_ids_;
  std::map<std::string, std::string> names_;
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace

ConfigResult ParseConfig(std::string_view text, std::string_view file_name,
                         std::span<const ConfigSource> rule_files) {
  Loader loader(/*built_in=*/false);
  loader.Read(text, file_name, false);
  for (const ConfigSource& file : rule_files) loader.Read(file.text, file.name, true);
  return std::move(loader).Finish();
}

ConfigResult ParseBuiltInRules(const ConfigSource& source) {
  Loader loader(/*built_in=*/true);
  loader.Read(source.text, source.name, true);
  return std::move(loader).Finish();
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard rules fields`.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/rules.h"
#include "analyzer/cli/setup.h"
#include "analyzer/rules/fields/field_catalogue.h"

namespace randguard::cli {
namespace {

// The values of a field that has a closed set of them: those of all events at once, or set by set
// with the events that have it.
std::string ValueLines(const FieldInfo& field) {
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  std::vector<std::pair<std::string, std::vector<std::string>>> sets;
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    if (field.read[event_class] == nullptr) continue;
    const ValueList* meanings = field.meanings[event_class];
    const auto& values = field.values[event_class];
    std::string text = meanings != nullptr
                           ? Listed(*meanings)
                           : Joined(std::vector<std::string>(values.begin(), values.end()));
    const auto known =
        std::find_if(sets.begin(), sets.end(), [&](const auto& set) { return set.first == text; });
    auto& set = known != sets.end()
                    ? *known
                    : sets.emplace_back(std::move(text), std::vector<std::string>());
    set.second.emplace_back(catalogue.classes()[event_class].name);
  }
  std::string lines;
  for (const auto& [values, classes] : sets) {
    if (values.empty()) continue;
    absl::StrAppendFormat(&lines, "    values%s%s: %s\n", sets.size() == 1 ? "" : " in ",
                          sets.size() == 1 ? "" : Joined(classes), values);
  }
  return lines;
}

}  // namespace

int RulesFields(const Arguments&) {
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  std::vector<const FieldInfo*> fields;
  for (const FieldInfo& field : catalogue.fields()) fields.push_back(&field);
  std::sort(fields.begin(), fields.end(),
            [](const FieldInfo* a, const FieldInfo* b) { return a->name < b->name; });
  for (const FieldInfo* field : fields) {
    std::vector<std::string> classes;
    std::size_t events = 0;
    for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
      if (!catalogue.classes()[event_class].event_types.empty()) ++events;
      if (field->read[event_class] != nullptr) {
        classes.emplace_back(catalogue.classes()[event_class].name);
      }
    }
    Print(absl::StrFormat("%s\n    %s%s; in %s\n    %s\n%s", field->name, TypeName(field->type),
                          field->address ? ", an address" : "",
                          classes.size() == events ? "all events" : Joined(classes), field->doc,
                          ValueLines(*field)));
  }
  return 0;
}

}  // namespace randguard::cli

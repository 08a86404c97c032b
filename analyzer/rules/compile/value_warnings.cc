// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/compile/value_warnings.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "analyzer/rules/compile/condition_resolver.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

using NameList = std::vector<std::string_view>;

// All values that the field has in these events; none, if one of them is not bound to a set.
NameList KnownValues(const FieldInfo& field, const std::array<bool, kEventClasses>& classes) {
  NameList known;
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    if (!classes[event_class] || field.read[event_class] == nullptr) continue;
    const auto& values = field.values[event_class];
    if (values.empty()) return {};
    for (const std::string_view name : values) {
      if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
    }
  }
  return known;
}

// A value that the field has in other events.
bool IsElsewhere(const FieldInfo& field, std::string_view text) {
  return std::any_of(field.values.begin(), field.values.end(), [&](const auto& values) {
    return std::find(values.begin(), values.end(), text) != values.end();
  });
}

bool IsKnown(const NameList& known, std::string_view text, bool ignore_case) {
  return std::any_of(known.begin(), known.end(), [&](std::string_view name) {
    return ignore_case ? Folded(name) == Folded(text) : name == text;
  });
}

}  // namespace

std::string NeverHas(const FieldInfo& field, std::string_view text,
                     std::span<const std::string_view> known) {
  constexpr std::size_t kListedMax = 16;
  std::string remedy = DidYouMean(text, known);
  if (remedy.empty()) {
    remedy = known.size() > kListedMax ? "; \"rand-guard rules fields\" lists its values"
                                       : "; it is one of " + QuotedList(known);
  }
  return absl::StrFormat("%s is never %s%s%s", field.name, Quoted(text),
                         IsElsewhere(field, text) ? " in these events" : "", remedy);
}

void WarnOfUnknownValues(const CompiledRule& rule, const std::array<bool, kEventClasses>& classes,
                         std::vector<Diagnostic>& diagnostics) {
  for (const TreePart& part : rule.tree.parts) {
    ForEachPredicate(rule.tree, part.root, [&](const TreePredicate& p, const TreeNode& node) {
      const Predicate& predicate = p.predicate;
      if (predicate.type != Predicate::Type::kTextIn &&
          predicate.type != Predicate::Type::kTextNotEqual) {
        return;
      }
      const FieldInfo& field = FieldCatalogue::Get().field(predicate.field);
      const NameList known = KnownValues(field, classes);
      if (known.empty()) return;
      for (const std::string& text : predicate.texts) {
        if (IsKnown(known, text, predicate.ignore_case)) continue;
        ReportAt(*rule.tree.texts[node.text], node.begin, Diagnostic::Severity::kWarning,
                 NeverHas(field, text, known), diagnostics);
      }
    });
  }
}

}  // namespace randguard

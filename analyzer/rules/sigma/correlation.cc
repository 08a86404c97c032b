// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/sigma/correlation.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "analyzer/config/names.h"
#include "analyzer/config/value_checks.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/rules/match/predicate.h"
#include "analyzer/source/reporter.h"

namespace randguard::sigma {
namespace {

constexpr std::array<std::string_view, 7> kKeys = {"type",     "rules",     "aliases", "group-by",
                                                   "timespan", "condition", "generate"};
constexpr std::size_t kNamesMax = 100;

class Reader {
 public:
  Reader(const YamlNode& node, const std::string& file) : node_(node), file_(file) {}

  std::variant<CorrelationRule, Problem> Run() && {
    if (node_.type != YamlNode::Type::kMapping) {
      Fail(Broken(node_.position, absl::StrFormat("correlation is a %s; expected a mapping",
                                                  TypeName(node_.type))));
      return std::move(*problem_);
    }
    const bool fine = CheckKeys() && ReadType() &&
                      ReadNames("rules", /*needed=*/true, out_.rules) &&
                      ReadNames("group-by", /*needed=*/false, out_.group_by) && ReadAliases() &&
                      ReadTimespan() && ReadCondition() && ReadGenerate();
    if (!fine) return std::move(*problem_);
    return std::move(out_);
  }

 private:
  bool Fail(Problem problem) {
    problem_ = std::move(problem);
    return false;
  }

  SourceText Text(std::string text, SourcePosition position) const {
    return {std::move(text), file_, {{0, position}}, false};
  }

  bool CheckKeys() {
    for (const YamlMember& member : node_.members) {
      if (std::find(kKeys.begin(), kKeys.end(), member.key) != kKeys.end()) continue;
      return Fail(Unsupported(member.position,
                              absl::StrFormat("correlation with the key %s", Quoted(member.key)),
                              "there is none of this name" + DidYouMean(member.key, kKeys)));
    }
    return true;
  }

  bool ReadType() {
    const YamlNode* type = node_.Find("type");
    if (type == nullptr || type->text.empty()) {
      return Fail(Broken(node_.position, "correlation: the type is missing"));
    }
    const auto& names = EnumTraits<CorrelationType>::kNames;
    const auto found = std::find(std::begin(names), std::end(names), Folded(type->text));
    if (found == std::end(names)) {
      return Fail(Unsupported(type->position,
                              absl::StrFormat("correlation of the type %s", Quoted(type->text)),
                              "there is none of this name" + DidYouMean(type->text, names)));
    }
    out_.type = static_cast<CorrelationType>(found - std::begin(names));
    return true;
  }

  // A list of names, or one.
  bool ReadNames(std::string_view key, bool needed, std::vector<SourceText>& out) {
    const YamlNode* node = node_.Find(key);
    if (node == nullptr || node->IsNull()) {
      if (!needed) return true;
      return Fail(Broken(node_.position, absl::StrFormat("correlation: %s is missing", key)));
    }
    if (node->type == YamlNode::Type::kScalar) {
      out.push_back(Text(node->text, node->position));
      return true;
    }
    for (const YamlNode& item : node->items) {
      if (item.type != YamlNode::Type::kScalar || item.text.empty()) {
        return Fail(
            Broken(item.position, absl::StrFormat("correlation: %s is a list of names", key)));
      }
      const SourceText name = Text(item.text, item.position);
      const bool twice = std::any_of(out.begin(), out.end(),
                                     [&](const SourceText& one) { return one.text == name.text; });
      if (twice) {
        return Fail(Broken(item.position, absl::StrFormat("correlation: %s has %s twice", key,
                                                          Quoted(item.text))));
      }
      out.push_back(name);
    }
    if (node->type != YamlNode::Type::kSequence || (needed && out.empty())) {
      return Fail(
          Broken(node->position, absl::StrFormat("correlation: %s is a list of names", key)));
    }
    if (out.size() > kNamesMax) {
      return Fail(Unsupported(node->position,
                              absl::StrFormat("correlation with more than %d %s", kNamesMax, key)));
    }
    return true;
  }

  // alias: { rule: field, ... }
  bool ReadAliases() {
    const YamlNode* aliases = node_.Find("aliases");
    if (aliases == nullptr || aliases->IsNull()) return true;
    const auto fail = [&](SourcePosition position) {
      return Fail(
          Broken(position, "correlation: aliases holds, by alias, a mapping of rules to fields"));
    };
    if (aliases->type != YamlNode::Type::kMapping) return fail(aliases->position);
    for (const YamlMember& alias : aliases->members) {
      if (alias.value.type != YamlNode::Type::kMapping) return fail(alias.position);
      CorrelationAlias& out = out_.aliases.emplace_back();
      out.name = Text(alias.key, alias.position);
      for (const YamlMember& of : alias.value.members) {
        if (of.value.type != YamlNode::Type::kScalar) return fail(of.position);
        out.fields.push_back({Text(of.key, of.position), Text(of.value.text, of.value.position)});
      }
    }
    return true;
  }

  bool ReadTimespan() {
    const YamlNode* timespan = node_.Find("timespan");
    if (timespan == nullptr || timespan->text.empty()) {
      return Fail(Broken(node_.position, "correlation: timespan is missing, such as 5m"));
    }
    std::string text = timespan->text;
    if (int weeks = 0; text.ends_with('w') &&
                       absl::SimpleAtoi(text.substr(0, text.size() - 1), &weeks) && weeks < 1000) {
      text = absl::StrFormat("%dd", weeks * 7);
    }
    if (!ParseTimespan(text).has_value()) {
      return Fail(Unsupported(timespan->position,
                              absl::StrFormat("timespan %s", Quoted(timespan->text)),
                              "it " + CheckTimespan(text)));
    }
    out_.timespan = Text(std::move(text), timespan->position);
    return true;
  }

  bool ReadCondition() {
    const YamlNode* condition = node_.Find("condition");
    const bool counts = out_.type != CorrelationType::kTemporal &&
                        out_.type != CorrelationType::kTemporalOrdered &&
                        out_.type != CorrelationType::kAbsence;
    if (condition == nullptr || condition->IsNull()) {
      if (!counts) return true;
      return Fail(Broken(node_.position, "correlation: the condition is missing"));
    }
    if (!counts || condition->type != YamlNode::Type::kMapping) {
      return Fail(Unsupported(
          condition->position,
          absl::StrFormat("condition of a correlation of the type %s that is %s", Name(out_.type),
                          counts ? "no mapping" : "more than its rules"),
          "a correlation of correlations says the same"));
    }
    for (const YamlMember& member : condition->members) {
      if (!ReadBound(member)) return false;
    }
    return true;
  }

  bool ReadBound(const YamlMember& member) {
    const std::string& key = member.key;
    if (member.value.type != YamlNode::Type::kScalar) {
      return Fail(Unsupported(member.value.position,
                              absl::StrFormat("condition with several values of %s", key)));
    }
    if (key == "field") {
      out_.field = Text(member.value.text, member.value.position);
      return true;
    }
    std::int64_t number = 0;
    if (!absl::SimpleAtoi(member.value.text, &number)) {
      return Fail(Broken(member.value.position,
                         absl::StrFormat("correlation: %s takes a whole number, not %s",
                                         Quoted(key), Quoted(member.value.text))));
    }
    if (key == "percentile") {
      if (number < 0 || number > 100) {
        return Fail(Broken(member.value.position, "correlation: a percentile is from 0 to 100"));
      }
      out_.percentile = static_cast<std::uint32_t>(number);
      return true;
    }
    const std::pair<std::string_view, std::optional<std::int64_t>*> bounds[] = {
        {"gt", &out_.gt},   {"gte", &out_.gte}, {"lt", &out_.lt},
        {"lte", &out_.lte}, {"eq", &out_.eq},   {"neq", &out_.neq}};
    for (const auto& [name, bound] : bounds) {
      if (name != key) continue;
      *bound = number;
      return true;
    }
    return Fail(Unsupported(member.position,
                            absl::StrFormat("condition of a correlation with %s", Quoted(key)),
                            "gt, gte, lt, lte, eq, neq, field and percentile are known"));
  }

  bool ReadGenerate() {
    const YamlNode* generate = node_.Find("generate");
    if (generate == nullptr || generate->IsNull()) return true;
    const std::string text = Folded(generate->text);
    if (text != "true" && text != "false") {
      return Fail(Broken(generate->position, "correlation: generate is true or false"));
    }
    out_.generate = text == "true";
    return true;
  }

  const YamlNode& node_;
  const std::string& file_;
  CorrelationRule out_;
  std::optional<Problem> problem_;
};

// The sensor's name of a field of a base rule.
std::variant<std::string, Problem> FieldOf(const CorrelationBases::Base& base,
                                           const Mapping& mapping, const SourceText& name) {
  if (base.correlation != nullptr) return name.text;  // by its own group-by
  if (base.source == nullptr) return name.text;       // a rule of our own
  const MappedField* field = mapping.Field(*base.source, name.text);
  const std::string group = absl::StrFormat("field %s", Quoted(name.text));
  if (field == nullptr) return Unsupported(name.At(0), group, "the mapping has none of this name");
  if (!field->unsupported.empty()) return Unsupported(name.At(0), group, field->unsupported);
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  for (const Target target : field->fields) {
    const FieldInfo& info = catalogue.field(target.field);
    for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
      if (!base.source->classes[event_class] || info.read[event_class] == nullptr) continue;
      if (!target.element.has_value()) return std::string(info.name);
      return Unsupported(name.At(0), group, "correlations compare whole fields alone");
    }
  }
  return Unsupported(
      name.At(0), group,
      absl::StrFormat("the events of %s have nothing that it could be", base.source->name));
}

}  // namespace

std::variant<CorrelationRule, Problem> ReadCorrelation(const YamlNode& correlation,
                                                       const std::string& file) {
  return Reader(correlation, file).Run();
}

void CorrelationBases::Add(const std::string& id, const std::string& name, const Base& base) {
  if (!name.empty()) by_name_.try_emplace(name, id);
  by_id_.try_emplace(id, base);
}

const CorrelationBases::Base* CorrelationBases::Find(std::string_view id_or_name) const {
  auto found = by_id_.find(id_or_name);
  if (found == by_id_.end()) {
    const auto name = by_name_.find(id_or_name);
    if (name == by_name_.end()) return nullptr;
    found = by_id_.find(name->second);
  }
  return &found->second;
}

std::optional<Problem> Resolve(const CorrelationBases& bases, const Mapping& mapping,
                               CorrelationRule& rule) {
  std::vector<CorrelationAlias> written = std::move(rule.aliases);
  for (CorrelationAlias& alias : written) {
    for (CorrelationAlias::Of& of : alias.fields) {
      const CorrelationBases::Base* base = bases.Find(of.rule.text);
      if (base == nullptr) {
        return Broken(of.rule.At(0),
                      absl::StrFormat("correlation: aliases name the rule %s, which it does not "
                                      "look at",
                                      Quoted(of.rule.text)));
      }
      of.rule.text = base->id;
    }
  }
  for (SourceText& name : rule.rules) name.text = bases.Find(name.text)->id;
  rule.aliases.clear();
  std::vector<SourceText> names = rule.group_by;
  if (!rule.field.text.empty() &&
      std::none_of(names.begin(), names.end(),
                   [&](const SourceText& name) { return name.text == rule.field.text; })) {
    names.push_back(rule.field);
  }
  for (const SourceText& name : names) {
    const auto alias = std::find_if(written.begin(), written.end(),
                                    [&](const auto& one) { return one.name.text == name.text; });
    CorrelationAlias& out = rule.aliases.emplace_back();
    out.name = name;
    for (const SourceText& base : rule.rules) {
      SourceText meant = name;
      if (alias != written.end()) {
        for (const CorrelationAlias::Of& of : alias->fields) {
          if (of.rule.text == base.text) meant = of.field;
        }
      }
      auto field = FieldOf(*bases.Find(base.text), mapping, meant);
      if (auto* problem = std::get_if<Problem>(&field)) return std::move(*problem);
      meant.text = std::get<std::string>(std::move(field));
      out.fields.push_back({base, std::move(meant)});
    }
  }
  return std::nullopt;
}

}  // namespace randguard::sigma

// SPDX-License-Identifier: Apache-2.0
//
// Items of selections as predicates.
#include <algorithm>
#include <array>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/rules/sigma/tree_builder.h"
#include "analyzer/source/reporter.h"

namespace randguard::sigma {
namespace {

const FieldInfo& InfoOf(Target target) { return FieldCatalogue::Get().field(target.field); }

bool IsText(const FieldInfo& field) {
  return field.type == ValueType::kText || field.type == ValueType::kTexts;
}

bool IsNumber(const FieldInfo& field) {
  return field.type == ValueType::kNumber || field.type == ValueType::kNumbers ||
         field.type == ValueType::kBoolean;
}

bool HasLetters(const std::vector<std::string>& texts) {
  return std::any_of(texts.begin(), texts.end(), [](const std::string& text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); });
  });
}

// "22", "0x16", "true"
std::optional<Number> NumberOf(std::string_view text, bool boolean) {
  const std::string lower = Folded(text);
  if (boolean && lower == "true") return 1;
  if (boolean && lower == "false") return 0;
  std::int64_t number = 0;
  if (absl::SimpleAtoi(lower, &number)) return number;
  if (lower.starts_with("0x") && absl::SimpleHexAtoi(lower, &number)) return number;
  return std::nullopt;
}

Predicate::Type TypeOf(Shape::Type type) {
  switch (type) {
    case Shape::Type::kEqual:
      return Predicate::Type::kTextIn;
    case Shape::Type::kStart:
      return Predicate::Type::kStartsWith;
    case Shape::Type::kEnd:
      return Predicate::Type::kEndsWith;
    case Shape::Type::kPart:
      return Predicate::Type::kContains;
    case Shape::Type::kAny:
      return Predicate::Type::kExists;
    case Shape::Type::kWildcard:
      return Predicate::Type::kWildcard;
  }
  return Predicate::Type::kExists;
}

constexpr std::size_t kShapes = 6;

}  // namespace

const MappedField* TreeBuilder::FieldOf(const DetectionItem& item) {
  const MappedField* field = mapping_.Field(source_, item.field);
  if (field == nullptr) {
    Fail(Unsupported(item.position, absl::StrFormat("field %s", Quoted(item.field)),
                     "the mapping has none of this name"));
    return nullptr;
  }
  if (!field->unsupported.empty()) {
    Fail(Unsupported(item.position, absl::StrFormat("field %s", Quoted(item.field)),
                     field->unsupported));
    return nullptr;
  }
  return field;
}

std::vector<Target> TreeBuilder::TargetsOf(const DetectionItem& item, const MappedField& field,
                                           bool positive) {
  std::vector<Target> out;
  const auto add = [&](const std::vector<Target>& targets) {
    for (const Target target : targets) {
      const FieldInfo& info = InfoOf(target);
      for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
        if (!source_.classes[event_class] || info.read[event_class] == nullptr) continue;
        out.push_back(target);
        break;
      }
    }
  };
  add(field.fields);
  if (positive) add(field.called);
  if (out.empty()) {
    Fail(Unsupported(
        item.position,
        item.field.empty() ? "keywords" : absl::StrFormat("field %s", Quoted(item.field)),
        absl::StrFormat("the events of %s have nothing that it could be", source_.name)));
  }
  return out;
}

TreeBuilder::Node TreeBuilder::Item(const DetectionItem& item, bool positive) {
  item_ = &item;
  if (item.negated) positive = !positive;
  Node node;
  if (item.field.empty()) {
    MappedField keywords;
    keywords.fields = source_.keywords;
    const std::vector<Target> targets = TargetsOf(item, keywords, positive);
    if (targets.empty()) return std::nullopt;
    node = Test(item, keywords, targets);
  } else {
    const MappedField* field = FieldOf(item);
    if (field == nullptr) return std::nullopt;
    if (field->ignored) return Constant(true);
    const std::vector<Target> targets = TargetsOf(item, *field, positive);
    if (targets.empty()) return std::nullopt;
    node = Test(item, *field, targets);
    if (node.has_value() && !field->events.empty()) {
      Predicate of_type;
      of_type.type = Predicate::Type::kTextIn;
      of_type.texts = field->events;
      node = Join(Type::kAnd, {AddPredicate(std::move(of_type),
                                            {FieldCatalogue::Get().event_type(), std::nullopt}),
                               *node});
    }
  }
  if (!node.has_value() || !item.negated) return node;
  return Not(*node);
}

TreeBuilder::Node TreeBuilder::Test(const DetectionItem& item, const MappedField& field,
                                    const std::vector<Target>& targets) {
  // A field without a value to compare can only be there or not.
  const bool opaque = InfoOf(targets.front()).type == ValueType::kOpaque;
  const bool nulls = std::all_of(item.values.begin(), item.values.end(),
                                 [](const ItemValue& value) { return value.null; });
  if (opaque && item.test != DetectionItem::Test::kExists && !nulls) {
    return Fail(Unsupported(item.position, absl::StrFormat("field %s", Quoted(item.field)),
                            "only whether it is there can be asked"));
  }
  switch (item.test) {
    case DetectionItem::Test::kText:
      return item.all && item.values.size() > 1 ? AllTexts(item, field, targets)
                                                : Texts(item, field, targets);
    case DetectionItem::Test::kRegex:
      return Regexes(item, targets);
    case DetectionItem::Test::kNetwork:
      return Networks(item, targets);
    case DetectionItem::Test::kCompare:
      return Numbers(item, targets);
    case DetectionItem::Test::kExists:
      return item.exists ? Exists(field.fields) : Absent(field.fields);
    case DetectionItem::Test::kField:
      return SameAs(item, targets);
  }
  return std::nullopt;
}

std::uint32_t TreeBuilder::AnyOf(const Predicate& predicate, const std::vector<Target>& targets) {
  std::vector<std::uint32_t> any;
  any.reserve(targets.size());
  for (const Target target : targets) any.push_back(AddPredicate(predicate, target));
  return Join(Type::kOr, std::move(any));
}

TreeBuilder::Node TreeBuilder::Exists(const std::vector<Target>& targets) {
  return AnyOf(Predicate{}, targets);
}

TreeBuilder::Node TreeBuilder::Absent(const std::vector<Target>& targets) {
  return Not(*Exists(targets));
}

TreeBuilder::Node TreeBuilder::Texts(const DetectionItem& item, const MappedField& field,
                                     const std::vector<Target>& targets) {
  std::vector<Pattern> patterns;
  bool absent = false;
  for (const ItemValue& value : item.values) {
    absent = absent || value.null;
    patterns.insert(patterns.end(), value.patterns.begin(), value.patterns.end());
  }
  std::vector<std::uint32_t> any;
  if (absent) any.push_back(*Absent(field.fields));
  if (!patterns.empty()) {
    const Node node = AnyText(item, field, targets, patterns);
    if (!node.has_value()) return std::nullopt;
    any.push_back(*node);
  }
  return Join(Type::kOr, std::move(any));
}

TreeBuilder::Node TreeBuilder::AllTexts(const DetectionItem& item, const MappedField& field,
                                        const std::vector<Target>& targets) {
  std::vector<std::uint32_t> all;
  for (const ItemValue& value : item.values) {
    const Node node =
        value.null ? Absent(field.fields) : AnyText(item, field, targets, value.patterns);
    if (!node.has_value()) return std::nullopt;
    all.push_back(*node);
  }
  return Join(Type::kAnd, std::move(all));
}

TreeBuilder::Node TreeBuilder::AnyText(const DetectionItem& item, const MappedField& field,
                                       const std::vector<Target>& targets,
                                       const std::vector<Pattern>& patterns) {
  std::vector<std::uint32_t> any;
  std::vector<Pattern> meant, unknown;
  const bool keyword = item.field.empty();
  for (const Pattern& pattern : patterns) {
    if (!field.values.empty()) {
      const auto found =
          pattern.IsLiteral() ? field.values.find(Folded(pattern.literal())) : field.values.end();
      if (found == field.values.end()) {
        unknown.push_back(pattern);
        continue;
      }
      if (found->second.empty()) any.push_back(*Absent(field.fields));
      for (const std::string& text : found->second) meant.push_back(Pattern::Parse(text));
      continue;
    }
    meant.push_back(keyword ? pattern.Widened(true, true) : pattern);
    if (!field.path || pattern.pieces().empty()) continue;
    const Pattern::Piece& first = pattern.pieces().front();
    if (first.kind != Pattern::Kind::kLiteral) continue;
    for (const auto& [from, to] : mapping_.same_paths()) {
      if (!first.text.starts_with(from)) continue;
      Pattern other = Pattern::Literal(to + first.text.substr(from.size()));
      for (std::size_t i = 1; i < pattern.pieces().size(); ++i) other.Append(pattern.pieces()[i]);
      meant.push_back(std::move(other));
    }
  }
  if (!field.values.empty() && unknown.size() == patterns.size()) {
    return Fail(Unsupported(
        item.position,
        absl::StrFormat("value %s of field %s", Quoted(unknown[0].literal()), Quoted(item.field)),
        "no event of this sensor is so called"));
  }
  for (const Target target : targets) {
    if (meant.empty()) break;
    const FieldInfo& info = InfoOf(target);
    const bool added = IsNumber(info) ? AddNumberPredicate(item, target, meant, any)
                                      : AddTextPredicates(item, field, target, meant, any);
    if (!added) return std::nullopt;
  }
  return Join(Type::kOr, std::move(any));
}

bool TreeBuilder::AddTextPredicates(const DetectionItem& item, const MappedField& /*field*/,
                                    Target target, const std::vector<Pattern>& patterns,
                                    std::vector<std::uint32_t>& out) {
  const FieldInfo& info = InfoOf(target);
  std::array<Predicate, kShapes> by_shape;
  std::array<bool, kShapes> used{};
  Predicate addresses;
  addresses.type = Predicate::Type::kNetwork;
  for (const Pattern& pattern : patterns) {
    if (info.address && pattern.IsLiteral()) {  // however it is written
      if (const auto address = ParseAddress(pattern.literal()); address.has_value()) {
        addresses.networks.push_back({*address, 128});
        continue;
      }
    }
    Shape shape = ShapeOf(pattern);
    const auto at = static_cast<std::size_t>(shape.type);
    by_shape[at].type = TypeOf(shape.type);
    by_shape[at].texts.push_back(std::move(shape.text));
    used[at] = true;
  }
  if (!addresses.networks.empty()) out.push_back(AddPredicate(std::move(addresses), target));
  for (std::size_t at = 0; at < kShapes; ++at) {
    if (!used[at]) continue;
    Predicate& predicate = by_shape[at];
    predicate.ignore_case = !item.cased && HasLetters(predicate.texts);
    if (predicate.type == Predicate::Type::kExists) predicate.texts.clear();
    out.push_back(AddPredicate(std::move(predicate), target));
  }
  return true;
}

bool TreeBuilder::AddNumberPredicate(const DetectionItem& item, Target target,
                                     const std::vector<Pattern>& patterns,
                                     std::vector<std::uint32_t>& out) {
  const bool boolean = InfoOf(target).type == ValueType::kBoolean;
  Predicate predicate;
  predicate.type = Predicate::Type::kNumberIn;
  for (const Pattern& pattern : patterns) {
    if (pattern.IsAny()) {
      out.push_back(AddPredicate(Predicate{}, target));
    } else if (!pattern.IsLiteral()) {
      Fail(Unsupported(item.position,
                       absl::StrFormat("pattern for the number %s", Quoted(item.field)),
                       "write the numbers, or compare with lt, lte, gt and gte"));
      return false;
    } else if (const auto number = NumberOf(pattern.literal(), boolean)) {
      predicate.numbers.push_back({*number, *number});
    }  // else: no number, which no event has
  }
  if (predicate.numbers.empty()) return true;
  predicate.numbers = Normalized(std::move(predicate.numbers));
  out.push_back(AddPredicate(std::move(predicate), target));
  return true;
}

TreeBuilder::Node TreeBuilder::Regexes(const DetectionItem& item,
                                       const std::vector<Target>& targets) {
  for (const Target target : targets) {
    if (IsText(InfoOf(target))) continue;
    return Fail(Unsupported(item.position, absl::StrFormat("regular expression for the number %s",
                                                           Quoted(item.field))));
  }
  Predicate predicate;
  predicate.type = Predicate::Type::kRegex;
  std::vector<std::uint32_t> nodes;
  const auto add = [&] {
    nodes.push_back(AnyOf(predicate, targets));
    predicate.texts.clear();
    predicate.regexes.clear();
  };
  for (const ItemValue& value : item.values) {
    for (const Pattern& pattern : value.patterns) {
      std::string text = item.flags + std::string(pattern.literal());
      auto regex = regexes_.Get(text);
      if (const auto* error = std::get_if<std::string>(&regex)) {
        return Fail({Problem::Kind::kUnsupported, value.position, "regular expression",
                     absl::StrFormat("regular expression %s: %s", Quoted(value.text), *error)});
      }
      predicate.texts.push_back(std::move(text));
      predicate.regexes.push_back(std::get<Regex>(std::move(regex)));
    }
    // Each by itself where all must hold: any of the targets may fit it.
    if (item.all && !value.patterns.empty()) add();
  }
  if (!item.all) add();
  return Join(item.all ? Type::kAnd : Type::kOr, std::move(nodes));
}

TreeBuilder::Node TreeBuilder::Networks(const DetectionItem& item,
                                        const std::vector<Target>& targets) {
  Predicate predicate;
  predicate.type = Predicate::Type::kNetwork;
  for (const ItemValue& value : item.values) {
    for (const Pattern& pattern : value.patterns) {
      const auto network = ParseNetwork(pattern.literal());
      if (!network.has_value()) {
        return Fail(Broken(value.position,
                           absl::StrFormat("%s is no network like 10.0.0.0/8 or fe80::/10, without "
                                           "bits behind those that count",
                                           Quoted(pattern.literal()))));
      }
      predicate.networks.push_back(*network);
    }
  }
  std::vector<std::uint32_t> any;
  for (const Target target : targets) {
    if (IsText(InfoOf(target))) any.push_back(AddPredicate(predicate, target));
  }
  if (any.empty()) {
    return Fail(
        Unsupported(item.position, absl::StrFormat("cidr for the number %s", Quoted(item.field))));
  }
  return Join(Type::kOr, std::move(any));
}

TreeBuilder::Node TreeBuilder::Numbers(const DetectionItem& item,
                                       const std::vector<Target>& targets) {
  std::vector<std::uint32_t> any;
  for (const Target target : targets) {
    if (!IsNumber(InfoOf(target))) {
      return Fail(Unsupported(
          item.position, absl::StrFormat("comparison by size of the text %s", Quoted(item.field))));
    }
    Predicate predicate;
    predicate.type = Predicate::Type::kNumberIn;
    predicate.numbers = {item.range};
    any.push_back(AddPredicate(std::move(predicate), target));
  }
  return Join(Type::kOr, std::move(any));
}

TreeBuilder::Node TreeBuilder::SameAs(const DetectionItem& item,
                                      const std::vector<Target>& targets) {
  std::vector<std::vector<std::uint32_t>> by_value;
  std::vector<std::uint32_t> values;
  for (const ItemValue& value : item.values) {
    std::vector<std::uint32_t> any;
    for (const Pattern& pattern : value.patterns) {
      DetectionItem other = item;
      other.field = std::string(pattern.literal());
      other.position = value.position;
      const MappedField* mapped = FieldOf(other);
      if (mapped == nullptr) return std::nullopt;
      const std::vector<Target> others = TargetsOf(other, *mapped, /*positive=*/false);
      if (others.empty()) return std::nullopt;
      for (const Target target : targets) {
        for (const Target second : others) {
          const bool numbers = IsNumber(InfoOf(target));
          if (numbers != IsNumber(InfoOf(second)) || second.element.has_value() ||
              (numbers && item.relation != Predicate::Relation::kEqual)) {
            return Fail(Unsupported(value.position,
                                    absl::StrFormat("comparison of %s with %s", Quoted(item.field),
                                                    Quoted(other.field)),
                                    "one is a text, the other a number"));
          }
          Predicate predicate;
          predicate.type = Predicate::Type::kSameAs;
          predicate.relation = item.relation;
          predicate.ignore_case = !item.cased;
          predicate.other = second.field;
          any.push_back(AddPredicate(std::move(predicate), target));
        }
      }
    }
    values.push_back(Join(Type::kOr, std::move(any)));
  }
  return Join(item.all ? Type::kAnd : Type::kOr, std::move(values));
}

std::uint32_t TreeBuilder::AddPredicate(Predicate predicate, Target target) {
  predicate.field = target.field;
  predicate.element = target.element;
  predicate.Finish();
  TreeNode node;
  node.type = Type::kPredicate;
  node.predicate = static_cast<std::uint32_t>(tree_.predicates.size());
  if (said_ == item_) {  // its words stand there already
    node.begin = words_.runs.back().at;
    node.end = words_.text.size();
  } else {
    Say(node, item_->words, item_->position);
    said_ = item_;
  }
  TreePredicate out;
  out.predicate = std::move(predicate);
  tree_.predicates.push_back(std::move(out));
  return Add(std::move(node));
}

}  // namespace randguard::sigma

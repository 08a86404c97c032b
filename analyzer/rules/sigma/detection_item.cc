// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/sigma/detection_item.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "analyzer/source/reporter.h"

namespace randguard::sigma {
namespace {

constexpr std::size_t kValuesMax = 10000;  // of one item, with all ways in which they are written
constexpr std::size_t kValueBytesMax = 16384;  // longer than any text of an event
constexpr std::size_t kStarsMax = 64;          // wildcards of one value
constexpr std::size_t kWordsMax = 160;         // bytes

constexpr std::array<std::string_view, 25> kModifiers = {
    "all",     "base64",  "base64offset", "cased",  "cidr", "contains",   "endswith",
    "exists",  "expand",  "fieldref",     "gt",     "gte",  "i",          "lt",
    "lte",     "m",       "neq",          "re",     "s",    "startswith", "utf16",
    "utf16be", "utf16le", "wide",         "windash"};

// In the specification, and nothing that this version does.
constexpr std::array<std::string_view, 7> kTimeParts = {"minute", "hour", "day",           "week",
                                                        "month",  "year", "timestamp_part"};

using Test = DetectionItem::Test;

class ItemReader {
 public:
  ItemReader(std::string_view key, SourcePosition position, const YamlNode& value,
             std::span<const SigmaPlaceholder> placeholders)
      : position_(position), value_(value), placeholders_(placeholders) {
    std::size_t end = key.find('|');
    item_.field = std::string(key.substr(0, end));
    while (end != key.npos) {
      const std::size_t begin = end + 1;
      end = key.find('|', begin);
      modifiers_.push_back(key.substr(begin, end == key.npos ? key.npos : end - begin));
    }
    item_.position = position;
    item_.words = std::string(key);
  }

  std::variant<DetectionItem, Problem> Run() && {
    if (ReadValues() && Classify() && Transform() && Check()) return std::move(item_);
    return std::move(problem_);
  }

 private:
  bool Fail(Problem problem) {
    problem_ = std::move(problem);
    return false;
  }

  bool Has(std::string_view modifier) const {
    return std::find(modifiers_.begin(), modifiers_.end(), modifier) != modifiers_.end();
  }

  bool AddValue(const YamlNode& node) {
    if (node.type != YamlNode::Type::kScalar) {
      return Fail(Broken(node.position, absl::StrFormat("a value of %s is a %s; expected a text",
                                                        Quoted(item_.words), TypeName(node.type))));
    }
    ItemValue& value = item_.values.emplace_back();
    value.null = node.IsNull();
    value.text = node.text;
    value.position = node.position;
    return true;
  }

  bool ReadValues() {
    if (value_.type == YamlNode::Type::kMapping) {
      return Fail(Broken(value_.position,
                         absl::StrFormat("%s holds a mapping; expected a text or a list of texts",
                                         Quoted(item_.words))));
    }
    if (value_.type == YamlNode::Type::kScalar) {
      if (!AddValue(value_)) return false;
    } else {
      if (value_.items.size() > kValuesMax) return FailTooMany();
      for (const YamlNode& node : value_.items) {
        if (!AddValue(node)) return false;
      }
    }
    if (item_.values.empty()) {  // as if it were null
      ItemValue& value = item_.values.emplace_back();
      value.null = true;
      value.position = value_.position;
    }
    NoteWords();
    return true;
  }

  void NoteWords() {
    std::string& words = item_.words;
    std::size_t shown = 0;
    for (const ItemValue& value : item_.values) {
      if (words.size() > kWordsMax) break;
      words += shown == 0 ? (words.empty() ? "" : ": ") : ", ";
      words += value.null ? "null" : value.text.empty() ? "''" : value.text;
      ++shown;
    }
    if (words.size() > kWordsMax) {
      words.resize(kWordsMax);
      while (!words.empty() && (words.back() & 0xc0) == 0x80) words.pop_back();
      words += "...";
    }
    if (shown < item_.values.size()) {
      absl::StrAppendFormat(&words, " and %d more", item_.values.size() - shown);
    }
  }

  // Which test the modifiers ask for.
  bool Classify() {
    for (const std::string_view modifier : modifiers_) {
      if (std::find(kTimeParts.begin(), kTimeParts.end(), modifier) != kTimeParts.end()) {
        return Fail(Unsupported(position_, absl::StrFormat("modifier %s", Quoted(modifier)),
                                "parts of a time cannot be compared"));
      }
      if (std::find(kModifiers.begin(), kModifiers.end(), modifier) == kModifiers.end()) {
        return Fail(Unsupported(position_, absl::StrFormat("modifier %s", Quoted(modifier)),
                                "there is none of this name" + DidYouMean(modifier, kModifiers)));
      }
      if (std::count(modifiers_.begin(), modifiers_.end(), modifier) > 1) {
        return Fail(Broken(position_, absl::StrFormat("the modifier %s comes twice", modifier)));
      }
      const auto test = TestOf(modifier);
      if (!test.has_value()) continue;
      if (item_.test != Test::kText) {
        return Fail(Broken(position_, absl::StrFormat("the modifier %s does not go with another "
                                                      "one of %s",
                                                      modifier, Quoted(item_.words))));
      }
      item_.test = *test;
    }
    item_.all = Has("all");
    item_.cased = Has("cased");
    item_.negated = Has("neq");
    if (item_.field.empty() && item_.test != Test::kText && item_.test != Test::kRegex) {
      return Fail(Broken(position_, absl::StrFormat("%s needs a field", Quoted(item_.words))));
    }
    return true;
  }

  static std::optional<Test> TestOf(std::string_view modifier) {
    if (modifier == "re") return Test::kRegex;
    if (modifier == "cidr") return Test::kNetwork;
    if (modifier == "exists") return Test::kExists;
    if (modifier == "fieldref") return Test::kField;
    if (modifier == "lt" || modifier == "lte" || modifier == "gt" || modifier == "gte") {
      return Test::kCompare;
    }
    return std::nullopt;
  }

  // In the order in which they are written, but for the values of placeholders, which come first.
  bool Transform() {
    for (ItemValue& value : item_.values) {
      if (value.null) continue;
      if (value.text.size() > kValueBytesMax) {
        return Fail(Unsupported(value.position,
                                absl::StrFormat("value of more than %d bytes", kValueBytesMax)));
      }
      value.patterns.push_back(item_.test == Test::kText ? Pattern::Parse(value.text)
                                                         : Pattern::Literal(value.text));
      if (value.patterns.back().pieces().size() > 2 * kStarsMax + 1) {
        return Fail(Unsupported(value.position,
                                absl::StrFormat("value of more than %d wildcards", kStarsMax)));
      }
    }
    std::stable_partition(modifiers_.begin(), modifiers_.end(),
                          [](std::string_view modifier) { return modifier == "expand"; });
    for (const std::string_view modifier : modifiers_) {
      std::size_t all = 0;
      for (ItemValue& value : item_.values) {
        if (value.null) {
          const bool fits = modifier == "all" || modifier == "cased" || modifier == "neq";
          if (fits) continue;
          return Fail(Broken(value.position, absl::StrFormat("null in %s: nothing is there that %s "
                                                             "could look at",
                                                             Quoted(item_.words), modifier)));
        }
        if (!Apply(modifier, value)) return false;
        all += value.patterns.size();
        if (all > kValuesMax) return FailTooMany();
      }
    }
    return true;
  }

  bool FailTooMany() {
    return Fail(Unsupported(position_, absl::StrFormat("more than %d values", kValuesMax)));
  }

  bool Apply(std::string_view modifier, ItemValue& value) {
    if (modifier == "contains" || modifier == "startswith" || modifier == "endswith") {
      return Widen(modifier, value);
    }
    if (modifier == "expand") return Expand(value);
    if (modifier == "windash") {
      return Each(
          value, [](const Pattern& p) { return WithDashes(p); }, "has more dashes than are taken");
    }
    const auto one = [&](auto&& change, std::string_view why) {
      return Each(
          value,
          [&](const Pattern& p) -> std::optional<std::vector<Pattern>> {
            auto changed = change(p);
            if (!changed.has_value()) return std::nullopt;
            return std::vector<Pattern>{*std::move(changed)};
          },
          why);
    };
    constexpr std::string_view kWildcards =
        "has wildcards, which cannot be encoded: write \\* for a \"*\" of the text";
    if (modifier == "wide" || modifier == "utf16le") {
      return one([](const Pattern& p) { return InUtf16(p, Utf16::kLittle); }, kWildcards);
    }
    if (modifier == "utf16be") {
      return one([](const Pattern& p) { return InUtf16(p, Utf16::kBig); }, kWildcards);
    }
    if (modifier == "utf16") {
      return one([](const Pattern& p) { return InUtf16(p, Utf16::kMarked); }, kWildcards);
    }
    if (modifier == "base64") return one(InBase64, kWildcards);
    if (modifier == "base64offset") {
      return Each(
          value,
          [](const Pattern& p) -> std::optional<std::vector<Pattern>> {
            auto all = InBase64AtOffsets(p);
            if (all.empty()) return std::nullopt;
            return all;
          },
          "is empty, or has wildcards, which cannot be encoded");
    }
    if (modifier == "exists") return ReadExists(value);
    if (TestOf(modifier) == Test::kCompare) return ReadRange(modifier, value);
    return true;
  }

  template <typename Change>
  bool Each(ItemValue& value, Change&& change, std::string_view why) {
    std::vector<Pattern> changed;
    for (const Pattern& pattern : value.patterns) {
      auto some = change(pattern);
      if (!some.has_value()) {
        return Fail(Broken(value.position, absl::StrFormat("%s in %s %s", Quoted(value.text),
                                                           Quoted(item_.words), why)));
      }
      changed.insert(changed.end(), some->begin(), some->end());
    }
    value.patterns = std::move(changed);
    return true;
  }

  bool Widen(std::string_view modifier, ItemValue& value) {
    if (item_.test == Test::kField) {
      item_.relation = modifier == "contains"     ? Predicate::Relation::kContains
                       : modifier == "startswith" ? Predicate::Relation::kStartsWith
                                                  : Predicate::Relation::kEndsWith;
      return true;
    }
    if (item_.test != Test::kText) {
      return Fail(Broken(position_, absl::StrFormat("the modifier %s does not go with another one "
                                                    "of %s",
                                                    modifier, Quoted(item_.words))));
    }
    for (Pattern& pattern : value.patterns) {
      pattern = pattern.Widened(modifier != "startswith", modifier != "endswith");
    }
    return true;
  }

  // %name% becomes each of the values that the configuration gives it.
  bool Expand(ItemValue& value) {
    std::vector<std::string> texts = {""};
    std::string_view rest = value.text;
    while (!rest.empty()) {
      const std::size_t begin = rest.find('%');
      const std::size_t end = begin == rest.npos ? rest.npos : rest.find('%', begin + 1);
      if (end == rest.npos) break;
      const std::string_view name = rest.substr(begin + 1, end - begin - 1);
      const auto found = std::find_if(
          placeholders_.begin(), placeholders_.end(),
          [&](const SigmaPlaceholder& placeholder) { return placeholder.name == name; });
      if (found == placeholders_.end()) {
        return Fail(Unsupported(value.position,
                                absl::StrFormat("placeholder %%%s%% without values", name),
                                "write them into [sigma.placeholders] of the configuration"));
      }
      std::vector<std::string> longer;
      for (const std::string& text : texts) {
        for (const std::string& one : found->values) {
          longer.emplace_back(text).append(rest.substr(0, begin)).append(one);
          if (longer.size() > kValuesMax) return FailTooMany();
        }
      }
      texts = std::move(longer);
      rest.remove_prefix(end + 1);
    }
    value.patterns.clear();
    for (const std::string& text : texts) {
      const std::string whole = text + std::string(rest);
      value.patterns.push_back(item_.test == Test::kText ? Pattern::Parse(whole)
                                                         : Pattern::Literal(whole));
    }
    return true;
  }

  bool ReadExists(const ItemValue& value) {
    const std::string text = Folded(value.text);
    const bool yes = text == "true" || text == "yes", no = text == "false" || text == "no";
    if (item_.values.size() != 1 || !(yes || no)) {
      return Fail(Broken(value.position,
                         absl::StrFormat("%s: exists takes true or false", Quoted(item_.words))));
    }
    item_.exists = yes;
    return true;
  }

  bool ReadRange(std::string_view modifier, const ItemValue& value) {
    std::int64_t number = 0;
    if (item_.values.size() != 1 || !absl::SimpleAtoi(value.text, &number)) {
      return Fail(Broken(value.position, absl::StrFormat("%s: %s takes one whole number",
                                                         Quoted(item_.words), modifier)));
    }
    const Number n = number;
    item_.range = modifier == "lt"    ? NumberRange{kNumberMin, n - 1}
                  : modifier == "lte" ? NumberRange{kNumberMin, n}
                  : modifier == "gt"  ? NumberRange{n + 1, kNumberMax}
                                      : NumberRange{n, kNumberMax};
    return true;
  }

  // Checks the modifiers together.
  bool Check() {
    const bool regex = item_.test == Test::kRegex;
    for (const std::string_view flag : {"i", "m", "s"}) {
      if (Has(flag) && !regex) {
        return Fail(
            Broken(position_, absl::StrFormat("%s: %s is for re", Quoted(item_.words), flag)));
      }
    }
    if (regex) {
      std::string on, off;
      for (const std::string_view flag : {"i", "m", "s"}) (Has(flag) ? on : off) += flag;
      item_.flags = "(?" + on + (off.empty() ? "" : "-" + off) + ")";
      item_.cased = true;
    }
    return true;
  }

  const SourcePosition position_;
  const YamlNode& value_;
  std::span<const SigmaPlaceholder> placeholders_;
  std::vector<std::string_view> modifiers_;
  DetectionItem item_;
  Problem problem_;
};

}  // namespace

std::variant<DetectionItem, Problem> ReadItem(std::string_view key, SourcePosition position,
                                              const YamlNode& value,
                                              std::span<const SigmaPlaceholder> placeholders) {
  return ItemReader(key, position, value, placeholders).Run();
}

std::span<const std::string_view> ModifierNames() { return kModifiers; }

}  // namespace randguard::sigma

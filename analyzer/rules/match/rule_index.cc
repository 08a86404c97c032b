// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/match/rule_index.h"

#include <algorithm>
#include <array>
#include <utility>

#include "analyzer/rules/fields/field_catalogue.h"

namespace randguard {
namespace {

using Method = IndexKey::Method;

constexpr std::size_t kKeysMax = 8192;  // of one rule for one event class
// Bytes. A shorter part is in most texts: the index would find the rule for nothing.
constexpr std::size_t kShortestPart = 3;
constexpr Number kNumbersMax = 1024;  // of one set of numbers

// Fields of few values: most events have the one that a rule asks for.
constexpr std::array<std::string_view, 29> kCommonFields = {
    "event_type", "syscall",     "operation",      "direction",
    "family",     "protocol",    "socket_type",    "uid",
    "gid",        "euid",        "egid",           "suid",
    "sgid",       "fsuid",       "fsgid",          "user",
    "result",     "error",       "source",         "host",
    "tty",        "path_source", "loginuid",       "prot",
    "flags",      "exit_code",   "address_source", "container_runtime",
    "agent_id"};

bool IsCommon(FieldId field) {
  const std::string& name = FieldCatalogue::Get().field(field).name;
  return std::find(kCommonFields.begin(), kCommonFields.end(), name) != kCommonFields.end();
}

// The more, the more events will have one of the keys: a guess.
std::size_t Cost(const std::vector<IndexKey>& keys) {
  std::size_t cost = 0;
  for (const IndexKey& key : keys) {
    std::size_t one = 1;
    switch (key.method) {
      case Method::kNumber:
      case Method::kEqual:
        one = 1;
        break;
      case Method::kPrefix:
      case Method::kSuffix:
        one = key.text.size() < 5 ? 40 : 4;
        break;
      case Method::kPart:
        one = key.text.size() < 5 ? 40 : 10;
        break;
    }
    if (IsCommon(key.field)) one += 1000;
    if (FieldCatalogue::Get().field(key.field).type == ValueType::kBoolean) one += 200;
    cost += one;
  }
  return cost;
}

std::optional<std::vector<IndexKey>> NumberKeys(const Predicate& predicate) {
  std::vector<IndexKey> keys;
  for (const NumberRange& range : predicate.numbers) {
    if (range.high - range.low >= kNumbersMax || range.high > INT64_MAX || range.low < INT64_MIN) {
      return std::nullopt;
    }
    for (Number n = range.low; n <= range.high; ++n) {
      IndexKey& key = keys.emplace_back();
      key.field = predicate.field;
      key.method = Method::kNumber;
      key.number = static_cast<std::int64_t>(n);
      if (keys.size() > static_cast<std::size_t>(kNumbersMax)) return std::nullopt;
    }
  }
  return keys;
}

// A beginning or end of every text that the glob fits.
std::optional<IndexKey> GlobKey(std::string_view glob) {
  constexpr std::string_view kSpecial = "*?[]";
  IndexKey key;
  const std::size_t first = glob.find_first_of(kSpecial);
  const std::string_view beginning = glob.substr(0, first);
  const std::size_t last = glob.find_last_of(kSpecial);
  const std::string_view ending = last == glob.npos ? "" : glob.substr(last + 1);
  key.method = first == glob.npos                  ? Method::kEqual
               : beginning.size() >= ending.size() ? Method::kPrefix
                                                   : Method::kSuffix;
  key.text = std::string(key.method == Method::kSuffix ? ending : beginning);
  if (key.text.empty()) return std::nullopt;
  return key;
}

std::optional<std::vector<IndexKey>> TextKeys(const Predicate& predicate, Method method) {
  std::vector<IndexKey> keys;
  for (const std::string& text : predicate.texts) {
    IndexKey key;
    key.method = method;
    key.text = text;
    if (predicate.type == Predicate::Type::kWildcard) {
      const auto sure = predicate.wildcards[&text - predicate.texts.data()].LongestLiteral();
      using Place = Wildcard::Sure::Place;
      if (sure.place == Place::kNowhere ||
          (sure.place == Place::kAnywhere && sure.text.size() < kShortestPart)) {
        return std::nullopt;
      }
      key.method = sure.place == Place::kStart ? Method::kPrefix
                   : sure.place == Place::kEnd ? Method::kSuffix
                                               : Method::kPart;
      key.text = std::string(sure.text);
    }
    if (predicate.type == Predicate::Type::kRegex) {
      const auto glob = GlobKey(text);
      if (!glob.has_value()) return std::nullopt;
      key = *glob;
    }
    if (method == Method::kPart && text.size() < kShortestPart) return std::nullopt;
    key.field = predicate.field;
    key.ignore_case = predicate.ignore_case;
    if (key.ignore_case) key.text = Folded(key.text);
    keys.push_back(std::move(key));
  }
  if (!predicate.all_operands || keys.empty()) return keys;
  // All of them must be there: any one will do.
  std::swap(keys.front(), *std::max_element(keys.begin(), keys.end(), [](auto& a, auto& b) {
              return a.text.size() < b.text.size();
            }));
  keys.resize(1);
  return keys;
}

// Parts of which every text has one that an expression fits.
std::optional<std::vector<IndexKey>> AtomKeys(const Predicate& predicate) {
  if (predicate.atoms.empty()) return std::nullopt;
  std::vector<IndexKey> keys;
  for (const std::string& atom : predicate.atoms) {
    IndexKey& key = keys.emplace_back();
    key.field = predicate.field;
    key.method = Method::kPart;
    key.ignore_case = true;
    key.text = atom;
  }
  return keys;
}

std::optional<std::vector<IndexKey>> KeysOfPredicate(const Predicate& predicate) {
  if (predicate.all_elements) return std::nullopt;  // holds of an empty list
  switch (predicate.type) {
    case Predicate::Type::kNumberIn:
      return NumberKeys(predicate);
    case Predicate::Type::kTextIn:
      return TextKeys(predicate, Method::kEqual);
    case Predicate::Type::kStartsWith:
      return TextKeys(predicate, Method::kPrefix);
    case Predicate::Type::kEndsWith:
      return TextKeys(predicate, Method::kSuffix);
    case Predicate::Type::kContains:
      return TextKeys(predicate, Method::kPart);
    case Predicate::Type::kWildcard:
      return TextKeys(predicate, Method::kEqual);
    case Predicate::Type::kRegex:
      if (predicate.glob) {
        if (auto keys = TextKeys(predicate, Method::kPrefix); keys.has_value()) return keys;
      }
      return AtomKeys(predicate);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::span<const std::string_view> CommonFields() { return kCommonFields; }

std::optional<std::vector<IndexKey>> KeysOf(const ExpressionPool& pool, ExpressionId id) {
  const Expression& expression = pool.expression(id);
  switch (expression.type) {
    case Expression::Type::kPredicate:
      return KeysOfPredicate(pool.predicate(expression.predicate));
    case Expression::Type::kAnd: {
      std::optional<std::vector<IndexKey>> best;
      for (const ExpressionId child : expression.children) {
        auto keys = KeysOf(pool, child);
        if (!keys.has_value()) continue;
        if (!best.has_value() || Cost(*keys) < Cost(*best)) best = std::move(keys);
      }
      return best;
    }
    case Expression::Type::kOr: {
      std::vector<IndexKey> all;
      for (const ExpressionId child : expression.children) {
        const auto keys = KeysOf(pool, child);
        if (!keys.has_value() || all.size() + keys->size() > kKeysMax) return std::nullopt;
        all.insert(all.end(), keys->begin(), keys->end());
      }
      return all;
    }
    default:
      return std::nullopt;
  }
}

void PrefixIndex::Add(std::string prefix, std::uint32_t entry) {
  prefixes_.push_back({std::move(prefix), {entry}});
}

void PrefixIndex::Finish() {
  std::stable_sort(prefixes_.begin(), prefixes_.end(),
                   [](const Prefix& a, const Prefix& b) { return a.text < b.text; });
  std::vector<Prefix> merged;
  for (Prefix& prefix : prefixes_) {
    if (!merged.empty() && merged.back().text == prefix.text) {
      merged.back().entries.push_back(prefix.entries[0]);
    } else {
      merged.push_back(std::move(prefix));
    }
  }
  prefixes_ = std::move(merged);
  for (std::uint32_t at = 1; at < prefixes_.size(); ++at) {
    std::uint32_t shorter = at - 1;
    while (shorter != kNone && !prefixes_[at].text.starts_with(prefixes_[shorter].text)) {
      shorter = prefixes_[shorter].shorter;
    }
    prefixes_[at].shorter = shorter;
  }
}

std::uint32_t PrefixIndex::Below(std::string_view text) const {
  const auto after =
      std::upper_bound(prefixes_.begin(), prefixes_.end(), text,
                       [](std::string_view t, const Prefix& prefix) { return t < prefix.text; });
  return after == prefixes_.begin()
             ? kNone
             : static_cast<std::uint32_t>(std::prev(after) - prefixes_.begin());
}

RuleIndex::OfField& RuleIndex::FieldOf(FieldId field) {
  for (OfField& of : fields_) {
    if (of.field == field) return of;
  }
  fields_.emplace_back().field = field;
  return fields_.back();
}

void RuleIndex::Add(const std::vector<IndexKey>& keys, std::uint32_t entry) {
  for (const IndexKey& key : keys) {
    OfField& of = FieldOf(key.field);
    Exact& exact = key.ignore_case ? of.folded : of.as_is;
    if (key.method == Method::kNumber) {
      of.numbers[key.number].push_back(entry);
      continue;
    }
    exact.used = exact.used || key.method != Method::kPart;
    switch (key.method) {
      case Method::kPrefix:
        exact.prefixes.Add(key.text, entry);
        break;
      case Method::kSuffix:
        exact.suffixes.Add({key.text.rbegin(), key.text.rend()}, entry);
        break;
      case Method::kPart:
        of.parts.Add(Folded(key.text), entry);
        break;
      default:
        exact.equal[key.text].push_back(entry);
    }
  }
}

void RuleIndex::Finish() {
  for (OfField& of : fields_) {
    for (Exact* exact : {&of.as_is, &of.folded}) {
      exact->prefixes.Finish();
      exact->suffixes.Finish();
    }
    of.parts.Finish();
  }
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
//
// An inverted index: which rules an event could make fire. Each rule is filed under keys of which
// at least one must be found in the event before the rule can fire. A rule without such keys is
// tested for every event. The index may name a rule that does not fire, but never misses one that
// does: the condition decides. So a key costs a look-up for each event, however many rules there
// are.
#ifndef ANALYZER_RULES_MATCH_RULE_INDEX_H_
#define ANALYZER_RULES_MATCH_RULE_INDEX_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analyzer/base/text_map.h"
#include "analyzer/rules/match/expression.h"
#include "analyzer/rules/match/text_search.h"

namespace randguard {

struct IndexKey {
  enum class Method : std::uint8_t { kNumber, kEqual, kPrefix, kSuffix, kPart };
  FieldId field = 0;
  Method method = Method::kEqual;
  bool ignore_case = false;
  std::string text;  // in lower case with ignore_case
  std::int64_t number = 0;
};

// Names of fields of few values. An index by such a field finds most events, so it is the last to
// be taken.
std::span<const std::string_view> CommonFields();

// Keys of which an event has at least one, if the expression holds of it: the most selective there
// are. Absent: there are none.
std::optional<std::vector<IndexKey>> KeysOf(const ExpressionPool& pool, ExpressionId expression);

// Texts that a text begins with: sorted prefixes, each linked to the next shorter one. One binary
// search finds the last prefix not behind the text, and its chain of links has all others. A trie
// would answer the same question with a cache miss for each byte.
class PrefixIndex {
 public:
  void Add(std::string prefix, std::uint32_t entry);
  void Finish();  // before the first Find()
  template <typename Visit>
  void Find(std::string_view text, Visit&& visit) const {
    for (std::uint32_t at = Below(text); at != kNone; at = prefixes_[at].shorter) {
      if (!text.starts_with(prefixes_[at].text)) continue;
      for (const std::uint32_t entry : prefixes_[at].entries) visit(entry);
    }
  }
  bool empty() const { return prefixes_.empty(); }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Prefix {
    std::string text;
    std::vector<std::uint32_t> entries;
    // The longest other one that this begins with. Every prefix of a text that is in here is the
    // last one not behind the text, or follows from that one by these.
    std::uint32_t shorter = kNone;
  };
  std::uint32_t Below(std::string_view text) const;
  std::vector<Prefix> prefixes_;  // sorted
};

// The index of one event class.
class RuleIndex {
 public:
  void Add(const std::vector<IndexKey>& keys, std::uint32_t entry);
  void AddAlways(std::uint32_t entry) { always_.push_back(entry); }
  void Finish();

  // Room that Find() needs, kept from event to event.
  struct Scratch {
    std::string reversed;
  };

  // Calls visit(entry) for each entry that could fire, some several times. read(field) gives the
  // field's value, and read_folded(field) that in lower case.
  template <typename Read, typename ReadFolded, typename Visit>
  void Find(Read&& read, ReadFolded&& read_folded, Scratch& scratch, Visit&& visit) const {
    for (const std::uint32_t entry : always_) visit(entry);
    for (const OfField& of : fields_) {
      const Value& value = read(of.field);
      if (!value.present()) continue;
      if (!of.numbers.empty()) {
        AnyNumber(value, [&](Number number) {
          VisitAll(of.numbers, static_cast<std::int64_t>(number), visit);
          return false;
        });
      }
      if (of.as_is.used) {
        AnyText(value, [&](std::string_view text) {
          FindExact(of.as_is, text, scratch, visit);
          return false;
        });
      }
      if (of.folded.used || !of.parts.empty()) {
        AnyText(read_folded(of.field), [&](std::string_view text) {
          if (of.folded.used) FindExact(of.folded, text, scratch, visit);
          of.parts.Find(text, [&](std::uint32_t entry) {
            visit(entry);
            return false;
          });
          return false;
        });
      }
    }
  }

 private:
  using Entries = std::vector<std::uint32_t>;
  struct Exact {  // or, a second one, without case
    TextMap<Entries> equal;
    PrefixIndex prefixes, suffixes;  // the latter from the last byte to the first
    bool used = false;
  };
  struct OfField {
    FieldId field = 0;
    absl::flat_hash_map<std::int64_t, Entries> numbers;
    Exact as_is, folded;
    PartSearch parts;  // in lower case, also those that are looked for as they are
  };

  template <typename Map, typename Key, typename Visit>
  static void VisitAll(const Map& map, const Key& key, Visit&& visit) {
    const auto found = map.find(key);
    if (found == map.end()) return;
    for (const std::uint32_t entry : found->second) visit(entry);
  }

  template <typename Visit>
  static void FindExact(const Exact& exact, std::string_view text, Scratch& scratch,
                        Visit&& visit) {
    if (!exact.equal.empty()) VisitAll(exact.equal, text, visit);
    if (!exact.prefixes.empty()) exact.prefixes.Find(text, visit);
    if (!exact.suffixes.empty()) {
      scratch.reversed.assign(text.rbegin(), text.rend());
      exact.suffixes.Find(scratch.reversed, visit);
    }
  }

  OfField& FieldOf(FieldId field);

  std::vector<std::uint32_t> always_;
  std::vector<OfField> fields_;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_MATCH_RULE_INDEX_H_

// SPDX-License-Identifier: Apache-2.0
//
// An inverted index: which rules an event could make fire. Each rule is filed under keys of which
// at least one must be found in the event before the rule can fire. A rule without such keys is
// tested for every event. The index may name a rule that does not fire, but never misses one that
// does: the condition decides. So a key costs a look-up for each event, however many rules there
// are.
#ifndef ANALYZER_RULES_MATCH_RULE_INDEX_H_
#define ANALYZER_RULES_MATCH_RULE_INDEX_H_

#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analyzer/base/text_map.h"
#include "analyzer/rules/match/expression.h"

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

// Texts that are somewhere in a text, ASCII case aside: a trigram index. Each part is filed under
// one of its trigrams, the least loaded one, and compared where the text has that trigram. A bitmap
// of trigrams comes before the hash table, for most positions of most texts begin none that is
// filed. An Aho-Corasick automaton would touch its large table for every byte, too, and take longer
// to build after each reload.
class PartIndex {
 public:
  static constexpr std::size_t kShortest = 3;  // bytes
  void Add(std::string_view part, std::uint32_t entry);
  // `folded`: in lower case.
  template <typename Visit>
  void Find(std::string_view folded, Visit&& visit) const {
    for (std::size_t at = 0; at + kShortest <= folded.size(); ++at) {
      const std::uint32_t gram = Gram(folded.data() + at);
      if (!seen_[Bit(gram)]) continue;
      const auto found = grams_.find(gram);
      if (found == grams_.end()) continue;
      for (const Part& part : found->second) {
        if (at < part.offset || folded.substr(at - part.offset, part.text.size()) != part.text) {
          continue;
        }
        for (const std::uint32_t entry : part.entries) visit(entry);
      }
    }
  }
  bool empty() const { return grams_.empty(); }

 private:
  struct Part {
    std::string text;
    std::size_t offset = 0;  // of the gram
    std::vector<std::uint32_t> entries;
  };
  static constexpr std::size_t kBits = 1 << 14;
  static std::uint32_t Gram(const char* at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(at[0])) << 16 |
           static_cast<std::uint32_t>(static_cast<unsigned char>(at[1])) << 8 |
           static_cast<unsigned char>(at[2]);
  }
  // Fibonacci hashing: the upper bits of a product with 2^32 divided by the golden ratio.
  static std::size_t Bit(std::uint32_t gram) { return gram * 0x9e3779b1U >> (32 - 14); }

  std::bitset<kBits> seen_;
  absl::flat_hash_map<std::uint32_t, std::vector<Part>> grams_;
};

// The index of one event class.
class RuleIndex {
 public:
  void Add(const std::vector<IndexKey>& keys, std::uint32_t entry);
  void AddAlways(std::uint32_t entry) { always_.push_back(entry); }
  void Finish();

  // Room that Find() needs, kept from event to event.
  struct Scratch {
    std::string folded, reversed;
  };

  // Calls visit(entry) for each entry that could fire, some several times. read(field) gives the
  // field's value.
  template <typename Read, typename Visit>
  void Find(Read&& read, Scratch& scratch, Visit&& visit) const {
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
      if (of.has_texts) {
        AnyText(value, [&](std::string_view text) {
          FindText(of, text, scratch, visit);
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
    bool has_texts = false;
    absl::flat_hash_map<std::int64_t, Entries> numbers;
    Exact as_is, folded;
    PartIndex parts;
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

  template <typename Visit>
  static void FindText(const OfField& of, std::string_view text, Scratch& scratch, Visit&& visit) {
    if (of.as_is.used) FindExact(of.as_is, text, scratch, visit);
    if (!of.folded.used && of.parts.empty()) return;
    Fold(text, scratch.folded);
    if (of.folded.used) FindExact(of.folded, scratch.folded, scratch, visit);
    if (!of.parts.empty()) of.parts.Find(scratch.folded, visit);
  }

  static void Fold(std::string_view text, std::string& out);
  OfField& FieldOf(FieldId field);

  std::vector<std::uint32_t> always_;
  std::vector<OfField> fields_;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_MATCH_RULE_INDEX_H_

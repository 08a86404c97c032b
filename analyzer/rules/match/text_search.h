// SPDX-License-Identifier: Apache-2.0
//
// Many texts looked for in another one at once. The cost depends on the text that is looked at, and
// hardly on how many are looked for: docs/decisions/0025-long-lists-of-texts.md.
#ifndef ANALYZER_RULES_MATCH_TEXT_SEARCH_H_
#define ANALYZER_RULES_MATCH_TEXT_SEARCH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace randguard {

// Texts that may be anywhere in another one, by their grams: each is filed under one sequence of
// eight of its bytes; shorter ones under one of four, or under all their bytes. A bitmap says of
// each position of a text whether a gram that something is filed under could begin there. For most
// it does not, and the positions are independent of each other, so that a processor looks at
// several at a time. An Aho-Corasick automaton has to wait at each byte for the state that the byte
// before led to, and its tables of many texts fit into no cache.
class PartSearch {
 public:
  // Several may have the same id, and one part several ids. No part is empty.
  void Add(std::string_view part, std::uint32_t id);
  // After the last Add().
  void Finish();
  bool empty() const { return ids_.empty(); }
  std::size_t bytes() const;  // that it takes

  // Calls visit(id) for each part that is in the text, some several times, until a call is true.
  // Whether one was.
  template <typename Visit>
  bool Find(std::string_view text, Visit&& visit) const {
    return FindGrams<4>(text, visit) || FindGrams<3>(text, visit) || FindGrams<2>(text, visit) ||
           FindGrams<1>(text, visit) || FindGrams<0>(text, visit);
  }

 private:
  using Gram = std::uint64_t;
  static constexpr std::array<std::size_t, 5> kGramSizes = {1, 2, 3, 4, 8};
  struct Part {
    std::uint32_t text = 0;  // in texts_
    std::uint32_t size = 0;
    std::uint32_t offset = 0;          // of its gram
    std::uint32_t first = 0, end = 0;  // of its ids
  };
  struct Bucket {
    Gram gram = 0;
    std::uint32_t first = 0, end = 0;  // of its parts; the same: no bucket
  };
  struct Level {                      // of the parts with grams of one size
    unsigned shift = 0;               // from a hash to its bit
    std::vector<std::uint64_t> seen;  // the bitmap
    std::vector<Bucket> buckets;      // open addressing: a power of two
    std::vector<Part> parts;          // by gram
  };
  struct Added {
    std::string text;
    std::uint32_t id = 0;
  };

  // Fibonacci hashing: the upper bits of a product with 2^64 divided by the golden ratio.
  static std::uint32_t Hash(Gram gram) {
    return static_cast<std::uint32_t>(gram * 0x9e3779b97f4a7c15U >> 32);
  }
  template <std::size_t kSize>
  static Gram GramAt(const char* at) {
    Gram gram = 0;
    std::memcpy(&gram, at, kSize);
    return gram;
  }
  static Gram GramOf(std::string_view bytes);

  void Fill(Level& level, std::size_t gram_size);

  template <std::size_t kLevel, typename Visit>
  bool FindGrams(std::string_view text, Visit& visit) const {
    constexpr std::size_t kSize = kGramSizes[kLevel];
    const Level& level = levels_[kLevel];
    if (level.parts.empty() || text.size() < kSize) return false;
    const std::uint64_t* const seen = level.seen.data();
    const unsigned shift = level.shift;
    for (std::size_t at = 0, end = text.size() - kSize + 1; at < end; ++at) {
      const Gram gram = GramAt<kSize>(text.data() + at);
      const std::uint32_t bit = Hash(gram) >> shift;
      if ((seen[bit / 64] >> (bit % 64) & 1) == 0) [[likely]]
        continue;
      if (Compare(level, gram, text, at, visit)) return true;
    }
    return false;
  }

  template <typename Visit>
  bool Compare(const Level& level, Gram gram, std::string_view text, std::size_t at,
               Visit& visit) const {
    const std::size_t mask = level.buckets.size() - 1;
    for (std::size_t slot = Hash(gram) & mask;; slot = (slot + 1) & mask) {
      const Bucket& bucket = level.buckets[slot];
      if (bucket.first == bucket.end) return false;
      if (bucket.gram != gram) continue;
      for (std::uint32_t i = bucket.first; i < bucket.end; ++i) {
        const Part& part = level.parts[i];
        if (at < part.offset || text.size() - (at - part.offset) < part.size ||
            std::memcmp(text.data() + at - part.offset, texts_.data() + part.text, part.size) !=
                0) {
          continue;
        }
        for (std::uint32_t id = part.first; id < part.end; ++id) {
          if (visit(ids_[id])) return true;
        }
      }
      return false;
    }
  }

  std::vector<Added> added_;  // until Finish()
  std::string texts_;
  std::vector<std::uint32_t> ids_;
  std::array<Level, kGramSizes.size()> levels_;
};

// Texts of which one may be the beginning of another one, or its end: sorted.
class AffixSearch {
 public:
  AffixSearch(const std::vector<std::string>& texts, bool at_start);
  // Whether the text begins, or ends, with one of them.
  bool Find(std::string_view text) const;

 private:
  const bool at_start_;
  // Ends are kept from the last byte to the first. None begins with another one.
  std::vector<std::string> texts_;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_MATCH_TEXT_SEARCH_H_

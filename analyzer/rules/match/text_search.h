// SPDX-License-Identifier: Apache-2.0
//
// Many texts looked for in another one at once. The cost depends on the text that is looked at, and
// hardly on how many are looked for: docs/decisions/0025-long-lists-of-texts.md.
#ifndef ANALYZER_RULES_MATCH_TEXT_SEARCH_H_
#define ANALYZER_RULES_MATCH_TEXT_SEARCH_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
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
  // Several may have the same id, and one part several ids. No part is empty. A part in any case is
  // given in lower case.
  void Add(std::string_view part, bool any_case, std::uint32_t id);
  // After the last Add().
  void Finish();
  bool empty() const { return ids_.empty(); }
  // Some part is looked for in any case.
  bool folds() const { return folds_; }
  std::size_t bytes() const;  // that it takes

  // Calls visit(id) for each part that is in the text, some several times, until a call is true.
  // Whether one was. `folded` is the text in lower case; without folds(), the text itself will do.
  template <typename Visit>
  bool Find(std::string_view text, std::string_view folded, Visit&& visit) const {
    const Texts texts{text, folds_ ? folded : text};
    return FindGrams<4>(texts, visit) || FindGrams<3>(texts, visit) || FindGrams<2>(texts, visit) ||
           FindGrams<1>(texts, visit) || FindGrams<0>(texts, visit);
  }

 private:
  using Gram = std::uint64_t;
  static constexpr std::array<std::size_t, 5> kGramSizes = {1, 2, 3, 4, 8};
  struct Part {
    std::uint32_t text = 0;  // in texts_
    std::uint32_t size = 0;
    std::uint32_t offset = 0;          // of its gram
    std::uint32_t first = 0, end = 0;  // of its ids
    bool any_case = false;
  };
  struct Texts {
    std::string_view as_is, folded;
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
    bool any_case = false;
  };

  // Fibonacci hashing: the upper bits of a product with 2^64 divided by the golden ratio.
  static std::uint32_t Hash(Gram gram) {
    return static_cast<std::uint32_t>(gram * 0x9e3779b97f4a7c15U >> 32);
  }
  template <std::size_t kSize>
  static Gram GramAt(const char* at) {
    if constexpr (kSize == 3) {
      // In registers: of three bytes, memcpy() would make a short store into a long load, for which
      // the processor waits at each position.
      return GramAt<2>(at) | Gram{static_cast<unsigned char>(at[2])} << 16;
    } else if constexpr (kSize == 1) {
      return static_cast<unsigned char>(*at);
    } else {
      std::conditional_t<kSize == 2, std::uint16_t,
                         std::conditional_t<kSize == 4, std::uint32_t, Gram>>
          bytes = 0;
      static_assert(sizeof(bytes) == kSize);
      std::memcpy(&bytes, at, sizeof(bytes));
      return bytes;
    }
  }
  static_assert(std::endian::native == std::endian::little);  // the first byte is the lowest one
  static Gram GramOf(std::string_view bytes);

  void Fill(Level& level, std::size_t gram_size);

  template <std::size_t kLevel, typename Visit>
  bool FindGrams(const Texts& texts, Visit& visit) const {
    const std::string_view text = texts.folded;
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
      if (Compare(level, gram, texts, at, visit)) return true;
    }
    return false;
  }

  template <typename Visit>
  bool Compare(const Level& level, Gram gram, const Texts& texts, std::size_t at,
               Visit& visit) const {
    const std::size_t mask = level.buckets.size() - 1;
    for (std::size_t slot = Hash(gram) & mask;; slot = (slot + 1) & mask) {
      const Bucket& bucket = level.buckets[slot];
      if (bucket.first == bucket.end) return false;
      if (bucket.gram != gram) continue;
      for (std::uint32_t i = bucket.first; i < bucket.end; ++i) {
        const Part& part = level.parts[i];
        const std::string_view text = part.any_case ? texts.folded : texts.as_is;
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
  bool folds_ = false;
  std::string texts_;
  std::vector<std::uint32_t> ids_;
  std::array<Level, kGramSizes.size()> levels_;
};

// Texts of which another one is to be the same, or to begin, or to end with. By its first byte (of
// ends: by its last one) a table says which lengths come into question, for most texts none. Each
// of these is one look into a hash table, by the eight bytes that lie farthest from that byte.
class PlacedSearch {
 public:
  enum class Place : std::uint8_t { kWhole, kStart, kEnd };
  explicit PlacedSearch(Place place) : place_(place) {}

  // As those of PartSearch; a whole text may be empty.
  void Add(std::string_view text, bool any_case, std::uint32_t id);
  void Finish();
  bool empty() const { return ids_.empty(); }
  bool folds() const { return folds_; }
  std::size_t bytes() const;

  // As PartSearch::Find(), and visits all.
  template <typename Visit>
  void Find(std::string_view text, std::string_view folded, Visit&& visit) const {
    if (text.empty()) {
      for (const std::uint32_t id : of_empty_) visit(id);
    }
    if (slots_.empty() || text.empty()) return;
    if (!folds_) folded = text;
    const bool at_end = place_ == Place::kEnd;
    const std::uint64_t lengths =
        lengths_[static_cast<unsigned char>(at_end ? folded.back() : folded.front())];
    const auto part = [&](std::size_t length) {
      const std::size_t from = at_end ? text.size() - length : 0;
      Look(text.substr(from, length), folded.substr(from, length), visit);
    };
    // The byte at the other end rules most others out.
    const auto may_be = [&](std::size_t length) {
      const char byte = at_end ? folded[text.size() - length] : folded[length - 1];
      return (last_[static_cast<unsigned char>(byte)] >> length & 1) != 0;
    };
    if (place_ == Place::kWhole) {
      const std::size_t length = std::min(text.size(), kLong);
      if ((lengths >> length & 1) != 0 && (length == kLong || may_be(length))) part(text.size());
      return;
    }
    // Bit 0 is no length: no such text is empty.
    for (std::uint64_t left = lengths & ~(std::uint64_t{1} << kLong); left != 0; left &= left - 1) {
      const auto length = static_cast<std::size_t>(std::countr_zero(left));
      if (length > text.size()) return;
      if (may_be(length)) part(length);
    }
    if ((lengths >> kLong) == 0) return;
    for (const std::uint32_t length : long_) {
      if (length > text.size()) return;
      part(length);
    }
  }

 private:
  static constexpr std::size_t kLong = 63;  // as many bytes, or more
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t text = 0, size = 0;  // in texts_; without a size, there is none
    std::uint32_t first = 0, end = 0;  // of its ids
    bool any_case = false;
  };
  struct Added {
    std::string text;
    std::uint32_t id = 0;
    bool any_case = false;
  };

  // Up to eight bytes, and nothing behind them.
  static std::uint64_t Load(const char* at, std::size_t size) {
    std::uint64_t bytes = 0;
    if (size >= sizeof(bytes)) {
      std::memcpy(&bytes, at, sizeof(bytes));
    } else if (size >= sizeof(std::uint32_t)) {  // two loads that overlap
      std::uint32_t first = 0, last = 0;
      std::memcpy(&first, at, sizeof(first));
      std::memcpy(&last, at + size - sizeof(last), sizeof(last));
      bytes = std::uint64_t{last} << 32 | first;
    } else {
      for (std::size_t i = 0; i < size; ++i) {
        bytes = bytes << 8 | static_cast<unsigned char>(at[i]);
      }
    }
    return bytes;
  }
  // Eight bytes at a time. All bytes count, because rules have many texts that differ in their
  // middle alone.
  static std::uint32_t HashOf(std::string_view text) {
    constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15U;
    std::uint64_t hash = text.size();
    const char* at = text.data();
    std::size_t left = text.size();
    for (; left > sizeof(hash); left -= sizeof(hash), at += sizeof(hash)) {
      hash = (hash ^ Load(at, sizeof(hash))) * kGoldenRatio;
      hash ^= hash >> 32;
    }
    return static_cast<std::uint32_t>((hash ^ Load(at, left)) * kGoldenRatio >> 32);
  }

  template <typename Visit>
  void Look(std::string_view text, std::string_view folded, Visit& visit) const {
    const std::uint32_t hash = HashOf(folded);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash >> shift_; slots_[at].size != 0; at = (at + 1) & mask) {
      const Slot& slot = slots_[at];
      if (slot.hash != hash || slot.size != text.size() ||
          std::memcmp((slot.any_case ? folded : text).data(), texts_.data() + slot.text,
                      slot.size) != 0) {
        continue;
      }
      for (std::uint32_t id = slot.first; id < slot.end; ++id) visit(ids_[id]);
    }
  }

  Place place_;
  bool folds_ = false;
  std::vector<Added> added_;  // until Finish()
  std::string texts_;
  std::vector<std::uint32_t> ids_, of_empty_;
  unsigned shift_ = 0;       // from a hash to its slot
  std::vector<Slot> slots_;  // open addressing: a power of two
  // By first byte, of ends by last one, and by the byte at the other end: bit n for texts of n
  // bytes.
  std::vector<std::uint64_t> lengths_, last_;
  std::vector<std::uint32_t> long_;  // lengths of kLong or more, sorted
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

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/match/text_search.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "analyzer/rules/match/predicate.h"

namespace randguard {
namespace {

// The bitmap has these for each part: one of 32 positions of an unrelated text has its bit set.
constexpr std::size_t kBitsOfAPart = 32;
constexpr std::size_t kLeastBits = 1 << 9;
// Each size of grams is a pass over the text. Few parts have rare grams of three bytes as well, and
// so all those that are not shorter need one pass only.
constexpr std::size_t kFew = 2048, kGramOfFew = 3;
constexpr std::size_t kOffsetsMax = 64;  // of a part, that are tried: long texts are distinct early
constexpr std::size_t kMostBits = 1 << 21;  // 256 KiB, which a cache of the second level holds

// How often a gram stands in paths and command lines, by its bytes: a guess.
std::size_t Commonness(std::string_view gram) {
  static constexpr std::string_view kCommon = "/ .-=\"'", kFrequent = "aeinorst0123456789u";
  std::size_t common = 0;
  for (const char c : gram) {
    common += kCommon.find(c) != kCommon.npos ? 3 : kFrequent.find(c) != kFrequent.npos ? 1 : 0;
  }
  return common;
}

}  // namespace

PartSearch::Gram PartSearch::GramOf(std::string_view bytes) {
  Gram gram = 0;
  std::memcpy(&gram, bytes.data(), std::min(bytes.size(), sizeof(gram)));
  return gram;
}

void PartSearch::Add(std::string_view part, bool any_case, std::uint32_t id) {
  added_.push_back({std::string(part), id, any_case});
  folds_ = folds_ || any_case;
}

void PartSearch::Finish() {
  std::stable_sort(added_.begin(), added_.end(), [](const Added& a, const Added& b) {
    return std::tie(a.text, a.any_case) < std::tie(b.text, b.any_case);
  });
  const bool few = added_.size() <= kFew;
  for (std::size_t i = 0; i < added_.size(); ++i) {
    const std::string& text = added_[i].text;
    // The longest gram that the part has; of few parts, no longer one than others have.
    const std::size_t size = few && text.size() > kGramOfFew ? kGramOfFew : text.size();
    const auto longer = std::upper_bound(kGramSizes.begin(), kGramSizes.end(), size);
    Level& level = levels_[static_cast<std::size_t>(longer - kGramSizes.begin()) - 1];
    const auto id = static_cast<std::uint32_t>(ids_.size());
    ids_.push_back(added_[i].id);
    if (i > 0 && added_[i - 1].text == text && added_[i - 1].any_case == added_[i].any_case) {
      ++level.parts.back().end;
      continue;
    }
    level.parts.push_back({.text = static_cast<std::uint32_t>(texts_.size()),
                           .size = static_cast<std::uint32_t>(text.size()),
                           .first = id,
                           .end = id + 1,
                           .any_case = added_[i].any_case});
    texts_ += text;
  }
  added_ = {};
  texts_.shrink_to_fit();
  ids_.shrink_to_fit();
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    if (!levels_[i].parts.empty()) Fill(levels_[i], kGramSizes[i]);
  }
}

void PartSearch::Fill(Level& level, std::size_t gram_size) {
  // Texts are read in lower case if any part is looked for so.
  const std::string folded = folds_ ? Folded(texts_) : "";
  const std::string_view read = folds_ ? folded : texts_;
  const auto gram_of = [&](const Part& part, std::size_t offset) {
    return read.substr(part.text + offset, gram_size);
  };
  // Filed under the gram that has the fewest others, and of these under the least common one.
  absl::flat_hash_map<Gram, std::uint32_t> loads;
  for (Part& part : level.parts) {
    std::size_t best = SIZE_MAX;
    const std::size_t end = std::min<std::size_t>(part.size - gram_size + 1, kOffsetsMax);
    for (std::uint32_t offset = 0; offset < end; ++offset) {
      const std::string_view gram = gram_of(part, offset);
      const auto load = loads.find(GramOf(gram));
      const std::size_t cost =
          Commonness(gram) + (load == loads.end() ? 0 : std::size_t{100} * load->second);
      if (cost >= best) continue;
      best = cost;
      part.offset = offset;
    }
    ++loads[GramOf(gram_of(part, part.offset))];
  }
  const auto gram = [&](const Part& part) { return GramOf(gram_of(part, part.offset)); };
  std::stable_sort(level.parts.begin(), level.parts.end(),
                   [&](const Part& a, const Part& b) { return gram(a) < gram(b); });
  level.parts.shrink_to_fit();

  const std::size_t bits =
      std::clamp(std::bit_ceil(level.parts.size() * kBitsOfAPart), kLeastBits, kMostBits);
  level.shift = static_cast<unsigned>(32 - std::countr_zero(bits));
  level.seen.assign(bits / 64, 0);
  level.buckets.assign(std::bit_ceil(2 * loads.size()), {});
  const std::size_t mask = level.buckets.size() - 1;
  for (std::uint32_t first = 0, end = 0; first < level.parts.size(); first = end) {
    const Gram of = gram(level.parts[first]);
    while (end < level.parts.size() && gram(level.parts[end]) == of) ++end;
    const std::uint32_t bit = Hash(of) >> level.shift;
    level.seen[bit / 64] |= std::uint64_t{1} << (bit % 64);
    std::size_t slot = Hash(of) & mask;
    while (level.buckets[slot].first != level.buckets[slot].end) slot = (slot + 1) & mask;
    level.buckets[slot] = {of, first, end};
  }
}

std::size_t PartSearch::bytes() const {
  std::size_t bytes = sizeof(*this) + texts_.capacity() + ids_.capacity() * sizeof(ids_[0]);
  for (const Level& level : levels_) {
    bytes += level.seen.capacity() * sizeof(level.seen[0]) +
             level.buckets.capacity() * sizeof(Bucket) + level.parts.capacity() * sizeof(Part);
  }
  return bytes;
}

void PlacedSearch::Add(std::string_view text, bool any_case, std::uint32_t id) {
  if (text.empty()) {
    of_empty_.push_back(id);
    return;
  }
  added_.push_back({std::string(text), id, any_case});
  folds_ = folds_ || any_case;
}

void PlacedSearch::Finish() {
  std::stable_sort(added_.begin(), added_.end(), [](const Added& a, const Added& b) {
    return std::tie(a.text, a.any_case) < std::tie(b.text, b.any_case);
  });
  std::vector<Slot> slots;
  for (std::size_t i = 0; i < added_.size(); ++i) {
    const std::string& text = added_[i].text;
    ids_.push_back(added_[i].id);
    if (i > 0 && added_[i - 1].text == text && added_[i - 1].any_case == added_[i].any_case) {
      ++slots.back().end;
      continue;
    }
    // Texts are read in lower case if any is looked for so.
    const std::string read = folds_ ? Folded(text) : text;
    const auto id = static_cast<std::uint32_t>(ids_.size() - 1);
    slots.push_back({.hash = HashOf(read),
                     .text = static_cast<std::uint32_t>(texts_.size()),
                     .size = static_cast<std::uint32_t>(text.size()),
                     .first = id,
                     .end = id + 1,
                     .any_case = added_[i].any_case});
    texts_ += text;
    lengths_.resize(256);
    last_.resize(256);
    const bool at_end = place_ == Place::kEnd;
    const std::uint64_t length = std::uint64_t{1} << std::min(text.size(), kLong);
    lengths_[static_cast<unsigned char>(at_end ? read.back() : read.front())] |= length;
    last_[static_cast<unsigned char>(at_end ? read.front() : read.back())] |= length;
    if (text.size() >= kLong) long_.push_back(slots.back().size);
  }
  added_ = {};
  std::sort(long_.begin(), long_.end());
  long_.erase(std::unique(long_.begin(), long_.end()), long_.end());
  texts_.shrink_to_fit();
  ids_.shrink_to_fit();
  if (slots.empty()) return;
  slots_.resize(std::bit_ceil(2 * slots.size()));
  shift_ = static_cast<unsigned>(32 - std::countr_zero(slots_.size()));
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : slots) {
    std::size_t at = slot.hash >> shift_;
    while (slots_[at].size != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

std::size_t PlacedSearch::bytes() const {
  return sizeof(*this) + texts_.capacity() + slots_.capacity() * sizeof(Slot) +
         (ids_.capacity() + of_empty_.capacity() + long_.capacity()) * sizeof(ids_[0]) +
         (lengths_.capacity() + last_.capacity()) * sizeof(lengths_[0]);
}

AffixSearch::AffixSearch(const std::vector<std::string>& texts, bool at_start)
    : at_start_(at_start) {
  std::vector<std::string> sorted = texts;
  if (!at_start_) {
    for (std::string& text : sorted) std::reverse(text.begin(), text.end());
  }
  std::sort(sorted.begin(), sorted.end());
  for (std::string& text : sorted) {
    // A text that begins with another one adds nothing.
    if (texts_.empty() || !text.starts_with(texts_.back())) texts_.push_back(std::move(text));
  }
  texts_.shrink_to_fit();
}

bool AffixSearch::Find(std::string_view text) const {
  // None begins with another one, so that a beginning of the text is the last one not behind it.
  if (at_start_) {
    const auto after = std::upper_bound(texts_.begin(), texts_.end(), text);
    return after != texts_.begin() && text.starts_with(*std::prev(after));
  }
  const auto after = std::upper_bound(
      texts_.begin(), texts_.end(), text, [](std::string_view t, const std::string& end) {
        return std::lexicographical_compare(
            t.rbegin(), t.rend(), end.begin(), end.end(), [](char a, char b) {
              return static_cast<unsigned char>(a) < static_cast<unsigned char>(b);
            });
      });
  if (after == texts_.begin()) return false;
  const std::string& end = *std::prev(after);
  return text.size() >= end.size() && std::equal(end.begin(), end.end(), text.rbegin());
}

}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
//
// Texts that many processes have in common, each kept once, and how much memory they take.
#ifndef ANALYZER_PROCESS_TEXT_POOL_H_
#define ANALYZER_PROCESS_TEXT_POOL_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/container/flat_hash_set.h"

namespace randguard {

class TextPool {
 public:
  TextPool() = default;
  TextPool(const TextPool&) = delete;
  TextPool& operator=(const TextPool&) = delete;
  ~TextPool();

  // A copy that stays until Drop() was called for it as often as it was taken. An empty text takes
  // nothing.
  std::string_view Take(std::string_view text);
  void Drop(std::string_view taken);

  // For texts that are hardly ever equal, so that looking for them is not worth it. Taken once.
  std::string_view Copy(std::string_view text);
  void DropCopy(std::string_view copy);

  // Memory of the texts, with the administration of each.
  std::size_t bytes() const { return bytes_; }
  // Memory of one text at most, if it is not there yet.
  static std::size_t BytesFor(std::string_view text);

 private:
  struct Entry {  // directly before the text
    std::uint32_t uses = 1;
    std::uint32_t size = 0;
    std::string_view text() const { return {reinterpret_cast<const char*>(this + 1), size}; }
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return absl::Hash<std::string_view>{}(text);
    }
    std::size_t operator()(const Entry* entry) const { return (*this)(entry->text()); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Entry* a, const Entry* b) const { return a == b; }
    bool operator()(const Entry* a, std::string_view b) const { return a->text() == b; }
    bool operator()(std::string_view a, const Entry* b) const { return a == b->text(); }
  };

  Entry* Make(std::string_view text);
  static Entry* EntryOf(std::string_view taken);
  void Free(Entry* entry);

  absl::flat_hash_set<Entry*, Hash, Equal> entries_;
  std::size_t bytes_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_PROCESS_TEXT_POOL_H_

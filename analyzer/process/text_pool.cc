// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/text_pool.h"

#include <cstring>
#include <new>

namespace randguard {

TextPool::~TextPool() {
  for (Entry* entry : entries_) operator delete(entry);
}

std::size_t TextPool::BytesFor(std::string_view text) {
  // The allocator's own word, its unit, and a place in a table that is at least half full.
  constexpr std::size_t kOverhead = sizeof(Entry) + 8 + 15 + 2 * (sizeof(void*) + 1);
  return text.empty() ? 0 : text.size() + kOverhead;
}

TextPool::Entry* TextPool::Make(std::string_view text) {
  void* memory = operator new(sizeof(Entry) + text.size());
  auto* entry = new (memory) Entry{.size = static_cast<std::uint32_t>(text.size())};
  std::memcpy(entry + 1, text.data(), text.size());
  bytes_ += BytesFor(text);
  return entry;
}

TextPool::Entry* TextPool::EntryOf(std::string_view taken) {
  // The texts that were handed out are this pool's own memory.
  return reinterpret_cast<Entry*>(const_cast<char*>(taken.data())) - 1;
}

void TextPool::Free(Entry* entry) {
  bytes_ -= BytesFor(entry->text());
  operator delete(entry);
}

std::string_view TextPool::Take(std::string_view text) {
  if (text.empty()) return {};
  if (const auto it = entries_.find(text); it != entries_.end()) {
    ++(*it)->uses;
    return (*it)->text();
  }
  return (*entries_.insert(Make(text)).first)->text();
}

void TextPool::Drop(std::string_view taken) {
  if (taken.empty()) return;
  Entry* entry = EntryOf(taken);
  if (--entry->uses > 0) return;
  entries_.erase(entry);
  Free(entry);
}

std::string_view TextPool::Copy(std::string_view text) {
  return text.empty() ? std::string_view() : Make(text)->text();
}

void TextPool::DropCopy(std::string_view copy) {
  if (!copy.empty()) Free(EntryOf(copy));
}

}  // namespace randguard

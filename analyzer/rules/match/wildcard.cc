// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/match/wildcard.h"

#include <algorithm>

namespace randguard {
namespace {

// How many bytes the character has that begins here. A byte that begins none is one by itself.
std::size_t CharacterSize(std::string_view text, std::size_t at) {
  const auto is_rest = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  std::size_t end = at + 1;
  if (static_cast<unsigned char>(text[at]) >= 0xc0) {
    while (end < text.size() && end < at + 4 && is_rest(text[end])) ++end;
  }
  return end - at;
}

// Where the part ends if it begins at `at`; npos: it does not.
std::size_t EndOf(std::string_view part, std::string_view text, std::size_t at) {
  for (const char wanted : part) {
    if (at >= text.size()) return text.npos;
    if (wanted == Wildcard::kOne) {
      at += CharacterSize(text, at);
      continue;
    }
    if (text[at] != wanted) return text.npos;
    ++at;
  }
  return at;
}

}  // namespace

Wildcard::Wildcard(std::string_view pattern) {
  std::size_t begin = 0;
  for (std::size_t end = 0; end <= pattern.size(); ++end) {
    if (end < pattern.size() && pattern[end] != kMany) continue;
    parts_.emplace_back(pattern.substr(begin, end - begin));
    begin = end + 1;
  }
}

// Each part but the first and the last is taken where it comes first: whatever fits behind a later
// place fits behind an earlier one, too.
bool Wildcard::Matches(std::string_view text) const {
  std::size_t at = EndOf(parts_.front(), text, 0);
  if (parts_.size() == 1) return at == text.size();
  if (at == text.npos) return false;
  for (std::size_t i = 1; i + 1 < parts_.size(); ++i) {
    std::size_t end = text.npos;
    for (; at <= text.size() && end == text.npos; ++at) {
      end = EndOf(parts_[i], text, at);
    }
    if (end == text.npos) return false;
    at = end;
  }
  const std::string& last = parts_.back();
  if (last.empty()) return true;
  for (; at + 1 <= text.size(); ++at) {
    if (EndOf(last, text, at) == text.size()) return true;
  }
  return false;
}

Wildcard::Sure Wildcard::LongestLiteral() const {
  Sure best;
  const auto consider = [&](std::string_view text, Sure::Place place) {
    if (text.size() > best.text.size()) best = {place, text};
  };
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const std::string_view part = parts_[i];
    std::size_t begin = 0;
    for (std::size_t end = 0; end <= part.size(); ++end) {
      if (end < part.size() && part[end] != kOne) continue;
      const bool first = i == 0 && begin == 0;
      const bool last = i + 1 == parts_.size() && end == part.size();
      consider(part.substr(begin, end - begin), first  ? Sure::Place::kStart
                                                : last ? Sure::Place::kEnd
                                                       : Sure::Place::kAnywhere);
      begin = end + 1;
    }
  }
  return best;
}

}  // namespace randguard

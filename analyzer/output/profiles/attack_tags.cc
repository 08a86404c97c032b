// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/profiles/attack_tags.h"

#include <algorithm>

namespace randguard::profiles {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "t1070" or "t1070.004"
bool IsTechnique(std::string_view text) {
  constexpr std::size_t kShort = 5, kLong = 9;
  if (text.size() != kShort && text.size() != kLong) return false;
  if (text[0] != 't' && text[0] != 'T') return false;
  if (text.size() == kLong && text[kShort] != '.') return false;
  return std::all_of(text.begin() + 1, text.begin() + kShort, IsDigit) &&
         (text.size() == kShort || std::all_of(text.begin() + kShort + 1, text.end(), IsDigit));
}

// Written with hyphens or underscores.
bool IsTactic(std::string_view text, std::string_view tactic) {
  return std::equal(text.begin(), text.end(), tactic.begin(), tactic.end(),
                    [](char a, char b) { return a == b || (a == '_' && b == '-'); });
}

}  // namespace

AttackTag ReadAttackTag(std::string_view tag) {
  constexpr std::string_view kPrefix = "attack.";
  if (!tag.starts_with(kPrefix)) return {};
  tag.remove_prefix(kPrefix.size());
  if (IsTechnique(tag)) return {nullptr, tag};
  const auto* const found = std::find_if(std::begin(kTactics), std::end(kTactics),
                                         [&](const Tactic& t) { return IsTactic(tag, t.tag); });
  return {found == std::end(kTactics) ? nullptr : found, {}};
}

}  // namespace randguard::profiles

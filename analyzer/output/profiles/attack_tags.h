// SPDX-License-Identifier: Apache-2.0
//
// Tags of rules about MITRE ATT&CK: "attack.t1070.004" is a sub-technique, "attack.execution" a
// tactic.
#ifndef ANALYZER_OUTPUT_PROFILES_ATTACK_TAGS_H_
#define ANALYZER_OUTPUT_PROFILES_ATTACK_TAGS_H_

#include <cstddef>
#include <string_view>
#include <vector>

namespace randguard::profiles {

struct Tactic {
  std::string_view tag, name, id;
};

inline constexpr Tactic kTactics[] = {
    {"reconnaissance", "Reconnaissance", "TA0043"},
    {"resource-development", "Resource Development", "TA0042"},
    {"initial-access", "Initial Access", "TA0001"},
    {"execution", "Execution", "TA0002"},
    {"persistence", "Persistence", "TA0003"},
    {"privilege-escalation", "Privilege Escalation", "TA0004"},
    {"defense-evasion", "Defense Evasion", "TA0005"},
    {"credential-access", "Credential Access", "TA0006"},
    {"discovery", "Discovery", "TA0007"},
    {"lateral-movement", "Lateral Movement", "TA0008"},
    {"collection", "Collection", "TA0009"},
    {"exfiltration", "Exfiltration", "TA0010"},
    {"command-and-control", "Command and Control", "TA0011"},
    {"impact", "Impact", "TA0040"},
};

// One of the two is there, or neither.
struct AttackTag {
  const Tactic* tactic = nullptr;
  std::string_view technique;  // "t1070.004": as the tag has it, in either case

  bool is_sub() const { return technique.find('.') != technique.npos; }
  std::string_view parent() const { return technique.substr(0, technique.find('.')); }
};

AttackTag ReadAttackTag(std::string_view tag);

// Calls visit(text) for each technique once, also those that are only named by a sub-technique; or
// for each sub-technique. Their letter is as the tag has it.
template <typename Visit>
void ForEachTechnique(const std::vector<std::string_view>& tags, bool sub, Visit&& visit) {
  const auto text = [&](std::string_view tag) {
    const AttackTag read = ReadAttackTag(tag);
    if (read.technique.empty() || (sub && !read.is_sub())) return std::string_view();
    return sub ? read.technique : read.parent();
  };
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const std::string_view technique = text(tags[i]);
    bool first = !technique.empty();
    for (std::size_t j = 0; first && j < i; ++j) first = text(tags[j]) != technique;
    if (first) visit(technique);
  }
}

// Calls visit(tactic) for each.
template <typename Visit>
void ForEachTactic(const std::vector<std::string_view>& tags, Visit&& visit) {
  for (const std::string_view tag : tags) {
    if (const Tactic* tactic = ReadAttackTag(tag).tactic; tactic != nullptr) visit(*tactic);
  }
}

}  // namespace randguard::profiles

#endif  // ANALYZER_OUTPUT_PROFILES_ATTACK_TAGS_H_

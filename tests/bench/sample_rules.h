// SPDX-License-Identifier: Apache-2.0
//
// Any number of rules of the shapes that rules for Linux have.
#ifndef TESTS_BENCH_SAMPLE_RULES_H_
#define TESTS_BENCH_SAMPLE_RULES_H_

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/rules/match/rule_set.h"

namespace randguard::bench {

inline std::string Word(std::size_t n) {
  static constexpr std::array<std::string_view, 10> kSyllables = {"ka", "lo", "mi", "ne", "pu",
                                                                  "ra", "so", "ti", "vu", "ze"};
  std::string word;
  for (int i = 0; i < 5; ++i, n /= 10) word += kSyllables[n % 10];
  return word;
}

// Has the proportions of public rules for Linux: names, endings and parts of command lines,
// parents, paths, ports, expressions beside something selective.
inline Rule MakeRule(std::size_t n) {
  Rule rule;
  rule.id = rule.name = "B-" + std::to_string(n);
  const std::string word = Word(n);
  std::string& condition = rule.condition.text;
  switch (n % 10) {
    case 0:
      condition =
          "process_name in ('" + word + "', '" + word + "d') and command_line contains '-x'";
      break;
    case 1:
      condition = "exe_path endswith '/" + word + "' and not parent_name in ('systemd', 'cron')";
      break;
    case 2:
      condition = "command_line icontains ('" + word + "=', '--" + word + "') and uid == 0";
      break;
    case 3:
      condition = "parent_name == '" + word + "' and process_name in ('sh', 'bash', 'dash')";
      break;
    case 4:
      condition = "command_line contains all ('" + word + "', '/dev/tcp/')";
      break;
    case 5:
      condition = "exe_path startswith '/opt/" + word + "/' and command_line matches 'https?://'";
      break;
    case 6:
      rule.type = RuleType::kFile;
      condition = "path == '/etc/" + word + "' and flags has any (O_WRONLY, O_RDWR)";
      rule.events.emplace_back().text = "file_open";
      break;
    case 7:
      rule.type = RuleType::kFile;
      condition = "path startswith '/etc/" + word + ".d/' and operation in ('write', 'rename')";
      break;
    case 8:
      rule.type = RuleType::kNetwork;
      condition = "port == " + std::to_string(10000 + n % 50000) + " and direction == 'outbound'";
      break;
    default:
      condition = "ancestor_names == '" + word + "' and fileless";
  }
  return rule;
}

inline Config ConfigWithRules(std::size_t rules) {
  Config config;
  config.alerts.built_in_rules = false;
  for (std::size_t n = 0; n < rules; ++n) config.rules.push_back(MakeRule(n));
  return config;
}

// Ends the program if a rule is wrong: there is nothing to measure then.
inline std::shared_ptr<const RuleSet> CompileRules(const Config& config) {
  std::vector<Diagnostic> diagnostics;
  auto rules = RuleSet::Compile(config, diagnostics);
  if (rules == nullptr) {
    std::fprintf(stderr, "%s\n", FormatDiagnostic(diagnostics.at(0)).c_str());
    std::exit(1);
  }
  return rules;
}

}  // namespace randguard::bench

#endif  // TESTS_BENCH_SAMPLE_RULES_H_

// SPDX-License-Identifier: Apache-2.0
//
// Cost of an event against how many rules there are. scripts/bench runs it.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analyzer/output/sample_events.h"
#include "analyzer/rules/matcher.h"
#include "analyzer/rules/rule_set.h"
#include "analyzer/rules/simple_rules.h"

namespace randguard {
namespace {

std::string Word(std::size_t n) {
  static constexpr std::array<std::string_view, 10> kSyllables = {"ka", "lo", "mi", "ne", "pu",
                                                                  "ra", "so", "ti", "vu", "ze"};
  std::string word;
  for (int i = 0; i < 5; ++i, n /= 10) word += kSyllables[n % 10];
  return word;
}

// In the proportions in which public rules for Linux ask: names, endings and parts of command
// lines, parents, paths, ports, expressions beside something selective.
Rule MakeRule(std::size_t n) {
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

void Cost(benchmark::State& state) {
  Config config;
  config.alerts.built_in_rules = false;
  for (std::int64_t n = 0; n < state.range(0); ++n) {
    config.rules.push_back(MakeRule(static_cast<std::size_t>(n)));
  }
  std::vector<Diagnostic> diagnostics;
  const auto rules = RuleSet::Compile(config, diagnostics);
  if (rules == nullptr) {
    state.SkipWithError(FormatDiagnostic(diagnostics[0]).c_str());
    return;
  }
  Matcher matcher(rules);
  const Surroundings around;
  const ProcessStart start = testing::SampleStart();
  const FileOpen open = testing::SampleOpen();
  const FileWrite write = testing::SampleWrite();
  const NetworkConnect connect = testing::SampleConnect();
  const std::array views = {ViewOf(start, around), ViewOf(open, around), ViewOf(write, around),
                            ViewOf(connect, around)};
  for (auto _ : state) {
    for (const EventView& view : views) benchmark::DoNotOptimize(matcher.Match(view).size());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(views.size()));
}
BENCHMARK(Cost)->RangeMultiplier(10)->Range(10, 10000)->Unit(benchmark::kNanosecond);

void Compile(benchmark::State& state) {
  Config config;
  for (std::int64_t n = 0; n < state.range(0); ++n) {
    config.rules.push_back(MakeRule(static_cast<std::size_t>(n)));
  }
  for (auto _ : state) {
    std::vector<Diagnostic> diagnostics;
    benchmark::DoNotOptimize(RuleSet::Compile(config, diagnostics));
  }
}
BENCHMARK(Compile)->RangeMultiplier(10)->Range(10, 10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace randguard

BENCHMARK_MAIN();

// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_RULES_COMPILE_CORRELATION_COMPILER_H_
#define ANALYZER_RULES_COMPILE_CORRELATION_COMPILER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/rules/match/rule_set.h"
#include "analyzer/rules/sigma/problem.h"
#include "analyzer/source/diagnostic.h"

namespace randguard {

// Bounds of what a correlation remembers, and so of what it may ask for.
inline constexpr std::size_t kCorrelationsMax = 512;         // that are on
inline constexpr std::uint32_t kCorrelationCountMax = 1000;  // events or values of one group
inline constexpr std::size_t kCorrelationStagesMax = 10;     // of temporal and temporal_ordered

// Resolves the rules of type correlation among the rules that are compiled already, checks them,
// and says in those what they feed.
class CorrelationCompiler {
 public:
  // Both are borrowed.
  CorrelationCompiler(RuleSet::Parts& parts, std::vector<Diagnostic>& diagnostics)
      : parts_(parts), diagnostics_(diagnostics) {}

  void Compile();
  // Correlations of Sigma documents that cannot be evaluated, by their ids, and why. They are off.
  std::map<std::string, sigma::Problem> refused() && { return std::move(refused_); }

 private:
  // The types of what groups have in common, by place in CompiledCorrelation::names.
  using Types = std::vector<ValueType>;

  void FindIds();
  bool ResolveStages(std::uint32_t rule, CompiledCorrelation& out);
  bool CheckStages(const Rule& rule);
  // In the order of the correlations that look at each other; those of a cycle are reported.
  std::vector<std::uint32_t> Order();
  bool Visit(std::uint32_t rule, std::vector<std::uint32_t>& path,
             std::vector<std::uint32_t>& order);
  void FailForBase(std::uint32_t rule);
  bool CheckAliases(const Rule& rule);
  bool FindGroup(const Rule& rule, CompiledCorrelation& out);
  bool FindValue(const Rule& rule, CompiledCorrelation& out);
  // The value that a stage has under a name; absent after reporting.
  struct Found {
    ValueSource source;
    ValueType type = ValueType::kText;
  };
  std::optional<Found> Find(const Rule& rule, const CompiledCorrelation::Stage& stage,
                            const SourceText& name);
  bool CheckThreshold(const Rule& rule, CompiledCorrelation& out);
  bool CheckCount(const Rule& rule, CompiledCorrelation& out);
  void Emit(CompiledCorrelation correlation);
  void SetSilent();

  // Returns false. One of a Sigma document is refused; any other is an error.
  bool Fail(const Rule& rule, const SourceText& place, std::string_view message);
  void Warn(const SourceText& place, std::string_view message);

  RuleSet::Parts& parts_;
  std::vector<Diagnostic>& diagnostics_;
  std::map<std::string_view, std::uint32_t> ids_;
  std::vector<std::string_view> known_;
  std::map<std::uint32_t, CompiledCorrelation> resolved_;  // by rule
  std::map<std::uint32_t, Types> types_;                   // by rule
  enum class Mark : std::uint8_t { kNew, kOpen, kDone };
  std::map<std::uint32_t, Mark> marks_;
  std::vector<bool> generates_;                // by rule
  std::set<std::string, std::less<>> failed_;  // ids
  std::map<std::string, sigma::Problem> refused_;
};

// False: no value fulfils all of it. `real`: the value may lie between two whole numbers.
bool CanHold(const CompiledCorrelation::Threshold& threshold, bool real);

}  // namespace randguard

#endif  // ANALYZER_RULES_COMPILE_CORRELATION_COMPILER_H_

// SPDX-License-Identifier: Apache-2.0
//
// Sigma files to rules. Each document is loaded, or its outcome says why not; one that is wrong
// costs no other one.
#ifndef ANALYZER_RULES_SIGMA_LOADER_H_
#define ANALYZER_RULES_SIGMA_LOADER_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/rules/match/rule_tree.h"
#include "analyzer/rules/match/sigma_report.h"
#include "analyzer/rules/sigma/correlation.h"
#include "analyzer/rules/sigma/detection.h"
#include "analyzer/rules/sigma/document.h"
#include "analyzer/rules/sigma/mapping.h"
#include "analyzer/rules/sigma/regex_pool.h"

namespace randguard::sigma {

// A rule whose names are resolved; the compiler does the rest.
struct LoadedRule {
  Rule rule;
  std::string name;  // by which filters and correlations may call it; may be empty
  RuleTree tree;
  const LogSource* source = nullptr;  // of the mapping
  std::size_t outcome = 0;            // in the report
};

// A correlation whose rules and fields are resolved.
struct LoadedCorrelation {
  Rule rule;
  std::size_t outcome = 0;
};

class Loader {
 public:
  // Borrowed. `taken`: ids of other rules, and where these are.
  Loader(const Config& config, const Mapping& mapping,
         const std::map<std::string, std::string, std::less<>>& taken);

  // Reads every file. The report has an outcome for each document then, and `rules` those that are
  // loaded. The compiler may still turn some of them down.
  void Run();

  std::vector<LoadedRule>& rules() { return rules_; }
  // When it is known which of these rules can be evaluated: the correlations of rules that are
  // loaded. The others are reported.
  std::vector<LoadedCorrelation> ResolveCorrelations();
  SigmaReport& report() { return report_; }

  // A document is not loaded, for this reason.
  void Refuse(std::size_t outcome, const Problem& problem);

  // To be called when each outcome is final: doubts about what is loaded.
  void AddDoubts();

 private:
  struct Filter {
    Document document;
    std::size_t outcome = 0;
    const LogSource* source = nullptr;
    Detection detection;
    std::vector<std::string> rules;  // ids or names; none: all of the log source
    std::set<std::string> found;
  };
  void ReadFile(const ConfigSource& file);
  void Take(Document document, std::size_t outcome);
  void AddFilter(Document document, std::size_t outcome, const LogSource* source);
  struct PendingCorrelation {
    Document document;
    std::size_t outcome = 0;
    CorrelationRule correlation;
  };
  void AddCorrelation(Document document, std::size_t outcome);
  // Why the correlation cannot be resolved yet: the first rule that is not loaded.
  std::optional<Problem> MissingBase(const PendingCorrelation& pending) const;
  void AddRule(const Document& document, std::size_t outcome, const LogSource* source);
  // The rules without those that no filter fits.
  void ApplyFilters();
  // The places of the rules that the filter is about, in `rules_`.
  std::vector<std::size_t> RulesOf(
      Filter& filter, const std::map<std::string_view, std::vector<std::size_t>>& by_name) const;
  // False after refusing the rule.
  bool AddFilters(LoadedRule& rule, const std::vector<const Filter*>& filters);
  static Rule MetadataOf(const Document& document, RuleType type);

  // Why the configuration does not ask for the document; empty: it does.
  std::string FilteredOut(const Document& document) const;
  void LeaveOut(std::size_t outcome, SourcePosition position, std::string group,
                std::string reason);

  const Config& config_;
  const Mapping& mapping_;
  const std::map<std::string, std::string, std::less<>>& taken_;
  const std::set<std::string, std::less<>> disabled_;
  std::map<std::string, std::string, std::less<>> ids_;  // of documents, and where they are
  std::vector<std::unique_ptr<Filter>> filters_;
  std::vector<LoadedRule> rules_;
  RegexPool regexes_;
  std::size_t file_values_ = 0;  // of the file that is being read
  std::vector<PendingCorrelation> correlations_;
  CorrelationBases bases_;
  // For correlations: what rules are called, and what they look at.
  struct Named {
    std::string id, name;
    const LogSource* source = nullptr;
    std::size_t outcome = 0;
  };
  std::vector<Named> named_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> obsoleted_;  // id: outcomes
  SigmaReport report_;
};

// "product: linux, category: x"
std::string DescribeLogSource(const Document& document);

}  // namespace randguard::sigma

#endif  // ANALYZER_RULES_SIGMA_LOADER_H_

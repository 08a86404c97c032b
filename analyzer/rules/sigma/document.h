// SPDX-License-Identifier: Apache-2.0
//
// A Sigma document's words about itself, whatever it is: a rule, a filter or a correlation.
#ifndef ANALYZER_RULES_SIGMA_DOCUMENT_H_
#define ANALYZER_RULES_SIGMA_DOCUMENT_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/rules/match/sigma_report.h"
#include "analyzer/rules/sigma/problem.h"
#include "analyzer/source/yaml_document.h"

namespace randguard::sigma {

struct Document {
  SigmaOutcome::Kind kind = SigmaOutcome::Kind::kRule;
  std::string file;
  SourcePosition position;     // where it begins
  SourcePosition id_position;  // of the id; without one, of the title
  std::string id, title, name, description, author;
  std::optional<SigmaStatus> status;
  std::optional<Severity> level;
  std::vector<std::string> references, tags, false_positives;
  std::vector<std::string> obsoletes;  // ids of rules that this one takes the place of
  struct {
    std::string product, category, service;
    SourcePosition position;
  } log_source;
  YamlNode root;  // all of it
};

// Fills in what can be read, also where the result is a problem: a report names the document then.
std::optional<Problem> ReadDocument(YamlNode root, const std::string& file, Document& out);

}  // namespace randguard::sigma

#endif  // ANALYZER_RULES_SIGMA_DOCUMENT_H_

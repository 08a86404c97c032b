// SPDX-License-Identifier: Apache-2.0
//
// The outcomes of the documents in Sigma files: each is loaded, or there is a reason why not.
#ifndef ANALYZER_RULES_MATCH_SIGMA_REPORT_H_
#define ANALYZER_RULES_MATCH_SIGMA_REPORT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/event/reports.h"
#include "analyzer/source/source_text.h"

namespace randguard {

struct SigmaOutcome {
  enum class State : std::uint8_t { kLoaded, kFiltered, kUnsupported, kBroken };
  enum class Kind : std::uint8_t { kRule, kFilter, kCorrelation };

  State state = State::kLoaded;
  Kind kind = Kind::kRule;
  std::string id;     // empty: it has none
  std::string title;  // likewise
  std::string file;
  SourcePosition position;  // of the reason; of what is loaded, of the document
  // Why it is not loaded. `group` is the same for all documents left out for one reason, without
  // what is theirs alone.
  std::string group, reason;
  // Doubts about a loaded one, each with the line.
  std::vector<std::pair<SourcePosition, std::string>> doubts;
};

class SigmaReport {
 public:
  SigmaOutcome& Add(SigmaOutcome outcome) {
    documents_.push_back(std::move(outcome));
    return documents_.back();
  }
  // Counts what the documents are by then.
  void Finish() {
    counts_ = {};
    for (const SigmaOutcome& outcome : documents_) {
      switch (outcome.state) {
        case SigmaOutcome::State::kLoaded:
          ++counts_.loaded;
          break;
        case SigmaOutcome::State::kFiltered:
          ++counts_.filtered;
          break;
        case SigmaOutcome::State::kUnsupported:
          ++counts_.unsupported;
          break;
        case SigmaOutcome::State::kBroken:
          ++counts_.broken;
          break;
      }
    }
  }

  std::vector<SigmaOutcome>& documents() { return documents_; }
  const std::vector<SigmaOutcome>& documents() const { return documents_; }
  const SigmaHealth& counts() const { return counts_; }

 private:
  std::vector<SigmaOutcome> documents_;
  SigmaHealth counts_;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_MATCH_SIGMA_REPORT_H_

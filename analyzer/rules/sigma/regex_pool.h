// SPDX-License-Identifier: Apache-2.0
//
// The regular expressions of Sigma files, each compiled once, however many rules have it (a
// filter's are in each rule that it is about).
#ifndef ANALYZER_RULES_SIGMA_REGEX_POOL_H_
#define ANALYZER_RULES_SIGMA_REGEX_POOL_H_

#include <cstddef>
#include <map>
#include <string>
#include <variant>

#include "analyzer/rules/match/predicate.h"

namespace randguard::sigma {

class RegexPool {
 public:
  // Most steps that the programs of one file have. A few bytes, "(a{1,900})", make thousands, and
  // the compiler is busy with each for a microsecond.
  static constexpr std::size_t kStepsMax = 8192;

  // From now on, expressions are counted as those of another file.
  void BeginFile() { steps_ = 0; }

  // Or why there is none, as a part of a sentence.
  std::variant<Regex, std::string> Get(const std::string& pattern);

 private:
  std::map<std::string, Regex, std::less<>> compiled_;
  std::size_t steps_ = 0;
};

}  // namespace randguard::sigma

#endif  // ANALYZER_RULES_SIGMA_REGEX_POOL_H_

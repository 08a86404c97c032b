// SPDX-License-Identifier: Apache-2.0
//
// The `correlation` of a Sigma document.
#ifndef ANALYZER_RULES_SIGMA_CORRELATION_H_
#define ANALYZER_RULES_SIGMA_CORRELATION_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/rules/sigma/mapping.h"
#include "analyzer/rules/sigma/problem.h"
#include "analyzer/source/yaml_document.h"

namespace randguard::sigma {

// As it is written: rules by their ids or names, fields by Sigma's names.
std::variant<CorrelationRule, Problem> ReadCorrelation(const YamlNode& correlation,
                                                       const std::string& file);

// The rules that are loaded, for correlations to look at.
class CorrelationBases {
 public:
  struct Base {
    std::string id;
    const LogSource* source = nullptr;             // of a Sigma rule
    const CorrelationRule* correlation = nullptr;  // of a correlation; neither: a rule of our own
  };
  // `name` may be empty. An id goes before a name that is spelt alike.
  void Add(const std::string& id, const std::string& name, const Base& base);
  // Null: nothing that is loaded is called so.
  const Base* Find(std::string_view id_or_name) const;

 private:
  std::map<std::string, Base, std::less<>> by_id_;
  std::map<std::string, std::string, std::less<>> by_name_;
};

// Puts ids in the place of names, and aliases with the sensor's own fields in the place of Sigma's.
// All rules are known to `bases`.
std::optional<Problem> Resolve(const CorrelationBases& bases, const Mapping& mapping,
                               CorrelationRule& rule);

}  // namespace randguard::sigma

#endif  // ANALYZER_RULES_SIGMA_CORRELATION_H_

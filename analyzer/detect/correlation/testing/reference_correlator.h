// SPDX-License-Identifier: Apache-2.0
//
// Correlations evaluated in the slow, obvious way, for tests: everything is remembered, and each
// match looks through all of it. Shares nothing with the product but the configuration.
#ifndef ANALYZER_DETECT_CORRELATION_TESTING_REFERENCE_CORRELATOR_H_
#define ANALYZER_DETECT_CORRELATION_TESTING_REFERENCE_CORRELATOR_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/config/config.h"

namespace randguard::testing {

// An event, by the rules that match it.
struct ReferenceEvent {
  std::uint64_t time_ns = 0;
  std::vector<std::string> rules;
  std::map<std::string, std::string> fields;  // as shown; what is not here is absent
};

struct ReferenceFired {
  std::string rule;
  std::uint64_t time_ns = 0;
  std::string group;  // "name=value;" for each
  std::uint64_t total = 0;
  std::uint64_t first_ns = 0;  // of the first match that it rests on; 0: not compared
  bool operator==(const ReferenceFired&) const = default;
};

class ReferenceCorrelator {
 public:
  // Rules of type correlation, each behind those that it looks at.
  explicit ReferenceCorrelator(std::vector<Rule> correlations);

  // `events` by time. Time gets to `end_ns`.
  std::vector<ReferenceFired> Run(const std::vector<ReferenceEvent>& events, std::uint64_t end_ns);

 private:
  struct Match {
    std::uint64_t time_ns = 0;
    std::vector<bool> stages;
    std::string value;
  };
  struct Group {
    std::vector<Match> history;  // since it last fired
    std::optional<std::uint64_t> folded_until_ns;
    std::map<std::string, std::string> values;
  };
  struct Found {
    std::uint64_t total = 0, first_ns = 0;
  };

  // An event for the correlations that come: rules that match, and, for each that is a
  // correlation, the values of its group.
  struct Occasion {
    std::uint64_t time_ns = 0;
    std::map<std::string, std::map<std::string, std::string>> rules;
  };
  void Handle(Occasion occasion, std::size_t from);
  void EndAbsences(std::uint64_t before_ns);
  std::optional<Found> Evaluate(const Rule& rule, const Group& group) const;
  void Fire(const Rule& rule, Group& group, const std::string& key, std::uint64_t time_ns,
            Found found);

  const std::vector<Rule> rules_;
  std::vector<std::map<std::string, Group>> groups_;  // by correlation
  std::vector<ReferenceFired> fired_;
};

}  // namespace randguard::testing

#endif  // ANALYZER_DETECT_CORRELATION_TESTING_REFERENCE_CORRELATOR_H_

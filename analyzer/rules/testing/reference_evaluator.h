// SPDX-License-Identifier: Apache-2.0
//
// For tests: conditions evaluated the slow and obvious way, from their syntax tree and the event's
// line of output, with nothing compiled, folded, indexed or remembered. And random conditions to
// hold against it.
#ifndef ANALYZER_RULES_TESTING_REFERENCE_EVALUATOR_H_
#define ANALYZER_RULES_TESTING_REFERENCE_EVALUATOR_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/rules/language/condition.h"

namespace randguard::testing {

// A field of a line: its elements; a single value is a list of one. Null values are left out.
struct ReferenceValue {
  enum class Form : std::uint8_t { kText, kNumber };
  Form form = Form::kText;
  bool list = false;
  std::vector<std::string> texts;
  std::vector<Number> numbers;  // booleans are 0 and 1
};
using ReferenceEvent = std::map<std::string, ReferenceValue>;  // by dotted name

// Reads a line of output.
ReferenceEvent ParseLine(std::string_view line);

bool Evaluate(const Condition& condition, const ReferenceEvent& event);

// Conditions at random: `next(n)` gives a number below n. Values are taken from the events, so that
// they hold now and then.
class RandomConditions {
 public:
  using Next = std::function<std::size_t(std::size_t)>;
  RandomConditions(Next next, const std::vector<ReferenceEvent>& events);

  std::string Make(std::size_t depth = 4);

 private:
  std::string Comparison();
  std::string NumberComparison(const std::string& field, const std::vector<Number>& seen,
                               bool list);
  std::string TextComparison(const std::string& field, const std::vector<std::string>& seen,
                             bool list);
  std::string Text(const std::vector<std::string>& seen);
  std::string Part(const std::vector<std::string>& seen);
  std::string Number10(const std::vector<Number>& seen);
  template <typename Make>
  std::string List(Make&& make);

  struct Field {
    std::string name;
    bool boolean = false, number = false, list = false;
    std::vector<std::string> texts;
    std::vector<Number> numbers;
  };

  Next next_;
  std::vector<Field> fields_;
};

}  // namespace randguard::testing

#endif  // ANALYZER_RULES_TESTING_REFERENCE_EVALUATOR_H_

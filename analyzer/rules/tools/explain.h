// SPDX-License-Identifier: Apache-2.0
//
// Why a rule fired or did not: its condition as a tree, with what held of an event and the values
// that were seen.
#ifndef ANALYZER_RULES_TOOLS_EXPLAIN_H_
#define ANALYZER_RULES_TOOLS_EXPLAIN_H_

#include <string>

#include "analyzer/rules/match/matcher.h"
#include "analyzer/rules/match/rule_set.h"

namespace randguard {

class Explanation {
 public:
  // The matcher has just been given the event. All are borrowed for the call.
  Explanation(const CompiledRule& rule, Matcher& matcher, const EventView& event);

  // The rule's condition as it is written, evaluated word by word.
  bool fires() const { return fires_; }
  bool looked_at() const { return looked_at_; }  // false: the rule is not about such events
  // Lines of "+" (held) and "-" (did not), indented.
  const std::string& text() const { return text_; }
  // The first comparison that kept the rule from firing; empty if it fires.
  const std::string& first_missing() const { return missing_; }

 private:
  bool Part(const TreePart& part);
  bool Node(std::uint32_t id, std::size_t depth, bool wanted);
  std::string Named(const TreeNode& node) const;
  bool Leaf(const TreeNode& node, std::size_t depth, bool wanted);
  void Line(std::size_t depth, bool held, std::string_view text, std::string_view value);

  const CompiledRule& rule_;
  Matcher& matcher_;
  const EventView& event_;
  bool fires_ = true, looked_at_ = true;
  std::string text_, missing_;
};

// A value for people: quoted, cut when it is long.
std::string FormatValue(const Value& value);

}  // namespace randguard

#endif  // ANALYZER_RULES_TOOLS_EXPLAIN_H_

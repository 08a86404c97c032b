// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/tools/rule_cases.h"

#include <simdjson.h>

#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/rules/tools/rule_tests.h"
#include "analyzer/rules/tools/sigma_text.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

constexpr std::size_t kLineMax = 1 << 20;  // bytes
constexpr std::size_t kBeforeMax = 64;

using simdjson::dom::element;

// A table of fields, or a text that holds one.
absl::Status ReadEvent(std::string_view key, element value, TestEvent& out) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    out.json.text = std::string(text);
  } else if (value.is_object()) {
    out.json.text = simdjson::minify(value);
  } else {
    return InvalidInput("%s: expected an object", key);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RuleCase> ParseRuleCase(std::string_view line) {
  if (line.size() > kLineMax) return InvalidInput("longer than %d bytes", kLineMax);
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  const auto error = parser.parse(line.data(), line.size()).get(object);
  if (error != simdjson::SUCCESS) {
    return InvalidInput("not a JSON object: %s", simdjson::error_message(error));
  }
  RuleCase out;
  std::optional<bool> fires;
  bool has_event = false;
  for (const auto& [key, value] : object) {
    if (key == "rule") {
      std::string_view id;
      if (value.get(id) != simdjson::SUCCESS) return InvalidInput("rule: expected the rule's id");
      out.rule = std::string(id);
    } else if (key == "event" || key == "json") {
      if (std::exchange(has_event, true)) return InvalidInput("event and json: one of them");
      RG_RETURN_IF_ERROR(ReadEvent(key, value, out.test.event));
    } else if (key == "before") {
      simdjson::dom::array list;
      if (value.get(list) != simdjson::SUCCESS || list.size() > kBeforeMax) {
        return InvalidInput("before: expected a list of at most %d events", kBeforeMax);
      }
      for (const element one : list) {
        RG_RETURN_IF_ERROR(ReadEvent(key, one, out.test.before.emplace_back()));
      }
    } else if (key == "fires") {
      bool expected = false;
      if (value.get(expected) != simdjson::SUCCESS)
        return InvalidInput("fires: expected a boolean");
      fires = expected;
    }
  }
  if (out.rule.empty()) return InvalidInput("rule is missing: the rule's id");
  if (!has_event) return InvalidInput("event is missing");
  if (!fires.has_value()) return InvalidInput("fires is missing: whether the rule is to fire");
  out.test.fires = *fires;
  return out;
}

RuleCaseRunner::RuleCaseRunner(std::shared_ptr<const RuleSet> rules)
    : rules_(std::move(rules)), matcher_(rules_) {
  for (std::uint32_t index = 0; index < rules_->rules().size(); ++index) {
    const CompiledRule& compiled = rules_->rules()[index];
    if (!compiled.detection) by_id_.emplace(compiled.rule.id, index);
  }
  for (const SigmaOutcome& outcome : rules_->sigma().documents()) {
    if (outcome.state != SigmaOutcome::State::kLoaded) left_out_.emplace(outcome.id, &outcome);
  }
}

std::string RuleCaseRunner::WhyNotLoaded(const std::string& id) const {
  const auto found = left_out_.find(id);
  if (found == left_out_.end()) return "there is no such rule";
  return absl::StrFormat("%s: %s", StateName(found->second->state), found->second->group);
}

RuleCaseRunner::Result RuleCaseRunner::Run(std::string_view line) {
  const absl::StatusOr<RuleCase> parsed = ParseRuleCase(line);
  if (!parsed.ok()) return {Verdict::kWrong, Message(parsed.status())};
  const auto rule = by_id_.find(parsed->rule);
  if (rule == by_id_.end()) return {Verdict::kNotLoaded, WhyNotLoaded(parsed->rule)};
  const absl::StatusOr<bool> fired = RunRuleTest(matcher_, rule->second, parsed->test);
  if (!fired.ok()) {
    return {Verdict::kWrong, absl::StrFormat("%s: %s", parsed->rule, Message(fired.status()))};
  }
  if (*fired == parsed->test.fires) return {};
  return {Verdict::kWrong,
          absl::StrFormat("%s: the rule %s", parsed->rule, *fired ? "fires" : "does not fire")};
}

}  // namespace randguard

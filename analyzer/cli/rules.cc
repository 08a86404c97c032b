// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard rules test|lint|list|fields|explain`.
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/capture/capture_reader.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/setup.h"
#include "analyzer/config/names.h"
#include "analyzer/config/rule_checks.h"
#include "analyzer/confine/confine.h"
#include "analyzer/detect/detector.h"
#include "analyzer/ingest/replay.h"
#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/pipeline/pipeline.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/rules/tools/event_fixture.h"
#include "analyzer/rules/tools/explain.h"
#include "analyzer/rules/tools/rule_tests.h"
#include "analyzer/source/reporter.h"

namespace randguard::cli {
namespace {

constexpr std::size_t kShownMax = 10;  // events of a capture that are explained in full

void Print(const std::string& text) { std::fputs(text.c_str(), stdout); }

std::string Joined(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
  return EscapedForTerminal(out);
}

// The same rules, all of them on: those that are off can be tested and explained, too.
std::shared_ptr<const RuleSet> CompileAllOn(Config config) {
  for (Rule& rule : config.rules) rule.enabled = rule.enabled || !IsIncomplete(rule);
  std::vector<Diagnostic> diagnostics;  // reported already
  return CompileRules(config, diagnostics);
}

absl::StatusOr<std::size_t> FindRule(const Config& config, const RuleSet& rules,
                                     const std::string& id) {
  for (const Rule& rule : config.rules) {
    if (rule.id == id && IsIncomplete(rule)) {
      return InvalidInput("the rule %s is incomplete; rand-guard check says what it lacks",
                          Quoted(id));
    }
  }
  std::vector<std::string_view> known;
  for (std::size_t i = 0; i < rules.rules().size(); ++i) {
    const CompiledRule& compiled = rules.rules()[i];
    if (compiled.detection) continue;
    if (compiled.rule.id == id) return i;
    known.emplace_back(compiled.rule.id);
  }
  return InvalidInput("there is no rule %s%s", Quoted(id), DidYouMean(id, known));
}

std::string Title(const Rule& rule) {
  return absl::StrFormat("%s %s", EscapedForTerminal(rule.id), Quoted(rule.name));
}

int ExplainEvent(const std::shared_ptr<const RuleSet>& rules, std::size_t index,
                 const std::string& json) {
  TestEvent event;
  event.json.text = json;
  EventFixture fixture;
  const auto view = fixture.View(event);
  if (!view.ok()) return Fail(view.status());
  Matcher matcher(rules);
  const auto fired = matcher.Match(*view);
  const bool fires = std::find(fired.begin(), fired.end(), index) != fired.end();
  const CompiledRule& rule = rules->rules()[index];
  const Explanation explanation(rule, matcher, *view);
  Print(absl::StrFormat("%s: %s\n", Title(rule.rule),
                        fires                     ? "fires"
                        : explanation.looked_at() ? "does not fire"
                                                  : "does not look at such events"));
  Print(explanation.text());
  return 0;
}

// Prints each event of a capture that made the rule fire, or what kept the rule from firing.
class CaptureExplainer {
 public:
  CaptureExplainer(std::shared_ptr<const RuleSet> rules, std::size_t index)
      : rule_(rules->rules()[index]), index_(index), matcher_(std::move(rules)) {}

  void See(const EventView& event, std::span<const std::uint32_t> fired) {
    if (rule_.roots[event.event_class] == ExpressionPool::kFalse) return;
    ++looked_at_;
    matcher_.Begin(event);
    const Explanation explanation(rule_, matcher_, event);
    if (std::find(fired.begin(), fired.end(), index_) == fired.end()) {
      ++missing_[explanation.first_missing()];
      return;
    }
    if (++fired_ > kShownMax) return;
    Print(absl::StrFormat("%s of pid %d (%s) at %d ns fires:\n", event.event_type, event.actor->pid,
                          EscapedForTerminal(event.actor->comm), event.actor->timestamp_ns));
    Print(explanation.text());
  }

  void Summarize() const {
    Print(absl::StrFormat("%s: looked at %d events, fired for %d%s\n", Title(rule_.rule),
                          looked_at_, fired_, fired_ > kShownMax ? "; the first are shown" : ""));
    std::vector<std::pair<std::uint64_t, std::string>> missing;
    for (const auto& [words, count] : missing_) missing.emplace_back(count, words);
    std::sort(missing.rbegin(), missing.rend());
    if (!missing.empty()) Print("what kept it from firing, by what was missing first:\n");
    for (const auto& [count, words] : missing) {
      Print(absl::StrFormat("%10d  %s\n", count, words.empty() ? "(the events' type)" : words));
    }
  }

 private:
  const CompiledRule& rule_;
  const std::size_t index_;
  Matcher matcher_;
  std::uint64_t looked_at_ = 0, fired_ = 0;
  std::map<std::string, std::uint64_t> missing_;
};

absl::Status ExplainCapture(const Config& config, const std::shared_ptr<const RuleSet>& rules,
                            std::size_t index, const std::string& path) {
  RG_ASSIGN_OR_RETURN(CaptureReader reader, CaptureReader::Open(path));
  RG_ASSIGN_OR_RETURN(LineSink out, LineSink::File("/dev/null"));
  Config detecting = config;
  detecting.agent.mode = AgentMode::kDetect;
  Pipeline pipeline(detecting, out, rules);
  CaptureExplainer explainer(rules, index);
  RG_RETURN_IF_ERROR(ConfineReader());
  pipeline.detector().SetObserver(
      [&](const EventView& event, std::span<const std::uint32_t> fired) {
        explainer.See(event, fired);
      });
  absl::Status status =
      ReplayCapture(reader, pipeline, out, [](const absl::Status& s) { Say(Message(s)); });
  explainer.Summarize();
  return status;
}

// The values of a field that has a closed set of them: those of all events at once, or set by set
// with the events that have it.
std::string ValueLines(const FieldInfo& field) {
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  std::vector<std::pair<std::string, std::vector<std::string>>> sets;
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    if (field.read[event_class] == nullptr) continue;
    const ValueList* meanings = field.meanings[event_class];
    const auto& values = field.values[event_class];
    std::string text = meanings != nullptr
                           ? Listed(*meanings)
                           : Joined(std::vector<std::string>(values.begin(), values.end()));
    const auto known =
        std::find_if(sets.begin(), sets.end(), [&](const auto& set) { return set.first == text; });
    auto& set = known != sets.end()
                    ? *known
                    : sets.emplace_back(std::move(text), std::vector<std::string>());
    set.second.emplace_back(catalogue.classes()[event_class].name);
  }
  std::string lines;
  for (const auto& [values, classes] : sets) {
    if (values.empty()) continue;
    absl::StrAppendFormat(&lines, "    values%s%s: %s\n", sets.size() == 1 ? "" : " in ",
                          sets.size() == 1 ? "" : Joined(classes), values);
  }
  return lines;
}

}  // namespace

int RulesTest(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments);
  if (!loaded.has_value()) return 1;
  const auto rules = CompileAllOn(loaded->config);
  if (rules == nullptr) return Fail(InvalidInput("the rules do not compile when all are on"));
  const RuleTestResults results = RunRuleTests(rules);
  for (const Diagnostic& d : results.failures) {
    LogDiagnostic(LogLevel::kError, FormatDiagnostic(d));
  }
  if (!results.untested.empty()) {
    Print("without a case that fires and one that does not: " + Joined(results.untested) + "\n");
  }
  Print(absl::StrFormat("%d tests, %d failed\n", results.tests, results.failures.size()));
  return results.failures.empty() ? 0 : 1;
}

int RulesLint(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments, Report::kLint);
  if (!loaded.has_value()) return 1;
  Print(absl::StrFormat("%d rules, %d of them on with the built-in ones\n",
                        loaded->config.rules.size(), loaded->rules->enabled()));
  return 0;
}

int RulesList(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments, Report::kErrors);
  if (!loaded.has_value()) return 1;
  const auto print = [](const Rule& rule) {
    Print(absl::StrFormat("%-26s %-3s %-8s %-8s %s%s%s%s%s\n", EscapedForTerminal(rule.id),
                          rule.enabled ? "on" : "off", Name(rule.type), Name(rule.severity),
                          EscapedForTerminal(rule.name), IsIncomplete(rule) ? " (incomplete)" : "",
                          rule.tags.empty() ? "" : "  [", Joined(rule.tags),
                          rule.tags.empty() ? "" : "]"));
  };
  for (const CompiledRule& compiled : loaded->rules->rules()) {
    if (!compiled.detection) print(compiled.rule);
  }
  for (const Rule& rule : loaded->config.rules) {
    if (IsIncomplete(rule)) print(rule);  // nothing was compiled of it
  }
  return 0;
}

int RulesFields(const Arguments&) {
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  std::vector<const FieldInfo*> fields;
  for (const FieldInfo& field : catalogue.fields()) fields.push_back(&field);
  std::sort(fields.begin(), fields.end(),
            [](const FieldInfo* a, const FieldInfo* b) { return a->name < b->name; });
  for (const FieldInfo* field : fields) {
    std::vector<std::string> classes;
    std::size_t events = 0;
    for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
      if (!catalogue.classes()[event_class].event_types.empty()) ++events;
      if (field->read[event_class] != nullptr) {
        classes.emplace_back(catalogue.classes()[event_class].name);
      }
    }
    Print(absl::StrFormat("%s\n    %s%s; in %s\n    %s\n%s", field->name, TypeName(field->type),
                          field->address ? ", an address" : "",
                          classes.size() == events ? "all events" : Joined(classes), field->doc,
                          ValueLines(*field)));
  }
  return 0;
}

int RulesExplain(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments, Report::kErrors);
  if (!loaded.has_value()) return 1;
  const auto rules = CompileAllOn(loaded->config);
  if (rules == nullptr) return Fail(InvalidInput("the rules do not compile when all are on"));
  const auto index = FindRule(loaded->config, *rules, arguments.operands()[0]);
  if (!index.ok()) return Fail(index.status());
  if (const auto event = arguments.Value(option::kEvent)) {
    return ExplainEvent(rules, *index, *event);
  }
  const absl::Status status =
      ExplainCapture(loaded->config, rules, *index, *arguments.Value(option::kCapture));
  return status.ok() ? 0 : Fail(status);
}

}  // namespace randguard::cli

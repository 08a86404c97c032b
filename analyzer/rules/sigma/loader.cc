// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/sigma/loader.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>
#include <variant>

#include "absl/strings/str_format.h"
#include "analyzer/config/names.h"
#include "analyzer/rules/sigma/tree_builder.h"
#include "analyzer/source/reporter.h"
#include "analyzer/source/yaml_document.h"

namespace randguard::sigma {
namespace {

constexpr std::size_t kFilterRulesMax = 10000;
// How often filters are added to rules, in all and those of one file: a file of filters for any
// rule, and one of rules, would have millions of pairs.
constexpr std::size_t kFilterUsesMax = 32768;
constexpr std::size_t kFileFilterUsesMax = 8192;
// Values of one file, with all ways in which modifiers have them written: a few bytes of windash
// stand for hundreds.
constexpr std::size_t kFileValuesMax = 16384;
constexpr std::size_t kDocumentsMax = 2048;  // of one file
// A rule that names no level is neither harmless nor urgent.
constexpr Severity kLevelWithout = Severity::kMedium;

std::string Where(const std::string& file, SourcePosition position) {
  return absl::StrFormat("%s:%d", file, position.line);
}

}  // namespace

std::string DescribeLogSource(const Document& document) {
  std::string out;
  const auto add = [&](std::string_view key, const std::string& value) {
    if (value.empty()) return;
    absl::StrAppendFormat(&out, "%s%s: %s", out.empty() ? "" : ", ", key, value);
  };
  add("product", document.log_source.product);
  add("category", document.log_source.category);
  add("service", document.log_source.service);
  return out.empty() ? "empty" : out;
}

Loader::Loader(const Config& config, const Mapping& mapping,
               const std::map<std::string, std::string, std::less<>>& taken)
    : config_(config),
      mapping_(mapping),
      taken_(taken),
      disabled_(config.sigma.disable.begin(), config.sigma.disable.end()) {}

void Loader::Run() {
  for (const Diagnostic& unreadable : config_.sigma_sources.unreadable) {
    SigmaOutcome outcome;
    outcome.state = SigmaOutcome::State::kBroken;
    outcome.file = unreadable.file;
    outcome.group = outcome.reason = unreadable.message;
    report_.Add(std::move(outcome));
  }
  for (const ConfigSource& file : config_.sigma_sources.files) ReadFile(file);
  ApplyFilters();  // which may come behind the rules that they are about
}

void Loader::ReadFile(const ConfigSource& file) {
  YamlStream stream = ParseYaml(file.text);
  std::size_t number = 0;
  file_values_ = 0;
  regexes_.BeginFile();
  for (YamlNode& root : stream.documents) {
    Document document;
    std::optional<Problem> problem = ReadDocument(std::move(root), file.name, document);
    SigmaOutcome outcome;
    outcome.kind = document.kind;
    outcome.title = document.title;
    outcome.file = file.name;
    outcome.position = document.position;
    ++number;
    if (document.id.empty()) {  // so that it can be named
      document.id = std::filesystem::path(file.name).stem().string().substr(0, 100);
      if (number > 1) absl::StrAppendFormat(&document.id, "#%d", number);
    }
    outcome.id = document.id;
    report_.Add(std::move(outcome));
    const std::size_t index = report_.documents().size() - 1;
    if (!problem.has_value() && number > kDocumentsMax) {
      problem = Unsupported(document.position,
                            absl::StrFormat("more than %d documents in a file", kDocumentsMax));
    }
    if (problem.has_value()) {
      Refuse(index, *problem);
      continue;
    }
    Take(std::move(document), index);
  }
  if (stream.error.has_value()) stream.refused.push_back(*std::move(stream.error));
  for (const YamlError& error : stream.refused) {
    SigmaOutcome outcome;
    outcome.state = SigmaOutcome::State::kBroken;
    outcome.file = file.name;
    outcome.position = error.position;
    outcome.group = outcome.reason = error.message;
    report_.Add(std::move(outcome));
  }
}

void Loader::Refuse(std::size_t outcome, const Problem& problem) {
  SigmaOutcome& out = report_.documents()[outcome];
  out.state = problem.kind == Problem::Kind::kBroken ? SigmaOutcome::State::kBroken
                                                     : SigmaOutcome::State::kUnsupported;
  if (problem.position.line != 0) out.position = problem.position;
  out.group = problem.group;
  out.reason = problem.message;
}

void Loader::LeaveOut(std::size_t outcome, SourcePosition position, std::string group,
                      std::string reason) {
  SigmaOutcome& out = report_.documents()[outcome];
  out.state = SigmaOutcome::State::kFiltered;
  out.position = position;
  out.group = std::move(group);
  out.reason = std::move(reason);
}

std::string Loader::FilteredOut(const Document& document) const {
  if (disabled_.contains(document.id)) return "id in sigma.disable";
  if (document.kind == SigmaOutcome::Kind::kFilter) return "";
  const SigmaConfig& sigma = config_.sigma;
  if (document.level.value_or(kLevelWithout) < sigma.min_level) {
    return absl::StrFormat("level %s, below sigma.min_level",
                           Name(document.level.value_or(kLevelWithout)));
  }
  const bool any_status = sigma.status.empty() || !document.status.has_value();
  if (!any_status &&
      std::find(sigma.status.begin(), sigma.status.end(), *document.status) == sigma.status.end()) {
    return absl::StrFormat("status %s, not in sigma.status", Name(*document.status));
  }
  return "";
}

void Loader::Take(Document document, std::size_t outcome) {
  if (std::string why = FilteredOut(document); !why.empty()) {
    LeaveOut(outcome, document.position, why, why);
    return;
  }
  if (document.id.starts_with("BUILTIN-")) {
    Refuse(outcome, Broken(document.id_position, "ids that begin with BUILTIN- are reserved"));
    return;
  }
  const auto taken = taken_.find(document.id);
  const std::string place = Where(document.file, document.id_position);
  const auto [first, is_new] = ids_.try_emplace(document.id, place);
  if (!is_new || taken != taken_.end()) {
    Problem problem = Broken(
        document.id_position,
        absl::StrFormat("id %s is already taken by %s; ids must be unique", Quoted(document.id),
                        taken != taken_.end() ? taken->second : first->second));
    problem.group = "id that is already taken";
    Refuse(outcome, problem);
    return;
  }
  if (document.kind == SigmaOutcome::Kind::kCorrelation) {
    AddCorrelation(std::move(document), outcome);
    return;
  }
  const auto& log = document.log_source;
  const LogSource* source = mapping_.Find(log.product, log.category, log.service);
  if (source == nullptr) {
    const std::string name = DescribeLogSource(document);
    LeaveOut(outcome, log.position, absl::StrFormat("log source (%s)", name),
             absl::StrFormat("log source (%s): this sensor records no such events", name));
    return;
  }
  if (document.kind == SigmaOutcome::Kind::kFilter) {
    AddFilter(std::move(document), outcome, source);
  } else {
    AddRule(document, outcome, source);
  }
}

void Loader::AddCorrelation(Document document, std::size_t outcome) {
  auto read = ReadCorrelation(*document.root.Find("correlation"), document.file);
  if (const auto* problem = std::get_if<Problem>(&read)) return Refuse(outcome, *problem);
  correlations_.push_back(
      {std::move(document), outcome, std::get<CorrelationRule>(std::move(read))});
}

std::optional<Problem> Loader::MissingBase(const PendingCorrelation& pending) const {
  for (const SourceText& rule : pending.correlation.rules) {
    if (bases_.Find(rule.text) != nullptr) continue;
    return Unsupported(rule.At(0), "correlation of rules that are not loaded",
                       absl::StrFormat("%s is not loaded, or looks at this correlation itself",
                                       Quoted(rule.text)));
  }
  return std::nullopt;
}

std::vector<LoadedCorrelation> Loader::ResolveCorrelations() {
  for (const Named& rule : named_) {
    if (report_.documents()[rule.outcome].state != SigmaOutcome::State::kLoaded) continue;
    bases_.Add(rule.id, rule.name, {rule.id, rule.source, nullptr});
  }
  for (const Rule& rule : config_.rules) {
    const bool correlation = rule.type == RuleType::kCorrelation;
    bases_.Add(rule.id, "", {rule.id, nullptr, correlation ? &rule.correlation : nullptr});
  }
  // Those that look at others come behind these, whatever their order in the files.
  std::vector<LoadedCorrelation> out;
  for (bool more = true; more;) {
    more = false;
    for (PendingCorrelation& pending : correlations_) {
      const Document& document = pending.document;
      SigmaOutcome& outcome = report_.documents()[pending.outcome];
      if (outcome.state != SigmaOutcome::State::kLoaded || bases_.Find(document.id) != nullptr ||
          MissingBase(pending).has_value()) {
        continue;
      }
      LoadedCorrelation& loaded = out.emplace_back();
      loaded.outcome = pending.outcome;
      loaded.rule = MetadataOf(document, RuleType::kCorrelation);
      loaded.rule.correlation = pending.correlation;
      if (const auto problem = Resolve(bases_, mapping_, loaded.rule.correlation)) {
        Refuse(pending.outcome, *problem);
        out.pop_back();
        continue;
      }
      bases_.Add(document.id, document.name, {document.id, nullptr, &pending.correlation});
      more = true;
    }
  }
  for (const PendingCorrelation& pending : correlations_) {
    if (report_.documents()[pending.outcome].state != SigmaOutcome::State::kLoaded) continue;
    if (bases_.Find(pending.document.id) == nullptr) {
      Refuse(pending.outcome, *MissingBase(pending));
    }
  }
  return out;
}

void Loader::AddFilter(Document document, std::size_t outcome, const LogSource* source) {
  static constexpr std::array<std::string_view, 1> kRules = {"rules"};
  auto filter = std::make_unique<Filter>();
  const YamlNode& node = *document.root.Find("filter");
  auto detection = ReadDetection(node, config_.placeholders, kRules);
  if (const auto* problem = std::get_if<Problem>(&detection)) return Refuse(outcome, *problem);
  const YamlNode* rules = node.Find("rules");
  const bool one = rules != nullptr && rules->type == YamlNode::Type::kScalar && !rules->IsNull();
  const bool any = one && rules->text == "any";
  if (one && !any) filter->rules.push_back(rules->text);
  if (rules == nullptr ||
      (!one && (rules->items.empty() || rules->items.size() > kFilterRulesMax))) {
    return Refuse(
        outcome,
        Broken(node.position,
               absl::StrFormat("filter: rules is missing: an id, a list of 1 to %d ids, or any",
                               kFilterRulesMax)));
  }
  for (const YamlNode& rule : rules->items) {
    if (rule.type != YamlNode::Type::kScalar) {
      return Refuse(outcome, Broken(rule.position, "filter: rules are named by their ids"));
    }
    filter->rules.push_back(rule.text);
  }
  // Whether its fields are known shows here, not only when a rule is found for it.
  RuleTree tree;
  TreeBuilder builder(mapping_, regexes_, *source, tree);
  filter->detection = std::get<Detection>(std::move(detection));
  if (const auto problem = builder.Add(filter->detection, document.file, document.title)) {
    return Refuse(outcome, *problem);
  }
  filter->document = std::move(document);
  filter->outcome = outcome;
  filter->source = source;
  filters_.push_back(std::move(filter));
}

Rule Loader::MetadataOf(const Document& document, RuleType type) {
  Rule rule;
  rule.id = document.id;
  rule.name = document.title;
  rule.type = type;
  rule.severity = document.level.value_or(kLevelWithout);
  rule.description = document.description;
  rule.author = document.author;
  rule.tags = document.tags;
  rule.references = document.references;
  rule.false_positives = document.false_positives;
  rule.origin = RuleSource::kSigma;
  rule.status = document.status;
  rule.source = SourceText{document.id, document.file, {{0, document.id_position}}, false};
  return rule;
}

void Loader::AddRule(const Document& document, std::size_t outcome, const LogSource* source) {
  const YamlNode* node = document.root.Find("detection");
  if (node == nullptr) {
    return Refuse(outcome, Broken(document.position, "the detection is missing"));
  }
  const auto refuse_values = [&] {
    Refuse(outcome, Unsupported(document.position,
                                absl::StrFormat("more than %d values in a file", kFileValuesMax)));
  };
  if (file_values_ > kFileValuesMax) return refuse_values();  // before any more are made
  auto read = ReadDetection(*node, config_.placeholders, {});
  if (const auto* problem = std::get_if<Problem>(&read)) return Refuse(outcome, *problem);
  file_values_ += std::get<Detection>(read).values;
  if (file_values_ > kFileValuesMax) return refuse_values();
  LoadedRule loaded;
  TreeBuilder builder(mapping_, regexes_, *source, loaded.tree);
  if (const auto problem = builder.Add(std::get<Detection>(read), document.file)) {
    return Refuse(outcome, *problem);
  }
  loaded.rule = MetadataOf(document, source->type);
  loaded.name = document.name;
  named_.push_back({document.id, document.name, source, outcome});
  loaded.source = source;
  loaded.outcome = outcome;
  for (const std::string& id : document.obsoletes) obsoleted_[id].push_back(outcome);
  rules_.push_back(std::move(loaded));
}

std::vector<std::size_t> Loader::RulesOf(
    Filter& filter, const std::map<std::string_view, std::vector<std::size_t>>& by_name) const {
  std::vector<std::size_t> out;
  if (filter.rules.empty()) {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (rules_[i].source == filter.source) out.push_back(i);
    }
    return out;
  }
  for (const std::string& name : filter.rules) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) continue;
    filter.found.insert(name);
    out.insert(out.end(), found->second.begin(), found->second.end());
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void Loader::ApplyFilters() {
  if (filters_.empty()) return;
  std::map<std::string_view, std::vector<std::size_t>> by_name;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    by_name[rules_[i].rule.id].push_back(i);
    if (!rules_[i].name.empty()) by_name[rules_[i].name].push_back(i);
  }
  std::vector<std::vector<const Filter*>> of_rule(rules_.size());
  std::size_t uses = 0;
  std::map<std::string_view, std::size_t> uses_of_file;
  for (const auto& filter : filters_) {
    const std::vector<std::size_t> about = RulesOf(*filter, by_name);
    // A large filter costs each of its rules more than a small one.
    const std::size_t more = about.size() * (1 + filter->detection.values / 16);
    std::size_t& of_file = uses_of_file[filter->document.file];
    const bool in_file = of_file + more > kFileFilterUsesMax;
    if (in_file || uses + more > kFilterUsesMax) {
      Refuse(filter->outcome,
             Unsupported(filter->document.position,
                         absl::StrFormat("filters with more than %d uses in rules%s",
                                         in_file ? kFileFilterUsesMax : kFilterUsesMax,
                                         in_file ? ", in one file" : ""),
                         "name the rules that the filter is about"));
      continue;
    }
    uses += more;
    of_file += more;
    for (const std::size_t rule : about) of_rule[rule].push_back(filter.get());
  }
  std::vector<LoadedRule> rules = std::move(rules_);
  rules_.clear();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (AddFilters(rules[i], of_rule[i])) rules_.push_back(std::move(rules[i]));
  }
}

bool Loader::AddFilters(LoadedRule& rule, const std::vector<const Filter*>& filters) {
  for (const Filter* filter : filters) {
    TreeBuilder builder(mapping_, regexes_, *rule.source, rule.tree);
    const auto problem =
        builder.Add(filter->detection, filter->document.file, filter->document.title);
    if (!problem.has_value()) continue;
    // The filter stands for another log source, and asks for a field that this one lacks.
    Refuse(rule.outcome,
           Broken(rule.rule.source.At(0),
                  absl::StrFormat("the filter at %s does not fit it: %s",
                                  Where(filter->document.file, filter->document.position),
                                  problem->message)));
    return false;
  }
  return true;
}

void Loader::AddDoubts() {
  std::map<std::string_view, std::size_t> loaded;
  auto& documents = report_.documents();
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (documents[i].state == SigmaOutcome::State::kLoaded) loaded.emplace(documents[i].id, i);
  }
  for (const auto& [id, by] : obsoleted_) {
    const auto old = loaded.find(id);
    if (old == loaded.end()) continue;
    for (const std::size_t index : by) {
      const SigmaOutcome& newer = documents[index];
      if (newer.state != SigmaOutcome::State::kLoaded) continue;
      SigmaOutcome& older = documents[old->second];
      older.doubts.emplace_back(
          older.position, absl::StrFormat("it is obsolete: %s (%s) takes its place, and is loaded, "
                                          "too; add it to sigma.disable",
                                          newer.id, Where(newer.file, newer.position)));
    }
  }
  for (const auto& filter : filters_) {
    for (const std::string& rule : filter->rules) {
      if (filter->found.contains(rule)) continue;
      SigmaOutcome& outcome = documents[filter->outcome];
      outcome.doubts.emplace_back(
          outcome.position,
          absl::StrFormat("it is about the rule %s, which is not loaded", Quoted(rule)));
    }
  }
}

}  // namespace randguard::sigma

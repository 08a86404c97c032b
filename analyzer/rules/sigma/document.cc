// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/sigma/document.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/config/names.h"
#include "analyzer/config/value_checks.h"
#include "analyzer/rules/match/predicate.h"
#include "analyzer/source/reporter.h"

namespace randguard::sigma {
namespace {

constexpr std::size_t kListMax = 1024;  // references, tags and such

std::string Stripped(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin));
}

class DocumentReader {
 public:
  DocumentReader(const YamlNode& root, Document& out) : root_(root), out_(out) {}

  std::optional<Problem> Run() {
    if (root_.type != YamlNode::Type::kMapping) {
      Fail(root_.position,
           absl::StrFormat("a document of Sigma is a mapping; this is a %s", TypeName(root_.type)));
      return std::move(problem_);
    }
    out_.kind = root_.Find("correlation") != nullptr ? SigmaOutcome::Kind::kCorrelation
                : root_.Find("filter") != nullptr    ? SigmaOutcome::Kind::kFilter
                                                     : SigmaOutcome::Kind::kRule;
    // The names of the document come first, so that any problem has its name.
    out_.id = Text("id", CheckLabel);
    out_.title = Text("title", CheckName);
    const YamlNode* id = root_.Find(out_.id.empty() ? "title" : "id");
    out_.id_position = id == nullptr ? root_.position : id->position;
    if (problem_.has_value()) return std::move(problem_);
    if (root_.Find("action") != nullptr) {
      return Unsupported(root_.Find("action")->position, "collection of rules by action",
                         "write each rule as a document of its own");
    }
    if (out_.title.empty()) Fail(root_.position, "the title is missing");
    ReadRest();
    return std::move(problem_);
  }

 private:
  void Fail(SourcePosition position, const std::string& message) {
    if (!problem_.has_value()) problem_ = Broken(position, message);
  }

  // Empty: there is none.
  std::string Text(std::string_view key, ValueCheck check) {
    const YamlNode* node = root_.Find(key);
    if (node == nullptr || node->IsNull()) return "";
    if (node->type != YamlNode::Type::kScalar) {
      Fail(node->position,
           absl::StrFormat("%s: expected a text, found a %s", key, TypeName(node->type)));
      return "";
    }
    std::string text = Stripped(node->text);
    const std::string wrong = text.empty() ? "" : check(text);
    if (wrong.empty()) return text;
    Fail(node->position, absl::StrFormat("%s: %s %s", key, Quoted(text), wrong));
    return "";
  }

  // A list of texts, or one text.
  std::vector<std::string> Texts(std::string_view key) {
    std::vector<std::string> out;
    const YamlNode* node = root_.Find(key);
    if (node == nullptr || node->IsNull()) return out;
    const auto add = [&](const YamlNode& item) {
      if (item.IsNull()) return;
      if (item.type != YamlNode::Type::kScalar) {
        Fail(item.position,
             absl::StrFormat("%s: expected a text, found a %s", key, TypeName(item.type)));
      } else {
        out.push_back(item.text);
      }
    };
    if (node->type != YamlNode::Type::kSequence) {
      add(*node);
      return out;
    }
    if (node->items.size() > kListMax) {
      Fail(node->position, absl::StrFormat("%s: more than %d items", key, kListMax));
      return out;
    }
    for (const YamlNode& item : node->items) add(item);
    return out;
  }

  template <typename E>
  std::optional<E> Choice(std::string_view key) {
    const std::string text = Folded(Text(key, CheckLabel));
    if (text.empty()) return std::nullopt;
    const auto found = FindNamed<E>(text);
    if (!found.has_value()) {
      Fail(root_.Find(key)->position, absl::StrFormat("%s: %s is none of %s", key, Quoted(text),
                                                      QuotedList(EnumTraits<E>::kNames)));
    }
    return found;
  }

  void ReadRest() {
    out_.name = Text("name", CheckLabel);
    out_.description = Text("description", CheckLongProse);
    for (const std::string& one : Texts("author")) {  // a list in some collections
      out_.author += (out_.author.empty() ? "" : ", ") + one;
    }
    out_.status = Choice<SigmaStatus>("status");
    out_.level = Choice<Severity>("level");
    out_.references = Texts("references");
    out_.tags = Texts("tags");
    out_.false_positives = Texts("falsepositives");
    const std::string taxonomy = Text("taxonomy", CheckLabel);
    if (!taxonomy.empty() && taxonomy != "sigma" && !problem_.has_value()) {
      problem_ = Unsupported(root_.Find("taxonomy")->position,
                             absl::StrFormat("taxonomy %s", Quoted(taxonomy)),
                             "names of fields are those of \"sigma\"");
    }
    ReadRelated();
    if (out_.kind != SigmaOutcome::Kind::kCorrelation) ReadLogSource();
  }

  void ReadRelated() {
    const YamlNode* related = root_.Find("related");
    if (related == nullptr) return;
    for (const YamlNode& one : related->items) {
      const YamlNode* id = one.Find("id");
      const YamlNode* type = one.Find("type");
      if (id == nullptr || type == nullptr) continue;
      if (type->text == "obsolete" || type->text == "obsoletes") out_.obsoletes.push_back(id->text);
    }
  }

  void ReadLogSource() {
    const YamlNode* source = root_.Find("logsource");
    out_.log_source.position = source == nullptr ? root_.position : source->position;
    if (source == nullptr || source->type != YamlNode::Type::kMapping) {
      Fail(out_.log_source.position, "the logsource is missing: where the rule's events come from");
      return;
    }
    for (const YamlMember& member : source->members) {
      if (member.value.type != YamlNode::Type::kScalar || member.value.IsNull()) continue;
      if (member.key == "product") out_.log_source.product = member.value.text;
      if (member.key == "category") out_.log_source.category = member.value.text;
      if (member.key == "service") out_.log_source.service = member.value.text;
    }
  }

  const YamlNode& root_;
  Document& out_;
  std::optional<Problem> problem_;
};

}  // namespace

std::optional<Problem> ReadDocument(YamlNode root, const std::string& file, Document& out) {
  out.root = std::move(root);
  out.file = file;
  out.position = out.root.position;
  return DocumentReader(out.root, out).Run();
}

}  // namespace randguard::sigma

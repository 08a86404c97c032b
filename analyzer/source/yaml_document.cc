// SPDX-License-Identifier: Apache-2.0
#include "analyzer/source/yaml_document.h"

#include <yaml.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_format.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

// Frees what libyaml made.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event_); }
  yaml_event_t* get() { return &event_; }
  const yaml_event_t* operator->() const { return &event_; }

 private:
  yaml_event_t event_{};
};

SourcePosition PositionOf(const yaml_mark_t& mark) {
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

class Parser {
 public:
  explicit Parser(std::string_view text) {
    ready_ = yaml_parser_initialize(&parser_) == 1;
    if (!ready_) return;
    // Not guessed by the first bytes.
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  ~Parser() {
    if (ready_) yaml_parser_delete(&parser_);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  YamlStream Run() {
    while (!done_ && Step()) {
    }
    return std::move(stream_);
  }

 private:
  // A sequence or mapping that is not complete yet.
  struct Open {
    YamlNode node;
    bool has_key = false;  // of a mapping: its value comes next
    std::string key;
    SourcePosition key_position;
    absl::flat_hash_set<std::string> keys;
  };

  bool Fail(SourcePosition position, std::string message) {
    stream_.error = YamlError{position, std::move(message)};
    return false;
  }

  // The rest of the document is passed over.
  bool Refuse(SourcePosition position, std::string message) {
    stream_.refused.push_back({position, std::move(message)});
    passed_depth_ = open_.size();
    open_.clear();
    refusing_ = true;
    return true;
  }

  // The limits of a file hold there, too: what is nested deeper takes libyaml long.
  bool PassOver(yaml_event_type_t type, SourcePosition position) {
    const bool begins = type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
    const bool ends = type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
    if (ends) {  // perhaps of the one that was refused, which was not counted
      passed_depth_ -= std::min<std::size_t>(passed_depth_, 1);
      return true;
    }
    if (begins && ++passed_depth_ > kYamlNestingMax) return FailNesting(position);
    return ++nodes_ <= kYamlNodesMax || FailNodes(position);
  }

  bool FailNesting(SourcePosition position) {
    return Fail(position, absl::StrFormat("nested more than %d deep; nothing behind it is read",
                                          kYamlNestingMax));
  }

  bool FailNodes(SourcePosition position) {
    return Fail(position, absl::StrFormat("more than %d keys and values", kYamlNodesMax));
  }

  bool FailParsing() {
    if (!ready_ || parser_.error == YAML_MEMORY_ERROR) return Fail({}, "no memory to read it");
    if (parser_.error == YAML_READER_ERROR) {
      const auto line = static_cast<std::uint32_t>(parser_.mark.line + 1);
      return Fail({line, 1}, absl::StrFormat("not YAML: %s near byte %d",
                                             parser_.problem == nullptr ? "" : parser_.problem,
                                             parser_.problem_offset));
    }
    const std::string_view context = parser_.context == nullptr ? "" : parser_.context;
    return Fail(PositionOf(parser_.problem_mark),
                absl::StrFormat("not YAML: %s%s%s; nothing behind it is read", context,
                                context.empty() ? "" : ": ",
                                parser_.problem == nullptr ? "" : parser_.problem));
  }

  bool Step() {
    Event event;
    if (!ready_ || yaml_parser_parse(&parser_, event.get()) != 1) return FailParsing();
    const SourcePosition position = PositionOf(event->start_mark);
    if (event->type == YAML_DOCUMENT_END_EVENT) refusing_ = false;
    if (refusing_) return PassOver(event->type, position);
    switch (event->type) {
      case YAML_STREAM_END_EVENT:
        done_ = true;
        return true;
      case YAML_DOCUMENT_START_EVENT: {
        const auto& start = event->data.document_start;
        if (start.version_directive != nullptr ||
            start.tag_directives.start != start.tag_directives.end) {
          return Refuse(position, "directives (%YAML, %TAG) are not taken");
        }
        if (++documents_ > kYamlDocumentsMax) {
          return Fail(position, absl::StrFormat("more than %d documents", kYamlDocumentsMax));
        }
        return true;
      }
      case YAML_ALIAS_EVENT:
        return Refuse(position, "aliases (*name) are not taken: write the value itself");
      case YAML_SCALAR_EVENT: {
        const auto& scalar = event->data.scalar;
        YamlNode node;
        node.plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
        node.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
        if (node.text.find('\0') != node.text.npos) return Refuse(position, "a text holds a NUL");
        if (!CheckNode(scalar.anchor, scalar.tag, position)) return false;
        return refusing_ || Take(std::move(node), position);
      }
      case YAML_SEQUENCE_START_EVENT:
        return CheckNode(event->data.sequence_start.anchor, event->data.sequence_start.tag,
                         position) &&
               (refusing_ || Enter(YamlNode::Type::kSequence, position));
      case YAML_MAPPING_START_EVENT:
        return CheckNode(event->data.mapping_start.anchor, event->data.mapping_start.tag,
                         position) &&
               (refusing_ || Enter(YamlNode::Type::kMapping, position));
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT: {
        YamlNode node = std::move(open_.back().node);
        open_.pop_back();
        const SourcePosition begin = node.position;
        return Take(std::move(node), begin);
      }
      default:
        return true;
    }
  }

  bool CheckNode(const yaml_char_t* anchor, const yaml_char_t* tag, SourcePosition position) {
    if (anchor != nullptr) return Refuse(position, "anchors (&name) are not taken");
    if (tag != nullptr) return Refuse(position, "tags (!name) are not taken");
    return ++nodes_ <= kYamlNodesMax || FailNodes(position);
  }

  bool Enter(YamlNode::Type type, SourcePosition position) {
    if (open_.size() >= kYamlNestingMax) return FailNesting(position);
    if (!open_.empty() && open_.back().node.type == YamlNode::Type::kMapping &&
        !open_.back().has_key) {
      return Refuse(position, "a key must be a text");
    }
    Open& open = open_.emplace_back();
    open.node.type = type;
    open.node.position = position;
    return true;
  }

  // A value that is complete goes to where it belongs.
  bool Take(YamlNode node, SourcePosition position) {
    node.position = position;
    if (open_.empty()) {
      const bool empty = node.type == YamlNode::Type::kScalar && node.IsNull();
      if (!empty) stream_.documents.push_back(std::move(node));
      return true;
    }
    Open& open = open_.back();
    if (open.node.type == YamlNode::Type::kSequence) {
      open.node.items.push_back(std::move(node));
      return true;
    }
    if (!open.has_key) {
      if (!open.keys.insert(node.text).second) {
        return Refuse(position, absl::StrFormat("the key %s comes twice", Quoted(node.text)));
      }
      open.key = std::move(node.text);
      open.key_position = position;
      open.has_key = true;
      return true;
    }
    open.has_key = false;
    open.node.members.push_back({std::move(open.key), open.key_position, std::move(node)});
    return true;
  }

  yaml_parser_t parser_{};
  bool ready_ = false, done_ = false;
  bool refusing_ = false;         // until the document's end
  std::size_t passed_depth_ = 0;  // in what is passed over
  std::size_t nodes_ = 0, documents_ = 0;
  std::vector<Open> open_;
  YamlStream stream_;
};

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const YamlMember& member) { return member.key == key; });
  return found == members.end() ? nullptr : &found->value;
}

bool YamlNode::IsNull() const {
  static constexpr std::array<std::string_view, 5> kNulls = {"", "~", "null", "Null", "NULL"};
  return type == Type::kScalar && plain &&
         std::find(kNulls.begin(), kNulls.end(), text) != kNulls.end();
}

std::string_view TypeName(YamlNode::Type type) {
  switch (type) {
    case YamlNode::Type::kScalar:
      return "scalar";
    case YamlNode::Type::kSequence:
      return "sequence";
    case YamlNode::Type::kMapping:
      return "mapping";
  }
  return "";
}

YamlStream ParseYaml(std::string_view text) {
  YamlStream stream;
  if (text.size() > kYamlFileMax) {
    stream.error = YamlError{{}, absl::StrFormat("larger than %d bytes", kYamlFileMax)};
    return stream;
  }
  if (const std::size_t nul = text.find('\0'); nul != text.npos) {
    const auto line =
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n');
    stream.error = YamlError{{static_cast<std::uint32_t>(line + 1), 1}, "holds a NUL byte"};
    return stream;
  }
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return Parser(text).Run();
}

}  // namespace randguard

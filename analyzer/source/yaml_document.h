// SPDX-License-Identifier: Apache-2.0
//
// YAML text as a plain tree in which every key and value has its position. This is the only place
// that knows libyaml. Scalars stay as they are written: `no`, `0777` and `12:30` are texts.
//
// Anchors, aliases, tags and directives are refused: they make one text stand for another, or trees
// of unbounded size of a few bytes. So is a key that comes twice.
#ifndef ANALYZER_SOURCE_YAML_DOCUMENT_H_
#define ANALYZER_SOURCE_YAML_DOCUMENT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/source/source_text.h"

namespace randguard {

// Limits of one file.
inline constexpr std::size_t kYamlFileMax = 1 << 20;  // bytes
inline constexpr std::size_t kYamlNestingMax = 16;    // sequences and mappings in each other
inline constexpr std::size_t kYamlNodesMax = 65536;   // scalars, sequences and mappings
inline constexpr std::size_t kYamlDocumentsMax = 10000;

struct YamlMember;

struct YamlNode {
  enum class Type { kScalar, kSequence, kMapping };
  Type type = Type::kScalar;
  bool plain = false;  // a scalar without quotes, not a block
  std::string text;    // of a scalar
  std::vector<YamlNode> items;
  std::vector<YamlMember> members;  // in the order of the text
  SourcePosition position;

  // Null: there is no such member, or this is no mapping.
  const YamlNode* Find(std::string_view key) const;
  // `null`, `~` or nothing at all, without quotes.
  bool IsNull() const;
};

struct YamlMember {
  std::string key;
  SourcePosition position;
  YamlNode value;
};

// "scalar", "sequence", "mapping"
std::string_view TypeName(YamlNode::Type type);

struct YamlError {
  SourcePosition position;
  std::string message;
};

// Documents up to the first error, if there is one. Empty documents are left out.
struct YamlStream {
  std::vector<YamlNode> documents;
  // Documents that are YAML, and have something that is not taken: what, and where.
  std::vector<YamlError> refused;
  std::optional<YamlError> error;
};

YamlStream ParseYaml(std::string_view text);

}  // namespace randguard

#endif  // ANALYZER_SOURCE_YAML_DOCUMENT_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_RULES_SIGMA_PROBLEM_H_
#define ANALYZER_RULES_SIGMA_PROBLEM_H_

#include <string>
#include <string_view>
#include <utility>

#include "analyzer/source/source_text.h"

namespace randguard::sigma {

// Why a document cannot be loaded.
struct Problem {
  enum class Kind { kBroken, kUnsupported };
  Kind kind = Kind::kBroken;
  SourcePosition position;
  // The part that problems of this kind have in common: "modifier \"utf8\"". May be the same as
  // message.
  std::string group;
  std::string message;
};

inline Problem Broken(SourcePosition position, const std::string& message) {
  return {Problem::Kind::kBroken, position, message, message};
}

// `group` names the construct, `remedy` may say what to do.
inline Problem Unsupported(SourcePosition position, std::string group,
                           std::string_view remedy = "") {
  std::string message = group;
  if (!remedy.empty()) message.append("; ").append(remedy);
  return {Problem::Kind::kUnsupported, position, std::move(group), std::move(message)};
}

}  // namespace randguard::sigma

#endif  // ANALYZER_RULES_SIGMA_PROBLEM_H_

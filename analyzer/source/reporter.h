// SPDX-License-Identifier: Apache-2.0
//
// Collects what is wrong with one file, and words that several checks share.
#ifndef ANALYZER_SOURCE_REPORTER_H_
#define ANALYZER_SOURCE_REPORTER_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/terminal_text.h"
#include "analyzer/source/diagnostic.h"
#include "analyzer/source/source_text.h"

namespace randguard {

class Reporter {
 public:
  // Both are borrowed; `diagnostics` may be shared by several files.
  Reporter(std::string_view file, std::string_view text, std::vector<Diagnostic>& diagnostics);

  void Error(std::size_t offset, std::string_view message);
  void Warning(std::size_t offset, std::string_view message);

  // A string value of the file, with its place.
  SourceText Locate(std::size_t offset, std::string_view value) const;
  SourcePosition PositionOf(std::size_t offset) const;
  // "file:line" of an offset.
  std::string Where(std::size_t offset) const;

 private:
  void Add(std::size_t offset, Diagnostic::Severity severity, std::string_view message);
  std::size_t LineOf(std::size_t offset) const;

  std::string file_;
  std::string_view text_;
  std::vector<std::size_t> line_starts_;
  std::vector<Diagnostic>& diagnostics_;
};

// Behind the message about a mistake that is only a warning for that reason.
inline constexpr std::string_view kRuleIsOff = " (a warning, because the rule is off)";

// Reports a mistake at an offset of a text that knows its position.
void ReportAt(const SourceText& text, std::size_t offset, Diagnostic::Severity severity,
              std::string_view message, std::vector<Diagnostic>& diagnostics);

// An error; a warning, if it is in a rule that is off.
void ReportMistake(const SourceText& text, std::size_t offset, std::string_view message, bool off,
                   std::vector<Diagnostic>& diagnostics);

// The value in double quotes, control characters escaped, cut when it is long.
std::string Quoted(std::string_view value);

// The known name nearest to `name`, if one is near enough for a typing mistake; otherwise empty.
std::string_view Nearest(std::string_view name, std::span<const std::string_view> known);

// "; did you mean "x"?", or nothing.
std::string DidYouMean(std::string_view name, std::span<const std::string_view> known);

// `"a", "b", "c"`
std::string QuotedList(std::span<const std::string_view> names);

}  // namespace randguard

#endif  // ANALYZER_SOURCE_REPORTER_H_

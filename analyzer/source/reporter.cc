// SPDX-License-Identifier: Apache-2.0
#include "analyzer/source/reporter.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

namespace randguard {
namespace {

constexpr std::size_t kQuotedMax = 80;
constexpr std::size_t kNameMax = 48;  // longer ones are not compared

// Damerau-Levenshtein distance (optimal string alignment), without regard to case: how many
// insertions, deletions, replacements and swaps of neighbours lead from a to b. Stops as soon as
// the result is sure to be above `limit`, and returns a number above `limit`.
std::size_t EditDistance(std::string_view a, std::string_view b, std::size_t limit) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) return limit + 1;
  const auto equal = [](char x, char y) {
    return absl::ascii_tolower(static_cast<unsigned char>(x)) ==
           absl::ascii_tolower(static_cast<unsigned char>(y));
  };
  // Rows of the table: the row of i in a, and the two rows before.
  std::array<std::array<std::size_t, kNameMax + 1>, 3> rows;
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& last = rows[(i + 2) % 3];
    const auto& before_last = rows[(i + 1) % 3];
    std::size_t least = row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (equal(a[i - 1], b[j - 1]) ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && equal(a[i - 1], b[j - 2]) && equal(a[i - 2], b[j - 1])) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
      least = std::min(least, row[j]);
    }
    if (least > limit) return limit + 1;  // no later row has less
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

void ReportAt(const SourceText& text, std::size_t offset, Diagnostic::Severity severity,
              std::string_view message, std::vector<Diagnostic>& diagnostics) {
  const SourcePosition position = text.At(offset);
  diagnostics.push_back({.file = text.file,
                         .line = position.line,
                         .column = position.column,
                         .severity = severity,
                         .message = EscapedForTerminal(message)});
}

void ReportMistake(const SourceText& text, std::size_t offset, std::string_view message, bool off,
                   std::vector<Diagnostic>& diagnostics) {
  if (!off) {
    ReportAt(text, offset, Diagnostic::Severity::kError, message, diagnostics);
    return;
  }
  ReportAt(text, offset, Diagnostic::Severity::kWarning,
           absl::StrFormat("%s%s", message, kRuleIsOff), diagnostics);
}

Reporter::Reporter(std::string_view file, std::string_view text,
                   std::vector<Diagnostic>& diagnostics)
    : file_(file), text_(text), line_starts_{0}, diagnostics_(diagnostics) {
  for (std::size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1)) {
    line_starts_.push_back(at + 1);
  }
}

void Reporter::Error(std::size_t offset, std::string_view message) {
  Add(offset, Diagnostic::Severity::kError, message);
}

void Reporter::Warning(std::size_t offset, std::string_view message) {
  Add(offset, Diagnostic::Severity::kWarning, message);
}

std::size_t Reporter::LineOf(std::size_t offset) const {
  return static_cast<std::size_t>(
      std::upper_bound(line_starts_.begin(), line_starts_.end(), offset) - line_starts_.begin());
}

SourcePosition Reporter::PositionOf(std::size_t offset) const {
  const std::size_t line = LineOf(offset);
  return {static_cast<std::uint32_t>(line),
          static_cast<std::uint32_t>(offset - line_starts_[line - 1] + 1)};
}

SourceText Reporter::Locate(std::size_t offset, std::string_view value) const {
  return LocateText(text_, offset, value, file_, [this](std::size_t at) { return PositionOf(at); });
}

std::string Reporter::Where(std::size_t offset) const {
  return absl::StrFormat("%s:%d", EscapedForTerminal(file_), LineOf(offset));
}

void Reporter::Add(std::size_t offset, Diagnostic::Severity severity, std::string_view message) {
  const SourcePosition position = PositionOf(offset);
  diagnostics_.push_back({.file = file_,
                          .line = position.line,
                          .column = position.column,
                          .severity = severity,
                          .message = EscapedForTerminal(message)});
}

std::string FormatDiagnostic(const Diagnostic& diagnostic) {
  const char* severity = diagnostic.severity == Diagnostic::Severity::kError ? "error" : "warning";
  const std::string file = EscapedForTerminal(diagnostic.file);
  if (diagnostic.line == 0)
    return absl::StrFormat("%s: %s: %s", file, severity, diagnostic.message);
  return absl::StrFormat("%s:%d:%d: %s: %s", file, diagnostic.line, diagnostic.column, severity,
                         diagnostic.message);
}

std::string Quoted(std::string_view value) {
  if (value.size() <= kQuotedMax) return absl::StrFormat("\"%s\"", EscapedForTerminal(value));
  std::size_t end = kQuotedMax;  // not in the middle of a UTF-8 sequence
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xc0) == 0x80) --end;
  return absl::StrFormat("\"%s...\"", EscapedForTerminal(value.substr(0, end)));
}

std::string_view Nearest(std::string_view name, std::span<const std::string_view> known) {
  if (name.empty() || name.size() > kNameMax) return {};
  std::string_view nearest;
  std::size_t best = kNameMax;
  for (const std::string_view candidate : known) {
    if (candidate.size() > kNameMax || best == 0) continue;
    const std::size_t limit = std::min(best - 1, std::max<std::size_t>(1, candidate.size() / 3));
    const std::size_t distance = EditDistance(name, candidate, limit);
    if (distance <= limit) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string DidYouMean(std::string_view name, std::span<const std::string_view> known) {
  const std::string_view nearest = Nearest(name, known);
  return nearest.empty() ? "" : absl::StrFormat("; did you mean \"%s\"?", nearest);
}

std::string QuotedList(std::span<const std::string_view> names) {
  std::string out;
  for (const std::string_view name : names) {
    absl::StrAppendFormat(&out, "%s\"%s\"", out.empty() ? "" : ", ", name);
  }
  return out;
}

}  // namespace randguard

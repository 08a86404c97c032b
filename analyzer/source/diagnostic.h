// SPDX-License-Identifier: Apache-2.0
//
// A mistake or a doubt in a text that a person wrote, with its place.
#ifndef ANALYZER_SOURCE_DIAGNOSTIC_H_
#define ANALYZER_SOURCE_DIAGNOSTIC_H_

#include <cstdint>
#include <string>

namespace randguard {

struct Diagnostic {
  enum class Severity { kWarning, kError };
  std::string file;
  std::uint32_t line = 0;    // from 1; 0: the file as a whole
  std::uint32_t column = 0;  // from 1, in bytes
  Severity severity = Severity::kError;
  std::string message;  // one line, control characters of the input are escaped
  bool operator==(const Diagnostic&) const = default;
};

// "file:line:column: error: message"; "file: error: message" for a file as a whole.
std::string FormatDiagnostic(const Diagnostic& diagnostic);

}  // namespace randguard

#endif  // ANALYZER_SOURCE_DIAGNOSTIC_H_

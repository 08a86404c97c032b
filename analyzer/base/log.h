// SPDX-License-Identifier: Apache-2.0
//
// Messages of the analyzer about itself, on stderr, by level. There is one level for the process,
// as there is one stderr. A message below the level is not even formatted.
//
// A line is "rand-guard: text"; where stderr is the journal, with the priority before it that the
// journal takes off ("<4>", sd-daemon(3)). The journal adds the time.
#ifndef ANALYZER_BASE_LOG_H_
#define ANALYZER_BASE_LOG_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"

namespace randguard {

enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError };

// Errors are said whatever the level is. kInfo until it is set.
void SetLogLevel(LogLevel level);
bool Logs(LogLevel level);

// One line; control characters in it are shown as \xNN, for much of the text is somebody else's.
void Log(LogLevel level, std::string_view text);

// The text is made only if the level has the message: Log(LogLevel::kDebug, "%d hooks", count).
template <typename... Args>
requires(sizeof...(Args) > 0) void Log(LogLevel level, const absl::FormatSpec<Args...>& format,
                                       const Args&... args) {
  if (Logs(level)) Log(level, absl::StrFormat(format, args...));
}

// Written before each message, for a terminal on which something else stands where it would go.
void SetLogPrefix(std::string_view prefix);

// A line that names its own place, "file:line:column: ...", in place of "rand-guard: ". Mistakes in
// the configuration are reported at any level; `level` only chooses the journal's priority.
void LogDiagnostic(LogLevel level, std::string_view text);

// Whether the service manager has connected this descriptor to the journal.
bool IsJournal(int fd);

// The line that Log() writes.
std::string LogLine(LogLevel level, std::string_view text, bool journal);

}  // namespace randguard

#endif  // ANALYZER_BASE_LOG_H_

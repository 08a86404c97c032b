// SPDX-License-Identifier: Apache-2.0
#include "analyzer/base/log.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "analyzer/base/terminal_text.h"

namespace randguard {
namespace {

LogLevel lowest = LogLevel::kInfo;

std::string& Before() {
  static std::string before;
  return before;
}

// Priorities of syslog(3).
char PriorityOf(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return '3';
    case LogLevel::kWarn:
      return '4';
    case LogLevel::kInfo:
      return '6';
    case LogLevel::kDebug:
    case LogLevel::kTrace:
      return '7';
  }
  return '3';
}

std::string_view PrefixOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "rand-guard: debug: ";
    case LogLevel::kTrace:
      return "rand-guard: trace: ";
    case LogLevel::kError:
    case LogLevel::kWarn:
    case LogLevel::kInfo:
      break;
  }
  return "rand-guard: ";
}

std::string Line(LogLevel level, std::string_view prefix, std::string_view text, bool journal) {
  std::string line;
  if (journal) line += {'<', PriorityOf(level), '>'};
  line += prefix;
  line += EscapedForTerminal(text);
  line += '\n';
  return line;
}

// In one write, so that lines of several processes do not mix. An error has nowhere to be reported,
// and neither has a reader of stderr who stands still; nothing else must wait for that reader.
void Write(const std::string& message) {
  const std::string line = Before() + message;
  constexpr int kPatienceMs = 1000;
  pollfd writable{STDERR_FILENO, POLLOUT, 0};
  if (poll(&writable, 1, kPatienceMs) == 0) return;
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t n = write(STDERR_FILENO, line.data() + done, line.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    done += static_cast<std::size_t>(n);
  }
}

bool StderrIsJournal() {
  static const bool is = IsJournal(STDERR_FILENO);
  return is;
}

}  // namespace

void SetLogPrefix(std::string_view prefix) { Before() = prefix; }

void SetLogLevel(LogLevel level) { lowest = level; }

bool Logs(LogLevel level) { return level >= lowest; }

void Log(LogLevel level, std::string_view text) {
  if (Logs(level)) Write(LogLine(level, text, StderrIsJournal()));
}

void LogDiagnostic(LogLevel level, std::string_view text) {
  Write(Line(level, "", text, StderrIsJournal()));
}

// The service manager says which file that is; the descriptor may be of another one by now
// (sd_journal_stream_fd(3)).
bool IsJournal(int fd) {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat st {};
  if (stream == nullptr || fstat(fd, &st) != 0) return false;
  return stream == absl::StrFormat("%d:%d", st.st_dev, st.st_ino);
}

std::string LogLine(LogLevel level, std::string_view text, bool journal) {
  return Line(level, PrefixOf(level), text, journal);
}

}  // namespace randguard

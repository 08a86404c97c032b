// SPDX-License-Identifier: Apache-2.0
#include "analyzer/base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace randguard {
namespace {

constexpr LogLevel kLevels[] = {LogLevel::kTrace, LogLevel::kDebug, LogLevel::kInfo,
                                LogLevel::kWarn, LogLevel::kError};

// The lines on stderr when this is the level and a message of each level is logged.
std::string SaidAt(LogLevel lowest) {
  SetLogLevel(lowest);
  ::testing::internal::CaptureStderr();
  for (const LogLevel level : kLevels) Log(level, "%d", static_cast<int>(level));
  SetLogLevel(LogLevel::kInfo);
  return ::testing::internal::GetCapturedStderr();
}

TEST(LogTest, ALevelSaysItselfAndWhatIsWorse) {
  EXPECT_EQ(SaidAt(LogLevel::kTrace),
            "rand-guard: trace: 0\nrand-guard: debug: 1\nrand-guard: 2\nrand-guard: 3\n"
            "rand-guard: 4\n");
  EXPECT_EQ(SaidAt(LogLevel::kDebug),
            "rand-guard: debug: 1\nrand-guard: 2\nrand-guard: 3\nrand-guard: 4\n");
  EXPECT_EQ(SaidAt(LogLevel::kInfo), "rand-guard: 2\nrand-guard: 3\nrand-guard: 4\n");
  EXPECT_EQ(SaidAt(LogLevel::kWarn), "rand-guard: 3\nrand-guard: 4\n");
  EXPECT_EQ(SaidAt(LogLevel::kError), "rand-guard: 4\n");
}

struct Formatted {
  int& times;
};
absl::FormatConvertResult<absl::FormatConversionCharSet::kString> AbslFormatConvert(
    const Formatted& value, const absl::FormatConversionSpec&, absl::FormatSink* sink) {
  ++value.times;
  sink->Append("x");
  return {true};
}

TEST(LogTest, WhatIsNotSaidIsNotFormatted) {
  int times = 0;
  ::testing::internal::CaptureStderr();
  Log(LogLevel::kDebug, "%s", Formatted{times});
  EXPECT_EQ(times, 0);
  Log(LogLevel::kInfo, "%s", Formatted{times});
  EXPECT_EQ(times, 1);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "rand-guard: x\n");
}

// Mistakes in the configuration are reported at any level.
TEST(LogTest, DiagnosticsHaveTheirOwnBeginningAndNoLevel) {
  ::testing::internal::CaptureStderr();
  SetLogLevel(LogLevel::kError);
  LogDiagnostic(LogLevel::kWarn, "a.toml:1:2: warning: text");
  Log(LogLevel::kWarn, "not a mistake");
  SetLogLevel(LogLevel::kInfo);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "a.toml:1:2: warning: text\n");
}

TEST(LogTest, TheJournalGetsAPriority) {
  const std::pair<LogLevel, const char*> expected[] = {
      {LogLevel::kError, "<3>rand-guard: a\n"},
      {LogLevel::kWarn, "<4>rand-guard: a\n"},
      {LogLevel::kInfo, "<6>rand-guard: a\n"},
      {LogLevel::kDebug, "<7>rand-guard: debug: a\n"},
      {LogLevel::kTrace, "<7>rand-guard: trace: a\n"}};
  for (const auto& [level, line] : expected) EXPECT_EQ(LogLine(level, "a", true), line);
}

TEST(LogTest, OneMessageIsOneLine) {
  EXPECT_EQ(LogLine(LogLevel::kInfo, "a\nrand-guard: b\x1b[2J\x7f", false),
            "rand-guard: a\\x0arand-guard: b\\x1b[2J\\x7f\n");
}

TEST(LogTest, TheJournalIsTheFileThatTheServiceManagerNames) {
  const int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  struct stat st {};
  ASSERT_EQ(fstat(fd, &st), 0);
  unsetenv("JOURNAL_STREAM");
  EXPECT_FALSE(IsJournal(fd));
  setenv("JOURNAL_STREAM", absl::StrFormat("%d:%d", st.st_dev, st.st_ino).c_str(), 1);
  EXPECT_TRUE(IsJournal(fd));
  setenv("JOURNAL_STREAM", absl::StrFormat("%d:%d", st.st_dev, st.st_ino + 1).c_str(), 1);
  EXPECT_FALSE(IsJournal(fd)) << "stderr was redirected";
  setenv("JOURNAL_STREAM", "", 1);
  EXPECT_FALSE(IsJournal(fd));
  unsetenv("JOURNAL_STREAM");
  EXPECT_FALSE(IsJournal(-1));
  close(fd);
}

}  // namespace
}  // namespace randguard

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/journal.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/support/fake_journal.h"

namespace randguard {
namespace {

using testing::FakeJournal;

AlertFields SomeAlert() {
  AlertFields alert;
  alert.severity = Severity::kHigh;
  alert.rule_id = "PROC-001";
  alert.rule_name = "Shell spawned by web server";
  alert.rule_type = "process";
  alert.source_event_type = "process_start";
  alert.agent_id = "sensor-7";
  alert.process_id = "56d29eedf88a403c-1412-139b416ce0";
  alert.comm = "sh";
  alert.exe_path = "/usr/bin/dash";
  alert.pid = 1412;
  alert.uid = 33;
  return alert;
}

Journal Connect(const FakeJournal& journal) {
  auto connected = Journal::Connect(journal.path());
  EXPECT_TRUE(connected.ok()) << connected.status();
  return *std::move(connected);
}

TEST(JournalTest, AlertIsAnEntryWithFields) {
  FakeJournal other_end;
  Journal journal = Connect(other_end);
  journal.Send(SomeAlert(), "{\"event_type\":\"alert\"}\n");
  const auto entry = other_end.Next();
  const auto is = [&](const char* name, const char* value) {
    EXPECT_EQ(entry.count(name), 1u) << name;
    if (entry.count(name) == 1) {
      EXPECT_EQ(entry.find(name)->second, value) << name;
    }
  };
  is("MESSAGE", "PROC-001: Shell spawned by web server (sh, pid 1412)");
  is("PRIORITY", "3");
  is("SYSLOG_IDENTIFIER", "rand-guard");
  is("RANDGUARD_RULE_ID", "PROC-001");
  is("RANDGUARD_SEVERITY", "high");
  is("RANDGUARD_AGENT_ID", "sensor-7");
  is("RANDGUARD_PID", "1412");
  is("RANDGUARD_UID", "33");
  is("RANDGUARD_EXE_PATH", "/usr/bin/dash");
  is("RANDGUARD_EVENT", "{\"event_type\":\"alert\"}");
  EXPECT_EQ(entry.count("RANDGUARD_PATH"), 0u);
  EXPECT_EQ(entry.count("RANDGUARD_PORT"), 0u);
  EXPECT_EQ(journal.failures(), 0u);
}

TEST(JournalTest, SeverityIsPriority) {
  FakeJournal other_end;
  Journal journal = Connect(other_end);
  const std::pair<Severity, const char*> expected[] = {{Severity::kCritical, "2"},
                                                       {Severity::kHigh, "3"},
                                                       {Severity::kMedium, "4"},
                                                       {Severity::kLow, "5"}};
  for (const auto& [severity, priority] : expected) {
    AlertFields alert = SomeAlert();
    alert.severity = severity;
    journal.Send(alert, "{}\n");
    EXPECT_EQ(other_end.Next().find("PRIORITY")->second, priority);
  }
}

// What a process is called is its own choice.
TEST(JournalTest, ValueCannotForgeAField) {
  FakeJournal other_end;
  Journal journal = Connect(other_end);
  AlertFields alert = SomeAlert();
  alert.comm = "x\nPRIORITY=7\nRANDGUARD_RULE_ID=fake";
  alert.path = std::string_view("/tmp/\0\n\xff", 8);
  journal.Send(alert, "{}\n");
  const auto entry = other_end.Next();
  EXPECT_EQ(entry.count("PRIORITY"), 1u);
  EXPECT_EQ(entry.count("RANDGUARD_RULE_ID"), 1u);
  EXPECT_EQ(entry.find("RANDGUARD_COMM")->second, alert.comm);
  EXPECT_EQ(entry.find("RANDGUARD_PATH")->second, *alert.path);
}

TEST(JournalTest, EntryThatIsTooLargeGoesWithoutTheEventAndSaysSo) {
  FakeJournal other_end;
  Journal journal = Connect(other_end);
  const std::string line(Journal::kMaxEntryBytes, 'x');
  journal.Send(SomeAlert(), line);
  const auto entry = other_end.Next();
  EXPECT_EQ(entry.count("RANDGUARD_EVENT"), 0u);
  ASSERT_EQ(entry.count("RANDGUARD_EVENT_OMITTED"), 1u);
  EXPECT_EQ(entry.find("RANDGUARD_EVENT_OMITTED")->second, "65536 bytes");
  EXPECT_EQ(journal.failures(), 0u);
}

TEST(JournalTest, WhatAJournalDoesNotTakeIsCounted) {
  FakeJournal other_end;
  Journal journal = Connect(other_end);
  unsigned sent = 0;
  while (journal.failures() == 0 && sent < 100'000) journal.Send(SomeAlert(), "{}\n"), ++sent;
  EXPECT_EQ(journal.failures(), 1u) << "nobody reads, so it is full at some point";
  journal.Send(SomeAlert(), "{}\n");
  EXPECT_EQ(journal.failures(), 2u);
  unsigned got = 0;
  while (!other_end.Next().empty()) ++got;
  EXPECT_EQ(got, sent - 1);
  journal.Send(SomeAlert(), "{}\n");
  EXPECT_EQ(journal.failures(), 2u) << "it works again";
  EXPECT_FALSE(other_end.Next().empty());
  other_end.Close();
  journal.Send(SomeAlert(), "{}\n");
  EXPECT_EQ(journal.failures(), 3u);
}

TEST(JournalTest, NoJournalIsAnErrorWithARemedy) {
  const auto journal = Journal::Connect("/nonexistent/socket");
  EXPECT_EQ(journal.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(journal.status().message().find("use \"file\""), absl::string_view::npos);
}

}  // namespace
}  // namespace randguard

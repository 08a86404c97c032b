// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/journal.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/fake_journal.h"
#include "tests/support/source_root.h"

namespace randguard::journal_test {
namespace {

using testing::FakeJournal;

Alert SomeAlert() {
  Alert alert;
  alert.severity = Severity::kHigh;
  alert.rule_id = "PROC-001";
  alert.rule_name = "Shell spawned by web server";
  alert.rule_type = RuleType::kProcess;
  alert.source_event_type = "process_start";
  alert.comm = "sh";
  alert.exe_path = "/usr/bin/dash";
  alert.pid = 1412;
  alert.uid = 33;
  return alert;
}

void Send(Journal& journal, const Alert& alert, std::string_view line) {
  journal.Write({line, &alert, "56d29eedf88a403c-1412-139b416ce0", "sensor-7"});
}

Journal Connect(const FakeJournal& journal) {
  auto connected = Journal::Connect(journal.path());
  EXPECT_TRUE(connected.ok()) << connected.status();
  return *std::move(connected);
}

TEST(JournalTest, AlertIsAnEntryWithFields) {
  FakeJournal other_end;
  Journal journal = Connect(other_end);
  Send(journal, SomeAlert(), "{\"event_type\":\"alert\"}\n");
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
  is("RANDGUARD_PROCESS_ID", "56d29eedf88a403c-1412-139b416ce0");
  EXPECT_EQ(entry.count("RANDGUARD_PATH"), 0u);
  EXPECT_EQ(entry.count("RANDGUARD_FOLDED"), 0u);
  EXPECT_EQ(entry.count("RANDGUARD_PORT"), 0u);
  EXPECT_EQ(journal.failures(), 0u);
}

TEST(JournalTest, SummarySaysHowManyAlertsItStandsFor) {
  FakeJournal other_end;
  Journal journal = Connect(other_end);
  Alert alert = SomeAlert();
  alert.folded = true;
  alert.count = 12;
  Send(journal, alert, "{}\n");
  const auto entry = other_end.Next();
  ASSERT_EQ(entry.count("RANDGUARD_FOLDED"), 1u);
  EXPECT_EQ(entry.find("RANDGUARD_FOLDED")->second, "12");
  EXPECT_EQ(entry.find("MESSAGE")->second,
            "PROC-001: Shell spawned by web server (sh, pid 1412), 12 more times");
}

TEST(JournalTest, LineThatIsNoAlertIsLeft) {
  FakeJournal other_end;
  Journal journal = Connect(other_end);
  journal.Write({"{\"event_type\":\"process_exit\"}\n"});
  EXPECT_TRUE(other_end.Next().empty());
}

// docs/operations.md names the fields of an entry.
TEST(JournalTest, FieldsAreThoseThatTheDocumentationNames) {
  std::ifstream file(testing::SourcePath("docs/operations.md"));
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  const std::size_t begin = page.find("Fields: `RULE_ID`"), end = page.find("before them", begin);
  ASSERT_NE(end, page.npos);
  std::set<std::string> documented, described;
  static const std::regex name("`([A-Z_]+)`");
  for (std::sregex_iterator at(page.begin() + static_cast<std::ptrdiff_t>(begin),
                               page.begin() + static_cast<std::ptrdiff_t>(end), name);
       at != std::sregex_iterator(); ++at) {
    documented.insert("RANDGUARD_" + (*at)[1].str());
  }
  documented.erase("RANDGUARD_RANDGUARD_");  // what they all begin with
  kFields<Alert>.Apply([&](const auto&... field) {
    ((field.journal.empty() ? void() : void(described.emplace(field.journal))), ...);
  });
  EXPECT_EQ(documented, described);
}

TEST(JournalTest, SeverityIsPriority) {
  FakeJournal other_end;
  Journal journal = Connect(other_end);
  const std::pair<Severity, const char*> expected[] = {{Severity::kCritical, "2"},
                                                       {Severity::kHigh, "3"},
                                                       {Severity::kMedium, "4"},
                                                       {Severity::kLow, "5"},
                                                       {Severity::kInformational, "6"}};
  for (const auto& [severity, priority] : expected) {
    Alert alert = SomeAlert();
    alert.severity = severity;
    Send(journal, alert, "{}\n");
    EXPECT_EQ(other_end.Next().find("PRIORITY")->second, priority);
  }
}

// A process chooses its own name, so an attacker can put anything into this value.
TEST(JournalTest, ValueCannotForgeAField) {
  FakeJournal other_end;
  Journal journal = Connect(other_end);
  Alert alert = SomeAlert();
  alert.comm = "x\nPRIORITY=7\nRANDGUARD_RULE_ID=fake";
  alert.path = std::string_view("/tmp/\0\n\xff", 8);
  Send(journal, alert, "{}\n");
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
  Send(journal, SomeAlert(), line);
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
  while (journal.failures() == 0 && sent < 100'000) Send(journal, SomeAlert(), "{}\n"), ++sent;
  EXPECT_EQ(journal.failures(), 1u) << "nobody reads, so it is full at some point";
  Send(journal, SomeAlert(), "{}\n");
  EXPECT_EQ(journal.failures(), 2u);
  unsigned got = 0;
  while (!other_end.Next().empty()) ++got;
  EXPECT_EQ(got, sent - 1);
  Send(journal, SomeAlert(), "{}\n");
  EXPECT_EQ(journal.failures(), 2u) << "it works again";
  EXPECT_FALSE(other_end.Next().empty());
  other_end.Close();
  Send(journal, SomeAlert(), "{}\n");
  EXPECT_EQ(journal.failures(), 3u);
}

TEST(JournalTest, NoJournalIsAnErrorWithARemedy) {
  const auto journal = Journal::Connect("/nonexistent/socket");
  EXPECT_EQ(journal.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(journal.status().message().find("use \"file\""), absl::string_view::npos);
}

}  // namespace
}  // namespace randguard::journal_test

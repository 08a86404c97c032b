// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/process_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/output/json/event_writer.h"
#include "analyzer/output/testing/sample_events.h"

namespace randguard {
namespace {

class ProcessTreeTest : public ::testing::Test {
 protected:
  ProcessTreeTest() {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    writer_.SetSession(testing::SampleSession());
  }
  ~ProcessTreeTest() noexcept override = default;

  template <typename E>
  void Add(const E& event) {
    std::string line(writer_.Write(event));
    line.pop_back();
    const auto read = reader_.Read(line);
    ASSERT_TRUE(read.ok()) << read.status().message();
    tree_.Add(**read);
  }
  static ProcessStart Start(const ProcessKey& key, std::optional<ProcessKey> parent,
                            std::string_view comm, std::string_view args) {
    ProcessStart start = testing::SampleStart();
    start.actor.pid = key.pid;
    start.actor.process_id = key;
    start.actor.parent_process_id = parent;
    start.actor.comm = comm;
    start.creator_process_id = parent;
    start.creator_comm = "before";
    start.args = TextList{args};
    start.user = "alice";
    start.memfd = start.unlinked = false;
    return start;
  }
  std::vector<std::string> Draw(std::string_view what, std::size_t columns = 0) {
    std::vector<std::string> others, lines;
    const auto index = tree_.Find(what, others);
    EXPECT_TRUE(index.ok()) << index.status().message();
    if (!index.ok()) return lines;
    tree_.Draw(*index, {.columns = columns, .unicode = true}, [&](std::string_view line) {
      lines.emplace_back(line);
      return true;
    });
    return lines;
  }

  EventWriter writer_{testing::kSampleAgentId};
  LineReader reader_;
  ProcessTree tree_;
};

constexpr ProcessKey kShell{10, 0x100}, kCurl{11, 0x200}, kSh{12, 0x300};

TEST_F(ProcessTreeTest, DrawsAncestorsAndDescendantsWithWhatTheyDid) {
  Add(Start(kShell, std::nullopt, "bash", std::string_view("bash\0", 5)));
  Add(Start(kCurl, kShell, "curl", std::string_view("curl\0-s\0", 8)));
  FileUnlink unlink = testing::SampleUnlink();
  unlink.actor.process_id = kCurl;
  unlink.actor.pid = 11;
  unlink.actor.parent_process_id = kShell;
  unlink.resolved_path = "/tmp/\nx";
  unlink.call.error = std::nullopt;
  Add(unlink);
  Add(unlink);
  Add(Start(kSh, kCurl, "sh", std::string_view("sh\0", 3)));
  const auto lines = Draw("11");
  ASSERT_EQ(lines.size(), 4u) << ::testing::PrintToString(lines);
  EXPECT_TRUE(lines[0].starts_with("bash[10] alice  bash")) << lines[0];
  EXPECT_TRUE(lines[1].starts_with(" └─ curl[11] alice  curl -s")) << lines[1];
  EXPECT_NE(lines[2].find("unlink    /tmp/\\x0ax  (2 times)"), std::string::npos) << lines[2];
  EXPECT_TRUE(lines[3].starts_with("    └─ sh[12] alice  sh")) << lines[3];
}

TEST_F(ProcessTreeTest, FindsAProcessByWhateverNamesIt) {
  Add(Start(kShell, std::nullopt, "bash", std::string_view("bash\0", 5)));
  Alert alert = testing::SampleAlert();
  alert.process_id = kShell;
  alert.pid = 10;
  alert.rule_id = "RULE-9";
  alert.event_id = {0x77, 5};
  alert.parent_process_id = std::nullopt;
  Add(alert);
  std::vector<std::string> others;
  const auto shell = tree_.Find("10", others);
  ASSERT_TRUE(shell.ok());
  const std::string id = tree_.ProcessId(*shell);
  EXPECT_TRUE(id.ends_with("-10-100")) << id;
  std::string line(writer_.Write(alert));
  line.pop_back();
  for (const std::string& what :
       {id, std::string("RULE-9"), line, id.substr(0, id.find('-')) + "-77-5"}) {
    const auto found = tree_.Find(what, others);
    ASSERT_TRUE(found.ok()) << what << ": " << found.status().message();
    EXPECT_EQ(*found, *shell);
  }
  for (const char* what : {"11", "RULE-8", "0123456789abcdef-10-100", "-", "--", "{", "{}", ""}) {
    EXPECT_FALSE(tree_.Find(what, others).ok()) << what;
  }
}

TEST_F(ProcessTreeTest, OfSeveralProcessesWithAPidItIsTheLatest) {
  Add(Start({10, 0x900}, std::nullopt, "new", std::string_view("new\0", 4)));
  Add(Start({10, 0x100}, std::nullopt, "old", std::string_view("old\0", 4)));
  std::vector<std::string> others;
  const auto found = tree_.Find("10", others);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(tree_.process(*found).comm, "new");
  ASSERT_EQ(others.size(), 1u);
  EXPECT_TRUE(others[0].ends_with("-10-100"));
}

// Lines may say anything.
TEST_F(ProcessTreeTest, ParentsThatAreTheirOwnDescendantsDoNoHarm) {
  Add(Start({1, 1}, ProcessKey{2, 2}, "a", std::string_view("a\0", 2)));
  Add(Start({2, 2}, ProcessKey{3, 3}, "b", std::string_view("b\0", 2)));
  Add(Start({3, 3}, ProcessKey{1, 1}, "c", std::string_view("c\0", 2)));
  Add(Start({4, 4}, ProcessKey{4, 4}, "d", std::string_view("d\0", 2)));
  EXPECT_LT(Draw("1").size(), 10u);
  EXPECT_LT(Draw("4").size(), 10u);
}

TEST_F(ProcessTreeTest, WhatIsTooMuchIsCounted) {
  FileUnlink unlink = testing::SampleUnlink();
  unlink.actor.process_id = kShell;
  unlink.actor.parent_process_id = std::nullopt;
  for (int i = 0; i < 200; ++i) {
    const std::string path = absl::StrFormat("/tmp/%d", i);
    unlink.resolved_path = path;
    Add(unlink);
  }
  std::vector<std::string> others;
  const auto found = tree_.Find("10", others);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(tree_.process(*found).acts.size(), ProcessTree::kActsOfOneMax);
  EXPECT_EQ(tree_.process(*found).more_acts, 200 - ProcessTree::kActsOfOneMax);
  EXPECT_NE(Draw("10").back().find("and 136 more"), std::string::npos) << Draw("10").back();
}

TEST_F(ProcessTreeTest, AnAlertHasItsPlaceWhateverElseThereIs) {
  Alert alert = testing::SampleAlert();
  alert.process_id = kShell;
  alert.parent_process_id = std::nullopt;
  for (int i = 0; i < 200; ++i) {
    const std::string id = absl::StrFormat("LOW-%d", i);
    alert.rule_id = id;
    alert.severity = Severity::kLow;
    Add(alert);
  }
  alert.rule_id = "CRIT";
  alert.severity = Severity::kCritical;
  Add(alert);
  std::vector<std::string> others;
  const auto found = tree_.Find("CRIT", others);
  ASSERT_TRUE(found.ok());
  const auto& alerts = tree_.process(*found).alerts;
  EXPECT_TRUE(std::any_of(alerts.begin(), alerts.end(),
                          [](const auto& act) { return act.alert == Severity::kCritical; }));
  EXPECT_EQ(tree_.process(*found).more_alerts, 201 - ProcessTree::kAlertsOfOneMax);
}

TEST_F(ProcessTreeTest, ActsThatDifferOnlyInTheirMiddleAreNotCountedAsOne) {
  for (const char* what : {"id", "curl evil"}) {
    ProcessStart start = Start(kShell, std::nullopt, "sh", "");
    const std::string args =
        "sh" + std::string(1, 0) + std::string(600, ' ') + what + std::string(600, ' ');
    start.args = TextList{args};
    Add(Start(kShell, std::nullopt, "sh", std::string_view("sh\0", 3)));
    Add(start);
  }
  std::vector<std::string> others;
  const auto found = tree_.Find("10", others);
  ASSERT_TRUE(found.ok());
  std::size_t cut = 0;
  for (const auto& act : tree_.process(*found).acts) {
    if (act.object.size() > 100) ++cut;
    EXPECT_LE(act.count, 2u);
  }
  EXPECT_EQ(cut, 2u);
}

// Whoever forks again and again hides nothing.
TEST_F(ProcessTreeTest, ALongLineOfAncestorsLeavesRoom) {
  constexpr std::uint32_t kLast = 300;
  for (std::uint32_t i = 1; i <= kLast; ++i) {
    const auto parent = i == 1 ? std::nullopt : std::optional(ProcessKey{i - 1, i - 1});
    Add(Start({i, i}, parent, "sh", std::string_view("sh\0", 3)));
  }
  for (const std::size_t columns : {std::size_t{80}, std::size_t{0}}) {
    const auto lines = Draw("300", columns);
    EXPECT_NE(lines.front().find("further ancestors"), std::string::npos) << lines.front();
    EXPECT_NE(lines.back().find("sh[300] alice"), std::string::npos) << lines.back();
    for (const std::string& line : Draw("1", columns)) {
      EXPECT_LT(line.find_first_of("sa"), 90u) << line;
      EXPECT_LE(columns == 0 ? 0 : ColumnsOf(line), columns) << line;
    }
  }
}

TEST_F(ProcessTreeTest, NothingIsWiderThanTheScreen) {
  testing::ForEachSample([&](const auto& event) { Add(event); });
  std::vector<std::string> others;
  for (ProcessTree::Index i = 0; i < tree_.size(); ++i) {
    for (const std::string& line : Draw(tree_.ProcessId(i), 40))
      EXPECT_LE(ColumnsOf(line), 40u) << line;
  }
}

}  // namespace
}  // namespace randguard

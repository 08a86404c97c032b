// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/watcher.h"

#include <gtest/gtest.h>

#include <clocale>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/utf8.h"
#include "analyzer/output/json/event_writer.h"
#include "analyzer/output/testing/sample_events.h"

namespace randguard {
namespace {

class WatcherTest : public ::testing::Test {
 protected:
  WatcherTest() {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    writer_.SetSession(testing::SampleSession());
  }
  ~WatcherTest() noexcept override = default;

  template <typename E>
  std::string LineOf(const E& event) {
    std::string line(writer_.Write(event));
    line.pop_back();
    return line;
  }

  Watcher Make(Watcher::Options options) {
    return Watcher(std::move(options),
                   [this](std::string_view line) { shown_.emplace_back(line); });
  }
  // Without headings.
  std::vector<std::string> Shown() const {
    std::vector<std::string> lines;
    for (const std::string& line : shown_) {
      if (!line.starts_with("-- ")) lines.push_back(line);
    }
    return lines;
  }
  template <typename E>
  void See(Watcher& watcher, const E& event) {
    const absl::Status status = watcher.See(LineOf(event));
    EXPECT_TRUE(status.ok()) << status.message();
  }
  static Where WhereOf(const std::string& condition) {
    auto where = Where::Parse(condition, Config{});
    EXPECT_TRUE(where.ok()) << where.status().message();
    return *std::move(where);
  }

  EventWriter writer_{testing::kSampleAgentId};
  std::vector<std::string> shown_;
};

TEST_F(WatcherTest, ShowsEachEventInOneHarmlessLine) {
  for (const std::size_t columns :
       {std::size_t{0}, std::size_t{40}, std::size_t{80}, std::size_t{200}}) {
    shown_.clear();
    Watcher watcher = Make({.screen = {.columns = columns, .unicode = true}});
    std::size_t events = 0;
    testing::ForEachSample([&]<typename E>(const E& event) {
      See(watcher, event);
      if constexpr (requires { event.actor; }) ++events;
    });
    EXPECT_EQ(watcher.events(), events);
    std::size_t of_events = 0;
    for (const std::string& line : Shown()) {
      ++of_events;
      EXPECT_LE(columns == 0 ? 0 : ColumnsOf(line), columns) << line;
      for (std::string_view rest = line; !rest.empty();) {
        const Character character = FirstCharacter(rest);
        ASSERT_GT(character.bytes, 0u) << line;
        EXPECT_FALSE(IsHidden(character.code)) << line;
        rest.remove_prefix(character.bytes);
      }
    }
    EXPECT_GE(of_events, events);
  }
}

TEST_F(WatcherTest, SaysWhoDidWhatToWhat) {
  Watcher watcher = Make({.screen = {.columns = 0, .unicode = true}});
  FileUnlink event = testing::SampleUnlink();
  event.actor.comm = "rm";
  event.actor.pid = 77;
  event.actor.uid = 4711;
  event.resolved_path = "/etc/\x1b[31mpasswd";
  event.call.error = "EACCES";
  See(watcher, event);
  ASSERT_EQ(Shown().size(), 1u);
  const std::string line = Shown().front();
  EXPECT_NE(line.find(" rm[77] "), line.npos) << line;
  EXPECT_NE(line.find(" 4711 "), line.npos) << line;
  EXPECT_NE(line.find(" unlink "), line.npos) << line;
  EXPECT_NE(line.find("/etc/\\x1b[31mpasswd  EACCES"), line.npos) << line;
}

TEST_F(WatcherTest, KnowsTheUsersOfStarts) {
  Watcher watcher = Make({.screen = {}});
  ProcessStart start = testing::SampleStart();
  start.actor.uid = 1000;
  start.user = "alice";
  See(watcher, start);
  FileOpen open = testing::SampleOpen();
  open.actor.uid = 1000;
  See(watcher, open);
  EXPECT_NE(Shown().at(1).find(" alice "), std::string::npos) << Shown().at(1);
}

TEST_F(WatcherTest, ChoosesByCondition) {
  Watcher watcher = Make({.screen = {}, .where = WhereOf("operation == 'unlink'")});
  See(watcher, testing::SampleOpen());
  See(watcher, testing::SampleUnlink());
  See(watcher, testing::SampleConnect());
  ASSERT_EQ(Shown().size(), 1u);
  EXPECT_NE(Shown().front().find("unlink"), std::string::npos);
}

TEST_F(WatcherTest, AnAlertStandsOrFallsWithItsEvent) {
  for (const bool alerts : {false, true}) {
    shown_.clear();
    Watcher watcher =
        Make({.screen = {}, .alerts = alerts, .where = WhereOf("operation == 'unlink'")});
    FileOpen open = testing::SampleOpen();
    open.actor.event_id.record = 1;
    FileUnlink unlink = testing::SampleUnlink();
    unlink.actor.event_id.record = 2;
    Alert alert = testing::SampleAlert();
    See(watcher, open);
    alert.event_id = open.actor.event_id;
    See(watcher, alert);
    EXPECT_EQ(Shown().size(), 0u);
    See(watcher, unlink);
    alert.event_id = unlink.actor.event_id;
    See(watcher, alert);
    EXPECT_EQ(Shown().size(), alerts ? 1u : 2u);
    EXPECT_NE(Shown().back().find("ALERT"), std::string::npos);
  }
}

TEST_F(WatcherTest, AnAlertWithoutItsEventIsJudgedByItsProcess) {
  Watcher watcher = Make({.screen = {}, .where = WhereOf("uid == 33")});
  Alert alert = testing::SampleAlert();
  alert.uid = 1000;
  See(watcher, alert);
  alert.uid = 33;
  See(watcher, alert);
  EXPECT_EQ(Shown().size(), 1u);
}

TEST_F(WatcherTest, LossesAreAlwaysShown) {
  Watcher watcher = Make({.screen = {}, .alerts = true, .where = WhereOf("uid == 4294967")});
  Loss loss = testing::SampleLoss();
  loss.count = 12;
  See(watcher, loss);
  ASSERT_EQ(Shown().size(), 1u);
  EXPECT_NE(Shown().front().find("?? "), std::string::npos);
  EXPECT_EQ(watcher.lost(), 12u);
}

TEST_F(WatcherTest, HealthIsShownWhenItChanges) {
  Watcher watcher = Make({.screen = {}});
  Health health = testing::SampleHealth();
  health.status = HealthStatus::kOk;
  See(watcher, health);
  EXPECT_EQ(Shown().size(), 0u);
  health.status = HealthStatus::kDegraded;
  See(watcher, health);
  See(watcher, health);
  EXPECT_EQ(Shown().size(), 1u);
  health.status = HealthStatus::kOk;
  See(watcher, health);
  EXPECT_EQ(Shown().size(), 2u);
}

TEST_F(WatcherTest, TheHealthOfOneHostHidesNoOthers) {
  Watcher watcher = Make({.screen = {}});
  Health health = testing::SampleHealth();
  health.status = HealthStatus::kDegraded;
  health.reasons = {"one"};
  See(watcher, health);
  SessionContext other = testing::SampleSession();
  other.host_name = "other-host";
  writer_.SetSession(other);
  See(watcher, health);
  EXPECT_EQ(Shown().size(), 2u);
  health.reasons = {"another"};
  See(watcher, health);
  EXPECT_EQ(Shown().size(), 3u);
}

TEST_F(WatcherTest, LinesThatWentBeforeTheyWereReadAreSaid) {
  Watcher watcher = Make({.screen = {}, .follows = true});
  See(watcher, testing::SampleOpen());
  watcher.BeginFile();
  See(watcher, testing::SampleOpen());
  EXPECT_EQ(Shown().size(), 2u);
  LineOf(testing::SampleOpen());
  watcher.BeginFile();
  See(watcher, testing::SampleOpen());
  ASSERT_EQ(Shown().size(), 4u);
  EXPECT_NE(Shown()[2].find("?? lines 3 to 3 are not here"), std::string::npos) << Shown()[2];
}

TEST_F(WatcherTest, AnotherHostIsAnnounced) {
  Watcher watcher = Make({.screen = {}});
  See(watcher, testing::SampleOpen());
  SessionContext other = testing::SampleSession();
  other.host_name = "other-host";
  writer_.SetSession(other);
  See(watcher, testing::SampleOpen());
  ASSERT_EQ(shown_.size(), 4u);
  EXPECT_NE(shown_[2].find(" on other-host --"), std::string::npos) << shown_[2];
}

TEST_F(WatcherTest, NoNameOfAHostIsTooLong) {
  Watcher watcher = Make({.screen = {.columns = 40}});
  SessionContext session = testing::SampleSession();
  session.host_name = std::string(200, 'h');
  writer_.SetSession(session);
  See(watcher, testing::SampleOpen());
  for (const std::string& line : shown_) EXPECT_LE(ColumnsOf(line), 40u) << line;
}

TEST_F(WatcherTest, ALineThatIsNoneIsAnErrorAndShowsNothing) {
  Watcher watcher = Make({.screen = {}});
  for (const char* line : {"", "{", "[]", R"({"event_type":"file_open"})", "\x1b[2J"}) {
    EXPECT_FALSE(watcher.See(line).ok()) << line;
  }
  EXPECT_TRUE(shown_.empty());
}

TEST_F(WatcherTest, ManifestsArePassedOver) {
  Watcher watcher = Make({.screen = {}});
  EXPECT_TRUE(watcher.See(R"({"event_type":"segment_end","boot_id":"x"})").ok());
  EXPECT_TRUE(shown_.empty());
}

TEST_F(WatcherTest, AProcessIsIndentedByItsParents) {
  Watcher watcher = Make({.screen = {}, .tree = true});
  ProcessStart parent = testing::SampleStart();
  parent.actor.process_id = {100, 1};
  parent.actor.parent_process_id = std::nullopt;
  parent.creator_process_id = std::nullopt;
  See(watcher, parent);
  ProcessStart child = testing::SampleStart();
  child.actor.process_id = {101, 2};
  child.actor.parent_process_id = parent.actor.process_id;
  child.creator_process_id = parent.actor.process_id;
  See(watcher, child);
  const auto begin = [&](std::size_t i) { return Shown().at(i).find(child.actor.comm); };
  EXPECT_EQ(begin(1), begin(0) + 1);
}

TEST(WhereTest, SaysWhatIsWrongAndWhere) {
  const auto error = [](const std::string& condition) {
    const auto where = Where::Parse(condition, Config{});
    return where.ok() ? std::string() : std::string(where.status().message());
  };
  EXPECT_EQ(error("uid == 0"), "");
  EXPECT_NE(error("uidd == 0").find("condition:1:1: error: "), std::string::npos)
      << error("uidd == 0");
  EXPECT_NE(error("uid == 0 and").find("condition:1:"), std::string::npos);
  EXPECT_NE(error("uid == 'x'").find("condition:1:"), std::string::npos);
  EXPECT_NE(error("  "), "");
}

TEST(WhereTest, AFieldThatAnEventDoesNotHaveIsAbsent) {
  auto where = Where::Parse("port == 443 or operation == 'unlink'", Config{});
  ASSERT_TRUE(where.ok()) << where.status().message();
  const EvaluationContext context;
  const FileUnlink unlink = testing::SampleUnlink();
  EXPECT_TRUE(where->Fits(ViewOf(unlink, context)));
  const ProcessStart start = testing::SampleStart();
  EXPECT_FALSE(where->Fits(ViewOf(start, context)));
}

TEST(WhereTest, UsesListsAndMacrosOfTheConfiguration) {
  Config config;
  RuleList list;
  list.name.text = "ports";
  list.items.push_back({std::int64_t{443}, {}});
  config.lists.push_back(list);
  const auto where = Where::Parse("port in ports", config);
  EXPECT_TRUE(where.ok()) << where.status().message();
}

}  // namespace
}  // namespace randguard

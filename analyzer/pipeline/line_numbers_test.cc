// SPDX-License-Identifier: Apache-2.0
//
// Every line has a number, and what becomes of an event has the event's name.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/output/json/session_context.h"
#include "analyzer/pipeline/testing/stream.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "tests/support/message_builder.h"
#include "tests/support/record_builder.h"

namespace randguard::line_numbers_test {
namespace {

using testing::BatchOf;
using testing::Each;
using testing::ExitOf;
using testing::Fields;
using testing::HeartbeatOf;
using testing::HelloOf;
using testing::kBootId;
using testing::kOtherBoot;
using testing::kStartNs;
using testing::Stream;
using testing::Texts;

const SessionContext here = {"here", std::string(kBootId), 1735689600000000000};  // 2025

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

// "BOOT-LIFE-RECORD" of a collector that a HelloOf describes.
std::string EventIdOf(const HelloOf& hello, std::uint64_t record) {
  std::string boot;
  for (const char c : std::string_view(kBootId).substr(0, 18)) {
    if (c != '-') boot += c;
  }
  char text[64];
  std::snprintf(text, sizeof(text), "\"%s-%llx-%llu\"", boot.c_str(),
                static_cast<unsigned long long>(hello.collector_start_ns),
                static_cast<unsigned long long>(record));
  return text;
}

TEST(LineNumbersTest, LinesOfAllKindsAreNumberedTogether) {
  Stream stream;
  stream.pipeline().WriteHealth(Health());
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {ExitOf(5, 1, kStartNs).Build()},
                               .drained_ns = kStartNs + 5,
                               .lost = {{RG_KIND_exec_failed, 3}}}));
  EXPECT_SENT(stream, HeartbeatOf({{RG_KIND_exec_failed, 5}}, kStartNs + 20));
  stream.pipeline().WriteHealth(Health());
  const std::string boot = Quoted(kBootId);
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "seq", "boot_id"}),
            (Texts{"\"health\" 1 null", "\"loss\" 2 " + boot, "\"process_exit\" 3 " + boot,
                   "\"loss\" 4 " + boot, "\"health\" 5 " + boot}));
}

TEST(LineNumbersTest, ASecondSessionGoesOnAndAnotherBootBeginsAnew) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {ExitOf(5, 1, kStartNs).Build()}});
  EXPECT_SENT(stream, (HelloOf{.session = 1, .next_batch = 1, .next_record = 1}));
  EXPECT_SENT(
      stream,
      (BatchOf{.sequence = 1, .first_record = 1, .records = {ExitOf(6, 1, kStartNs).Build()}}));
  EXPECT_SENT(stream, HelloOf{.boot_id = kOtherBoot});
  EXPECT_SENT(stream, BatchOf{.records = {ExitOf(5, 1, kStartNs).Build()}});
  EXPECT_EQ(Each(stream.Lines("process_exit"), {"seq", "boot_id"}),
            (Texts{"1 " + Quoted(kBootId), "2 " + Quoted(kBootId), "1 " + Quoted(kOtherBoot)}));
}

TEST(LineNumbersTest, TheyGoOnBehindThoseOfTheAnalyzerBefore) {
  Stream stream;
  stream.pipeline().ContinueNumbers({.boot_id = std::string(kBootId), .next = 100, .sure = 100},
                                    here, kStartNs);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {ExitOf(5, 1, kStartNs).Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "seq"}), Texts{"\"process_exit\" 100"});
  EXPECT_EQ(stream.pipeline().next_seq(), 101u);
}

TEST(LineNumbersTest, OneThatWasKilledLeavesAGapThatALossRecordBounds) {
  Stream stream;
  unsigned noted = 0;
  stream.pipeline().SetProgress([&] { ++noted; });
  stream.pipeline().ContinueNumbers(
      {.boot_id = std::string(kBootId), .next = 100, .sure = 100, .ended = false}, here, kStartNs);
  EXPECT_EQ(noted, 1u) << "the record is on its way before anything else happens";
  const auto lines = stream.Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(Fields(lines[0], {"event_type", "reason", "count", "first_seq", "last_seq", "to_ns"}),
            "\"loss\" \"unclean_end\" null 100 4195 60000000000");
  EXPECT_EQ(Fields(lines[0], {"seq", "boot_id", "host"}), "4196 " + Quoted(kBootId) + " \"here\"");
  EXPECT_EQ(Fields(lines[0], {"time"}), "\"2025-01-01T00:01:00.000000000Z\"");
  EXPECT_EQ(stream.Filled().losses_reported, 1u);
  EXPECT_EQ(stream.pipeline().sure_seq(), 4197u);
}

TEST(LineNumbersTest, LinesThatWereLostBeforeTheEndAreBoundedByTheNextOne) {
  for (const bool ended : {true, false}) {
    Stream stream;
    stream.pipeline().ContinueNumbers(
        {.boot_id = std::string(kBootId), .next = 100, .sure = 90, .ended = ended}, here, kStartNs);
    EXPECT_EQ(Each(stream.Lines(), {"seq", "reason", "count", "first_seq", "last_seq"}),
              Texts{ended ? "100 \"output\" null 90 99" : "4196 \"unclean_end\" null 90 4195"});
  }
}

// As a capture has them.
TEST(LineNumbersTest, ReplayLeavesOutTheNumbersOfLinesThatNoMessageMade) {
  const auto numbers = [](std::uint64_t next, bool ended) {
    return testing::MakeMessage([&](wire::Message::Builder message) {
      auto said = message.initNumbers();
      said.setNextSeq(next);
      said.setSessionEnded(ended);
    });
  };
  Stream stream;
  EXPECT_SENT(stream, numbers(5, false));
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {ExitOf(5, 1, kStartNs).Build()}});
  EXPECT_SENT(stream, numbers(9, false));
  EXPECT_SENT(
      stream,
      (BatchOf{.sequence = 1,
               .first_record = 1,
               .records = {ExitOf(6, 1, kStartNs).Build(), ExitOf(7, 1, kStartNs + 9).Build()},
               .drained_ns = kStartNs}));
  EXPECT_EQ(stream.pipeline().next_seq(), 10u) << "one is held back";
  EXPECT_SENT(stream, numbers(20, true));
  EXPECT_SENT(stream, numbers(3, true));
  EXPECT_EQ(Each(stream.Lines("process_exit"), {"pid", "seq", "boot_id"}),
            (Texts{"5 5 " + Quoted(kBootId), "6 9 " + Quoted(kBootId), "7 10 " + Quoted(kBootId)}));
  EXPECT_EQ(stream.pipeline().next_seq(), 20u) << "none is used twice";
}

TEST(LineNumbersTest, NoCollectorHasNumbersUsedTwice) {
  Stream stream;
  stream.pipeline().ContinueNumbers({.boot_id = std::string(kBootId), .next = 100, .sure = 100},
                                    here, kStartNs);
  for (const std::string_view boot : {kOtherBoot, std::string_view(kBootId), std::string_view()}) {
    EXPECT_SENT(stream, HelloOf{.boot_id = boot});
    EXPECT_SENT(stream, BatchOf{.records = {ExitOf(5, 1, kStartNs).Build()}});
  }
  EXPECT_EQ(Each(stream.Lines("process_exit"), {"seq", "boot_id"}),
            (Texts{"100 " + Quoted(kBootId), "101 " + Quoted(kBootId), "102 " + Quoted(kBootId)}));
}

// Those of an analyzer that is killed are among the reserved ones only if it says in time how far
// it has got.
TEST(LineNumbersTest, ProgressIsMadeBeforeTheReservedNumbersAreUsedUp) {
  Stream stream;
  std::uint64_t noted = 1;
  stream.pipeline().SetProgress([&] { noted = stream.pipeline().next_seq(); });
  for (std::uint64_t i = 0; i < 2 * LineNumbers::kReserved; ++i) {
    stream.pipeline().WriteHealth(Health());
    ASSERT_LT(stream.pipeline().next_seq() - noted, LineNumbers::kReserved);
  }
  EXPECT_GT(noted, LineNumbers::kReserved);
}

// Loses what comes while it fails.
class Unreliable final : public Sink {
 public:
  void Write(const OutputLine& line) override {
    static_cast<void>(line);
    if (fails) ++lost_;
  }
  std::uint64_t lost_lines() const override { return lost_; }
  bool failing() const override { return fails; }
  void AddTo(Health& health) const override { static_cast<void>(health); }

  bool fails = false;

 private:
  std::uint64_t lost_ = 0;
};

TEST(LineNumbersTest, LinesThatTheOutputLostAreBounded) {
  Stream stream;
  auto owned = std::make_unique<Unreliable>();
  Unreliable& sink = *owned;
  stream.Add(std::move(owned));
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.lost = {{RG_KIND_thread_exit, 1}}});
  EXPECT_FALSE(stream.pipeline().ReportOutputLosses());
  EXPECT_EQ(stream.pipeline().sure_seq(), 1u) << "it may be lost yet";
  stream.pipeline().Flush();
  EXPECT_EQ(stream.pipeline().sure_seq(), 2u);
  sink.fails = true;
  EXPECT_SENT(stream, (BatchOf{.sequence = 1, .lost = {{RG_KIND_thread_exit, 2}}}));
  EXPECT_SENT(stream, (BatchOf{.sequence = 2, .lost = {{RG_KIND_thread_exit, 3}}}));
  stream.pipeline().Flush();
  EXPECT_FALSE(stream.pipeline().ReportOutputLosses());
  EXPECT_EQ(stream.pipeline().sure_seq(), 2u) << "the analyzer may end now";
  sink.fails = false;
  stream.pipeline().Flush();
  EXPECT_EQ(stream.pipeline().sure_seq(), 2u) << "not before it is said";
  EXPECT_TRUE(stream.pipeline().ReportOutputLosses());
  stream.pipeline().Flush();
  EXPECT_EQ(stream.pipeline().sure_seq(), 5u);
  EXPECT_EQ(Each(stream.Lines("loss"), {"reason", "seq"}),
            (Texts{R"("kernel" 1)", R"("kernel" 2)", R"("kernel" 3)", R"("output" 4)"}));
  EXPECT_EQ(Fields(stream.Lines("loss").back(), {"count", "first_seq", "last_seq"}), "2 2 3");
}

TEST(EventIdTest, ItIsTheNumberOfTheRecordWhicheverLineItBecomes) {
  Stream stream;
  const HelloOf hello{.next_record = 40};
  EXPECT_SENT(stream, hello);
  // The first is held back until the next batch; the bulk lane's comes before the critical one's.
  EXPECT_SENT(stream, (BatchOf{.first_record = 40,
                               .records = {ExitOf(5, 1, kStartNs + 9).Build(),
                                           ExitOf(6, 1, kStartNs + 2).Build(),
                                           ExitOf(7, 1, kStartNs + 1).Build()},
                               .drained_ns = kStartNs + 5}));
  EXPECT_SENT(stream, (BatchOf{.sequence = 1,
                               .first_record = 43,
                               .records = {ExitOf(8, 1, kStartNs + 8).Build()},
                               .drained_ns = kStartNs + 10}));
  EXPECT_EQ(Each(stream.Lines("process_exit"), {"pid", "event_id"}),
            (Texts{"7 " + EventIdOf(hello, 42), "6 " + EventIdOf(hello, 41),
                   "8 " + EventIdOf(hello, 43), "5 " + EventIdOf(hello, 40)}));
}

TEST(EventIdTest, AlertsNameTheEventsThatTheyRestOn) {
  const ConfigResult parsed = ParseConfig(
      "[[rules]]\nid = 'A'\nname = 'n'\nseverity = 'high'\ntype = 'process'\n"
      "condition = \"event_type == 'process_exit'\"\n"
      "[[rules]]\nid = 'C'\nname = 'n'\nseverity = 'high'\ntype = 'correlation'\n"
      "[rules.correlation]\ntype = 'event_count'\nrules = ['A']\ntimespan = '1m'\ngte = 2\n"
      "generate = true\n",
      "c.toml");
  ASSERT_TRUE(parsed.config.has_value()) << FormatDiagnostic(parsed.diagnostics.at(0));
  std::vector<Diagnostic> diagnostics;
  const auto rules = CompileRules(*parsed.config, diagnostics);
  ASSERT_NE(rules, nullptr) << FormatDiagnostic(diagnostics[0]);
  Stream stream(*parsed.config, rules);
  const HelloOf hello;
  EXPECT_SENT(stream, hello);
  EXPECT_SENT(
      stream,
      (BatchOf{.records = {ExitOf(5, 1, kStartNs + 1).Build(), ExitOf(6, 1, kStartNs + 2).Build()},
               .drained_ns = kStartNs + 5}));
  const auto alerts = stream.Lines("alert");
  EXPECT_EQ(Each(alerts, {"rule_id", "event_id"}),
            (Texts{"\"A\" " + EventIdOf(hello, 0), "\"C\" " + EventIdOf(hello, 1)}))
      << "the second one of A is folded into the first";
  ASSERT_EQ(alerts.size(), 2u);
  const std::string matches = alerts[1]["matches"];
  EXPECT_NE(matches.find("\"event_id\":" + EventIdOf(hello, 0)), std::string::npos) << matches;
  EXPECT_NE(matches.find("\"event_id\":" + EventIdOf(hello, 1)), std::string::npos) << matches;
}

}  // namespace
}  // namespace randguard::line_numbers_test

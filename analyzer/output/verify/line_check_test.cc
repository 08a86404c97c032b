// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/verify/line_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/config/names.h"
#include "analyzer/output/sinks/segments.h"
#include "analyzer/output/testing/sample_events.h"

namespace randguard::line_check_test {
namespace {

constexpr char kBoot[] = "0e6c9a1c-7b1c-4a39-9e53-2f1b7c1d5a10";

std::string LineOf(std::uint64_t seq, std::string_view type = "process_exit",
                   std::string_view more = "") {
  return "{\"event_type\":\"" + std::string(type) + "\",\"boot_id\":\"" + kBoot +
         "\",\"seq\":" + std::to_string(seq) + ",\"host\":\"web1\"" + std::string(more) + "}";
}

std::string LossOf(std::uint64_t seq, std::uint64_t first, std::uint64_t last) {
  return LineOf(
      seq, "loss",
      ",\"first_seq\":" + std::to_string(first) + ",\"last_seq\":" + std::to_string(last));
}

LineCheck Checked(const std::vector<std::string>& lines) {
  LineCheck check;
  check.BeginFile("f");
  for (const std::string& line : lines) check.Add(line);
  check.EndFile(/*whole=*/true);
  check.Finish();
  return check;
}

const std::string report_begin = "boot " + std::string(kBoot) + " of web1: ";

TEST(LineCheckTest, NoneIsMissing) {
  const LineCheck check = Checked({LineOf(4), LineOf(6), LineOf(5)});
  EXPECT_TRUE(check.ok());
  EXPECT_EQ(check.Report(), report_begin + "3 lines, numbers 4 to 6; none is missing\n");
}

TEST(LineCheckTest, OneThatIsMissingIsNamed) {
  const LineCheck check = Checked({LineOf(1), LineOf(3), LineOf(4), LineOf(9)});
  EXPECT_FALSE(check.ok());
  EXPECT_EQ(check.Report(),
            report_begin +
                "4 lines, numbers 1 to 9; 5 are missing, and no loss record names 5 "
                "of them: 2, 5 to 8\n");
}

TEST(LineCheckTest, OneThatALossRecordNamesIsNotMissed) {
  EXPECT_EQ(Checked({LineOf(1), LossOf(9, 2, 8)}).Report(),
            report_begin + "2 lines, numbers 1 to 9; 7 are missing, as loss records say\n");
  EXPECT_TRUE(Checked({LineOf(1), LossOf(9, 2, 8)}).ok());
  EXPECT_FALSE(Checked({LineOf(1), LossOf(9, 3, 8)}).ok());
}

TEST(LineCheckTest, OneThatIsInAFileTwiceIsAProblem) {
  const LineCheck check = Checked({LineOf(1), LineOf(2), LineOf(1)});
  EXPECT_FALSE(check.ok());
  EXPECT_EQ(check.Report(), report_begin +
                                "3 lines, numbers 1 to 2; 1 came more than once; none is missing\n"
                                "f:3: number 1 is in the file already\n");
}

TEST(LineCheckTest, OneThatIsInTwoFilesIsCounted) {
  LineCheck check;
  for (const char* name : {"f", "g"}) {
    check.BeginFile(name);
    check.Add(LineOf(1, "alert"));
    check.Add(LineOf(2));
    check.EndFile(/*whole=*/true);
  }
  check.Finish();
  EXPECT_TRUE(check.ok()) << "as shippers do that were killed";
  EXPECT_EQ(check.Report(),
            report_begin + "4 lines, numbers 1 to 2; 2 came more than once; none is missing\n");
}

TEST(LineCheckTest, TextOfOthersDoesNothingToTheTerminal) {
  const std::string line = "{\"event_type\":\"health\",\"boot_id\":\"" + std::string(kBoot) +
                           R"(","seq":1,"host":"a\u001b]0;x\u0007\nboot\u0000z"})";
  const LineCheck check = Checked({line, R"({"event_type":"x","boot_id":"\u001b[1m","seq":1})"});
  const std::string report = check.Report();
  EXPECT_EQ(report.find('\x1b'), std::string::npos) << report;
  EXPECT_EQ(report.find('\0'), std::string::npos);
  EXPECT_EQ(std::count(report.begin(), report.end(), '\n'), 2) << report;
  EXPECT_FALSE(check.ok());
  EXPECT_EQ(check.problems(), std::vector<std::string>{"f:2: boot_id is none"});
}

TEST(LineCheckTest, NoLineAtAllIsAProblem) {
  EXPECT_EQ(Checked({}).Report(), "there is no line at all\n");
  EXPECT_FALSE(Checked({}).ok());
}

TEST(LineCheckTest, LinesOfEveryFormatAreCounted) {
  for (const OutputFormat format : {OutputFormat::kJson, OutputFormat::kEcs, OutputFormat::kOcsf}) {
    EventWriter writer(testing::kSampleAgentId, format);
    writer.SetSession(testing::SampleSession());
    std::vector<std::string> lines;
    const auto write = [&](const auto& event) { lines.emplace_back(writer.Write(event)); };
    write(testing::SampleExit());
    write(testing::SampleAlert());
    writer.SkipTo(7);
    write(testing::SampleUnlink());
    EXPECT_EQ(
        Checked(lines).Report(),
        report_begin +
            "3 lines, numbers 1 to 7; 4 are missing, and no loss record names 4 of them: 3 to "
            "6\n")
        << Name(format);
    Loss loss = testing::SampleLoss();
    loss.first_seq = 3, loss.last_seq = 6;
    write(loss);
    EXPECT_EQ(Checked(lines).Report(),
              report_begin + "4 lines, numbers 1 to 8; 4 are missing, as loss records say\n")
        << Name(format);
    EXPECT_EQ(Checked({lines[1]}).boots().at(kBoot).alerts, 1u) << Name(format);
  }
}

TEST(LineCheckTest, AlertsAloneCannotBeCounted) {
  const LineCheck check = Checked({LineOf(3, "alert"), LineOf(7, "alert")});
  EXPECT_TRUE(check.ok());
  EXPECT_EQ(check.Report(),
            report_begin +
                "2 lines, numbers 3 to 7; only alerts, so whether one is missing cannot be said\n");
}

std::vector<std::string> Segment(std::uint64_t first = 1) {
  FileDigest digest;
  std::vector<std::string> lines = {LineOf(first), LineOf(first + 1)};
  for (const std::string& line : lines) digest.Add(line + "\n");
  std::string manifest = ManifestOf(kBoot, first, first + 1, digest);
  manifest.pop_back();
  lines.push_back(manifest);
  return lines;
}

TEST(LineCheckTest, ASegmentIsWhatItsManifestSays) {
  const LineCheck check = Checked(Segment());
  EXPECT_TRUE(check.ok()) << check.Report();
  EXPECT_EQ(check.segments(), 1u);
  EXPECT_EQ(check.Report(), report_begin +
                                "2 lines, numbers 1 to 2; none is missing\n"
                                "1 segments are as they were when they were ended\n");
}

TEST(LineCheckTest, AnyByteOfASegmentCounts) {
  std::vector<std::string> lines = Segment();
  lines[0][lines[0].size() - 3] ^= 1;
  EXPECT_EQ(Checked(lines).problems(),
            std::vector<std::string>{
                "f:3: the checksum in the manifest is not that of the lines: some were changed"});
  lines = Segment();
  lines.erase(lines.begin());
  ASSERT_EQ(Checked(lines).problems().size(), 1u);
  EXPECT_TRUE(Checked(lines).problems()[0].starts_with(
      "f:2: the manifest is about 2 lines of 202 bytes, there are 1 of 101"))
      << Checked(lines).problems()[0];
  lines = Segment();
  lines.push_back(LineOf(3));
  EXPECT_EQ(Checked(lines).problems(), std::vector<std::string>{"f:4: a line behind the manifest"});
}

std::string NameOf(std::uint64_t first) {
  return "/var/log/events-" + std::string(kBoot) + "-00000000000" + std::to_string(first) +
         ".ndjson";
}

// Problems with segments that begin with these numbers and have two lines each; those in `cut` have
// no manifest.
std::vector<std::string> ProblemsOf(const std::vector<std::uint64_t>& firsts,
                                    const std::set<std::uint64_t>& cut) {
  LineCheck check;
  for (const std::uint64_t first : firsts) {
    std::vector<std::string> lines = Segment(first);
    if (cut.contains(first)) lines.pop_back();
    check.BeginFile(NameOf(first));
    for (const std::string& line : lines) check.Add(line);
    check.EndFile(/*whole=*/true);
  }
  check.Finish();
  EXPECT_EQ(check.ok(), check.problems().empty()) << check.Report();
  return check.problems();
}

TEST(LineCheckTest, ASegmentWithoutManifestIsTheLastOne) {
  using Problems = std::vector<std::string>;
  EXPECT_EQ(ProblemsOf({1, 3, 5}, {}), Problems{});
  EXPECT_EQ(ProblemsOf({5, 1, 3}, {5}), Problems{});
  EXPECT_EQ(ProblemsOf({1, 3, 5}, {3}),
            Problems{"/var/log/events-" + std::string(kBoot) +
                     "-000000000003: the manifest is missing, so lines at its end may be"});
}

TEST(LineCheckTest, ASegmentUnderTheNameOfAnotherIsNoticed) {
  for (const std::string& name :
       {NameOf(3), "events.web1-" + std::string(kBoot) + "-000000000003.ndjson"}) {
    LineCheck check;
    check.BeginFile(name);
    for (const std::string& line : Segment()) check.Add(line);
    check.EndFile(/*whole=*/true);
    ASSERT_EQ(check.problems().size(), 1u) << name;
    EXPECT_NE(check.problems()[0].find("the manifest is that of another segment"),
              std::string::npos);
  }
}

TEST(LineCheckTest, SegmentsInAPipeStandOneBehindTheOther) {
  LineCheck check;
  check.BeginFile("-", LineCheck::Files::kSeveral);
  for (const std::uint64_t first : {1, 3, 5}) {
    for (const std::string& line : Segment(first)) check.Add(line);
  }
  check.EndFile(/*whole=*/true);
  check.Finish();
  EXPECT_TRUE(check.ok()) << check.Report();
  EXPECT_EQ(check.segments(), 3u);
}

TEST(LineCheckTest, AManifestIsAboutTheNumbersOfItsLines) {
  std::vector<std::string> lines = Segment();
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\"last_seq\":2", "\"last_seq\":1"}, {"\"first_seq\":1", "\"first_seq\":2"}}) {
    std::string manifest = lines.back();
    manifest.replace(manifest.find(from), from.size(), to);
    const LineCheck check = Checked({lines[0], lines[1], manifest});
    ASSERT_EQ(check.problems().size(), 1u);
    EXPECT_NE(check.problems()[0].find("the manifest is about numbers"), std::string::npos);
  }
}

TEST(LineCheckTest, MemoryIsBoundedAndItIsSaid) {
  LineCheck check;
  check.BeginFile("f");
  for (std::size_t i = 0; i <= LineCheck::kBootsMax; ++i) {
    std::string boot = std::to_string(i);
    boot.insert(0, 36 - boot.size(), '0');
    check.Add("{\"event_type\":\"x\",\"boot_id\":\"" + boot + "\",\"seq\":1}");
  }
  check.Finish();
  EXPECT_EQ(check.boots().size(), LineCheck::kBootsMax);
  EXPECT_FALSE(check.ok());
  EXPECT_TRUE(check.Report().ends_with("not all of it was looked at\n"));
}

TEST(LineCheckTest, WhatIsNoLineIsSaidWithItsPlace) {
  for (const auto& [line, what] : std::vector<std::pair<std::string, std::string>>{
           {"", "f:1: no JSON object"},
           {"[]", "f:1: no JSON object"},
           {"{\"event_type\":\"x\"", "f:1: no JSON object"},
           {"{\"event_type\":\"health\"}", "f:1: a line without a number"},
           {"{\"event_type\":\"segment_end\"}",
            "f:1: a manifest without lines, bytes and numbers"}}) {
    EXPECT_EQ(Checked({line}).problems(), std::vector<std::string>{what}) << line;
    EXPECT_FALSE(Checked({line}).ok());
  }
  LineCheck check;
  check.BeginFile("g");
  check.Add(LineOf(1));
  check.EndFile(/*whole=*/false);
  EXPECT_EQ(check.problems(), std::vector<std::string>{"g:2: the last line is cut"});
}

TEST(LineCheckTest, LinesBeforeABootIsKnownAreCounted) {
  const LineCheck check = Checked({"{\"event_type\":\"health\",\"boot_id\":null,\"seq\":1}"});
  EXPECT_TRUE(check.ok());
  EXPECT_EQ(check.Report(), "1 lines of no boot, which cannot be counted\n");
}

TEST(LineCheckTest, AHundredProblemsAreEnough) {
  const LineCheck check = Checked(std::vector<std::string>(150, "x"));
  EXPECT_EQ(check.problems().size(), 100u);
  EXPECT_TRUE(check.Report().ends_with("and 50 more\n"));
}

}  // namespace
}  // namespace randguard::line_check_test

// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/followed_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/output/convert/line_reader.h"

namespace randguard {
namespace {

using Lines = std::vector<std::string>;

class FollowedFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/rand-guard-follow-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    folder_ = path;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  void Append(const std::string& name, std::string_view text) const {
    std::ofstream(Path(name), std::ios::app) << text;
  }
  FollowedFile Open(const std::string& name,
                    FollowedFile::From from = FollowedFile::From::kBeginning) const {
    auto file = FollowedFile::Open(Path(name), from);
    EXPECT_TRUE(file.ok()) << file.status().message();
    return *std::move(file);
  }
  static Lines Read(FollowedFile& file) {
    Lines lines;
    for (;;) {
      const auto more = file.Read([&](std::string_view line) { lines.emplace_back(line); });
      EXPECT_TRUE(more.ok()) << more.status().message();
      if (!more.ok() || !*more) return lines;
    }
  }
  static std::string Segment(char boot, int first, std::string_view end = "") {
    return absl::StrFormat("events-%s-%012d.ndjson%s",
                           std::string(8, boot) + "-0000-0000-0000-000000000000", first, end);
  }

  std::filesystem::path folder_;
};

TEST_F(FollowedFileTest, GivesWholeLinesAsTheyCome) {
  Append("a", "one\ntw");
  FollowedFile file = Open("a");
  EXPECT_EQ(Read(file), (Lines{"one"}));
  EXPECT_EQ(Read(file), (Lines{}));
  Append("a", "o\nthree\n");
  EXPECT_EQ(Read(file), (Lines{"two", "three"}));
}

TEST_F(FollowedFileTest, GoesOnBehindARotation) {
  Append("a", "one\n");
  FollowedFile file = Open("a");
  EXPECT_EQ(Read(file), (Lines{"one"}));
  Append("a", "two\n");
  std::filesystem::rename(Path("a"), Path("a.1"));
  EXPECT_EQ(Read(file), (Lines{"two"}));
  Append("a.1", "three\n");
  Append("a", "four\n");
  EXPECT_EQ(Read(file), (Lines{"three", "four"}));
}

TEST_F(FollowedFileTest, GoesThroughAllFilesThatWereRotatedMeanwhile) {
  Append("a", "one\n");
  FollowedFile file = Open("a");
  EXPECT_EQ(Read(file), (Lines{"one"}));
  std::filesystem::rename(Path("a"), Path("a.2"));
  Append("a.1", "two\n");
  Append("a", "three\n");
  EXPECT_EQ(Read(file), (Lines{"two", "three"}));
  EXPECT_TRUE(file.TakeSwitched());
  EXPECT_FALSE(file.TakeSwitched());
}

TEST_F(FollowedFileTest, ALineThatWillHaveNoEndIsSaid) {
  Append("a", "one\nhal");
  FollowedFile file = Open("a");
  EXPECT_EQ(Read(file), (Lines{"one"}));
  std::filesystem::rename(Path("a"), Path("a.1"));
  Append("a", "two\n");
  EXPECT_EQ(Read(file), (Lines{"two"}));
  EXPECT_EQ(file.TakeNotices().size(), 1u);
}

TEST_F(FollowedFileTest, WhatIsEndedIsNotFollowed) {
  Append("z", std::string("\x28\xb5\x2f\xfd", 4));
  Append("c", std::string("\0\0\0\0", 4));
  EXPECT_FALSE(FollowedFile::Open(Path("z"), FollowedFile::From::kBeginning).ok());
  EXPECT_FALSE(FollowedFile::Open(Path("c"), FollowedFile::From::kBeginning).ok());
}

TEST_F(FollowedFileTest, BeginsAgainInAFileThatWasCut) {
  Append("a", "one\ntwo\n");
  FollowedFile file = Open("a");
  EXPECT_EQ(Read(file).size(), 2u);
  std::filesystem::resize_file(Path("a"), 0);
  Append("a", "three\n");
  EXPECT_EQ(Read(file), (Lines{"three"}));
}

TEST_F(FollowedFileTest, GoesOnInTheNextSegmentAndTheNextBoot) {
  Append(Segment('a', 1), "one\n");
  FollowedFile file = Open(Segment('a', 1));
  EXPECT_EQ(Read(file), (Lines{"one"}));
  Append(Segment('a', 1), "end\n");
  Append(Segment('a', 900), "two\n");
  Append(Segment('a', 20), "three\n");
  Append("others" + Segment('a', 2), "no\n");
  EXPECT_EQ(Read(file), (Lines{"end", "three", "two"}));
  Append(Segment('b', 1), "four\n");
  std::filesystem::last_write_time(
      Path(Segment('b', 1)),
      std::filesystem::file_time_type::clock::now() + std::chrono::seconds(5));
  EXPECT_EQ(Read(file), (Lines{"four"}));
}

TEST_F(FollowedFileTest, ItsSegmentMayHaveBeenCompressedOrRemoved) {
  Append(Segment('a', 1), "one\n");
  FollowedFile file = Open(Segment('a', 1));
  EXPECT_EQ(Read(file), (Lines{"one"}));
  std::filesystem::rename(Path(Segment('a', 1)), Path(Segment('a', 1, ".zst")));
  Append(Segment('a', 2), "two\n");
  EXPECT_EQ(Read(file), (Lines{"two"}));
  std::filesystem::remove(Path(Segment('a', 1, ".zst")));
  std::filesystem::remove(Path(Segment('a', 2)));
  Append(Segment('a', 3), "three\n");
  EXPECT_EQ(Read(file), (Lines{"three"}));
}

TEST_F(FollowedFileTest, MayBeginNearTheEnd) {
  for (int i = 0; i < 10000; ++i) Append("a", absl::StrFormat("line %d\n", i));
  FollowedFile file = Open("a", FollowedFile::From::kLastLines);
  const Lines lines = Read(file);
  ASSERT_FALSE(lines.empty());
  EXPECT_LT(lines.size(), 10000u);
  EXPECT_TRUE(lines.front().starts_with("line "));
  EXPECT_EQ(lines.back(), "line 9999");
}

TEST_F(FollowedFileTest, WhatIsNoFileOrHasNoLinesIsAnError) {
  EXPECT_FALSE(FollowedFile::Open(Path("none"), FollowedFile::From::kBeginning).ok());
  EXPECT_FALSE(FollowedFile::Open(folder_.string(), FollowedFile::From::kBeginning).ok());
  Append("a", std::string(LineReader::kLineMax + 1, 'x'));
  FollowedFile file = Open("a");
  EXPECT_FALSE(file.Read([](std::string_view) {}).ok());
}

}  // namespace
}  // namespace randguard
